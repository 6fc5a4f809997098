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
	return mustLayouts(append(texts, UnixLayout, UnixMilliLayout, SerialLayout)...)
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
		if p.kind != partLiteral && p.kind != partWeekday && p.kind != partZoneNote {
			kinds = append(kinds, 'a'+p.kind)
		}
	}
	return string(kinds)
}
