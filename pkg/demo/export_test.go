package demo

import (
	"time"

	"github.com/clientele/clientele/pkg/calendar"
)

// DayMonth returns the month of a day.
func DayMonth(d calendar.Date) time.Month { return dayOf(d, 0).Month() }

// Sizes are how much customers of one kind buy, in percent, by the sum of two dice from 0 to 5.
var Sizes = sizes[:]

// SurelyUntil returns up to which day of so many a customer of the kind surely comes.
func SurelyUntil(name string, days int) int {
	for _, k := range kinds {
		if k.name == name {
			return k.last[0] * days / 100
		}
	}
	panic("no kind " + name)
}
