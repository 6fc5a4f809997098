package cluster

import (
	"math"
	"math/rand/v2"
	"testing"
)

// 4/7 and −1/2 follow from Hubert and Arabie's formula by hand, and are what scikit-learn 1.9.1 gives.
func TestAdjustedRand(t *testing.T) {
	for _, c := range []struct {
		a, b []int32
		want float64
	}{
		{[]int32{0, 0, 1, 2}, []int32{0, 0, 1, 1}, 4.0 / 7},
		{[]int32{0, 0, 1, 1}, []int32{0, 1, 0, 1}, -0.5},
		{[]int32{0, 0, 1, 1}, []int32{7, 7, -3, -3}, 1},
		{[]int32{0, 0, 0}, []int32{5, 5, 5}, 1},
		{[]int32{0, 1, 2}, []int32{2, 1, 0}, 1},
		{[]int32{0, 0, 0}, []int32{0, 1, 2}, 0},
		{[]int32{0}, []int32{1}, 1},
		{nil, nil, 1},
	} {
		if got := AdjustedRand(c.a, c.b); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("AdjustedRand(%v, %v) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
	// Unrelated groupings: the index has mean 0 under its own null.
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := make([]int32, 20_000), make([]int32, 20_000)
	for i := range a {
		a[i], b[i] = int32(rng.IntN(4)), int32(rng.IntN(5))
	}
	if got := AdjustedRand(a, b); math.Abs(got) > 0.005 {
		t.Errorf("unrelated groupings: %v, want about 0", got)
	}
}

// TestAgree: the groupings of 17 points are those of scikit-learn's own test of its adjusted mutual information (mutual information
// 0.41022, expected 0.15042, adjusted 0.27821); the others follow by hand.
func TestAgree(t *testing.T) {
	for _, c := range []struct {
		name              string
		a, b              []int32
		mutual, variation float64
		within            float64
	}{
		{"scikit-learn", []int32{1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3}, []int32{1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2}, 0.27821, 1.34802, 1e-5},
		// Each says nothing of the other; what two groups share is 0, 1, 2 of 2 with 1/6, 4/6, 1/6, so ln 2 / 3 is expected.
		{"crossed", []int32{0, 0, 1, 1}, []int32{0, 1, 0, 1}, -0.5, 2 * math.Ln2, 1e-14},
		{"renamed", []int32{0, 0, 1, 1}, []int32{7, 7, -3, -3}, 1, 0, 0},
		{"one group", []int32{0, 0, 0, 0}, []int32{0, 1, 2, 3}, 0, math.Log(4), 1e-14},
		{"one group each", []int32{0, 0, 0}, []int32{5, 5, 5}, 1, 0, 0},
		{"single points", []int32{0, 1, 2}, []int32{2, 1, 0}, 1, 0, 0},
		{"one point", []int32{0}, []int32{1}, 1, 0, 0},
		{"nothing", nil, nil, 1, 0, 0},
	} {
		got, back := Agree(c.a, c.b), Agree(c.b, c.a)
		if !(math.Abs(got.Mutual-c.mutual) <= c.within) || !(math.Abs(got.Variation-c.variation) <= c.within) || got.Rand != AdjustedRand(c.a, c.b) {
			t.Errorf("%s: %+v, want %v and %v", c.name, got, c.mutual, c.variation)
		}
		if math.Abs(got.Mutual-back.Mutual) > 1e-15 || math.Abs(got.Variation-back.Variation) > 1e-15 {
			t.Errorf("%s: the other way round %+v, not %+v", c.name, back, got)
		}
	}
}

// TestAgreementByChance: unrelated groupings agree about 0, and neither order nor names change a bit.
func TestAgreementByChance(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := make([]int32, 3000), make([]int32, 3000)
	for i := range a {
		a[i], b[i] = int32(rng.IntN(6)), int32(rng.IntN(3))
	}
	got := Agree(a, b)
	if math.Abs(got.Mutual) > 0.005 || math.Abs(got.Rand) > 0.005 {
		t.Errorf("unrelated groupings: %+v, want about 0", got)
	}
	x, y := make([]int32, len(a)), make([]int32, len(a))
	for i, at := range rng.Perm(len(a)) {
		x[i], y[i] = 100-7*a[at], 1_000_000+b[at]
	}
	if again := Agree(x, y); again != got {
		t.Errorf("in another order, by other names: %+v, want %+v", again, got)
	}
}
