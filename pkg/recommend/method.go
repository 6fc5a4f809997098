package recommend

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Names of the methods.
const (
	Random     = "random"      // what a list drawn at random can expect
	Popularity = "popularity"  // customers who ever bought the code
	Pop60      = "pop60"       // customers who bought it in the last 60 days
	Segment    = "segment"     // the same, among customers of one segment
	Cosine     = "cosine"      // sum over her codes of c/√(nᵢnⱼ)
	Jaccard    = "jaccard"     // sum over her codes of c/(nᵢ + nⱼ − c)
	EASE       = "ease"        // regression on her codes
	EASEPop    = "ease_pop60"  // the same, times a power of pop60
	Lift       = "lift"        // baskets only: sum over the codes of c·invoices/(nᵢnⱼ)
	JaccardMax = "jaccard_max" // baskets only: the largest instead of the sum
)

// scorer writes the score of every candidate for one customer; owned is ascending. It must not keep dst.
type scorer func(dst []float64, who int32, owned []int32)

// gram counts for each pair of candidates the customers who bought both before the cut, by lists of candidates.
func gramOf(lists [][]int32, n int) *matrix {
	m := newMatrix(n)
	for _, list := range lists {
		for a, i := range list {
			row := m.row(int(i))
			for _, j := range list[:a+1] {
				row[j]++
			}
		}
	}
	for i := range n {
		for j := range i {
			m.v[j*n+i] = m.v[i*n+j]
		}
	}
	return m
}

// cosine sums c/√(nᵢnⱼ) over the codes owned.
func cosine(g *matrix) scorer {
	inverse := make([]float64, g.n)
	for i := range inverse {
		if c := g.v[i*g.n+i]; c > 0 {
			inverse[i] = 1 / math.Sqrt(c)
		}
	}
	return func(dst []float64, _ int32, owned []int32) {
		clear(dst)
		for _, i := range owned {
			floats.AddScaled(dst, inverse[i], g.row(int(i)))
		}
		floats.Mul(dst, inverse)
	}
}

// jaccard sums c/(nᵢ + nⱼ − c) over the codes owned.
func jaccard(g *matrix) scorer {
	similar := newMatrix(g.n)
	g.jaccard(similar)
	return func(dst []float64, _ int32, owned []int32) {
		clear(dst)
		for _, i := range owned {
			floats.Add(dst, similar.row(int(i)))
		}
	}
}

// jaccard writes c/(nᵢ + nⱼ − c) of each pair to dst.
func (m *matrix) jaccard(dst *matrix) {
	n := diagonal(m)
	for i := range n {
		to := dst.row(i)
		for j, c := range m.row(i) {
			if to[j] = 0; c > 0 {
				to[j] = c / (n[i] + n[j] - c)
			}
		}
	}
}

func diagonal(m *matrix) []float64 {
	d := make([]float64, m.n)
	for i := range d {
		d[i] = m.v[i*m.n+i]
	}
	return d
}

// ease scores by B = −P/diag(P) off the diagonal: P is the inverse of the Gram matrix + λI (Steck 2019, equation 8).
func ease(p *matrix) scorer {
	d := diagonal(p)
	return func(dst []float64, _ int32, owned []int32) {
		clear(dst)
		for _, i := range owned {
			own := dst[i]
			floats.Sub(dst, p.row(int(i)))
			dst[i] = own
		}
		floats.Div(dst, d)
	}
}

// times multiplies what is positive by a power of the popularity, and makes the rest 0.
func times(of scorer, popularity []float64, exponent float64) scorer {
	factor := powers(popularity, exponent)
	return func(dst []float64, who int32, owned []int32) {
		of(dst, who, owned)
		for j := range dst {
			dst[j] = max(dst[j], 0) * factor[j]
		}
	}
}

func powers(v []float64, exponent float64) []float64 {
	p := make([]float64, len(v))
	for i := range v {
		p[i] = math.Pow(v[i], exponent) // 0⁰ = 1
	}
	return p
}

// constant scores every customer alike.
func constant(count []float64) scorer {
	return func(dst []float64, _ int32, _ []int32) { copy(dst, count) }
}
