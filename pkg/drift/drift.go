// Package drift says whether the customers of today still look like those a model was trained on.
//
// The statistic is the population stability index, PSI, by feature. A feature has moved only if its PSI is both large
// enough to matter and larger than chance makes it for samples of these sizes; see [Compare]. Fixed thresholds alone do
// not know the size: with 100 customers against 100 in ten bins, four quiet runs in five exceed 0.1.
//
//	r, err := drift.Compare([]drift.Column{
//		{Name: "recency", Reference: trained, Current: today, Space: true},
//	}, drift.Options{})
//	fmt.Println(r.Verdict, r.Act, r.Cause) // alert retrain features that define the segments moved by more than 0.25: recency (PSI 0.41)
//
// The result depends on the values alone, not on their order, and inputs stay untouched.
package drift

import (
	"errors"
	"fmt"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// Verdict is what was found.
type Verdict string

// The verdicts, from the quietest.
const (
	None             Verdict = "none"
	Warn             Verdict = "warn"
	Alert            Verdict = "alert"
	InsufficientData Verdict = "insufficient_data"
)

// Act is what to do about it.
type Act string

// The acts. [Compare] names none, wait and retrain; refit and fix_data need evidence that it does not see.
const (
	ActNone    Act = "none"
	ActWait    Act = "wait"     // look again with the next run
	ActRefit   Act = "refit"    // keep space and k, fit new centroids
	ActRetrain Act = "retrain"  // sweep again
	ActFixData Act = "fix_data" // the input is broken: promote nothing
)

// The defaults of [Options].
const (
	DefaultWarn    = 0.1
	DefaultAlert   = 0.25
	DefaultAlpha   = 0.01
	DefaultMinRows = 100
)

// Options are the limits. The zero value means the defaults.
type Options struct {
	Warn    float64 // PSI from which a shift is worth a look; 0: DefaultWarn
	Alert   float64 // PSI from which a model no longer fits; 0: DefaultAlert
	Alpha   float64 // chance of a false finding over all features of a quiet run; 0: DefaultAlpha
	MinRows int     // on either side; 0: DefaultMinRows
}

func (o Options) withDefaults() Options {
	if o.Warn == 0 {
		o.Warn = DefaultWarn
	}
	if o.Alert == 0 {
		o.Alert = DefaultAlert
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
	if !(o.Warn > 0) || !(o.Alert >= o.Warn) {
		return fmt.Errorf("limits warn %v and alert %v, want 0 < warn ≤ alert", o.Warn, o.Alert)
	}
	if !(o.Alpha > 0 && o.Alpha < 1) {
		return fmt.Errorf("alpha %v, want above 0 and below 1", o.Alpha)
	}
	return nil
}

// Column is one feature on both sides. NaN is null.
type Column struct {
	Name      string
	Reference []float64 // the training customers, or a sample of them
	Current   []float64
	Space     bool // the feature is an axis of the model's space
}

// Feature is what was found on one feature.
type Feature struct {
	Name      string
	PSI       float64
	Threshold float64 // what PSI stays below by chance: see Compare
	Bins      int     // with a value on either side
	Reference int
	Current   int
	Space     bool
	Verdict   Verdict
}

// Result is the verdict on all features.
type Result struct {
	Verdict  Verdict
	Act      Act
	Cause    string // one sentence for people
	Features []Feature
}

// Compare takes PSI of every column and judges it.
//
// A feature's verdict is alert (warn) if its PSI is above both opts.Alert (opts.Warn) and its threshold: the quantile at
// 1 − alpha/F of (1/n + 1/m)·χ² with B − 1 degrees of freedom, for n and m rows, B bins in use and F features. That is the
// distribution of PSI between samples of one population, in the limit (B. Yurdakul and J. Naranjo, "Statistical
// properties of the population stability index", Journal of Risk Model Validation 14, 2020); dividing alpha by F is
// Bonferroni's correction. The rows of a side must be independent of the other side's: windows that share customers look
// quieter than they are.
//
// The whole: insufficient_data, act none, if any column has fewer than opts.MinRows rows on either side (PSI is still
// given where both have one); otherwise the worst feature's verdict. Alert on an axis of the space: retrain. Alert on
// another feature, or warn: wait. Quiet: none.
func Compare(columns []Column, opts Options) (Result, error) {
	opts = opts.withDefaults()
	if err := opts.check(); err != nil {
		return Result{}, fmt.Errorf("compare: %w", err)
	}
	if len(columns) == 0 {
		return Result{}, errors.New("compare: no feature")
	}
	r := Result{Verdict: None, Act: ActNone, Features: make([]Feature, len(columns))}
	for i, c := range columns {
		r.Features[i] = opts.judge(c, len(columns))
	}
	r.decide(opts)
	return r, nil
}

// judge takes one feature of f.
func (o Options) judge(c Column, f int) Feature {
	out := Feature{Name: c.Name, Reference: len(c.Reference), Current: len(c.Current), Space: c.Space}
	bins := FitBins(c.Reference)
	ref, cur := bins.Count(c.Reference), bins.Count(c.Current)
	out.PSI, out.Bins = psi(ref, cur)
	out.Threshold = noise(len(c.Reference), len(c.Current), out.Bins, o.Alpha/float64(f))
	out.Verdict = o.grade(out.PSI, out.Threshold, min(len(c.Reference), len(c.Current)))
	return out
}

// grade is the rule for one index.
func (o Options) grade(psi, noise float64, rows int) Verdict {
	switch {
	case rows < o.MinRows:
		return InsufficientData
	case psi > o.Alert && psi > noise:
		return Alert
	case psi > o.Warn && psi > noise:
		return Warn
	}
	return None
}

// noise returns what PSI stays below with probability 1 − alpha between samples of one population; 0 for one bin.
func noise(n, m, bins int, alpha float64) float64 {
	if bins < 2 || n == 0 || m == 0 {
		return 0
	}
	chi := distuv.ChiSquared{K: float64(bins - 1)}
	return (1/float64(n) + 1/float64(m)) * chi.Quantile(1-alpha)
}

// decide fills in the whole's verdict, act and cause from its features.
func (r *Result) decide(o Options) {
	var short, alerts, axes, warns []string
	for _, f := range r.Features {
		switch f.Verdict {
		case InsufficientData:
			short = append(short, fmt.Sprintf("%s has %d rows against %d", f.Name, f.Current, f.Reference))
		case Alert:
			text := fmt.Sprintf("%s (PSI %.3g)", f.Name, f.PSI)
			if alerts = append(alerts, text); f.Space {
				axes = append(axes, text)
			}
		case Warn:
			warns = append(warns, fmt.Sprintf("%s (PSI %.3g)", f.Name, f.PSI))
		}
	}
	switch {
	case len(short) > 0:
		r.Verdict, r.Act = InsufficientData, ActNone
		r.Cause = fmt.Sprintf("too few rows to judge, at least %d are needed on either side: %s", o.MinRows, strings.Join(short, ", "))
	case len(axes) > 0:
		r.Verdict, r.Act = Alert, ActRetrain
		r.Cause = fmt.Sprintf("features that define the segments moved by more than %g: %s", o.Alert, strings.Join(axes, ", "))
	case len(alerts) > 0:
		r.Verdict, r.Act = Alert, ActWait
		r.Cause = fmt.Sprintf("features that do not define the segments moved by more than %g: %s", o.Alert, strings.Join(alerts, ", "))
	case len(warns) > 0:
		r.Verdict, r.Act = Warn, ActWait
		r.Cause = fmt.Sprintf("features moved by more than %g: %s", o.Warn, strings.Join(warns, ", "))
	default:
		r.Cause = "no feature moved beyond its limit and beyond chance"
	}
}
