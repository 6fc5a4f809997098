package objstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/objstore"
)

// TestNothingIsWrittenThroughALink: a folder of the root that is a link would lead out of it. The root may be one.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	target, outside := t.TempDir(), t.TempDir()
	root := filepath.Join(t.TempDir(), "root")
	if err := errors.Join(os.Symlink(target, root), os.Mkdir(filepath.Join(target, "runs"), 0o700), os.Symlink(outside, filepath.Join(target, "runs", "away"))); err != nil {
		t.Fatal(err)
	}
	s, err := objstore.Open(t.Context(), "file://"+root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, name := range []string{"runs/away/a.json", "runs/away/deep/a.json"} {
		_, err := s.CreateBytes(t.Context(), name, []byte("x"))
		if !errors.Is(err, objstore.ErrNoStore) || !strings.Contains(err.Error(), "is a link") {
			t.Errorf("create %s: %v", name, err)
		}
		if _, err := s.Swap(t.Context(), name, 0, []byte("x")); !errors.Is(err, objstore.ErrNoStore) {
			t.Errorf("swap %s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside there is %v, %v", entries, err)
	}
	for _, name := range []string{"a.json", "runs/here/a.json", "runs/here/b.json"} {
		if _, err := s.CreateBytes(t.Context(), name, []byte("x")); err != nil {
			t.Errorf("create %s: %v", name, err)
		}
	}
}
