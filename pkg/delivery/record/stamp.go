package record

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// stamp is a time as it is being read.
type stamp struct {
	civil    [partSecond + 1]int
	fraction int64 // µs
	pm, half bool
	zoned    bool
	offset   int    // seconds east of UTC
	zoneName []byte // whose offset it is; nil where the offset is written, or for UTC
}

// parseParts reads a time part by part.
func (l Layout) parseParts(b []byte) (micros int64, ok bool) {
	var s stamp
	for i := range l.parts {
		p := &l.parts[i]
		if b, ok = s.part(p, b); !ok {
			return 0, false
		}
		if p.kind == partSecond && len(b) > 1 && (b[0] == '.' || b[0] == ',') && isDigit(b[1]) && !l.literal(i+1, b[0]) {
			if s.fraction, b, ok = cutFraction(b); !ok {
				return 0, false
			}
		}
	}
	if len(b) > 0 {
		return 0, false
	}
	if s.half {
		hour := s.civil[partHour]
		if hour < 1 || hour > 12 {
			return 0, false
		}
		if s.civil[partHour] = hour % 12; s.pm {
			s.civil[partHour] += 12
		}
	}
	c := &s.civil
	micros, ok = civilMicros(c[partYear], c[partMonth], c[partDay], c[partHour], c[partMinute], c[partSecond])
	if ok && s.zoneName != nil {
		s.offset, ok = l.offsetOf(s.zoneName, c[partYear])
	}
	if micros += s.fraction; ok && s.zoned {
		return l.local(micros - int64(s.offset)*1_000_000)
	}
	return micros, ok
}

// literal reports whether the layout's part i is this byte.
func (l Layout) literal(i int, letter byte) bool {
	return i < len(l.parts) && l.parts[i].kind == partLiteral && l.parts[i].letter == letter
}

// part reads one part off the beginning of b.
func (s *stamp) part(p *layoutPart, b []byte) (rest []byte, ok bool) {
	switch {
	case p.kind == partLiteral && p.letter == ' ':
		rest = cutBlanks(b)
		return rest, len(rest) < len(b)
	case p.kind == partLiteral:
		if len(b) == 0 || b[0] != p.letter {
			return nil, false
		}
		return b[1:], true
	case p.kind == partMonth && p.least == monthName:
		name, rest := cutName(b)
		month, ok := months[strings.ToLower(string(name))]
		s.civil[partMonth] = month
		return rest, ok
	case p.kind == partWeekday:
		name, rest := cutName(b)
		return rest, len(name) > 1
	case p.kind == partHalf:
		return s.halfOf(b)
	case p.kind == partZoneName:
		s.zoned, s.offset = true, 0
		name, rest := cutName(b)
		if string(name) == "UTC" || string(name) == "GMT" {
			return rest, true
		}
		s.zoneName = name
		return rest, p.least == anyZone && len(name) > 1
	case p.kind == partOffset:
		s.zoneName = nil
		return s.zone(p.least, b)
	case p.kind == partZoneNote:
		end := bytes.IndexByte(b, ')')
		if len(b) == 0 || b[0] != '(' || end < 0 {
			return nil, false
		}
		return b[end+1:], true
	case p.kind == partWord:
		return bytes.CutPrefix(b, []byte(layoutWords[p.letter]))
	}
	return s.number(p, b)
}

// number reads a part of digits.
func (s *stamp) number(p *layoutPart, b []byte) (rest []byte, ok bool) {
	least := int(p.least)
	if p.kind == partDay && least == paddedDay {
		b, least = cutBlanks(b), 1
	}
	v, n := 0, 0
	for n < int(p.most) && n < len(b) && b[n]-'0' <= 9 {
		v = v*10 + int(b[n]-'0')
		n++
	}
	if n < least {
		return nil, false
	}
	if p.kind == partYear && least == shortYear {
		if v += 2000; v >= 2000+pivotYear {
			v -= 100
		}
	}
	s.civil[p.kind] = v
	if p.kind == partDay && p.letter == ordinalDay {
		name, rest := cutName(b[n:])
		return rest, slices.Contains(ordinals, strings.ToLower(string(name)))
	}
	return b[n:], true
}

// ordinals are what English writes behind a day.
var ordinals = []string{"st", "nd", "rd", "th"}

// halfOf reads AM or PM, in any case and with or without points.
func (s *stamp) halfOf(b []byte) (rest []byte, ok bool) {
	var letters [2]byte
	n := 0
	for i := range letters {
		if n == len(b) {
			return nil, false
		}
		letters[i] = b[n] | 0x20
		if n++; n < len(b) && b[n] == '.' {
			n++
		}
	}
	s.half, s.pm = true, letters[0] == 'p'
	return b[n:], (letters[0] == 'a' || letters[0] == 'p') && letters[1] == 'm'
}

// zone reads an offset from UTC in one form.
func (s *stamp) zone(form uint8, b []byte) (rest []byte, ok bool) {
	s.zoned, s.offset = true, 0
	if form&zoneZ != 0 && len(b) > 0 && b[0] == 'Z' {
		return b[1:], true
	}
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return nil, false
	}
	neg, hours, minutes := b[0] == '-', two(b[1], b[2]), 0
	b = b[3:]
	if form&zoneColon != 0 {
		if len(b) == 0 || b[0] != ':' {
			return nil, false
		}
		b = b[1:]
	}
	if form&zoneHour == 0 {
		if len(b) < 2 {
			return nil, false
		}
		minutes, b = two(b[0], b[1]), b[2:]
	}
	if hours < 0 || hours > 24 || minutes < 0 || minutes > 59 {
		return nil, false
	}
	if s.offset = hours*3600 + minutes*60; neg {
		s.offset = -s.offset
	}
	return b, true
}

// cutFraction cuts ".123456" off, in microseconds.
func cutFraction(b []byte) (micros int64, rest []byte, ok bool) {
	n, unit := 1, int64(100_000)
	for ; n < len(b) && b[n]-'0' <= 9; n++ {
		micros += int64(b[n]-'0') * unit
		unit /= 10
	}
	return micros, b[n:], n > 1 && n <= 10
}

// cutBlanks cuts blanks off the beginning, the ones that do not break a line too: spreadsheets write such before AM and PM.
func cutBlanks(b []byte) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r != ' ' && !isUnicodeBlank(r) {
			break
		}
		b = b[size:]
	}
	return b
}

// cutName cuts letters off the beginning, and one point behind them.
func cutName(b []byte) (name, rest []byte) {
	n := 0
	for n < len(b) && n < maxNameLen {
		r, size := utf8.DecodeRune(b[n:])
		if !unicode.IsLetter(r) {
			break
		}
		n += size
	}
	name, rest = b[:n], b[n:]
	if n > 0 && len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
	}
	return name, rest
}

// parseUnix reads a count of seconds or milliseconds since 1970, which may have a fraction.
func (l Layout) parseUnix(b []byte) (micros int64, ok bool) {
	whole, fraction := b, int64(0)
	for i, c := range b {
		if c != '.' {
			continue
		}
		if whole = b[:i]; l.unix != 1 {
			return 0, false
		}
		var rest []byte
		if fraction, rest, ok = cutFraction(b[i:]); !ok || len(rest) > 0 {
			return 0, false
		}
		break
	}
	v, err := strconv.ParseInt(string(whole), 10, 64)
	if err != nil || v < 0 || v > 253_402_300_799*l.unix || whole[0] == '+' { // the last second of the year 9999
		return 0, false
	}
	return l.local(v*(1_000_000/l.unix) + fraction)
}

// Times outside these years are none that a line can have.
var (
	firstMicros = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastMicros  = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// local returns the shop's time at an instant.
func (l Layout) local(micros int64) (int64, bool) {
	if l.zone != nil {
		_, offset := time.UnixMicro(micros).In(l.zone).Zone()
		micros += int64(offset) * 1_000_000
	}
	return micros, micros >= firstMicros && micros <= lastMicros
}

// offsetOf returns the offset of a zone by its abbreviation, in seconds east of UTC: the shop's zone has the first word, since CST
// or IST is another offset elsewhere; what is none of its own must be one of [zoneOffsets].
func (l Layout) offsetOf(name []byte, year int) (seconds int, ok bool) {
	if l.zone != nil {
		for _, month := range [...]time.Month{time.January, time.July} {
			if own, offset := time.Date(year, month, 1, 12, 0, 0, 0, l.zone).Zone(); own == string(name) {
				return offset, true
			}
		}
	}
	hours, ok := zoneOffsets[string(name)]
	return int(hours * 3600), ok
}

// zoneOffsets are the abbreviations of zones that are taken whatever the shop's zone, in hours east of UTC: those of RFC 5322 and of
// the time zone database that have one usual meaning, and the German ones. Those with several are not among them: CST and CDT
// (Chicago, Shanghai, Havana), IST (India, Ireland, Israel), BST, AST, SST, and MSK, which has changed.
var zoneOffsets = map[string]float64{
	"UT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3,
	"EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"JST": 9, "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}

// months are the names of months and their usual short forms in English, German, French, Spanish, Italian, Dutch,
// Portuguese, Swedish, Danish, Norwegian and Polish. Where two languages share a name they mean the same month.
var months = func() map[string]int {
	byName := map[string]int{}
	for i, names := range []string{
		"january jan januar jänner jän janvier janv enero ene gennaio gen januari janeiro stycznia",
		"february feb februar febr février févr fév fevrier fevr fev febrero febbraio februari fevereiro lutego",
		"march mar märz mär mrz marz maerz mars marzo maart mrt março marco marts marca",
		"april apr avril avr abril abr aprile kwietnia",
		"may mai mayo maggio mag mei maio maj maja",
		"june jun juni juin junio giugno giu junho czerwca",
		"july jul juli juillet juil julio luglio lug julho lipca",
		"august aug août aout agosto ago augustus augusti sierpnia",
		"september sep sept septembre septiembre settembre set setembro września",
		"october oct oktober okt octobre octubre ottobre ott outubro out października",
		"november nov novembre noviembre novembro listopada",
		"december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro desember des grudnia",
	} {
		for name := range strings.FieldsSeq(names) {
			byName[name] = i + 1
		}
	}
	return byName
}()
