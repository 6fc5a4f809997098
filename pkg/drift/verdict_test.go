package drift

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
)

// A question is asked when two of three dates a week apart agree, once in 28 days, and fix_data at once.
func TestDecide(t *testing.T) {
	const day calendar.Date = 1000
	look := func(ago calendar.Date, wanted Act, latched bool, asked Act) Look {
		return Look{AsOf: day - ago, Wanted: wanted, Latched: latched, Asked: asked}
	}
	for _, c := range []struct {
		name    string
		wanted  Act
		past    []Look
		want    Act
		latched bool
	}{
		{"the first time", ActRetrain, nil, ActWait, false},
		{"again the next day", ActRetrain, []Look{look(1, ActRetrain, false, "")}, ActWait, false},
		{"again after a week", ActRetrain, []Look{look(7, ActRetrain, false, "")}, ActRetrain, true},
		{"again after a week of days", ActRefit, []Look{look(1, ActRetrain, false, ""), look(7, ActRetrain, false, "")}, ActRefit, true},
		{"2 of 3", ActRetrain, []Look{look(7, ActNone, false, ""), look(14, ActRetrain, false, "")}, ActRetrain, true},
		{"1 of 3", ActRetrain, []Look{look(7, ActNone, false, ""), look(14, ActNone, false, "")}, ActWait, false},
		{"what windows say does not count", ActRetrain, []Look{look(7, ActWait, false, "")}, ActWait, false},
		{"asked yesterday", ActRetrain, []Look{look(1, ActRetrain, true, ActRetrain), look(8, ActRetrain, false, "")}, ActWait, true},
		{"asked 27 days ago", ActRetrain, []Look{look(1, ActRetrain, true, ""), look(27, ActRetrain, true, ActRetrain)}, ActWait, true},
		{"asked 28 days ago", ActRetrain, []Look{look(1, ActRetrain, true, ""), look(28, ActRetrain, true, ActRetrain)}, ActRetrain, true},
		{"quiet once", ActNone, []Look{look(7, ActRetrain, true, ""), look(14, ActRetrain, true, "")}, ActWait, true},
		{"quiet twice", ActNone, []Look{look(7, ActNone, true, ""), look(14, ActRetrain, true, "")}, ActNone, false},
		{"quiet", ActNone, []Look{look(7, ActNone, false, "")}, ActNone, false},
		{"broken data", ActFixData, nil, ActFixData, false},
		{"broken data, after an ask", ActFixData, []Look{look(1, ActRetrain, true, ActRetrain)}, ActFixData, true},
		{"entries in another order", ActRetrain, []Look{look(14, ActRetrain, false, ""), look(7, ActNone, false, "")}, ActRetrain, true},
	} {
		got := Decide(day, c.wanted, c.past, CoolDown)
		if got.Act != c.want || got.Latched != c.latched {
			t.Errorf("%s: %+v, want %s, latched %v", c.name, got, c.want, c.latched)
		}
	}
}

// Only evidence about the model asks for another one; windows explain.
func TestConclude(t *testing.T) {
	feature := func(v Verdict) []Feature { return []Feature{{Name: "recency", Verdict: v, PSI: 0.5}} }
	effect := func(name string) []Effect { return []Effect{{Name: name, Verdict: Alert, Value: 1, Limit: 0.2}} }
	broken := Check{Name: CheckPrice, Act: ActFixData, Why: "price of 2011-12-01: 100 times"}
	accepted := broken
	accepted.Accepted = true
	for _, c := range []struct {
		name    string
		f       Findings
		verdict Verdict
		wanted  Act
		cause   string
	}{
		{"quiet", Findings{Features: feature(None)}, None, ActNone, "no feature"},
		{"a feature", Findings{Features: feature(Alert)}, Alert, ActWait, "still fits"},
		{"a little", Findings{Features: feature(Warn)}, Warn, ActWait, "small shifts"},
		{"too few", Findings{Features: feature(InsufficientData), Axes: []string{"recency"}}, InsufficientData, ActNone, "too few"},
		{"too few of no axis", Findings{Features: feature(InsufficientData)}, None, ActNone, "no feature"},
		{"shares", Findings{Effects: effect(EffectSegments)}, Alert, ActRefit, "segment shares"},
		{"novelty", Findings{Effects: effect(EffectNovelty)}, Alert, ActRetrain, "beyond the baseline"},
		{"behaviour", Findings{Effects: effect(EffectForward)}, Alert, ActRetrain, "no longer tells"},
		{"distances alone are shown", Findings{Effects: effect(EffectDistance)}, None, ActNone, "no feature"},
		{"a window alone", Findings{Before: feature(Alert)}, Warn, ActWait, "no second year"},
		{"a window, and a year ago too", Findings{Before: feature(Alert), YearAgo: feature(Alert)}, Warn, ActWait, "and from the same days"},
		{"a little since the window before", Findings{Before: feature(Warn)}, Warn, ActWait, "small shifts: recency (PSI 0.5) against the window before"},
		{"a season", Findings{Before: feature(Alert), YearAgo: feature(None)}, Warn, ActWait, "seasonal"},
		{"a season that moves shares", Findings{Effects: effect(EffectSegments), Before: feature(Alert), YearAgo: feature(None)}, Warn, ActWait, "seasonal"},
		{"a season that moves a feature", Findings{Features: feature(Alert), Before: feature(Alert), YearAgo: feature(None)}, Warn, ActWait, "seasonal: recency"},
		{"a feature that moves in no season", Findings{Features: feature(Alert), Before: feature(Alert), YearAgo: feature(Alert)}, Alert, ActWait, "still fits"},
		{"a feature, and no second year", Findings{Features: feature(Alert), Before: feature(Alert)}, Alert, ActWait, "no second year"},
		{"no season without a second year", Findings{Effects: effect(EffectSegments), Before: feature(Alert)}, Alert, ActRefit, "no second year"},
		{"the window at training", Findings{Trained: feature(Alert)}, Warn, ActWait, "the one at training"},
		{"a season since training", Findings{Trained: feature(Alert), YearAgo: feature(None)}, None, ActNone, "no feature"},
		{"no season since training", Findings{Trained: feature(Alert), YearAgo: feature(Alert)}, Warn, ActWait, "the one at training"},
		{"a little since training", Findings{Trained: feature(Warn)}, None, ActNone, "no feature"},
		{"shares, and the window at training", Findings{Effects: effect(EffectSegments), Trained: feature(Alert)}, Alert, ActRefit, "differs from the one at training: recency"},
		{"shares, and a season since training alone", Findings{Effects: effect(EffectSegments), Trained: feature(Alert), YearAgo: feature(None)}, Alert, ActRefit, "no longer fits"},
		{"the window at training, after closed days", Findings{Closed: 30, Trained: feature(Alert), Blocked: []string{"recency"}}, None, ActNone, "no feature"},
		{"closed days", Findings{Closed: 30, Raw: []Verdict{Alert}, Features: feature(None)}, None, ActNone, "calendar"},
		{"closed days and more", Findings{Closed: 30, Raw: []Verdict{Alert}, Features: feature(Alert)}, Alert, ActWait, "still fits"},
		{"closed days, and a fit that follows", Findings{Closed: 30, Effects: effect(EffectModel), Features: feature(None)}, None, ActNone, "calendar"},
		{"closed days, and a fit that has moved", Findings{Closed: 30, Effects: effect(EffectModel), Features: feature(Alert)}, Alert, ActRetrain, "no longer fits"},
		{"what follows from closed days", Findings{Closed: 30, Features: feature(Alert), Blocked: []string{"recency"}}, None, ActNone, "calendar"},
		{"a young shop", Findings{Young: true, Features: feature(Alert), Blocked: []string{"recency"}}, None, ActNone, "no feature"},
		{"another preparation", Findings{Preparation: "window", Effects: effect(EffectNovelty)}, InsufficientData, ActNone, "preparation"},
		{"broken", Findings{Checks: []Check{broken}, Preparation: "window"}, Alert, ActFixData, "100 times"},
		{"broken, and accepted", Findings{Checks: []Check{accepted}}, Warn, ActWait, "100 times"},
	} {
		got := c.f.Conclude()
		if got.Verdict != c.verdict || got.Wanted != c.wanted || !strings.Contains(got.Cause, c.cause) {
			t.Errorf("%s: %+v, want %s, %s, %q", c.name, got, c.verdict, c.wanted, c.cause)
		}
	}
}

// A feature that has moved is said once: again when it is twice as far off, or after 90 days without it; and another one is news.
func TestSaid(t *testing.T) {
	const day calendar.Date = 1000
	found := func(after calendar.Date, said []Said, features ...Feature) Conclusion {
		return (&Findings{AsOf: day + after, Said: said, Features: features}).Conclude()
	}
	moved := func(name string, psi float64) Feature { return Feature{Name: name, Verdict: Alert, PSI: psi} }
	first := found(0, nil, moved("tenure", 0.5))
	if first.Verdict != Alert || first.Wanted != ActWait || len(first.Said) != 1 || first.Said[0] != (Said{"tenure", day, day, 0.5}) {
		t.Fatalf("the first time: %+v", first)
	}
	for _, c := range []struct {
		name    string
		after   calendar.Date
		feature []Feature
		verdict Verdict
		wanted  Act
	}{
		{"the next day", 1, []Feature{moved("tenure", 0.9)}, Warn, ActNone},
		{"the 90th day", 90, []Feature{moved("tenure", 0.4)}, Warn, ActNone},
		{"the 91st", 91, []Feature{moved("tenure", 0.4)}, Alert, ActWait},
		{"twice as far", 1, []Feature{moved("tenure", 1)}, Alert, ActWait},
		{"another one, too", 1, []Feature{moved("tenure", 0.5), moved("lines", 0.3)}, Alert, ActWait},
		{"it has gone", 1, []Feature{{Name: "tenure", Verdict: None}}, None, ActNone},
	} {
		got := found(c.after, first.Said, c.feature...)
		if got.Verdict != c.verdict || got.Wanted != c.wanted || len(got.Said) == 0 {
			t.Errorf("%s: %+v, want %s, %s", c.name, got, c.verdict, c.wanted)
		}
		if first.Said[0] != (Said{"tenure", day, day, 0.5}) {
			t.Errorf("%s: what was said has become %+v", c.name, first.Said[0])
		}
	}
}

// Closed are long runs without a sale alone: not the Saturdays of a shop that never sells on one, and not a long weekend.
func TestClosures(t *testing.T) {
	var days []calendar.Date
	for d := calendar.Date(100); d < 200; d++ {
		if d.Weekday() != 6 && (d < 150 || d >= 164) && (d < 120 || d > 123) {
			days = append(days, d)
		}
	}
	days[0], days[3] = days[3], days[0]
	c := FindClosures(days, 210)
	for _, x := range []struct {
		from, to calendar.Date
		want     int
	}{
		{100, 149, 0}, {149, 164, 14}, {149, 155, 5}, {155, 163, 7}, {155, 160, 4}, {170, 199, 0},
		{199, 210, 10},                             // since the last sale
		{140, 210, 25}, {0, 100, 0}, {50, 210, 25}, // day 149 is a Saturday: it makes the run one longer
	} {
		if got := c.Between(x.from, x.to); got != x.want {
			t.Errorf("between %d and %d: %d closed days, want %d", x.from, x.to, got, x.want)
		}
	}
	if got := FindClosures(nil, 5).Between(0, 5); got != 0 {
		t.Errorf("a shop without a sale was closed on %d days", got)
	}
}
