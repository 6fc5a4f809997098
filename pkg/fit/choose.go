package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/cluster"
)

// Constructed is the finding where no k qualifies (S. Dolnicar and F. Leisch, "Evaluation of structure and reproducibility of
// cluster solutions using the bootstrap", Marketing Letters 21, 2010).
const Constructed = "constructed, not natural, segments: the customers form no stable groups, so the segments are a useful cut through a continuum"

// Choice is the k chosen and why.
type Choice struct {
	K          int
	Index      int  // of the chosen candidate
	Kept       bool // it is the current model's k, and another's elbow is not better by the margin
	Natural    bool // it qualifies
	BelowFloor bool // its smallest segment is below the floors
	Alone      Alone
	Why        string // one sentence for people
}

// Alone is the k that each criterion would take by itself; 0 where none is defined.
type Alone struct {
	Elbow            int // farthest below the chord
	Silhouette       int // largest
	DaviesBouldin    int // smallest
	CalinskiHarabasz int // largest
	Strength         int // the largest k of a prediction strength of the rule's minimum, less one standard error
	Jaccard          int // the largest k whose worst segment has the rule's minimum
}

// depth returns how far (k, inertia) lies below the chord between two others, in the unit square. Negative: above it.
func depth(k int, inertia float64, from, to int, first, last float64) float64 {
	width, height := float64(to-from), first-last
	if !(width > 0) || !(height > 0) {
		return 0
	}
	return (1 - float64(k-from)/width - (inertia-last)/height) / math.Sqrt2
}

// judge writes down what keeps the candidate from qualifying.
func (c *Candidate) judge(customers int, r Rule) {
	c.Smallest = slices.Min(c.Sizes)
	c.Floors = c.Smallest >= r.MinCustomers && c.SmallestShare >= r.MinShare
	c.Weaknesses = nil
	if !c.Floors {
		c.Weaknesses = append(c.Weaknesses, fmt.Sprintf("its smallest segment has %d of %d customers", c.Smallest, customers))
	}
	if !(c.WorstJaccard >= r.MinJaccard) {
		c.Weaknesses = append(c.Weaknesses, fmt.Sprintf("a segment comes again with a Jaccard index of only %s", short(c.WorstJaccard)))
	}
	if !(c.Strength >= r.MinStrength-c.StrengthError) {
		c.Weaknesses = append(c.Weaknesses, fmt.Sprintf("its prediction strength is %s ± %s", short(c.Strength), short(c.StrengthError)))
	}
}

func short(v float64) string {
	if math.IsNaN(v) {
		return "undefined"
	}
	return fmt.Sprintf("%.2f", v)
}

// choose picks one of the candidates: the elbow among those that qualify; if none does, among those that meet the floors; if
// none does that, the one of the largest smallest segment. The current model's k, keep, stays while it is among them unless
// another's elbow is deeper by more than the margin. Equal depths go to the smaller k.
func choose(all []Candidate, r Recipe, keep int) (Choice, error) {
	if len(all) == 0 {
		return Choice{}, fmt.Errorf("choose k: nothing was tried")
	}
	c := Choice{Alone: alone(all, r.Rule)}
	index := func(k int) int { return slices.IndexFunc(all, func(a Candidate) bool { return a.K == k }) }
	among := func(in func(*Candidate) bool) (ks []int) {
		for i := range all {
			if in(&all[i]) {
				ks = append(ks, i)
			}
		}
		return ks
	}
	natural, floors := among((*Candidate).Qualifies), among(func(a *Candidate) bool { return a.Floors })
	from := natural
	if len(from) == 0 {
		from = floors
	}
	switch {
	case r.K != 0:
		if c.Index = index(r.K); c.Index < 0 {
			return Choice{}, fmt.Errorf("choose k: %d was requested, but it was not tried", r.K)
		}
	case len(from) > 0:
		c.Index = deepest(all, from)
		if at := index(keep); keep != 0 && at != c.Index && slices.Contains(from, at) && all[c.Index].Depth-all[at].Depth <= r.Rule.KeepMargin {
			c.Index, c.Kept = at, true
		}
	default:
		for i := range all {
			if all[i].Smallest > all[c.Index].Smallest {
				c.Index = i
			}
		}
	}
	best := &all[c.Index]
	c.K, c.Natural, c.BelowFloor = best.K, best.Qualifies(), !best.Floors
	c.Why = c.sentence(all, natural, floors, r)
	return c, nil
}

// tie is how near two depths count as equal: points on a straight line differ by rounding only.
const tie = 1e-12

// deepest returns the one of the candidates at the given places whose inertia lies farthest below the chord.
func deepest(all []Candidate, in []int) int {
	best := in[0]
	for _, i := range in {
		if all[i].Depth > all[best].Depth+tie {
			best = i
		}
	}
	return best
}

func alone(all []Candidate, r Rule) Alone {
	best := func(value func(*Candidate) float64) int {
		k, most := 0, math.Inf(-1)
		for i := range all {
			if v := value(&all[i]); v > most+tie {
				k, most = all[i].K, v
			}
		}
		return k
	}
	largest := func(holds func(*Candidate) bool) (k int) {
		for i := range all {
			if holds(&all[i]) {
				k = all[i].K
			}
		}
		return k
	}
	return Alone{
		Elbow:            best(func(c *Candidate) float64 { return c.Depth }),
		Silhouette:       best(func(c *Candidate) float64 { return c.Silhouette.Mean }),
		DaviesBouldin:    best(func(c *Candidate) float64 { return -c.DaviesBouldin }),
		CalinskiHarabasz: best(func(c *Candidate) float64 { return c.CalinskiHarabasz }),
		Strength:         largest(func(c *Candidate) bool { return c.Strength >= r.MinStrength-c.StrengthError }),
		Jaccard:          largest(func(c *Candidate) bool { return c.WorstJaccard >= r.MinJaccard }),
	}
}

// sentence says why this k, and what each criterion alone would have taken.
func (c Choice) sentence(all []Candidate, natural, floors []int, r Recipe) string {
	var b strings.Builder
	best := &all[c.Index]
	switch {
	case r.K != 0:
		fmt.Fprintf(&b, "k = %d was requested", c.K)
	case len(all) == 1:
		fmt.Fprintf(&b, "k = %d is the only value tried", c.K)
	case c.Kept:
		fmt.Fprintf(&b, "k = %d is the current model's and stays: no other k that qualifies has an elbow deeper by more than %g", c.K, r.Rule.KeepMargin)
	case len(natural) > 0:
		fmt.Fprintf(&b, "k = %d has the elbow of inertia among %s, whose segments are stable and large enough", c.K, list(all, natural))
	case len(floors) > 0:
		fmt.Fprintf(&b, "k = %d has the elbow of inertia among %s, whose segments are large enough; none is stable", c.K, list(all, floors))
	default:
		fmt.Fprintf(&b, "k = %d has the largest smallest segment; every other k has a smaller one", c.K)
	}
	if !c.Natural {
		fmt.Fprintf(&b, " (%s)", strings.Join(best.Weaknesses, ", "))
	}
	a := c.Alone
	var each []string
	for _, w := range []struct {
		name string
		k    int
	}{
		{"elbow", a.Elbow}, {"silhouette", a.Silhouette}, {"Davies-Bouldin", a.DaviesBouldin}, {"Calinski-Harabasz", a.CalinskiHarabasz},
		{"prediction strength", a.Strength}, {"Jaccard", a.Jaccard},
	} {
		took := "none"
		if w.k != 0 {
			took = fmt.Sprint(w.k)
		}
		each = append(each, w.name+" "+took)
	}
	fmt.Fprintf(&b, "; alone they would take: %s", strings.Join(each, ", "))
	return b.String()
}

func list(all []Candidate, in []int) string {
	var ks []string
	for _, i := range in {
		ks = append(ks, fmt.Sprint(all[i].K))
	}
	return "k = " + strings.Join(ks, ", ")
}

// Floor returns the smallest share of n customers that the rule asks of a segment.
func (r Rule) Floor(n int) float64 {
	if n <= 0 {
		return 0
	}
	return max(cluster.FloorOf(r.MinShare, n), float64(r.MinCustomers)/float64(n))
}
