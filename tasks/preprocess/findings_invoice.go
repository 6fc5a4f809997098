package preprocess

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
)

// The limits of the findings about invoices, said in words by [finding.Specs].
const (
	sharedPart = 0.01 // of the invoices
	formPart   = 0.2  // of the invoices, at most
	repeatPart = 0.8  // of a form's lines
	leastForm  = 10   // lines
)

// shared finds invoice numbers that several customers have on one day: tills that count for themselves.
func (s *seen) shared() []finding.Finding {
	l := s.lines
	keys := l.Invoices.Keys.Len()
	customer, day, many := make([]uint32, keys), make([]calendar.Date, keys), make([]bool, keys)
	numbers, shared := 0, 0
	for i, c := range l.Customer {
		key, on := l.Invoices.Key[l.Invoice[i]], calendar.DateOf(l.Time[i])
		switch {
		case c == 0:
		case customer[key] == 0:
			customer[key], day[key] = c, on
			numbers++
		case customer[key] != c && day[key] == on && !many[key]:
			many[key] = true
			shared++
		}
	}
	if shared < leastForm || part(money.Amount(shared), money.Amount(numbers)) < sharedPart {
		return nil
	}
	var about sum
	for i := range l.Customer {
		if many[l.Invoices.Key[l.Invoice[i]]] {
			about.lines++
			about.amount += max(l.Worth(i), -l.Worth(i))
		}
	}
	return []finding.Finding{{
		Code: finding.SharedNumbers, Lines: about.lines, Money: about.amount,
		Sentence: fmt.Sprintf("%s of %s invoice numbers name several customers on one day: stores or tills seem to count for themselves", task.Thousands(int64(shared)), task.Thousands(int64(numbers))),
		What:     "where a column names the store, make it part of the number: --columns=invoice=NUMBER+STORE with the names of both columns, in a root of its own",
	}}
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
func (s *seen) unmarked() (out []finding.Finding) {
	l := s.lines
	forms := make([]string, l.Invoices.Keys.Len())
	invoices := map[string]int{}
	for id := 1; id < len(forms); id++ {
		forms[id] = form(l.Invoices.Keys.String(uint32(id)))
		invoices[forms[id]]++
	}
	lines := map[string]*repeats{}
	for f, n := range invoices {
		if f != "" && float64(n) <= formPart*float64(len(forms)-1) {
			lines[f] = &repeats{}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	for i := range l.Customer {
		if r := lines[forms[l.Invoices.Key[l.Invoice[i]]]]; r != nil {
			r.lines++
			r.below = r.below || l.Worth(i) < 0
			r.amount += l.Worth(i)
		}
	}
	for f, r := range lines {
		if r.below || r.lines < leastForm || float64(r.lines) > formPart*float64(l.Len()) {
			continue
		}
		if n := s.repeated(forms, f); float64(n) >= repeatPart*float64(r.lines) {
			out = append(out, finding.Finding{
				Code: finding.UnmarkedReturns, Lines: r.lines, Money: r.amount,
				Sentence: fmt.Sprintf("invoices that begin with %s are all above zero, and %s of their %s lines repeat an earlier sale to the same customer: they may be credit notes, and count as sales",
					f, task.Thousands(n), task.Thousands(r.lines)),
				What: fmt.Sprintf("if they are, state it in a profile: return_invoices = '%s.*' in its part meaning", f),
			})
		}
	}
	return out
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

// repeated counts the lines of a form that name a customer and repeat an earlier line of another form.
func (s *seen) repeated(forms []string, of string) (n int64) {
	l := s.lines
	saleOf := func(i int) sale { return sale{l.Customer[i], l.Codes.Key[l.Code[i]], l.Quantity[i], l.Price[i]} }
	first := map[sale]int64{} // time of the first sale, of those that are asked for
	const never = 1<<63 - 1
	for i, c := range l.Customer {
		if c != 0 && forms[l.Invoices.Key[l.Invoice[i]]] == of {
			first[saleOf(i)] = never
		}
	}
	for i, c := range l.Customer {
		if c == 0 || forms[l.Invoices.Key[l.Invoice[i]]] == of {
			continue
		}
		if at, asked := first[saleOf(i)]; asked && l.Time[i] < at {
			first[saleOf(i)] = l.Time[i]
		}
	}
	for i, c := range l.Customer {
		if c != 0 && forms[l.Invoices.Key[l.Invoice[i]]] == of && first[saleOf(i)] <= l.Time[i] {
			n++
		}
	}
	return n
}
