package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
)

// Causes that are a word and a colon before their sentence.
const (
	CauseCalendar    = "calendar"
	CauseSeasonal    = "seasonal"
	CausePreparation = "preparation"
	CauseData        = "data"
)

// Findings is all that one run has found, from which [Findings.Conclude] makes one verdict.
type Findings struct {
	Features []Feature // against the model's reference
	Axes     []string  // features that are axes of the model's space
	Effects  []Effect  // of Shape, and Forward

	// What would have been found without the correction for days without any sale, if there was one to make.
	Raw     []Verdict // the features' and the effects', in no order
	Closed  int       // days of a shop that was closed, by which customers' recency is longer
	Young   bool      // the shop's history did not fill the window at training, so what adds up over the window has grown
	Blocked []string  // features that follow from closed days, or a young shop, in other ways than recency does

	// The last window against the one before, the same a year ago, and the model's own; nil for none.
	Before, YearAgo, Trained []Feature

	AsOf calendar.Date
	Said []Said // what earlier runs have said of this model's features

	Checks      []Check
	Preparation string // why the customers were prepared in another way than the model's; "" if they were not
}

// Conclusion is one verdict, what its evidence alone calls for, and why.
type Conclusion struct {
	Verdict Verdict
	Wanted  Act
	Cause   string
	Said    []Said // for the runs to come
}

// Said is a feature that has moved, as it was said. It stays said until it has not been found for [SaidFor] days, or is found twice as far off.
type Said struct {
	Feature string        `json:"feature"`
	Since   calendar.Date `json:"since"` // when it was said
	Seen    calendar.Date `json:"seen"`  // when it was found last
	PSI     float64       `json:"psi"`   // when it was said
}

// SaidFor is for how many days a feature that is not found stays said.
const SaidFor = 90

// remember returns what is said after this run, and those of the features found of which nothing was said before.
func (f *Findings) remember() (said []Said, news []string) {
	for _, x := range f.Said {
		if f.AsOf-x.Seen <= SaidFor {
			said = append(said, x)
		}
	}
	for _, x := range f.Features {
		if x.Verdict != Alert || f.blocked(x.Name) {
			continue
		}
		at := slices.IndexFunc(said, func(s Said) bool { return s.Feature == x.Name })
		switch {
		case at < 0:
			said = append(said, Said{x.Name, f.AsOf, f.AsOf, x.PSI})
		case x.PSI >= 2*said[at].PSI:
			said[at] = Said{x.Name, f.AsOf, f.AsOf, x.PSI}
		default:
			said[at].Seen = f.AsOf
			continue
		}
		news = append(news, x.Name)
	}
	return said, news
}

// judgedEffects are the effects that ask for another model, with what they ask for.
var judgedEffects = map[string]Act{EffectSegments: ActRefit, EffectModel: ActRetrain, EffectNovelty: ActRetrain, EffectForward: ActRetrain}

// Conclude makes one verdict. In this order: broken data want fix_data; another preparation is no drift; evidence about how the
// model fits wants refit or retrain; what the calendar explains wants nothing; features and windows that moved want to wait. Only
// evidence about the model in force asks for another one, and after closed days only where a feature has moved beyond what they explain.
func (f *Findings) Conclude() Conclusion {
	c := f.conclude()
	if c.Said == nil {
		c.Said = f.Said
	}
	return c
}

func (f *Findings) conclude() Conclusion {
	if c := f.Broken(); c != nil {
		return *c
	}
	if f.Preparation != "" {
		return Conclusion{Verdict: InsufficientData, Wanted: ActNone, Cause: CausePreparation + ": " + f.Preparation}
	}
	effects, act := f.unfit()
	features, warns := f.moved(f.Features)
	windows, more := f.moved(f.Before)
	since, _ := f.moved(f.Trained)
	usual := len(f.YearAgo) > 0 && quiet(f.YearAgo)
	seasonal := len(windows) > 0 && usual
	switch {
	case len(effects)+len(features) > 0 && seasonal:
		return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: fmt.Sprintf(
			"%s: %s; but the last window is like the same days a year ago", CauseSeasonal, strings.Join(append(effects, features...), ", "))}
	case len(effects) > 0 && f.Closed > 0 && len(features) == 0:
		return Conclusion{Verdict: None, Wanted: ActNone, Cause: fmt.Sprintf(
			"%s: the model fits less well for customers who could not buy (%d days closed), and no feature moved beyond that: %s", CauseCalendar, f.Closed, strings.Join(effects, ", "))}
	case len(effects) > 0:
		cause := "the model no longer fits: " + strings.Join(effects, ", ")
		cause += f.noYear(windows)
		if len(since) > 0 {
			cause += "; the last window differs from the one at training: " + strings.Join(since, ", ")
		}
		return Conclusion{Verdict: Alert, Wanted: act, Cause: cause}
	case f.calendar(features):
		return Conclusion{Verdict: None, Wanted: ActNone, Cause: fmt.Sprintf("%s: customers have been away longer by the days on which the shop sold nothing (%d days closed)", CauseCalendar, f.Closed)}
	case len(features) > 0:
		said, news := f.remember()
		cause := "customers have moved, but the model still fits: " + strings.Join(features, ", ") + f.noYear(windows)
		if len(news) == 0 {
			return Conclusion{Verdict: Warn, Wanted: ActNone, Cause: cause + "; that was said, and is no news", Said: said}
		}
		return Conclusion{Verdict: Alert, Wanted: ActWait, Cause: cause, Said: said}
	case len(windows) > 0:
		return f.explain(windows, seasonal)
	case len(since) > 0 && !usual: // a window like the same days a year ago is a season, of which the one at training was another
		return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: "the last window differs from the one at training, but the model still fits: " + strings.Join(since, ", ")}
	}
	warns = append(warns, f.doubts()...)
	for _, w := range more {
		warns = append(warns, w+" against the window before")
	}
	if len(warns) > 0 {
		return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: "small shifts: " + strings.Join(warns, ", ")}
	}
	if short := f.short(); short != "" {
		return Conclusion{Verdict: InsufficientData, Wanted: ActNone, Cause: short}
	}
	return Conclusion{Verdict: None, Wanted: ActNone, Cause: "no feature moved beyond its limit and beyond chance"}
}

// noYear says that a season cannot be told where the last window differs from the one before.
func (f *Findings) noYear(windows []string) string {
	if len(windows) == 0 || f.YearAgo != nil {
		return ""
	}
	return "; there is no second year to tell a season by"
}

// explain is about windows alone: they explain, and ask for nothing.
func (f *Findings) explain(windows []string, seasonal bool) Conclusion {
	what := strings.Join(windows, ", ")
	switch {
	case seasonal:
		return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: fmt.Sprintf("%s: the last window differs from the one before, as it did a year ago: %s", CauseSeasonal, what)}
	case f.YearAgo == nil:
		return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: fmt.Sprintf("the last window differs from the one before, and there is no second year to tell a season by: %s", what)}
	}
	return Conclusion{Verdict: Warn, Wanted: ActWait, Cause: fmt.Sprintf("the last window differs from the one before and from the same days a year ago: %s", what)}
}

// Broken is the conclusion of checks that say that the data are broken, which needs no model; nil without such a check.
func (f *Findings) Broken() *Conclusion {
	var why []string
	for _, c := range f.Checks {
		if c.Act == ActFixData && !c.Accepted {
			why = append(why, c.Why)
		}
	}
	if why == nil {
		return nil
	}
	return &Conclusion{Verdict: Alert, Wanted: ActFixData, Cause: CauseData + ": " + strings.Join(why, "; ")}
}

// unfit returns the effects that say that the model no longer fits, and what they ask for.
func (f *Findings) unfit() (why []string, act Act) {
	for _, e := range f.Effects {
		wants, judged := judgedEffects[e.Name]
		if !judged || e.Verdict != Alert {
			continue
		}
		why = append(why, fmt.Sprintf("%s %.3g (limit %.3g)", words[e.Name], e.Value, e.Limit))
		if act != ActRetrain {
			act = wants
		}
	}
	return why, act
}

var words = map[string]string{
	EffectSegments: "PSI of the segment shares", EffectModel: "rise of the mean squared distance",
	EffectNovelty: "share of customers beyond the baseline", EffectForward: "share whose purchases the segment no longer tells",
}

// moved returns the features that alert and that warn, in words. What follows from closed days is left out.
func (f *Findings) moved(features []Feature) (alerts, warns []string) {
	for _, x := range features {
		if f.blocked(x.Name) {
			continue
		}
		text := fmt.Sprintf("%s (PSI %.3g)", x.Name, x.PSI)
		switch x.Verdict {
		case Alert:
			alerts = append(alerts, text)
		case Warn:
			warns = append(warns, text)
		}
	}
	return alerts, warns
}

func (f *Findings) blocked(feature string) bool {
	return (f.Closed > 0 || f.Young) && slices.Contains(f.Blocked, feature)
}

// calendar reports whether something would have been found, but for the correction for closed days.
func (f *Findings) calendar(left []string) bool {
	if f.Closed == 0 || len(left) > 0 {
		return false
	}
	found := slices.Contains(f.Raw, Alert)
	for _, x := range f.Features {
		found = found || x.Verdict == Alert && slices.Contains(f.Blocked, x.Name)
	}
	return found
}

func quiet(features []Feature) bool {
	return !slices.ContainsFunc(features, func(x Feature) bool { return x.Verdict == Alert || x.Verdict == InsufficientData })
}

func (f *Findings) doubts() []string {
	var out []string
	for _, e := range f.Effects {
		if _, judged := judgedEffects[e.Name]; judged && e.Verdict == Warn {
			out = append(out, fmt.Sprintf("%s %.3g", words[e.Name], e.Value))
		}
	}
	for _, c := range f.Checks {
		if c.Act != ActFixData || c.Accepted {
			out = append(out, c.Why)
		}
	}
	return out
}

// short says which axes have too few customers to judge, "" if all can be judged.
func (f *Findings) short() string {
	var out []string
	for _, x := range f.Features {
		if x.Verdict == InsufficientData && slices.Contains(f.Axes, x.Name) {
			out = append(out, fmt.Sprintf("%s has %d customers against %d", x.Name, x.Current, x.Reference))
		}
	}
	if out == nil {
		return ""
	}
	return "too few customers to judge: " + strings.Join(out, ", ")
}
