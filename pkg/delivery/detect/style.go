package detect

import (
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
)

// style is how the dates of one half of a column are written: each is a set of what was seen, as bits.
type style struct {
	padded int // 1 a day or month with a leading zero, 2 one without
	clock  int // 1 no time of day or midnight, 2 another
	colons int // 1<<n for n colons
	lines  int
	texts  int
	text   string // an example
}

// see adds a text and how often it comes.
func (s *style) see(text string, n int, midnight bool) {
	s.lines += n
	s.texts++
	s.text = text
	date, _, _ := strings.Cut(text, " ")
	for part := range strings.FieldsFuncSeq(date, func(r rune) bool { return r < '0' || r > '9' }) {
		switch {
		case len(part) == 1:
			s.padded |= 2
		case len(part) == 2 && part[0] == '0':
			s.padded |= 1
		}
	}
	if midnight {
		s.clock |= 1
	} else {
		s.clock |= 2
	}
	s.colons |= 1 << min(strings.Count(text, ":"), 3)
}

// unlike reports whether two halves are written in two ways, each half in one.
func (s *style) unlike(o *style) bool {
	two := func(a, b int) bool { return a != b && a&(a-1) == 0 && b&(b-1) == 0 && a > 0 && b > 0 }
	return two(s.padded, o.padded) || two(s.clock, o.clock) || two(s.colons, o.colons)
}

// twoStyles refuses a column whose days up to the twelfth are all written in one way, and all later ones in another: one layout takes
// them all, but a spreadsheet has converted the first, and may have swapped their day and month.
func (l *look) twoStyles(t *timesOf, layout record.Layout) error {
	var early, late style
	for _, text := range t.order {
		micros, ok := layout.Parse([]byte(text))
		if !ok {
			continue
		}
		half := &late
		if low(layout, text) {
			half = &early
		}
		half.see(text, t.texts[text], micros%calendar.DayMicros == 0)
	}
	if early.texts < minHalf || late.texts < minHalf || !early.unlike(&late) {
		return nil
	}
	return ErrHalfConverted.Errorf("half_converted_dates", l.delivery.Name,
		"%s: the dates of %d lines have days up to the 12th by %q and are written as in %s, and those of the other %d have later days and are written as in %s: a spreadsheet "+
			"has converted the first, and may have swapped their day and month; nothing was stored. Export it again and do not open it in a spreadsheet on the way; --date-layout=%q reads it as it is",
		l.delivery.Name, early.lines, layout, shown(early.text), late.lines, shown(late.text), layout)
}
