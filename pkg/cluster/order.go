package cluster

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
)

// order returns the rows sorted by their coordinates: what is computed in this order does not depend on the order of the
// points given.
func (p Points) order() []int {
	firsts := make([]first, p.N)
	for i := range firsts {
		firsts[i] = first{p.X[i*p.D], i}
	}
	firsts = sortParts(firsts, func(a, b first) int {
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

// first has a point's first coordinate beside its row: most comparisons need no other.
type first struct {
	x   float64
	row int
}

// sortParts sorts on all cores: parts each on its own, which are then merged two by two. It returns s or a slice of its length.
func sortParts(s []first, compare func(a, b first) int) []first {
	const least = 4096 // values that are worth a goroutine
	part := max(least, (len(s)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for some := range slices.Chunk(s, part) {
		wg.Go(func() { slices.SortFunc(some, compare) })
	}
	wg.Wait()
	if part >= len(s) {
		return s
	}
	to := make([]first, len(s))
	for ; part < len(s); part *= 2 {
		for from := 0; from < len(s); from += 2 * part {
			middle, end := min(from+part, len(s)), min(from+2*part, len(s))
			wg.Go(func() { merge(to[from:end], s[from:middle], s[middle:end], compare) })
		}
		wg.Wait()
		s, to = to, s
	}
	return s
}

// merge fills to with two sorted slices.
func merge(to, a, b []first, compare func(a, b first) int) {
	for i := range to {
		if len(b) == 0 || len(a) > 0 && compare(a[0], b[0]) <= 0 {
			to[i], a = a[0], a[1:]
		} else {
			to[i], b = b[0], b[1:]
		}
	}
}

// unordered returns the labels of points taken in that order in the order that they were given in.
func unordered(labels []int32, order []int) []int32 {
	out := make([]int32, len(labels))
	for i, r := range order {
		out[r] = labels[i]
	}
	return out
}
