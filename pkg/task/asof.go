package task

import (
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/fault"
)

// CheckAsOf refuses, with exit code 64, an as-of that is after today in the zone and after the day that follows the last line:
// it is mistyped, and if its model were promoted, every run until that day would count as an older one. last is the day of that
// line, 0 if it is not known; without a zone, today is the latest day that it is anywhere.
func (c Common) CheckAsOf(d Deps, zone string, last calendar.Date) error {
	today, asOf := d.Today(zone), c.Run().AsOf
	if c.AllowFutureAsOf || asOf <= max(today, last+1) {
		return nil
	}
	known := ""
	if last > 0 {
		known = ", and the last line is of " + last.String()
	}
	return fault.Errorf(fault.ExitUsage, "as_of", "", "--as-of: %s is in the future: today is %s%s; correct it, or allow it with --allow-future-as-of",
		asOf, today, known)
}
