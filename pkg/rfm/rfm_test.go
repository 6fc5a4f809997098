package rfm

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Expected values: numpy 2 `quantile(x, [.2, .4, .6, .8])` (its default is type 7) agrees on them, and they follow by hand from
// position (n−1)·j/5.
func TestThresholdsAreType7Quantiles(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   Thresholds
	}{
		{"whole positions", []float64{60, 10, 30, 20, 50, 40}, Thresholds{20, 30, 40, 50}}, // (6−1)·j/5 = j
		{"interpolated", []float64{1, 2, 3, 4}, Thresholds{1.6, 2.2, 2.8, 3.4}},            // 3·j/5 = .6, 1.2, 1.8, 2.4
		{"one customer", []float64{7}, Thresholds{7, 7, 7, 7}},
		{"constant", []float64{3, 3, 3}, Thresholds{3, 3, 3, 3}},
		{"ties", []float64{1, 1, 1, 1, 1, 2, 3, 4, 5, 100}, Thresholds{1, 1, 2.4, 4.2}}, // 9·j/5 = 1.8, 3.6, 5.4, 7.2
	} {
		got, err := fit(c.values)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for j := range got {
			if math.Abs(got[j]-c.want[j]) > 1e-14 {
				t.Errorf("%s: thresholds %v, want %v", c.name, got, c.want)
			}
		}
	}
}

func TestScoreCountsThresholdsStrictlyBelow(t *testing.T) {
	g := Grid{Recency: Thresholds{10, 20, 30, 40}, Frequency: Thresholds{1, 1, 2, 5}, Monetary: Thresholds{100, 200, 300, 400}}
	for _, c := range []struct {
		r, f, m float64
		want    Score
	}{
		{10, 1, 100, Score{5, 1, 1}},                // a value at the threshold is not above it
		{10.5, 2, 100.0001, Score{4, 3, 2}},         // frequency 2 has two thresholds below
		{374, 209, 280206.02, Score{1, 5, 5}},       // far outside
		{20, 5, 400, Score{4, 4, 4}},                //
		{math.NaN(), 3, math.NaN(), Score{5, 4, 1}}, // never asked for by a step: nothing is below NaN
	} {
		if got := g.Score(c.r, c.f, c.m); got != c.want {
			t.Errorf("Score(%v, %v, %v) = %v, want %v", c.r, c.f, c.m, got, c.want)
		}
	}
}

// The table of the definitions, typed in again as it is printed there: columns R 5 … 1, rows F 5 … 1.
func TestNamesAreTheTable(t *testing.T) {
	const table = `5|Champions|Loyal|Loyal|Can't lose|Can't lose
4|Champions|Loyal|Loyal|At risk|At risk
3|Potential loyalist|Potential loyalist|Need attention|At risk|At risk
2|Potential loyalist|Potential loyalist|About to sleep|Hibernating|Hibernating
1|New|Promising|About to sleep|Hibernating|Hibernating`
	rd := csv.NewReader(strings.NewReader(table))
	rd.Comma = '|'
	rows, err := rd.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for j, want := range row[1:] {
			if got := Name(5-j, 5-i); got != want {
				t.Errorf("Name(R %d, F %d) = %q, want %q", 5-j, 5-i, got, want)
			}
		}
	}
}

func TestUnusedScores(t *testing.T) {
	g := Grid{Recency: Thresholds{5, 5, 30, 40}, Frequency: Thresholds{1, 1, 1, 5}, Monetary: Thresholds{1, 2, 3, 4}}
	want := []Unused{{"recency", 4}, {"frequency", 2}, {"frequency", 3}}
	if diff := cmp.Diff(want, g.Unused()); diff != "" {
		t.Error(diff)
	}
	// Recency 5 or less scores 5, from 5 to 30 scores 3: 4 is the one left out.
	if a, b := g.Score(5, 1, 1).R, g.Score(5.1, 1, 1).R; a != 5 || b != 3 {
		t.Errorf("recency scores %d and %d, want 5 and 3", a, b)
	}
}

func TestFitRefuses(t *testing.T) {
	if _, err := Fit(nil, nil, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("no customers: %v", err)
	}
	if _, err := Fit([]float64{1}, []float64{1, 2}, []float64{1}); err == nil {
		t.Error("slices of different length were taken")
	}
	_, err := Fit([]float64{1, 2}, []float64{1, 2}, []float64{1, math.NaN()})
	if err == nil || !strings.Contains(err.Error(), "monetary") || !strings.Contains(err.Error(), "row 1") {
		t.Errorf("NaN: %v, want monetary and row 1 named", err)
	}
}

func TestGridSurvivesJSON(t *testing.T) {
	g, err := Fit([]float64{1, 3, 9}, []float64{1, 1, 2}, []float64{0.1, 0.2, 10.0 / 3})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var back Grid
	if err := json.Unmarshal(text, &back); err != nil || back != g {
		t.Errorf("%s became %+v (%v), want %+v", text, back, err, g)
	}
}

// Whatever order customers are listed in, thresholds are the same bits, and customers of equal values score alike.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(-10, 10), 1, 40).Draw(t, "values")
		x := make([]float64, len(values))
		for i, v := range values {
			x[i] = float64(v) // many ties
		}
		before := slices.Clone(x)
		a, err := Fit(x, x, x)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, x) {
			t.Fatal("the input was changed")
		}
		y := slices.Clone(x)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rng.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
		b, err := Fit(y, y, y)
		if err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Fatalf("%v in another order: %v", a, b)
		}
		for i := 1; i < len(a.Monetary); i++ {
			if a.Monetary[i] < a.Monetary[i-1] {
				t.Fatalf("thresholds descend: %v", a.Monetary)
			}
		}
		for i := range x {
			for j := range x {
				si, sj := a.Score(x[i], x[i], x[i]), a.Score(x[j], x[j], x[j])
				if x[i] == x[j] && si != sj {
					t.Fatalf("equal values %v score %v and %v", x[i], si, sj)
				}
				if x[i] < x[j] && (si.F > sj.F || si.M > sj.M || si.R < sj.R) {
					t.Fatalf("%v scores %v, the larger %v scores %v", x[i], si, x[j], sj)
				}
			}
			for _, u := range a.Unused() {
				s := a.Score(x[i], x[i], x[i])
				if got := map[string]int{"recency": s.R, "frequency": s.F, "monetary": s.M}[u.Measure]; got == u.Score {
					t.Fatalf("score %v is reported as unused and used by %v", u, x[i])
				}
			}
		}
	})
}
