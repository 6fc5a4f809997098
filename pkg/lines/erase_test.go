package lines_test

import (
	"context"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
)

// An erasure rewrites days, or leaves them out, and nothing goes back over it; a delivery that was read before it is refused.
func TestErase(t *testing.T) {
	root := store(t)
	monday, tuesday := runOf("mon"), runOf("tue", 101)
	put(t, root, monday, change("d1", monday, "10 a 5", "11 b 5", "400 c 7"))
	first := put(t, root, tuesday, change("d2", tuesday, "12 e 3"))
	late := open(t, root, tuesday) // has read the lines before the erasure

	now := open(t, root, contract.NewRun("registry", 0, "erase-1"))
	snapshot, err := now.Erase(t.Context(), "key", 1, true, func(_ context.Context, p lines.Partition) (lines.Partition, error) {
		switch p.Object {
		case "a":
			p.Object, p.Rows = "a2", 4
		case "b":
			p.Object, p.Rows = "b2", 0 // she was all that the day had
		}
		return p, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	has(t, root, "shop 10 a2 d1", "shop 12 e d2", "shop 400 c d1")
	after := open(t, root, contract.Run{})
	if s := after.Snapshot; s.Parent != "" || s.Replaces != first.Snapshot || s.Erasures != 1 {
		t.Errorf("the snapshot has parent %q, replaces %q, erasures %d", s.Parent, s.Replaces, s.Erasures)
	}
	account, err := after.Snapshot.Account()
	if err != nil || account.InForce.Records != 14 || account.Delivered.Records != 20 || account.Superseded.Records != 6 {
		t.Errorf("account %+v, %v", account, err)
	}
	if _, _, err := after.Undo(t.Context(), "undo", snapshot); fault.Judge(err).Code != fault.ExitConfig {
		t.Errorf("undo of the erasure: %v, want it refused", err)
	}
	if _, err := late.Put(t.Context(), change("d3", tuesday, "13 f 3")); fault.Judge(err).Code != fault.ExitTemporary {
		t.Errorf("a delivery that was read before the erasure: %v, want to be told to try again", err)
	}
	next := change("d3", tuesday, "13 f 3")
	next.Erasures = 1
	out := put(t, root, tuesday, next)
	if _, undone, err := open(t, root, monday).Undo(t.Context(), "undo", out.Snapshot); err != nil || !undone {
		t.Errorf("undo of a delivery after the erasure: %v, %v", undone, err)
	}
	has(t, root, "shop 10 a2 d1", "shop 12 e d2", "shop 400 c d1")

	// Nothing to rewrite: the number alone moves, and a delivery before it can still not be gone back to.
	later := open(t, root, contract.NewRun("registry", 0, "erase-2"))
	if _, err := later.Erase(t.Context(), "key2", 2, false, func(_ context.Context, p lines.Partition) (lines.Partition, error) { return p, nil }); err != nil {
		t.Fatal(err)
	}
	if s := open(t, root, contract.Run{}).Snapshot; s.Erasures != 2 || s.Last() != calendar.Date(400) {
		t.Errorf("erasures %d, last day %d", s.Erasures, s.Last())
	}
}
