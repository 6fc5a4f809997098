package record

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
)

// DefaultLayout is how the most widely spread copy of Online Retail writes a time.
const DefaultLayout = "2006-01-02 15:04:05"

// Layouts are the date layouts that sources were seen to use. [ParseLayout] takes others made of the same parts.
var Layouts = []string{
	DefaultLayout, "2006-01-02T15:04:05", "2006-01-02 15:04",
	"02/01/2006 15:04", "2/1/2006 15:04", "01/02/2006 15:04", "1/2/2006 15:04", "02.01.2006 15:04",
}

// Layout says how a source writes the time of a line. It is stated once for a delivery and never guessed line by line:
// day-first and month-first layouts agree on every day up to the twelfth.
type Layout struct {
	text  string
	parts []layoutPart
	fixed bool // 2006-01-02?15:04:05, read by position
	sep   byte // the byte between date and time of a fixed layout
}

// layoutPart is a number of a time, or one literal byte.
type layoutPart struct {
	kind   uint8 // index into civil, or literal
	least  uint8 // digits
	most   uint8
	letter byte
}

const (
	partYear = iota
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	partLiteral
)

// layoutTokens are Go's reference numbers, the longer spellings before the shorter. An hour may have one digit, as with
// time.Parse.
var layoutTokens = []struct {
	text string
	part layoutPart
}{
	{"2006", layoutPart{kind: partYear, least: 4, most: 4}},
	{"01", layoutPart{kind: partMonth, least: 2, most: 2}},
	{"02", layoutPart{kind: partDay, least: 2, most: 2}},
	{"15", layoutPart{kind: partHour, least: 1, most: 2}},
	{"04", layoutPart{kind: partMinute, least: 2, most: 2}},
	{"05", layoutPart{kind: partSecond, least: 2, most: 2}},
	{"1", layoutPart{kind: partMonth, least: 1, most: 2}},
	{"2", layoutPart{kind: partDay, least: 1, most: 2}},
}

// ParseLayout reads a layout written as Go writes one: the year 2006, the month 01 or 1, the day 02 or 2, the hour 15, the
// minute 04 and the second 05, with any signs but letters (but T) between them. Year, month and day must be there, each
// part once.
func ParseLayout(text string) (Layout, error) {
	l := Layout{text: text}
	bad := func(why string) (Layout, error) {
		return Layout{}, fmt.Errorf("parse date layout %q: %s; a layout is written like %s", text, why, strings.Join(Layouts, " or "))
	}
	var seen [partLiteral]bool
next:
	for rest := text; rest != ""; {
		for _, token := range layoutTokens {
			after, ok := strings.CutPrefix(rest, token.text)
			if !ok {
				continue
			}
			if seen[token.part.kind] {
				return bad("a part is there twice")
			}
			seen[token.part.kind] = true
			l.parts = append(l.parts, token.part)
			rest = after
			continue next
		}
		c := rest[0]
		if c >= 0x80 || c >= '0' && c <= '9' || c != 'T' && (c|0x20 >= 'a' && c|0x20 <= 'z') {
			return bad(fmt.Sprintf("%q is no part of it", rest))
		}
		l.parts = append(l.parts, layoutPart{kind: partLiteral, letter: c})
		rest = rest[1:]
	}
	if !seen[partYear] || !seen[partMonth] || !seen[partDay] {
		return bad("year 2006, month 01 and day 02 must be there")
	}
	if (seen[partMinute] && !seen[partHour]) || (seen[partSecond] && !seen[partMinute]) {
		return bad("minutes need hours and seconds need minutes")
	}
	l.fixed = len(text) == len(DefaultLayout) && text[:10] == DefaultLayout[:10] && text[11:] == DefaultLayout[11:]
	if l.fixed {
		l.sep = text[10]
	}
	return l, nil
}

// String returns the layout as it was written.
func (l Layout) String() string { return l.text }

// Parse reads a local time, in microseconds since 1970-01-01T00:00. Blanks around it are taken, and so is a fraction of a
// second (at most nine digits, what is below a microsecond is cut) after a second that ends the layout.
func (l Layout) Parse(b []byte) (micros int64, ok bool) {
	b = trimSpace(b)
	if l.fixed && len(b) == len(DefaultLayout) {
		return l.parseFixed(b)
	}
	var civil [partLiteral + 1]int
	for i := range l.parts {
		p := &l.parts[i]
		if p.kind == partLiteral {
			if len(b) == 0 || b[0] != p.letter {
				return 0, false
			}
			b = b[1:]
			continue
		}
		v, n := 0, 0
		for n < int(p.most) && n < len(b) && b[n]-'0' <= 9 {
			v = v*10 + int(b[n]-'0')
			n++
		}
		if n < int(p.least) {
			return 0, false
		}
		civil[p.kind] = v
		b = b[n:]
	}
	fraction := int64(0)
	if len(b) > 0 {
		if l.parts[len(l.parts)-1].kind != partSecond {
			return 0, false
		}
		if fraction, ok = parseFraction(b); !ok {
			return 0, false
		}
	}
	micros, ok = civilMicros(civil[partYear], civil[partMonth], civil[partDay], civil[partHour], civil[partMinute], civil[partSecond])
	return micros + fraction, ok
}

// parseFixed reads the layout 2006-01-02?15:04:05 by position.
func (l Layout) parseFixed(b []byte) (int64, bool) {
	_ = b[18]
	if b[4] != '-' || b[7] != '-' || b[10] != l.sep || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	year, month, day := two(b[0], b[1])*100+two(b[2], b[3]), two(b[5], b[6]), two(b[8], b[9])
	hour, minute, second := two(b[11], b[12]), two(b[14], b[15]), two(b[17], b[18])
	if year < 0 || two(b[2], b[3]) < 0 {
		return 0, false
	}
	return civilMicros(year, month, day, hour, minute, second)
}

// two returns the number of two digits, or one far below 0.
func two(a, b byte) int {
	a, b = a-'0', b-'0'
	if a > 9 || b > 9 {
		return -1 << 20
	}
	return int(a)*10 + int(b)
}

// parseFraction reads ".123456" in microseconds.
func parseFraction(b []byte) (int64, bool) {
	if b[0] != '.' || len(b) < 2 || len(b) > 10 {
		return 0, false
	}
	micros, unit := int64(0), int64(100_000)
	for _, c := range b[1:] {
		if c-'0' > 9 {
			return 0, false
		}
		micros += int64(c-'0') * unit
		unit /= 10
	}
	return micros, true
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// civilMicros returns a civil time in microseconds since 1970-01-01T00:00; ok is false where the calendar has none such.
// The count of days is Howard Hinnant's days_from_civil (chrono-Compatible Low-Level calendar.Date Algorithms), for years ≥ 0.
func civilMicros(year, month, day, hour, minute, second int) (micros int64, ok bool) {
	if month < 1 || month > 12 || day < 1 || uint(hour) > 23 || uint(minute) > 59 || uint(second) > 59 {
		return 0, false
	}
	last := monthDays[month]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last = 29
	}
	if day > last || year < 0 {
		return 0, false
	}
	y, m := year+400, (month+9)%12 // March is month 0; 400 years keep every term positive
	if month <= 2 {
		y--
	}
	era, yearOfEra := y/400, y%400
	days := era*146_097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + (153*m+2)/5 + day - 1
	days -= 719_468 + 146_097
	return int64(days)*calendar.DayMicros + int64(hour*3600+minute*60+second)*1_000_000, true
}
