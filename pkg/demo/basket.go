package demo

import "time"

// line is one line of an invoice.
type line struct {
	code, description string
	quantity, pence   int
	product           bool // of the catalogue
	copied            bool // equal to the line before it
}

// fill draws what the customer buys on the day into s.basket: always the same, however often it is asked.
func (s *Shop) fill(who customer, day int) {
	k := &kinds[who.kind]
	d := s.draws(tagBasket, uint64(who.index), uint64(day))
	s.basket = s.basket[:0]
	for range d.between(k.lines) {
		s.put(&d, k, s.pick(&d, who), day)
	}
	last := &s.basket[len(s.basket)-1]
	switch {
	case d.chance(2) && !last.copied:
		last.pence = 0 // a free sample
	case d.chance(3):
		s.basket = append(s.basket, line{code: "M", description: "Manual", quantity: 1, pence: 100 + d.below(4000)})
	}
	if who.country != 0 && d.chance(600) {
		s.basket = append(s.basket, line{code: "POST", description: "POSTAGE", quantity: 1 + d.below(3), pence: 1800})
	}
}

// fillGuest draws what guest i of the day buys into s.basket.
func (s *Shop) fillGuest(i, day int) {
	d := s.draws(tagBasket, uint64(i)|1<<41, uint64(day))
	s.basket = s.basket[:0]
	for range d.between(guestKind.lines) {
		s.put(&d, &guestKind, d.skewed(len(s.products)), day)
	}
	if d.chance(300) {
		s.basket = append(s.basket, line{code: "DOT", description: "DOTCOM POSTAGE", quantity: 1, pence: 500 + d.below(9000)})
	}
	if d.chance(20) {
		s.basket = append(s.basket, line{code: "gift_0001_20", description: "Gift Voucher £20.00", quantity: 1, pence: 1667})
	}
}

// put adds product i to the basket, and perhaps what goes with it. A product comes once in an invoice, but for a few lines
// that are there twice, as real ones are.
func (s *Shop) put(d *draws, k *kind, i, day int) {
	if s.has(i) {
		return
	}
	p := &s.products[i]
	quantity := p.pack * d.between(k.packs)
	l := line{code: p.code, description: p.description, quantity: quantity, pence: s.price(p, day, quantity), product: true}
	s.basket = append(s.basket, l)
	if p.variant != "" && d.chance(5) {
		s.basket[len(s.basket)-1].code = p.variant
	}
	if d.chance(2) {
		twin := s.basket[len(s.basket)-1]
		twin.copied = true
		s.basket = append(s.basket, twin)
	}
	if i%2 == 0 && i < 2*pairs && d.chance(pairChance) {
		s.put(d, k, i+1, day)
	}
}

// has reports whether product i lies in the basket.
func (s *Shop) has(i int) bool {
	for _, l := range s.basket {
		if l.code == s.products[i].code || l.code == s.products[i].variant {
			return true
		}
	}
	return false
}

// pick returns the product that the customer takes next: half of the time one of a dozen favourites.
func (s *Shop) pick(d *draws, who customer) int {
	if d.chance(500) {
		f := s.draws(tagFavourite, uint64(who.index), uint64(d.skewed(12)))
		return s.like(&f, who)
	}
	return s.like(d, who)
}

// like returns a product by popularity, or by the taste of the customer's country.
func (s *Shop) like(d *draws, who customer) int {
	n := len(s.products)
	if who.country != 0 && d.chance(600) {
		return (countries[who.country].taste*n/1000 + d.skewed(n/10)) % n
	}
	return d.skewed(n)
}

// comeback returns the line by which the customer gives back something of the basket: all of it or a part.
func (s *Shop) comeback(who customer, sale int) line {
	d := s.draws(tagReturn, uint64(who.index)|1<<40, uint64(sale))
	at := d.below(len(s.basket))
	for !s.basket[at].product { // the first always is
		at--
	}
	l := s.basket[at]
	if l.quantity > 1 && d.chance(500) {
		l.quantity = 1 + d.below(l.quantity-1)
	}
	l.quantity, l.copied = -l.quantity, false
	return l
}

// guests returns how many guests buy on the day: about one for eight visits of customers.
func (s *Shop) guests(day int) int {
	d := s.draws(tagGuests, uint64(day), 0)
	return (s.Customers*s.calendar.busy[day]*25/1000 + d.below(1000)) / 1000
}

// clerkEntries is how many kinds of entries the shop's clerk makes.
const clerkEntries = 3

// clerkEntry returns the clerk's entry i of the day, if it is due, and the letter before its invoice number.
func (s *Shop) clerkEntry(i, day int) (prefix byte, l line, due bool) {
	t := dayOf(s.From, day)
	switch i {
	case 0: // the bank's bill, on the first of the month
		return ' ', line{code: "BANK CHARGES", description: "Bank Charges", quantity: 1, pence: 1500}, t.Day() == 1
	case 1: // what broke, on Fridays
		d := s.draws(tagBasket, 1<<42, uint64(day))
		p := &s.products[d.skewed(len(s.products))]
		return ' ', line{code: p.code, description: "damaged", quantity: -1 - d.below(20)}, t.Weekday() == time.Friday
	default: // a bad debt, once
		return 'A', line{code: "B", description: "Adjust bad debt", quantity: 1, pence: -110_606}, day == s.Days*2/3
	}
}
