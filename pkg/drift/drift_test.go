package drift

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// By hand. Halves against a quarter and three quarters: ¼·ln 2 + ¼·ln 1.5 = ¼·ln 3. Three bins, one empty on one side:
// (.5−.25)·ln 2 twice for the first two and (½/4 − .5)·ln(¼) for the third, whose share counts as half a row of four.
func TestPSIByHand(t *testing.T) {
	for _, c := range []struct {
		name     string
		ref, cur []int
		want     float64
	}{
		{"two bins", []int{50, 50}, []int{25, 75}, math.Log(3) / 4},
		{"other sizes", []int{5, 5}, []int{250, 750}, math.Log(3) / 4},
		{"equal shares", []int{10, 20, 30}, []int{100, 200, 300}, 0},
		{"empty on one side", []int{2, 2, 0}, []int{1, 1, 2}, 0.5*math.Log(2) + 0.375*math.Log(4)},
		{"empty on both", []int{50, 0, 50, 0}, []int{25, 0, 75, 0}, math.Log(3) / 4},
		{"nothing there", []int{0, 0}, []int{3, 4}, 0},
		{"no bins", nil, nil, 0},
	} {
		if got := PSI(c.ref, c.cur); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBins(t *testing.T) {
	nan := math.NaN()
	below := func(v float64) float64 { return math.Nextafter(v, math.Inf(-1)) }
	ten := make([]float64, 101)
	for i := range ten {
		ten[i] = float64(i)
	}
	for _, c := range []struct {
		name      string
		reference []float64
		edges     []float64
		counts    []int // of the reference
	}{
		// Position 100·j/10 = 10 j of the values 0 … 100.
		{"ten bins", ten, []float64{10, 20, 30, 40, 50, 60, 70, 80, 90}, []int{11, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0}},
		// Positions ⌊9j/10⌋ = 0 … 8: 1 1 1 1 2 2 3 4 5.
		{"ties", []float64{1, 1, 1, 1, 2, 2, 3, 4, 5, 9}, []float64{below(1), 1, 2, 3, 4, 5}, []int{0, 4, 2, 1, 1, 1, 1, 0}},
		{"constant", []float64{7, 7, 7}, []float64{below(7), 7}, []int{0, 3, 0, 0}},
		{"nulls apart", []float64{7, nan, 7, nan}, []float64{below(7), 7}, []int{0, 2, 0, 2}},
		{"all null", []float64{nan, nan}, nil, []int{0, 2}},
		{"empty", nil, nil, []int{0, 0}},
	} {
		b := FitBins(c.reference)
		if diff := cmp.Diff(c.edges, b.Edges) + cmp.Diff(c.counts, b.Count(c.reference)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	b := FitBins([]float64{7, 7, 7})
	if diff := cmp.Diff([]int{2, 1, 1, 1}, b.Count([]float64{6.99, -5, 7, 8, nan})); diff != "" {
		t.Error(diff)
	}
}

func normals(n int, mean float64, rng *rand.Rand) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = mean + rng.NormFloat64()
	}
	return out
}

func TestVerdictsAndActs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	ref := normals(4000, 0, rng)
	same, little, far := normals(3000, 0, rng), normals(3000, 0.4, rng), normals(3000, 1, rng)
	for _, c := range []struct {
		name    string
		columns []Column
		verdict Verdict
		act     Act
		cause   string
	}{
		{"quiet", []Column{{"recency", ref, same, true}, {"units", ref, same, false}}, None, ActNone, "no feature"},
		{"itself", []Column{{"recency", ref, ref, true}}, None, ActNone, "no feature"},
		// A shift of one deviation has PSI near 1 (the divergence of two normals, 1²), one of 0.4 near 0.16.
		{"an axis is far off", []Column{{"recency", ref, far, true}, {"units", ref, little, false}}, Alert, ActRetrain, "recency (PSI 1.0"},
		{"another feature is far off", []Column{{"recency", ref, same, true}, {"units", ref, far, false}}, Alert, ActWait, "units (PSI 1.0"},
		{"an axis is a little off", []Column{{"recency", ref, little, true}}, Warn, ActWait, "recency (PSI 0.1"},
		{"few now", []Column{{"recency", ref, far[:99], true}}, InsufficientData, ActNone, "recency has 99 rows against 4000"},
		{"few then", []Column{{"recency", ref[:99], far, true}}, InsufficientData, ActNone, "at least 100"},
		{"none now", []Column{{"recency", ref, nil, true}}, InsufficientData, ActNone, "0 rows"},
		{"all null now", []Column{{"gap_mean", ref, nulls(500), false}}, Alert, ActWait, "gap_mean"},
		{"all null always", []Column{{"gap_mean", nulls(400), nulls(500), false}}, None, ActNone, "no feature"},
		{"constant", []Column{{"units", constant(7, 400), constant(7, 500), false}}, None, ActNone, "no feature"},
		{"another constant, larger", []Column{{"units", constant(7, 400), constant(8, 500), true}}, Alert, ActRetrain, "units"},
		{"another constant, smaller", []Column{{"units", constant(7, 400), constant(6, 500), true}}, Alert, ActRetrain, "units"},
	} {
		r, err := Compare(c.columns, Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if r.Verdict != c.verdict || r.Act != c.act || !strings.Contains(r.Cause, c.cause) {
			t.Errorf("%s: %s, %s, %q, want %s, %s, %q", c.name, r.Verdict, r.Act, r.Cause, c.verdict, c.act, c.cause)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Compare(nil, Options{}); err == nil {
		t.Error("no feature was taken")
	}
	for _, o := range []Options{{Warn: 0.3}, {Warn: -1}, {Alpha: 1}, {Alpha: -0.1}, {Warn: math.NaN()}} {
		if _, err := Compare([]Column{{"recency", ref, same, true}}, o); err == nil {
			t.Errorf("limits %+v were taken", o)
		}
	}
}

func nulls(n int) []float64 { return constant(math.NaN(), n) }

func constant(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// A large PSI on few rows is no finding unless chance is ruled out: at n = m = 100 and ten bins noise is
// 2/100 · 21.666 = 0.4333 (quantile 0.99 of χ² with 9 degrees of freedom: any table, 21.666).
func TestNoise(t *testing.T) {
	if got := noise(100, 100, 10, 0.01); math.Abs(got-0.43332) > 1e-5 {
		t.Errorf("noise %v, want 0.43332", got)
	}
	if got := noise(100, 100, 1, 0.01); got != 0 {
		t.Errorf("noise of one bin %v, want 0", got)
	}
	o := Options{}.withDefaults()
	for _, c := range []struct {
		psi, noise float64
		rows       int
		want       Verdict
	}{
		{0.3, 0.43, 100, None}, {0.5, 0.43, 100, Alert}, {0.2, 0.15, 100, Warn}, {0.2, 0.25, 100, None},
		{0.09, 0.01, 9999, None}, {0.25, 0.01, 9999, Warn}, {0.1, 0.01, 9999, None}, {9, 0, 99, InsufficientData},
	} {
		if got := o.grade(c.psi, c.noise, c.rows); got != c.want {
			t.Errorf("PSI %v, noise %v, %d rows: %s, want %s", c.psi, c.noise, c.rows, got, c.want)
		}
	}
}

// Quiet runs by simulation, 1,000 with a fixed seed: five features of one population on either side, in skewed, tied and
// partly null forms. At 100 against 100 some 83 % have PSI above 0.1 on a continuous feature (χ²₉ > 5 has probability
// 0.834); findings must stay near alpha = 1 %: below 25 of 1,000, which allows the limit distribution its error on few
// rows (Binomial(1000, 0.01) has mean 10, deviation 3.1).
func TestQuietRunsAreQuiet(t *testing.T) {
	for _, size := range []struct{ n, m int }{{100, 100}, {400, 150}} {
		rng := rand.New(rand.NewPCG(42, uint64(size.n)))
		draw := func(n int) [][]float64 {
			out := make([][]float64, 5)
			for range n {
				v := math.Exp(rng.NormFloat64())
				out[0] = append(out[0], rng.NormFloat64())
				out[1] = append(out[1], v)
				out[2] = append(out[2], math.Ceil(v))
				out[3] = append(out[3], float64(rng.IntN(2)))
				if rng.IntN(3) == 0 {
					v = math.NaN()
				}
				out[4] = append(out[4], v)
			}
			return out
		}
		findings, above := 0, 0
		for range 1000 {
			ref, cur := draw(size.n), draw(size.m)
			columns := make([]Column, len(ref))
			for i := range columns {
				columns[i] = Column{Name: "f", Reference: ref[i], Current: cur[i], Space: true}
			}
			r, err := Compare(columns, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != None {
				findings++
			}
			if r.Features[0].PSI > 0.1 {
				above++
			}
		}
		t.Logf("%d against %d: %d findings, %d with PSI above 0.1, of 1,000 quiet runs", size.n, size.m, findings, above)
		if findings > 25 {
			t.Errorf("%d against %d: %d findings in 1,000 quiet runs", size.n, size.m, findings)
		}
		if size.n == 100 && (above < 750 || above > 900) {
			t.Errorf("%d of 1,000 quiet runs have PSI above 0.1, want about 834", above)
		}
	}
}

// Properties: never negative, zero against itself, the same from either side on the same bins, the same in any order and
// under any increasing change of unit, inputs untouched.
func TestPSIProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.SliceOfN(rapid.IntRange(-20, 20), 0, 80)
		values := func(name string) []float64 {
			ints := gen.Draw(t, name)
			out := make([]float64, len(ints))
			for i, v := range ints {
				if out[i] = float64(v); v == 13 {
					out[i] = math.NaN()
				}
			}
			return out
		}
		ref, cur := values("reference"), values("current")
		before := slices.Clone(ref)
		bins := FitBins(ref)
		a, b := bins.Count(ref), bins.Count(cur)
		v := PSI(a, b)
		if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("PSI %v", v)
		}
		if w := PSI(b, a); math.Abs(v-w) > 1e-12 {
			t.Fatalf("PSI %v from one side, %v from the other", v, w)
		}
		if w := PSI(a, a); w != 0 {
			t.Fatalf("PSI %v against itself", w)
		}
		if !slices.EqualFunc(before, ref, func(x, y float64) bool { return x == y || x != x && y != y }) {
			t.Fatal("the input was changed")
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		moved := func(values []float64) []float64 {
			out := make([]float64, len(values))
			for i, j := range rng.Perm(len(values)) {
				out[i] = 1000*values[j] + 5
			}
			return out
		}
		ref, cur = moved(ref), moved(cur)
		bins = FitBins(ref)
		if w := PSI(bins.Count(ref), bins.Count(cur)); w != v {
			t.Fatalf("PSI %v in another order and unit, before %v", w, v)
		}
	})
}

func TestEffects(t *testing.T) {
	if got := ModelEffect([]float64{1, 3}, []float64{1, 2, 6}); got != 0.5 { // means 2 and 3
		t.Errorf("model effect %v, want 0.5", got)
	}
	if got := PopulationEffect([]int{50, 50}, []int{25, 75}); math.Abs(got-math.Log(3)/4) > 1e-15 {
		t.Errorf("population effect %v, want ¼·ln 3", got)
	}
	for name, v := range map[string]float64{
		"no reference":              ModelEffect(nil, []float64{1}),
		"nobody now":                ModelEffect([]float64{1}, nil),
		"reference on its centroid": ModelEffect([]float64{0, 0}, []float64{1}),
		"no customers":              PopulationEffect([]int{0, 0}, []int{1, 2}),
	} {
		if !math.IsNaN(v) || Measured(v) != nil {
			t.Errorf("%s: %v, want NaN", name, v)
		}
	}
	if v := 0.3; Measured(v) == nil || *Measured(v) != v {
		t.Errorf("measured %v became %v", v, Measured(v))
	}
}

func BenchmarkCompare(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	columns := make([]Column, 14)
	for i := range columns {
		columns[i] = Column{Name: "f", Reference: normals(4334, 0, rng), Current: normals(4334, 0, rng), Space: true}
	}
	for b.Loop() {
		if _, err := Compare(columns, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
