package drift

import (
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// leastClosed is the shortest run of days without a sale that counts as closed: a long weekend is none.
const leastClosed = 5

// Closures knows on which days a shop was closed.
type Closures struct {
	first  calendar.Date // of the first sale; before it nothing is known
	closed []int         // by day from first: closed days before it
}

// FindClosures takes the days with a sale, in any order, and the day after the last that is known. Closed is a day in a run without
// any sale that is at least 5 days long and four times the mean distance between days with sales.
func FindClosures(days []calendar.Date, end calendar.Date) *Closures {
	days = slices.Clone(days)
	slices.Sort(days)
	days = slices.Compact(days)
	for len(days) > 0 && days[len(days)-1] >= end {
		days = days[:len(days)-1]
	}
	if len(days) == 0 {
		return &Closures{}
	}
	c := &Closures{first: days[0], closed: make([]int, end-days[0]+1)}
	least := leastClosed
	if n := len(days); n > 1 {
		least = max(least, 4*int(days[n-1]-days[0])/(n-1))
	}
	for i, d := range days {
		next := end
		if i+1 < len(days) {
			next = days[i+1]
		}
		if run := int(next-d) - 1; run >= least {
			for at := d + 1; at < next; at++ {
				c.closed[at-c.first+1] = 1
			}
		}
	}
	for i := 1; i < len(c.closed); i++ {
		c.closed[i] += c.closed[i-1]
	}
	return c
}

// Between returns the closed days after the day from and before the day to, as far as they are known.
func (c *Closures) Between(from, to calendar.Date) int {
	if len(c.closed) == 0 {
		return 0
	}
	at := func(d calendar.Date) int { return c.closed[min(max(int(d-c.first), 0), len(c.closed)-1)] }
	return max(at(to)-at(from+1), 0)
}
