package segment

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every combination of levels is in exactly one cell: the table is complete and its cells are disjoint.
func TestNamesCoverEverything(t *testing.T) {
	levels := [3]float64{-1, 0, 1}
	for i := range 243 { // 3⁵
		var p Profile
		for m, n := 0, i; m < int(measures); m, n = m+1, n/3 {
			p[m] = levels[n%3]
		}
		in := 0
		for c := range names {
			if p.within(&names[c], 0) {
				in++
			}
		}
		if in != 1 {
			t.Errorf("%v is in %d cells", p, in)
		}
	}
}

// A segment with a short history and few invoices is New: the real shop's third one has a mean tenure of 89 days and 1.3 invoices.
func TestName(t *testing.T) {
	for want, p := range map[string]Profile{
		"New":            {0.0, -1.0, -0.6, -0.5, 0},
		"Champions":      {-0.9, 0.4, 1.4, 1.6, 0.1},
		"Loyal":          {-0.1, 0.4, 0.9, 0.8, 0},
		"Regulars":       {-0.3, 0.1, 0.4, 0.3, -0.2},
		"Hibernating":    {1, 0.2, -0.6, -0.5, 0},
		"At risk":        {1, 0.2, 0.1, 0.2, -1},
		"Can't lose":     {0.9, 0.6, 0.8, 1.1, -1},
		"Need attention": {0.2, 0.6, 0.8, 1.1, -1},
		"Nobody":         {math.NaN(), math.NaN(), math.NaN(), math.NaN(), 0},
	} {
		if got := p.Name(); got != want {
			t.Errorf("%v is %s, want %s", p, got, want)
		}
	}
}

// A name stays until the profile has left its cell by the margin, on either side of an edge; one that is not in the table goes.
func TestNamesStay(t *testing.T) {
	at := func(recency float64) Profile { return Profile{recency, 0.2, -1, -1, 0} } // Occasional below the edge, Hibernating above
	for _, c := range []struct {
		recency    float64
		kept, want string
	}{
		{0.49, "", "Occasional"}, {0.5, "", "Hibernating"},
		{0.74, "Occasional", "Occasional"}, {0.75, "Occasional", "Hibernating"},
		{0.26, "Hibernating", "Hibernating"}, {0.24, "Hibernating", "Occasional"},
		{0, "About to sleep", "Occasional"},
		{0.6, "Occasional, high spend", "Occasional"},
	} {
		if got := Names([]Profile{at(c.recency)}, []string{c.kept}, []float64{1})[0]; got != c.want {
			t.Errorf("recency %v, kept %q: %s, want %s", c.recency, c.kept, got, c.want)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	p := Profile{}
	for n, want := range map[int][]string{
		2: {"Regulars, lower spend", "Regulars, high spend"},
		3: {"Regulars, lower spend", "Regulars, middle spend", "Regulars, high spend"},
		4: {"Regulars, spend 4 of 4", "Regulars, spend 3 of 4", "Regulars, spend 2 of 4", "Regulars, spend 1 of 4"},
	} {
		profiles, kept, spent := make([]Profile, n), make([]string, n), make([]float64, n)
		for i := range n {
			profiles[i], spent[i] = p, float64(i)
		}
		if diff := cmp.Diff(want, Names(profiles, kept, spent)); diff != "" {
			t.Errorf("%d alike (-want +got):\n%s", n, diff)
		}
	}
}

// By hand: of 1 … 9 the median is 5 and the quartiles 3 and 7. Customers without a trend count for the other measures only; a
// measure that is the same for all is 0.
func TestProfiles(t *testing.T) {
	var values [measures][]float64
	var labels []int32
	for i := range 9 {
		for m := range values {
			values[m] = append(values[m], float64(i+1))
		}
		values[Frequency][i] = 1
		values[Money][i] = 0
		labels = append(labels, int32(i/3)) // 1 2 3, 4 5 6, 7 8 9
	}
	values[Money][8] = 9 // its quartiles are equal, its standard deviation is √8
	values[Trend] = []float64{math.NaN(), math.NaN(), math.NaN(), 4, 5, 6, 7, 8, 9}
	got := Profiles(values, labels, 4)
	unit := 4 / 1.349
	want := []Profile{
		{-3 / unit, -3 / unit, 0, 0, 0},
		{0, 0, 0, 0, (5 - 6.5) / (2.5 / 1.349)},
		{3 / unit, 3 / unit, 0, 0, (8 - 6.5) / (2.5 / 1.349)},
	}
	for c := range want {
		for m := range want[c] {
			if math.Abs(got[c][m]-want[c][m]) > 1e-12 {
				t.Errorf("segment %d, %s: %v, want %v", c, Measures[m], got[c][m], want[c][m])
			}
		}
	}
	if got[3].Name() != "Nobody" {
		t.Errorf("a segment without customers is %s", got[3].Name())
	}
	order := rand.New(rand.NewPCG(1, 1)).Perm(9)
	var other [measures][]float64
	var moved []int32
	for _, i := range order {
		for m := range other {
			other[m] = append(other[m], values[m][i])
		}
		moved = append(moved, labels[i])
	}
	if diff := cmp.Diff(got[:3], Profiles(other, moved, 4)[:3]); diff != "" {
		t.Errorf("another order (-want +got):\n%s", diff)
	}
}
