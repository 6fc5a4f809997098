package audience

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/money"
)

// Assign returns the number of the first rule that takes each customer, None for nobody's and for those who are held out.
func Assign(rules []Rule, s *Shop, held []bool) []int {
	on := make([]int, len(s.People))
	for i := range on {
		on[i] = None
		for r := 0; r < len(rules) && !held[i]; r++ {
			if rules[r].Takes(s, &s.People[i]) {
				on[i] = r
				break
			}
		}
	}
	return on
}

// Count returns how many customers the rule takes, of all.
func (r Rule) Count(s *Shop) int {
	n := 0
	for i := range s.People {
		if r.Takes(s, &s.People[i]) {
			n++
		}
	}
	return n
}

// Effect is what a limit does: how many customers the rule takes, of all, with the limit as it is, and with a lower and a higher one.
type Effect struct {
	Limit                string
	Value, Lower, Higher float64
	Takes, Less, More    int // with Value, Lower and Higher
}

// Effects tries neighbours of each limit: whole numbers below 10 one less and one more, others a quarter.
func (r Rule) Effects(s *Shop) []Effect {
	k := kindOf(r.List)
	all := make([]Effect, len(k.limits))
	for i, l := range k.limits {
		v := r.limits[i]
		e := Effect{Limit: l.name, Value: v, Lower: .75 * v, Higher: 1.25 * v, Takes: r.Count(s)}
		if l.whole {
			e.Lower, e.Higher = math.Round(e.Lower), math.Round(e.Higher)
			if v < 10 {
				e.Lower, e.Higher = v-1, v+1
			}
		}
		e.Less, e.More = r.with(i, e.Lower).Count(s), r.with(i, e.Higher).Count(s)
		all[i] = e
	}
	return all
}

func (r Rule) with(i int, v float64) Rule {
	limits := append([]float64(nil), r.limits...)
	limits[i] = v
	return Rule{r.List, limits}
}

// Group is what customers did in a period.
type Group struct {
	Customers, Bought int
	Spent             money.Amount
}

func (g *Group) add(of []invoice.Invoice) {
	g.Customers++
	if len(of) > 0 {
		g.Bought++
	}
	g.Spent += invoice.Sum(of)
}

// Share is that of the customers who bought, NaN of nobody.
func (g Group) Share() float64 { return float64(g.Bought) / float64(g.Customers) }

// Followed is what came of whom a rule took on a day.
type Followed struct {
	Taken, Others Group   // others: not taken, of the segments that anybody taken was in
	Low, High     float64 // 95 % limits of the difference of the shares who bought; NaN where a group is empty
}

// Differs reports whether the taken bought more or less often than the others, beyond chance.
func (f Followed) Differs() bool { return f.Low > 0 || f.High < 0 }

// Follow says what those whom the rule took did from a day to before another, and the others of the same segments. s is the shop as
// it was on that day.
func (b *Book) Follow(r Rule, s *Shop, from, to calendar.Date) Followed {
	taken, same := make([]bool, len(s.People)), map[int]bool{}
	for i := range s.People {
		if taken[i] = r.Takes(s, &s.People[i]); taken[i] {
			same[s.People[i].Segment] = true
		}
	}
	var f Followed
	for i := range s.People {
		p := &s.People[i]
		switch of := invoice.Within(b.Of(i), from, to); {
		case taken[i]:
			f.Taken.add(of)
		case p.Dates > 0 && same[p.Segment]:
			f.Others.add(of)
		}
	}
	f.Low, f.High = difference(f.Taken, f.Others)
	return f
}

// Everybody is what all who had bought before a day did from it to before another.
func (b *Book) Everybody(s *Shop, from, to calendar.Date) Group {
	var g Group
	for i := range s.People {
		if s.People[i].Dates > 0 {
			g.add(invoice.Within(b.Of(i), from, to))
		}
	}
	return g
}

const z = 1.959964

// difference returns the 95 % limits of a's share less b's (Newcombe, Statistics in Medicine 17, 1998, 873–890, method 10).
func difference(a, b Group) (low, high float64) {
	if a.Customers == 0 || b.Customers == 0 {
		return math.NaN(), math.NaN()
	}
	p, q := a.Share(), b.Share()
	pl, ph := wilson(a)
	ql, qh := wilson(b)
	return p - q - math.Hypot(p-pl, qh-q), p - q + math.Hypot(ph-p, q-ql)
}

// wilson returns the score limits of a share.
func wilson(g Group) (low, high float64) {
	n, p := float64(g.Customers), g.Share()
	mid, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return (mid - half) / (1 + z*z/n), (mid + half) / (1 + z*z/n)
}
