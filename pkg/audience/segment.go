package audience

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
)

// Outcome is what the customers of a segment did in a period, with 95 % intervals. NaN where the customers are too few to say.
type Outcome struct {
	Group
	BoughtLow, BoughtHigh   float64 // of the share who bought: Wilson's
	Each, EachLow, EachHigh float64 // spent per customer, buyers or not: the mean, and 1.96 standard errors around it, 0 at least
}

// Outcomes says what the customers of each of the shop's segments did from a day to before another. s is the shop as it was on that day.
func (b *Book) Outcomes(s *Shop, from, to calendar.Date) []Outcome {
	out := make([]Outcome, len(s.worth))
	squares := make([]float64, len(out))
	for i := range s.People {
		p := &s.People[i]
		if p.Dates == 0 || p.Segment == None {
			continue
		}
		of := invoice.Within(b.Of(i), from, to)
		out[p.Segment].add(of)
		v := invoice.Sum(of).Float()
		squares[p.Segment] += float64(v * v)
	}
	for g := range out {
		o := &out[g]
		n := float64(o.Customers)
		o.BoughtLow, o.BoughtHigh = math.NaN(), math.NaN()
		if n > 0 {
			o.BoughtLow, o.BoughtHigh = wilson(o.Group)
		}
		o.Each, o.EachLow, o.EachHigh = o.Spent.Float()/n, math.NaN(), math.NaN()
		if n >= 2 {
			variance := max(0, squares[g]-float64(n*o.Each*o.Each)) / (n - 1)
			half := z * math.Sqrt(variance/n)
			o.EachLow, o.EachHigh = max(0, o.Each-half), o.Each+half
		}
	}
	return out
}
