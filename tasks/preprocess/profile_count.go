package preprocess

import (
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/retail"
)

// counts are what is counted of the lines of a row.
type counts struct {
	lines, invoices, guests, returns int64
	repeated, quantity, money        int64
}

// add counts a line.
func (c *counts) add(l *retail.Line) {
	c.lines++
	switch {
	case l.Amount < 0:
		c.returns++
	case l.Amount > 0:
		c.quantity += l.Quantity
		c.money += l.Amount
	}
}

// plus adds what another worker has counted.
func (c *counts) plus(o counts) {
	c.lines += o.lines
	c.returns += o.returns
	c.repeated += o.repeated
	c.quantity += o.quantity
	c.money += o.money
}

// tally has a value for each key, in the order in which keys are first seen.
type tally[V any] struct {
	keys   []uint64
	values []V
	slots  []uint32 // open addressing, at most half full: the number of the key + 1; 0 is free
}

// of returns the number of a key.
func (t *tally[V]) of(key uint64) int {
	if 2*len(t.keys) >= len(t.slots) {
		t.grow()
	}
	at := t.slot(key)
	if t.slots[at] == 0 {
		var zero V
		t.keys, t.values = append(t.keys, key), append(t.values, zero)
		t.slots[at] = uint32(len(t.keys))
	}
	return int(t.slots[at] - 1)
}

// at returns the value of a key, the zero value at first. It may move with the next key.
func (t *tally[V]) at(key uint64) *V { return &t.values[t.of(key)] }

func (t *tally[V]) slot(key uint64) uint64 {
	mask := uint64(len(t.slots) - 1)
	at := mixed(key) & mask
	for ; t.slots[at] != 0 && t.keys[t.slots[at]-1] != key; at = (at + 1) & mask {
	}
	return at
}

func (t *tally[V]) grow() {
	t.slots = make([]uint32, max(64, 2*len(t.slots)))
	for i, key := range t.keys {
		t.slots[t.slot(key)] = uint32(i + 1)
	}
}

// mixed spreads neighbouring keys: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// dayKey packs a day and the number of a text or an hour.
func dayKey(day calendar.Date, n uint32) uint64 { return uint64(uint32(day))<<32 | uint64(n) }

func keyDay(key uint64) calendar.Date { return calendar.Date(int32(key >> 32)) }

// billed is what is known of an invoice of a day.
type billed struct {
	time    int64 // of its first line
	country uint32
	guest   bool
	known   bool
}

type soldOn struct{ quantity, money int64 }

// profiled is what one worker has counted.
type profiled struct {
	priced bool
	codes  []counts      // by code
	days   tally[counts] // by day
	places tally[counts] // by day and country
	slots  []uint32      // of distinct lines of one partition, as in tally

	// By day, whose lines are mostly together, and then by code, of the windows whose prices are compared.
	sold map[calendar.Date]*tally[soldOn]
}

func newProfiled(window string, l *retail.Lines) *profiled {
	return &profiled{priced: window != contract.WindowYearAgo, codes: make([]counts, l.Codes.Len()), sold: map[calendar.Date]*tally[soldOn]{}}
}

// see takes the lines of a partition: equal ones are in the same.
func (p *profiled) see(lines []retail.Line) {
	p.repeats(lines)
	var sold *tally[soldOn]
	for i, last := 0, calendar.Date(0); i < len(lines); i++ {
		l := &lines[i]
		day := calendar.DateOf(l.Time)
		p.days.at(dayKey(day, 0)).add(l)
		p.places.at(dayKey(day, l.Country)).add(l)
		p.codes[l.Code].add(l)
		if p.priced && l.Amount > 0 && l.Quantity > 0 {
			if sold == nil || day != last {
				sold, last = p.soldOn(day), day
			}
			s := sold.at(uint64(l.Code))
			s.quantity += l.Quantity
			s.money += l.Amount
		}
	}
}

// soldOn returns what was sold on a day.
func (p *profiled) soldOn(day calendar.Date) *tally[soldOn] {
	t := p.sold[day]
	if t == nil {
		t = &tally[soldOn]{}
		p.sold[day] = t
	}
	return t
}

// repeats counts the lines that are there once more, as they were delivered.
func (p *profiled) repeats(lines []retail.Line) {
	size := 64
	for size < 2*len(lines) {
		size *= 2
	}
	if cap(p.slots) < size {
		p.slots = make([]uint32, size)
	}
	slots, mask := p.slots[:size], uint64(size-1)
	clear(slots)
	for i := range lines {
		l := &lines[i]
		at := mixed(uint64(l.Time)^uint64(l.Invoice)<<40^mixed(uint64(l.Code)<<32|uint64(l.Customer))^uint64(l.Quantity)<<20) & mask
		for ; slots[at] != 0 && !sameLine(&lines[slots[at]-1], l); at = (at + 1) & mask {
		}
		if slots[at] != 0 {
			p.days.at(dayKey(calendar.DateOf(l.Time), 0)).repeated++
			continue
		}
		slots[at] = uint32(i + 1)
	}
}

func sameLine(a, b *retail.Line) bool {
	return a.Time == b.Time && a.Quantity == b.Quantity && a.Price == b.Price && a.Amount == b.Amount && a.Invoice == b.Invoice &&
		a.Code == b.Code && a.Description == b.Description && a.Customer == b.Customer && a.Country == b.Country
}

// billedBytes is about what an invoice takes in the tallies of two workers and of both.
const billedBytes = 128

// stretches cuts the days of a window into stretches of so few lines that there is room for something of each of their invoices.
func (p *profiled) stretches(room int) (out []retail.Window) {
	lines := map[calendar.Date]int64{}
	for i, key := range p.days.keys {
		lines[keyDay(key)] = p.days.values[i].lines
	}
	left := int64(0)
	for _, day := range slices.Sorted(maps.Keys(lines)) {
		if len(out) == 0 || lines[day] > left {
			out, left = append(out, retail.Window{AsOf: day}), int64(room)
		}
		w := &out[len(out)-1]
		w.Days += int(day + 1 - w.AsOf)
		w.AsOf = day + 1
		left -= lines[day]
	}
	return out
}

// eachInvoice shows the invoices of each day, as written. Those of some days are seen in one pass over their lines.
func (p *profiled) eachInvoice(l *retail.Lines, see func(key uint64, v billed)) error {
	add := func(to *tally[billed], key uint64, of billed) {
		v := to.at(key)
		if v.known {
			of.time, of.country, of.guest = min(v.time, of.time), min(v.country, of.country), v.guest && of.guest
		}
		*v = of
	}
	for _, w := range p.stretches(l.PassRoom(billedBytes)) {
		var all tally[billed]
		err := l.ScanWindow(w, retail.FieldTime|retail.FieldCustomer|retail.FieldInvoice|retail.FieldCountry, func() (func([]retail.Line), func()) {
			var mine tally[billed]
			take := func(lines []retail.Line) {
				for i := range lines {
					r := &lines[i]
					add(&mine, dayKey(calendar.DateOf(r.Time), r.Invoice), billed{time: r.Time, country: r.Country, guest: r.Customer == 0, known: true})
				}
			}
			return take, func() {
				for i, key := range mine.keys {
					add(&all, key, mine.values[i])
				}
			}
		})
		if err != nil {
			return err
		}
		for i, key := range all.keys {
			see(key, all.values[i])
		}
	}
	return nil
}

func (p *profiled) merge(o *profiled) {
	for code, c := range o.codes {
		p.codes[code].plus(c)
	}
	for i, key := range o.days.keys {
		p.days.at(key).plus(o.days.values[i])
	}
	for i, key := range o.places.keys {
		p.places.at(key).plus(o.places.values[i])
	}
	for day, sold := range o.sold {
		to := p.soldOn(day)
		for i, code := range sold.keys {
			s := to.at(code)
			s.quantity += sold.values[i].quantity
			s.money += sold.values[i].money
		}
	}
}
