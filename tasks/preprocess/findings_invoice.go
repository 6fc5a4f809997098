package preprocess

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// The limits of the findings about invoices, said in words by [finding.Specs].
const (
	sharedPart = 0.01 // of the invoices
	formPart   = 0.2  // of the invoices, at most
	repeatPart = 0.8  // of a form's lines
	leastForm  = 10   // lines
)

// shared finds invoice numbers that several customers have on one day, the first that has them: tills that count for themselves.
func (s *looked) shared() ([]finding.Finding, error) {
	l := s.lines
	keys := l.Invoices.Keys.Len()
	const never = math.MaxInt32
	type first struct {
		day       calendar.Date
		low, high uint32 // of the customers on that day
	}
	see := func(to *first, o first) {
		switch {
		case o.day < to.day:
			*to = o
		case o.day == to.day:
			to.low, to.high = min(to.low, o.low), max(to.high, o.high)
		}
	}
	numbers, shared := 0, 0
	many := make([]bool, keys)
	for from, to := range l.Passes(keys, 12) {
		firsts := slices.Repeat([]first{{day: never}}, int(to-from))
		var stripes retail.Stripes
		err := l.Scan(retail.FieldTime|retail.FieldCustomer|retail.FieldInvoice, func() (func([]retail.Line), func()) {
			return func(lines []retail.Line) {
				hold := stripes.Hold()
				defer hold.Free()
				for i := range lines {
					r := &lines[i]
					if key := l.Invoices.Key(r.Invoice); r.Customer != 0 && key >= from && key < to {
						hold.Take(key)
						see(&firsts[key-from], first{calendar.DateOf(r.Time), r.Customer, r.Customer})
					}
				}
			}, func() {}
		})
		if err != nil {
			return nil, err
		}
		for i, f := range firsts {
			if f.day == never {
				continue
			}
			numbers++
			if f.low != f.high {
				many[int(from)+i] = true
				shared++
			}
		}
	}
	if shared < leastForm || part(money.Amount(shared), money.Amount(numbers)) < sharedPart {
		return nil, nil
	}
	var about sum
	err := s.eachLine(&about, func(mine *sum, r *retail.Line) {
		if many[l.Invoices.Key(r.Invoice)] {
			worth := s.plan.Worth(r)
			mine.add(sum{1, max(worth, -worth)})
		}
	})
	return []finding.Finding{{
		Code: finding.SharedNumbers, Lines: about.lines, Money: about.amount,
		Sentence: fmt.Sprintf("%s of %s invoice numbers name several customers on one day: stores or tills seem to count for themselves", task.Thousands(int64(shared)), task.Thousands(int64(numbers))),
		What:     "where a column names the store, make it part of the number: --columns=invoice=NUMBER+STORE with the names of both columns, in a root of its own",
	}}, err
}

// eachLine adds up something of what the lines are worth, in any order.
func (s *looked) eachLine(to *sum, add func(mine *sum, r *retail.Line)) error {
	return s.lines.Scan(retail.WorthFields, func() (func([]retail.Line), func()) {
		var mine sum
		see := func(lines []retail.Line) {
			for i := range lines {
				add(&mine, &lines[i])
			}
		}
		return see, func() { to.add(mine) }
	})
}

// form is the letters that an invoice number begins with.
func form(number string) string {
	end := strings.IndexFunc(number, func(r rune) bool { return r < 'A' || r > 'Z' && r < 0x80 })
	if end < 0 {
		return "" // a word is no form of numbers
	}
	return number[:end]
}

// unmarked finds invoices of one form that are all above zero and repeat what their customers bought before: credit notes that
// nothing marks.
func (s *looked) unmarked() (out []finding.Finding, err error) {
	l := s.lines
	names, forms := s.forms()
	if len(names) == 0 {
		return nil, nil
	}
	lines := make([]repeats, len(names))
	err = l.Scan(retail.WorthFields, func() (func([]retail.Line), func()) {
		mine := make([]repeats, len(names))
		see := func(some []retail.Line) {
			for i := range some {
				f := forms[l.Invoices.Key(some[i].Invoice)]
				if f == 0 {
					continue
				}
				r, worth := &mine[f-1], s.plan.Worth(&some[i])
				r.lines++
				r.below = r.below || worth < 0
				r.amount += worth
			}
		}
		return see, func() {
			for f, r := range mine {
				lines[f].lines += r.lines
				lines[f].below = lines[f].below || r.below
				lines[f].amount += r.amount
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for i, r := range lines {
		if r.below || r.lines < leastForm || float64(r.lines) > formPart*float64(s.plan.Lines()) {
			continue
		}
		f := names[i]
		n, err := s.repeated(forms, uint16(i+1))
		if err != nil {
			return nil, err
		}
		if float64(n) >= repeatPart*float64(r.lines) {
			out = append(out, finding.Finding{
				Code: finding.UnmarkedReturns, Lines: r.lines, Money: r.amount,
				Sentence: fmt.Sprintf("invoices that begin with %s are all above zero, and %s of their %s lines repeat an earlier sale to the same customer: they may be credit notes, and count as sales",
					f, task.Thousands(n), task.Thousands(r.lines)),
				What: fmt.Sprintf("if they are, state it in a profile: return_invoices = '%s.*' in its part meaning", f),
			})
		}
	}
	return out, nil
}

// forms returns the forms that a small part of the invoices has, and by invoice number 1 + the place of its form, 0 for none of them. Of more
// forms than have a number, those with the most invoices.
func (s *looked) forms() (names []string, of []uint16) {
	keys := &s.lines.Invoices.Keys
	numbers, invoices := 0, map[string]int{}
	for id := 1; id < keys.Len(); id++ {
		if s.plan.HasNumber(uint32(id)) {
			invoices[form(keys.String(uint32(id)))]++
			numbers++
		}
	}
	for f, n := range invoices {
		if f != "" && float64(n) <= formPart*float64(numbers) {
			names = append(names, f)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(invoices[b], invoices[a]), cmp.Compare(a, b)) })
	names = names[:min(len(names), math.MaxUint16)]
	if len(names) == 0 {
		return nil, nil
	}
	places := map[string]uint16{}
	for i, f := range names {
		places[f] = uint16(i + 1)
	}
	of = make([]uint16, keys.Len())
	for id := range of {
		of[id] = places[form(keys.String(uint32(id)))]
	}
	return names, of
}

// repeats are the lines of a form of invoices.
type repeats struct {
	lines  int64
	amount money.Amount
	below  bool // one is below zero
}

// sale is a line as a credit note repeats it.
type sale struct {
	customer, code  uint32
	quantity, price int64
}

// repeated counts the lines of a form that name a customer and repeat an earlier line of another form. The lines of a customer are in one
// partition.
func (s *looked) repeated(forms []uint16, of uint16) (int64, error) {
	l := s.lines
	saleOf := func(r *retail.Line) sale { return sale{r.Customer, l.Codes.Key(r.Code), r.Quantity, r.Price} }
	isOf := func(r *retail.Line) bool { return forms[l.Invoices.Key(r.Invoice)] == of }
	const never = math.MaxInt64
	n := int64(0)
	err := l.Each(func() (func([]retail.Line), func()) {
		mine, first := int64(0), map[sale]int64{} // time of the first sale, of those that are asked for
		see := func(lines []retail.Line) {
			clear(first)
			for i := range lines {
				if r := &lines[i]; r.Customer != 0 && isOf(r) {
					first[saleOf(r)] = never
				}
			}
			if len(first) == 0 {
				return
			}
			for i := range lines {
				if r := &lines[i]; r.Customer != 0 && !isOf(r) {
					if at, asked := first[saleOf(r)]; asked && r.Time < at {
						first[saleOf(r)] = r.Time
					}
				}
			}
			for i := range lines {
				if r := &lines[i]; r.Customer != 0 && isOf(r) && first[saleOf(r)] <= r.Time {
					mine++
				}
			}
		}
		return see, func() { n += mine }
	})
	return n, err
}
