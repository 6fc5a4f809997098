package retail

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/clientele/clientele/pkg/money"
)

// The one order of a customer's lines: time, invoice, code, price, quantity, description, country, amount, status, then
// invoice and code as written. All are numbers in sealed dictionaries, so it is an order of values. Lines equal in all are interchangeable.

// sortKey packs the first fields of the order into 64 bits, where they fit: comparing packs then settles nearly every
// comparison of two lines.
type sortKey struct {
	kinds    *kinds
	spread   []money.Amount // see [pass]
	first    int64          // earliest time
	span     uint64         // from it to the latest
	unit     uint64         // every time is a whole number of units after first: of shops that keep minutes, 60,000,000 µs
	time     uint           // what the units are shifted left by
	invoice  uint           // what the invoice is shifted left by
	hasParts bool           // invoice and code fit beside the time
}

// newSortKey looks at the times. [sortKey.fit] does the rest.
func newSortKey(l *Lines) sortKey {
	if l.Len() == 0 {
		return sortKey{unit: 1}
	}
	first, last := l.Time[0], l.Time[0]
	for _, t := range l.Time {
		first, last = min(first, t), max(last, t)
	}
	k := sortKey{first: first, span: uint64(last) - uint64(first)}
	before := first
	for _, t := range l.Time {
		if t != before && k.unit != 1 {
			k.unit = gcd(uint64(t)-uint64(first), k.unit)
			before = t
		}
	}
	k.unit = max(k.unit, 1)
	return k
}

// fit packs invoices and codes beside the time, if there is room.
func (k *sortKey) fit(kinds *kinds) {
	k.kinds = kinds
	codes, invoices := width(kinds.l.Codes.Keys.Len()), width(kinds.invoices)
	if bits.Len64(k.span/k.unit)+codes+invoices <= 64 {
		k.time, k.invoice, k.hasParts = uint(codes+invoices), uint(codes), true
	}
}

// gcd returns the greatest common divisor; of 0 and b it is b.
func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (k sortKey) of(i uint32) uint64 {
	l := k.kinds.l
	t := (uint64(l.Time[i]) - uint64(k.first)) / k.unit
	if !k.hasParts {
		return t
	}
	return t<<k.time | uint64(k.kinds.invoiceOf(int(i)))<<k.invoice | uint64(l.Codes.Key[l.Code[i]])
}

// keyed is a line with its pack.
type keyed struct {
	key  uint64
	line uint32
}

// sortLines puts lines of one customer into order. scratch may be nil; it is returned, for reuse.
func (k sortKey) sortLines(lines []uint32, scratch []keyed) []keyed {
	scratch = scratch[:0]
	for _, i := range lines {
		scratch = append(scratch, keyed{k.of(i), i})
	}
	slices.SortFunc(scratch, func(a, b keyed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		if c := compareLines(k.kinds, a.line, b.line); c != 0 || k.spread == nil {
			return c
		}
		return cmp.Compare(k.spread[a.line], k.spread[b.line]) // no longer interchangeable
	})
	return scratch
}

func compareLines(k *kinds, a, b uint32) int {
	l := k.l
	if c := cmp.Compare(l.Time[a], l.Time[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(k.invoiceOf(int(a)), k.invoiceOf(int(b))); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Codes.Key[l.Code[a]], l.Codes.Key[l.Code[b]]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Price[a], l.Price[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Quantity[a], l.Quantity[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Description[a], l.Description[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Country[a], l.Country[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Amount[a], l.Amount[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Status[a], l.Status[b]); c != 0 {
		return c
	}
	if c := cmp.Compare(l.Invoice[a], l.Invoice[b]); c != 0 {
		return c
	}
	return cmp.Compare(l.Code[a], l.Code[b])
}
