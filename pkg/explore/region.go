package explore

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

const (
	leastRegionCustomers = 10  // below them a region has too few to say
	leastEffective       = 5.0 // and below so many customers of equal revenue
	leastRegions         = 3   // for an index
	// Period is the length of the periods that are compared, in days.
	Period = 90
)

// The measures that regions have an index of.
const (
	ByInvoices = iota // invoices of a customer
	ByAverage         // average invoice of a customer
	ByRevenue         // revenue of a customer
	indices
)

// Region is what customers bought in one country. An invoice counts for the country of its lines.
type Region struct {
	Country   int32
	Month     string // 2011-01, "" for the whole window
	Customers int64
	Invoices  int64
	Amount    int64   // ten-thousandths
	Effective float64 // (Σ r)²/Σ r² over the customers' revenue r: how many equal customers say as much
	TooFew    bool    // to say more than sums
	Index     [indices]*Index
	Growth    *Growth
}

// Index is a region against all customers: 100 is their geometric mean. In it a customer counts once, in her own country.
type Index struct{ Value, Low, High float64 }

// Growth is the last 90 days against the 90 before: 0.1 is 10 % more.
type Growth struct{ Value, Low, High float64 }

// Fit is the normal-normal model behind an index: m ~ N(θ, v/n), θ ~ N(μ, τ²).
type Fit struct{ Tau2, S2 float64 }

// Regions are the countries.
type Regions struct {
	All     []Region      // by descending revenue, then by name
	Monthly []Region      // by month, then likewise
	Fits    [indices]*Fit // of All; nil below three regions
}

// spent is what one customer has in one region.
type spent struct {
	customer, country int32
	invoices, amount  int64
}

// Regions describes countries, as a whole and month by month.
func (s *Shop) Regions() *Regions {
	r := &Regions{}
	var every []int
	byMonth := map[string][]int{}
	for i := range s.Invoices {
		every = append(every, i)
		m := monthOf(s.Invoices[i].Day)
		byMonth[m] = append(byMonth[m], i)
	}
	r.All, r.Fits = s.regions("", every)
	for i := range r.All {
		if g := &r.All[i]; !g.TooFew && s.reachesBack(2*Period) {
			g.Growth = s.growth(func(inv *Invoice) bool { return inv.Country == g.Country })
		}
	}
	months := make([]string, 0, len(byMonth))
	for m := range byMonth {
		months = append(months, m)
	}
	slices.Sort(months)
	for _, m := range months {
		rows, _ := s.regions(m, byMonth[m])
		r.Monthly = append(r.Monthly, rows...)
	}
	return r
}

// reachesBack says whether the window, or all lines, cover that many days.
func (s *Shop) reachesBack(days int) bool { return int(s.AsOf-s.start()) >= days }

// regions describes the countries of some invoices. They lie together by customer.
func (s *Shop) regions(month string, invoices []int) ([]Region, [indices]*Fit) {
	var all []spent // a row for each customer and country
	var own []spent // a row for each customer, in her own country
	for at := 0; at < len(invoices); {
		customer := s.Invoices[invoices[at]].Customer
		first, mine := len(all), spent{customer: customer, country: s.Home[customer]}
		for ; at < len(invoices) && s.Invoices[invoices[at]].Customer == customer; at++ {
			inv := &s.Invoices[invoices[at]]
			mine.invoices++
			mine.amount += inv.Amount
			k := slices.IndexFunc(all[first:], func(p spent) bool { return p.country == inv.Country })
			if k < 0 {
				k = len(all) - first
				all = append(all, spent{customer: customer, country: inv.Country})
			}
			all[first+k].invoices++
			all[first+k].amount += inv.Amount
		}
		own = append(own, mine)
	}
	rows := make([]Region, len(s.Countries))
	revenues := make([][]float64, len(s.Countries))
	for _, p := range all {
		g := &rows[p.country]
		g.Customers++
		g.Invoices += p.invoices
		g.Amount += p.amount
		revenues[p.country] = append(revenues[p.country], float64(p.amount)/1e4)
	}
	found, fits := indexOf(own, len(s.Countries))
	var kept []Region
	for c := range rows {
		g := &rows[c]
		if g.Customers == 0 {
			continue
		}
		g.Country, g.Month, g.Effective = int32(c), month, effective(revenues[c])
		g.TooFew = g.Customers < leastRegionCustomers || g.Effective < leastEffective
		if !g.TooFew {
			for i := range g.Index {
				g.Index[i] = found[i][c]
			}
		}
		kept = append(kept, *g)
	}
	slices.SortFunc(kept, func(a, b Region) int {
		return cmp.Or(cmp.Compare(b.Amount, a.Amount), cmp.Compare(a.Country, b.Country))
	})
	return kept, fits
}

// effective is (Σ r)²/Σ r².
func effective(values []float64) float64 {
	total := sum(values)
	squares := 0.0
	for _, v := range values { // sorted by sum
		squares += v * v
	}
	if squares == 0 {
		return 0
	}
	return total * total / squares
}

// indexOf fits the three indices over customers in their own countries.
func indexOf(own []spent, countries int) (found [indices][]*Index, fits [indices]*Fit) {
	for i := range indices {
		groups := make([][]float64, countries)
		for _, p := range own {
			if p.amount <= 0 {
				continue // it has no logarithm
			}
			revenue, n := float64(p.amount)/1e4, float64(p.invoices)
			y := [indices]float64{math.Log(n), math.Log(revenue / n), math.Log(revenue)}[i]
			groups[p.country] = append(groups[p.country], y)
		}
		found[i], fits[i] = shrink(groups)
	}
	return found, fits
}

// shrink draws the means of groups towards each other by how little each says (Efron and Morris 1975), with the variance
// between them by Paule and Mandel (1982).
func shrink(groups [][]float64) ([]*Index, *Fit) {
	found := make([]*Index, len(groups))
	var means, counts []float64
	var at []int
	var squares, values []float64
	for g, ys := range groups {
		if len(ys) == 0 {
			continue
		}
		m := sum(ys) / float64(len(ys))
		for _, y := range ys {
			squares = append(squares, (y-m)*(y-m))
		}
		values = append(values, ys...)
		means, counts, at = append(means, m), append(counts, float64(len(ys))), append(at, g)
	}
	if len(means) < leastRegions || len(values) <= len(means) {
		return found, nil
	}
	all := sum(values) / float64(len(values))
	s2 := sum(squares) / float64(len(values)-len(means))
	if !(s2 > 0) {
		return found, nil
	}
	v := make([]float64, len(counts))
	for i, n := range counts {
		v[i] = s2 / n
	}
	tau2 := pauleMandel(means, v)
	mu := weightedMean(means, v, tau2)
	for i, g := range at {
		b := tau2 / (tau2 + v[i])
		theta := mu + b*(means[i]-mu)
		half := z * math.Sqrt(v[i]*b)
		found[g] = &Index{Value: 100 * math.Exp(theta-all), Low: 100 * math.Exp(theta-all-half), High: 100 * math.Exp(theta-all+half)}
	}
	return found, &Fit{Tau2: tau2, S2: s2}
}

func weightedMean(means, v []float64, tau2 float64) float64 {
	top, bottom := 0.0, 0.0
	for i, m := range means {
		w := 1 / (v[i] + tau2)
		top += w * m
		bottom += w
	}
	return top / bottom
}

// pauleMandel returns the τ² at which Σ(m − μ)²/(v + τ²) is the degrees of freedom; 0 if it is below them at 0.
func pauleMandel(means, v []float64) float64 {
	excess := func(tau2 float64) float64 {
		mu, total := weightedMean(means, v, tau2), 0.0
		for i, m := range means {
			total += (m - mu) * (m - mu) / (v[i] + tau2)
		}
		return total - float64(len(means)-1)
	}
	if excess(0) <= 0 {
		return 0
	}
	low, high := 0.0, 1.0
	for excess(high) > 0 && high < 1e12 {
		low, high = high, 2*high
	}
	for range 200 {
		if middle := (low + high) / 2; excess(middle) > 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// growth compares the last 90 days with the 90 before over some invoices; nil where there is nothing to compare.
func (s *Shop) growth(take func(*Invoice) bool) *Growth {
	var now, before []float64
	var a, b int64
	for i := 0; i < len(s.Invoices); {
		customer := s.Invoices[i].Customer
		var mine [2]int64
		bought := false
		for ; i < len(s.Invoices) && s.Invoices[i].Customer == customer; i++ {
			inv := &s.Invoices[i]
			if p := s.periodOf(inv.Day); p >= 0 && take(inv) {
				mine[p] += inv.Amount
				bought = true
			}
		}
		if bought {
			now, before = append(now, float64(mine[0])), append(before, float64(mine[1]))
			b += mine[0]
			a += mine[1]
		}
	}
	n := float64(len(now))
	if n < 2 || a <= 0 || b <= 0 {
		return nil
	}
	terms := make([]float64, len(now))
	for i := range now {
		d := now[i]/float64(b) - before[i]/float64(a)
		terms[i] = d * d
	}
	half := z * math.Sqrt(n/(n-1)*sum(terms))
	ratio := math.Log(float64(b) / float64(a))
	return &Growth{Value: math.Exp(ratio) - 1, Low: math.Exp(ratio-half) - 1, High: math.Exp(ratio+half) - 1}
}

// periodOf returns 0 for the last 90 days, 1 for the 90 before, and -1 for other days.
func (s *Shop) periodOf(day calendar.Date) int {
	switch {
	case day >= s.AsOf || day < s.AsOf-2*Period:
		return -1
	case day >= s.AsOf-Period:
		return 0
	}
	return 1
}

// monthOf writes the month of a day as 2011-01.
func monthOf(day calendar.Date) string { return day.String()[:7] }
