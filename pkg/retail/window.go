package retail

import (
	"fmt"
	"math"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
)

// Window is the span of days that a run looks at: [AsOf − Days, AsOf), by each line's own local time.
// Days 0 stands for everything before AsOf.
type Window struct {
	AsOf calendar.Date
	Days int
}

// maxWindow keeps AsOf − Days inside a [calendar.Date].
const maxWindow = 1_000_000

// ParseWindow reads the length of a window: a whole number of days above 0, or "all".
func ParseWindow(asOf calendar.Date, s string) (Window, error) {
	if s == "all" {
		return Window{AsOf: asOf}, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxWindow {
		return Window{}, fmt.Errorf("want a number of days from 1 to %d, or all", maxWindow)
	}
	return Window{AsOf: asOf, Days: n}, nil
}

// Start returns the first day of the window; of `all` a day before every other.
func (w Window) Start() calendar.Date {
	if w.Days == 0 {
		return math.MinInt32
	}
	return w.AsOf - calendar.Date(w.Days)
}

// Contains reports whether the day lies in the window.
func (w Window) Contains(d calendar.Date) bool { return d >= w.Start() && d < w.AsOf }

// Length writes the number of days as [ParseWindow] reads it.
func (w Window) Length() string {
	if w.Days == 0 {
		return "all"
	}
	return strconv.Itoa(w.Days)
}
