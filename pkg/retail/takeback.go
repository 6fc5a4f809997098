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
// amounts are below zero. It seals the lines. O(n) for n lines, and a sort of the rows.
func (r Rules) TakenBack(l *Lines) ([]TakenBack, error) {
	l.Seal()
	k, err := kindsOf(l, r.Meaning)
	if err != nil {
		return nil, fmt.Errorf("returns by day: %w", err)
	}
	type key struct {
		customer uint32
		day      calendar.Date
		discount bool
	}
	rows := map[key]*TakenBack{}
	for i := range l.Len() {
		amount := k.amount(i)
		if amount >= 0 || k.customer[i] == 0 || k.isVoid(i) || k.adjustment != nil && k.adjustment[l.Invoices.Key[l.Invoice[i]]] {
			continue
		}
		discount := k.isDiscount(i)
		if !discount && (k.noCode[l.Codes.Key[l.Code[i]]] || k.noLabel[l.Description[i]] || !k.isReturn(i)) {
			continue
		}
		at := key{k.customer[i], calendar.DateOf(l.Time[i]), discount}
		t := rows[at]
		if t == nil {
			t = &TakenBack{Customer: at.customer, Day: at.day, Discount: discount}
			rows[at] = t
		}
		t.Lines++
		t.Amount += amount
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
