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
	discount []money.Amount   // what of each row's amount is an allocated discount, 0 or below; empty where none is allocated
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
	s.discount = s.discount[:0]
	for i, k := range s.keyed {
		s.row(&rows[i], k.line)
		if s.spread != nil {
			s.discount = append(s.discount, s.spread[k.line])
			rows[i].Amount += s.discount[i]
		}
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
		if s.on[RuleMatched] && c != 0 {
			s.matcher.match(rows, s.left)
		}
	}
	n := s.settle(c, rows)
	s.out.spans[c] = rowSpan{from, from + n}
	if c != 0 && s.out.sales[c] == 0 && s.out.Returns[c].Lines > 0 {
		s.only++
	}
}

// row fills a row with a line.
func (s *settler) row(r *Row, line uint32) {
	l := s.l
	*r = Row{
		Time: l.Time[line], Quantity: money.Quantity(l.Quantity[line]), Price: money.Price(l.Price[line]), Amount: s.amount(int(line)),
		Invoice: l.Invoice[line], Code: l.Code[line], Country: l.Country[line],
	}
	r.InvoiceKey, r.CodeKey = s.invoiceOf(int(line)), l.Codes.Key[r.Code]
	if (r.Quantity < 0 || r.Price < 0 || s.turns) && s.isReturn(int(line)) { // whatever its marker: a quantity below zero at a positive price
		r.Return, r.Quantity, r.Price = true, -max(r.Quantity, -r.Quantity), max(r.Price, -r.Price)
	}
}

// discountOf returns what of a row's amount is an allocated discount.
func (s *settler) discountOf(i int) money.Amount {
	if len(s.discount) == 0 {
		return 0
	}
	return s.discount[i]
}

// takeDuplicates counts later copies, which stand beside the first one, and takes them where the rule is on. The copy
// that stays is the first in byte order of invoice and code as written.
func (s *settler) takeDuplicates(c uint32, rows []Row) []Row {
	n := 0
	for i := range rows {
		if i > 0 && s.equalAsCompared(&rows[n-1], &rows[i], n-1, i) {
			s.duplicates++
			if s.on[RuleDuplicate] {
				s.line(int(RuleDuplicate), c, &rows[i], rows[i].Amount, s.discountOf(i))
				continue
			}
		}
		if n != i {
			rows[n], s.keyed[n] = rows[i], s.keyed[i]
			if len(s.discount) > 0 {
				s.discount[n] = s.discount[i]
			}
		}
		n++
	}
	return rows[:n]
}

// equalAsCompared reports whether rows at two places repeat each other: all that is stored of them, but for the spelling of invoice
// and code.
func (s *settler) equalAsCompared(a, b *Row, atA, atB int) bool {
	if a.Time != b.Time || a.InvoiceKey != b.InvoiceKey || a.CodeKey != b.CodeKey || a.Price != b.Price || a.Quantity != b.Quantity || a.Country != b.Country {
		return false
	}
	i, j := s.keyed[atA].line, s.keyed[atB].line
	return a.Amount-s.discountOf(atA) == b.Amount-s.discountOf(atB) && s.l.Status[i] == s.l.Status[j] && s.l.Description[i] == s.l.Description[j]
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
	keep := func(r *Row, left money.Quantity, amount money.Amount) {
		rows[n] = *r
		rows[n].Quantity, rows[n].Amount = left, amount
		n++
		s.products.set(r.CodeKey)
		if !r.Return {
			s.out.sales[c]++
		}
	}
	for i := range rows {
		r, left := &rows[i], s.left[i] // n is at most i: keep overwrites no row that is still to come
		whole, rest := r.Amount, r.Part(left)
		gone := whole - rest
		discount := s.discountOf(i)
		restDiscount := discount
		if discount != 0 {
			restDiscount = discount.Part(left, r.Quantity)
		}
		switch {
		case !r.Return && left == r.Quantity:
			s.line(rowKept, c, r, whole, discount)
			keep(r, left, rest)
		case !r.Return && left > 0:
			s.line(rowKept, c, r, rest, restDiscount)
			s.tally.amount(int(RuleMatched), gone-(discount-restDiscount))
			s.tally.amount(int(RuleMatched), discount-restDiscount)
			keep(r, left, rest)
		case !r.Return:
			s.line(int(RuleMatched), c, r, whole, discount)
		case left == r.Quantity:
			s.cancel.Unmatched++
			if s.on[RuleUnmatched] {
				s.tally.line(int(RuleUnmatched), r.InvoiceKey, c, whole)
				continue
			}
			s.tally.line(rowKept, r.InvoiceKey, c, whole)
			keep(r, left, rest)
		default:
			s.tally.line(int(RuleMatched), r.InvoiceKey, c, gone)
			s.cancel.Amount += gone
			if left == 0 {
				s.cancel.Matched++
				continue
			}
			s.cancel.Partly++
			if s.on[RuleUnmatched] {
				s.tally.amount(int(RuleUnmatched), rest)
				continue
			}
			s.tally.amount(rowKept, rest)
			keep(r, left, rest)
		}
	}
	return n
}
