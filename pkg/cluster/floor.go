package cluster

// DefaultFloor is the smallest share of points that a cluster must hold for its k to be chosen.
const DefaultFloor = 0.01

// FloorOf returns the smallest share of n points that a cluster must hold: share, but at least five points, or in a set of
// fewer than 50 a tenth of them, and never a single one. A share of 0 asks for no floor.
func FloorOf(share float64, n int) float64 {
	if share <= 0 || n <= 0 {
		return 0
	}
	return max(share, float64(max(2, min(5, n/10)))/float64(n))
}
