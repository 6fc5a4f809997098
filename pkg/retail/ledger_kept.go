package retail

import (
	"fmt"
	"iter"
	"math/bits"

	"github.com/clientele/clientele/pkg/money"
)

// Row is a kept line.
type Row struct {
	Time     int64          // µs since 1970-01-01T00:00, the shop's local time
	Quantity money.Quantity // what is left of it
	Price    money.Price    // of one unit
	Amount   money.Amount   // what that is worth, see [Row.Part]

	Invoice, Code, Country, Region uint32 // as written
	InvoiceKey, CodeKey            uint32 // as compared
	Return                         bool   // a return line, of a quantity and an amount below zero; kept only with cancellation_unmatched off
}

// Part returns what n of the row's quantity is worth: n × price, and of what the row's amount differs from quantity × price,
// the share that n has in the quantity. Each is rounded to the ten-thousandth, and what comes out is not beyond zero nor the
// amount. n is 0, or of the quantity's sign and not above it. All of the quantity is worth the row's amount, and none of it
// nothing.
func (r *Row) Part(n money.Quantity) money.Amount {
	if n == r.Quantity {
		return r.Amount
	}
	part := times(r.Price, n)
	if extra := r.Amount - times(r.Price, r.Quantity); extra != 0 {
		part += extra.Part(n, r.Quantity)
	}
	return min(max(part, min(r.Amount, 0)), max(r.Amount, 0))
}

// times returns what was found to be in range when the lines were appended.
func times(p money.Price, q money.Quantity) money.Amount {
	amount, err := p.Times(q)
	if err != nil {
		panic(fmt.Sprintf("retail: %s × %s: %v", p, q, err))
	}
	return amount
}

// Returns are a customer's return lines that reached the cancellation rules, in full quantity, whether they found their
// sale or not.
type Returns struct {
	Lines    int64
	Invoices int64        // distinct
	Value    money.Amount // Σ −amount
}

// Cancellations counts return lines by how much of them found its sale.
type Cancellations struct {
	Matched   int64 // in full
	Partly    int64
	Unmatched int64        // not at all
	Amount    money.Amount // of what found its sale, negative
}

// Discounts are the discount lines that no earlier rule took.
type Discounts struct {
	Lines     int64
	Amount    money.Amount // of all, negative
	Allocated money.Amount // the part that was taken off product lines, negative
}

// Kept are the lines of some customers that no rule took, customer by customer in byte order. The zero value is for
// [Worker.Partition].
type Kept struct {
	Customers, Countries, Regions *Dict // of all lines
	Invoices, Codes               *KeyedDict

	ids     []uint32 // the customers, ascending; 0 is the guest
	returns []Returns
	sales   []uint32 // kept sale lines
	spans   []rowSpan
	rows    []Row
}

type rowSpan struct{ from, to int }

// begin empties it.
func (k *Kept) begin(l *Lines) {
	k.Customers, k.Countries, k.Regions, k.Invoices, k.Codes = &l.Customers, &l.Countries, &l.Regions, &l.Invoices, &l.Codes
	k.ids, k.returns, k.sales, k.spans, k.rows = k.ids[:0], k.returns[:0], k.sales[:0], k.spans[:0], k.rows[:0]
}

func (k *Kept) add(customer uint32, span rowSpan, sales uint32, returns Returns) {
	k.ids, k.spans = append(k.ids, customer), append(k.spans, span)
	k.sales, k.returns = append(k.sales, sales), append(k.returns, returns)
}

// gather makes one of the partitions, in their order.
func (p *Plan) gather(parts []Kept) *Kept {
	all := &Kept{}
	all.begin(p.l)
	for i := range parts {
		part, n := &parts[i], len(all.rows)
		all.rows = append(all.rows, part.rows...)
		for at, s := range part.spans {
			all.add(part.ids[at], rowSpan{n + s.from, n + s.to}, part.sales[at], part.returns[at])
		}
	}
	return all
}

// Len returns the number of customers, the guest among them where there are lines without a customer. A customer may have no row.
func (k *Kept) Len() int { return len(k.ids) }

// Customer returns the customer at a place from 0: a number in Customers.
func (k *Kept) Customer(at int) uint32 { return k.ids[at] }

// Rows returns the kept lines of the customer at a place in the order of (time, invoice, code, price, quantity as delivered,
// description, country, region, amount, status, invoice and code as written). With cancellation_unmatched off there may be return lines among them.
func (k *Kept) Rows(at int) []Row { return k.rows[k.spans[at].from:k.spans[at].to] }

// NumSales returns how many kept lines of the customer at a place are sale lines: no returns.
func (k *Kept) NumSales(at int) int { return int(k.sales[at]) }

// Returns returns the return lines of the customer at a place.
func (k *Kept) Returns(at int) Returns { return k.returns[at] }

// NumRows returns the number of kept lines of all customers and guests. With cancellation_unmatched off the remainders
// of cancellations matched in part are among them, so that their amounts add up to the ledger's; the ledger counts
// those lines at cancellation_matched.
func (k *Kept) NumRows() int {
	n := 0
	for _, s := range k.spans {
		n += s.to - s.from
	}
	return n
}

// Coding numbers the texts of kept lines from 0, in byte order (invoices and codes as compared, then as written). It lists none of them: there may
// be as many as lines.
type Coding struct {
	dict *Dict
	used bitset  // without the empty text where that has no code
	from []int32 // by word of used: how many are in the words before
}

func codingOf(dict *Dict, used bitset, nullable bool) Coding {
	if nullable && len(used) > 0 {
		used.clear(0)
	}
	c := Coding{dict: dict, used: used, from: make([]int32, len(used))}
	n := 0
	for i, w := range used {
		c.from[i] = int32(n)
		n += bits.OnesCount64(w)
	}
	return c
}

// Texts returns the texts in the order of their codes.
func (c Coding) Texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, w := range c.used {
			for ; w != 0; w &= w - 1 {
				if !yield(c.dict.String(uint32(i*64 + bits.TrailingZeros64(w)))) {
					return
				}
			}
		}
	}
}

// Size returns how many texts there are, and the bytes that they take at most.
func (c Coding) Size() (n, bytes int) {
	return int(c.used.count()), int(c.dict.textBytes())
}

// Recode replaces numbers that a [Row] has by their codes; -1 is the empty text and one that no kept line has.
func (c Coding) Recode(ids []int32) {
	for i, id := range ids {
		w, bit := c.used[uint32(id)/64], uint32(id)%64
		if w>>bit&1 == 0 {
			ids[i] = -1
			continue
		}
		ids[i] = c.from[uint32(id)/64] + int32(bits.OnesCount64(w&(1<<bit-1)))
	}
}

// UsedTexts are the texts that kept lines have.
type UsedTexts struct{ Customers, Invoices, Codes, Countries, Regions Coding }

// Uses gathers the texts that kept lines have: the dictionaries hold those of all lines.
type Uses struct {
	l                                              *Lines
	customers, invoices, codes, countries, regions bitset
}

// Uses returns a gatherer that has seen nothing.
func (p *Plan) Uses() *Uses {
	l := p.l
	return &Uses{l, newBitset(l.Customers.Len()), newBitset(l.Invoices.Len()), newBitset(l.Codes.Len()), newBitset(l.Countries.Len()),
		newBitset(l.Regions.Len())}
}

// Add notes the texts of kept lines.
func (u *Uses) Add(k *Kept) {
	for at, c := range k.ids {
		rows := k.Rows(at)
		if len(rows) > 0 {
			u.customers.set(c)
		}
		for i := range rows {
			u.invoices.set(rows[i].Invoice)
			u.codes.set(rows[i].Code)
			u.countries.set(rows[i].Country)
			u.regions.set(rows[i].Region)
		}
	}
}

// Merge adds what another one has noted.
func (u *Uses) Merge(o *Uses) {
	u.customers.merge(o.customers)
	u.invoices.merge(o.invoices)
	u.codes.merge(o.codes)
	u.countries.merge(o.countries)
	u.regions.merge(o.regions)
}

// Texts numbers them. It uses the gatherer up.
func (u *Uses) Texts() UsedTexts {
	return UsedTexts{
		codingOf(&u.l.Customers, u.customers, true), codingOf(&u.l.Invoices.Dict, u.invoices, false), codingOf(&u.l.Codes.Dict, u.codes, false),
		codingOf(&u.l.Countries, u.countries, true), codingOf(&u.l.Regions, u.regions, true),
	}
}
