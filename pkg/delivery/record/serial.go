package record

import (
	"math"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
)

// DateSystem says which time a number in a column of times means.
type DateSystem uint8

// The date systems. A serial number counts days, and its fraction is the time of day.
const (
	NoDates   DateSystem = iota // none: a number is no time
	Dates1900                   // 1 is 1900-01-01; 60 is 1900-02-29, a day that never was, kept from Lotus 1-2-3
	Dates1904                   // 0 is 1904-01-01
)

// Serial numbers of 1970-01-01 and of the last day that a spreadsheet knows, 9999-12-31 (ECMA-376 part 1, 18.17.4.1).
const (
	unix1900, last1900 = 25_569, 2_958_465
	unix1904, last1904 = 24_107, 2_957_003
	leapBug            = 60
)

// Micros returns the time of a serial number in microseconds since 1970-01-01T00:00, to the nearest millisecond, which is
// what spreadsheets keep. ok is false where the system has no such time.
func (d DateSystem) Micros(serial float64) (micros int64, ok bool) {
	const dayMillis = calendar.DayMicros / 1000
	day := math.Floor(serial)
	millis := math.Round((serial - day) * dayMillis)
	if millis == dayMillis {
		day, millis = day+1, 0
	}
	switch {
	case d == Dates1900 && day >= 1 && day <= last1900 && day != leapBug:
		if day < leapBug {
			day++
		}
		day -= unix1900
	case d == Dates1904 && day >= 0 && day <= last1904:
		day -= unix1904
	default:
		return 0, false
	}
	return int64(day)*calendar.DayMicros + int64(millis)*1000, true
}

// ParseSerial reads the time of a number cell in microseconds since 1970-01-01T00:00; ok is false where it is none.
func (d DateSystem) ParseSerial(text []byte) (micros int64, ok bool) {
	if d == NoDates || len(text) > 32 {
		return 0, false
	}
	serial, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, false
	}
	return d.Micros(serial)
}

// Times that a text may write as a serial number: of 1980 to 2099. Other numbers are more likely something else.
const first1980, last2099 = 29_221, 73_050

// parseSerialText reads the time of a serial number in a text, with a decimal point or comma. Text does not tell the date system:
// it is that of 1900, which all but old Macintosh spreadsheets have.
func parseSerialText(text []byte) (micros int64, ok bool) {
	if len(text) < 5 || len(text) > 24 {
		return 0, false
	}
	plain := make([]byte, 0, 24)
	points := 0
	for _, c := range text {
		if c == ',' || c == '.' {
			points++
			c = '.'
		} else if !isDigit(c) {
			return 0, false
		}
		plain = append(plain, c)
	}
	serial, err := strconv.ParseFloat(string(plain), 64)
	if err != nil || points > 1 || serial < first1980 || serial >= last2099+1 {
		return 0, false
	}
	return Dates1900.Micros(serial)
}
