package drift

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCounts by hand: a number in frozen bins, and a text of which one level in four hundred is rare.
func TestCounts(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ref, cur := make([]string, 400), []string{"a", "b", "new", ""}
	for i := range ref {
		ref[i] = "a"
	}
	ref[0], ref[1], ref[2] = "b", "", ""
	f, err := Compare([]Column{
		{Name: "days", Reference: []float64{1, 2, 3, 5, nan}, Current: []float64{1, 4, 4, 9}, Bins: &Bins{Edges: []float64{2, 4}}},
		{Name: "country", Text: true, ReferenceText: ref, CurrentText: cur},
	}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]BinCount{
		{{BinRange, -inf, 2, "", 2, 1}, {BinRange, 2, 4, "", 1, 2}, {BinRange, 4, inf, "", 1, 1}, {BinMissing, nan, nan, "", 1, 0}},
		{{BinLevel, nan, nan, "a", 397, 1}, {BinRare, nan, nan, "", 1, 1}, {BinUnseen, nan, nan, "", 0, 1}, {BinMissing, nan, nan, "", 2, 1}},
	}
	for i := range want {
		if d := cmp.Diff(want[i], f[i].Counts, cmpopts.EquateNaNs()); d != "" {
			t.Errorf("%s: %s", f[i].Name, d)
		}
	}
	if f[0].Middle != 2.5 || f[0].MiddleCurrent != 4 || !math.IsNaN(f[1].Middle) {
		t.Errorf("medians %v and %v", f[0].Middle, f[0].MiddleCurrent)
	}
}
