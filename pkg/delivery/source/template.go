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
	return fillIn(template, map[string]time.Time{"as_of": day})
}

// HasDays reports whether a list of sources has a {day}, which [Days] fills in.
func HasDays(list string) bool {
	return strings.Contains(list, "{day}") || strings.Contains(list, "{day:")
}

// maxRange bounds the days of a range: what is more is a mistake of a year.
const maxRange = 20_000

// Days makes of each line with {day} or {day:LAYOUT} one for each day from the first to the last, and fills in {as_of}, as [FillIn]:
//
//	Days("https://shop/{day}.csv", from, to, asOf) = "https://shop/2024-01-01.csv\nhttps://shop/2024-01-02.csv\n…"
//
// Days that give the same text, as those of a month by {day:2006-01}, are one line.
func Days(list string, from, to, asOf time.Time) (string, error) {
	if n := to.Sub(from) / (24 * time.Hour); to.Before(from) || n >= maxRange {
		return "", fmt.Errorf("want 1 to %d days from %s to %s", maxRange, from.Format(time.DateOnly), to.Format(time.DateOnly))
	}
	var all []string
	for line := range strings.SplitSeq(list, "\n") {
		for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
			text, err := fillIn(line, map[string]time.Time{"as_of": asOf, "day": day})
			if err != nil {
				return "", err
			}
			if len(all) == 0 || all[len(all)-1] != text {
				all = append(all, text)
			}
			if !HasDays(line) {
				break
			}
		}
	}
	return strings.Join(all, "\n"), nil
}

// fillIn puts the days in place of their names.
func fillIn(template string, days map[string]time.Time) (string, error) {
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
		day, known := days[name]
		switch {
		case !known && name == "day":
			return "", fmt.Errorf("{day} is each day of a range: it needs --from and --to")
		case !known:
			return "", fmt.Errorf("unknown placeholder {%.40s}; want {as_of} or {as_of:20060102}, or {day} with --from and --to", inside)
		}
		if !has {
			layout = time.DateOnly
		} else if err := checkLayout(name, layout); err != nil {
			return "", err
		}
		b.WriteString(day.Format(layout))
		rest = behind
	}
}

// checkLayout refuses layouts that do not write days, or write more than days.
func checkLayout(name, layout string) error {
	day := time.Date(2011, time.December, 9, 0, 0, 0, 0, time.UTC)
	switch written := day.Format(layout); {
	case written == day.AddDate(-8, -3, -6).Format(layout):
		return fmt.Errorf("{%s:%.40s} gives the same text for every day; 2006 is the year, 01 the month, 02 the day", name, layout)
	case written != day.Add(13*time.Hour+22*time.Minute+33*time.Second+44*time.Microsecond).Format(layout),
		written != day.In(time.FixedZone("X", 3600)).Format(layout):
		return fmt.Errorf("{%s:%.40s} has a time of day; want a day", name, layout)
	}
	return nil
}
