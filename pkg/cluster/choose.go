package cluster

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// DefaultFloor is the smallest share of points that a cluster must hold for its k to be chosen.
const DefaultFloor = 0.01

// FloorOf returns the smallest share of n points that a cluster must hold: share, but at least five points, or in a set of
// fewer than 50 a tenth of them, and never a single one. A share of 0 asks for no floor.
func FloorOf(share float64, n int) float64 {
	if share <= 0 || n <= 0 {
		return 0
	}
	return max(share, float64(max(2, min(5, n/10)))/float64(n))
}

// Rule says how k is chosen. The zero value is the elbow above the default floor.
type Rule struct {
	K     int     // asked for; 0: by the elbow
	Floor float64 // smallest share, 0 … 1; 0: DefaultFloor; below 0: none
}

// PassedOver is a k which lies nearer to the elbow than the one chosen, and why it was not taken.
type PassedOver struct {
	K             int
	SmallestShare float64
}

// Choice is the k chosen and why.
type Choice struct {
	K          int
	Index      int          // of the chosen fit
	Elbow      int          // what the elbow names over all swept k
	Silhouette int          // what the largest silhouette names; 0 where none is defined
	Depths     []float64    // for each fit its distance below the chord, in the unit square
	Passed     []PassedOver // k with a deeper elbow whose smallest share is below the floor, deepest first
	BelowFloor bool         // the chosen k itself has a cluster below the floor
	Why        string       // one sentence for people
}

// Choose picks k by the elbow: over all swept k it draws the chord from the first (k, inertia) to the last, scaled to the
// unit square, and takes the k lying farthest below the chord, out of those whose smallest cluster holds at least
// rule.Floor of the points. Equal distance goes to the smaller k. Both ends of the sweep lie on the chord, so they are
// chosen only if nothing in between lies below it.
//
// Where every k has a cluster below the floor, the k with the largest smallest share is taken, and Why says so: what to do
// about it is for whoever judges the model. With rule.K that k is taken, which must be one of the fits. fits are as
// [Sweep] returns them.
func Choose(fits []Fit, rule Rule) (Choice, error) {
	if len(fits) == 0 {
		return Choice{}, errors.New("choose k: nothing was swept")
	}
	floor := rule.Floor
	if floor == 0 {
		floor = DefaultFloor
	}
	c := Choice{Depths: depths(fits), Index: -1}
	all := deepest(c.Depths, func(int) bool { return true })
	c.Elbow = fits[all].K
	if best := largestSilhouette(fits); best >= 0 {
		c.Silhouette = fits[best].K
	}
	switch {
	case rule.K != 0:
		for i := range fits {
			if fits[i].K == rule.K {
				c.Index = i
			}
		}
		if c.Index < 0 {
			return Choice{}, fmt.Errorf("choose k: %d was requested, but only %s was swept", rule.K, span(fits))
		}
	default:
		c.Index = deepest(c.Depths, func(i int) bool { return fits[i].SmallestShare >= floor })
		if c.Index < 0 {
			c.Index = 0
			for i := range fits {
				if fits[i].SmallestShare > fits[c.Index].SmallestShare {
					c.Index = i
				}
			}
		}
		c.Passed = passedOver(fits, c.Depths, c.Index, floor)
	}
	c.K = fits[c.Index].K
	c.BelowFloor = fits[c.Index].SmallestShare < floor
	c.Why = c.sentence(fits, rule.K != 0, floor)
	return c, nil
}

// depths returns how far each (k, inertia) lies below the chord from the first to the last, in the unit square.
func depths(fits []Fit) []float64 {
	first, last := fits[0], fits[len(fits)-1]
	out := make([]float64, len(fits))
	width, height := float64(last.K-first.K), first.Inertia-last.Inertia
	if !(width > 0) || !(height > 0) {
		return out
	}
	for i, f := range fits {
		x, y := float64(f.K-first.K)/width, (f.Inertia-last.Inertia)/height
		out[i] = (1 - x - y) / math.Sqrt2
	}
	return out
}

// tie is how near two depths count as equal: points on a straight line differ by rounding only.
const tie = 1e-12

// deepest returns the first index of the largest depth among those that are in, or −1.
func deepest(depths []float64, in func(i int) bool) int {
	best := -1
	for i, d := range depths {
		if in(i) && (best < 0 || d > depths[best]+tie) {
			best = i
		}
	}
	return best
}

func largestSilhouette(fits []Fit) int {
	best := -1
	for i, f := range fits {
		if s := f.Silhouette.Mean; !math.IsNaN(s) && (best < 0 || s > fits[best].Silhouette.Mean) {
			best = i
		}
	}
	return best
}

// passedOver lists the fits below the floor that the elbow prefers to the chosen one, deepest first.
func passedOver(fits []Fit, depths []float64, chosen int, floor float64) []PassedOver {
	var out []PassedOver
	taken := make([]bool, len(fits))
	for {
		i := deepest(depths, func(i int) bool { return !taken[i] })
		if i < 0 || i == chosen {
			return out
		}
		taken[i] = true
		if fits[i].SmallestShare < floor {
			out = append(out, PassedOver{fits[i].K, fits[i].SmallestShare})
		}
	}
}

func span(fits []Fit) string {
	if len(fits) == 1 {
		return fmt.Sprintf("k = %d", fits[0].K)
	}
	return fmt.Sprintf("k = %d … %d", fits[0].K, fits[len(fits)-1].K)
}

// sentence says in one sentence why this k.
func (c Choice) sentence(fits []Fit, asked bool, floor float64) string {
	var b strings.Builder
	share := fits[c.Index].SmallestShare
	switch {
	case asked:
		fmt.Fprintf(&b, "k = %d was requested; the elbow of inertia over %s is at %d", c.K, span(fits), c.Elbow)
	case len(fits) == 1:
		fmt.Fprintf(&b, "k = %d is the only value tried", c.K)
	case c.BelowFloor:
		fmt.Fprintf(&b, "for every %s the smallest segment has less than %s of customers; it is largest at k = %d, %s; the elbow of inertia is at %d",
			span(fits), percent(floor), c.K, percent(share), c.Elbow)
	case len(c.Passed) > 0:
		fmt.Fprintf(&b, "the elbow of inertia over %s is at %d, ", span(fits), c.Elbow)
		for i, p := range c.Passed {
			if i > 0 {
				b.WriteString(", then ")
				fmt.Fprintf(&b, "%d, ", p.K)
			}
			fmt.Fprintf(&b, "whose smallest segment has only %s of customers", percent(p.SmallestShare))
		}
		fmt.Fprintf(&b, " (floor %s); k = %d is next", percent(floor), c.K)
	default:
		fmt.Fprintf(&b, "k = %d is at the elbow of inertia over %s", c.K, span(fits))
	}
	switch c.Silhouette {
	case 0:
	case c.K:
		b.WriteString("; the silhouette agrees")
	default:
		fmt.Fprintf(&b, "; by the silhouette it would be %d", c.Silhouette)
	}
	return b.String()
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", share*100) }
