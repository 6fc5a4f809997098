package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// The faults that can be planted. Everything else in the file stays as it is without them, to the byte.
const (
	PriceX100    = "price_x100"    // prices have lost their decimal point
	LostCountry  = "lost_country"  // what was sold to a country's customers is missing
	DoubledLines = "doubled_lines" // every line is there twice
	ShiftedClock = "shifted_clock" // time stamps are six hours late, the evening's on the next day
	DeadTill     = "dead_till"     // nothing was recorded
)

// Faults are the names of all faults.
var Faults = []string{PriceX100, LostCountry, DoubledLines, ShiftedClock, DeadTill}

// clockShift is by how many minutes the shifted clock is ahead.
const clockShift = 6 * 60

// DefaultLostCountry is the country that [LostCountry] loses unless another is named: the largest after the home country.
const DefaultLostCountry = "Germany"

// Days are days of the shop, both ends included.
type Days struct {
	First calendar.Date `json:"first"`
	Last  calendar.Date `json:"last"`
}

// Has reports whether the day is one of them.
func (d Days) Has(day calendar.Date) bool { return d.First <= day && day <= d.Last }

// String writes the days as [ParseDays] reads them.
func (d Days) String() string {
	if d.First == d.Last {
		return d.First.String()
	}
	return d.First.String() + ".." + d.Last.String()
}

// ParseDays reads "2025-09-05" or "2025-09-05..2025-09-09".
func ParseDays(s string) (Days, error) {
	first, last, ok := strings.Cut(s, "..")
	if !ok {
		last = first
	}
	var d Days
	var err error
	if d.First, err = calendar.ParseDate(first); err != nil {
		return Days{}, err
	}
	if d.Last, err = calendar.ParseDate(last); err != nil {
		return Days{}, err
	}
	if d.Last < d.First {
		return Days{}, fmt.Errorf("days %q end before they begin", s)
	}
	return d, nil
}

// Fault is something that goes wrong with the data on some days.
type Fault struct {
	Name    string `json:"fault"`             // one of [Faults]
	Country string `json:"country,omitempty"` // of lost_country
	Days
}

// String writes the fault as [ParseFault] reads it.
func (f Fault) String() string {
	name := f.Name
	if f.Country != "" {
		name += ":" + f.Country
	}
	return name + "@" + f.Days.String()
}

// ParseFault reads "price_x100@2025-09-05" or "lost_country:France@2025-09-05..2025-09-09".
func ParseFault(s string) (Fault, error) {
	name, days, ok := strings.Cut(s, "@")
	if !ok {
		return Fault{}, fmt.Errorf("fault %q has no day: write FAULT@DAY or FAULT@FIRST..LAST", s)
	}
	name, where, hasCountry := strings.Cut(name, ":")
	if !slices.Contains(Faults, name) {
		return Fault{}, fmt.Errorf("no fault %q: there are %s", name, strings.Join(Faults, ", "))
	}
	f := Fault{Name: name, Country: where}
	switch {
	case name != LostCountry && hasCountry:
		return Fault{}, fmt.Errorf("fault %s has no country", name)
	case name == LostCountry && !hasCountry:
		f.Country = DefaultLostCountry
	case name == LostCountry && countryNumber(where) < 0:
		return Fault{}, fmt.Errorf("no customer lives in %q: there are %s", where, strings.Join(countryNames(), ", "))
	}
	var err error
	if f.Days, err = ParseDays(days); err != nil {
		return Fault{}, fmt.Errorf("fault %s: %w", name, err)
	}
	return f, nil
}

// ParseFaults reads faults parted by commas; no text is no fault.
func ParseFaults(s string) ([]Fault, error) {
	var faults []Fault
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		f, err := ParseFault(item)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// meets reports whether both are the same fault, and share a day.
func (f Fault) meets(g Fault) bool {
	return f.Name == g.Name && f.Country == g.Country && f.First <= g.Last && g.First <= f.Last
}

// loses reports whether the fault loses what is sold on the day to customers of the country.
func (f Fault) loses(day calendar.Date, country string) bool {
	return f.Has(day) && (f.Name == DeadTill || f.Name == LostCountry && f.Country == country)
}

// PlantedFault is a fault and what it did.
type PlantedFault struct {
	Fault
	Lines  int          `json:"lines"`  // good lines that it took away, added or changed
	Amount money.Amount `json:"amount"` // by which it changed the sum of all amounts
}

// apply does to an invoice what today's faults do, in the order in which they were named: it may change the minute and
// the prices of lines, and says how often each line is to be written.
func (w *writer) apply(in *invoice, lines []line) (times int) {
	times = 1
	for i := range w.truth.Faults {
		f := &w.truth.Faults[i]
		if !f.Has(w.today) || f.Name == LostCountry && f.Country != in.country || times == 0 {
			continue
		}
		sum := 0
		for _, l := range lines {
			sum += l.pence * l.quantity
		}
		switch f.Name {
		case DeadTill, LostCountry:
			f.Amount -= pence(times * sum)
			f.Lines += times * len(lines)
			times = 0
			continue
		case PriceX100:
			for j := range lines {
				lines[j].pence *= 100
			}
			f.Amount += pence(times * 99 * sum)
		case DoubledLines:
			f.Amount += pence(times * sum)
		case ShiftedClock:
			in.minute += clockShift
		}
		f.Lines += times * len(lines)
		if f.Name == DoubledLines {
			times *= 2
		}
	}
	return times
}
