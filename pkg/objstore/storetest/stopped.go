package storetest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// StoppedAnywhere takes away what a killed program would not have written: for every n the objects from the n-th on, in the
// order of writing, from the file:// store in dir. again does the work once more and returns in what its answer differs from
// the first; it must leave the very same files.
func StoppedAnywhere(t *testing.T, dir string, written []string, again func() string) {
	t.Helper()
	whole := files(t, dir)
	for n := range written {
		for _, object := range written[n:] {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(object))); err != nil {
				t.Fatal(err)
			}
		}
		if diff := again(); diff != "" {
			t.Errorf("stopped before %s:\n%s", written[n], diff)
		}
		if diff := cmp.Diff(whole, files(t, dir)); diff != "" {
			t.Errorf("stopped before %s:\n%s", written[n], diff)
		}
	}
}

// files returns the content of every object below dir.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		out[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
