package segment

import (
	"fmt"
	"math"
)

// Match pairs rows and columns of a cost matrix so that the sum of the costs is least, and returns for each row its column,
// or −1. A matrix of n × m pairs min(n, m) of them. Every cost must be finite, and all rows equally long. The matrix is not
// changed.
//
// Of several optima it returns one that depends on the order of rows and columns alone: rows come in turn, and of columns that
// are equally near the first is taken.
//
// It is the Hungarian method by shortest augmenting paths, O(min(n,m)² · max(n,m)): R. Jonker and A. Volgenant, "A shortest
// augmenting path algorithm for dense and sparse linear assignment problems", Computing 38 (1987), 325–340, without its
// initialisation.
func Match(cost [][]float64) ([]int, error) {
	n := len(cost)
	if n == 0 {
		return nil, nil
	}
	m := len(cost[0])
	for i, row := range cost {
		if len(row) != m {
			return nil, fmt.Errorf("match: row %d has %d costs, the first has %d", i, len(row), m)
		}
		for _, c := range row {
			if math.IsNaN(c) || math.IsInf(c, 0) {
				return nil, fmt.Errorf("match: a cost of row %d is %v", i, c)
			}
		}
	}
	out := make([]int, n)
	if n <= m {
		copy(out, augment(n, m, func(i, j int) float64 { return cost[i][j] }))
		return out, nil
	}
	for i := range out {
		out[i] = -1
	}
	for j, i := range augment(m, n, func(j, i int) float64 { return cost[i][j] }) {
		out[i] = j
	}
	return out, nil
}

// augment pairs each of n rows with one of m ≥ n columns. Row 0 and column 0 of its own arrays stand for "none".
func augment(n, m int, cost func(i, j int) float64) []int {
	u, v := make([]float64, n+1), make([]float64, m+1) // dual prices
	row := make([]int, m+1)                            // of each column, from 1
	way := make([]int, m+1)                            // the column before on the shortest path
	for i := 1; i <= n; i++ {
		row[0] = i
		at := 0
		least, used := make([]float64, m+1), make([]bool, m+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for row[at] != 0 {
			used[at] = true
			step, next := math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if used[j] {
					continue
				}
				if d := cost(row[at]-1, j-1) - u[row[at]] - v[j]; d < least[j] {
					least[j], way[j] = d, at
				}
				if least[j] < step {
					step, next = least[j], j
				}
			}
			for j := 0; j <= m; j++ {
				if used[j] {
					u[row[j]] += step
					v[j] -= step
				} else {
					least[j] -= step
				}
			}
			at = next
		}
		for at != 0 {
			row[at] = row[way[at]]
			at = way[at]
		}
	}
	out := make([]int, n)
	for j := 1; j <= m; j++ {
		if row[j] > 0 {
			out[row[j]-1] = j - 1
		}
	}
	return out
}
