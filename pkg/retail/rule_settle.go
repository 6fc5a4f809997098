package retail

import (
	"slices"

	"github.com/clientele/clientele/pkg/money"
)

// Worker works on the customers of one partition after the other: rules, duplicates, cancellations, what is kept. It is for one goroutine,
// and adds up what it does for [Plan.Totals].
type Worker struct {
	*Plan
	tally      tally
	products   bitset
	cancel     Cancellations
	discounts  Discounts
	duplicates int64
	only       int64

	start, next []uint32
	lines       []Line           // of the partition
	packed      []keyed          // of the partition, customer by customer
	keyed       []keyed          // those of the customer at hand, in order
	left        []money.Quantity // what is left of each row's quantity
	discount    []money.Amount   // what of each row's amount is an allocated discount, 0 or below; empty where none is allocated
	invoices    []uint32
	matcher     matcher
	sorter      sorter
}

// Worker returns a worker that has done nothing. Workers are made one after the other.
func (p *Plan) Worker() *Worker {
	return &Worker{Plan: p, tally: tally{sets: p.tallied()}, products: newBitset(p.l.Codes.Keys.Len())}
}

func (p *Plan) tallied() *sets {
	if p.sets == nil {
		p.sets = newSets(p.invoices, p.l.Customers.Len())
	}
	return p.sets
}

// Partition makes of all lines of some customers what is kept of them, in place of what kept held before. Lines are in any order, and
// are not what they were afterwards. The outcome depends on the plan and these lines alone: this is the one piece that has to be done
// for each partition, wherever that is.
func (w *Worker) Partition(lines []Line, kept *Kept) {
	kept.begin(w.l)
	lines, low, high := w.takeLines(lines)
	if len(lines) == 0 {
		return
	}
	w.group(lines, low, high)
	kept.rows = resized(kept.rows, len(lines))
	for c := low; ; c++ {
		if from, to := w.start[c-low], w.start[c-low+1]; from < to {
			w.customer(kept, c, int(from), int(to))
		}
		if c == high {
			return
		}
	}
}

func (c *Cancellations) add(o Cancellations) {
	c.Matched += o.Matched
	c.Partly += o.Partly
	c.Unmatched += o.Unmatched
	c.Amount += o.Amount
}

func (d *Discounts) add(o Discounts) {
	d.Lines += o.Lines
	d.Amount += o.Amount
	d.Allocated += o.Allocated
}

func (w *Worker) customer(kept *Kept, c uint32, from, to int) {
	w.keyed = w.packed[from:to]
	w.sorter.sort(&w.key, w.lines, w.keyed)
	rows := kept.rows[from:to]
	w.spreadOver(w.keyed)
	for i, k := range w.keyed {
		w.row(&rows[i], &w.lines[k.at])
		rows[i].Amount += w.discountOf(i)
	}
	rows = w.takeDuplicates(c, rows)
	w.left = w.left[:0]
	cancels := false
	for i := range rows {
		w.left = append(w.left, rows[i].Quantity)
		cancels = cancels || rows[i].Return
	}
	var returns Returns
	if cancels {
		returns = w.returns(rows)
		if w.on[RuleMatched] && c != 0 {
			w.matcher.match(rows, w.left)
		}
	}
	n, sales := w.settle(c, rows)
	kept.add(c, rowSpan{from, from + n}, sales, returns)
	if c != 0 && sales == 0 && returns.Lines > 0 {
		w.only++
	}
}

// spreadOver notes what of each line's amount is an allocated discount. Of equal lines the first ones bear most.
func (w *Worker) spreadOver(lines []keyed) {
	w.discount = w.discount[:0]
	if w.spread == nil {
		return
	}
	var before Line
	again := 0
	for i, k := range lines {
		r := w.plain(w.lines[k.at])
		if again++; i == 0 || r != before {
			before, again = r, 0
		}
		parts := w.spread[r]
		if again < len(parts) {
			w.discount = append(w.discount, parts[again])
		} else {
			w.discount = append(w.discount, 0)
		}
	}
}

// row fills a row with a line.
func (w *Worker) row(r *Row, line *Line) {
	*r = Row{
		Time: line.Time, Quantity: money.Quantity(line.Quantity), Price: money.Price(line.Price), Amount: w.amount(line),
		Invoice: line.Invoice, Code: line.Code, Country: line.Country, Region: line.Region,
	}
	r.InvoiceKey, r.CodeKey = w.invoiceOf(line), w.codeOf(line)
	if (r.Quantity < 0 || r.Price < 0 || w.turns) && w.isReturn(line) { // whatever its marker: a quantity below zero at a positive price
		r.Return, r.Quantity, r.Price = true, -max(r.Quantity, -r.Quantity), max(r.Price, -r.Price)
	}
}

// discountOf returns what of a row's amount is an allocated discount.
func (w *Worker) discountOf(i int) money.Amount {
	if len(w.discount) == 0 {
		return 0
	}
	return w.discount[i]
}

// takeDuplicates counts later copies, which stand beside the first one, and takes them where the rule is on. The copy
// that stays is the first in byte order of invoice and code as written.
func (w *Worker) takeDuplicates(c uint32, rows []Row) []Row {
	n := 0
	for i := range rows {
		if i > 0 && w.equalAsCompared(&rows[n-1], &rows[i], n-1, i) {
			w.duplicates++
			if w.on[RuleDuplicate] {
				w.line(int(RuleDuplicate), c, &rows[i], rows[i].Amount, w.discountOf(i))
				continue
			}
		}
		if n != i {
			rows[n], w.keyed[n] = rows[i], w.keyed[i]
			if len(w.discount) > 0 {
				w.discount[n] = w.discount[i]
			}
		}
		n++
	}
	return rows[:n]
}

// equalAsCompared reports whether rows at two places repeat each other: all that is stored of them, but for the spelling of invoice
// and code.
func (w *Worker) equalAsCompared(a, b *Row, atA, atB int) bool {
	i, j := &w.lines[w.keyed[atA].at], &w.lines[w.keyed[atB].at]
	if a.Time != b.Time || a.InvoiceKey != b.InvoiceKey || a.CodeKey != b.CodeKey || i.Price != j.Price || i.Quantity != j.Quantity || a.Country != b.Country ||
		a.Region != b.Region {
		return false
	}
	return a.Amount-w.discountOf(atA) == b.Amount-w.discountOf(atB) && i.Status == j.Status && i.Description == j.Description
}

func (w *Worker) returns(rows []Row) Returns {
	var r Returns
	w.invoices = w.invoices[:0]
	for i := range rows {
		if rows[i].Return {
			r.Lines++
			r.Value -= rows[i].Amount
			w.invoices = append(w.invoices, rows[i].InvoiceKey)
		}
	}
	slices.Sort(w.invoices)
	r.Invoices = int64(len(slices.Compact(w.invoices)))
	return r
}

// line counts a row, and what of its amount is an allocated discount as the negative part that it is.
func (w *Worker) line(at int, c uint32, r *Row, amount, discount money.Amount) {
	w.tally.line(at, r.InvoiceKey, c, amount-discount)
	w.tally.amount(at, discount)
}

// settle counts every row where it belongs and moves what is kept to the front. It returns how many rows are kept, and how many of
// them are sales.
func (w *Worker) settle(c uint32, rows []Row) (n int, sales uint32) {
	keep := func(r *Row, left money.Quantity, amount money.Amount) {
		rows[n] = *r
		rows[n].Quantity, rows[n].Amount = left, amount
		n++
		w.products.set(r.CodeKey)
		if !r.Return {
			sales++
		}
	}
	for i := range rows {
		r, left := &rows[i], w.left[i] // n is at most i: keep overwrites no row that is still to come
		whole, rest := r.Amount, r.Part(left)
		gone := whole - rest
		discount := w.discountOf(i)
		restDiscount := discount
		if discount != 0 {
			restDiscount = discount.Part(left, r.Quantity)
		}
		switch {
		case !r.Return && left == r.Quantity:
			w.line(rowKept, c, r, whole, discount)
			keep(r, left, rest)
		case !r.Return && left > 0:
			w.line(rowKept, c, r, rest, restDiscount)
			w.tally.amount(int(RuleMatched), gone-(discount-restDiscount))
			w.tally.amount(int(RuleMatched), discount-restDiscount)
			keep(r, left, rest)
		case !r.Return:
			w.line(int(RuleMatched), c, r, whole, discount)
		case left == r.Quantity:
			w.cancel.Unmatched++
			if w.on[RuleUnmatched] {
				w.tally.line(int(RuleUnmatched), r.InvoiceKey, c, whole)
				continue
			}
			w.tally.line(rowKept, r.InvoiceKey, c, whole)
			keep(r, left, rest)
		default:
			w.tally.line(int(RuleMatched), r.InvoiceKey, c, gone)
			w.cancel.Amount += gone
			if left == 0 {
				w.cancel.Matched++
				continue
			}
			w.cancel.Partly++
			if w.on[RuleUnmatched] {
				w.tally.amount(int(RuleUnmatched), rest)
				continue
			}
			w.tally.amount(rowKept, rest)
			keep(r, left, rest)
		}
	}
	return n, sales
}
