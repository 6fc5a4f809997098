package retail

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// kinds are the answers to what a line is, of everything that the rules ask about it. They are found before any rule is.
type kinds struct {
	l       *Lines
	meaning Meaning

	named    []uint32     // by invoice: the one customer that its lines name, or 0; nil where no line has none
	days     []invoiceDay // an invoice each, where one is number and day; nil where it is the number
	daysFrom []int32      // by compared number: where its days begin
	invoices int          // one more than the largest id of an invoice

	adjustment, returned bitset // by compared invoice number; nil for none
	void, gaveBack       []bool // by status; nil for none
	discount             []bool // by compared code; nil for none
	noCode               []bool // by compared code: is no product's
	noLabel              []bool // by description: is no product's

	codes   bitset // compared codes that a line has
	numbers bitset // compared invoice numbers that a line has
	sold    bitset // by compared code: sold at a positive price
	above   bitset // by invoice: has a line above zero
	turns   bool   // a line can be worth less than its amount: see amount

	totals lineTotals
}

// lineTotals are what is added up of all lines.
type lineTotals struct {
	lines, delivered int64
	money, units     uint64 // Σ of magnitudes
	outOfRange       bool
	times            span
}

func (t *lineTotals) add(r *Line) {
	t.lines++
	t.delivered += r.Amount
	if !t.outOfRange { // both stay below 2^63 before each addition
		t.money += magnitude(r.Amount)
		t.units += magnitude(r.Quantity)
		t.outOfRange = t.money > money.Max || t.units > money.Max || magnitude(r.Price) > money.Max
	}
	t.times.add(r.Time)
}

func (t *lineTotals) merge(o lineTotals) {
	t.lines += o.lines
	t.delivered += o.delivered
	if t.outOfRange = t.outOfRange || o.outOfRange; !t.outOfRange {
		t.money += o.money
		t.units += o.units
		t.outOfRange = t.money > money.Max || t.units > money.Max
	}
	t.times.merge(o.times)
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-(v + 1)) + 1
	}
	return uint64(v)
}

// kindsOf returns the kinds of lines, those that [Decide] found if it was asked for the same meaning.
func kindsOf(l *Lines, m Meaning) (*kinds, error) {
	if l.kinds != nil && reflect.DeepEqual(l.kinds.meaning, m) {
		return l.kinds, nil
	}
	return newKinds(l, m)
}

// newKinds answers what depends on a text alone once for each text, and then what depends on other lines.
func newKinds(l *Lines, m Meaning) (*kinds, error) {
	if err := l.Seal(); err != nil {
		return nil, err
	}
	k := &kinds{l: l, meaning: m, invoices: l.Invoices.Keys.Len()}
	nonProducts, err := ParseNonProducts(m.NonProducts)
	if err != nil {
		return nil, fmt.Errorf("non-products: %w", err)
	}
	if k.adjustment, err = invoicesLike(l, m.Adjustments); err != nil {
		return nil, fmt.Errorf("adjustments: %w", err)
	}
	if k.returned, err = invoicesLike(l, m.ReturnInvoices); err != nil {
		return nil, fmt.Errorf("return invoices: %w", err)
	}
	k.products(nonProducts)
	if l.Statuses.Len() > 1 {
		k.void, k.gaveBack = eachText(&l.Statuses, m.void), eachText(&l.Statuses, m.returns)
	}
	if len(m.DiscountCodes) > 0 {
		codes := make([]string, len(m.DiscountCodes))
		for i, c := range m.DiscountCodes {
			codes[i] = string(appendCompared(nil, []byte(c)))
		}
		k.discount = eachText(&l.Codes.Keys, func(key string) bool { return slices.Contains(codes, key) })
	}
	if m.Invoice == ByNumberAndDay {
		if err := k.byNumberAndDay(); err != nil {
			return nil, err
		}
	}
	return k, k.look()
}

// eachText asks once for each text.
func eachText(d *Dict, ask func(string) bool) []bool {
	answers := make([]bool, d.Len())
	for id := range answers {
		answers[id] = ask(d.String(uint32(id)))
	}
	return answers
}

// invoicesLike says which compared invoice numbers match a pattern, nil for none.
func invoicesLike(l *Lines, pattern string) (bitset, error) {
	like, err := invoicePattern(pattern)
	if err != nil || like == nil {
		return nil, err
	}
	numbers := newBitset(l.Invoices.Keys.Len())
	for id := range uint32(l.Invoices.Keys.Len()) {
		if like.MatchString(l.Invoices.Keys.String(id)) {
			numbers.set(id)
		}
	}
	return numbers, nil
}

func (k *kinds) products(n NonProducts) {
	k.noCode = eachText(&k.l.Codes.Keys, n.code)
	k.noLabel = eachText(&k.l.Descriptions, n.description)
}

// invoiceDay is an invoice where that is number and day.
type invoiceDay struct {
	key, source uint32
	day         calendar.Date
}

// bytesOfDay is what a number takes in a map of its days, about, and in those of two workers.
const bytesOfDay = 128

func compareDays(a, b invoiceDay) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.source, b.source), cmp.Compare(a.day, b.day))
}

// byNumberAndDay numbers invoices in the order of (number, source, day).
func (k *kinds) byNumberAndDay() error {
	for from, to := range k.l.Passes(k.l.Invoices.Keys.Len(), bytesOfDay) {
		n := len(k.days)
		err := k.l.Scan(FieldTime|FieldSource|FieldInvoice, func() (func([]Line), func()) {
			seen := map[invoiceDay]struct{}{}
			see := func(lines []Line) {
				for i := range lines {
					if key := k.l.Invoices.Key(lines[i].Invoice); key >= from && key < to {
						seen[k.dayOf(&lines[i])] = struct{}{}
					}
				}
			}
			return see, func() { k.days = slices.AppendSeq(k.days, maps.Keys(seen)) }
		})
		if err != nil {
			return err
		}
		slices.SortFunc(k.days[n:], compareDays)
		k.days = k.days[:n+len(slices.Compact(k.days[n:]))]
	}
	k.daysFrom = make([]int32, k.l.Invoices.Keys.Len()+1)
	for _, d := range k.days {
		k.daysFrom[d.key+1]++
	}
	for i := 1; i < len(k.daysFrom); i++ {
		k.daysFrom[i] += k.daysFrom[i-1]
	}
	k.invoices = len(k.days)
	return nil
}

func (k *kinds) dayOf(r *Line) invoiceDay {
	return invoiceDay{k.l.Invoices.Key(r.Invoice), uint32(r.Source), calendar.DateOf(r.Time)}
}

// invoiceOf returns the invoice of a line.
func (k *kinds) invoiceOf(r *Line) uint32 {
	key := k.l.Invoices.Key(r.Invoice)
	if k.days == nil {
		return key
	}
	from := k.daysFrom[key]
	if k.daysFrom[key+1] == from+1 {
		return uint32(from)
	}
	at, _ := slices.BinarySearchFunc(k.days[from:k.daysFrom[key+1]], k.dayOf(r), compareDays)
	return uint32(from) + uint32(at)
}

// invoiceFields are those that invoiceOf looks at.
func (k *kinds) invoiceFields() Fields {
	if k.days == nil {
		return FieldInvoice
	}
	return FieldInvoice | FieldSource | FieldTime
}

// codeOf returns the compared code of a line.
func (k *kinds) codeOf(r *Line) uint32 { return k.l.Codes.Key(r.Code) }

// customerOf returns whose a line is: a line without a customer is of the one that the other lines of its invoice name, if they name
// just one.
func (k *kinds) customerOf(r *Line) uint32 {
	if r.Customer != 0 || k.named == nil || k.l.Invoices.Key(r.Invoice) == 0 { // the empty number is the first of all
		return r.Customer
	}
	return k.named[k.invoiceOf(r)]
}

// totalled is what a worker adds up of lines.
type totalled struct {
	lineTotals
	turns bool
}

// look goes through all lines: which customers invoices name, which codes are sold at a positive price, which invoices have a line above zero.
func (k *kinds) look() error {
	guests := newBitset(k.invoices)
	err := k.l.scanParts(0, k.l.room.Guests, k.l.seen(), k.invoiceFields(), func() (func([]Line), func()) {
		mine := newBitset(k.invoices)
		see := func(lines []Line) {
			for i := range lines {
				mine.set(k.invoiceOf(&lines[i]))
			}
		}
		return see, func() { guests.merge(mine) }
	})
	if err != nil {
		return err
	}
	const several = math.MaxUint32
	if guests.count() > 0 {
		k.named = make([]uint32, k.invoices)
	}
	k.numbers = newBitset(k.l.Invoices.Keys.Len())
	k.codes, k.sold, k.above = newBitset(k.l.Codes.Keys.Len()), newBitset(k.l.Codes.Keys.Len()), newBitset(k.invoices)
	k.turns = k.returned != nil || k.gaveBack != nil
	var stripes Stripes
	err = k.l.Scan(FieldTime|FieldCustomer|WorthFields|k.invoiceFields(), func() (func([]Line), func()) {
		numbers := newBitset(len(k.numbers) * 64)
		codes, sold, above, all := newBitset(len(k.codes)*64), newBitset(len(k.sold)*64), newBitset(len(k.above)*64), totalled{turns: k.turns}
		see := func(lines []Line) {
			hold := stripes.Hold()
			defer hold.Free()
			mine := all // what workers write for each line must not be neighbours in memory
			defer func() { all = mine }()
			for i := range lines {
				r := &lines[i]
				mine.add(r)
				at, code := k.invoiceOf(r), k.codeOf(r)
				codes.set(code)
				numbers.set(k.l.Invoices.Key(r.Invoice))
				if r.Customer != 0 && k.named != nil && guests.has(at) {
					hold.Take(at)
					if to := &k.named[at]; *to == 0 {
						*to = r.Customer
					} else if *to != r.Customer {
						*to = several
					}
				}
				if r.Amount <= 0 {
					continue
				}
				if mine.turns = mine.turns || r.Price < 0 || r.Quantity < 0; k.isVoid(r) || k.marked(r) {
					continue
				}
				above.set(at)
				if r.Price > 0 {
					sold.set(code)
				}
			}
		}
		return see, func() {
			k.codes.merge(codes)
			k.numbers.merge(numbers)
			k.sold.merge(sold)
			k.above.merge(above)
			k.turns = k.turns || all.turns
			k.totals.merge(all.lineTotals)
		}
	})
	for at, customer := range k.named {
		if customer == several {
			k.named[at] = 0
		}
	}
	return err
}

func (k *kinds) isVoid(r *Line) bool { return k.void != nil && k.void[r.Status] }

// marked reports whether a line carries the shop's marker of returns.
func (k *kinds) marked(r *Line) bool {
	return k.returned != nil && k.returned.has(k.l.Invoices.Key(r.Invoice)) || k.gaveBack != nil && k.gaveBack[r.Status]
}

// amount returns what a line is worth: below zero if it is a return, or marked as one.
func (k *kinds) amount(r *Line) money.Amount {
	a := money.Amount(r.Amount)
	if k.turns {
		return k.turned(r, a)
	}
	return a
}

// turned is amount where a line above zero can be a return.
func (k *kinds) turned(r *Line, a money.Amount) money.Amount {
	if a > 0 && (k.marked(r) || (r.Quantity < 0 || r.Price < 0) && k.isReturn(r)) {
		return -a
	}
	return a
}

// isReturn reports whether a line gives a product back, if it is a product's.
func (k *kinds) isReturn(r *Line) bool {
	switch {
	case r.Quantity == 0 || r.Price == 0:
		return false
	case k.marked(r):
		return true
	case r.Quantity < 0:
		return r.Price > 0
	}
	return r.Price < 0 && k.sold.has(k.codeOf(r))
}

// isDiscount reports whether a line is below zero and returns nothing.
func (k *kinds) isDiscount(r *Line) bool {
	if r.Amount >= 0 || k.marked(r) {
		return false
	}
	code := k.codeOf(r)
	return k.discount != nil && k.discount[code] || !k.sold.has(code) && k.above.has(k.invoiceOf(r))
}
