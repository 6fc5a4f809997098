package explore

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
)

// Class is the nature of a purchase.
type Class uint8

// The classes, from small to large quantities.
const (
	Personal Class = iota
	Bulk
	Reseller
	classes
)

// Classes are the names of the classes, in their order.
var Classes = [classes]string{"personal", "bulk", "reseller"}

func (c Class) String() string { return Classes[c] }

// Nature says how people buy: every line, invoice and customer has a class. There is no truth to check it against; Variants
// and Kappa say how much hangs on the choice of thresholds and on the time.
type Nature struct {
	Rule
	Codes               []Code  // in the order of [Shop.Codes]
	PackWorth           float64 // money, for codes without a pack of their own; NaN where fewer than 20 have one
	CartonWorth         float64
	OwnPacks, OwnCarton int64 // codes with thresholds of their own

	Lines     []Class // in the order of [Shop.Lines]
	Invoices  []Class
	Customers []Customer
	Totals    [classes]Total
	Variants  []Variant // what changes under neighbouring thresholds
	Halves    Agreement
}

// Customer is how one customer buys.
type Customer struct {
	Class         Class
	Amounts       [classes]int64 // money in lines of each class, ten-thousandths
	ResellerDates int64          // distinct dates of invoices of the class reseller
	BreakAmount   int64          // money at a carton's price, of BreakOf
	BreakOf       int64          // money in codes with a carton of their own
	Before, After *Class         // class by the lines before [Agreement.Cut] and from it on; nil without lines there
}

// Total is what a class has. Each column is by its own class: lines by the line's, and so on.
type Total struct {
	Lines, LineAmount         int64
	Invoices, InvoiceAmount   int64
	Customers, CustomerAmount int64
	WeekendInvoices           int64 // invoices of this class's customers on Saturday or Sunday
	CustomerInvoices          int64 // invoices of this class's customers
	BreakAmount, BreakOf      int64 // of this class's customers
}

// Variant is a neighbouring choice of thresholds, and who has another class under it.
type Variant struct {
	Name      string
	Customers int64
	Amount    int64 // their money, ten-thousandths
}

// Agreement compares the classes of customers by their lines before a day with those from it on, under the same thresholds.
type Agreement struct {
	Cut       calendar.Date
	Customers int64   // with lines in both
	Kappa     float64 // Cohen's; NaN where it is undefined
}

// Nature classifies every line, invoice and customer by a rule.
func (s *Shop) Nature(r Rule) *Nature {
	found := s.evidence()
	n := &Nature{Rule: r}
	n.Codes, n.PackWorth, n.CartonWorth = judge(found, s.Codes, r)
	for i := range n.Codes {
		if n.Codes[i].PackSource == Own {
			n.OwnPacks++
		}
		if n.Codes[i].CartonSource == Own {
			n.OwnCarton++
		}
	}
	all := s.classify(thresholdsOf(n.Codes), 0, len(s.Invoices), true)
	n.Lines, n.Invoices, n.Customers = all.lines, all.invoices, all.customers
	s.addBreaks(n)
	s.total(n)
	n.Variants = s.variants(found, n)
	n.Halves = s.halves(n)
	return n
}

// threshold is a pair of quantities in thousandths, as floats so that a carton can be a fraction; +Inf for none.
type threshold struct{ pack, carton float64 }

func thresholdsOf(codes []Code) []threshold {
	all := make([]threshold, len(codes))
	for i := range codes {
		all[i] = threshold{math.Inf(1), math.Inf(1)}
		if codes[i].Pack > 0 {
			all[i].pack = float64(codes[i].Pack)
		}
		if codes[i].Carton > 0 {
			all[i].carton = float64(codes[i].Carton)
		}
	}
	return all
}

func (t threshold) class(quantity int64) Class {
	switch q := float64(quantity); {
	case q >= t.carton:
		return Reseller
	case q >= t.pack:
		return Bulk
	}
	return Personal
}

// middle is the class that holds the middle pound.
func middle(amounts *[classes]int64) Class {
	all := amounts[Personal] + amounts[Bulk] + amounts[Reseller]
	switch {
	case all <= 0:
		return Personal
	case 2*amounts[Reseller] >= all:
		return Reseller
	case 2*(amounts[Reseller]+amounts[Bulk]) >= all:
		return Bulk
	}
	return Personal
}

type classified struct {
	lines     []Class // nil unless asked for
	invoices  []Class
	customers []Customer
}

// classify gives classes by thresholds. keep asks for the classes of lines and invoices too. Invoices outside [from, to) do
// not count; those of customers lie together.
func (s *Shop) classify(by []threshold, from, to int, keep bool) classified {
	var all classified
	if keep {
		all.lines, all.invoices = make([]Class, len(s.Lines)), make([]Class, len(s.Invoices))
	}
	all.customers = make([]Customer, len(s.Customers))
	for i := from; i < to; {
		end := i
		for end < to && s.Invoices[end].Customer == s.Invoices[i].Customer {
			end++
		}
		all.customers[s.Invoices[i].Customer] = s.classifyCustomer(by, i, end, nil, &all)
		i = end
	}
	return all
}

// classifyCustomer gives the class of one customer by those of her invoices from from to to that take says, or all of them.
func (s *Shop) classifyCustomer(by []threshold, from, to int, take func(*Invoice) bool, keep *classified) (c Customer) {
	var dates []calendar.Date
	for i := from; i < to; i++ {
		inv := &s.Invoices[i]
		if take != nil && !take(inv) {
			continue
		}
		var amounts [classes]int64
		for k := inv.From; k < inv.To; k++ {
			l := &s.Lines[k]
			class := by[l.Code].class(l.Quantity)
			amounts[class] += l.Amount
			if keep != nil && keep.lines != nil {
				keep.lines[k] = class
			}
		}
		class := middle(&amounts)
		if keep != nil && keep.invoices != nil {
			keep.invoices[i] = class
		}
		for k := range amounts {
			c.Amounts[k] += amounts[k]
		}
		if class == Reseller {
			dates = addDate(dates, inv.Day)
		}
	}
	c.ResellerDates = int64(len(dates))
	c.Class = middle(&c.Amounts)
	if c.Class == Reseller && len(dates) < 2 {
		c.Class = Bulk
	}
	return c
}

// addDate keeps distinct dates. Invoices come by number, so that equal dates are mostly the last one.
func addDate(dates []calendar.Date, day calendar.Date) []calendar.Date {
	for i := len(dates) - 1; i >= 0; i-- {
		if dates[i] == day {
			return dates
		}
	}
	return append(dates, day)
}

// money is all that the customer spent.
func (c *Customer) money() int64 { return c.Amounts[Personal] + c.Amounts[Bulk] + c.Amounts[Reseller] }

// addBreaks adds what customers paid at a carton's price: at most the geometric mean of the prices below and from it.
func (s *Shop) addBreaks(n *Nature) {
	limit := make([]float64, len(n.Codes))
	for i, c := range n.Codes {
		if c.CartonSource == Own {
			limit[i] = math.Sqrt(c.Below * c.From)
		}
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		if limit[l.Code] == 0 {
			continue
		}
		c := &n.Customers[l.Customer]
		c.BreakOf += l.Amount
		if float64(l.Price)/1e6 <= limit[l.Code] {
			c.BreakAmount += l.Amount
		}
	}
}

func (s *Shop) total(n *Nature) {
	for i := range s.Lines {
		t := &n.Totals[n.Lines[i]]
		t.Lines++
		t.LineAmount += s.Lines[i].Amount
	}
	for i := range s.Invoices {
		inv := &s.Invoices[i]
		t := &n.Totals[n.Invoices[i]]
		t.Invoices++
		t.InvoiceAmount += inv.Amount
		t = &n.Totals[n.Customers[inv.Customer].Class]
		t.CustomerInvoices++
		if day := inv.Day.Weekday(); day == 0 || day == 6 {
			t.WeekendInvoices++
		}
	}
	for i := range n.Customers {
		c := &n.Customers[i]
		t := &n.Totals[c.Class]
		t.Customers++
		t.CustomerAmount += c.money()
		t.BreakAmount += c.BreakAmount
		t.BreakOf += c.BreakOf
	}
}

// variants reclassifies customers under neighbouring thresholds.
func (s *Shop) variants(found []evidence, n *Nature) []Variant {
	var all []Variant
	add := func(name string, by []threshold) {
		v := Variant{Name: name}
		for i, c := range s.classify(by, 0, len(s.Invoices), false).customers {
			if c.Class != n.Customers[i].Class {
				v.Customers++
				v.Amount += n.Customers[i].money()
			}
		}
		all = append(all, v)
	}
	rule := func(name string, change func(*Rule)) {
		r := n.Rule
		change(&r)
		codes, _, _ := judge(found, s.Codes, r)
		add(name, thresholdsOf(codes))
	}
	if len(n.Rule.Fixed) > 0 {
		rule("nothing given", func(r *Rule) { r.Fixed = nil })
	}
	rule("spike ratio 2", func(r *Rule) { r.SpikeRatio = 2 })
	rule("spike ratio 4", func(r *Rule) { r.SpikeRatio = 4 })
	rule("spike ratio 5", func(r *Rule) { r.SpikeRatio = 5 })
	rule("spike floor 2 %", func(r *Rule) { r.SpikeFloor = 0.02 })
	rule("spike floor 10 %", func(r *Rule) { r.SpikeFloor = 0.10 })
	rule("carton score 0.75", func(r *Rule) { r.CartonScore = 0.75 })
	rule("carton score 0.90", func(r *Rule) { r.CartonScore = 0.90 })
	scaled := func(name string, pack, carton float64) {
		by := thresholdsOf(n.Codes)
		for i := range by {
			by[i].pack += pack
			by[i].carton *= carton
		}
		add(name, by)
	}
	scaled("cartons × 0.75", 0, 0.75)
	scaled("cartons × 1.25", 0, 1.25)
	scaled("packs + 1", unit, 1)
	return all
}

// yearDays is what a window without an end is taken for where it must be cut in halves.
const yearDays = 365

// halves compares the last half of the window, or of a year where the window has no beginning, with what was before.
func (s *Shop) halves(n *Nature) Agreement {
	days := s.Days
	if days == 0 {
		days = yearDays
	}
	a := Agreement{Cut: s.AsOf - calendar.Date((days+1)/2), Kappa: math.NaN()}
	by := thresholdsOf(n.Codes)
	var table [classes][classes]int64
	for i := 0; i < len(s.Invoices); {
		end := i
		var sides [2]bool
		for ; end < len(s.Invoices) && s.Invoices[end].Customer == s.Invoices[i].Customer; end++ {
			if s.Invoices[end].Day < a.Cut {
				sides[0] = true
			} else {
				sides[1] = true
			}
		}
		c := &n.Customers[s.Invoices[i].Customer]
		if sides[0] {
			class := s.classifyCustomer(by, i, end, func(inv *Invoice) bool { return inv.Day < a.Cut }, nil).Class
			c.Before = &class
		}
		if sides[1] {
			class := s.classifyCustomer(by, i, end, func(inv *Invoice) bool { return inv.Day >= a.Cut }, nil).Class
			c.After = &class
		}
		if c.Before != nil && c.After != nil {
			table[*c.Before][*c.After]++
			a.Customers++
		}
		i = end
	}
	a.Kappa = kappa(table)
	return a
}

// kappa is Cohen's: agreement beyond that of the margins. NaN where nobody is counted or chance agreement is complete.
// Cohen (1960), A coefficient of agreement for nominal scales.
func kappa(table [classes][classes]int64) float64 {
	var all, same int64
	var rows, columns [classes]int64
	for i := range table {
		for k, n := range table[i] {
			all += n
			rows[i] += n
			columns[k] += n
		}
		same += table[i][i]
	}
	chance := 0.0
	for i := range rows {
		chance += float64(rows[i]) * float64(columns[i])
	}
	n := float64(all)
	if all == 0 || chance == n*n {
		return math.NaN()
	}
	return (float64(same)*n - chance) / (n*n - chance)
}
