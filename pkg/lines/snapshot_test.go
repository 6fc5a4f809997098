package lines_test

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
)

func TestSnapshotIsNamedByItsContent(t *testing.T) {
	ctx, root := t.Context(), store(t)
	s := &lines.Snapshot{Version: 1, Zone: "Europe/London", Currency: "GBP", Partitions: []lines.Partition{
		{Source: "b", Day: 2, Object: "y"}, {Source: "a", Day: 3, Object: "x"}, {Source: "a", Day: 1, Object: "z"},
	}}
	sum, err := lines.Write(ctx, root, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lines.Read(ctx, root, sum)
	if err != nil {
		t.Fatal(err)
	}
	if in := got.Window(2, 4); len(in) != 2 || in[0].Object != "x" || in[1].Object != "y" {
		t.Errorf("window holds %v", in)
	}
	if again, err := lines.Write(ctx, root, got); err != nil || again != sum {
		t.Errorf("written again: %s, %v; want %s", again, err, sum)
	}
	if _, err := lines.Read(ctx, root, contract.SHA256(nil)); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a missing snapshot gave %v", err)
	}
}
