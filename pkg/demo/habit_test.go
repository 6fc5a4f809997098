package demo_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
)

// shopper is a customer as the lines show one.
type shopper struct {
	kind, country string
	visits        []visit
	returns       []piece
}

// visit is an invoice of products.
type visit struct {
	day    int // of the shop
	pieces []piece
}

// piece is a line of a product, or of one given back.
type piece struct {
	day         int
	code, price string
	quantity    int
	packs       float64
}

// shoppers reads the customers out of lines without dirt. Fees, and lines that are there twice, are passed over.
func shoppers(t testing.TB, data []byte, p planted) map[string]*shopper {
	t.Helper()
	pack := map[string]int{}
	for _, c := range p.Catalogue {
		pack[c.Code] = c.Pack
	}
	all := map[string]*shopper{}
	invoice, before, date, day := "", "", "", 0
	for i, row := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if i == 0 || row == before {
			continue
		}
		before = row
		f := strings.Split(row, ",") // a description can have commas: what is behind it counts from the end
		quantity, at, price, id, country := f[len(f)-5], f[len(f)-4], f[len(f)-3], f[len(f)-2], f[len(f)-1]
		if id == "" || isFee(goodRecord{code: f[1], description: f[2]}) {
			continue
		}
		if at[:10] != date {
			date = at[:10]
			d, err := calendar.ParseDate(date)
			if err != nil {
				t.Fatal(err)
			}
			day = int(d - p.First)
		}
		who := all[id]
		if who == nil {
			who = &shopper{kind: p.CustomerKinds[id], country: country}
			all[id] = who
		}
		n, err := strconv.Atoi(quantity)
		if err != nil {
			t.Fatal(err)
		}
		code := strings.ToUpper(f[1])
		l := piece{day, code, price, n, float64(n) / float64(pack[code])}
		if f[0][0] == 'C' {
			who.returns = append(who.returns, l)
			continue
		}
		if f[0] != invoice {
			invoice = f[0]
			who.visits = append(who.visits, visit{day: day})
		}
		last := &who.visits[len(who.visits)-1]
		last.pieces = append(last.pieces, l)
	}
	return all
}

// clock returns how many ordinary days have passed before each day, as the truth's calendar has it.
func clock(p planted) []float64 {
	passed := []float64{0}
	closed := map[calendar.Date]bool{}
	for _, d := range p.Calendar.Closed {
		closed[d] = true
	}
	for day := range p.Days {
		d := p.First + calendar.Date(day)
		busy := p.Calendar.Weekdays[d.Weekday().String()] * p.Calendar.Months[demo.DayMonth(d).String()] / 100
		if closed[d] {
			busy = 0
		}
		passed = append(passed, passed[day]+float64(busy)/100)
	}
	return passed
}

// moments returns the mean and the variance of some numbers.
func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

// sees fails unless customers, of whom each has as many observations, have the planted mean, and means that differ between them
// by the planted variance; each within four standard errors.
func sees(t *testing.T, what string, seen [][]float64, mean, variance float64) {
	t.Helper()
	if len(seen) < 50 {
		t.Fatalf("%s: only %d customers", what, len(seen))
	}
	var means []float64
	within := 0.0
	for _, x := range seen {
		m, v := x[0], 0.0
		if len(x) > 1 {
			m, v = moments(x)
		}
		means = append(means, m)
		within += v / float64(len(x)) / float64(len(seen))
	}
	n := float64(len(seen))
	m, v := moments(means)
	if tolerance := 4 * math.Sqrt(v/n); math.Abs(m-mean) > tolerance {
		t.Errorf("%s: %.2f in the mean of %.0f customers, planted %.2f ± %.2f", what, m, n, mean, tolerance)
	}
	// The variance of a normal variable's variance is 2/n of its square; that of a uniform one is less.
	if tolerance := 4 * v * math.Sqrt(2/n); len(seen[0]) > 1 && math.Abs(v-within-variance) > tolerance {
		t.Errorf("%s: customers vary by %.2f, planted %.2f ± %.2f", what, v-within, variance, tolerance)
	}
}

// uniform returns mean and variance of a whole number in a range, both ends included.
func uniform(r [2]int) (mean, variance float64) {
	n := float64(r[1] - r[0] + 1)
	return float64(r[0]+r[1]) / 2, (n*n - 1) / 12
}

// Every figure by which the truth describes a kind of customer is found again in the lines of a shop of one seed: large enough
// to tell each from one that is off by a quarter or so, and long enough that nobody's gaps are cut short by its end.
func TestHabitsAreFound(t *testing.T) {
	o := options(t)
	o.Customers, o.Days, o.Dirty = 2000, 2000, 0
	data, truth := write(t, o)
	p := plantedIn(t, truth)
	byKind := map[string][]*shopper{}
	for _, who := range shoppers(t, data, p) {
		byKind[who.kind] = append(byKind[who.kind], who)
	}
	passed := clock(p)
	for _, k := range p.Kinds {
		if k.GapDays != nil {
			gaps(t, k, byKind[k.Kind], passed)
		}
		linesAnInvoice(t, k, byKind[k.Kind], p)
		packsALine(t, k, byKind[k.Kind])
		returnRate(t, k, byKind[k.Kind], p.Days)
	}
}

// gaps looks at the first gaps of those customers of whom it is sure, whatever their gaps, that so many end before they stop
// coming: gaps that must end by a day are too short in the mean.
func gaps(t *testing.T, k demo.Kind, all []*shopper, passed []float64) {
	t.Helper()
	const slowest = 0.75 // of an ordinary day is a day in the slowest month
	end := demo.SurelyUntil(k.Kind, len(passed)-1)
	var sure []*shopper
	n := 6
	for ; ; n-- {
		longest := 0.0
		for range n { // a gap is the sum of two draws from none to its mean, so at most twice that
			longest += 2 * (float64(k.GapDays[1]) + longest*float64(k.GapGrowth)/100) / slowest
		}
		sure = nil
		for _, who := range all {
			if who.visits[0].day+int(longest) < end {
				sure = append(sure, who)
			}
		}
		if 3*len(sure) >= len(all) || n == 2 {
			break
		}
	}
	var seen [][]float64
	var trends []float64 // of each customer, over what the planted growth makes of it
	grown := 0.0         // by a growth of a day in a hundred
	for _, who := range sure {
		if len(who.visits) <= n {
			t.Fatalf("%s: a customer came %d times", k.Kind, len(who.visits))
		}
		var x []float64
		trend := 0.0
		for i := range n {
			from, to := who.visits[i].day, who.visits[i+1].day
			x = append(x, (passed[to]+passed[to+1])/2-passed[from+1])
			known := float64(from - who.visits[0].day)
			weight := float64(i) - float64(n-1)/2
			trend += weight * (x[i] - known*float64(k.GapGrowth)/100)
			grown += weight * known / 100
		}
		if k.GapGrowth > 0 {
			x = x[:1]
		}
		seen, trends = append(seen, x), append(trends, trend)
	}
	mean, variance := uniform(*k.GapDays)
	sees(t, k.Kind+" gap_days", seen, mean, variance)
	m, v := moments(trends)
	grown /= float64(len(trends))
	off, tolerance := m/grown, 4*math.Sqrt(v/float64(len(trends)))/grown
	if math.Abs(off) > tolerance {
		t.Errorf("%s gap_growth: %.2f days in a hundred, planted %d ± %.2f", k.Kind, float64(k.GapGrowth)+off, k.GapGrowth, tolerance)
	}
}

// linesAnInvoice looks at customers at home, whose taste is the shop's.
func linesAnInvoice(t *testing.T, k demo.Kind, all []*shopper, p planted) {
	t.Helper()
	n := 5
	if k.GapDays == nil {
		n = 1
	}
	var seen [][]float64
	for _, who := range all {
		if who.country != p.Countries[0].Country || len(who.visits) < n {
			continue
		}
		var x []float64
		for _, v := range who.visits[:n] {
			x = append(x, float64(len(v.pieces)))
		}
		seen = append(seen, x)
	}
	var means []float64
	for lines := k.LinesAnInvoice[0]; lines <= k.LinesAnInvoice[1]; lines++ {
		means = append(means, linesOf(lines, p))
	}
	mean, variance := moments(means)
	variance *= float64(len(means)-1) / float64(len(means)) // it is all of them, not a sample
	sees(t, k.Kind+" lines_an_invoice", seen, mean, variance)
}

// linesOf returns how many lines an invoice has in the mean of a customer who takes so many products at a time: one that is
// taken twice is one line, and the second of a pair comes along. Half of the time a customer takes one of a dozen favourites.
// Early products and early favourites are taken more often, as the square of a uniform draw falls; pairs come first.
func linesOf(taken int, p planted) float64 {
	const invoices = 4000
	r := rand.New(rand.NewPCG(1, uint64(taken)))
	skewed := func(n int) int { return int(float64(n) * math.Pow(r.Float64(), 2)) }
	total := 0
	for range invoices {
		basket := map[int]bool{}
		var favourites [12]int
		for i := range favourites {
			favourites[i] = skewed(p.Products)
		}
		for range 1 + r.IntN(2*taken-1) {
			i := skewed(p.Products)
			if r.IntN(2) == 0 {
				i = favourites[skewed(len(favourites))]
			}
			if !basket[i] && i%2 == 0 && i < 2*len(p.Pairs) && r.Float64() < p.PairChance {
				basket[i+1] = true
			}
			basket[i] = true
		}
		total += len(basket)
	}
	return float64(total) / invoices
}

// packsALine looks at the first lines of each customer. Who buys little takes a pack at least.
func packsALine(t *testing.T, k demo.Kind, all []*shopper) {
	t.Helper()
	n := 20
	if k.GapDays == nil {
		n = 5
	}
	var seen [][]float64
	for _, who := range all {
		var x []float64
		for _, v := range who.visits {
			for _, l := range v.pieces {
				x = append(x, l.packs)
			}
		}
		if len(x) >= n {
			seen = append(seen, x[:n])
		}
	}
	var means []float64
	for one := range 6 {
		for other := range 6 {
			size := float64(demo.Sizes[one+other]) / 100
			mean := 0.0
			for packs := k.PacksALine[0]; packs <= k.PacksALine[1]; packs++ {
				mean += max(1, size*float64(packs)) / float64(k.PacksALine[1]-k.PacksALine[0]+1)
			}
			means = append(means, mean)
		}
	}
	mean, variance := moments(means)
	variance *= 35. / 36 // it is all of them, not a sample
	sees(t, k.Kind+" packs_a_line", seen, mean, variance)
}

// returnRate counts what came back of the visits at which nothing was still to come back, and which are not so late that it
// would come behind the last day.
func returnRate(t *testing.T, k demo.Kind, all []*shopper, days int) {
	t.Helper()
	const longest = 30 // days until something comes back
	visits, back := 0, 0
	for _, who := range all {
		waiting := map[int]bool{} // visits
		for _, r := range who.returns {
			sale := -1
			for i, v := range who.visits {
				for _, l := range v.pieces {
					if l.code == r.code && l.price == r.price && l.quantity >= -r.quantity && v.day+2 <= r.day && v.day+longest > r.day && !waiting[i] {
						sale = i
					}
				}
			}
			if sale < 0 {
				t.Fatalf("%s: a return on day %d has no sale", k.Kind, r.day)
			}
			for i := sale + 1; i < len(who.visits) && who.visits[i].day <= r.day; i++ {
				waiting[i] = true
			}
			if who.visits[sale].day+longest < days {
				back++
			}
		}
		for i, v := range who.visits {
			if !waiting[i] && v.day+longest < days {
				visits++
			}
		}
	}
	rate := float64(back) / float64(visits)
	tolerance := 4 * math.Sqrt(k.ReturnRate*(1-k.ReturnRate)/float64(visits))
	if math.Abs(rate-k.ReturnRate) > tolerance {
		t.Errorf("%s return_rate: %.4f of %d visits, planted %.4f ± %.4f", k.Kind, rate, visits, k.ReturnRate, tolerance)
	}
}
