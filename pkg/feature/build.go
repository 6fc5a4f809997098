package feature

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// blockDays is the length of a block of the monthly features.
const blockDays = 30

// Build makes the customers of a window out of what the rules have kept of the lines of some customers. All kept lines must lie in
// the window. A sale line is a kept line that is no return; a customer without one has no row.
//
// An invoice's time is the earliest of its kept sale lines, for every feature. It takes O(n log m) for n lines of at most
// m a customer.
func Build(kept *retail.Kept, window retail.Window) *Table { return new(Builder).Build(kept, window) }

// Build is the function [Build], for one goroutine.
func (b *Builder) Build(kept *retail.Kept, window retail.Window) *Table {
	b.with = b.with[:0]
	for at := range kept.Len() {
		if kept.Customer(at) != 0 && kept.NumSales(at) > 0 { // 0 is the guest
			b.with = append(b.with, at)
		}
	}
	b.kept, b.table, b.asOf, b.blocks = kept, newTable(len(b.with)), window.AsOf, window.Days/blockDays
	if window.Days == 0 {
		b.blocks = math.MaxInt
	}
	for row, at := range b.with {
		b.customer(at, row)
	}
	return b.table
}

// Builder builds the customers of one partition after the other, one customer after the other; its slices are reused.
type Builder struct {
	kept   *retail.Kept
	table  *Table
	asOf   calendar.Date
	blocks int // full blocks in the window

	with                       []int // places of customers with a sale line
	invoices, codes, countries slots

	purchases  []purchase // by invoice, in the order of time
	products   []product  // by code
	revenue    []int64    // by country
	countryIDs []uint32
	quantities []int64 // money.Quantity
	block      []int64 // spend by block, the last first
}

// purchase is one invoice of the customer.
type purchase struct {
	date   calendar.Date
	time   int64 // of its earliest line
	amount int64
}

// product is one code that the customer has bought.
type product struct {
	date  calendar.Date // of one purchase
	again bool          // bought on another date too
}

func (b *Builder) customer(at, row int) {
	t := b.table
	t.Customer[row] = b.kept.Customers.String(b.kept.Customer(at))
	b.gather(b.kept.Rows(at), row)

	frequency := float64(len(b.purchases))
	t.Frequency[row] = int64(len(b.purchases))
	t.Products[row] = int64(len(b.products))
	t.AverageInvoice[row] = inMoney(t.Monetary[row]) / frequency
	t.LinesPerInvoice[row] = float64(t.Lines[row]) / frequency
	t.Recency[row] = int64(b.asOf - b.purchases[len(b.purchases)-1].date)
	t.Tenure[row] = int64(b.asOf - b.purchases[0].date)
	t.GapMean[row], t.GapSD[row] = gaps(b.purchases)
	t.MonthlyMean[row], t.MonthlySD[row], t.MonthlySlope[row] = b.monthly()
	t.WeekendShare[row], t.OfficeShare[row] = hours(b.purchases)
	t.Country[row] = b.country()
	t.MedianUnits[row] = median(b.quantities) / money.QuantityScale
	again := 0
	for _, p := range b.products {
		if p.again {
			again++
		}
	}
	t.ReboughtShare[row] = float64(again) / float64(len(b.products))

	returns := b.kept.Returns(at)
	t.ReturnValueRate[row] = rate(int64(returns.Value), t.Monetary[row])
	t.ReturnCountRate[row] = rate(returns.Invoices, t.Frequency[row])
}

// gather goes through a customer's sale lines once, in the order of time: so an invoice is first seen at its earliest line.
func (b *Builder) gather(rows []retail.Row, row int) {
	t := b.table
	b.invoices.reset(len(rows))
	b.codes.reset(len(rows))
	b.countries.reset(len(rows))
	b.purchases, b.products, b.quantities = b.purchases[:0], b.products[:0], b.quantities[:0]
	b.revenue, b.countryIDs = b.revenue[:0], b.countryIDs[:0]
	for i := range rows {
		r := &rows[i]
		if r.Return {
			continue
		}
		amount := int64(r.Amount)
		at, first := b.invoices.slot(r.InvoiceKey)
		if first {
			b.purchases = append(b.purchases, purchase{date: calendar.DateOf(r.Time), time: r.Time})
		}
		p := &b.purchases[at]
		p.amount += amount

		at, first = b.codes.slot(r.CodeKey)
		if first {
			b.products = append(b.products, product{date: p.date})
		} else if b.products[at].date != p.date {
			b.products[at].again = true
		}
		at, first = b.countries.slot(r.Country)
		if first {
			b.revenue, b.countryIDs = append(b.revenue, 0), append(b.countryIDs, r.Country)
		}
		b.revenue[at] += amount
		b.quantities = append(b.quantities, int64(r.Quantity))
		t.Units[row] += int64(r.Quantity)
		t.Monetary[row] += amount
	}
	t.Lines[row] = int64(len(b.quantities))
}

// country returns where most revenue comes from; of equal ones the first in byte order, which is the order of ids.
func (b *Builder) country() string {
	best := 0
	for i, v := range b.revenue {
		if v > b.revenue[best] || v == b.revenue[best] && b.countryIDs[i] < b.countryIDs[best] {
			best = i
		}
	}
	return b.kept.Countries.String(b.countryIDs[best])
}

// monthly returns mean, sample deviation and slope of the spend in blocks of 30 days that end at the as-of, from the
// block of the first purchase, or from the oldest full block where she was a customer before it.
func (b *Builder) monthly() (mean, sd, slope float64) {
	blockOf := func(d calendar.Date) int { return int(b.asOf-1-d) / blockDays }
	n := min(blockOf(b.purchases[0].date)+1, b.blocks)
	b.block = slices.Grow(b.block[:0], n)[:n]
	clear(b.block)
	var total int64
	for _, p := range b.purchases {
		if i := blockOf(p.date); i < n {
			b.block[i] += p.amount
			total += p.amount
		}
	}
	if n == 0 {
		return 0, math.NaN(), math.NaN()
	}
	mean = float64(total) / float64(n)
	if n == 1 {
		return mean / money.Scale, math.NaN(), math.NaN()
	}
	// With x = 0 … n−1 forward in time, Σ(x−x̄)² = n(n²−1)/12, and 2(x−x̄) is whole.
	var squares, moment float64
	for i := range n {
		v := float64(b.block[n-1-i])
		squares += float64((v - mean) * (v - mean))
		moment += float64(float64(2*i-(n-1)) * v)
	}
	sd = math.Sqrt(squares/float64(n-1)) / money.Scale
	slope = 6 * moment / (float64(n) * float64(n-1) * float64(n+1)) / money.Scale
	return mean / money.Scale, sd, slope
}

// gaps returns mean and sample deviation of the days between successive distinct dates of purchases, which are in order.
func gaps(purchases []purchase) (mean, sd float64) {
	var n, squares int64
	first, last := purchases[0].date, purchases[0].date
	for _, p := range purchases {
		if p.date != last {
			gap := int64(p.date - last)
			squares += gap * gap
			n++
			last = p.date
		}
	}
	mean, sd = math.NaN(), math.NaN()
	sum := int64(last - first)
	if n >= 1 {
		mean = float64(sum) / float64(n)
	}
	if n >= 2 {
		// Σ(g−ḡ)² = (nΣg² − (Σg)²)/n, in whole numbers.
		sd = math.Sqrt(float64(n*squares-sum*sum) / float64(n) / float64(n-1))
	}
	return mean, sd
}

// Office hours are from 09:00 to before 17:00, Monday to Friday.
const (
	officeOpens  = 9 * int64(time.Hour/time.Microsecond)
	officeCloses = 17 * int64(time.Hour/time.Microsecond)
)

// hours returns the shares of purchases at weekends and in office hours.
func hours(purchases []purchase) (weekend, office float64) {
	var w, o int
	for _, p := range purchases {
		switch p.date.Weekday() {
		case time.Saturday, time.Sunday:
			w++
		default:
			if at := p.time - p.date.Start(); at >= officeOpens && at < officeCloses {
				o++
			}
		}
	}
	return float64(w) / float64(len(purchases)), float64(o) / float64(len(purchases))
}

// median changes the order of v, which is not empty.
func median(v []int64) float64 {
	n := len(v)
	upper := nth(v, n/2)
	if n%2 == 0 {
		return float64(slices.Max(v[:n/2])+upper) / 2
	}
	return float64(upper)
}

// nth returns the value that is at place n where v is sorted, and leaves it there, with none above it before (Hoare, Algorithm 65, 1961). It
// sorts what is left where its pivots were poor.
func nth(v []int64, n int) int64 {
	low, high := 0, len(v)-1
	for range 2 * bits.Len(uint(len(v))) {
		if low >= high {
			return v[n]
		}
		pivot := v[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j
		case n >= i:
			low = i
		default:
			return v[n]
		}
	}
	slices.Sort(v[low : high+1])
	return v[n]
}

// rate returns part / (part + rest), and 0 where there is no part. It stays within 0..1 whatever switched-off rules let
// through: amounts below zero are no part, and no rest.
func rate(part, rest int64) float64 {
	if part <= 0 {
		return 0
	}
	return float64(part) / (float64(part) + float64(max(rest, 0)))
}

func inMoney(m int64) float64 { return money.Amount(m).Float() }
