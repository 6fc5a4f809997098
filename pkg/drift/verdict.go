package drift

import (
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// The rules that keep a question from being asked twice, or too soon.
const (
	Spacing  = 7  // days between as-of dates that count for the latch
	CoolDown = 28 // days for which a question is not asked again of the same model
)

// Look is what an earlier run found of the model that is in force now.
type Look struct {
	AsOf    calendar.Date
	Wanted  Act  // what its evidence asked for, before latch and cool-down
	Latched bool // the evidence had been confirmed
	Asked   Act  // refit or retrain if it asked; "" if not
}

// Answer is what a run does about its evidence.
type Answer struct {
	Act     Act
	Latched bool
	Votes   int           // of the last as-of dates at least Spacing days apart, this one included, that wanted a model
	Dates   int           // how many there are, at most 3
	Asked   calendar.Date // when the same was asked for last, within the cool-down
	Cooling bool
}

// wants reports whether an act asks for another model.
func (a Act) wants() bool { return a == ActRefit || a == ActRetrain }

// Decide says what to do about the evidence of one run, from the looks before it. Only what two of three as-of dates at least 7 days
// apart agree on is asked for, and stays asked for until two of three are quiet; a question asked of the same model within the last
// coolDown days is not asked again. fix_data needs no second look. What has to wait is wait.
func Decide(asOf calendar.Date, wanted Act, past []Look, coolDown int) Answer {
	past = slices.Clone(past)
	slices.SortFunc(past, func(a, b Look) int { return int(b.AsOf - a.AsOf) })
	a := Answer{Act: wanted, Dates: 1}
	if wanted.wants() {
		a.Votes = 1
	}
	last := asOf
	for _, l := range past {
		if l.AsOf > last-Spacing || a.Dates == 3 {
			continue
		}
		last = l.AsOf
		a.Dates++
		if l.Wanted.wants() {
			a.Votes++
		}
	}
	a.Latched = a.Votes >= 2
	if len(past) > 0 && past[0].Latched && a.Dates-a.Votes < 2 {
		a.Latched = true
	}
	if wanted == ActFixData {
		return a
	}
	for _, l := range past {
		if l.Asked.wants() && asOf-l.AsOf < calendar.Date(coolDown) {
			a.Asked, a.Cooling = l.AsOf, true
			break
		}
	}
	switch {
	case wanted.wants() && (!a.Latched || a.Cooling):
		a.Act = ActWait
	case !wanted.wants() && a.Latched && wanted == ActNone:
		a.Act = ActWait // it may come back
	}
	return a
}
