package retail

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"sync"

	"github.com/clientele/clientele/pkg/money"
)

// ErrRange says that the amounts or the quantities of all lines together do not fit the columns that must hold them.
var ErrRange = errors.New("sum out of range")

// notTaken marks a line that no rule has taken yet; other values are rules.
const notTaken = uint8(ruleCount)

// Plan is what the rules have to know of all lines of a window before they look at those of some customers. Then the partitions
// can be worked on in any order, at the same time, or somewhere else: nothing that comes of one depends on another.
//
//	plan, err := rules.Plan(lines)
//	worker, kept := plan.Worker(), &retail.Kept{}
//	for i := range plan.Partitions() {
//		some, err = plan.Load(i, some[:0])
//		worker.Partition(some, kept)        // kept: the lines of these customers
//	}
//	totals, err := plan.Totals(worker)
type Plan struct {
	*kinds
	rules Rules
	on    [ruleCount]bool // of rules, asked for each line
	key   sortKey

	sets      *sets  // of its workers
	filled    *shelf // lines that got a customer; nil for none
	numFilled int64

	allocated map[uint32]bool         // invoices whose discounts are taken off their products
	spread    map[Line][]money.Amount // what of it each product line bears, 0 or below, ascending where lines are equal
}

// Plan goes through all lines: what the rules ask of codes, invoices and the shop as a whole. Errors wrap [ErrRange], or are the
// spill's. Lines must not be cut otherwise before the last partition is loaded.
func (r Rules) Plan(l *Lines) (*Plan, error) {
	p := r.newPlan()
	var err error
	if p.kinds, err = kindsOf(l, r.Meaning); err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	if t := p.totals; t.outOfRange { // no sum taken later can leave its range: every one is over parts of these lines
		return nil, fmt.Errorf("apply rules: %w: %d lines of money beyond %s or of units beyond %s", ErrRange, t.lines, money.Amount(money.Max), money.Quantity(money.Max))
	}
	p.key = newSortKey(p.kinds, p.totals.times)
	if err := p.fill(); err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	if r.Meaning.Discounts == AllocateDiscounts {
		if err := p.allocate(); err != nil {
			return nil, fmt.Errorf("apply rules: %w", err)
		}
	}
	return p, nil
}

func (r Rules) newPlan() *Plan {
	p := &Plan{rules: r}
	for rule := range p.on {
		p.on[rule] = r.On(Rule(rule))
	}
	return p
}

// Lines returns the number of lines of the window.
func (p *Plan) Lines() int64 { return p.totals.lines }

// NumCodes returns the number of distinct compared codes that lines of the window have, without the empty one.
func (p *Plan) NumCodes() int {
	n := int(p.codes.count())
	if p.codes.has(0) {
		n--
	}
	return n
}

// HasNumber reports whether a line of the window has an invoice number, as compared.
func (p *Plan) HasNumber(key uint32) bool { return p.numbers.has(key) }

// Worth returns what a line is worth: below zero where it gives something back, by its sign or by what marks that.
func (p *Plan) Worth(r *Line) money.Amount { return p.amount(r) }

// Delivered returns what the lines are worth as they were delivered: the ledger has a return that is marked and above zero below
// zero.
func (p *Plan) Delivered() money.Amount { return money.Amount(p.totals.delivered) }

// fill puts the lines that get a customer to those of that customer.
func (p *Plan) fill() error {
	if p.named == nil {
		return nil
	}
	l := p.l
	filled := newShelf(l.shelf.store, l.parts())
	from := make([]uint32, len(l.room.Bounds)) // the first customer of each partition but the first
	for i, bound := range l.room.Bounds {
		from[i] = uint32(sort.Search(l.Customers.Len(), func(id int) bool { return l.Customers.String(uint32(id)) >= bound }))
	}
	var mu sync.Mutex
	var failed error
	err := l.scanParts(0, l.room.Guests, l.seen(), AllFields, func() (func([]Line), func()) {
		w, n := filled.writer(), int64(0)
		see := func(lines []Line) {
			for i := range lines {
				c := p.customerOf(&lines[i])
				if c == 0 {
					continue
				}
				n++
				to, err := w.next(l.room.Guests + sort.Search(len(from), func(k int) bool { return c < from[k] }))
				if err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
				*to = lines[i]
				to.Customer = c
			}
		}
		return see, func() {
			failed = errors.Join(failed, w.close())
			p.numFilled += n
		}
	})
	if p.numFilled > 0 {
		p.filled = filled
	}
	return errors.Join(err, failed)
}

// Free gives back what the plan has put aside of the lines' room, and what it knows of them.
func (p *Plan) Free() {
	p.kinds, p.key.kinds, p.l.kinds = &kinds{l: p.l}, nil, nil
	if p.filled != nil {
		p.filled.free()
		p.filled = nil
	}
}

// guestParts is how many of the partitions are of lines without a customer: one, where they are kept and so have an order.
func (p *Plan) guestParts() int {
	if p.on[RuleGuest] {
		return p.l.room.Guests
	}
	return 1
}

// Partitions returns the number of partitions: first those of lines without a customer, then ranges of customers in byte order.
func (p *Plan) Partitions() int { return p.guestParts() + len(p.l.room.Bounds) + 1 }

// Size returns how many lines a partition has at most.
func (p *Plan) Size(partition int) (n int) {
	for _, s := range []*shelf{p.l.shelf, p.filled} {
		if s == nil {
			continue
		}
		for _, part := range p.partsOf(partition) {
			for i := range s.parts[part] {
				n += int(s.parts[part][i].n)
			}
		}
	}
	return n
}

// partsOf returns the partitions of the lines as they were read that a partition is made of.
func (p *Plan) partsOf(partition int) []int {
	guests := p.guestParts()
	if partition >= guests {
		return []int{partition - guests + p.l.room.Guests}
	}
	if guests == p.l.room.Guests {
		return []int{partition}
	}
	all := make([]int, p.l.room.Guests)
	for i := range all {
		all[i] = i
	}
	return all
}

// Load appends the lines of a partition, with the customers that lines got.
func (p *Plan) Load(partition int, dst []Line) (_ []Line, err error) {
	l, from := p.l, len(dst)
	for _, part := range p.partsOf(partition) {
		if dst, err = l.load(l.shelf, part, dst); err == nil && p.filled != nil {
			dst, err = l.load(p.filled, part, dst)
		}
		if err != nil {
			return dst, err
		}
	}
	if partition >= p.guestParts() || p.filled == nil {
		return dst, nil
	}
	n := from
	for i := from; i < len(dst); i++ {
		if p.customerOf(&dst[i]) == 0 {
			dst[n] = dst[i]
			n++
		}
	}
	return dst[:n], nil
}

// Totals are what the rules did with all lines.
type Totals struct {
	Ledger        Ledger
	Cancellations Cancellations
	Discounts     Discounts
	Filled        int64 // lines without a customer that got the one customer of their invoice
	Duplicates    int64 // later copies that reached the rule duplicate, taken or not
	Products      int64 // distinct codes over kept lines
	OnlyReturns   int64 // customers with return lines that reached the cancellation rules and no kept sale line
}

// Totals adds up what workers have done with the partitions, each of which one of them has worked on. It uses the workers up. An error
// is of [ErrLedger].
func (p *Plan) Totals(workers ...*Worker) (Totals, error) {
	t := Totals{Filled: p.numFilled}
	all := &tally{sets: p.tallied()}
	p.sets = nil
	products := newBitset(p.l.Codes.Keys.Len())
	for _, w := range workers {
		all.merge(&w.tally)
		products.merge(w.products)
		t.Cancellations.add(w.cancel)
		t.Discounts.add(w.discounts)
		t.Duplicates += w.duplicates
		t.OnlyReturns += w.only
	}
	t.Products = products.count()
	t.Ledger = all.ledger()
	if err := t.Ledger.Check(); err != nil {
		return t, fmt.Errorf("apply rules: %w", err)
	}
	return t, nil
}

// Outcome is what came of all lines of a window, held in memory.
type Outcome struct {
	*Kept
	Totals
	at []int // by customer: the place in Kept, or −1
}

// Apply asks the rules in their order about every line of the window, matches cancellations with their sales and accounts for
// everything. It holds all that is kept: a plan's partitions are the way for many lines.
//
// It takes O(n log m) for n lines of at most m a customer. The outcome does not depend on the order of lines, on the number of
// cores, nor on how lines are cut into partitions. Errors wrap [ErrRange] or [ErrLedger].
func (r Rules) Apply(l *Lines) (*Outcome, error) {
	p, err := r.Plan(l)
	if err != nil {
		return nil, err
	}
	defer p.Free()
	parts := make([]Kept, p.Partitions())
	var mu sync.Mutex
	var workers []*Worker
	eachIndex(len(parts), func() func(int) {
		w := p.Worker()
		workers = append(workers, w)
		var lines []Line
		return func(i int) {
			var loaded error
			if lines, loaded = p.Load(i, lines[:0]); loaded != nil {
				mu.Lock()
				err = errors.Join(err, loaded)
				mu.Unlock()
				return
			}
			w.Partition(lines, &parts[i])
		}
	})
	if err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	o := &Outcome{Kept: p.gather(parts), at: make([]int, l.Customers.Len())}
	for i := range o.at {
		o.at[i] = -1
	}
	for i := range o.Len() {
		o.at[o.Customer(i)] = i
	}
	o.Totals, err = p.Totals(workers...)
	return o, err
}

// NumCustomers returns the number of customer ids; 0 is the guest, and a customer may have no row.
func (o *Outcome) NumCustomers() int { return len(o.at) }

// Rows returns the kept lines of a customer: see [Kept.Rows].
func (o *Outcome) Rows(customer uint32) []Row {
	if at := o.at[customer]; at >= 0 {
		return o.Kept.Rows(at)
	}
	return nil
}

// NumSales returns how many kept lines of a customer are sale lines.
func (o *Outcome) NumSales(customer uint32) int {
	if at := o.at[customer]; at >= 0 {
		return o.Kept.NumSales(at)
	}
	return 0
}

// firstRule returns the first of the rules before duplicate that takes a line whose customer is known, or notTaken.
func (p *Plan) firstRule(r *Line) uint8 {
	l, on := p.l, &p.on
	switch {
	case p.isVoid(r) && on[RuleVoid]:
		return uint8(RuleVoid)
	case r.Customer == 0 && on[RuleGuest]:
		return uint8(RuleGuest)
	case p.adjustment != nil && p.adjustment.has(l.Invoices.Key(r.Invoice)) && on[RuleAdjustment]:
		return uint8(RuleAdjustment)
	case on[RuleDiscount] && p.isDiscount(r):
		return uint8(RuleDiscount)
	case on[RuleNonProduct] && (p.noCode[p.codeOf(r)] || p.noLabel[r.Description]):
		return uint8(RuleNonProduct)
	case r.Price <= 0 && on[RulePrice] && !p.isReturn(r):
		return uint8(RulePrice)
	case r.Quantity <= 0 && on[RuleQuantity] && !p.isReturn(r):
		return uint8(RuleQuantity)
	}
	return notTaken
}

// takeLines asks the rules that look at one line alone and counts the input. It moves the lines that none takes to the front, and
// returns them with the least and the largest customer.
func (w *Worker) takeLines(lines []Line) (left []Line, low, high uint32) {
	p, n := w.Plan, 0
	low = math.MaxUint32
	for i := range lines {
		r := &lines[i]
		rule, invoice, amount := p.firstRule(r), p.invoiceOf(r), p.amount(r)
		w.tally.line(rowInput, invoice, r.Customer, amount)
		switch rule {
		case notTaken:
			low, high = min(low, r.Customer), max(high, r.Customer)
			if n != i {
				lines[n] = *r
			}
			n++
			continue
		case uint8(RuleDiscount):
			w.discounts.Lines++
			w.discounts.Amount += amount
			if p.allocated[invoice] { // of an invoice whose discounts found a place, none is left
				w.discounts.Allocated += amount
				amount = 0
			}
		}
		w.tally.line(int(rule), invoice, r.Customer, amount)
	}
	return lines[:n], low, high
}

// group sorts lines by customer, by counting: customer low + i has packed[start[i]:start[i+1]].
func (w *Worker) group(lines []Line, low, high uint32) {
	w.start = resized(w.start, int(high-low)+2)
	clear(w.start)
	for i := range lines {
		w.start[lines[i].Customer-low+1]++
	}
	for c := 1; c < len(w.start); c++ {
		w.start[c] += w.start[c-1]
	}
	w.next = append(w.next[:0], w.start[:len(w.start)-1]...)
	w.lines, w.packed = lines, resized(w.packed, len(lines))
	for i := range lines {
		at := &w.next[lines[i].Customer-low]
		w.packed[*at] = keyed{w.key.of(&lines[i]), uint32(i)}
		*at++
	}
}

// resized returns a slice of n elements, whatever they are, in the same memory if there is enough.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
