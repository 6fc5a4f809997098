package score

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// TestStoppedAnywhere takes away what a killed step would not have written: for every n the objects from the n-th on, in
// the order of writing. The step run again leaves the very same files.
func TestStoppedAnywhere(t *testing.T) {
	dir := t.TempDir()
	c, customers := config("file://"+dir, "r1", "2011-12-10"), modeltest.Customers(120, 1)
	promote(t, c, modeltest.Bundle(t, customers, 3, 1))
	want := score(t, c, customers)
	m, err := home(t, c).Current(t.Context(), c.Run(), contract.Score)
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, name := range []string{contract.Assignments.Name, contract.Segments.Name, contract.Movers.Name} {
		written = append(written, m.Objects[name].Object)
	}
	written = append(written, contract.ManifestPath(c.Run(), contract.Score, m.Key), contract.CurrentPath(c.Run(), contract.Score),
		contract.ScoreStatePath(c.Name))
	whole := files(t, dir)
	for n := range written {
		for _, object := range written[n:] {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(object))); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, run(t, c)); diff != "" {
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
