package retail

import (
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Router says which partitions a line goes to. It is for one goroutine.
type Router struct {
	of      Ranges
	byDay   bool
	named   map[InvoiceName][]int // where the customer is whom its lines get, in one window or another
	buf     []byte
	numbers map[string]int // partitions of guests, by compared number
}

// NewRouter returns a router for lines of some windows, whose facts are given.
func NewRouter(of Ranges, m Meaning, windows ...*Facts) *Router {
	r := &Router{of: of, byDay: m.Invoice == ByNumberAndDay, named: map[InvoiceName][]int{}, numbers: map[string]int{}}
	for _, f := range windows {
		for _, n := range f.Named {
			if part := of.Customer(n.Customer); !slices.Contains(r.named[n.Invoice], part) {
				r.named[n.Invoice] = append(r.named[n.Invoice], part)
			}
		}
	}
	return r
}

// Route appends the partitions of a line: one, and of a line without a customer those besides whose customers it may get.
func (r *Router) Route(dst []int, customer, invoice []byte, source uint16, time int64) []int {
	if len(customer) > 0 {
		return append(dst, r.of.Customer(string(customer)))
	}
	r.buf = appendCompared(r.buf[:0], invoice)
	part, ok := r.numbers[string(r.buf)]
	if !ok {
		part = r.of.Guest(string(r.buf))
		r.numbers[string(r.buf)] = part
	}
	dst = append(dst, part)
	if len(r.named) == 0 {
		return dst
	}
	name := InvoiceName{Number: string(r.buf)}
	if r.byDay {
		name.Source, name.Day = source, calendar.DateOf(time)
	}
	return append(dst, r.named[name]...)
}
