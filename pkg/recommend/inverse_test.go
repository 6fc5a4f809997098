package recommend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// gram returns XᵀX + I of a random binary X.
func gram(n, customers int, density float64) *matrix {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	m := newMatrix(n)
	for range customers {
		var owned []int
		for i := range n {
			if r.Float64() < density {
				owned = append(owned, i)
			}
		}
		for _, i := range owned {
			for _, j := range owned {
				m.v[i*n+j]++
			}
		}
	}
	m.plus(m, 1)
	return m
}

// The inverse is gonum's, and has the same bits by any number of workers and by either kernel.
func TestInverse(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 8, 63, 64, 95, 96, 97, 131, 200, 301} {
		g := gram(n, 150, 0.1)
		var want mat.Dense
		if err := want.Inverse(mat.NewDense(n, n, slices.Clone(g.v))); err != nil {
			t.Fatal(err)
		}
		one, two := &matrix{n, slices.Clone(g.v)}, &matrix{n, slices.Clone(g.v)}
		if !one.invert(1) || !two.invert(2) {
			t.Fatalf("%d: not positive definite", n)
		}
		if !slices.Equal(one.v, two.v) {
			t.Errorf("%d: one and two workers differ", n)
		}
		for i, v := range one.v {
			if math.Abs(v-want.RawMatrix().Data[i]) > 1e-10 {
				t.Fatalf("%d: entry %d is %v, gonum says %v", n, i, v, want.RawMatrix().Data[i])
			}
		}
	}
}

func TestInverseRefusesWhatIsNotPositiveDefinite(t *testing.T) {
	m := &matrix{2, []float64{1, 2, 2, 1}}
	if m.invert(1) {
		t.Error("[1 2; 2 1] has the eigenvalue -1")
	}
}

func TestKernelsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for b := 1; b <= width; b++ {
		a, w := make([]float64, b*rows), make([]float64, b*columns)
		for i := range a {
			a[i] = r.NormFloat64()
		}
		for i := range w {
			w[i] = r.NormFloat64()
		}
		var want [rows * columns]float64
		productGo(&want, a, w, b)
		for i, k := range kernels {
			var got [rows * columns]float64
			if k(&got, a, w, b); got != want {
				t.Fatalf("kernel %d, depth %d: %v, %v", i, b, got, want)
			}
		}
	}
}

func BenchmarkInverse(b *testing.B) {
	const n = 3000
	g := gram(n, 4000, 0.02)
	m := newMatrix(n)
	for b.Loop() {
		g.plus(m, 100)
		m.invert(2)
	}
}

// BenchmarkFit is one fit of EASE from 4,000 customers' purchases of 3,000 products, about 60 each: counting, inverting, one list.
func BenchmarkFit(b *testing.B) {
	const n, customers = 3000, 4000
	r := rand.New(rand.NewPCG(1, 2))
	lists := make([][]int32, customers)
	for c := range lists {
		for i := range int32(n) {
			if r.Float64() < 0.02 {
				lists[c] = append(lists[c], i)
			}
		}
	}
	scores := make([]float64, n)
	for b.Loop() {
		g := gramOf(lists, n)
		p := newMatrix(n)
		g.plus(p, 200)
		if !p.invert(2) {
			b.Fatal("not positive definite")
		}
		ease(p)(scores, 0, lists[0])
	}
}
