// Package drift says whether the customers of today still look like those that a model was trained on, whether the lines they
// are made of are sound, and what to do.
//
// A feature has moved only if the shift is both large enough to matter and more than chance explains, and chance is taken for
// what it is: customers who are on both sides are pairs, whose two rows are not independent; see [Sides.Permute].
//
//	features, err := drift.Compare([]drift.Column{
//		{Name: "recency", Reference: trained, Current: today},
//	}, pair, drift.Options{})
//	fmt.Println(features[0].Verdict, features[0].PSI, features[0].P) // alert 0.41 0.0000021
//
// Results depend on the values alone, not on their order, and inputs stay untouched.
package drift

import (
	"fmt"
	"math"
)

// Verdict is what was found.
type Verdict string

// The verdicts, from the quietest.
const (
	None             Verdict = "none"
	InsufficientData Verdict = "insufficient_data"
	Warn             Verdict = "warn"
	Alert            Verdict = "alert"
)

// Act is what to do about it.
type Act string

// The acts.
const (
	ActNone    Act = "none"
	ActWait    Act = "wait"     // look again with the next run
	ActRefit   Act = "refit"    // keep space and k, fit new centroids
	ActRetrain Act = "retrain"  // sweep again
	ActFixData Act = "fix_data" // the input is broken: publish and promote nothing
)

// The defaults of [Options].
const (
	DefaultMateriality = 0.2
	DefaultAlpha       = 0.01
	DefaultMinRows     = 30
)

// Options are the limits. The zero value means the defaults.
type Options struct {
	Materiality float64 // PSI from which a shift matters; half of it is worth a warning. 0: DefaultMateriality
	Alpha       float64 // share of false findings among the findings of a run, by Benjamini and Hochberg. 0: DefaultAlpha
	MinRows     int     // on either side, below which nothing is judged. 0: DefaultMinRows
}

// WithDefaults fills in what is zero.
func (o Options) WithDefaults() Options {
	if o.Materiality == 0 {
		o.Materiality = DefaultMateriality
	}
	if o.Alpha == 0 {
		o.Alpha = DefaultAlpha
	}
	if o.MinRows == 0 {
		o.MinRows = DefaultMinRows
	}
	return o
}

func (o Options) check() error {
	if !(o.Materiality > 0) || math.IsInf(o.Materiality, 0) {
		return fmt.Errorf("materiality %v, want above 0", o.Materiality)
	}
	if !(o.Alpha > 0 && o.Alpha < 1) {
		return fmt.Errorf("alpha %v, want above 0 and below 1", o.Alpha)
	}
	return nil
}

// draws is how many permutations one of f tests needs at most, so that it alone can be found: its smallest p-value is a
// twentieth of alpha/f.
func (o Options) draws(f int) int { return int(math.Ceil(20 * float64(f) / o.Alpha)) }

// Judge is the rule for one effect: alert if it is at least the materiality and its adjusted p-value at most alpha, warn from
// half of the materiality. What is no finding is insufficient_data where quiet samples of these sizes reach the materiality
// in one of twenty runs, or a side has fewer than MinRows rows.
func (o Options) Judge(effect, adjusted, noise float64, rows int) Verdict {
	switch {
	case rows < o.MinRows:
		return InsufficientData
	case effect >= o.Materiality && adjusted <= o.Alpha:
		return Alert
	case noise > o.Materiality:
		return InsufficientData
	case effect >= o.Materiality/2 && adjusted <= o.Alpha:
		return Warn
	}
	return None
}
