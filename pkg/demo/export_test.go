package demo

import (
	"time"

	"github.com/clientele/clientele/pkg/retail"
)

// DayMonth returns the month of a day.
func DayMonth(d retail.Date) time.Month { return dayOf(d, 0).Month() }
