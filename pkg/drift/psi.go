package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/floats"
)

// maxBins is the number of bins that quantiles cut a reference into at most.
const maxBins = 10

// Bins cut the values of a feature: bin i holds those above Edges[i−1] and not above Edges[i], the outer ones are open,
// and null (NaN) has one bin of its own, the last. Equal values always share a bin.
type Bins struct {
	Edges []float64 // ascending, distinct
}

// FitBins cuts at the quantiles 0.1 … 0.9 of the reference (type 7 without interpolation: the value at the floor of the
// position, so that every edge is a value that occurs). Quantiles that coincide make one edge. Where the smallest value is
// itself an edge, so that a tenth or more of the reference sits on it, an edge just below keeps apart what is smaller than
// anything seen; values above an edge at the largest value have a bin anyway. These outer bins are empty on the reference
// side, so they count for nothing until a value falls there. A reference without values gives one bin, besides the one of
// null.
func FitBins(reference []float64) Bins {
	sorted := make([]float64, 0, len(reference))
	for _, v := range reference {
		if !math.IsNaN(v) {
			sorted = append(sorted, v)
		}
	}
	if len(sorted) == 0 {
		return Bins{}
	}
	slices.Sort(sorted)
	var edges []float64
	for j := 1; j < maxBins; j++ {
		edges = append(edges, sorted[(len(sorted)-1)*j/maxBins])
	}
	if edges[0] == sorted[0] {
		edges = append([]float64{math.Nextafter(edges[0], math.Inf(-1))}, edges...)
	}
	return Bins{Edges: slices.Compact(edges)}
}

// Count returns how many values fall in each bin, null last: length len(Edges) + 2.
func (b Bins) Count(values []float64) []int {
	counts := make([]int, len(b.Edges)+2)
	for _, v := range values {
		if math.IsNaN(v) {
			counts[len(counts)-1]++
			continue
		}
		counts[sort.SearchFloat64s(b.Edges, v)]++
	}
	return counts
}

// PSI returns the population stability index between two counts over the same bins, Σ (p − q)·ln(p/q) for the shares p of
// the one and q of the other: 0 for equal shares, the same from either side. Commonly 0.1 is called a small shift and 0.25
// a large one (N. Siddiqi, Credit Risk Scorecards, 2006).
//
// A bin that is empty on one side alone counts there as half a row, which keeps the logarithm finite (J. B. S. Haldane,
// "The estimation and significance of the logarithm of a ratio of frequencies", Annals of Human Genetics 20, 1956); other
// bins stay as they are. A bin empty on both sides counts for nothing. PSI is 0 if either side has no row at all. It
// panics where the lengths differ or a count is negative.
func PSI(reference, current []int) float64 {
	v, _ := psi(reference, current)
	return v
}

// psi returns PSI and the number of bins with a row on either side.
func psi(reference, current []int) (value float64, used int) {
	if len(reference) != len(current) {
		panic(fmt.Sprintf("drift: %d bins against %d", len(reference), len(current)))
	}
	n, m := total(reference), total(current)
	terms := make([]float64, 0, len(reference))
	for i := range reference {
		if reference[i] == 0 && current[i] == 0 {
			continue
		}
		used++
		if n == 0 || m == 0 {
			continue
		}
		p, q := max(float64(reference[i]), 0.5)/n, max(float64(current[i]), 0.5)/m
		terms = append(terms, (p-q)*math.Log(p/q))
	}
	return floats.SumCompensated(terms), used
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
