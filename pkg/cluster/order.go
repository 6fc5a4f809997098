package cluster

import (
	"cmp"
	"slices"
)

// order returns the rows sorted by their coordinates: what is computed in this order does not depend on the order of the
// points given.
func (p Points) order() []int {
	// The first coordinate lies beside the row: most comparisons need no other.
	type first struct {
		x   float64
		row int
	}
	firsts := make([]first, p.N)
	for i := range firsts {
		firsts[i] = first{p.X[i*p.D], i}
	}
	slices.SortFunc(firsts, func(a, b first) int {
		if a.x < b.x {
			return -1
		}
		if a.x > b.x {
			return 1
		}
		return cmp.Or(slices.Compare(p.Row(a.row), p.Row(b.row)), a.row-b.row)
	})
	rows := make([]int, p.N)
	for i, f := range firsts {
		rows[i] = f.row
	}
	return rows
}

// unordered returns the labels of points taken in that order in the order that they were given in.
func unordered(labels []int32, order []int) []int32 {
	out := make([]int32, len(labels))
	for i, r := range order {
		out[r] = labels[i]
	}
	return out
}
