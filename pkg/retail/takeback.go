package retail

import (
	"cmp"
	"fmt"
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
// rules look at one by one. Void lines, adjustments and lines of no product do not count. Rows go by customer and day, returns first;
// amounts are below zero. O(n) for n lines, and a sort of the rows.
func (p *Plan) TakenBack() ([]TakenBack, error) {
	k, l := p.kinds, p.l
	type key struct {
		customer uint32
		day      calendar.Date
		discount bool
	}
	rows := map[key]*TakenBack{}
	add := func(rows map[key]*TakenBack, at key, lines int64, amount money.Amount) {
		t := rows[at]
		if t == nil {
			t = &TakenBack{Customer: at.customer, Day: at.day, Discount: at.discount}
			rows[at] = t
		}
		t.Lines += lines
		t.Amount += amount
	}
	err := l.scan(func() (func([]Line), func()) {
		mine := map[key]*TakenBack{}
		see := func(lines []Line) {
			for i := range lines {
				r := &lines[i]
				amount, customer := k.amount(r), k.customerOf(r)
				if amount >= 0 || customer == 0 || k.isVoid(r) || k.adjustment != nil && k.adjustment.has(l.Invoices.Key(r.Invoice)) {
					continue
				}
				discount := k.isDiscount(r)
				if !discount && (k.noCode[k.codeOf(r)] || k.noLabel[r.Description] || !k.isReturn(r)) {
					continue
				}
				add(mine, key{customer, calendar.DateOf(r.Time), discount}, 1, amount)
			}
		}
		return see, func() {
			for at, t := range mine {
				add(rows, at, t.Lines, t.Amount)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("returns by day: %w", err)
	}
	out := make([]TakenBack, 0, len(rows))
	for _, t := range rows {
		out = append(out, *t)
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
	return out, nil
}
