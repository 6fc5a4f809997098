package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
)

// DefaultLayout is how the most widely spread copy of Online Retail writes a time.
const DefaultLayout = "2006-01-02 15:04:05"

// Layouts are the date layouts that a message shows as examples. [ParseLayout] takes others made of the same parts.
var Layouts = []string{
	DefaultLayout, "2006-01-02T15:04:05", "2006-01-02 15:04",
	"02/01/2006 15:04", "2/1/2006 15:04", "01/02/2006 15:04", "1/2/2006 15:04", "02.01.2006 15:04",
}

// Layouts of a number: of seconds or milliseconds since 1970-01-01T00:00 UTC, and of days since 1900, as spreadsheets keep a time
// of the shop (40513.35 is 2010-12-01 08:24).
const (
	UnixLayout      = "unix"
	UnixMilliLayout = "unixmilli"
	SerialLayout    = "serial"
)

// Layout says how a source writes the time of a line. It is stated once for a delivery and never guessed line by line:
// day-first and month-first layouts agree on every day up to the twelfth.
type Layout struct {
	text   string
	serial bool // a spreadsheet's number
	parts  []layoutPart
	fixed  bool           // 2006-01-02?15:04:05, read by position
	sep    byte           // the byte between date and time of a fixed layout
	unix   int64          // units a second of a count since 1970, 0 where it is none
	zone   *time.Location // the shop's; nil means UTC
}

// layoutPart is a part of a time: a number, a name, a zone or one literal byte.
type layoutPart struct {
	kind   uint8 // index into civil, or one of those behind
	least  uint8 // digits
	most   uint8
	letter byte
}

// What the parts of a layout are.
const (
	partYear = iota
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	partLiteral
	partHalf     // AM or PM
	partWeekday  // a name, ignored
	partZoneName // UTC or GMT, or any abbreviation that is certain
	partOffset
	partZoneNote // a zone's name in brackets behind an offset, ignored
	partWord     // one of layoutWords, by its letter
	numParts
)

// Forms of the parts that are no plain numbers: where a number has least digits, they have one of these.
const (
	shortYear  = 2   // partYear of two digits; from 69 on it is of the last century, as with time.Parse
	monthName  = 100 // partMonth in letters
	halfHour   = 12  // partHour of a clock with twelve hours: most says so
	paddedDay  = 100 // partDay with a blank for a leading zero
	ordinalDay = 2   // partDay with st, nd, rd or th behind it: letter says so
	zoneZ      = 1   // partOffset that may be Z
	zoneColon  = 2   // partOffset with a colon
	zoneHour   = 4   // partOffset of hours alone
	anyZone    = 1   // partZoneName that may be another than UTC and GMT
	pivotYear  = 69
	maxNameLen = 24 // bytes of a month's or weekday's name
)

// layoutTokens are Go's reference numbers and names, the longer spellings before the shorter. An hour may have one digit, as
// with time.Parse.
var layoutTokens = []struct {
	text string
	part layoutPart
}{
	{"January", layoutPart{kind: partMonth, least: monthName}},
	{"Jan", layoutPart{kind: partMonth, least: monthName}},
	{"Monday", layoutPart{kind: partWeekday}},
	{"Mon", layoutPart{kind: partWeekday}},
	{"MST", layoutPart{kind: partZoneName, least: anyZone}},
	{"UTC", layoutPart{kind: partZoneName}},
	{"GMT", layoutPart{kind: partZoneName}},
	{"PM", layoutPart{kind: partHalf}},
	{"pm", layoutPart{kind: partHalf}},
	{"Z07:00", layoutPart{kind: partOffset, least: zoneZ | zoneColon}},
	{"Z0700", layoutPart{kind: partOffset, least: zoneZ}},
	{"Z07", layoutPart{kind: partOffset, least: zoneZ | zoneHour}},
	{"-07:00", layoutPart{kind: partOffset, least: zoneColon}},
	{"-0700", layoutPart{kind: partOffset}},
	{"-07", layoutPart{kind: partOffset, least: zoneHour}},
	{"2nd", layoutPart{kind: partDay, least: 1, most: 2, letter: ordinalDay}},
	{"2006", layoutPart{kind: partYear, least: 4, most: 4}},
	{"_2", layoutPart{kind: partDay, least: paddedDay, most: 2}},
	{"01", layoutPart{kind: partMonth, least: 2, most: 2}},
	{"02", layoutPart{kind: partDay, least: 2, most: 2}},
	{"15", layoutPart{kind: partHour, least: 1, most: 2}},
	{"03", layoutPart{kind: partHour, least: 2, most: 2, letter: halfHour}},
	{"04", layoutPart{kind: partMinute, least: 2, most: 2}},
	{"05", layoutPart{kind: partSecond, least: 2, most: 2}},
	{"06", layoutPart{kind: partYear, least: shortYear, most: 2}},
	{"1", layoutPart{kind: partMonth, least: 1, most: 2}},
	{"2", layoutPart{kind: partDay, least: 1, most: 2}},
	{"3", layoutPart{kind: partHour, least: 1, most: 2, letter: halfHour}},
}

// layoutWords are the words that stand between the parts of a time, as they are: 3 de diciembre de 2025 a las 10:15, 2025年12月3日.
var layoutWords = []string{
	"alle", "ore", "a las", "à", "às", "at", "de", "del", "um", "Uhr", "om", "uur", "kl", "klo", "o", "h",
	"年", "月", "日", "時", "分", "秒", "时", "년", "월", "일", "시", "분", "초",
}

// ParseLayout reads a layout written as Go writes one: the year 2006 or 06, the month 01, 1, Jan or January, the day 02, 2, _2 or
// 2nd, the hour 15, or 03 or 3 with PM, the minute 04, the second 05, a zone Z07:00, -0700, -07:00, UTC or MST, the weekday Mon or
// Monday, with any signs but letters (but T and [layoutWords]) between them. Year, month and day must be there, each part once. MST is the
// abbreviation of any zone that means one offset, see [zoneOffsets]; in brackets behind an offset, (MST) is any name, which is
// ignored. [UnixLayout], [UnixMilliLayout] and [SerialLayout] are layouts too.
func ParseLayout(text string) (Layout, error) {
	l := Layout{text: text}
	switch text {
	case SerialLayout:
		l.serial = true
		return l, nil
	case UnixLayout:
		l.unix = 1
		return l, nil
	case UnixMilliLayout:
		l.unix = 1000
		return l, nil
	}
	bad := func(why string) (Layout, error) {
		return Layout{}, fmt.Errorf("parse date layout %q: %s; a layout is written like %s", text, why, strings.Join(Layouts, " or "))
	}
	var seen [numParts]bool
	twelve := false
	for rest := text; rest != ""; {
		part, n := nextPart(rest)
		if seen[partOffset] && strings.HasPrefix(rest, zoneNote) {
			part, n = layoutPart{kind: partZoneNote}, len(zoneNote)
		}
		switch {
		case n == 0:
			return bad(fmt.Sprintf("%q is no part of it", rest))
		case part.kind != partLiteral && part.kind != partWord && seen[part.kind]:
			return bad("a part is there twice")
		}
		seen[part.kind] = true
		twelve = twelve || part.kind == partHour && part.letter == halfHour
		l.parts = append(l.parts, part)
		rest = rest[n:]
	}
	switch {
	case !seen[partYear] || !seen[partMonth] || !seen[partDay]:
		return bad("year 2006, month 01 and day 02 must be there")
	case seen[partMinute] && !seen[partHour] || seen[partSecond] && !seen[partMinute]:
		return bad("minutes need hours and seconds need minutes")
	case twelve != seen[partHalf]:
		return bad("the hour 03 or 3 and PM need each other")
	}
	l.fixed = len(text) == len(DefaultLayout) && text[:10] == DefaultLayout[:10] && text[11:] == DefaultLayout[11:] && text[10] != '_'
	if l.fixed {
		l.sep = text[10]
	}
	return l, nil
}

// zoneNote is how a layout writes the name of a zone that an offset before it has said already.
const zoneNote = "(MST)"

// nextPart returns the part that a layout begins with and how many bytes it has there, 0 if it is none.
func nextPart(layout string) (layoutPart, int) {
	for _, token := range layoutTokens {
		if strings.HasPrefix(layout, token.text) {
			return token.part, len(token.text)
		}
	}
	word := -1
	for i, w := range layoutWords {
		if strings.HasPrefix(layout, w) && (word < 0 || len(w) > len(layoutWords[word])) {
			word = i
		}
	}
	if word >= 0 {
		return layoutPart{kind: partWord, letter: byte(word)}, len(layoutWords[word])
	}
	c := layout[0]
	if c >= 0x80 || c >= '0' && c <= '9' || c != 'T' && (c|0x20 >= 'a' && c|0x20 <= 'z') {
		return layoutPart{}, 0
	}
	return layoutPart{kind: partLiteral, letter: c}, 1
}

// In returns the layout with the zone that times with a zone of their own are converted into; nil means UTC.
func (l Layout) In(zone *time.Location) Layout {
	l.zone = zone
	return l
}

// String returns the layout as it was written.
func (l Layout) String() string { return l.text }

// Parse reads a time of the shop, in microseconds since 1970-01-01T00:00. Blanks around it are taken, and so is a fraction of a
// second after the second (at most nine digits, what is below a microsecond is cut). A time without a zone is the shop's; one
// with a zone is converted into the shop's, where the year must be from 0 to 9999 too.
func (l Layout) Parse(b []byte) (micros int64, ok bool) {
	b = trimSpace(b)
	if l.fixed && len(b) == len(DefaultLayout) {
		return l.parseFixed(b)
	}
	if l.unix > 0 {
		return l.parseUnix(trimBlank(b))
	}
	if l.serial {
		return parseSerialText(trimBlank(b))
	}
	return l.parseParts(trimBlank(b))
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
