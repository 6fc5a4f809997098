package retail

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// TakenBack is what a customer gave back, or was let off, on a day.
type TakenBack struct {
	Customer uint32 // in Lines.Customers
	Day      calendar.Date
	Discount bool  // lines below zero that return nothing
	Lines    int64 // of it
	Amount   money.Amount
}

// TakenBack adds up the returns of products and the discounts of every customer by day, whether or not a return found its sale: what
// rules look at one by one. Void lines, adjustments and lines of no product do not count. take gets the rows of some customers at a time,
// by customer and day, returns first; amounts are below zero. An error is the spill's, or take's.
func (p *Plan) TakenBack(take func([]TakenBack) error) error {
	l, first := p.l, p.l.room.Guests // whoever is nobody takes nothing back
	for atOnce := 4 * runtime.GOMAXPROCS(0); first < l.parts(); first += atOnce {
		end, all := min(first+atOnce, l.parts()), takenBack{}
		err := l.scanParts(first, end, l.seen(), FieldTime|FieldCustomer|FieldDescription|WorthFields|p.invoiceFields(), func() (func([]Line), func()) {
			mine := takenBack{}
			return func(lines []Line) { p.takeBack(mine, lines) }, func() { all.merge(mine) }
		})
		var lines []Line
		for part := first; p.filled != nil && part < end && err == nil; part++ {
			if lines, err = l.load(p.filled, part, lines[:0]); err == nil {
				p.takeBack(all, lines)
			}
		}
		if err != nil {
			return fmt.Errorf("returns by day: %w", err)
		}
		if err := take(all.rows()); err != nil {
			return err
		}
	}
	return nil
}

// takenBack is what some customers gave back, or were let off.
type takenBack map[takenOn]takenSum

type takenOn struct {
	customer uint32
	day      calendar.Date
	discount bool
}

type takenSum struct {
	lines  int64
	amount money.Amount
}

func (t takenBack) add(on takenOn, o takenSum) {
	sum := t[on]
	t[on] = takenSum{sum.lines + o.lines, sum.amount + o.amount}
}

func (t takenBack) merge(o takenBack) {
	for on, sum := range o {
		t.add(on, sum)
	}
}

// rows returns what was added up, by customer and day, returns first.
func (t takenBack) rows() []TakenBack {
	out := make([]TakenBack, 0, len(t))
	for on, sum := range t {
		out = append(out, TakenBack{Customer: on.customer, Day: on.day, Discount: on.discount, Lines: sum.lines, Amount: sum.amount})
	}
	slices.SortFunc(out, func(a, b TakenBack) int {
		first := func(t TakenBack) int {
			if t.Discount {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Day, b.Day), cmp.Compare(first(a), first(b)))
	})
	return out
}

func (p *Plan) takeBack(to takenBack, lines []Line) {
	k, l := p.kinds, p.l
	for i := range lines {
		r := &lines[i]
		amount := k.amount(r)
		if amount >= 0 || k.isVoid(r) || k.adjustment != nil && k.adjustment.has(l.Invoices.Key(r.Invoice)) {
			continue
		}
		discount := k.isDiscount(r)
		if !discount && (k.noCode[k.codeOf(r)] || k.noLabel[r.Description] || !k.isReturn(r)) {
			continue
		}
		to.add(takenOn{r.Customer, calendar.DateOf(r.Time), discount}, takenSum{1, amount})
	}
}
