package explore

import (
	"cmp"
	"math"
	"slices"
)

// Rule is how thresholds are found in the lines of a code.
type Rule struct {
	SpikeRatio  float64 // how many times the mean of its neighbours a quantity must occur to be a pack
	SpikeFloor  float64 // share of the code's lines that it must have
	CartonScore float64 // share of lines, 0.5 to 1, that the price must tell apart at a carton
	// Fixed are thresholds that are not to be found but given, by code as compared. AllCodes holds for the codes that are not named.
	Fixed map[string]Fixed
}

// AllCodes in [Rule.Fixed] means every code that is not named.
const AllCodes = "*"

// Fixed are given thresholds in thousandths of a unit; 0 leaves one to be found.
type Fixed struct{ Pack, Carton int64 }

// DefaultRule is the rule without configuration.
func DefaultRule() Rule { return Rule{SpikeRatio: 3, SpikeFloor: 0.05, CartonScore: 0.80} }

const (
	leastLines     = 20   // of a code, for thresholds of its own
	leastSpike     = 5    // lines of a quantity
	leastSide      = 5    // lines on either side of a carton
	leastCustomers = 3    // customers on either side of a carton
	priceFall      = 0.97 // the price from a carton on, of the price below
	leastCodes     = 20   // codes with a threshold of their own, for a fallback
	unit           = 1000 // thousandths
)

// Where a threshold comes from.
const (
	Own      = "own"   // found in the code's own lines
	ByValue  = "value" // what a pack or carton of other codes is worth, at this code's price
	Given    = "given" // by configuration
	NoSource = "none"
)

// Code is what the lines of a product code say of its pack and carton.
type Code struct {
	Lines     int64
	Customers int64
	Amount    int64   // ten-thousandths
	Median    float64 // price of one unit

	Pack       int64 // thousandths of a unit, 0 for none
	PackSource string
	PackLines  int64   // lines of exactly this quantity
	PackRatio  float64 // to the mean of its neighbours; NaN where these have none

	Carton       int64
	CartonSource string
	Below, From  float64 // median prices below and from the carton, if it is the code's own
	Score        float64 // share of lines that the price tells apart
}

// entry is a line as its code's thresholds see it.
type entry struct {
	quantity int64
	price    float64
	log      float64 // of the price
	customer int32
}

// spike is a quantity that can be a pack.
type spike struct {
	quantity, lines, neighbours, around int64 // lines of around, of that many neighbours
}

// cut is a quantity that can be a carton.
type cut struct {
	quantity    int64
	below, from float64
	score       float64
}

// evidence is what a code's lines say before a rule judges it.
type evidence struct {
	code   Code
	spikes []spike // ascending
	best   *cut
}

// evidence looks at the lines of every code once.
func (s *Shop) evidence() []evidence {
	all := make([]evidence, len(s.Codes))
	for i := range s.Lines {
		e := &all[s.Lines[i].Code].code
		e.Lines++
		e.Amount += s.Lines[i].Amount
	}
	// The positions of the lines, code by code: entries are made of one code's at a time.
	most, at, next := int64(0), make([]uint32, len(s.Lines)), make([]int64, len(s.Codes))
	for c, from := 0, int64(0); c < len(all); c++ {
		next[c] = from
		from += all[c].code.Lines
		most = max(most, all[c].code.Lines)
	}
	for i := range s.Lines {
		c := s.Lines[i].Code
		at[next[c]] = uint32(i)
		next[c]++
	}
	seen, room := make([]int32, len(s.Customers)), make([]entry, most)
	for c := range all {
		e := &all[c]
		mine := room[:e.code.Lines]
		for k, i := range at[next[c]-e.code.Lines : next[c]] {
			l := &s.Lines[i]
			price := float64(l.Price) / 1e6
			mine[k] = entry{quantity: l.Quantity, price: price, log: math.Log(price), customer: l.Customer}
		}
		e.code.Customers = int64(distinct(mine, seen, int32(c)+1))
		slices.SortFunc(mine, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.quantity, b.quantity))
		})
		e.code.Median = medianPrice(mine)
		if len(mine) < leastLines || s.Codes[c] == "" {
			continue
		}
		quantities, lines := histogram(mine)
		e.spikes = spikes(quantities, lines)
		e.best = bestCut(mine, quantities)
	}
	return all
}

// distinct counts customers. seen is scratch, mark a number that was not used before.
func distinct(entries []entry, seen []int32, mark int32) (n int) {
	for _, e := range entries {
		if seen[e.customer] != mark {
			seen[e.customer] = mark
			n++
		}
	}
	return n
}

// medianPrice of entries that are sorted by price.
func medianPrice(entries []entry) float64 {
	n := len(entries)
	if n == 0 {
		return math.NaN()
	}
	return (entries[(n-1)/2].price + entries[n/2].price) / 2
}

// histogram returns the distinct quantities, ascending, and how many lines have each.
func histogram(entries []entry) (quantities, lines []int64) {
	all := make([]int64, len(entries))
	for i, e := range entries {
		all[i] = e.quantity
	}
	slices.Sort(all)
	for i, q := range all {
		if i == 0 || q != all[i-1] {
			quantities, lines = append(quantities, q), append(lines, 0)
		}
		lines[len(lines)-1]++
	}
	return quantities, lines
}

// spikes returns the whole quantities from 2 that enough lines have, with their neighbours: the whole numbers within a
// quarter of the quantity, at least 1.
func spikes(quantities, lines []int64) []spike {
	var whole, h []int64
	for i, q := range quantities {
		if q%unit == 0 {
			whole, h = append(whole, q/unit), append(h, lines[i])
		}
	}
	var all []spike
	for i, x := range whole {
		if x < 2 || h[i] < leastSpike {
			continue
		}
		w := max(1, x/4)
		low, high := max(1, x-w), x+w
		p := spike{quantity: x * unit, lines: h[i], neighbours: high - low}
		for k := i - 1; k >= 0 && whole[k] >= low; k-- {
			p.around += h[k]
		}
		for k := i + 1; k < len(whole) && whole[k] <= high; k++ {
			p.around += h[k]
		}
		all = append(all, p)
	}
	return all
}

// bestCut returns the quantity at which the price falls most clearly, or nil. entries are sorted by price.
func bestCut(entries []entry, quantities []int64) *cut {
	var best *cut
	below, from := make([]float64, 0, len(entries)), make([]float64, 0, len(entries))
	for _, b := range quantities {
		if b < 2*unit {
			continue
		}
		below, from = below[:0], from[:0]
		for i := range entries {
			if e := &entries[i]; e.price <= 0 {
				continue
			} else if e.quantity < b {
				below = append(below, e.log)
			} else {
				from = append(from, e.log)
			}
		}
		if len(from) < leastSide {
			break // and so for every larger quantity
		}
		if len(below) < leastSide {
			continue
		}
		m0, m1 := median(below), median(from)
		if round(math.Exp(m1)/math.Exp(m0), 1e12) > priceFall || !enoughCustomers(entries, b) {
			continue
		}
		c := cut{quantity: b, below: math.Exp(m0), from: math.Exp(m1), score: round((nearer(below, m0, m1)+nearer(from, m1, m0))/2, 1e12)}
		if best == nil || c.score > best.score {
			best = &c
		}
	}
	return best
}

// enoughCustomers says whether there are three customers or more on either side.
func enoughCustomers(entries []entry, b int64) bool {
	var side [2][]int32
	for i := range entries {
		at := 0
		if entries[i].quantity >= b {
			at = 1
		}
		if len(side[at]) < leastCustomers && !slices.Contains(side[at], entries[i].customer) {
			side[at] = append(side[at], entries[i].customer)
			if len(side[0]) == leastCustomers && len(side[1]) == leastCustomers {
				return true
			}
		}
	}
	return false
}

// nearer returns the share of logarithms that are clearly nearer to their own side's median.
func nearer(logs []float64, own, other float64) float64 {
	n := 0
	for _, v := range logs {
		if math.Abs(v-other)-math.Abs(v-own) > 1e-12 {
			n++
		}
	}
	return float64(n) / float64(len(logs))
}

// judge finds thresholds by a rule. It returns what a pack and a carton of the codes with their own are worth, NaN where
// these are too few.
func judge(all []evidence, names []string, r Rule) (codes []Code, pack, carton float64) {
	codes = make([]Code, len(all))
	var packs, cartons []float64
	for i := range all {
		c := all[i].code
		c.PackSource, c.CartonSource = NoSource, NoSource
		c.PackRatio, c.Below, c.From, c.Score = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		for _, p := range all[i].spikes {
			if float64(p.lines) < r.SpikeFloor*float64(c.Lines)-1e-9 || float64(p.lines*p.neighbours) < r.SpikeRatio*float64(p.around)-1e-9 {
				continue
			}
			c.Pack, c.PackSource, c.PackLines = p.quantity, Own, p.lines
			if p.around > 0 {
				c.PackRatio = float64(p.lines*p.neighbours) / float64(p.around)
			}
			packs = append(packs, float64(p.quantity)/unit*c.Median)
			break
		}
		if b := all[i].best; b != nil && b.score >= r.CartonScore {
			c.Carton, c.CartonSource, c.Below, c.From, c.Score = b.quantity, Own, b.below, b.from, b.score
			cartons = append(cartons, float64(b.quantity)/unit*b.below)
		}
		codes[i] = c
	}
	pack, carton = worth(packs), worth(cartons)
	for i := range codes {
		c := &codes[i]
		c.fallBack(names[i], pack, carton)
		c.fix(names[i], r)
	}
	return codes, pack, carton
}

// worth is the median of what the codes' own thresholds are worth, NaN for too few.
func worth(values []float64) float64 {
	if len(values) < leastCodes {
		return math.NaN()
	}
	slices.Sort(values)
	return median(values)
}

// fallBack gives a code without thresholds of its own those that are worth as much as other codes'.
func (c *Code) fallBack(name string, pack, carton float64) {
	at := func(value float64) int64 {
		if name == "" || math.IsNaN(value) || !(c.Median > 0) {
			return 0
		}
		units := math.Max(2, math.Ceil(round(value/c.Median, 1e9)))
		return int64(math.Min(units, 1e12)) * unit
	}
	if c.PackSource == NoSource {
		if c.Pack = at(pack); c.Pack > 0 {
			c.PackSource = ByValue
		}
	}
	if c.CartonSource == NoSource {
		if c.Carton = at(carton); c.Carton > 0 {
			c.CartonSource = ByValue
		}
	}
}

// fix puts given thresholds in place of found ones.
func (c *Code) fix(name string, r Rule) {
	given := r.Fixed[AllCodes]
	own := r.Fixed[name]
	if pack := cmp.Or(own.Pack, given.Pack); pack > 0 {
		c.Pack, c.PackSource = pack, Given
	}
	if carton := cmp.Or(own.Carton, given.Carton); carton > 0 {
		c.Carton, c.CartonSource = carton, Given
	}
}
