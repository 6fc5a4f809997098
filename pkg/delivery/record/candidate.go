package record

import (
	"slices"
	"sync"
	"time"
)

// CandidateLayouts returns the date layouts that shops were seen to use, for finding out which of them a delivery's times are in.
// Where it matters for speed, the one that is read faster comes first.
var CandidateLayouts = sync.OnceValue(candidateLayouts)

func candidateLayouts() []Layout {
	dates := []string{
		"2006-1-2", "2006/1/2", "2006.1.2", "20060102",
		"2/1/2006", "1/2/2006", "2-1-2006", "1-2-2006", "2.1.2006", "1.2.2006",
		"2/1/06", "1/2/06", "2-1-06", "1-2-06", "2.1.06", "1.2.06", "06-1-2", "06/1/2",
		"2-Jan-2006", "2 Jan 2006", "2. Jan 2006", "Jan 2, 2006", "Jan 2 2006", "2-Jan-06", "2 Jan 06", "2/Jan/2006", "Mon, 2 Jan 2006", "Mon Jan _2 2006",
		"Monday, 2. Jan 2006", "Monday, Jan 2, 2006",
	}
	clocks := []string{
		"", " 15:04", " 15:04:05", " 3:04 PM", " 3:04:05 PM", " 3:04PM", " 3:04:05PM", ", 15:04", ", 15:04:05", ", 3:04 PM", ", 3:04:05 PM", " - 15:04",
		" 15:04:05 UTC", " 15:04:05 -0700", " 15:04:05 -07:00", " 15:04:05-07:00", " 15:04:05-07", " 15:04:05 UTC-0700",
		" 15:04 MST", " 15:04:05 MST", " 3:04 PM MST", " 3:04:05 PM MST",
	}
	iso := []string{"2006-1-2T15:04:05", "2006-1-2T15:04", "2006-1-2T15:04:05Z07:00", "2006-1-2T15:04:05Z0700", "2006-1-2T15:04Z07:00", "2006-1-2T15:04:05-0700", "20060102T150405", "20060102T150405Z07:00", "20060102150405"}
	texts := append([]string{DefaultLayout, "2006-01-02T15:04:05"}, iso...)
	for _, d := range dates {
		for _, c := range clocks {
			texts = append(texts, d+c)
		}
	}
	texts = append(texts, "Mon Jan _2 15:04:05 2006", "Mon Jan _2 15:04:05 UTC 2006", "Mon Jan _2 15:04:05 MST 2006", "Mon Jan 02 2006 15:04:05 GMT-0700 (MST)")
	for _, w := range worded {
		for _, c := range w.clocks {
			texts = append(texts, w.date+c)
		}
	}
	return mustLayouts(append(texts, UnixLayout, UnixMilliLayout, SerialLayout)...)
}

// worded are dates with words or ordinals in them, or before a time of day with such, and what stands behind them.
var worded = []struct {
	date   string
	clocks []string
}{
	{"2 Jan 2006", []string{" à 15:04", " à 15:04:05", " à 15h04", " 15h04", ", 15h04", " om 15:04", " om 15:04 uur", " 15:04 uur", " ore 15:04", ", ore 15:04", " alle 15:04", " um 15:04", " at 15:04", " at 3:04 PM", " kl. 15:04", " kl. 15.04", " 15.04"}},
	{"2. Jan 2006", []string{" um 15:04", " um 15:04 Uhr", " 15:04 Uhr", ", 15:04 Uhr", " kl. 15:04", " kl. 15.04"}},
	{"2.1.2006", []string{" um 15:04", " um 15:04 Uhr", " 15:04 Uhr", ", 15:04 Uhr", " 15:04:05 Uhr", " klo 15.04", " kl. 15.04", " 15.04", " 15.04.05"}},
	{"2.1.06", []string{" 15:04 Uhr", ", 15:04 Uhr", " 15.04"}},
	{"2/1/2006", []string{" à 15:04", " à 15:04:05", " à 15h04", " 15h04", " alle 15:04", " a las 15:04", " às 15:04", " 15.04"}},
	{"2-1-2006", []string{" om 15:04", " 15:04 uur", " kl. 15.04", " 15.04", " 15.04.05"}},
	{"2 de Jan de 2006", []string{"", " 15:04", " 15:04:05", ", 15:04", ", 15:04:05", " 3:04 PM", " a las 15:04", " a las 15:04:05", " às 15:04", " às 15:04:05", " às 15h04"}},
	{"2 de Jan del 2006", []string{"", " 15:04", " a las 15:04"}},
	{"2006年1月2日", []string{"", " 15:04", " 15:04:05", "15:04", "15:04:05", " 15時04分", "15時04分", " 15時04分05秒", "15時04分05秒", "15时04分05秒"}},
	{"2006년 1월 2일", []string{"", " 15:04", " 15:04:05", " 15시 04분"}},
	{"2006. 1. 2.", []string{"", " 15:04", " 15:04:05"}},
	{"Jan 2, 2006", []string{" at 3:04 PM", " at 3:04:05 PM", " at 15:04", " at 15:04:05"}},
	{"2nd Jan 2006", []string{"", " 15:04", " 15:04:05", " 3:04 PM", ", 15:04", ", 3:04 PM", " at 15:04", " at 3:04 PM"}},
	{"Jan 2nd, 2006", []string{"", " 15:04", " 15:04:05", " 3:04 PM", ", 15:04", ", 3:04 PM", " at 15:04", " at 3:04 PM"}},
	{"Jan 2nd 2006", []string{"", " 15:04", " 15:04:05", " 3:04 PM", ", 3:04 PM", " at 3:04 PM"}},
	{"Jan-2-06", []string{"", " 15:04", " 15:04:05", " 15:04:05 MST"}},
	{"Jan-2-2006", []string{"", " 15:04", " 15:04:05", " 15:04:05 MST"}},
	{"2Jan2006", []string{"", " 15:04", " 15:04:05", ":15:04:05"}},
	{"Mon 2/1/2006", []string{"", " 15:04", " 15:04:05", " 3:04 PM"}},
	{"Mon 1/2/2006", []string{"", " 15:04", " 15:04:05", " 3:04 PM"}},
	{"Mon 2.1.2006", []string{"", " 15:04", " 15:04:05"}},
	{"Mon, 2.1.2006", []string{"", " 15:04", " 15:04:05"}},
	{"2006-1-2", []string{" 15:04:05 UTC-07:00", " 15:04:05 GMT-07:00", " 15:04:05 GMT-0700"}},
}

func mustLayouts(texts ...string) (all []Layout) {
	for _, text := range texts {
		l, err := ParseLayout(text)
		if err != nil {
			panic(err)
		}
		all = append(all, l)
	}
	return all
}

// FitLayouts returns those of the layouts that take a time as it is written, in their order. It changes the slice. A caller that
// gives back what it got is left with those that fit all times of a delivery; see [DistinctLayouts].
func FitLayouts(layouts []Layout, text []byte) []Layout {
	return slices.DeleteFunc(layouts, func(l Layout) bool {
		micros, ok := l.Parse(text)
		return !ok || l.unix > 0 && (micros < firstUnix || micros > lastUnix)
	})
}

// A count of seconds or milliseconds is taken for a time where it is one of these years. So no other candidate takes it.
var (
	firstUnix = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastUnix  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// DistinctLayouts returns the first of every kind of layouts that mean the same time wherever they take the same text, such as
// 2006-01-02 and 2006-1-2. Where two are left, such as 2/1/2006 and 1/2/2006, they mean different times.
func DistinctLayouts(layouts []Layout) []Layout {
	seen := map[string]bool{}
	var distinct []Layout
	for _, l := range layouts {
		key := l.order()
		if !seen[key] {
			seen[key] = true
			distinct = append(distinct, l)
		}
	}
	return distinct
}

// order names the parts of a layout without what is between them.
func (l Layout) order() string {
	if l.unix > 0 || l.serial {
		return l.text
	}
	var kinds []byte
	for _, p := range l.parts {
		if p.kind != partLiteral && p.kind != partWord && p.kind != partWeekday && p.kind != partZoneNote {
			kinds = append(kinds, 'a'+p.kind)
		}
	}
	return string(kinds)
}
