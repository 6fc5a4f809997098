package train

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore/storetest"
)

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
	storetest.StoppedAnywhere(t, dir, written, func() string { return cmp.Diff(want, must(t, c, customers, contract.ActNone)) })
}
