package cluster

import (
	"cmp"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestOrder sorts points, many of them equal in some coordinates or all, on different numbers of cores.
func TestOrder(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 4096, 4097, 50_001} {
		p := Points{N: n, D: 3, X: make([]float64, 3*n)}
		for i := range p.X {
			p.X[i] = float64(r.IntN(20)) - 10
		}
		want := make([]int, n)
		for i := range want {
			want[i] = i
		}
		slices.SortFunc(want, func(a, b int) int { return cmp.Or(slices.Compare(p.Row(a), p.Row(b)), a-b) })
		for _, cores := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(cores)
			if got := p.order(); !slices.Equal(got, want) {
				t.Errorf("%d points on %d cores: another order", n, cores)
			}
		}
	}
}
