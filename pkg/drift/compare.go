package drift

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/stat/distuv"
)

// Column is one feature on both sides, as numbers or as texts.
type Column struct {
	Name               string
	Reference, Current []float64 // NaN is missing
	Log                bool      // money or a count: distances are taken on ln(1 + x/m)
	Bins               *Bins     // frozen with the model; nil: fitted to the reference

	ReferenceText, CurrentText []string // of a category, "" is missing
	Text                       bool     // the column is one of texts
}

// Feature is what was found on one feature. What does not apply to it is NaN.
type Feature struct {
	Name string
	Text bool

	PSI         float64 // over the bins, the one of missing values included
	JS          float64 // to base 2, over the same bins
	KS          float64 // of a number
	KSP         float64 // its p-value, see KSP; NaN while customers are on both sides
	Wasserstein float64 // of a number, over Scale
	Scale       string  // what it was divided by
	Largest     float64 // of a category: L∞, the largest difference of a level's share
	Chi2        float64 // of a category: the two-sample statistic over its bins
	Unseen      float64 // of a category: share of today's rows at levels that the reference has none of

	P        float64 // of PSI
	PName    string  // PPermutation or PChi2
	Adjusted float64 // by Benjamini and Hochberg, over all tests of the run
	Noise    float64 // PSI's 95th percentile if nothing moved
	Draws    int

	MissingReference, MissingCurrent float64 // shares
	MissingP, MissingAdjusted        float64 // of their difference; NaN where nothing is missing
	Infinite                         int     // values that are no number to reckon with, on both sides

	Counts                   []BinCount
	Middle, MiddleCurrent    float64 // medians of a number: of the reference, and of today; NaN without a value
	Bins, Reference, Current int
	Overlap                  int // customers on both sides
	Verdict                  Verdict
}

// BinCount is one bin of a feature, on both sides.
type BinCount struct {
	Kind               string  // BinRange, BinLevel, BinRare, BinUnseen or BinMissing
	Low, High          float64 // of a range: above Low, not above High; infinite where it is open, NaN of other kinds
	Level              string  // of a category
	Reference, Current int
}

// Kinds of bins.
const (
	BinRange   = "range"
	BinLevel   = "level"   // one level of a category
	BinRare    = "rare"    // levels that fewer than one in 200 of the reference has
	BinUnseen  = "unseen"  // levels that the reference has none of
	BinMissing = "missing" // no value
)

// How p-values are named.
const (
	PPermutation = "permutation"
	PChi2        = "chi_squared"
)

// largestMissing is the difference of the shares of missing values that matters by itself.
const largestMissing = 0.1

// nonMaterialDraws is enough for an effect that is no finding whatever its p-value.
const nonMaterialDraws = 999

// Compare takes every statistic of every column and judges PSI. pair[i] is the row of the reference that row i of today is the same
// customer as, −1 for none; nil is none at all. Every column must have the same number of rows on either side.
//
// The tests of a run are PSI of every feature and the difference of the shares of missing values where there are any; their
// p-values are adjusted together. Columns are worked on in parallel and never touch each other's statistics.
func Compare(columns []Column, pair []int32, opts Options) ([]Feature, error) {
	opts = opts.WithDefaults()
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	if len(columns) == 0 {
		return nil, errors.New("compare: no feature")
	}
	out := make([]Feature, len(columns))
	binned := make([]*Sides, len(columns))
	inParallel(len(columns), func(i int) { out[i], binned[i] = measure(&columns[i], pair) })
	tests := len(columns)
	for _, f := range out {
		if f.MissingReference > 0 || f.MissingCurrent > 0 {
			tests++
		}
	}
	inParallel(len(columns), func(i int) { opts.test(&out[i], binned[i], tests) })
	adjust(out)
	for i := range out {
		f := &out[i]
		f.Verdict = opts.Judge(f.PSI, f.Adjusted, f.Noise, min(f.Reference, f.Current))
		missing := math.Abs(f.MissingReference-f.MissingCurrent) >= largestMissing && f.MissingAdjusted <= opts.Alpha
		if missing && f.Verdict == None {
			f.Verdict = Warn
		}
	}
	return out, nil
}

// inParallel calls f with 0 … n−1 on all cores.
func inParallel(n int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// measure takes the effects of a column, from one sort of either side.
func measure(c *Column, pair []int32) (Feature, *Sides) {
	if c.Text {
		return category(c, pair)
	}
	nan := math.NaN()
	f := Feature{
		Name: c.Name, Reference: len(c.Reference), Current: len(c.Current), Largest: nan, Chi2: nan, Unseen: nan, MissingP: nan, MissingAdjusted: nan,
	}
	was, is := sorted(c.Reference), sorted(c.Current)
	ref, cur := was.values, is.values
	bins := c.Bins
	if bins == nil {
		b := fitSorted(ref)
		bins = &b
	}
	s := bins.sides(c, was, is, pair)
	f.fill(s, was.missing, is.missing)
	f.Infinite = was.below + was.above + is.below + is.above
	f.Middle, f.MiddleCurrent = median(ref), median(cur)
	for i := range s.reference {
		b := BinCount{Kind: BinRange, Low: math.Inf(-1), High: math.Inf(1), Reference: s.reference[i], Current: s.current[i]}
		if i > 0 && i <= len(bins.Edges) {
			b.Low = bins.Edges[i-1]
		}
		if i < len(bins.Edges) {
			b.High = bins.Edges[i]
		}
		if i == len(s.reference)-1 {
			b.Kind, b.Low, b.High = BinMissing, nan, nan
		}
		f.Counts = append(f.Counts, b)
	}
	if f.KS, f.KSP = KS(ref, cur), nan; f.Overlap == 0 {
		f.KSP = KSP(f.KS, len(ref), len(cur))
	}
	if c.Log {
		unit := unitOf(ref)
		ref, cur = onLog(ref, unit), onLog(cur, unit)
	}
	var scale float64
	scale, f.Scale = scaleOf(ref)
	f.Wasserstein = Wasserstein(ref, cur) / scale
	return f, s
}

// median is the mean of the middle two of ascending values; NaN of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// sides counts a column that has been sorted; only the rows of pairs are looked up one by one.
func (b *Bins) sides(c *Column, ref, cur ascending, pair []int32) *Sides {
	s := newSides(b.Len())
	b.countSorted(ref, s.reference)
	b.countSorted(cur, s.current)
	copy(s.Leavers, s.reference)
	copy(s.Entrants, s.current)
	for i, at := range pair {
		if at < 0 {
			continue
		}
		was, is := b.Of(c.Reference[at]), b.Of(c.Current[i])
		s.Pairs[was][is]++
		s.Leavers[was]--
		s.Entrants[is]--
	}
	return s
}

// countSorted is Count of values that have been sorted.
func (b *Bins) countSorted(a ascending, counts []int) {
	at := 0
	for i, e := range b.Edges {
		n := at + sort.Search(len(a.values)-at, func(j int) bool { return a.values[at+j] > e })
		counts[i], at = n-at, n
	}
	last := len(b.Edges)
	counts[last] = len(a.values) - at + a.above
	counts[0] += a.below
	counts[last+1] = a.missing
}

// fill takes what is common to numbers and categories.
func (f *Feature) fill(s *Sides, missingRef, missingCur int) {
	f.PSI, f.JS = PSI(s.reference, s.current), JS(s.reference, s.current)
	f.MissingReference, f.MissingCurrent = share(missingRef, f.Reference), share(missingCur, f.Current)
	for i := range s.reference {
		if s.reference[i]+s.current[i] > 0 {
			f.Bins++
		}
	}
	f.Overlap = f.Current
	for _, n := range s.Entrants {
		f.Overlap -= n
	}
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// test takes the p-values.
func (o Options) test(f *Feature, s *Sides, tests int) {
	draws := o.draws(tests)
	if f.PSI < o.Materiality/2 {
		draws = nonMaterialDraws
	}
	p := s.Permute(f.Name, draws, PSI)
	f.P, f.PName, f.Noise, f.Draws = p.P, PPermutation, p.Noise, p.Draws
	if f.Text && f.Overlap == 0 && s.dense() && f.Bins > 1 {
		f.P, f.PName = distuv.ChiSquared{K: float64(f.Bins - 1)}.Survival(f.Chi2), PChi2
	}
	if f.MissingReference > 0 || f.MissingCurrent > 0 {
		draws := o.draws(tests)
		if math.Abs(f.MissingReference-f.MissingCurrent) < largestMissing {
			draws = nonMaterialDraws
		}
		f.MissingP = s.missing().Permute(f.Name+" missing", draws, largest).P
	}
}

// missing merges all bins but the one of missing values.
func (s *Sides) missing() *Sides {
	last := len(s.reference) - 1
	out := NewSides(2, nil, nil, nil)
	for i := range s.reference {
		a := 0
		if i == last {
			a = 1
		}
		out.reference[a] += s.reference[i]
		out.current[a] += s.current[i]
		out.Leavers[a] += s.Leavers[i]
		out.Entrants[a] += s.Entrants[i]
		for j, n := range s.Pairs[i] {
			b := 0
			if j == last {
				b = 1
			}
			out.Pairs[a][b] += n
		}
	}
	return out
}

// adjust corrects for the number of tests.
func adjust(features []Feature) {
	var p []float64
	for _, f := range features {
		p = append(p, f.P)
		if !math.IsNaN(f.MissingP) {
			p = append(p, f.MissingP)
		}
	}
	p = BenjaminiHochberg(p)
	for i := range features {
		f := &features[i]
		if f.Adjusted, p = p[0], p[1:]; !math.IsNaN(f.MissingP) {
			f.MissingAdjusted, p = p[0], p[1:]
		}
	}
}

// rareLevel is the share of the reference below which levels of a category share a bin.
const rareLevel = 0.005

// category compares texts: a bin for every level that at least one in 200 of the reference has, one for the rare, one for
// levels that the reference has none of, one for missing.
func category(c *Column, pair []int32) (Feature, *Sides) {
	nan := math.NaN()
	f := Feature{
		Name: c.Name, Text: true, Reference: len(c.ReferenceText), Current: len(c.CurrentText), KS: nan, KSP: nan, Wasserstein: nan, Scale: ScaleNone,
		MissingP: nan, MissingAdjusted: nan,
	}
	counts := map[string]int{}
	for _, v := range c.ReferenceText {
		counts[v]++
	}
	missingRef := counts[""]
	delete(counts, "")
	var levels []string
	for v, n := range counts {
		if float64(n) >= rareLevel*float64(f.Reference) {
			levels = append(levels, v)
		}
	}
	slices.Sort(levels)
	at := map[string]int{}
	for i, v := range levels {
		at[v] = i
	}
	rare, unseen, missing := len(levels), len(levels)+1, len(levels)+2
	of := func(v string) int {
		if v == "" {
			return missing
		}
		if i, ok := at[v]; ok {
			return i
		}
		if counts[v] > 0 {
			return rare
		}
		return unseen
	}
	ref, cur := make([]int, f.Reference), make([]int, f.Current)
	for i, v := range c.ReferenceText {
		ref[i] = of(v)
	}
	missingCur := 0
	for i, v := range c.CurrentText {
		if cur[i] = of(v); cur[i] == missing {
			missingCur++
		}
	}
	s := NewSides(missing+1, ref, cur, pair)
	f.fill(s, missingRef, missingCur)
	f.Largest, f.Chi2 = largest(s.reference, s.current), chi2(s.reference, s.current)
	f.Unseen = share(s.current[unseen], f.Current)
	f.Middle, f.MiddleCurrent = nan, nan
	for i := range s.reference {
		b := BinCount{Kind: BinLevel, Low: nan, High: nan, Reference: s.reference[i], Current: s.current[i]}
		switch i {
		case rare:
			b.Kind = BinRare
		case unseen:
			b.Kind = BinUnseen
		case missing:
			b.Kind = BinMissing
		default:
			b.Level = levels[i]
		}
		f.Counts = append(f.Counts, b)
	}
	return f, s
}

// chi2 returns Pearson's two-sample statistic. NaN if either side has no row.
func chi2(reference, current []int) float64 {
	n, m := total(reference), total(current)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	sum := 0.0
	for i := range reference {
		if all := float64(reference[i] + current[i]); all > 0 {
			e, g := all*n/(n+m), all*m/(n+m)
			d := float64(reference[i]) - e
			sum += float64(d*d/e) + float64(d*d/g)
		}
	}
	return sum
}

// dense reports whether every bin in use is expected to have five rows on either side, which Pearson's limit needs.
func (s *Sides) dense() bool {
	n, m := total(s.reference), total(s.current)
	for i := range s.reference {
		if all := float64(s.reference[i] + s.current[i]); all > 0 && all*min(n, m)/(n+m) < 5 {
			return false
		}
	}
	return true
}
