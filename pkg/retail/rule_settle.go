package retail

import (
	"slices"

	"github.com/clientele/clientele/pkg/money"
)

// settler works on the lines of one customer after the other: duplicates, cancellations, what is kept. Each worker has
// its own.
type settler struct {
	*pass
	tally      *tally
	products   bitset
	cancel     Cancellations
	duplicates int64
	only       int64

	keyed    []keyed
	left     []money.Quantity // what is left of each row's quantity
	invoices []uint32
	matcher  matcher
}

// settleCustomers works on ranges of customers that hold about as many lines each.
func (p *pass) settleCustomers() {
	customers := len(p.start) - 1
	p.out = &Kept{
		Customers: p.l.Customers, Countries: p.l.Countries, Invoices: p.l.Invoices, Codes: p.l.Codes,
		Returns: make([]Returns, customers), sales: make([]uint32, customers),
		rows: p.l.Room, spans: make([]rowSpan, customers),
	}
	if len(p.out.rows) < len(p.order) {
		p.out.rows = make([]Row, len(p.order))
	}
	ranges := workers(len(p.order))
	bounds := make([]int, ranges+1)
	for w := 1; w < ranges; w++ {
		bounds[w], _ = slices.BinarySearch(p.start, uint32(len(p.order)*w/ranges))
	}
	bounds[ranges] = customers
	products := newBitset(p.l.Codes.Keys.Len())
	eachRange(ranges, ranges, func(w, _, _ int) func() {
		s := &settler{pass: p, tally: newTally(p.invoices, customers), products: newBitset(p.l.Codes.Keys.Len())}
		for c := bounds[w]; c < bounds[w+1]; c++ {
			s.customer(uint32(c))
		}
		return func() {
			p.tally.merge(s.tally)
			products.merge(s.products)
			p.out.Cancellations.add(s.cancel)
			p.out.Duplicates += s.duplicates
			p.out.OnlyReturns += s.only
		}
	})
	p.out.Products = products.count()
}

func (c *Cancellations) add(o Cancellations) {
	c.Matched += o.Matched
	c.Partly += o.Partly
	c.Unmatched += o.Unmatched
	c.Amount += o.Amount
}

func (s *settler) customer(c uint32) {
	from, to := int(s.start[c]), int(s.start[c+1])
	s.keyed = s.key.sortLines(s.order[from:to], s.keyed)
	rows := s.out.rows[from:to]
	for i, k := range s.keyed {
		rows[i] = s.row(k.line)
	}
	rows = s.takeDuplicates(c, rows)
	s.left = s.left[:0]
	cancels := false
	for i := range rows {
		s.left = append(s.left, rows[i].Quantity)
		cancels = cancels || rows[i].Return
	}
	if cancels {
		s.out.Returns[c] = s.returns(rows)
		if s.rules.On(RuleMatched) && c != 0 {
			s.matcher.match(rows, s.left)
		}
	}
	n := s.settle(c, rows)
	s.out.spans[c] = rowSpan{from, from + n}
	if c != 0 && s.out.sales[c] == 0 && s.out.Returns[c].Lines > 0 {
		s.only++
	}
}

func (s *settler) row(line uint32) Row {
	l := s.l
	r := Row{
		Time: l.Time[line], Quantity: money.Quantity(l.Quantity[line]), Price: money.Price(l.Price[line]), Amount: s.amount(int(line)),
		Invoice: l.Invoice[line], Code: l.Code[line], Country: l.Country[line], description: l.Description[line], status: l.Status[line],
	}
	r.InvoiceKey, r.CodeKey = s.invoiceOf(int(line)), l.Codes.Key[r.Code]
	if r.Return = s.isReturn(int(line)); r.Return { // whatever its marker: a quantity below zero at a positive price
		r.Quantity, r.Price = -max(r.Quantity, -r.Quantity), max(r.Price, -r.Price)
	}
	if s.spread != nil {
		r.discount = s.spread[line]
		r.Amount += r.discount
	}
	return r
}

// takeDuplicates counts later copies, which stand beside the first one, and takes them where the rule is on. The copy
// that stays is the first in byte order of invoice and code as written.
func (s *settler) takeDuplicates(c uint32, rows []Row) []Row {
	n := 0
	for i := range rows {
		if i > 0 && equalAsCompared(&rows[n-1], &rows[i]) {
			s.duplicates++
			if s.rules.On(RuleDuplicate) {
				s.line(int(RuleDuplicate), c, &rows[i], rows[i].Amount, rows[i].discount)
				continue
			}
		}
		rows[n] = rows[i]
		n++
	}
	return rows[:n]
}

func equalAsCompared(a, b *Row) bool {
	return a.Time == b.Time && a.InvoiceKey == b.InvoiceKey && a.CodeKey == b.CodeKey && a.Price == b.Price &&
		a.Quantity == b.Quantity && a.Amount-a.discount == b.Amount-b.discount && a.status == b.status && a.description == b.description && a.Country == b.Country
}

func (s *settler) returns(rows []Row) Returns {
	var r Returns
	s.invoices = s.invoices[:0]
	for i := range rows {
		if rows[i].Return {
			r.Lines++
			r.Value -= rows[i].Amount
			s.invoices = append(s.invoices, rows[i].InvoiceKey)
		}
	}
	slices.Sort(s.invoices)
	r.Invoices = int64(len(slices.Compact(s.invoices)))
	return r
}

// line counts a row, and what of its amount is an allocated discount as the negative part that it is.
func (s *settler) line(at int, c uint32, r *Row, amount, discount money.Amount) {
	s.tally.line(at, r.InvoiceKey, c, amount-discount)
	s.tally.amount(at, discount)
}

// settle counts every row where it belongs and moves what is kept to the front. It returns how many rows are kept.
func (s *settler) settle(c uint32, rows []Row) int {
	n := 0
	keep := func(r Row, left money.Quantity, amount, discount money.Amount) {
		r.Quantity, r.Amount, r.discount = left, amount, discount
		rows[n] = r
		n++
		s.products.set(r.CodeKey)
		if !r.Return {
			s.out.sales[c]++
		}
	}
	for i := range rows {
		r, left := rows[i], s.left[i]
		whole, rest := r.Amount, r.Part(left)
		gone := whole - rest
		restDiscount := r.discount
		if r.discount != 0 {
			restDiscount = r.discount.Part(left, r.Quantity)
		}
		switch {
		case !r.Return && left == r.Quantity:
			s.line(rowKept, c, &r, whole, r.discount)
			keep(r, left, rest, r.discount)
		case !r.Return && left > 0:
			s.line(rowKept, c, &r, rest, restDiscount)
			s.tally.amount(int(RuleMatched), gone-(r.discount-restDiscount))
			s.tally.amount(int(RuleMatched), r.discount-restDiscount)
			keep(r, left, rest, restDiscount)
		case !r.Return:
			s.line(int(RuleMatched), c, &r, whole, r.discount)
		case left == r.Quantity:
			s.cancel.Unmatched++
			if s.rules.On(RuleUnmatched) {
				s.tally.line(int(RuleUnmatched), r.InvoiceKey, c, whole)
				continue
			}
			s.tally.line(rowKept, r.InvoiceKey, c, whole)
			keep(r, left, rest, 0)
		default:
			s.tally.line(int(RuleMatched), r.InvoiceKey, c, gone)
			s.cancel.Amount += gone
			if left == 0 {
				s.cancel.Matched++
				continue
			}
			s.cancel.Partly++
			if s.rules.On(RuleUnmatched) {
				s.tally.amount(int(RuleUnmatched), rest)
				continue
			}
			s.tally.amount(rowKept, rest)
			keep(r, left, rest, 0)
		}
	}
	return n
}
