package explore

import "slices"

// Median is the median of values in any order.
func Median(values []float64) float64 {
	slices.Sort(values)
	return median(values)
}
