package drift

import (
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Day is what was sold on one day with sales.
type Day struct {
	Day calendar.Date

	Lines, Invoices, Guests, Returns int64 // lines, distinct invoices, invoices without a customer, lines below zero
	Repeated                         int64 // lines that repeat another of the same day in every field
	NoCountry                        int64 // lines without a country
	PriceIndex                       float64
	PricedCodes                      int64            // codes that the index rests on
	Hours                            [24]int64        // invoices by the hour of their first line
	Countries                        map[string]int64 // invoices
}

// Check is a finding about the lines.
type Check struct {
	Name     string // the code to accept it by
	Column   string
	Day      calendar.Date // the first
	Last     calendar.Date
	Days     int   // with sales, or with rejected records
	Lines    int64 // on these days
	Act      Act   // fix_data
	Accepted bool
	Why      string // one sentence
}

// Names of checks.
const (
	CheckPrice    = "price_level"
	CheckCountry  = "lost_country"
	CheckDoubled  = "doubled_day"
	CheckClock    = "shifted_clock"
	CheckHours    = "dead_hours"
	CheckCustomer = "lost_customers"
	CheckMissing  = "missing_country"
	CheckRejected = "rejected_records"
)

// CheckNames are all checks, in the order in which they are made.
var CheckNames = []string{CheckPrice, CheckDoubled, CheckClock, CheckHours, CheckCountry, CheckMissing, CheckCustomer, CheckRejected}

// The limits of the checks. They are wide: what they find is broken and no fashion.
const (
	priceFactor   = 5    // of a day's price index, up or down
	priceCodes    = 5    // that it must rest on
	repeatedShare = 0.3  // of a day's lines, where one line in twenty at most is usual
	usualRepeated = 0.05 // as a share
	doubledLines  = 20   // on the day
	clockInvoices = 20   // on the day
	clockGain     = 0.5  // log-likelihood an invoice that another clock must gain
	deadExpected  = 30   // invoices that were to be expected in an hour, or from a country, of which there is none
	deadDays      = 3
	deadADay      = 2   // on a day: what is rare is not missed
	missingShare  = 0.5 // of a day's lines without a country, where few were
	guestShare    = 0.9 // of a day's invoices without a customer, where less than half were
	leastDays     = 14  // with sales, to compare with
	leastInvoices = 200

	rejectedShare   = 0.1 // of the records of a day, or of a delivery
	rejectedTimes   = 10  // the usual share
	rejectedRecords = 20
	leastRecords    = 200 // to compare with
)

// CheckLines looks for days of the last window that are broken, by what the window before was like. Both are in the order of days, one
// entry a day with sales. Without enough before it only looks for what shows by itself: repeated lines.
func CheckLines(before, now []Day) []Check {
	var out []Check
	usual := usualOf(before)
	out = append(out, runs(now, CheckDoubled, "invoice", "%d of %d lines repeat another line of the day", func(d *Day) (int64, int64, bool) {
		return d.Repeated, d.Lines, d.Lines >= doubledLines && float64(d.Repeated) >= repeatedShare*float64(d.Lines) &&
			usual.repeated <= usualRepeated
	})...)
	if usual.days < leastDays || usual.invoices < leastInvoices {
		return out
	}
	out = append(prices(now), out...)
	clock, shifted := usual.clocks(now)
	out = append(out, clock...)
	out = append(out, usual.hours(now, shifted)...)
	out = append(out, usual.countries(now)...)
	out = append(out, runs(now, CheckMissing, "country", "%d of %d lines have no country", func(d *Day) (int64, int64, bool) {
		return d.NoCountry, d.Lines, d.Lines >= doubledLines && float64(d.NoCountry) >= missingShare*float64(d.Lines) && usual.noCountry <= missingShare/10
	})...)
	out = append(out, runs(now, CheckCustomer, "customer", "%d of %d invoices have no customer", func(d *Day) (int64, int64, bool) {
		return d.Guests, d.Invoices, d.Invoices >= clockInvoices && float64(d.Guests) >= guestShare*float64(d.Invoices) && usual.guests < 0.5
	})...)
	return out
}

// usual is what the window before was like.
type usual struct {
	days                        int
	invoices                    int64
	repeated, noCountry, guests float64 // shares
	hour                        [24]float64
	country                     map[string]float64
	names                       []string // of countries, sorted
}

func usualOf(before []Day) usual {
	u := usual{days: len(before), country: map[string]float64{}}
	var lines, repeated, none, guests int64
	for _, d := range before {
		u.invoices += d.Invoices
		lines, repeated, none, guests = lines+d.Lines, repeated+d.Repeated, none+d.NoCountry, guests+d.Guests
		for h, n := range d.Hours {
			u.hour[h] += float64(n)
		}
		for c, n := range d.Countries {
			u.country[c] += float64(n)
		}
	}
	if lines > 0 {
		u.repeated, u.noCountry = float64(repeated)/float64(lines), float64(none)/float64(lines)
	}
	if u.invoices > 0 {
		u.guests = float64(guests) / float64(u.invoices)
		for h := range u.hour {
			u.hour[h] /= float64(u.invoices)
		}
		for c := range u.country {
			u.country[c] /= float64(u.invoices)
			u.names = append(u.names, c)
		}
	}
	slices.Sort(u.names)
	return u
}

// runs returns a check for every run of successive days with sales that are broken.
func runs(now []Day, name, column, what string, broken func(*Day) (part, of int64, is bool)) []Check {
	var out []Check
	last := -2
	for i := range now {
		part, of, is := broken(&now[i])
		if !is {
			continue
		}
		if last == i-1 && len(out) > 0 {
			c := &out[len(out)-1]
			c.Days++
			c.Last, c.Lines = now[i].Day, c.Lines+now[i].Lines
		} else {
			out = append(out, Check{
				Name: name, Column: column, Day: now[i].Day, Last: now[i].Day, Days: 1, Lines: now[i].Lines, Act: ActFixData, Why: fmt.Sprintf("%s of %s: "+what, column, now[i].Day, part, of),
			})
		}
		last = i
	}
	return out
}

func prices(now []Day) []Check {
	out := runs(now, CheckPrice, "price", "%d of %d codes", func(d *Day) (int64, int64, bool) {
		return d.PricedCodes, d.PricedCodes, OtherUnit(d.PriceIndex, d.PricedCodes)
	})
	for i := range out {
		at := slices.IndexFunc(now, func(d Day) bool { return d.Day == out[i].Day })
		out[i].Why = fmt.Sprintf("price of %s: %.3g times the prices of the window before, by a Fisher index over %d products", out[i].Day, now[at].PriceIndex, now[at].PricedCodes)
	}
	return out
}

// clocks finds days whose invoices fit the usual hours much better by another clock, and as well as days usually do.
func (u *usual) clocks(now []Day) (out []Check, shifted map[calendar.Date]bool) {
	shifted = map[calendar.Date]bool{}
	var log [24]float64
	typical := 0.0
	for h, s := range u.hour {
		log[h] = math.Log((s*float64(u.invoices) + 0.5) / (float64(u.invoices) + 12))
		typical += float64(s * log[h])
	}
	lags := map[calendar.Date]int{}
	for i := range now {
		d := &now[i]
		n := float64(d.Invoices)
		if d.Invoices < clockInvoices {
			continue
		}
		fit := func(lag int) float64 {
			sum := 0.0
			for h, c := range d.Hours {
				sum += float64(float64(c) * log[((h-lag)%24+24)%24])
			}
			return sum / n
		}
		asIs, best, lag := fit(0), math.Inf(-1), 0
		for l := -12; l <= 12; l++ {
			if v := fit(l); l != 0 && v > best {
				best, lag = v, l
			}
		}
		if best-asIs >= clockGain && best >= typical-clockGain {
			shifted[d.Day], lags[d.Day] = true, lag
		}
	}
	out = runs(now, CheckClock, "time", "%d of %d invoices", func(d *Day) (int64, int64, bool) { return d.Invoices, d.Invoices, shifted[d.Day] })
	for i := range out {
		out[i].Why = fmt.Sprintf("time of %s: the clock is %+d hours off the usual ones", out[i].Day, lags[out[i].Day])
	}
	return out, shifted
}

// hours finds hours of the day in which invoices stopped: none on successive days, where at least 30 were to be expected.
func (u *usual) hours(now []Day, shifted map[calendar.Date]bool) []Check {
	var out []Check
	for h := range u.hour {
		r := u.longest(now, u.hour[h], func(d *Day) bool { return d.Hours[h] == 0 && !shifted[d.Day] })
		if r == nil {
			continue
		}
		// Hours that stopped on the same day are one finding.
		if n := len(out); n > 0 && out[n-1].Day == r.Day {
			out[n-1].Why += fmt.Sprintf(", nor from %02d:00", h)
			continue
		}
		r.Name, r.Column = CheckHours, "time"
		r.Why = fmt.Sprintf("time of %s: for %d days with sales no invoice from %02d:00 to %02d:59", r.Day, r.Days, h, h) + r.Why
		out = append(out, *r)
	}
	return out
}

// countries finds countries that stopped and have not come back.
func (u *usual) countries(now []Day) []Check {
	var out []Check
	for _, c := range u.names {
		r := u.longest(now, u.country[c], func(d *Day) bool { return d.Countries[c] == 0 })
		if c == "" || r == nil || r.Last != now[len(now)-1].Day {
			continue
		}
		r.Name, r.Column = CheckCountry, "country"
		r.Why = fmt.Sprintf("country of %s: for %d days with sales none from %s", r.Day, r.Days, c) + r.Why
		out = append(out, *r)
	}
	return out
}

// longest returns the run of days without any of a share of the invoices in which most were to be expected, nil if that is too few.
func (u *usual) longest(now []Day, share float64, none func(*Day) bool) *Check {
	var best, run Check
	most, expected := 0.0, 0.0
	for i := range now {
		d := &now[i]
		if !none(d) {
			run, expected = Check{}, 0
			continue
		}
		if run.Days == 0 {
			run.Day = d.Day
		}
		run.Days++
		run.Last, run.Lines = d.Day, run.Lines+d.Lines
		if expected += float64(share * float64(d.Invoices)); expected > most {
			best, most = run, expected
		}
	}
	// What has not been there since the window began is another way of trading, and none that broke.
	if most < deadExpected || best.Days < deadDays || most < deadADay*float64(best.Days) || best.Day == now[0].Day {
		return nil
	}
	best.Act, best.Why = ActFixData, fmt.Sprintf(", where about %.0f were to be expected", most)
	return &best
}

// Rejected is how many records of a day were rejected, or of a delivery those whose day cannot be read.
type Rejected struct {
	Day         calendar.Date // of a delivery: the last that it has lines of
	Delivery    string        // "" for the records of a day
	Records, Of int64         // rejected, and all
}

// CheckRejections looks for days and deliveries of the last window of which far more records were rejected than in the window before. Both
// are in the order of days.
func CheckRejections(before, now []Rejected) []Check {
	var part, all [2]int64 // of days, and of deliveries
	days := 0
	kind := func(r Rejected) int { return min(len(r.Delivery), 1) }
	for _, r := range before {
		part[kind(r)] += r.Records
		all[kind(r)] += r.Of
		days += 1 - kind(r)
	}
	var out []Check
	last := -2 // day that was broken, by its place among the days
	at := -1
	for _, r := range now {
		k := kind(r)
		at += 1 - k
		if all[k] < leastRecords || k == 0 && days < leastDays || r.Records < rejectedRecords {
			continue
		}
		usual, share := float64(part[k])/float64(all[k]), float64(r.Records)/float64(r.Of)
		if share < rejectedShare || share < rejectedTimes*usual {
			continue
		}
		c := Check{Name: CheckRejected, Column: "record", Day: r.Day, Last: r.Day, Days: 1, Lines: r.Of - r.Records, Act: ActFixData}
		what := fmt.Sprintf("%d of %d records were rejected", r.Records, r.Of)
		if k == 1 {
			c.Column, what = "time", fmt.Sprintf("%d of %d records of delivery %.12s have no time that can be read", r.Records, r.Of, r.Delivery)
		}
		c.Why = fmt.Sprintf("%s of %s: %s, where %.2g %% are usual", c.Column, r.Day, what, 100*usual)
		if prev := len(out) - 1; k == 0 && last == at-1 && prev >= 0 && out[prev].Column == c.Column {
			out[prev].Days++
			out[prev].Last, out[prev].Lines = r.Day, out[prev].Lines+c.Lines
		} else {
			out = append(out, c)
		}
		if k == 0 {
			last = at
		}
	}
	return out
}

// OtherUnit reports whether a day's price index over so many codes says that its prices are in another unit.
func OtherUnit(index float64, codes int64) bool {
	return codes >= priceCodes && (index >= priceFactor || index <= 1.0/priceFactor)
}

// Sold is what one product sold: its price is Money / Quantity.
type Sold struct{ Quantity, Money float64 }

// Fisher returns the price index of I. Fisher (The Making of Index Numbers, 1922) from the one window to the other, the geometric mean of
// Laspeyres' and Paasche's over the products that sold in both, and their number. NaN without one. before and now are one product a
// place, in any order that is always the same.
func Fisher(before, now []Sold) (index float64, n int) {
	var base, dear, cheap, bought float64
	for i, a := range before {
		b := now[i]
		if !(a.Quantity > 0 && a.Money > 0 && b.Quantity > 0 && b.Money > 0) {
			continue
		}
		n++
		base += a.Money
		dear += float64(b.Money / b.Quantity * a.Quantity)
		cheap += float64(a.Money / a.Quantity * b.Quantity)
		bought += b.Money
	}
	if n == 0 {
		return math.NaN(), 0
	}
	return math.Sqrt(dear / base * (bought / cheap)), n
}
