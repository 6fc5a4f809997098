package audience

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

func (w *world) table(t *testing.T, m *run.Manifest, schema frame.Schema) *frame.Frame {
	t.Helper()
	f, err := w.home.ReadTable(t.Context(), m, schema, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestHistory: earlier weeks and this run are in the tables, and this run is in the state for those to come. As of Saturday, 2011-12-10.
func TestHistory(t *testing.T) {
	w := world{slipped: "slipped"}
	w.store(t, append(drawn(80, 6), sale{"slipped", 300, "p1", 1_0000}))
	path := contract.HistoryStatePath("segments")
	for _, e := range []run.Entry[run.WeekState]{
		{Run: "test/2011-11-27/r", AsOf: asOf - 13, Value: run.WeekState{Model: "old", Seq: 1, Revenue: 9, Segments: []run.WeekSegment{{ID: "seg-0001", Name: "All", Customers: 4, Revenue: 9}}}},
		{Run: "test/2011-12-04/r", AsOf: asOf - 6, Value: run.WeekState{Model: "old", Seq: 2, Week: &run.WeekSales{Sales: 12, Invoices: 3, Customers: 2, First: 1}}},
		{Run: "test/2011-12-09/r", AsOf: asOf - 1, Value: run.WeekState{Model: "old", Seq: 2}}, // of this week: no past of this run
		{Run: "test/2011-12-17/r", AsOf: asOf + 7, Value: run.WeekState{Model: "new", Seq: 4}}, // of the future
	} {
		e.Key = "k"
		if _, err := run.Insert(t.Context(), w.home.Root, path, e, run.KeepHistory, func(s run.WeekState) int64 { return s.Seq }); err != nil {
			t.Fatal(err)
		}
	}
	r, f, m := w.run(t)
	h, s, weeks := w.table(t, m, contract.History), w.table(t, m, contract.SegmentWeeks), w.table(t, m, contract.Weeks)
	this := w.c.Run().String()
	if d := cmp.Diff([]string{"test/2011-11-27/r", "test/2011-12-04/r", this}, h.Strings("run")); d != "" {
		t.Fatal(d)
	}
	if r.Before != "test/2011-12-03/r" || h.Strings("before")[2] != r.Before || h.Strings("before")[0] != "" {
		t.Errorf("compared with %q, the history says %q", r.Before, h.Strings("before"))
	}
	if h.Strings("verdict")[2] != "warn" || h.Strings("act")[2] != "wait" || h.Strings("cause")[2] != "recency" || h.Ints("moved")[2] != 5 || h.Ints("revenue")[2] != 100_0000 ||
		h.Ints("customers")[2] != int64(f.Rows()) || h.Strings("as_of")[2] != "2011-12-10" {
		t.Errorf("this run: %v", h.Take([]int{2}).Columns)
	}
	last := weeks.Rows() - 1
	if h.Ints("week_sales")[0] != frame.NullInt || h.Ints("week_sales")[1] != 12 || h.Floats("week_first_time")[1] != 1 || h.Ints("week_sales")[2] != weeks.Ints("sales")[last] {
		t.Errorf("sales of the weeks: %v", h.Ints("week_sales"))
	}
	if d := cmp.Diff([]string{"seg-0001", "seg-0002", "seg-0001"}, s.Strings("segment")); d != "" {
		t.Error(d)
	}
	if weeks.Strings("last_day")[last] != "2011-12-09" || weeks.Rows() != 52 && weeks.Rows() != 51 {
		t.Errorf("%d weeks to %s", weeks.Rows(), weeks.Strings("last_day")[last])
	}
	sales, first := int64(0), int64(0)
	for i := range weeks.Rows() {
		sales, first = sales+weeks.Ints("sales")[i], first+weeks.Ints("first_time")[i]
	}
	if spent := sum(f.Ints("usual_90")); sales <= spent || first > int64(f.Rows()) || first < int64(f.Rows())-3 {
		t.Errorf("weeks add up to %d, the usual 90 days are %d; %d first purchases of %d customers", sales, spent, first, f.Rows())
	}

	state := func() []string {
		st, err := run.ReadState[run.WeekState](t.Context(), w.home.Root, path)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range st.Entries {
			all = append(all, e.Run)
		}
		return all
	}
	want := []string{"test/2011-12-17/r", this, "test/2011-12-04/r", "test/2011-11-27/r"}
	if d := cmp.Diff(want, state()); d != "" {
		t.Errorf("the state: %s", d)
	}
	_, _, again := w.run(t)
	if again.Key != m.Key {
		t.Errorf("a rerun has key %s, not %s: it sees itself", again.Key, m.Key)
	}
	if d := cmp.Diff(want, state()); d != "" {
		t.Errorf("the state after a rerun: %s", d)
	}
	// Of a year and more of weeks a run shows 52, and a rerun after 13 more finds the same.
	for week := range 80 {
		if _, err := run.Insert(t.Context(), w.home.Root, path, run.Entry[run.WeekState]{Run: fmt.Sprint(week), AsOf: asOf - calendar.Date(7*week), Key: "k"},
			run.KeepHistory, func(s run.WeekState) int64 { return s.Seq }); err != nil {
			t.Fatal(err)
		}
	}
	_, _, year := w.run(t)
	if rows := w.table(t, year, contract.History).Rows(); rows != 53 {
		t.Errorf("%d runs, want 53", rows)
	}
	for week := range 13 {
		if _, err := run.Insert(t.Context(), w.home.Root, path, run.Entry[run.WeekState]{Run: "later", AsOf: asOf + calendar.Date(7*week+7), Key: "k"},
			run.KeepHistory, func(s run.WeekState) int64 { return s.Seq }); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, again := w.run(t); again.Key != year.Key {
		t.Error("a rerun after a quarter has another key")
	}
	if asOf.Monday() != asOf-5 || calendar.Date(4).Monday() != 4 || calendar.Date(3).Monday() != -3 {
		t.Error("weeks begin on Monday")
	}
}

func sum(values []int64) int64 {
	total := int64(0)
	for _, v := range values {
		total += v
	}
	return total
}
