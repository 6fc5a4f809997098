package score

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// placed are customers of a model of two segments, put into them by hand.
func placed(t *testing.T, segment ...int) *assigned {
	t.Helper()
	customers := modeltest.Customers(40, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	rows := make([]int, len(segment))
	for i := range rows {
		rows[i] = i
	}
	few := customers.Take(rows)
	for i := range rows {
		few.Strings("customer")[i] = string(rune('a' + i))
	}
	a, err := assign(b, few, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	a.segment = segment
	return a
}

// TestFeatures by hand: type-7 quantiles of 10, 20, 30, 40, 50 in the second segment; the first has one customer, who has no gap.
func TestFeatures(t *testing.T) {
	a := placed(t, 1, 1, 0, 1, 1, 1)
	copy(a.customers.Ints("recency"), []int64{50, 10, 7, 40, 20, 30})
	copy(a.customers.Ints("monetary"), []int64{1_0000, 2_0000, 9_5000, 3_0000, 4_0000, 5_0000})
	copy(a.customers.Floats("gap_mean"), []float64{1, 2, math.NaN(), 3, 4, 5})
	f := a.features([]int{1, 0})
	type row struct {
		Customers                        int64
		Mean, P10, P25, Median, P75, P90 float64
	}
	got := map[string]row{}
	for i, feature := range f.Strings("feature") {
		v := func(name string) float64 { return math.Round(1e9*f.Floats(name)[i]) / 1e9 }
		got[f.Strings("segment")[i]+" "+feature] = row{f.Ints("customers")[i], v("mean"), v("p10"), v("p25"), v("median"), v("p75"), v("p90")}
	}
	nan := math.NaN()
	for key, want := range map[string]row{
		a.id(1) + " recency":  {5, 30, 14, 20, 30, 40, 46},
		a.id(1) + " monetary": {5, 3, 1.4, 2, 3, 4, 4.6},
		a.id(0) + " monetary": {1, 9.5, 9.5, 9.5, 9.5, 9.5, 9.5},
		a.id(0) + " gap_mean": {0, nan, nan, nan, nan, nan, nan},
		" recency":            {6, 157. / 6, 8.5, 12.5, 25, 37.5, 45},
	} {
		want.Mean = math.Round(1e9*want.Mean) / 1e9
		if g := got[key]; !cmp.Equal(g, want, cmp.Comparer(func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })) {
			t.Errorf("%s: %+v, want %+v", key, g, want)
		}
	}
	if s := f.Strings("segment"); s[0] != "" || s[len(s)/3] != a.id(1) || s[len(s)-1] != a.id(0) {
		t.Error("the order is not all customers, then the segments as given")
	}
}

// TestMigration by hand: b and c were in the first segment and d in the second; a joined, e left.
func TestMigration(t *testing.T) {
	a := placed(t, 0, 0, 1, 1) // a b c d
	a.same = true
	copy(a.customers.Ints("monetary"), []int64{5, 20, 30, 40})
	if first := a.migration(); first.Rows() != 0 {
		t.Fatalf("%d rows on a first run", first.Rows())
	}
	one, two := a.id(0), a.id(1)
	a.previous = frame.New(contract.Assignments.Columns, 4)
	copy(a.previous.Strings("customer"), []string{"b", "c", "d", "e"})
	copy(a.previous.Strings("segment"), []string{one, one, two, two})
	copy(a.previous.Ints("monetary"), []int64{21, 28, 44, 100})
	a.last = []string{"", one, one, two}
	m := a.migration()
	type row struct {
		From, To, Kind                    string
		Customers, Behaviour, Before, Now int64
	}
	var got []row
	change, money := map[string]int64{}, map[string]int64{}
	for i := range m.Rows() {
		r := row{
			m.Strings("from_segment")[i], m.Strings("to_segment")[i], m.Strings("kind")[i],
			m.Ints("customers")[i], m.Ints("behaviour")[i], m.Ints("before")[i], m.Ints("now")[i],
		}
		got = append(got, r)
		change[r.To] += r.Customers
		change[r.From] -= r.Customers
		money[r.To] += r.Now
		money[r.From] -= r.Before
	}
	want := []row{
		{"", one, joined, 1, 0, 0, 5},
		{one, one, stayed, 1, 0, 21, 20},
		{one, two, moved, 1, 1, 28, 30},
		{two, "", left, 1, 0, 100, 0},
		{two, two, stayed, 1, 0, 44, 40},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// From 49 to 25 and from 144 to 70, with two customers before and after in each.
	if change[one] != 0 || change[two] != 0 || money[one] != 25-49 || money[two] != 70-144 {
		t.Errorf("customers change by %v, money by %v", change, money)
	}
}
