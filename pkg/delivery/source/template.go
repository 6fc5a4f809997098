package source

import (
	"fmt"
	"strings"
	"time"
)

// FillIn puts a day in place of each {as_of}, written YYYY-MM-DD, and {as_of:LAYOUT}, written by a layout of Go's:
//
//	FillIn("gs://shop/sales-{as_of}.csv", day)          = "gs://shop/sales-2011-12-10.csv"
//	FillIn("/in/{as_of:2006/01}/{as_of:20060102}", day) = "/in/2011/12/20111210"
//
// Anything else in braces is an error that names it. The time of day is of no account.
func FillIn(template string, day time.Time) (string, error) {
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return "", fmt.Errorf("} without its {; want {as_of} or {as_of:20060102}")
		}
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		inside, behind, closed := strings.Cut(after, "}")
		if !closed {
			return "", fmt.Errorf("{ without its }; want {as_of} or {as_of:20060102}")
		}
		name, layout, has := strings.Cut(inside, ":")
		if name != "as_of" {
			return "", fmt.Errorf("unknown placeholder {%.40s}; want {as_of} or {as_of:20060102}", inside)
		}
		if !has {
			layout = time.DateOnly
		} else if err := checkLayout(layout); err != nil {
			return "", err
		}
		b.WriteString(day.Format(layout))
		rest = behind
	}
}

// checkLayout refuses layouts that do not write days, or write more than days.
func checkLayout(layout string) error {
	day := time.Date(2011, time.December, 9, 0, 0, 0, 0, time.UTC)
	switch written := day.Format(layout); {
	case written == day.AddDate(-8, -3, -6).Format(layout):
		return fmt.Errorf("{as_of:%.40s} gives the same text for every day; 2006 is the year, 01 the month, 02 the day", layout)
	case written != day.Add(13*time.Hour+22*time.Minute+33*time.Second+44*time.Microsecond).Format(layout),
		written != day.In(time.FixedZone("X", 3600)).Format(layout):
		return fmt.Errorf("{as_of:%.40s} has a time of day; an as-of is a day", layout)
	}
	return nil
}
