// Package demo invents a shop: a stream of transaction lines with planted truths, for those who have no data at hand and
// for tests that look for what was planted.
//
//	shop, err := demo.New(demo.Options{Seed: 1, Customers: 800, From: from, Days: 396})
//	truth, err := shop.WriteLines(ctx, file)     // InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,…
//	err = truth.Write(other)                     // {"lines": 52969, "kinds": [{"kind": "loyal", …}], …}
//
// The same options give the same bytes on any machine: every draw comes from a PCG stream named by what it decides (this
// customer, this day), and all arithmetic is in whole numbers. Because a stream can be opened again, nothing is kept of an
// invoice once it is written: a return asks again what was sold. Memory grows with customers and products (a few words
// each), never with lines. For the same reason a fault or a campaign changes the lines it is about and no other: the same
// shop without it stands beside it, line by line, to say what it truly did.
package demo

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Shop is a shop that can be written. It is not safe for concurrent use.
type Shop struct {
	Options
	tradingDays tradingDays
	products    []product
	quotas      []int // customers of each kind, in the order of kinds

	// What is to come, as one list of customers a day: head[day] is the first, next[customer] the following one, both
	// plus one, so that zero ends a list. A customer has at most one visit and one return ahead.
	visits  agenda
	returns agenda
	sold    []int32 // customer → day of the sale that the return ahead is about

	basket []line  // of the invoice at hand
	events []event // of the day at hand
}

// New returns a shop.
func New(o Options) (*Shop, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Shop{
		Options:     o,
		tradingDays: newCalendar(o.From, o.Days),
		products:    newProducts(o.Seed, min(max(120, 100+o.Customers/2), 4000)),
		quotas:      quotas(o.Customers),
	}, nil
}

// agenda keeps for each day the customers who have something ahead then.
type agenda struct {
	head []int32
	next []int32
}

func newAgenda(days, customers int) agenda {
	return agenda{head: make([]int32, days), next: make([]int32, customers)}
}

func (a *agenda) add(day, customer int) {
	a.next[customer] = a.head[day]
	a.head[day] = int32(customer + 1)
}

// take calls f with every customer of the day.
func (a *agenda) take(day int, f func(customer int)) {
	for at := a.head[day]; at != 0; {
		c := int(at - 1)
		at = a.next[c]
		f(c)
	}
	a.head[day] = 0
}

// event is one invoice of the day at hand, before its lines are drawn.
type event struct {
	minute int // of the day
	what   what
	id     int // customer, or number of the guest or the clerk's entry on this day
}

type what uint8

const (
	visit what = iota
	comeback
	guest
	clerk
)

// WriteLines writes the shop's lines in ascending order of time, as CSV in the UCI layout, and returns what was planted.
func (s *Shop) WriteLines(ctx context.Context, w io.Writer) (*Truth, error) {
	s.visits = newAgenda(s.Days, s.Customers)
	s.returns = newAgenda(s.Days, s.Customers)
	s.sold = make([]int32, s.Customers)
	out := &writer{w: bufio.NewWriterSize(w, 1<<16), seed: s.Seed, dirty: s.Dirty, truth: newTruth(s)}
	for c := range s.Customers {
		who := s.customer(c)
		s.visits.add(who.first, c)
		out.truth.welcome(who)
	}
	out.header()
	for day := range s.Days {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.day(day, out)
	}
	out.rest()
	if err := out.flush(); err != nil {
		return nil, fmt.Errorf("write lines: %w", err)
	}
	return out.truth, nil
}

// day draws and writes all invoices of a day.
func (s *Shop) day(day int, out *writer) {
	s.events = s.events[:0]
	s.visits.take(day, func(c int) {
		who := s.customer(c)
		s.events = append(s.events, event{s.minute(who, day), visit, c})
		s.plan(who, day)
	})
	s.returns.take(day, func(c int) {
		d := s.draws(tagMinute, uint64(c)|1<<40, uint64(day))
		s.events = append(s.events, event{9*60 + d.below(8*60), comeback, c})
	})
	for i := range s.guests(day) {
		d := s.draws(tagMinute, uint64(i)|1<<41, uint64(day))
		s.events = append(s.events, event{9*60 + d.below(11*60), guest, i})
	}
	for i := range clerkEntries {
		if _, _, due := s.clerkEntry(i, day); due {
			s.events = append(s.events, event{17*60 + 30 + i, clerk, i})
		}
	}
	slices.SortFunc(s.events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.what, b.what), cmp.Compare(a.id, b.id))
	})
	out.day(s.From + calendar.Date(day))
	for _, e := range s.events {
		s.write(e, day, out)
	}
}

// write draws one invoice and writes it.
func (s *Shop) write(e event, day int, out *writer) {
	in := invoice{prefix: ' ', minute: e.minute, country: countries[0].name}
	switch e.what {
	case visit, comeback:
		who := s.customer(e.id)
		in.customer, in.country = who.id, countries[who.country].name
		if e.what == visit {
			s.fill(who, day)
			out.truth.promoted(s.promote(who, day))
			break
		}
		sale := int(s.sold[e.id]) - 1
		s.sold[e.id] = 0
		s.fill(who, sale)
		s.promote(who, sale)
		s.comeback(who, sale)
		in.prefix = 'C'
		in.orphan = s.lost(sale, in.country)
	case guest:
		s.fillGuest(e.id, day)
	case clerk:
		prefix, entry, _ := s.clerkEntry(e.id, day)
		in.prefix, in.picture = prefix, prefix == 'A'
		s.basket = append(s.basket[:0], entry)
	}
	out.invoice(in, s.basket)
}

// lost reports whether a fault has lost what was sold on the day to customers of the country.
func (s *Shop) lost(day int, country string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.loses(s.From+calendar.Date(day), country) })
}

// plan puts the customer's next visit, and the return of something bought today, on the agenda.
func (s *Shop) plan(who customer, day int) {
	if next := s.nextVisit(who, day); next >= 0 {
		s.visits.add(next, who.index)
	}
	if s.sold[who.index] != 0 {
		return
	}
	d := s.draws(tagReturn, uint64(who.index), uint64(day))
	back := day + 2 + d.below(24)
	for back < s.Days && s.tradingDays.busy[back] == 0 {
		back++
	}
	if d.chance(kinds[who.kind].returns) && back < s.Days {
		s.sold[who.index] = int32(day + 1)
		s.returns.add(back, who.index)
	}
}
