package drift

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Places says where a model puts customers, by position.
type Places struct {
	Nearest  []int32   // of K segments
	Distance []float64 // to its centroid, in the model's space
	Second   []float64 // to the second nearest; NaN in a model of one segment
	Points   []float64 // row by row, Dim values each; nil if centroids are not compared
	Dim      int
}

// Held are customers of the reference whom a fit without them can judge: places by the model, and by that other fit. Empty for none.
type Held struct{ Seen, Unseen Places }

// Effect is one measure of how a model fits, against what it was on its training customers. What was not measured is NaN.
type Effect struct {
	Name      string
	Value     float64
	Reference float64 // the same at training, where it is not 0 by definition
	Limit     float64 // from which it matters; half of it is worth a warning. NaN: shown, not judged
	P         float64
	Adjusted  float64
	Low, High float64 // 95 % interval, where there is one
	Verdict   Verdict
	Why       string // one sentence that says what was measured
}

// NotJudged stands where an effect has no limit.
const NotJudged Verdict = "not_judged"

// Names of effects.
const (
	EffectSegments   = "population" // PSI of segment shares
	EffectTVD        = "segment_shift"
	EffectModel      = "model" // inertia
	EffectNovelty    = "novelty"
	EffectDistance   = "distance"
	EffectMargin     = "margin"
	EffectSilhouette = "silhouette"
	EffectCentroids  = "centroids"
	EffectForward    = "forward"
	EffectData       = "data"
)

// The limits of effects that have no materiality of PSI.
const (
	NoveltyLimit = 0.05 // share beyond the reference's 99th percentile: five times what it was
	InertiaLimit = 0.25 // relative rise of the mean squared distance
	ForwardLimit = 0.1  // share of customers whose behaviour the segment no longer tells
)

// Segment is the share of one segment then and now.
type Segment struct {
	Reference, Current float64 // shares
	Z                  float64 // of the difference, by permutation's deviation
	Adjusted           float64 // of its p-value, over the segments
}

// Shape compares how a model of k segments fits today's customers with how it fitted those that it was trained on. pair is as in
// [Compare]. Customers that no fit has seen are farther away than those it was made of: by as much as held says, distances may be larger
// beyond the limit, and where there are enough of them their distances and margins are what today's are compared with. Evidence about the model in force is: segment shares, novelty, inertia; the other effects are shown.
func Shape(k int, ref, cur Places, pair []int32, held Held, centroids [][]float64, opts Options) ([]Effect, []Segment, error) {
	opts = opts.WithDefaults()
	if err := opts.check(); err != nil {
		return nil, nil, fmt.Errorf("compare fit: %w", err)
	}
	rows := min(len(ref.Nearest), len(cur.Nearest))
	draws := opts.draws(3)
	shares := NewSides(k, ints(ref.Nearest), ints(cur.Nearest), pair)
	distance := distanceSides(ref.Distance, cur.Distance, pair)
	beyond, novelty := beyondSides(ref.Distance, cur.Distance, pair)
	p := []Permuted{
		shares.Permute(EffectSegments, draws, PSI), distance.Permute(EffectModel, draws, PSI), beyond.Permute(EffectNovelty, draws, largest),
	}
	adjusted := BenjaminiHochberg([]float64{p[0].P, p[1].P, p[2].P})
	nan := math.NaN()
	blank := Effect{Reference: nan, Limit: nan, P: nan, Adjusted: nan, Low: nan, High: nan, Verdict: NotJudged}
	effect := func(name string, value float64, why string) Effect {
		e := blank
		e.Name, e.Value, e.Why = name, value, why
		return e
	}
	judged := func(e Effect, i int, limit, noise float64) Effect {
		e.P, e.Adjusted, e.Limit = p[i].P, adjusted[i], limit
		o := opts
		o.Materiality = limit
		e.Verdict = o.Judge(e.Value, e.Adjusted, noise, rows)
		if rows == 0 {
			e.Value = nan
		}
		return e
	}
	inertia := relative(ref.Distance, cur.Distance)
	limit, unseen, fresh := InertiaLimit, nan, ref
	if len(held.Seen.Distance) >= opts.MinRows {
		unseen, fresh = 0, held.Unseen
		if rise := relative(held.Seen.Distance, held.Unseen.Distance); rise > 0 {
			unseen = rise
		}
		limit = float64((1+InertiaLimit)*(1+unseen)) - 1
	}
	far := distanceSides(fresh.Distance, cur.Distance, nil)
	out := []Effect{
		judged(effect(EffectSegments, PSI(shares.reference, shares.current), "population stability index of the segment shares, by nearest centre"),
			0, opts.Materiality, p[0].Noise),
		effect(EffectTVD, shift(shares), "share of customers that would have to change segment for the shares to be what they were"),
		judged(effect(EffectModel, inertia, "relative change of the mean squared distance to the nearest centre"), 1, limit, 0),
		judged(effect(EffectNovelty, novelty, "share of customers farther from every centre than 99 % of those at training"), 2, NoveltyLimit, p[2].Noise),
		effect(EffectDistance, PSI(far.reference, far.current), "population stability index of the distances to the nearest centre, against customers that no fit has seen"),
	}
	out[2].Reference, out[3].Reference = unseen, 0.01
	if k > 1 {
		out = append(out, margins(ref, fresh, cur, pair, blank)...)
	}
	if moved := movement(cur, centroids); !math.IsNaN(moved) {
		out = append(out, effect(EffectCentroids, moved, "mean distance from a centre to the mean of the customers nearest to it now, weighted by their number"))
	}
	return out, segments(shares), nil
}

func ints(labels []int32) []int {
	out := make([]int, len(labels))
	for i, l := range labels {
		out[i] = int(l)
	}
	return out
}

func distanceSides(ref, cur []float64, pair []int32) *Sides {
	was := sorted(ref)
	b := fitSorted(was.values)
	return b.sides(&Column{Reference: ref, Current: cur}, was, sorted(cur), pair)
}

// beyondSides counts who is farther away than the reference's 99th percentile, and returns the share of them now.
func beyondSides(ref, cur []float64, pair []int32) (*Sides, float64) {
	v := sorted(ref).values
	limit := math.Inf(1)
	if len(v) > 0 {
		limit = quantile(v, 0.99)
	}
	is := func(values []float64) ([]int, int) {
		out, n := make([]int, len(values)), 0
		for i, d := range values {
			if d > limit {
				out[i] = 1
				n++
			}
		}
		return out, n
	}
	was, _ := is(ref)
	now, n := is(cur)
	return NewSides(2, was, now, pair), share(n, len(cur))
}

// relative returns the relative change of the mean square, now over then − 1. NaN where a side is empty or then is 0.
func relative(ref, cur []float64) float64 {
	was, is := meanSquare(ref), meanSquare(cur)
	if len(ref) == 0 || len(cur) == 0 || was == 0 {
		return math.NaN()
	}
	return is/was - 1
}

func meanSquare(v []float64) float64 {
	squares := make([]float64, len(v))
	for i, d := range v {
		squares[i] = float64(d * d)
	}
	slices.Sort(squares) // the same sum for any order
	return floats.SumCompensated(squares) / float64(len(v))
}

// shift returns the total variation distance between the shares. NaN if a side is empty.
func shift(s *Sides) float64 {
	n, m := total(s.reference), total(s.current)
	if n == 0 || m == 0 {
		return math.NaN()
	}
	sum := 0.0
	for i := range s.reference {
		sum += math.Abs(float64(s.reference[i])/n - float64(s.current[i])/m)
	}
	return sum / 2
}

// margins compares (second − distance)/second, which is each customer's simplified silhouette (E. R. Hruschka et al., 2004): over all as
// a distribution, against that of fresh customers, and over the customers on both sides as a mean difference with its 95 % interval.
func margins(ref, fresh, cur Places, pair []int32, blank Effect) []Effect {
	was, is := marginsOf(ref), marginsOf(cur)
	m, s := blank, blank
	sides := distanceSides(marginsOf(fresh), is, nil)
	m.Name, m.Value = EffectMargin, PSI(sides.reference, sides.current)
	m.Why = "population stability index of how much nearer the nearest centre is than the second"
	s.Name, s.Value = EffectSilhouette, math.NaN()
	s.Why = "mean change of the simplified silhouette of customers who are on both sides, with its 95 % interval"
	var d []float64
	for i, at := range pair {
		if at >= 0 {
			d = append(d, is[i]-was[at])
		}
	}
	if n := float64(len(d)); n >= 2 {
		slices.Sort(d)
		mean := floats.SumCompensated(d) / n
		squares := 0.0
		for _, v := range d {
			squares += float64((v - mean) * (v - mean))
		}
		half := 1.959964 * math.Sqrt(squares/(n-1)/n)
		s.Value, s.Low, s.High = mean, mean-half, mean+half
	}
	return []Effect{m, s}
}

func marginsOf(p Places) []float64 {
	out := make([]float64, len(p.Distance))
	for i, d := range p.Distance {
		if p.Second[i] > 0 {
			out[i] = (p.Second[i] - d) / p.Second[i]
		}
	}
	return out
}

// movement is NaN without a customer.
func movement(p Places, centroids [][]float64) float64 {
	if p.Points == nil || len(p.Nearest) == 0 {
		return math.NaN()
	}
	k, all := len(centroids), 0.0
	values := make([][][]float64, k)
	for c := range values {
		values[c] = make([][]float64, p.Dim)
	}
	for i, c := range p.Nearest {
		for d := range p.Dim {
			values[c][d] = append(values[c][d], p.Points[i*p.Dim+d])
		}
	}
	for c := range k {
		n := float64(len(values[c][0]))
		if n == 0 {
			continue
		}
		square := 0.0
		for d, v := range values[c] {
			slices.Sort(v)
			diff := floats.SumCompensated(v)/n - centroids[c][d]
			square += float64(diff * diff)
		}
		all += float64(n * math.Sqrt(square))
	}
	return all / float64(len(p.Nearest))
}

// segments takes every segment's z: the difference of its shares over its deviation when labels are permuted. Of pairs only those
// that changed contribute: a swap turns their difference round.
func segments(s *Sides) []Segment {
	n, m := total(s.reference), total(s.current)
	free := total(s.Leavers) + total(s.Entrants)
	out, p := make([]Segment, len(s.reference)), make([]float64, len(s.reference))
	for i := range out {
		out[i].Reference, out[i].Current = share(s.reference[i], int(n)), share(s.current[i], int(m))
		p[i] = 1
		if n == 0 || m == 0 {
			continue
		}
		swapped := 0
		for j := range s.Pairs {
			if j != i {
				swapped += s.Pairs[i][j] + s.Pairs[j][i]
			}
		}
		// Rows in a segment on the side of the reference vary, on the other by as much: of each of the swapped by ¼, of the free as in a
		// hypergeometric draw.
		variance := float64(swapped) / 4
		if free > 1 {
			q := float64(s.Leavers[i]+s.Entrants[i]) / free
			variance += float64(q*(1-q)) * total(s.Leavers) * total(s.Entrants) / (free - 1)
		}
		if variance > 0 {
			out[i].Z = (out[i].Current - out[i].Reference) / (math.Sqrt(variance) * (1/n + 1/m))
			p[i] = 2 * distuv.UnitNormal.Survival(math.Abs(out[i].Z))
		}
	}
	for i, v := range BenjaminiHochberg(p) {
		out[i].Adjusted = v
	}
	return out
}
