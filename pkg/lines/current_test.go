package lines_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
)

func store(t *testing.T) *objstore.Store {
	t.Helper()
	root, err := objstore.Open(t.Context(), "mem://"+t.Name(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

// runOf is a run of day 100, or of one that is given.
func runOf(slug string, asOf ...calendar.Date) contract.Run {
	return contract.NewRun("daily", append(asOf, 100)[0], slug)
}

// change is a delivery of the source shop. Each day is "day object rows".
func change(id string, of contract.Run, days ...string) *lines.Change {
	c := &lines.Change{Delivery: lines.Delivery{ID: id, Source: "shop", Files: []string{"file of " + id}}, Zone: "Europe/London", Currency: "GBP", AsOf: of.AsOf}
	for _, d := range days {
		p := lines.Partition{Source: "shop", Delivery: id}
		if _, err := fmt.Sscan(d, &p.Day, &p.Object, &p.Rows); err != nil {
			panic(err)
		}
		c.Partitions = append(c.Partitions, p)
	}
	return c
}

func open(t *testing.T, root *objstore.Store, of contract.Run) *lines.Current {
	t.Helper()
	now, err := lines.Open(t.Context(), root, of)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func put(t *testing.T, root *objstore.Store, of contract.Run, c *lines.Change) lines.Outcome {
	t.Helper()
	out, err := open(t, root, of).Put(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// has fails unless these are the current lines, each "source day object delivery".
func has(t *testing.T, root *objstore.Store, want ...string) {
	t.Helper()
	now := open(t, root, contract.Run{})
	var got []string
	listed := map[string]bool{}
	partitions, deliveries, err := now.Snapshot.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range partitions {
		got = append(got, fmt.Sprintf("%s %d %s %s", p.Source, p.Day, p.Object, p.Delivery))
		listed[p.Delivery] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(listed) != len(deliveries) {
		t.Errorf("%d deliveries have partitions, listed are %v", len(listed), deliveries)
	}
}

func TestPut(t *testing.T) {
	root := store(t)
	if out := put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10", "2 y 10")); !out.New || out.Kept != nil {
		t.Errorf("got %+v", out)
	}
	// A day is replaced; the other one stays, with its delivery.
	second := put(t, root, runOf("b"), change("2", runOf("b"), "2 z 10"))
	has(t, root, "shop 1 x 1", "shop 2 z 2")
	if parent := open(t, root, contract.Run{}).Snapshot.Parent; parent == "" || parent == second.Snapshot {
		t.Errorf("the parent is %q", parent)
	}
	// The same lines from another delivery change nothing.
	if out := put(t, root, runOf("c"), change("3", runOf("c"), "2 z 10")); out.New || out.Snapshot != second.Snapshot {
		t.Errorf("got %+v", out)
	}
	// The same step again is as new as it was at first, and moves nothing.
	if out := put(t, root, runOf("b"), change("2", runOf("b"), "2 z 10")); !out.New || out.Snapshot != second.Snapshot {
		t.Errorf("got %+v", out)
	}
	// Appended lines are a second partition of the day.
	more := change("4", runOf("d"), "2 w 1")
	more.Append = true
	put(t, root, runOf("d"), more)
	has(t, root, "shop 1 x 1", "shop 2 w 4", "shop 2 z 2")
	// Another source's days are its own.
	outlet := change("5", runOf("e"), "2 v 1")
	outlet.Delivery.Source, outlet.Partitions[0].Source = "outlet", "outlet"
	put(t, root, runOf("e"), outlet)
	has(t, root, "outlet 2 v 5", "shop 1 x 1", "shop 2 w 4", "shop 2 z 2")
}

// A run of an earlier as-of leaves the days that a later one delivered, and delivers the others.
func TestPutOfAnEarlierAsOf(t *testing.T) {
	root := store(t)
	put(t, root, runOf("new", 100), change("1", runOf("new", 100), "1 x 10", "2 y 10"))
	old := runOf("old", 99)
	out := put(t, root, old, change("2", old, "2 z 10", "3 w 10"))
	if diff := cmp.Diff([]calendar.Date{2}, out.Kept); diff != "" || !out.New {
		t.Errorf("%+v\n%s", out, diff)
	}
	has(t, root, "shop 1 x 1", "shop 2 y 1", "shop 3 w 2")
	anyway := change("3", old, "2 z 10")
	anyway.AllowOlder = true
	put(t, root, old, anyway)
	has(t, root, "shop 1 x 1", "shop 2 z 3", "shop 3 w 2")
}

func TestCheckRefuses(t *testing.T) {
	root := store(t)
	put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10", "2 y 10"))
	for _, test := range []struct {
		class error
		days  []string
		alter func(*lines.Change)
	}{
		{lines.ErrZone, []string{"3 z 1"}, func(c *lines.Change) { c.Zone = "Europe/Berlin" }},
		{lines.ErrCurrency, []string{"3 z 1"}, func(c *lines.Change) { c.Currency = "EUR" }},
		{lines.ErrCustomerKey, []string{"3 z 1"}, func(c *lines.Change) { c.KeyMark = "mark" }},
		{lines.ErrShrunk, []string{"1 z 7"}, func(*lines.Change) {}},
		{lines.ErrStored, []string{"3 y 10"}, func(c *lines.Change) { c.Append = true }},
		{lines.ErrStored, []string{"3 z 10"}, func(c *lines.Change) { c.Append, c.Delivery.Files = true, []string{"file of 1"} }},
		{nil, []string{"1 z 8"}, func(*lines.Change) {}}, // four fifths
		{nil, []string{"1 z 7"}, func(c *lines.Change) { c.AllowLess = true }},
		{nil, []string{"1 z 7"}, func(c *lines.Change) { c.AsOf = 99 }}, // that day stays
	} {
		c := change("2", runOf("b"), test.days...)
		test.alter(c)
		if err := open(t, root, runOf("b")).Check(t.Context(), c); !errors.Is(err, test.class) {
			t.Errorf("got %v, want %v", err, test.class)
		}
	}
	has(t, root, "shop 1 x 1", "shop 2 y 1")
}

// Whoever loses the swap tries again, unless the winner has changed the same days.
func TestPutLosesTheSwap(t *testing.T) {
	root := store(t)
	first, second := open(t, root, runOf("a")), open(t, root, runOf("b"))
	put(t, root, runOf("c"), change("1", runOf("c"), "1 x 10"))
	if _, err := first.Put(t.Context(), change("2", runOf("a"), "2 y 10")); err != nil {
		t.Error(err)
	}
	if _, err := second.Put(t.Context(), change("3", runOf("b"), "1 z 10")); !errors.Is(err, fault.ErrLostSwap) {
		t.Errorf("got %v", err)
	}
	has(t, root, "shop 1 x 1", "shop 2 y 2")
}

func TestUndo(t *testing.T) {
	root := store(t)
	if _, _, err := open(t, root, runOf("u")).Undo(t.Context(), "u", "x"); !errors.Is(err, fault.ErrMissing) {
		t.Errorf("undo of nothing: %v", err)
	}
	first := put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10"))
	second := put(t, root, runOf("b"), change("2", runOf("b"), "2 y 10"))
	undo := func(slug, snapshot string, wantUndone bool, want ...string) string {
		t.Helper()
		current, undone, err := open(t, root, runOf(slug)).Undo(t.Context(), slug, snapshot)
		if err != nil || undone != wantUndone {
			t.Fatalf("undone %v, %v", undone, err)
		}
		has(t, root, want...)
		return current
	}
	if current := undo("u1", first.Snapshot, false, "shop 1 x 1", "shop 2 y 2"); current != second.Snapshot {
		t.Error("undo of a snapshot that is not current moved the pointer")
	}
	if current := undo("u2", second.Snapshot, true, "shop 1 x 1"); current != first.Snapshot {
		t.Error("undo did not lead to the parent")
	}
	undo("u2", second.Snapshot, true, "shop 1 x 1") // the same step again
	undo("u3", first.Snapshot, true)
	if now := open(t, root, contract.Run{}); now.Snapshot.Currency != "GBP" {
		t.Errorf("the snapshot before the first forgot the currency: %+v", now.Snapshot)
	}
}

func TestRestore(t *testing.T) {
	folder := t.TempDir()
	root, err := objstore.Open(t.Context(), "file://"+folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	out := put(t, root, runOf("a"), change("1", runOf("a"), "1 x 10"))
	if removed, err := lines.Restore(t.Context(), root, runOf("a"), "1", out.Snapshot); removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	if err := os.Remove(filepath.Join(folder, contract.LinesStatePath())); err != nil {
		t.Fatal(err)
	}
	if removed, err := lines.Restore(t.Context(), root, runOf("a"), "1", out.Snapshot); !removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	has(t, root, "shop 1 x 1")
}
