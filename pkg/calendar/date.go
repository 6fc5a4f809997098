// Package calendar holds the calendar day of a shop.
package calendar

import (
	"fmt"
	"time"
)

// Date is a calendar day in the shop's zone, counted in days since 1970-01-01.
type Date int32

// DayMicros is the length of a day in the unit of time stamps.
const DayMicros = 24 * 60 * 60 * 1_000_000

// DateOf returns the day of a local time stamp in microseconds since 1970-01-01T00:00.
func DateOf(micros int64) Date {
	d := micros / DayMicros
	if micros%DayMicros < 0 {
		d--
	}
	return Date(d)
}

// ParseDate reads a day written as 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("parse date %q: want a calendar day written YYYY-MM-DD", s)
	}
	return Date(t.Unix() / (24 * 60 * 60)), nil
}

// Start returns the first time stamp of the day, in microseconds since 1970-01-01T00:00.
func (d Date) Start() int64 { return int64(d) * DayMicros }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// Monday returns the Monday of the day's calendar week, which begins on a Monday (ISO 8601).
func (d Date) Monday() Date { return d - Date((d.Weekday()+6)%7) }

// Year returns the calendar year that the day is in.
func (d Date) Year() int { return time.Unix(int64(d)*24*60*60, 0).UTC().Year() }

// String writes the day as 2006-01-02.
func (d Date) String() string {
	return time.Unix(int64(d)*24*60*60, 0).UTC().Format(time.DateOnly)
}

// MarshalText writes the day as 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day written as 2006-01-02.
func (d *Date) UnmarshalText(text []byte) error {
	v, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
