package audience

import (
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/money"
)

// Week is what was sold in the seven days from Start.
type Week struct {
	Start     calendar.Date
	Sales     money.Amount
	Invoices  int
	Customers int // without guests
	First     int // of the customers, whose first purchase in the books it was
}

const weekDays = 7

// Weeks adds up the invoices of customers and of guests (nil for none) by whole weeks of seven days, counted back from asOf. The first
// week begins on the day of the first invoice or later, so that none is cut short; weeks without an invoice are there with zeros.
func Weeks(customers, guests *invoice.Book, asOf calendar.Date) []Week {
	first := asOf
	for _, b := range []*invoice.Book{customers, guests} {
		for c := range peopleOf(b) {
			first = min(first, b.Of(c)[0].Day)
		}
	}
	weeks := make([]Week, int(asOf-first)/weekDays)
	for i := range weeks {
		weeks[i].Start = asOf - calendar.Date(weekDays*(len(weeks)-i))
	}
	at := func(day calendar.Date) int { // −1 for a day in no whole week
		if len(weeks) == 0 || day < weeks[0].Start || day >= asOf {
			return -1
		}
		return int(day-weeks[0].Start) / weekDays
	}
	for _, b := range []*invoice.Book{customers, guests} {
		for c := range peopleOf(b) {
			last := -1
			for k, v := range b.Of(c) {
				w := at(v.Day)
				if w < 0 {
					continue
				}
				weeks[w].Sales += v.Value
				weeks[w].Invoices++
				if b == guests {
					continue
				}
				if w != last {
					weeks[w].Customers++
					last = w
				}
				if k == 0 {
					weeks[w].First++
				}
			}
		}
	}
	return weeks
}

func peopleOf(b *invoice.Book) []string {
	if b == nil {
		return nil
	}
	return b.Customers
}

// What the usual swing rests on.
const (
	swingWeeks = 26
	swingLeast = 8
)

// Swing returns the type-7 quantiles 0.1 and 0.9 of the last 26 values: between them are 8 of 10. NaN of fewer than 8 values.
func Swing(values []float64) (low, high float64) {
	values = slices.Clone(values[max(0, len(values)-swingWeeks):])
	if len(values) < swingLeast {
		return math.NaN(), math.NaN()
	}
	slices.Sort(values)
	return measure.Quantile(values, .1), measure.Quantile(values, .9)
}
