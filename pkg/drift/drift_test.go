package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// By hand. Halves against a quarter and three quarters: ¼·ln 2 + ¼·ln 1.5 = ¼·ln 3, less what smoothing by a ten-thousandth takes
// (relative to the largest share's 1/¼, some 4e-4). An empty bin against a half: (½ − 0)·ln((½ + ε)/ε)/(1 + 3ε), and two quarters more
// than before.
func TestPSIByHand(t *testing.T) {
	const e = 1e-4
	for _, c := range []struct {
		name      string
		ref, cur  []int
		want, tol float64
	}{
		{"two bins", []int{50, 50}, []int{25, 75}, math.Log(3) / 4, 2e-4},
		{"other sizes", []int{5, 5}, []int{250, 750}, math.Log(3) / 4, 2e-4},
		{"equal shares", []int{10, 20, 30}, []int{100, 200, 300}, 0, 0},
		{"empty on one side", []int{2, 2, 0}, []int{1, 1, 2},
			(0.5*math.Log((0.5+e)/(0.25+e)) + 0.5*math.Log((0.5+e)/e)) / (1 + 3*e), 1e-12},
		{"empty on both", []int{50, 0, 50, 0}, []int{25, 0, 75, 0}, math.Log(3) / 4, 2e-4},
		{"nothing there", []int{0, 0}, []int{3, 4}, 0, 0},
		{"no bins", nil, nil, 0, 0},
	} {
		if got := PSI(c.ref, c.cur); math.Abs(got-c.want) > c.tol {
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
		// Positions ⌊9j/10⌋ = 0 … 8: 1 1 1 1 2 2 3 4 5, all of them atoms of a tenth; what lies between them is merged away.
		{"ties", []float64{1, 1, 1, 1, 2, 2, 3, 4, 5, 9}, []float64{below(1), 1, 2, 3, 4, 5}, []int{0, 4, 2, 1, 1, 1, 1, 0}},
		// 100 zeros and 1 … 100: zero is the edges 0.1 … 0.4, and positions ⌊199j/10⌋ = 99, 119, 139, 159, 179 are 0, 20, 40, 60, 80.
		{"half at zero", append(make([]float64, 100), ten[1:]...), []float64{below(0), 0, 20, 40, 60, 80}, []int{0, 100, 20, 20, 20, 20, 20, 0}},
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

func nulls(n int) []float64 { return constant(math.NaN(), n) }

func constant(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
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
