package demo

import (
	"sort"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
)

// weekdays and months say how busy a day is, in percent of an ordinary one.
var (
	weekdays = [7]int{time.Sunday: 70, time.Monday: 110, time.Tuesday: 125, time.Wednesday: 120, time.Thursday: 125, time.Friday: 105, time.Saturday: 30}
	months   = [13]int{time.January: 80, time.February: 82, time.March: 92, time.April: 90, time.May: 98, time.June: 95,
		time.July: 92, time.August: 90, time.September: 110, time.October: 125, time.November: 145, time.December: 120}
)

// calendar is a clock that runs fast on busy days: a gap between visits is drawn on this clock, and seasons and weekdays
// follow from it.
type tradingDays struct {
	busy  []int // day → how busy, in percent; 0 where the shop is closed
	clock []int // day → Σ busy of the days before it; one more entry than days
}

func newCalendar(from calendar.Date, days int) tradingDays {
	c := tradingDays{busy: make([]int, days), clock: make([]int, days+1)}
	for day := range days {
		date := from + calendar.Date(day)
		t := dayOf(from, day)
		c.busy[day] = weekdays[date.Weekday()] * months[t.Month()] / 100
		if md := t.Format("01-02"); md == "12-25" || md == "12-26" || md == "01-01" {
			c.busy[day] = 0
		}
		c.clock[day+1] = c.clock[day] + c.busy[day]
	}
	return c
}

// dayOf returns the day that is days after from.
func dayOf(from calendar.Date, days int) time.Time {
	return time.Unix((int64(from)+int64(days))*24*60*60, 0).UTC()
}

// after returns the day on which the clock has run on by ticks (100 on an ordinary day) since the end of day: a later day
// on which the shop is open, or the number of days if there is none.
func (c *tradingDays) after(day, ticks int) int {
	want := c.clock[day+1] + ticks
	// The first day at whose end the clock shows more than want.
	return day + 1 + sort.Search(len(c.busy)-day-1, func(i int) bool { return c.clock[day+2+i] > want })
}

// at returns the open day on which part/whole of the clock's time has passed.
func (c *tradingDays) at(part, whole int) int {
	want := min(c.clock[len(c.busy)]*part/whole, c.clock[len(c.busy)]-1)
	return sort.Search(len(c.busy)-1, func(day int) bool { return c.clock[day+1] > want })
}

// truth describes the calendar, whose first day is from.
func (c *tradingDays) truth(from calendar.Date) Calendar {
	t := Calendar{Months: map[string]int{}, Weekdays: map[string]int{}, Closed: []calendar.Date{}}
	for m := time.January; m <= time.December; m++ {
		t.Months[m.String()] = months[m]
	}
	for d, busy := range weekdays {
		t.Weekdays[time.Weekday(d).String()] = busy
	}
	for day, busy := range c.busy {
		if busy == 0 {
			t.Closed = append(t.Closed, from+calendar.Date(day))
		}
	}
	return t
}
