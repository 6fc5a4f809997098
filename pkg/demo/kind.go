package demo

// kind is a kind of customer, by what such a customer does. Ranges are inclusive.
type kind struct {
	name    string
	meaning string
	share   int    // per mille of all customers
	first   [2]int // first visit, in percent of the shop's time
	last    [2]int // no visit after, in percent of the shop's time
	gap     [2]int // a customer's own mean number of days between visits; {0, 0}: one visit only
	growth  int    // by how many days the gap grows in a hundred days
	lines   [2]int // lines an invoice
	packs   [2]int // packs a line
	returns int    // visits in a thousand of which something comes back
	office  bool   // buys in office hours
}

// kinds are the planted kinds. They differ in when, how often and how much, so that recency, frequency and money tell them
// apart, with the overlap that real shops have.
var kinds = []kind{
	{name: "loyal", meaning: "comes every two or three weeks, still does", share: 200,
		first: [2]int{0, 15}, last: [2]int{100, 100}, gap: [2]int{13, 22}, lines: [2]int{3, 6}, packs: [2]int{1, 3}, returns: 60},
	{name: "new", meaning: "came first in the last weeks, and again", share: 140,
		first: [2]int{86, 97}, last: [2]int{100, 100}, gap: [2]int{8, 16}, lines: [2]int{2, 5}, packs: [2]int{1, 2}, returns: 50},
	{name: "fading", meaning: "comes less and less", share: 160,
		first: [2]int{0, 20}, last: [2]int{72, 88}, gap: [2]int{12, 18}, growth: 12, lines: [2]int{3, 6}, packs: [2]int{1, 3}, returns: 60},
	{name: "lost", meaning: "came for some months and has not been seen for half a year", share: 190,
		first: [2]int{8, 25}, last: [2]int{30, 50}, gap: [2]int{16, 30}, lines: [2]int{2, 5}, packs: [2]int{1, 2}, returns: 60},
	{name: "bulk", meaning: "orders rarely and a lot", share: 60,
		first: [2]int{0, 30}, last: [2]int{100, 100}, gap: [2]int{45, 70}, lines: [2]int{6, 14}, packs: [2]int{8, 30}, returns: 30, office: true},
	{name: "reseller", meaning: "stocks up every week", share: 40,
		first: [2]int{0, 10}, last: [2]int{100, 100}, gap: [2]int{6, 9}, lines: [2]int{6, 12}, packs: [2]int{3, 8}, returns: 80, office: true},
	{name: "one_time", meaning: "came once", share: 210,
		first: [2]int{5, 85}, last: [2]int{100, 100}, lines: [2]int{2, 4}, packs: [2]int{1, 2}, returns: 30},
}

// guestKind is what a guest's basket looks like.
var guestKind = kind{lines: [2]int{3, 16}, packs: [2]int{1, 1}}

// country is where customers live, and which of the shop's products they like best.
type country struct {
	name  string
	share int // per mille of all customers; the first takes the rest
	taste int // the product that opens the country's favourite range, in per mille of the catalogue
}

var countries = []country{
	{name: "United Kingdom"},
	{name: "Germany", share: 30, taste: 300},
	{name: "France", share: 28, taste: 450},
	{name: "EIRE", share: 16, taste: 100},
	{name: "Spain", share: 10, taste: 600},
	{name: "Netherlands", share: 8, taste: 750},
	{name: "Belgium", share: 6, taste: 520},
	{name: "Switzerland", share: 5, taste: 880},
	{name: "Norway", share: 4, taste: 680},
	{name: "Japan", share: 3, taste: 940},
}

// quotas deals n customers out to the kinds: shares rounded down, the rest to the largest remainders.
func quotas(n int) []int {
	q := make([]int, len(kinds))
	left := n
	for i, k := range kinds {
		q[i] = n * k.share / 1000
		left -= q[i]
	}
	for ; left > 0; left-- {
		best, most := 0, 0
		for i, k := range kinds {
			if rest := n*k.share - 1000*q[i]; rest > most {
				best, most = i, rest
			}
		}
		q[best]++
	}
	return q
}

// customer is one customer of the shop, drawn again whenever needed.
type customer struct {
	index   int
	id      int // as in the lines
	kind    int
	country int
	first   int // day of the first visit
	last    int // no visit after this day
	gap     int // mean days between visits; 0: one visit only
}

// firstID is the id of customer 0.
const firstID = 12_346

// customer returns customer c.
func (s *Shop) customer(c int) customer {
	d := s.draws(tagCustomer, uint64(c), 0)
	who := customer{index: c, id: firstID + c, kind: s.kindOf(c)}
	at := d.below(1000)
	for i := 1; i < len(countries); i++ {
		if at -= countries[i].share; at < 0 {
			who.country = i
			break
		}
	}
	k := &kinds[who.kind]
	at = d.below(1000)
	span := (k.first[1] - k.first[0]) * s.Days
	who.first = s.calendar.open((1000*k.first[0]*s.Days + at*span) / 100_000)
	who.last = min(s.Days-1, d.between(k.last)*s.Days/100)
	if k.gap[1] > 0 {
		who.gap = d.between(k.gap)
	}
	return who
}

// kindOf returns the kind of customer c. Customers are dealt out by an affine permutation, so that the shares are exact
// and ids say nothing.
func (s *Shop) kindOf(c int) int {
	n := uint64(s.Customers)
	rank := int((uint64(c)*stride(n) + mix(s.Seed)%n) % n)
	for i, q := range s.quotas {
		if rank -= q; rank < 0 {
			return i
		}
	}
	panic("demo: quotas do not add up to the number of customers")
}

// stride returns a number near the golden section of n that shares no factor with it: multiples of it modulo n visit
// everyone once.
func stride(n uint64) uint64 {
	for a := n*618/1000 + 1; ; a++ {
		x, y := a, n
		for y != 0 {
			x, y = y, x%y
		}
		if x == 1 {
			return a
		}
	}
}

// nextVisit returns the day of the customer's next visit after day, or -1 if there is none.
func (s *Shop) nextVisit(who customer, day int) int {
	if who.gap == 0 {
		return -1
	}
	d := s.draws(tagNext, uint64(who.index), uint64(day))
	gap := who.gap + (day-who.first)*kinds[who.kind].growth/100
	// Two uniform draws add up to a gap around its mean, never far above twice it.
	next := s.calendar.after(day, d.below(100*gap+1)+d.below(100*gap+1))
	if next > who.last || next >= s.Days {
		return -1
	}
	return next
}

// minute returns when on the day the customer buys.
func (s *Shop) minute(who customer, day int) int {
	d := s.draws(tagMinute, uint64(who.index), uint64(day))
	if kinds[who.kind].office {
		return 9*60 + d.below(4*60) + d.below(4*60)
	}
	return 9*60 + d.below(5*60+30) + d.below(5*60+30)
}
