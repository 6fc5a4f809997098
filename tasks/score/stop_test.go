package score

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/objstore/storetest"
)

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
	storetest.StoppedAnywhere(t, dir, written, func() string { return cmp.Diff(want, mustRun(t, c)) })
}
