package demo

import (
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/calendar"
)

// Options of a shop.
type Options struct {
	Seed      uint64
	Customers int           // MinCustomers or more; about 65 lines each over 13 months
	From      calendar.Date // first day
	Days      int           // MinDays or more
	Dirty     int           // broken records in a million; above 0 each way of [Truth.Broken] comes at least once
	Faults    []Fault       // what goes wrong with the data, applied in this order
	Campaign  *Campaign     // nil for none
}

// Limits of a shop that still shows every kind of customer.
const (
	MinCustomers = 30
	MaxCustomers = 20_000_000
	MinDays      = 60
	MaxDays      = 3660
	MaxDirty     = 500_000
)

// Validate returns every problem of the options, joined.
func (o Options) Validate() error {
	var problems []error
	within := func(name string, v, low, high int) {
		if v < low || v > high {
			problems = append(problems, fmt.Errorf("%s: want %d to %d (got %d)", name, low, high, v))
		}
	}
	within("customers", o.Customers, MinCustomers, MaxCustomers)
	within("days", o.Days, MinDays, MaxDays)
	within("dirty", o.Dirty, 0, MaxDirty)
	for i, f := range o.Faults {
		problems = append(problems, o.outside("fault "+f.String(), f.Days))
		for _, g := range o.Faults[:i] {
			if f.meets(g) {
				problems = append(problems, fmt.Errorf("faults %s and %s: one fault comes once a day", g, f))
			}
		}
	}
	if o.Campaign != nil {
		problems = append(problems, o.outside("campaign "+o.Campaign.String(), o.Campaign.Days))
	}
	return errors.Join(problems...)
}

// outside returns an error unless the days are of the shop's time.
func (o Options) outside(what string, d Days) error {
	if last := o.From + calendar.Date(o.Days) - 1; d.First < o.From || d.Last > last || d.Last < d.First {
		return fmt.Errorf("%s: want days from %s to %s", what, o.From, last)
	}
	return nil
}
