package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// maxBins is the number of bins that quantiles cut a reference into at most, besides those of atoms and tails.
const maxBins = 10

// Bins cut the values of a feature: bin i holds those above Edges[i−1] and not above Edges[i]. The outer ones are open, so
// that infinite values belong to them, and missing values (NaN) have one bin of their own, the last. Equal values always
// share a bin.
type Bins struct {
	Edges []float64 `json:"edges"` // ascending, distinct
}

// FitBins cuts at the quantiles 0.1 … 0.9 of the reference (type 7 without interpolation: the value at the floor of the
// position, so that every edge is a value that occurs). Quantiles that coincide make one edge. A value that a tenth or more of
// the reference has is an atom with a bin of its own. Bins inside that would be empty are merged with their neighbours; the
// tails beyond an atom at the smallest or the largest value stay, for what has never been seen. A reference without values
// gives one bin, besides the one of missing values.
func FitBins(reference []float64) Bins {
	return fitSorted(sorted(reference).values)
}

func fitSorted(v []float64) Bins {
	if len(v) == 0 {
		return Bins{}
	}
	var edges []float64
	for j := 1; j < maxBins; j++ {
		q := v[(len(v)-1)*j/maxBins]
		from, to := spanOf(v, q)
		if (to-from)*maxBins >= len(v) {
			edges = append(edges, math.Nextafter(q, math.Inf(-1)))
		}
		edges = append(edges, q)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	// An edge whose bin holds nothing goes, unless it is the lowest: that is the open tail.
	out, at := edges[:0], 0
	for _, e := range edges {
		n := sort.Search(len(v), func(i int) bool { return v[i] > e })
		if n > at || len(out) == 0 {
			out = append(out, e)
		}
		at = n
	}
	return Bins{Edges: out}
}

// spanOf returns where a value of the sorted v lies: v[from:to].
func spanOf(v []float64, q float64) (from, to int) {
	return sort.SearchFloat64s(v, q), sort.Search(len(v), func(i int) bool { return v[i] > q })
}

// Len returns the number of bins, with the one of missing values.
func (b Bins) Len() int { return len(b.Edges) + 2 }

// Of returns the bin of a value.
func (b Bins) Of(v float64) int {
	if math.IsNaN(v) {
		return len(b.Edges) + 1
	}
	return sort.SearchFloat64s(b.Edges, v)
}

// Count returns how many values fall in each bin, missing last: length Len.
func (b Bins) Count(values []float64) []int {
	counts := make([]int, b.Len())
	for _, v := range values {
		counts[b.Of(v)]++
	}
	return counts
}

// smoothing is the share that every bin is given on both sides before logarithms are taken: a ten-thousandth.
const smoothing = 1e-4

// PSI returns the population stability index between two counts over the same bins, Σ (p − q)·ln(p/q) for the shares p of
// the one and q of the other: 0 for equal shares, the same from either side. Commonly 0.1 is called a small shift and 0.25
// a large one (N. Siddiqi, Credit Risk Scorecards, 2006).
//
// Shares are smoothed alike on both sides, (c/n + ε)/(1 + Bε) with ε = 0.0001 and B the bins that are in use on either side,
// which keeps the logarithm finite and does not depend on n: twice the rows, the same index. PSI is 0 if either side has no
// row. It panics where the lengths differ or a count is negative.
func PSI(reference, current []int) float64 {
	n, m := total(reference), total(current)
	if len(reference) != len(current) {
		panic(fmt.Sprintf("drift: %d bins against %d", len(reference), len(current)))
	}
	if n == 0 || m == 0 {
		return 0
	}
	used := 0
	for i := range reference {
		if reference[i]+current[i] > 0 {
			used++
		}
	}
	whole := 1 + smoothing*float64(used)
	sum := 0.0
	for i := range reference {
		if reference[i]+current[i] == 0 || float64(reference[i])*m == float64(current[i])*n {
			continue
		}
		p, q := float64(reference[i])/n+smoothing, float64(current[i])/m+smoothing
		sum += float64((p - q) / whole * math.Log(p/q))
	}
	return sum
}

// JS returns the Jensen–Shannon distance between two counts over the same bins, to base 2: 0 for equal shares, 1 where no bin
// is shared. It is the root of the divergence (D. Endres and J. Schindelin, "A new metric for probability distributions", IEEE
// Transactions on Information Theory 49, 2003). NaN if either side has no row.
func JS(reference, current []int) float64 {
	n, m := total(reference), total(current)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	sum := 0.0
	for i := range reference {
		p, q := float64(reference[i])/n, float64(current[i])/m
		mid := (p + q) / 2
		if p > 0 {
			sum += float64(p * math.Log2(p/mid))
		}
		if q > 0 {
			sum += float64(q * math.Log2(q/mid))
		}
	}
	return math.Sqrt(min(max(sum/2, 0), 1))
}

// largest returns the largest difference between two shares, L∞. NaN if either side has no row.
func largest(reference, current []int) float64 {
	n, m := total(reference), total(current)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	most := 0.0
	for i := range reference {
		most = max(most, math.Abs(float64(reference[i])/n-float64(current[i])/m))
	}
	return most
}

func total(counts []int) float64 {
	sum := 0
	for i, c := range counts {
		if c < 0 {
			panic(fmt.Sprintf("drift: bin %d counts %d", i, c))
		}
		sum += c
	}
	return float64(sum)
}
