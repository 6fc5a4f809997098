package explore

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/optimize"
)

// Prior is how much more than expected customers of a country buy a product, over all countries and products: a mixture of
// two gamma distributions, P·Gamma(A1, B1) + (1 − P)·Gamma(A2, B2). DuMouchel (1999), Bayesian data mining in large frequency
// tables.
type Prior struct{ A1, B1, A2, B2, P float64 }

// Lift is a product that more customers of a country buy than its share of all purchases lets expect.
type Lift struct {
	Country, Code int32
	Customers     int64   // of the country, who bought it
	Expected      float64 // row · column / total
	Mean          float64 // EBGM: the geometric mean of the posterior lift
	Low           float64 // EB05: its 5 % quantile
}

// Lifts are the products of which the posterior lift is above 1 with a probability of 95 %.
type Lifts struct {
	Prior         Prior
	LogLikelihood float64
	Cells         int64
	All           []Lift // by EB05, the largest first
}

const leastLift = 5 // customers, for a product to be listed

// cell counts cells of the table that are alike.
type cell struct {
	n, times int64
	expected float64
	log      float64 // of expected
}

// mostCells bounds the table of countries and products.
const mostCells = 32 << 20

// Lifts finds products that are over-represented in a country. A customer counts once, in her own country. It is nil below
// two countries or two products, and above 33,554,432 pairs of them.
func (s *Shop) Lifts() *Lifts {
	countries, codes := len(s.Countries), len(s.Codes)
	if countries*codes > mostCells {
		return nil
	}
	counts := make([]int64, countries*codes)
	rows, columns := make([]int64, countries), make([]int64, codes)
	total := int64(0)
	seen := make([]int32, codes)
	for i := range s.Lines {
		l := &s.Lines[i]
		if s.Codes[l.Code] == "" || seen[l.Code] == l.Customer+1 {
			continue
		}
		seen[l.Code] = l.Customer + 1
		home := s.Home[l.Customer]
		counts[int(home)*codes+int(l.Code)]++
		rows[home]++
		columns[l.Code]++
		total++
	}
	if bought(rows) < 2 || bought(columns) < 2 {
		return nil
	}
	cells, n := alike(counts, rows, columns, total)
	found := &Lifts{Cells: n}
	found.Prior, found.LogLikelihood = fitPrior(cells)
	for r := range rows {
		for c := range columns {
			n := counts[r*codes+c]
			if n < leastLift {
				continue
			}
			e := float64(rows[r]) * float64(columns[c]) / float64(total)
			p := found.Prior.after(n, e)
			if p.below(1) >= 0.05 {
				continue
			}
			found.All = append(found.All, Lift{Country: int32(r), Code: int32(c), Customers: n, Expected: e, Mean: p.mean(), Low: p.quantile(0.05)})
		}
	}
	slices.SortFunc(found.All, func(a, b Lift) int {
		return cmp.Or(cmp.Compare(round(b.Low, 1e12), round(a.Low, 1e12)), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Country, b.Country))
	})
	return found
}

func bought(sums []int64) (n int) {
	for _, v := range sums {
		if v > 0 {
			n++
		}
	}
	return n
}

// alike groups the cells of the table by what the likelihood sees of them.
func alike(counts, rows, columns []int64, total int64) (cells []cell, all int64) {
	type key struct{ n, row, column int64 }
	groups := map[key]int64{}
	for r := range rows {
		for c := range columns {
			if rows[r] > 0 && columns[c] > 0 {
				groups[key{counts[r*len(columns)+c], rows[r], columns[c]}]++
				all++
			}
		}
	}
	keys := make([]key, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
	})
	for _, k := range keys {
		e := float64(k.row) * float64(k.column) / float64(total)
		cells = append(cells, cell{n: k.n, times: groups[k], expected: e, log: math.Log(e)})
	}
	return cells, all
}

// starts are where the search for the prior begins: DuMouchel's values, and narrower and wider ones.
var starts = []Prior{{.2, .1, 2, 4, 1.0 / 3}, {2, 1, 20, 20, .1}, {1, .2, 5, 5, .1}, {.5, .5, 10, 10, .5}}

// fitPrior maximises the likelihood of the cells by BFGS from each start, and returns the best end.
func fitPrior(cells []cell) (Prior, float64) {
	last := cells[len(cells)-1].n // sorted by n
	problem := optimize.Problem{
		Func: func(x []float64) float64 { return -likelihood(cells, last, priorAt(x), nil) },
		Grad: func(grad, x []float64) {
			p := priorAt(x)
			var g [5]float64
			likelihood(cells, last, p, &g)
			for i, at := range [5]float64{p.A1, p.B1, p.A2, p.B2, 0} {
				grad[i] = -g[i] * at * slope(x[i])
			}
			grad[4] = -g[4] * p.P * (1 - p.P)
		},
	}
	var best Prior
	value := math.Inf(-1)
	for _, start := range starts {
		result, _ := optimize.Minimize(problem, start.x(), &optimize.Settings{MajorIterations: 300, GradientThreshold: 1e-4}, &optimize.BFGS{})
		if result != nil && -result.F > value { // where a line search ends early, its best point still counts
			best, value = priorAt(result.X), -result.F
		}
	}
	return best, value
}

// bound is the largest logarithm of a shape or rate; the smallest is its negative.
var bound = math.Log(1e3)

// priorAt reads parameters from the real line: shapes and rates within [1e-3, 1e3], and P within (0, 1).
func priorAt(x []float64) Prior {
	at := func(v float64) float64 { return math.Exp(bound * math.Tanh(v)) }
	return Prior{at(x[0]), at(x[1]), at(x[2]), at(x[3]), 1 / (1 + math.Exp(-min(max(x[4], -30), 30)))}
}

// slope is the derivative of the logarithm of a shape or rate.
func slope(v float64) float64 {
	t := math.Tanh(v)
	return bound * (1 - t*t)
}

// x is where [priorAt] gives p.
func (p Prior) x() []float64 {
	at := func(v float64) float64 { return math.Atanh(math.Log(v) / bound) }
	return []float64{at(p.A1), at(p.B1), at(p.A2), at(p.B2), math.Log(p.P / (1 - p.P))}
}

// likelihood is the logarithm of that of the cells, whose counts go up to last: each count is a mixture of two negative
// binomials. grad takes its derivatives by A1, B1, A2, B2 and P; nil asks for none.
func likelihood(cells []cell, last int64, p Prior, grad *[5]float64) float64 {
	rise1, rise2 := rising(p.A1, last), rising(p.A2, last)
	var sums1, sums2 []float64
	if grad != nil {
		sums1, sums2 = harmonic(p.A1, last), harmonic(p.A2, last)
	}
	l1, l2 := math.Log(p.P), math.Log1p(-p.P)
	log1, log2 := math.Log(p.B1), math.Log(p.B2)
	total := 0.0
	for _, c := range cells {
		n, times := float64(c.n), float64(c.times)
		d1, d2 := math.Log(p.B1+c.expected), math.Log(p.B2+c.expected)
		f1 := l1 + rise1[c.n] + p.A1*log1 - (p.A1+n)*d1
		f2 := l2 + rise2[c.n] + p.A2*log2 - (p.A2+n)*d2
		high := max(f1, f2)
		sum := high + math.Log(math.Exp(f1-high)+math.Exp(f2-high))
		total += times * (sum + n*c.log)
		if grad != nil {
			w := math.Exp(f1 - sum)
			grad[0] += times * w * (sums1[c.n] + log1 - d1)
			grad[1] += times * w * (p.A1/p.B1 - (p.A1+n)/(p.B1+c.expected))
			grad[2] += times * (1 - w) * (sums2[c.n] + log2 - d2)
			grad[3] += times * (1 - w) * (p.A2/p.B2 - (p.A2+n)/(p.B2+c.expected))
			grad[4] += times * (w/p.P - (1-w)/(1-p.P))
		}
	}
	return total
}

// harmonic returns ψ(a + n) − ψ(a) for n = 0 … last.
func harmonic(a float64, last int64) []float64 {
	all := make([]float64, last+1)
	for n := int64(1); n <= last; n++ {
		all[n] = all[n-1] + 1/(a+float64(n-1))
	}
	return all
}

// rising returns ln Γ(a + n)/(Γ(a) n!) for n = 0 … last.
func rising(a float64, last int64) []float64 {
	all := make([]float64, last+1)
	for n := int64(1); n <= last; n++ {
		all[n] = all[n-1] + math.Log((a+float64(n-1))/float64(n))
	}
	return all
}

// posterior is the distribution of one cell's lift.
type posterior struct{ a1, b1, a2, b2, q float64 }

// after is the posterior of a cell with n customers where e were expected.
func (p Prior) after(n int64, e float64) posterior {
	part := func(a, b float64) float64 {
		lg1, _ := math.Lgamma(a + float64(n))
		lg2, _ := math.Lgamma(a)
		return lg1 - lg2 + a*math.Log(b) - (a+float64(n))*math.Log(b+e)
	}
	f1, f2 := math.Log(p.P)+part(p.A1, p.B1), math.Log1p(-p.P)+part(p.A2, p.B2)
	return posterior{p.A1 + float64(n), p.B1 + e, p.A2 + float64(n), p.B2 + e, 1 / (1 + math.Exp(f2-f1))}
}

// mean is the geometric mean, EBGM.
func (p posterior) mean() float64 {
	return math.Exp(p.q*(mathext.Digamma(p.a1)-math.Log(p.b1)) + (1-p.q)*(mathext.Digamma(p.a2)-math.Log(p.b2)))
}

// below is the probability of a lift below x.
func (p posterior) below(x float64) float64 {
	return p.q*mathext.GammaIncReg(p.a1, p.b1*x) + (1-p.q)*mathext.GammaIncReg(p.a2, p.b2*x)
}

// quantile finds the lift below which it is with a given probability.
func (p posterior) quantile(probability float64) float64 {
	low, high := 0.0, 1.0
	for p.below(high) < probability && high < 1e9 {
		low, high = high, 2*high
	}
	for range 60 {
		if middle := (low + high) / 2; p.below(middle) < probability {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}
