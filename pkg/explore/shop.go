package explore

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/frame"
)

// Options say what the lines are of.
type Options struct {
	AsOf calendar.Date // the day after the last one of the window
	Days int           // length of the window, 0 for all lines before AsOf
	// ByDay says that invoice numbers are used again: an invoice is a number and a day.
	ByDay bool
}

// Line is a kept sale line. Texts are positions in the shop's lists.
type Line struct {
	Customer, Invoice, Code, Country, Region int32
	Time                                     int64 // microseconds, local to the shop
	Quantity                                 int64 // thousandths
	Price                                    int64 // millionths
	Amount                                   int64 // ten-thousandths
}

// Invoice is the kept lines of one customer under one number.
type Invoice struct {
	Customer int32
	Country  int32         // with the largest amount; of equal ones the first in byte order
	Day      calendar.Date // of the earliest line
	Time     int64         // of the earliest line
	From, To int           // its lines
	Amount   int64         // ten-thousandths
	Units    int64         // thousandths
}

// Shop is a shop's sale lines in one order, whatever the order they came in.
type Shop struct {
	Options
	Customers []string // byte order
	Codes     []string // as compared: trimmed, upper case; "" for lines without a code
	Countries []string // "" for lines without a country
	Places    []string // regions that the delivery names, "" for lines without one
	Lines     []Line   // by customer and invoice
	Invoices  []Invoice
	// Home is each customer's own country: with the largest amount; of equal ones the first in byte order.
	Home []int32
	// Without counts lines that are left out: those of guests, and those that are no sales.
	Without Without
}

// Without counts the lines of the sales table that no customer's purchase is made of.
type Without struct {
	GuestLines  int64
	GuestAmount int64 // ten-thousandths
	OtherLines  int64 // quantity or amount not above zero
	OtherAmount int64
}

// LineBytes is what a [Builder] keeps of each row, without the texts.
const LineBytes = int(unsafe.Sizeof(Line{}))

// Builder makes a shop of the sales table, batch by batch.
type Builder struct {
	shop                                           *Shop
	lines                                          int
	customers, invoices, codes, countries, regions frame.Texts
}

// NewBuilder begins a shop of about so many lines.
func NewBuilder(lines int, o Options) *Builder {
	return &Builder{shop: &Shop{Options: o}, lines: lines}
}

// Add takes rows of the sales table: columns customer, invoice, code, time, quantity, price, amount, country and region.
func (b *Builder) Add(sales *frame.Frame) {
	s := b.shop
	if s.Lines == nil {
		s.Lines = make([]Line, 0, b.lines)
	}
	customers, invoices := sales.Strings("customer"), sales.Strings("invoice")
	codes, countries, regions := sales.Strings("code"), sales.Strings("country"), sales.Strings("region")
	times, quantities := sales.Ints("time"), sales.Ints("quantity")
	prices, amounts := sales.Ints("price"), sales.Ints("amount")
	for i := range customers {
		switch {
		case customers[i] == "":
			s.Without.GuestLines++
			s.Without.GuestAmount += amounts[i]
		case quantities[i] <= 0 || amounts[i] <= 0:
			s.Without.OtherLines++
			s.Without.OtherAmount += amounts[i]
		default:
			s.Lines = append(s.Lines, Line{
				Customer: b.customers.Number(customers[i], same), Invoice: b.invoices.Number(invoices[i], Compared), Code: b.codes.Number(codes[i], Compared),
				Country: b.countries.Number(countries[i], same), Region: b.regions.Number(regions[i], same),
				Time: times[i], Quantity: quantities[i], Price: prices[i], Amount: amounts[i],
			})
		}
	}
}

// Shop is the shop of all rows. The builder is used up.
func (b *Builder) Shop() *Shop {
	s := b.shop
	var ranks [5][]int32
	s.Customers, ranks[0] = b.customers.Sorted()
	_, ranks[1] = b.invoices.Sorted()
	s.Codes, ranks[2] = b.codes.Sorted()
	s.Countries, ranks[3] = b.countries.Sorted()
	s.Places, ranks[4] = b.regions.Sorted()
	*b = Builder{}
	for i := range s.Lines {
		l := &s.Lines[i]
		l.Customer, l.Invoice, l.Code = ranks[0][l.Customer], ranks[1][l.Invoice], ranks[2][l.Code]
		l.Country, l.Region = ranks[3][l.Country], ranks[4][l.Region]
	}
	s.order()
	s.group()
	return s
}

// New makes a shop of the whole sales table.
func New(sales *frame.Frame, o Options) *Shop {
	b := NewBuilder(sales.Rows(), o)
	b.Add(sales)
	return b.Shop()
}

func same(s string) string { return s }

// Compared is how invoice numbers and codes are compared: trimmed, in upper case (ASCII).
func Compared(s string) string {
	s = strings.TrimSpace(s)
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'a' && b[i] <= 'z' {
					b[i] -= 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// order sorts the lines by customer, invoice (and day), and everything else that they have.
func (s *Shop) order() {
	day := func(l *Line) calendar.Date {
		if s.ByDay {
			return calendar.DateOf(l.Time)
		}
		return 0
	}
	less := func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Invoice, b.Invoice), cmp.Compare(day(&a), day(&b)),
			cmp.Compare(a.Time, b.Time), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Quantity, b.Quantity),
			cmp.Compare(a.Price, b.Price), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Region, b.Region))
	}
	if !slices.IsSortedFunc(s.Lines, less) {
		slices.SortFunc(s.Lines, less)
	}
}

// group cuts the lines into invoices.
func (s *Shop) group() {
	for at := 0; at < len(s.Lines); {
		first := s.Lines[at]
		inv := Invoice{Customer: first.Customer, Time: first.Time, Day: calendar.DateOf(first.Time), From: at}
		number := int32(len(s.Invoices))
		key := first.Invoice
		for ; at < len(s.Lines); at++ {
			l := &s.Lines[at]
			if l.Customer != first.Customer || l.Invoice != key || s.ByDay && calendar.DateOf(l.Time) != inv.Day {
				break
			}
			inv.Amount += l.Amount
			inv.Units += l.Quantity
		}
		inv.To = at
		for i := inv.From; i < at; i++ {
			s.Lines[i].Invoice = -1 - number
		}
		s.Invoices = append(s.Invoices, inv)
	}
	for i := range s.Lines {
		s.Lines[i].Invoice = -1 - s.Lines[i].Invoice
	}
	s.settle()
}

// settle finds the country of each invoice and of each customer.
func (s *Shop) settle() {
	for i := range s.Invoices {
		inv := &s.Invoices[i]
		inv.Country = s.mostMoney(inv.From, inv.To)
	}
	s.Home = make([]int32, len(s.Customers))
	for from := 0; from < len(s.Lines); {
		to := from
		for to < len(s.Lines) && s.Lines[to].Customer == s.Lines[from].Customer {
			to++
		}
		s.Home[s.Lines[from].Customer] = s.mostMoney(from, to)
		from = to
	}
}

// ByPlace returns the shop with the regions that the delivery names in the place of countries; nil where it names none.
func (s *Shop) ByPlace() *Shop {
	if len(s.Places) == 0 || len(s.Places) == 1 && s.Places[0] == "" {
		return nil
	}
	p := *s
	p.Countries, p.Lines, p.Invoices = s.Places, slices.Clone(s.Lines), slices.Clone(s.Invoices)
	for i := range p.Lines {
		p.Lines[i].Country = p.Lines[i].Region
	}
	p.settle()
	return &p
}

// mostMoney returns the country of most money in a range of lines; of equal ones the first.
func (s *Shop) mostMoney(from, to int) int32 {
	best := s.Lines[from].Country
	if uniform := !slices.ContainsFunc(s.Lines[from:to], func(l Line) bool { return l.Country != best }); uniform {
		return best
	}
	sums := map[int32]int64{}
	for _, l := range s.Lines[from:to] {
		sums[l.Country] += l.Amount
	}
	for c, sum := range sums {
		if sum > sums[best] || sum == sums[best] && c < best {
			best = c
		}
	}
	return best
}

// start returns the first day that can have a line: of the window, or of the first line if that is all.
func (s *Shop) start() calendar.Date {
	if s.Days > 0 {
		return s.AsOf - calendar.Date(s.Days)
	}
	first := s.AsOf
	for i := range s.Invoices {
		first = min(first, s.Invoices[i].Day)
	}
	return first
}
