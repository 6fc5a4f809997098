package retail

import (
	"cmp"
	"math/bits"
	"slices"
)

// The one order of a customer's lines: time, invoice, code, price, quantity, description, country, region, amount, status, then
// invoice and code as written. All are numbers in sealed dictionaries, so it is an order of values. Lines equal in all are interchangeable.

// sortKey packs the first fields of the order into 64 bits, where they fit: comparing packs then settles nearly every
// comparison of two lines.
type sortKey struct {
	kinds    *kinds
	first    int64  // earliest time
	unit     uint64 // every time is a whole number of units after first: of shops that keep minutes, 60,000,000 µs
	time     uint   // what the units are shifted left by
	invoice  uint   // what the invoice is shifted left by
	hasParts bool   // invoice and code fit beside the time
	bits     int    // that a key has at most
}

// span is what a sort key must know of the times of lines.
type span struct {
	any         bool
	first, last int64
	unit        uint64 // divides every distance from first; 0 is any
	before      int64
}

func (s *span) add(t int64) {
	switch {
	case !s.any:
		*s = span{any: true, first: t, last: t, before: t}
	case t != s.before:
		if s.before = t; s.unit != 1 {
			s.unit = gcd(apart(t, s.first), s.unit)
		}
		s.first, s.last = min(s.first, t), max(s.last, t) // the unit divides the distance to any of them
	}
}

func (s *span) merge(o span) {
	switch {
	case !o.any:
	case !s.any:
		*s = o
	default:
		s.unit = gcd(gcd(s.unit, o.unit), apart(s.first, o.first))
		s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	}
}

func apart(a, b int64) uint64 { return uint64(max(a, b)) - uint64(min(a, b)) }

// newSortKey packs invoices and codes beside the time, if there is room.
func newSortKey(kinds *kinds, t span) sortKey {
	k := sortKey{kinds: kinds, first: t.first, unit: max(t.unit, 1)}
	codes, invoices := width(kinds.l.Codes.Keys.Len()), width(kinds.invoices)
	k.bits = bits.Len64(apart(t.last, t.first) / k.unit)
	if k.bits+codes+invoices <= 64 {
		k.time, k.invoice, k.hasParts = uint(codes+invoices), uint(codes), true
		k.bits += codes + invoices
	}
	return k
}

// gcd returns the greatest common divisor; of 0 and b it is b.
func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (k *sortKey) of(r *Line) uint64 {
	t := (uint64(r.Time) - uint64(k.first)) / k.unit
	if !k.hasParts {
		return t
	}
	return t<<k.time | uint64(k.kinds.invoiceOf(r))<<k.invoice | uint64(k.kinds.codeOf(r))
}

// keyed is the place of a line among others, with its pack. It has no pointer, so that the collector need not hear of its moves.
type keyed struct {
	key uint64
	at  uint32
}

// sorter sorts lines of one customer after the other.
type sorter struct {
	keys []uint64
	ats  []uint32
}

// sort puts lines of one customer into order: by their keys, with the place of each in the bits that keys leave, and then those of
// equal keys by all they have.
func (s *sorter) sort(k *sortKey, lines []Line, order []keyed) {
	compare := func(a, b keyed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return compareLines(k.kinds, &lines[a.at], &lines[b.at])
	}
	places := bits.Len(uint(len(order) - 1))
	if k.bits+places > 64 {
		slices.SortFunc(order, compare)
		return
	}
	s.keys, s.ats = resized(s.keys, len(order)), resized(s.ats, len(order))
	for i, o := range order {
		s.keys[i], s.ats[i] = o.key<<places|uint64(i), o.at
	}
	slices.Sort(s.keys)
	mask := uint64(1)<<places - 1
	for i, key := range s.keys {
		order[i] = keyed{key >> places, s.ats[key&mask]}
	}
	for from, to := 0, 1; from < len(order); from, to = to, to+1 {
		for to < len(order) && order[to].key == order[from].key {
			to++
		}
		if to-from > 1 {
			slices.SortFunc(order[from:to], compare)
		}
	}
}

func compareLines(k *kinds, a, b *Line) int {
	if c := cmp.Compare(a.Time, b.Time); c != 0 {
		return c
	}
	if c := cmp.Compare(k.invoiceOf(a), k.invoiceOf(b)); c != 0 {
		return c
	}
	if c := cmp.Compare(k.codeOf(a), k.codeOf(b)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Price, b.Price); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Quantity, b.Quantity); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Description, b.Description); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Country, b.Country); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Region, b.Region); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Amount, b.Amount); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Status, b.Status); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Invoice, b.Invoice); c != 0 {
		return c
	}
	return cmp.Compare(a.Code, b.Code)
}
