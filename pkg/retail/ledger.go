package retail

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/money"
)

// ErrLedger says that kept and taken lines do not add up to the input: a mistake in the program, never in the data.
var ErrLedger = errors.New("ledger does not add up")

// Entry is one row of the ledger: what a rule took, or "input", or "kept".
type Entry struct {
	Rule      string       `json:"rule"`
	Lines     int64        `json:"lines"`
	Invoices  int64        `json:"invoices"`  // distinct among these lines, as compared
	Customers int64        `json:"customers"` // distinct among these lines; a guest is none
	Amount    money.Amount `json:"amount"`
	Sales     money.Amount `json:"sales"`   // the positive parts of amount
	Returns   money.Amount `json:"returns"` // the negative ones
}

// Ledger accounts for every line and every penny: "input", each rule in order, switched off or not, "kept".
type Ledger []Entry

// Input returns the entry of all lines.
func (l Ledger) Input() Entry { return l[0] }

// Taken returns the entry of a rule.
func (l Ledger) Taken(r Rule) Entry { return l[1+int(r)] }

// Kept returns the entry of the lines that no rule took.
func (l Ledger) Kept() Entry { return l[len(l)-1] }

// Check returns [ErrLedger] unless taken and kept lines, and their amounts, are those of the input.
func (l Ledger) Check() error {
	if len(l) != ledgerRows {
		return fmt.Errorf("%w: %d rows", ErrLedger, len(l))
	}
	var sum Entry
	for _, e := range l[1:] {
		sum.Lines += e.Lines
		sum.Amount += e.Amount
		sum.Sales += e.Sales
		sum.Returns += e.Returns
	}
	in := l.Input()
	if sum.Lines != in.Lines || sum.Amount != in.Amount || sum.Sales != in.Sales || sum.Returns != in.Returns {
		return fmt.Errorf("%w: %d lines of %s (%s and %s) in, %d lines of %s (%s and %s) accounted for", ErrLedger,
			in.Lines, in.Amount, in.Sales, in.Returns, sum.Lines, sum.Amount, sum.Sales, sum.Returns)
	}
	return nil
}

// Rows of a ledger before they have names: the rules by their number, then kept, then input.
const (
	rowKept    = int(ruleCount)
	rowInput   = rowKept + 1
	ledgerRows = rowInput + 1
)

// tally is a ledger in the making. Each worker has its own; they add up in any order to the same.
type tally struct {
	rows [ledgerRows]struct {
		lines          int64
		sales, returns money.Amount
	}
	*sets
}

// sets are the distinct invoices and customers of each row of a ledger, which all workers of a plan fill together: there may be many.
type sets [ledgerRows]struct{ invoices, customers bitset }

func newSets(invoices, customers int) *sets {
	s := &sets{}
	for i := range s {
		s[i].invoices, s[i].customers = newBitset(invoices), newBitset(customers)
	}
	return s
}

// line counts a line with its amount; invoice and customer as numbers of compared texts.
func (t *tally) line(row int, invoice, customer uint32, amount money.Amount) {
	r := &t.rows[row]
	r.lines++
	t.sets[row].invoices.share(invoice)
	t.sets[row].customers.share(customer)
	t.amount(row, amount)
}

// amount counts a part of a line that is counted elsewhere.
func (t *tally) amount(row int, amount money.Amount) {
	if amount > 0 {
		t.rows[row].sales += amount
	} else {
		t.rows[row].returns += amount
	}
}

func (t *tally) merge(o *tally) {
	for i := range t.rows {
		r, s := &t.rows[i], &o.rows[i]
		r.lines += s.lines
		r.sales += s.sales
		r.returns += s.returns
	}
}

// ledger names the rows and puts them in order.
func (t *tally) ledger() Ledger {
	l := make(Ledger, 0, ledgerRows)
	add := func(name string, row int) {
		r, sets := &t.rows[row], &t.sets[row]
		sets.customers.clear(0) // the guest
		l = append(l, Entry{
			Rule: name, Lines: r.lines, Invoices: sets.invoices.count(), Customers: sets.customers.count(),
			Amount: r.sales + r.returns, Sales: r.sales, Returns: r.returns,
		})
	}
	add("input", rowInput)
	for i, r := range RuleSpecs {
		add(r.Name, i)
	}
	add("kept", rowKept)
	return l
}

// bitset is a set of small numbers.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i uint32)   { b[i/64] |= 1 << (i % 64) }
func (b bitset) clear(i uint32) { b[i/64] &^= 1 << (i % 64) }

// share is set beside others that do the same.
func (b bitset) share(i uint32) {
	if w, bit := &b[i/64], uint64(1)<<(i%64); atomic.LoadUint64(w)&bit == 0 {
		atomic.OrUint64(w, bit)
	}
}

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }

func (b bitset) merge(o bitset) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b bitset) count() int64 {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}
