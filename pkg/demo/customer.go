package demo

// customer is one customer of the shop, drawn again whenever needed.
type customer struct {
	index   int
	id      int // as in the lines
	kind    int
	country int
	first   int // day of the first visit
	last    int // no visit after this day
	gap     int // mean days between visits; 0: one visit only
	habit   habit
}

// habit is how much somebody buys at a time.
type habit struct {
	lines int    // mean number of lines
	packs [2]int // a line, at size 100
	size  int    // percent
}

// sizes are how much customers of one kind buy, in percent: two dice are thrown, so the middle is common.
var sizes = [11]int{30, 40, 52, 68, 85, 100, 125, 160, 210, 290, 420}

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
	who.first = s.tradingDays.at(1000*k.first[0]+d.below(1000*(k.first[1]-k.first[0])+1), 100_000)
	who.last = min(s.Days-1, d.between(k.last)*s.Days/100)
	if k.gap[1] > 0 {
		who.gap = d.between(k.gap)
	}
	who.habit = habit{lines: d.between(k.lines), packs: k.packs, size: sizes[d.below(6)+d.below(6)]}
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
	next := s.tradingDays.after(day, d.below(100*gap+1)+d.below(100*gap+1))
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
