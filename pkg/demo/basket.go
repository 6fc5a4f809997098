package demo

import "time"

// line is one line of an invoice.
type line struct {
	code, description string
	quantity, pence   int
	item              int  // of the catalogue, or none
	copied            bool // equal to the line before it
}

// none is the item of a line that is no product of the catalogue.
const none = -1

// fee returns a line that is no product of the catalogue.
func fee(code, description string, quantity, pence int) line {
	return line{code: code, description: description, quantity: quantity, pence: pence, item: none}
}

// fill draws what the customer buys on the day into s.basket: always the same, however often it is asked.
func (s *Shop) fill(who customer, day int) {
	d := s.draws(tagBasket, uint64(who.index), uint64(day))
	s.basket = s.basket[:0]
	for range 1 + d.below(2*who.habit.lines-1) {
		s.put(&d, &who.habit, s.pick(&d, who), day)
	}
	last := &s.basket[len(s.basket)-1]
	switch {
	case d.chance(2) && len(s.basket) > 1 && !last.copied:
		last.pence = 0 // a free sample
	case d.chance(3):
		s.basket = append(s.basket, fee("M", "Manual", 1, 100+d.below(4000)))
	case who.country == 0 && d.chance(3):
		s.basket = append(s.basket, fee("23445", "Next Day Carriage", 1, 1500))
	case who.country == 0 && d.chance(1):
		s.basket = append(s.basket, fee("23702", "High Resolution Image", 1, 500))
	}
	switch name := countries[who.country].name; {
	case who.country == 0:
	case name == "EIRE" && d.chance(500):
		s.basket = append(s.basket, fee("C2", "CARRIAGE", 1, 5000))
	case d.chance(600):
		s.basket = append(s.basket, fee("POST", "POSTAGE", 1+d.below(3), 1800))
	}
}

// fillGuest draws what guest i of the day buys into s.basket.
func (s *Shop) fillGuest(i, day int) {
	d := s.draws(tagBasket, uint64(i)|1<<41, uint64(day))
	s.basket = s.basket[:0]
	for range 1 + d.below(2*guestHabit.lines-1) {
		s.put(&d, &guestHabit, d.skewed(len(s.products)), day)
	}
	if d.chance(300) {
		s.basket = append(s.basket, fee("DOT", "DOTCOM POSTAGE", 1, 500+d.below(9000)))
	}
	if d.chance(20) {
		s.basket = append(s.basket, fee("gift_0001_20", "Gift Voucher £20.00", 1, 1667))
	}
}

// put adds product i to the basket, and perhaps what goes with it. A product comes once in an invoice, but for a few lines
// that are there twice, as real ones are.
func (s *Shop) put(d *draws, h *habit, i, day int) {
	if s.has(i) {
		return
	}
	p := &s.products[i]
	packs := d.between(h.packs) * h.size
	quantity := p.pack * max(1, (packs+d.below(100))/100) // a part of a pack is a chance of a whole one
	l := line{code: p.code, description: p.description, quantity: quantity, pence: s.price(p, day, quantity), item: i}
	if p.variant != "" && d.chance(5) {
		l.code = p.variant
	}
	s.basket = append(s.basket, l)
	if d.chance(2) {
		l.copied = true
		s.basket = append(s.basket, l)
	}
	if i%2 == 0 && i < 2*pairs && d.chance(pairChance) {
		s.put(d, h, i+1, day)
	}
}

// has reports whether product i lies in the basket.
func (s *Shop) has(i int) bool {
	for j := range s.basket {
		if s.basket[j].item == i {
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
	if who.country != 0 && d.chance(tasteChance) {
		return (countries[who.country].taste*n/1000 + d.skewed(n/tastePart)) % n
	}
	return d.skewed(n)
}

// comeback makes s.basket, as sold on that day, the invoice by which the customer gives back something of it: all of a line
// or a part. Now and then a discount is granted with it.
func (s *Shop) comeback(who customer, sale int) {
	d := s.draws(tagReturn, uint64(who.index)|1<<40, uint64(sale))
	at := d.below(len(s.basket))
	for s.basket[at].item == none || s.basket[at].pence == 0 { // the first is neither fee nor sample
		at--
	}
	back := s.basket[at]
	if back.quantity > 1 && d.chance(500) {
		back.quantity = 1 + d.below(back.quantity-1)
	}
	back.quantity, back.copied = -back.quantity, false
	s.basket = append(s.basket[:0], back)
	if d.chance(60) {
		s.basket = append(s.basket, fee("D", "Discount", -1, 100+d.below(2000)))
	}
}

// guests returns how many guests buy on the day: about one for eight visits of customers.
func (s *Shop) guests(day int) int {
	d := s.draws(tagGuests, uint64(day), 0)
	return (s.Customers*s.tradingDays.busy[day]*25/1000 + d.below(1000)) / 1000
}

// clerkEntries is how many kinds of entries the shop's clerk makes.
const clerkEntries = 5

// clerkEntry returns the clerk's entry i of the day, if it is due, and the letter before its invoice number.
func (s *Shop) clerkEntry(i, day int) (prefix byte, l line, due bool) {
	t := dayOf(s.From, day)
	switch i {
	case 0: // the bank's bill
		return ' ', fee("BANK CHARGES", "Bank Charges", 1, 1500), t.Day() == 1
	case 1: // what broke
		d := s.draws(tagBasket, 1<<42, uint64(day))
		i := d.skewed(len(s.products))
		return ' ', line{code: s.products[i].code, description: "damaged", quantity: -1 - d.below(20), item: i}, t.Weekday() == time.Friday
	case 2: // what a market place keeps
		d := s.draws(tagBasket, 1<<43, uint64(day))
		return 'C', fee("AMAZONFEE", "AMAZON FEE", -1, 2000+d.below(8000)), t.Day() == 5
	case 3: // samples that a representative took
		return ' ', fee("S", "SAMPLES", -1, 3500), t.Day() == 15
	default: // a bad debt, once
		return 'A', fee("B", "Adjust bad debt", 1, -110_606), day == s.Days*2/3
	}
}
