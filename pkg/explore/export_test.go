package explore

import "slices"

// Median is the median of values in any order.
func Median(values []float64) float64 {
	slices.Sort(values)
	return median(values)
}

// Posterior returns Q, EBGM and EB05.
func (p Prior) Posterior(n int64, e float64) (q, mean, low float64) {
	a := p.after(n, e)
	return a.q, a.mean(), a.quantile(0.05)
}

// Decompose is decompose.
var Decompose = decompose
