package feature

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The value at a place is that of sorted values, whatever their order was: at random, with many equal ones, and so that pivots are poor.
func TestNth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 400; n++ {
		v := make([]int64, n)
		for i := range v {
			switch n % 4 {
			case 0:
				v[i] = rng.Int64()
			case 1:
				v[i] = rng.Int64N(3)
			case 2:
				v[i] = int64(min(i, n-1-i)) // rises and falls
			default:
				v[i] = int64(n - i)
			}
		}
		sorted := slices.Sorted(slices.Values(v))
		at := rng.IntN(n)
		if got := nth(v, at); got != sorted[at] || v[at] != got || at > 0 && slices.Max(v[:at]) > got {
			t.Fatalf("%d values: place %d has %d, want %d with none above it before", n, at, got, sorted[at])
		}
	}
}
