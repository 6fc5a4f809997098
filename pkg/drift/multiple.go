package drift

import "slices"

// BenjaminiHochberg returns the adjusted p-values, in the order of p: rejecting where they are at most q keeps the expected
// share of false findings among the findings at q (Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate",
// Journal of the Royal Statistical Society B 57, 1995).
func BenjaminiHochberg(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, float64(p[i]*float64(len(p)))/float64(rank))
		out[i] = least
	}
	return out
}
