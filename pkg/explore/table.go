package explore

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Bin counts values in [Low, High).
type Bin struct {
	Low, High float64
	Count     int64
	Amount    int64 // of the lines or invoices, ten-thousandths
}

// binSteps are how fine the logarithmic bins are: bounds at 1, 2, 5, 10, 20, …
var binSteps = []float64{1, 2, 5}

// Distributions are those of the quantities and prices of lines and of the values of invoices, in logarithmic bins.
type Distributions struct{ Quantity, Price, Invoice []Bin }

// Distributions counts lines and invoices by size.
func (s *Shop) Distributions() Distributions {
	var quantity, price, invoice binner
	for i := range s.Lines {
		l := &s.Lines[i]
		quantity.add(float64(l.Quantity)/unit, l.Amount)
		price.add(float64(l.Price)/1e6, l.Amount)
	}
	for i := range s.Invoices {
		invoice.add(float64(s.Invoices[i].Amount)/1e4, s.Invoices[i].Amount)
	}
	return Distributions{quantity.bins(), price.bins(), invoice.bins()}
}

// binner counts values by the number of their bin: three to a decade.
type binner map[int]Bin

func (b *binner) add(v float64, amount int64) {
	if !(v > 0) {
		return
	}
	if *b == nil {
		*b = binner{}
	}
	n := int(math.Floor(math.Log10(v))) * len(binSteps)
	for v < lowest(n) {
		n--
	}
	for v >= lowest(n+1) {
		n++
	}
	bin := (*b)[n]
	(*b)[n] = Bin{lowest(n), lowest(n + 1), bin.Count + 1, bin.Amount + amount}
}

// lowest is the lower bound of a bin.
func lowest(n int) float64 {
	decade := int(math.Floor(float64(n) / float64(len(binSteps))))
	step := binSteps[n-decade*len(binSteps)]
	if decade < 0 {
		return step / math.Pow10(-decade)
	}
	return step * math.Pow10(decade)
}

// bins are all from the first to the last, empty ones too.
func (b binner) bins() []Bin {
	if len(b) == 0 {
		return nil
	}
	first, last := math.MaxInt, math.MinInt
	for n := range b {
		first, last = min(first, n), max(last, n)
	}
	var all []Bin
	for n := first; n <= last; n++ {
		bin := b[n]
		bin.Low, bin.High = lowest(n), lowest(n+1)
		all = append(all, bin)
	}
	return all
}

// Slot is what was bought in one hour of one weekday of one month.
type Slot struct {
	Month    string
	Weekday  int // 1 Monday … 7 Sunday
	Hour     int
	Invoices int64
	Amount   int64
}

// Slots counts invoices by month, weekday and hour, in that order. Hours without an invoice have no row.
func (s *Shop) Slots() []Slot {
	type key struct{ month, weekday, hour int }
	at := map[key]Slot{}
	for i := range s.Invoices {
		inv := &s.Invoices[i]
		k := key{monthNumber(inv.Day), (int(inv.Day.Weekday())+6)%7 + 1, int((inv.Time - inv.Day.Start()) / (calendar.DayMicros / 24))}
		slot := at[k]
		at[k] = Slot{monthName(k.month), k.weekday, k.hour, slot.Invoices + 1, slot.Amount + inv.Amount}
	}
	all := make([]Slot, 0, len(at))
	for _, slot := range at {
		all = append(all, slot)
	}
	slices.SortFunc(all, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Weekday, b.Weekday), cmp.Compare(a.Hour, b.Hour))
	})
	return all
}

// Concentration is what the customers of most revenue have of it.
type Concentration struct {
	Share     float64 // of the customers
	Customers int64   // that are, rounded up
	Amount    int64
}

// Concentration sums the revenue of the best 1, 5, 10, 20 and 50 % of customers.
func (s *Shop) Concentration() []Concentration {
	spent := make([]int64, len(s.Customers))
	for i := range s.Invoices {
		spent[s.Invoices[i].Customer] += s.Invoices[i].Amount
	}
	slices.SortFunc(spent, func(a, b int64) int { return cmp.Compare(b, a) })
	var all []Concentration
	for _, percent := range []int{1, 5, 10, 20, 50} {
		c := Concentration{Share: float64(percent) / 100, Customers: int64((len(spent)*percent + 99) / 100)}
		for _, amount := range spent[:c.Customers] {
			c.Amount += amount
		}
		all = append(all, c)
	}
	return all
}

// Rank is a product or country by its revenue.
type Rank struct {
	ID                         int32
	Customers, Invoices, Lines int64
	Amount                     int64
}

// TopCodes are the products of most revenue, and TopCountries the countries of their lines; equal ones in byte order.
func (s *Shop) TopCodes(n int) []Rank {
	return s.top(n, len(s.Codes), func(l *Line) int32 { return l.Code })
}

// TopCountries are the countries of most revenue.
func (s *Shop) TopCountries(n int) []Rank {
	return s.top(n, len(s.Countries), func(l *Line) int32 { return l.Country })
}

func (s *Shop) top(n, of int, id func(*Line) int32) []Rank {
	all := make([]Rank, of)
	customer, invoice := make([]int32, of), make([]int32, of)
	for i := range s.Lines {
		l := &s.Lines[i]
		r := &all[id(l)]
		r.Lines++
		r.Amount += l.Amount
		if k := id(l); customer[k] != l.Customer+1 {
			customer[k] = l.Customer + 1
			r.Customers++
		}
		if k := id(l); invoice[k] != l.Invoice+1 {
			invoice[k] = l.Invoice + 1
			r.Invoices++
		}
	}
	for i := range all {
		all[i].ID = int32(i)
	}
	slices.SortStableFunc(all, func(a, b Rank) int { return cmp.Compare(b.Amount, a.Amount) })
	return all[:min(n, of)]
}

// Spearman is the correlation of the ranks of two columns over the rows that have both; equal values share the mean of their
// ranks. NaN is no value. It is NaN below 3 rows, or where one column is constant. n is the number of rows.
func Spearman(a, b []float64) (rho float64, n int) {
	var x, y []float64
	for i := range a {
		if !math.IsNaN(a[i]) && !math.IsNaN(b[i]) {
			x, y = append(x, a[i]), append(y, b[i])
		}
	}
	if len(x) < 3 {
		return math.NaN(), len(x)
	}
	rx, ry := ranks(x), ranks(y)
	var xy, xx, yy float64 // of whole numbers: exact below 2^53, and then to the last digits
	for i := range rx {
		xy += rx[i] * ry[i]
		xx += rx[i] * rx[i]
		yy += ry[i] * ry[i]
	}
	if xx == 0 || yy == 0 {
		return math.NaN(), len(x)
	}
	return round(xy/math.Sqrt(xx*yy), 1e12), len(x)
}

// ranks returns twice each value's rank, less the mean: whole numbers.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	out := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from + to - len(order))
		}
		from = to
	}
	return out
}
