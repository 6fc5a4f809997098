package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Fisher's tea: 8 cups, 4 of either kind, all told right. Of the 70 ways to deal them out 2 are as extreme (R. A. Fisher, The Design of
// Experiments, 1935: 1 in 70 on one side).
func TestPermuteFree(t *testing.T) {
	s := NewSides(2, []int{0, 0, 0, 0}, []int{1, 1, 1, 1}, nil)
	reached := 0
	d := newDealer(s, rand.New(rand.NewPCG(1, 1)))
	const draws = 70_000
	for range draws {
		ref, cur := d.deal()
		if ref[0]+ref[1] != 4 || cur[0]+cur[1] != 4 || ref[0]+cur[0] != 4 {
			t.Fatalf("dealt %v and %v", ref, cur)
		}
		if ref[0] == 4 || ref[0] == 0 {
			reached++
		}
	}
	// 2,000 expected, deviation 44.
	if math.Abs(float64(reached)-2000) > 180 {
		t.Errorf("%d of %d draws are as extreme, want 2 in 70", reached, draws)
	}
}

// McNemar's pairs: of 6 that changed, all went the same way. Heads of 6 coins all alike: 2 in 64.
func TestPermutePairs(t *testing.T) {
	ref, cur := make([]int, 100), make([]int, 100)
	pair := make([]int32, 100)
	for i := range cur {
		pair[i] = int32(i)
		if i < 6 {
			cur[i] = 1
		}
	}
	s := NewSides(2, ref, cur, pair)
	p := s.Permute("x", 100_000, largest)
	if math.Abs(p.P-2.0/64) > 0.02 {
		t.Errorf("p %v, want about 2/64", p.P)
	}
	if p.Draws >= 100_000 || p.Draws < leastDraws {
		t.Errorf("%d draws: a p-value of 3 %% needs about 640", p.Draws)
	}
	if again := s.Permute("x", 100_000, largest); again != p {
		t.Errorf("%+v, and again %+v", p, again)
	}
	// The same counts without pairs: 6 of 100 against none.
	if free := NewSides(2, ref, cur, nil).Permute("x", 100_000, largest); free.P > 0.06 {
		t.Errorf("p %v of 6 against 0 of 100 each", free.P)
	}
}

// The mean and variance of the hypergeometric distribution in any textbook: nK/N, nK(N−K)(N−n)/(N²(N−1)).
func TestHypergeometric(t *testing.T) {
	for _, c := range []struct{ marked, all, draws int }{{5, 10, 3}, {300, 1000, 400}, {1, 2, 1}, {20_000, 200_000, 90_000}} {
		d := newDealer(NewSides(1, make([]int, 10), nil, nil), rand.New(rand.NewPCG(7, 7)))
		const n = 20_000
		sum, squares := 0.0, 0.0
		k, all, draws := float64(c.marked), float64(c.all), float64(c.draws)
		mean := draws * k / all
		for range n {
			v := d.hypergeometric(c.marked, c.all, c.draws)
			if v < 0 || v > c.marked || v > c.draws {
				t.Fatalf("%+v: %d", c, v)
			}
			e := float64(v) - mean
			sum += e
			squares += e * e
		}
		variance := draws * k * (all - k) * (all - draws) / (all * all * (all - 1))
		if math.Abs(sum/n) > 5*math.Sqrt(variance/n) {
			t.Errorf("%+v: mean off by %v", c, sum/n)
		}
		if got := squares / n; math.Abs(got/variance-1) > 0.06 {
			t.Errorf("%+v: variance %v, want %v", c, got, variance)
		}
	}
}

// The radix sort against the library's, on every kind of number, and where values differ only in bits that it does not look at.
func TestSorted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	edge := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}
	for name, draw := range map[string]func() float64{
		"wide":     func() float64 { return math.Exp(20*rng.NormFloat64()) * rng.NormFloat64() },
		"whole":    func() float64 { return float64(rng.IntN(1000) - 500) },
		"narrow":   func() float64 { return 1e9 + rng.Float64()*1e-3 },
		"two ends": func() float64 { return float64(1-2*rng.IntN(2)) * (1e9 + rng.Float64()*1e-3) },
		"constant": func() float64 { return 7 },
	} {
		for _, v := range [][]float64{nil, slices.Clone(edge)} {
			others := len(v)
			for range 3 * radixFrom {
				v = append(v, draw())
			}
			was := slices.Clone(v)
			got := sorted(v)
			if others > 0 && (got.missing != 1 || got.above != 1 || got.below != 2) {
				t.Errorf("%s: %d missing, %d below, %d above", name, got.missing, got.below, got.above)
			}
			want := slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
			slices.Sort(want)
			if !slices.Equal(got.values, want) {
				t.Errorf("%s: another order than the library's", name)
			}
			if !slices.EqualFunc(was, v, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
				t.Errorf("%s: the input was changed", name)
			}
			b := FitBins(v)
			counts := make([]int, b.Len())
			if b.countSorted(got, counts); !slices.Equal(counts, b.Count(v)) {
				t.Errorf("%s: counts %v, one by one %v", name, counts, b.Count(v))
			}
		}
	}
}
