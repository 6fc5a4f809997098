package retail

import (
	"cmp"
	"fmt"
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

	customer []uint32 // by line: the lines' own, with those filled in
	filled   int64
	invoice  []uint32 // by line, where an invoice is number and day; nil where it is the number
	invoices int      // one more than the largest id of an invoice

	adjustment, returned []bool // by compared invoice number; nil for none
	void, gaveBack       []bool // by status; nil for none
	discount             []bool // by compared code; nil for none
	noCode               []bool // by compared code: is no product's
	noLabel              []bool // by description: is no product's

	sold  bitset // by compared code: sold at a positive price
	above bitset // by invoice: has a line above zero
	turns bool   // a line can be worth less than its amount: see amount
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
	k := &kinds{l: l, meaning: m, customer: l.Customer, invoices: l.Invoices.Keys.Len()}
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
	inParallel(
		func() { k.products(nonProducts) },
		func() {
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
		},
	)
	if m.Invoice == ByNumberAndDay {
		k.byNumberAndDay()
	}
	k.fill()
	k.seeSales()
	return k, nil
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
func invoicesLike(l *Lines, pattern string) ([]bool, error) {
	like, err := invoicePattern(pattern)
	if err != nil || like == nil {
		return nil, err
	}
	return eachText(&l.Invoices.Keys, like.MatchString), nil
}

func (k *kinds) products(n NonProducts) {
	k.noCode = eachText(&k.l.Codes.Keys, n.code)
	k.noLabel = eachText(&k.l.Descriptions, n.description)
}

// byNumberAndDay numbers invoices in the order of (number, source, day).
func (k *kinds) byNumberAndDay() {
	type one struct {
		key, source uint32
		day         calendar.Date
	}
	of := func(i int) one {
		return one{k.l.Invoices.Key[k.l.Invoice[i]], uint32(k.l.Source[i]), calendar.DateOf(k.l.Time[i])}
	}
	ids := map[one]uint32{}
	for i := range k.l.Len() {
		ids[of(i)] = 0
	}
	all := make([]one, 0, len(ids))
	for o := range ids {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.source, b.source), cmp.Compare(a.day, b.day))
	})
	for id, o := range all {
		ids[o] = uint32(id)
	}
	k.invoice, k.invoices = make([]uint32, k.l.Len()), len(all)
	for i := range k.invoice {
		k.invoice[i] = ids[of(i)]
	}
}

// invoiceOf returns the invoice of a line.
func (k *kinds) invoiceOf(i int) uint32 {
	if k.invoice != nil {
		return k.invoice[i]
	}
	return k.l.Invoices.Key[k.l.Invoice[i]]
}

// fill gives lines without a customer the one that the other lines of their invoice name, if they name just one.
func (k *kinds) fill() {
	const several = math.MaxUint32
	named, guests := make([]uint32, k.invoices), make([]bool, k.invoices)
	for i, c := range k.l.Customer {
		switch at := k.invoiceOf(i); {
		case c == 0:
			guests[at] = true
		case named[at] == 0:
			named[at] = c
		case named[at] != c:
			named[at] = several
		}
	}
	if !slices.ContainsFunc(guests, func(g bool) bool { return g }) {
		return
	}
	for i, c := range k.l.Customer {
		at := k.invoiceOf(i)
		if c != 0 || named[at] == 0 || named[at] == several || k.l.Invoices.Keys.String(k.l.Invoices.Key[k.l.Invoice[i]]) == "" {
			continue
		}
		if k.filled == 0 {
			k.customer = slices.Clone(k.l.Customer)
		}
		k.customer[i] = named[at]
		k.filled++
	}
}

// seeSales notes which codes are sold at a positive price and which invoices have a line above zero.
func (k *kinds) seeSales() {
	k.sold, k.above = newBitset(k.l.Codes.Keys.Len()), newBitset(k.invoices)
	k.turns = k.returned != nil || k.gaveBack != nil
	for i, amount := range k.l.Amount {
		if amount <= 0 {
			continue
		}
		if k.turns = k.turns || k.l.Price[i] < 0 || k.l.Quantity[i] < 0; k.isVoid(i) || k.marked(i) {
			continue
		}
		k.above.set(k.invoiceOf(i))
		if k.l.Price[i] > 0 {
			k.sold.set(k.l.Codes.Key[k.l.Code[i]])
		}
	}
}

func (k *kinds) isVoid(i int) bool { return k.void != nil && k.void[k.l.Status[i]] }

// marked reports whether a line carries the shop's marker of returns.
func (k *kinds) marked(i int) bool {
	return k.returned != nil && k.returned[k.l.Invoices.Key[k.l.Invoice[i]]] || k.gaveBack != nil && k.gaveBack[k.l.Status[i]]
}

// amount returns what a line is worth: below zero if it is a return, or marked as one.
func (k *kinds) amount(i int) money.Amount {
	a := money.Amount(k.l.Amount[i])
	if k.turns {
		return k.turned(i, a)
	}
	return a
}

// turned is amount where a line above zero can be a return.
func (k *kinds) turned(i int, a money.Amount) money.Amount {
	if a > 0 && (k.marked(i) || (k.l.Quantity[i] < 0 || k.l.Price[i] < 0) && k.isReturn(i)) {
		return -a
	}
	return a
}

// isReturn reports whether a line gives a product back, if it is a product's.
func (k *kinds) isReturn(i int) bool {
	q, price := k.l.Quantity[i], k.l.Price[i]
	switch {
	case q == 0 || price == 0:
		return false
	case k.marked(i):
		return true
	case q < 0:
		return price > 0
	}
	return price < 0 && k.sold.has(k.l.Codes.Key[k.l.Code[i]])
}

// isDiscount reports whether a line is below zero and returns nothing.
func (k *kinds) isDiscount(i int) bool {
	if k.l.Amount[i] >= 0 || k.marked(i) {
		return false
	}
	code := k.l.Codes.Key[k.l.Code[i]]
	return k.discount != nil && k.discount[code] || !k.sold.has(code) && k.above.has(k.invoiceOf(i))
}
