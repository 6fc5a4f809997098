package fit

import (
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// DefaultDraws are the bootstrap resamples of [Compare].
const DefaultDraws = 2000

// Gain is by how much one grouping fits customers better than another.
type Gain struct {
	Customers int
	Before    float64 // mean squared distance to the nearest centroid
	After     float64
	Share     float64 // (Before − After) / Before: above 0 the new one fits better
	Low, High float64 // ends of its 95 % interval
}

// Compare judges two groupings by customers that neither was fitted on: before[i] and after[i] are the squared distances of customer
// i to the nearest centroid, in one space. The interval is the percentile one of a paired bootstrap, in which a customer is drawn with
// both distances (B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). Equal arguments give equal bits;
// without a customer or a distance before, all is 0.
func Compare(before, after []float64, draws int, seed uint64) Gain {
	n := len(before)
	was, is := floats.SumCompensated(before), floats.SumCompensated(after)
	if n == 0 || !(was > 0) {
		return Gain{Customers: n}
	}
	g := Gain{Customers: n, Before: was / float64(n), After: is / float64(n), Share: (was - is) / was}
	shares := make([]float64, draws)
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	for d := range shares {
		was, is = 0, 0
		for range n {
			i := rng.IntN(n)
			was += before[i]
			is += after[i]
		}
		if was > 0 {
			shares[d] = (was - is) / was
		}
	}
	slices.Sort(shares)
	g.Low, g.High = shares[int(0.025*float64(draws-1))], shares[int(0.975*float64(draws-1)+0.5)]
	return g
}
