package segment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Measure is one of the five numbers that a segment is named by.
type Measure int

// The measures. Each is the median of the segment's customers less the median of all, in robust deviations: the interquartile
// range of all / 1.349, which is the standard deviation of a normal distribution. Where it is 0, it is the standard deviation;
// where that is 0 too, the measure is 0.
const (
	Recency   Measure = iota // ln(1 + days since the last purchase)
	Tenure                   // days since the first purchase in the window
	Frequency                // ln of invoices
	Money                    // ln(1 + spending)
	Trend                    // slope of spending per block of 30 days / mean spending per block; customers of one block have none
	measures
)

// Measures names them, in order.
var Measures = [measures]string{"recency", "tenure", "frequency", "money", "trend"}

// Edge is how many deviations from the shop's median a segment is low or high from, and Margin how many deviations past the
// edges of its name's cell it must be before it gets another name.
const (
	Edge   = 0.5
	Margin = 0.25
)

// level is a set of the levels low, middle and high.
type level uint8

const (
	low level = 1 << iota
	middle
	high
	anyLevel = low | middle | high
)

// cell is a row of the table of names: what the segment's measures may be.
type cell struct {
	name string
	at   [measures]level // recency, tenure, frequency, money, trend
}

// names is the table: every combination of levels is in exactly one cell.
var names = []cell{
	{"New", [measures]level{low | middle, low, low | middle, anyLevel, anyLevel}},
	{"Rising", [measures]level{low | middle, low, high, anyLevel, anyLevel}},
	{"Gone early", [measures]level{high, low, anyLevel, anyLevel, anyLevel}},

	{"Can't lose", [measures]level{high, middle | high, high, anyLevel, anyLevel}},
	{"At risk", [measures]level{high, middle | high, middle, anyLevel, anyLevel}},
	{"At risk", [measures]level{high, middle | high, low, high, anyLevel}},
	{"Hibernating", [measures]level{high, middle | high, low, low | middle, anyLevel}},

	{"Champions", [measures]level{low, middle | high, high, high, anyLevel}},
	{"Loyal", [measures]level{low, middle | high, high, low | middle, anyLevel}},
	{"Loyal", [measures]level{middle, middle | high, high, anyLevel, middle | high}},
	{"Need attention", [measures]level{middle, middle | high, high, anyLevel, low}},

	{"Big spenders", [measures]level{low | middle, middle | high, low, high, anyLevel}},
	{"Growing", [measures]level{low | middle, middle | high, low, low | middle, high}},
	{"Occasional", [measures]level{low | middle, middle | high, low, low | middle, low | middle}},

	{"Growing", [measures]level{low | middle, middle | high, middle, anyLevel, high}},
	{"Need attention", [measures]level{middle, middle | high, middle, anyLevel, low}},
	{"Regulars", [measures]level{middle, middle | high, middle, anyLevel, middle}},
	{"Regulars", [measures]level{low, middle | high, middle, anyLevel, low | middle}},
}

// nobody is the name of a segment without customers.
const nobody = "Nobody"

// Profile is a segment's measures; NaN in all of them for a segment without customers.
type Profile [measures]float64

// Profiles measures k segments. values[m][i] is what customer i has of measure m before medians are taken, NaN for none; labels[i] is
// her segment, 0 … k − 1. The order of the customers changes nothing.
func Profiles(values [measures][]float64, labels []int32, k int) []Profile {
	out := make([]Profile, k)
	for m, all := range values {
		each := make([][]float64, k)
		var known []float64
		for i, v := range all {
			if !math.IsNaN(v) {
				each[labels[i]] = append(each[labels[i]], v)
				known = append(known, v)
			}
		}
		slices.Sort(known)
		center, scale := quantile(known, 0.5), deviation(known)
		for c := range out {
			slices.Sort(each[c])
			switch {
			case len(each[c]) > 0 && scale > 0:
				out[c][m] = (quantile(each[c], 0.5) - center) / scale
			case len(each[c]) == 0 && Measure(m) != Trend:
				out[c][m] = math.NaN()
			}
		}
	}
	return out
}

// deviation is the robust deviation of sorted values.
func deviation(sorted []float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	if iqr := quantile(sorted, 0.75) - quantile(sorted, 0.25); iqr > 0 {
		return iqr / 1.349
	}
	mean, sum := 0.0, 0.0
	for _, v := range sorted {
		mean += v / float64(len(sorted))
	}
	for _, v := range sorted {
		sum += float64((v - mean) * (v - mean))
	}
	return math.Sqrt(sum / float64(len(sorted)))
}

// quantile is of type 7; NaN of nothing.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// Name returns the name of the cell that the profile lies in.
func (p Profile) Name() string {
	for i := range names {
		if p.within(&names[i], 0) {
			return names[i].name
		}
	}
	return nobody
}

// Keeps reports whether the profile lies in a cell of that name, or no more than [Margin] outside.
func (p Profile) Keeps(name string) bool {
	return slices.ContainsFunc(names, func(c cell) bool { return c.name == name && p.within(&c, Margin) })
}

// within reports whether every measure is at one of the cell's levels, or no more than margin away from one.
func (p Profile) within(c *cell, margin float64) bool {
	for m, v := range p {
		ok := c.at[m]&low != 0 && v <= -Edge+margin ||
			c.at[m]&middle != 0 && v > -Edge-margin && v < Edge+margin ||
			c.at[m]&high != 0 && v >= Edge-margin
		if !ok {
			return false
		}
	}
	return true
}

// String lists the measures, as "recency -0.9, tenure +0.4, …".
func (p Profile) String() string {
	var text []string
	for m, v := range p {
		text = append(text, fmt.Sprintf("%s %+.1f", Measures[m], v))
	}
	return strings.Join(text, ", ")
}

// Names names segments by their profiles. kept[c] is the name that segment c had in the model before, "" for none: it stays unless the
// profile has left its cell by more than [Margin]. Segments of one name are told apart by spent, the mean spending of their customers:
// "Regulars, high spend", "Regulars, lower spend"; three are high, middle and lower; more are numbered from the highest.
func Names(profiles []Profile, kept []string, spent []float64) []string {
	out, alike := make([]string, len(profiles)), map[string][]int{}
	for c, p := range profiles {
		out[c], _, _ = strings.Cut(kept[c], ", ")
		if !p.Keeps(out[c]) {
			out[c] = p.Name()
		}
		alike[out[c]] = append(alike[out[c]], c)
	}
	for name, group := range alike {
		if len(group) == 1 {
			continue
		}
		slices.SortStableFunc(group, func(a, b int) int { return cmp.Compare(spent[b], spent[a]) })
		for rank, c := range group {
			out[c] = name + ", " + spendWord(rank, len(group))
		}
	}
	return out
}

// spendWord says which of n segments of one name this is, rank 0 spending most.
func spendWord(rank, n int) string {
	switch {
	case n > 3:
		return fmt.Sprintf("spend %d of %d", rank+1, n)
	case rank == 0:
		return "high spend"
	case rank == n-1:
		return "lower spend"
	}
	return "middle spend"
}

// NameTable returns the rows of the table of names for people: the name, and its levels of each measure.
func NameTable() [][]string {
	var rows [][]string
	for _, c := range names {
		row := []string{c.name}
		for _, at := range c.at {
			row = append(row, at.String())
		}
		rows = append(rows, row)
	}
	return rows
}

func (l level) String() string {
	if l == anyLevel {
		return "any"
	}
	var text []string
	for i, word := range []string{"low", "middle", "high"} {
		if l&(1<<i) != 0 {
			text = append(text, word)
		}
	}
	return strings.Join(text, ", ")
}
