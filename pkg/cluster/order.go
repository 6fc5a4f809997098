package cluster

import (
	"cmp"
	"slices"
)

// order returns the rows sorted by their coordinates: what is computed in this order does not depend on the order of the
// points given.
func (p Points) order() []int {
	rows := make([]int, p.N)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int {
		for t := range p.D {
			if c := cmp.Compare(p.X[a*p.D+t], p.X[b*p.D+t]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	})
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
