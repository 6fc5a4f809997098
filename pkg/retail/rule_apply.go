package retail

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/clientele/clientele/pkg/money"
)

// ErrRange says that the amounts or the quantities of all lines together do not fit the columns that must hold them.
var ErrRange = errors.New("sum out of range")

// notTaken marks a line that no rule has taken yet; other values are rules.
const notTaken = uint8(ruleCount)

// kinds of invoices, by their first letter as compared.
const (
	invoiceSale uint8 = iota
	invoiceAdjustment
	invoiceCancellation
)

// pass is the work of [Rules.Apply].
type pass struct {
	rules Rules
	l     *Lines
	out   *Kept

	invoiceKind []uint8 // by compared invoice
	noCode      []bool  // by compared code: is no product's
	noLabel     []bool  // by description: is no product's
	taken       []uint8 // by line

	order []uint32 // lines that the first five rules left, by customer
	start []uint32 // customer c has order[start[c]:start[c+1]]
	key   sortKey
	tally *tally
}

// Apply asks the rules in their order about every line, matches cancellations with their sales and accounts for
// everything. It seals the lines. Lines stay as they are but for that, and the outcome shares their dictionaries.
//
// It takes O(n log m) for n lines of at most m a customer. The outcome does not depend on the order of lines nor on the
// number of cores. Errors wrap [ErrRange] or [ErrLedger].
func (r Rules) Apply(l *Lines) (*Kept, error) {
	l.Seal()
	p := &pass{rules: r, l: l, taken: make([]uint8, l.Len())}
	var err error
	inParallel(p.classify, func() { err = checkRange(l) }, func() { p.key = newSortKey(l) })
	if err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	p.tally = newTally(l.Invoices.Keys.Len(), l.Customers.Len())
	p.takeLines()
	p.groupByCustomer()
	p.settleCustomers()
	p.out.Ledger = p.tally.ledger()
	if err := p.out.Ledger.Check(); err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	return p.out, nil
}

// checkRange makes sure once that no sum taken later can leave its range: every one is over parts of these lines.
func checkRange(l *Lines) error {
	var sum, units uint64
	for i, q := range l.Quantity {
		sum += magnitude(l.Amount[i]) // both stay below 2^63 before each addition
		units += magnitude(q)
		if sum > money.Max || units > money.Max || magnitude(l.Price[i]) > money.Max {
			return fmt.Errorf("%w: %d lines of money beyond %s or of units beyond %s", ErrRange, l.Len(), money.Amount(money.Max), money.Quantity(money.Max))
		}
	}
	return nil
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-(v + 1)) + 1
	}
	return uint64(v)
}

// classify answers what depends on a text alone once for each text.
func (p *pass) classify() {
	invoices := &p.l.Invoices.Keys
	p.invoiceKind = make([]uint8, invoices.Len())
	for id := range p.invoiceKind {
		if s := invoices.String(uint32(id)); s != "" {
			switch s[0] {
			case 'A':
				p.invoiceKind[id] = invoiceAdjustment
			case 'C':
				p.invoiceKind[id] = invoiceCancellation
			}
		}
	}
	p.noCode = make([]bool, p.l.Codes.Keys.Len())
	for id := range p.noCode {
		p.noCode[id] = p.rules.NonProducts.code(p.l.Codes.Keys.String(uint32(id)))
	}
	p.noLabel = make([]bool, p.l.Descriptions.Len())
	for id := range p.noLabel {
		p.noLabel[id] = p.rules.NonProducts.description(p.l.Descriptions.String(uint32(id)))
	}
}

// firstRule returns the first of the rules before duplicate that takes line i, or notTaken.
func (p *pass) firstRule(i int) uint8 {
	l, on := p.l, p.rules.On
	kind := p.invoiceKind[l.Invoices.Key[l.Invoice[i]]]
	switch {
	case l.Customer[i] == 0 && on(RuleGuest):
		return uint8(RuleGuest)
	case kind == invoiceAdjustment && on(RuleAdjustment):
		return uint8(RuleAdjustment)
	case on(RuleNonProduct) && (p.noCode[l.Codes.Key[l.Code[i]]] || p.noLabel[l.Description[i]]):
		return uint8(RuleNonProduct)
	case l.Price[i] <= 0 && on(RulePrice):
		return uint8(RulePrice)
	case l.Quantity[i] <= 0 && kind != invoiceCancellation && on(RuleQuantity):
		return uint8(RuleQuantity)
	}
	return notTaken
}

// takeLines asks the rules that look at one line alone, and counts the input.
func (p *pass) takeLines() {
	eachRange(p.l.Len(), workers(p.l.Len()), func(_, from, to int) func() {
		t := newTally(p.l.Invoices.Keys.Len(), p.l.Customers.Len())
		for i := from; i < to; i++ {
			rule := p.firstRule(i)
			p.taken[i] = rule
			invoice, amount := p.l.Invoices.Key[p.l.Invoice[i]], money.Amount(p.l.Amount[i])
			t.line(rowInput, invoice, p.l.Customer[i], amount)
			if rule != notTaken {
				t.line(int(rule), invoice, p.l.Customer[i], amount)
			}
		}
		return func() { p.tally.merge(t) }
	})
}

// groupByCustomer sorts what is left by customer, by counting.
func (p *pass) groupByCustomer() {
	p.start = make([]uint32, p.l.Customers.Len()+1)
	for i, c := range p.l.Customer {
		if p.taken[i] == notTaken {
			p.start[c+1]++
		}
	}
	for c := 1; c < len(p.start); c++ {
		p.start[c] += p.start[c-1]
	}
	next := append([]uint32(nil), p.start[:len(p.start)-1]...)
	p.order = make([]uint32, p.start[len(p.start)-1])
	for i, c := range p.l.Customer {
		if p.taken[i] == notTaken {
			p.order[next[c]] = uint32(i)
			next[c]++
		}
	}
}

// rangeSize is how many lines make a goroutine worth starting.
const rangeSize = 16 << 10

func workers(lines int) int {
	return max(1, min(runtime.GOMAXPROCS(0), lines/rangeSize))
}

// eachRange cuts [0, n) into ranges and works on them at the same time. What work returns runs afterwards, one after the
// other in order of the ranges.
func eachRange(n, ranges int, work func(worker, from, to int) func()) {
	finish := make([]func(), ranges)
	var wg sync.WaitGroup
	for w := range ranges {
		wg.Go(func() { finish[w] = work(w, n*w/ranges, n*(w+1)/ranges) })
	}
	wg.Wait()
	for _, f := range finish {
		f()
	}
}
