package outlier

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crowd is n standard normal points and three planted far away, which come first.
func crowd(n int) []float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	x := []float64{12, 12, -15, 9, 0, 20}
	for range 2 * n {
		x = append(x, rng.NormFloat64())
	}
	return x
}

func TestPlantedOutliers(t *testing.T) {
	x := crowd(500)
	s := Scores(x, len(x)/2, 2, Options{Seed: 1})
	planted, rest := s[:3], s[3:]
	if slices.Min(planted) <= slices.Max(rest) || slices.Min(planted) < Threshold {
		t.Errorf("planted %v, the highest other %v", planted, slices.Max(rest))
	}
	flagged := 0
	for _, v := range rest {
		if v >= Threshold {
			flagged++
		}
	}
	if flagged > len(rest)/20 {
		t.Errorf("%d of %d ordinary points are flagged", flagged, len(rest))
	}
}

// c(2) = 2·H(1) − 2·1/2 = 1; c(3) = 2·(1 + 1/2) − 2·2/3 = 5/3 (formula 1 of the paper). Two points in a tree are one cut deep.
func TestByHand(t *testing.T) {
	if average(2) != 1 || math.Abs(average(3)-5.0/3) > 1e-15 || average(1) != 0 {
		t.Errorf("c(1 … 3) = %v %v %v, want 0, 1, 5/3", average(1), average(2), average(3))
	}
	if diff := cmp.Diff([]float64{0.5, 0.5}, Scores([]float64{1, 2}, 2, 1, Options{})); diff != "" {
		t.Error(diff)
	}
}

func TestEdges(t *testing.T) {
	for name, x := range map[string][]float64{"none": nil, "one": {3}, "equal": {3, 3, 3, 3}} {
		for _, s := range Scores(x, len(x), 1, Options{}) {
			if math.Abs(s-0.5) > 1e-12 {
				t.Errorf("%s: score %v, want 0.5", name, s)
			}
		}
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	x := crowd(300)
	n := len(x) / 2
	want := Scores(x, n, 2, Options{Seed: 4})
	order := rand.New(rand.NewPCG(2, 2)).Perm(n)
	var y, moved []float64
	for _, r := range order {
		y, moved = append(y, x[2*r], x[2*r+1]), append(moved, want[r])
	}
	if diff := cmp.Diff(moved, Scores(y, n, 2, Options{Seed: 4})); diff != "" {
		t.Error(diff)
	}
}
