package explore

import (
	"math"
	"slices"
)

// z is the 0.975 quantile of the normal distribution, as the intervals use it.
const z = 1.959964

// round rounds to a number of decimals, so that a comparison does not hang on the last bit.
func round(v, scale float64) float64 { return math.Round(v*scale) / scale }

// median returns the middle of sorted values, or the mean of the middle two. It is NaN for none.
func median(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// sum adds up values in ascending order: the same bits whatever order they come in. It sorts them.
func sum(values []float64) float64 {
	slices.Sort(values)
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// share returns part/whole, 0 where there is no whole.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
