package view_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/report/view"
)

// tables are n customers, of whom every nth-th is on a list.
func tables(n, nth int) view.CustomerTables {
	t := view.CustomerTables{Mode: view.CustomersAll, Assignments: frame.New(contract.Assignments.Columns, n), Features: frame.New(contract.Customers.Columns, n),
		Audience: frame.New(contract.Audiences.Columns, n)}
	for i := range n {
		id := fmt.Sprintf("%07d", i)
		t.Assignments.Strings("customer")[i], t.Features.Strings("customer")[i], t.Audience.Strings("customer")[i] = id, id, id
		t.Assignments.Strings("segment")[i] = "seg-0002"
		if i%nth == 0 {
			t.Audience.Strings("list")[i] = "late"
		}
	}
	return t
}

// Up to 20,000 customers are held whole; of more a sample beside everybody on a list, unless these are too many.
func TestChooseCustomers(t *testing.T) {
	for _, c := range []struct {
		n, nth          int
		mode            string
		want            int
		sampled, listed bool
	}{
		{100, 7, view.CustomersAll, 100, false, true},
		{view.MostCustomers, 7, view.CustomersAll, view.MostCustomers, false, true},
		{100, 7, view.CustomersLists, 15, false, true}, // 0, 7, …, 98
		{100, 7, view.CustomersNone, 0, false, false},
		{40_000, 7, view.CustomersAll, 20_000 + 2857, true, true}, // even ones, and the odd of 5,715 multiples of 7
		{120_000, 2, view.CustomersAll, 20_000, true, false},      // 60,000 on a list: the sample alone, every sixth
		{120_000, 2, view.CustomersLists, 0, false, false},
	} {
		in := tables(c.n, c.nth)
		in.Mode = c.mode
		rows, held := in.Choose()
		if len(rows) != c.want || held.Sampled != c.sampled || held.Listed != c.listed || !slices.IsSorted(rows) {
			t.Errorf("%d customers, every %d-th on a list, %s: %d rows, sampled %v, listed %v; want %d, %v, %v", c.n, c.nth, c.mode, len(rows), held.Sampled, held.Listed, c.want, c.sampled, c.listed)
		}
	}
}

func TestTakeCustomers(t *testing.T) {
	in := tables(5, 2)
	in.Assignments.Strings("previous")[2] = "seg-0001"
	in.Assignments.Strings("previous")[4] = "seg-0009" // of an earlier model
	in.Features.Ints("monetary")[2] = 12_3456
	in.Audience.Ints("hold_out")[3] = 1
	in.Movers = frame.New(contract.Movers.Columns, 2)
	in.Movers.Strings("customer")[0], in.Movers.Strings("kind")[0], in.Movers.Strings("from")[0] = "gone", "left", "seg-0002"
	in.Movers.Strings("kind")[1] = "moved"
	rows, c := in.Choose()
	c.Take(in, rows, []contract.SegmentResult{{ID: "seg-0001"}, {ID: "seg-0002"}})
	if c.Held != 5 || c.ID[2] != "0000002" || c.Segment[2] != 1 || c.Previous[2] != 0 || c.Previous[4] != -1 || c.Previous[0] != -1 || c.Monetary[2] != 12.3456 || !c.HeldOut[3] || c.List[2] != "late" || c.List[1] != "" {
		t.Errorf("columns %+v", c)
	}
	if c.Gone != 1 || c.Left[0] != "gone" || c.LeftFrom[0] != "seg-0002" {
		t.Errorf("who left: %q from %q", c.Left, c.LeftFrom)
	}
}
