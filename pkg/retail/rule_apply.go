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

// pass is the work of [Rules.Apply].
type pass struct {
	*kinds
	rules Rules
	on    [ruleCount]bool // of rules, asked for each line
	out   *Kept

	taken     []uint8        // by line
	spread    []money.Amount // by line: the part of discounts that it bears, below 0; of an allocated discount its amount, above 0; nil for none
	discounts Discounts

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
	p := &pass{rules: r, taken: make([]uint8, l.Len())}
	for rule := range p.on {
		p.on[rule] = r.On(Rule(rule))
	}
	var err, rangeErr error
	inParallel(func() { p.kinds, err = kindsOf(l, r.Meaning) }, func() { rangeErr = checkRange(l) }, func() { p.key = newSortKey(l) })
	if err = errors.Join(err, rangeErr); err != nil {
		return nil, fmt.Errorf("apply rules: %w", err)
	}
	p.key.fit(p.kinds)
	p.tally = newTally(p.invoices, l.Customers.Len())
	p.takeLines()
	p.takeDiscounts()
	p.key.spread = p.spread
	p.groupByCustomer()
	p.settleCustomers()
	p.out.Discounts, p.out.Filled = p.discounts, p.filled
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

// firstRule returns the first of the rules before duplicate that takes line i, or notTaken.
func (p *pass) firstRule(i int) uint8 {
	l, on := p.l, &p.on
	switch {
	case p.isVoid(i) && on[RuleVoid]:
		return uint8(RuleVoid)
	case p.customer[i] == 0 && on[RuleGuest]:
		return uint8(RuleGuest)
	case p.adjustment != nil && p.adjustment[l.Invoices.Key[l.Invoice[i]]] && on[RuleAdjustment]:
		return uint8(RuleAdjustment)
	case on[RuleDiscount] && p.isDiscount(i):
		return uint8(RuleDiscount)
	case on[RuleNonProduct] && (p.noCode[l.Codes.Key[l.Code[i]]] || p.noLabel[l.Description[i]]):
		return uint8(RuleNonProduct)
	case l.Price[i] <= 0 && on[RulePrice] && !p.isReturn(i):
		return uint8(RulePrice)
	case l.Quantity[i] <= 0 && on[RuleQuantity] && !p.isReturn(i):
		return uint8(RuleQuantity)
	}
	return notTaken
}

// takeLines asks the rules that look at one line alone, and counts the input.
func (p *pass) takeLines() {
	eachRange(p.l.Len(), workers(p.l.Len()), func(_, from, to int) func() {
		t := newTally(p.invoices, p.l.Customers.Len())
		for i := from; i < to; i++ {
			rule := p.firstRule(i)
			p.taken[i] = rule
			invoice, amount := p.invoiceOf(i), p.amount(i)
			t.line(rowInput, invoice, p.customer[i], amount)
			if rule != notTaken && rule != uint8(RuleDiscount) {
				t.line(int(rule), invoice, p.customer[i], amount)
			}
		}
		return func() { p.tally.merge(t) }
	})
}

// takeDiscounts counts the discount lines, after what can be allocated of them is.
func (p *pass) takeDiscounts() {
	if p.rules.Meaning.Discounts == AllocateDiscounts {
		p.allocate()
	}
	for i, rule := range p.taken {
		if rule != uint8(RuleDiscount) {
			continue
		}
		amount := p.amount(i)
		p.discounts.Lines++
		p.discounts.Amount += amount
		if p.spread != nil {
			amount += p.spread[i]
		}
		p.tally.line(int(RuleDiscount), p.invoiceOf(i), p.customer[i], amount)
	}
}

// groupByCustomer sorts what is left by customer, by counting.
func (p *pass) groupByCustomer() {
	p.start = make([]uint32, p.l.Customers.Len()+1)
	for i, c := range p.customer {
		if p.taken[i] == notTaken {
			p.start[c+1]++
		}
	}
	for c := 1; c < len(p.start); c++ {
		p.start[c] += p.start[c-1]
	}
	next := append([]uint32(nil), p.start[:len(p.start)-1]...)
	p.order = make([]uint32, p.start[len(p.start)-1])
	for i, c := range p.customer {
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
