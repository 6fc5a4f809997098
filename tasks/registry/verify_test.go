package registry

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/storetest"
	"github.com/clientele/clientele/pkg/registry"
)

// TestVerify: of every object that the history leads to, one flipped bit, an empty one and a missing one are found, with the
// object's name and a way to repair it.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	s.promote(0)
	s.promote(1)
	id := s.evaluated(2)
	if _, err := registry.New(s.home).Rename(t.Context(), "seg-0001", "our best"); err != nil {
		t.Fatal(err)
	}
	check := func() (VerifyResult, error) {
		return Verify.Run(context.Background(), ShowConfig{Common: s.common()}, s.deps)
	}
	r, err := check()
	if err != nil || r.ModelID != id || r.Revisions != 3 || r.Models != 3 || r.Evaluations != 1 || r.Reference != 100 || r.Golden == 0 {
		t.Fatalf("verify = %+v, %v", r, err)
	}
	var out bytes.Buffer
	if err := Verify.Print(&out, r); err != nil || !strings.Contains(out.String(), "3 revisions, 3 models with their provenance, 1 evaluations") {
		t.Errorf("it does not say what it read: %s, %v", out.String(), err)
	}
	objects := 0
	err = filepath.WalkDir(filepath.Join(dir, "registry"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == ".tmp" {
			return cmp.Or(err, fs.SkipDir)
		}
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return nil
		}
		objects++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		flipped := bytes.Clone(text)
		flipped[len(flipped)/2] ^= 1
		for _, broken := range [][]byte{flipped, {}, nil} {
			code := fault.ExitBadData
			if broken != nil {
				err = os.WriteFile(path, broken, 0o644)
			} else if err = os.Remove(path); strings.HasSuffix(path, "names.json") {
				continue // without it nobody has given a name
			} else if !strings.Contains(path, "history") {
				code = fault.ExitMissing
			}
			if err != nil {
				return err
			}
			_, err := check()
			if fault.CodeOf(err) != code || !strings.Contains(fmt.Sprint(err), filepath.Base(path)) || !strings.HasSuffix(path, "HEAD.json") && !strings.Contains(fmt.Sprint(err), "To repair it, ") {
				t.Errorf("%s with %d of %d bytes: %v; want exit code %d that names it", path, len(broken), len(text), err, code)
			}
		}
		return os.WriteFile(path, text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	// HEAD, names, three revisions; three models of a manifest, provenance and three blobs; an evaluation.
	if want := 2 + 3 + 3*5 + 1; objects != want {
		t.Errorf("%d objects, want %d", objects, want)
	}
	if _, err := check(); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// TestVerifyListsAll: one run of verify names everything that is wrong.
func TestVerifyListsAll(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	first, second := s.promote(0), s.evaluated(1)
	names := []string{contract.ProvenancePath(first), contract.ModelPath(second), contract.EvalPath(s.head().Eval)}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, "registry", name), []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Verify.Run(context.Background(), ShowConfig{Common: s.common()}, s.deps)
	for _, text := range append(names, "3 problems", "read 2 revisions, 2 models, 1 evaluations") {
		if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(fmt.Sprint(err), text) {
			t.Errorf("%v; want exit code 65 and %q", err, text)
		}
	}
	// A network that fails is no problem of the registry.
	ctx := objstore.WithInterceptor(t.Context(), &storetest.Fault{N: 4, Sticky: true, Err: syscall.EIO})
	if _, err := Verify.Run(ctx, ShowConfig{Common: s.common()}, s.deps); fault.Judge(err).Code != fault.ExitTemporary {
		t.Errorf("with EIO: %v", err)
	}
}

// TestNothingRestsOnDamage: where the history object of HEAD's own revision is damaged, HEAD does not move.
func TestNothingRestsOnDamage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	s.promote(0)
	s.promote(1)
	head := s.head()
	path := filepath.Join(dir, "registry", contract.HistoryPath("segments", head.Seq, head.SHA256()))
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rollback("r", nil); fault.Judge(err).Code != fault.ExitBadData || !strings.Contains(fmt.Sprint(err), head.SHA256()) || s.head().Seq != 2 {
		t.Errorf("%v; want exit code 65 that names the object, and HEAD as it was", err)
	}
}
