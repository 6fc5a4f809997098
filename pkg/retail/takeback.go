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
	first := p.guestParts() // whoever is nobody takes nothing back
	for atOnce := 4 * runtime.GOMAXPROCS(0); first < p.Partitions(); first += atOnce {
		some := make([][]TakenBack, min(atOnce, p.Partitions()-first))
		err := eachPart(len(some), func() func(int) error {
			var lines []Line
			return func(i int) (err error) {
				if lines, err = p.Load(first+i, lines[:0]); err == nil {
					some[i] = p.takenBack(lines)
				}
				return err
			}
		})
		if err != nil {
			return fmt.Errorf("returns by day: %w", err)
		}
		for _, rows := range some {
			if err := take(rows); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Plan) takenBack(lines []Line) []TakenBack {
	k, l := p.kinds, p.l
	type key struct {
		customer uint32
		day      calendar.Date
		discount bool
	}
	places := map[key]int{}
	var out []TakenBack
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
		at := key{r.Customer, calendar.DateOf(r.Time), discount}
		place, known := places[at]
		if !known {
			place = len(out)
			places[at], out = place, append(out, TakenBack{Customer: at.customer, Day: at.day, Discount: at.discount})
		}
		out[place].Lines++
		out[place].Amount += amount
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
