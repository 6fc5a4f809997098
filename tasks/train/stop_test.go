package train

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
	c, customers := config("file://"+dir, "r1"), modeltest.Customers(120, 1)
	want := must(t, c, customers, contract.ActNone)
	b := load(t, c, want.ModelID)
	m, err := home(t, c).Current(t.Context(), c.Run(), contract.Train)
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, blob := range []string{b.Manifest.FitID, b.Manifest.Blobs.Reference.SHA256, b.Manifest.Blobs.Golden.SHA256} {
		written = append(written, "registry/"+contract.BlobPath(blob))
	}
	written = append(written,
		"registry/"+contract.ProvenancePath(want.ModelID), "registry/"+contract.ModelPath(want.ModelID),
		m.Objects[contract.Sweep.Name].Object, contract.ManifestPath(c.Run(), contract.Train, m.Key),
		contract.CurrentPath(c.Run(), contract.Train))
	whole := files(t, dir)
	for n := range written {
		for _, object := range written[n:] {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(object))); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, must(t, c, customers, contract.ActNone)); diff != "" {
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
