package rfm

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// usual is the grid of [Name] as a shop would write it.
func usual() []Cells {
	var all []Cells
	for r := 1; r <= Levels; r++ {
		for f := 1; f <= Levels; f++ {
			all = append(all, Cells{Name: Name(r, f), Recency: []int{r}, Frequency: []int{f}})
		}
	}
	return all
}

// TestOwnGrid: thresholds and names that are given count, all others are the model's.
func TestOwnGrid(t *testing.T) {
	model := Grid{Recency: Thresholds{10, 20, 30, 40}, Frequency: Thresholds{1, 2, 3, 4}, Monetary: Thresholds{100, 200, 300, 400}}
	o := Own{Recency: []float64{7, 30, 90, 365}, Segments: []Cells{
		{Name: "Here", Recency: []int{4, 5}},
		{Name: "Gone, spent much", Recency: []int{1, 3}, Monetary: []int{4, 5}},
		{Name: "Gone", Recency: []int{1, 3}, Monetary: []int{1, 3}},
	}}
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	g := o.Grid(model)
	if g.Recency != (Thresholds{7, 30, 90, 365}) || g.Frequency != model.Frequency || g.Monetary != model.Monetary || model.Recency[0] != 10 {
		t.Errorf("%+v", g)
	}
	for _, c := range []struct {
		recency, monetary float64
		want              string
	}{{7, 1, "Here"}, {30, 500, "Here"}, {31, 300.01, "Gone, spent much"}, {31, 300, "Gone"}, {1000, 0, "Gone"}} {
		if got := o.Name(g.Score(c.recency, 1, c.monetary)); got != c.want {
			t.Errorf("%v days, %v: %s, want %s", c.recency, c.monetary, got, c.want)
		}
	}
	empty, same := Own{}, Own{Segments: usual()}
	if err := same.Check(); err != nil || empty.Check() != nil || empty.Grid(model) != model {
		t.Error(err, empty.Grid(model))
	}
	for r := 1; r <= Levels; r++ {
		for f := 1; f <= Levels; f++ {
			if s := (Score{r, f, 3}); same.Name(s) != Name(r, f) || empty.Name(s) != Name(r, f) {
				t.Errorf("%v: %s and %s, want %s", s, same.Name(s), empty.Name(s), Name(r, f))
			}
		}
	}
}

// TestOwnGridIsCompleteAndDisjoint: the error names the cell that is missing or there twice.
func TestOwnGridIsCompleteAndDisjoint(t *testing.T) {
	for name, c := range map[string]struct {
		own  Own
		want []string
	}{
		"missing": {Own{Segments: slices.DeleteFunc(usual(), func(c Cells) bool { return c.Recency[0] == 3 && c.Frequency[0] == 2 })},
			[]string{"no segment has the cell recency 3, frequency 2, monetary 5", "no segment has the cell recency 3, frequency 2, monetary 1"}},
		"twice": {Own{Segments: append(usual(), Cells{Name: "Also", Recency: []int{1, 1}, Frequency: []int{5, 5}, Monetary: []int{2}})},
			[]string{"segments 5 (Can't lose) and 26 (Also) both have the cell recency 1, frequency 5, monetary 2"}},
		"most of it": {Own{Segments: []Cells{{Name: "One", Recency: []int{5}}}}, []string{"recency 4, frequency 5, monetary 5", "and 95 more cells"}},
		"ranges": {Own{Segments: []Cells{{Name: "A", Recency: []int{0, 5}}, {Name: "B", Frequency: []int{5, 1}}, {Name: "C", Monetary: []int{1, 2, 3}}}},
			[]string{"segment 1 (A): recency = [0 5]", "segment 2 (B): frequency = [5 1]", "segment 3 (C): monetary = [1 2 3]"}},
		"no name":    {Own{Segments: []Cells{{}}}, []string{`segment 1: name ""`}},
		"too few":    {Own{Recency: []float64{1, 2, 3}}, []string{"recency = [1 2 3]: want 4 ascending numbers"}},
		"equal ones": {Own{Frequency: []float64{1, 1, 2, 3}}, []string{"frequency = [1 1 2 3]: want 4 ascending numbers"}},
		"no numbers": {Own{Monetary: []float64{1, 2, 3, math.NaN()}}, []string{"monetary = [1 2 3 NaN]"}},
	} {
		err := c.own.Check()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}
