package drift

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
)

// trade makes n days of a shop that sells on weekdays, from 8 to 17 o'clock with a hill at noon.
func trade(rng *rand.Rand, from calendar.Date, n int) []Day {
	var out []Day
	for d := from; len(out) < n; d++ {
		if d.Weekday() == 0 || d.Weekday() == 6 {
			continue
		}
		day := Day{Day: d, PriceIndex: 0.9 + rng.Float64()/5, PricedCodes: 50, Countries: map[string]int64{}}
		for h := 8; h < 18; h++ {
			k := int64(6-math.Abs(float64(h)-12.5)) + rng.Int64N(3)
			day.Hours[h] += k
			day.Invoices += k
		}
		day.Countries["France"] = day.Invoices / 10
		day.Countries["United Kingdom"] = day.Invoices - day.Invoices/10
		day.Lines, day.Guests, day.Repeated = 10*day.Invoices, day.Invoices/10, day.Invoices/10
		out = append(out, day)
	}
	return out
}

// Each fault is found on its day, in its column; sound lines have none.
func TestCheckLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	before := trade(rng, 15000, 60)
	for _, c := range []struct {
		name, check, column string
		at, days            int
		fault               func(now []Day)
	}{
		{name: "sound", fault: func([]Day) {}},
		{"a hundredfold price", CheckPrice, "price", 20, 2, func(now []Day) { now[20].PriceIndex, now[21].PriceIndex = 97, 103 }},
		{"a hundredth of the price", CheckPrice, "price", 20, 1, func(now []Day) { now[20].PriceIndex = 0.01 }},
		{"a doubled day", CheckDoubled, "invoice", 7, 1, func(now []Day) { now[7].Lines *= 2; now[7].Repeated = now[7].Lines / 2 }},
		{"a clock five hours ahead", CheckClock, "time", 30, 1, func(now []Day) {
			var h [24]int64
			for i, n := range now[30].Hours {
				h[(i+5)%24] = n
			}
			now[30].Hours = h
		}},
		{"a till that is dead from 14 to 16", CheckHours, "time", 40, 12, func(now []Day) {
			for i := 40; i < 52; i++ {
				now[i].Invoices -= now[i].Hours[14] + now[i].Hours[15]
				now[i].Hours[14], now[i].Hours[15] = 0, 0
			}
		}},
		{"France is lost", CheckCountry, "country", 45, 15, func(now []Day) {
			for i := 45; i < 60; i++ {
				now[i].Countries["United Kingdom"] += now[i].Countries["France"]
				delete(now[i].Countries, "France")
			}
		}},
		{"no countries", CheckMissing, "country", 9, 1, func(now []Day) { now[9].NoCountry = now[9].Lines }},
		{"no customers", CheckCustomer, "customer", 12, 1, func(now []Day) { now[12].Guests = now[12].Invoices }},
	} {
		now := trade(rand.New(rand.NewPCG(12, 12)), 15084, 60)
		c.fault(now)
		got := CheckLines(before, now)
		if c.check == "" {
			if len(got) > 0 {
				t.Errorf("%s: %+v", c.name, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Name != c.check || got[0].Column != c.column || got[0].Act != ActFixData || got[0].Days != c.days ||
			got[0].Day != now[c.at].Day || !strings.Contains(got[0].Why, now[c.at].Day.String()) || !strings.HasPrefix(got[0].Why, c.column) {
			t.Errorf("%s: %+v, want %s of %s on %s for %d days", c.name, got, c.check, c.column, now[c.at].Day, c.days)
		}
	}
	if got := CheckLines(before, nil); len(got) > 0 {
		t.Errorf("without lines: %+v", got)
	}
	// An hour and a country that had stopped before the window began are another way of trading.
	now := trade(rng, 15084, 60)
	for i := range now {
		now[i].Invoices -= now[i].Hours[12]
		now[i].Hours[12] = 0
		delete(now[i].Countries, "France")
	}
	if got := CheckLines(before, now); len(got) > 0 {
		t.Errorf("another way of trading: %+v", got)
	}
}

// A day or a delivery of which far more was rejected than is usual is found; the usual share, few records and nothing to compare with are not.
func TestCheckRejections(t *testing.T) {
	days := func(from calendar.Date, n int, rejected int64) []Rejected {
		var out []Rejected
		for d := range n {
			out = append(out, Rejected{Day: from + calendar.Date(d), Records: rejected, Of: 200})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		before []Rejected
		change func(now []Rejected) []Rejected
		column string
		days   int
		first  calendar.Date
	}{
		{"sound", days(15000, 60, 1), func(now []Rejected) []Rejected { return now }, "", 0, 0},
		{"two days", days(15000, 60, 1), func(now []Rejected) []Rejected { now[7].Records, now[8].Records = 60, 200; return now }, "record", 2, 15067},
		{"as many as ever", days(15000, 60, 10), func(now []Rejected) []Rejected { now[7].Records = 60; return now }, "", 0, 0},
		{"a handful", days(15000, 60, 1), func(now []Rejected) []Rejected { now[7] = Rejected{Day: now[7].Day, Records: 19, Of: 19}; return now }, "", 0, 0},
		{"nothing before", days(15000, 13, 1), func(now []Rejected) []Rejected { now[7].Records = 60; return now }, "", 0, 0},
		{"a delivery", append(days(15000, 60, 1), Rejected{Day: 15059, Delivery: "a", Records: 1, Of: 9000}), func(now []Rejected) []Rejected {
			return append(now, Rejected{Day: 15119, Delivery: "b", Records: 900, Of: 9000})
		}, "time", 1, 15119},
		{"a first delivery", days(15000, 60, 1), func(now []Rejected) []Rejected {
			return append(now, Rejected{Day: 15119, Delivery: "b", Records: 900, Of: 9000})
		}, "", 0, 0},
	} {
		got := CheckRejections(c.before, c.change(days(15060, 60, 1)))
		if c.column == "" {
			if len(got) > 0 {
				t.Errorf("%s: %+v", c.name, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Name != CheckRejected || got[0].Column != c.column || got[0].Days != c.days || got[0].Day != c.first ||
			got[0].Last != c.first+calendar.Date(c.days-1) || got[0].Act != ActFixData || !strings.HasPrefix(got[0].Why, c.column+" of "+c.first.String()) {
			t.Errorf("%s: %+v, want %s from %s for %d days", c.name, got, c.column, c.first, c.days)
		}
	}
}

// By hand: two products at 1 and 2 rise to 2 and 2; 10 and 10 were sold, 5 and 10 are. Laspeyres (20 + 20)/(10 + 20) = 4/3, Paasche
// (10 + 20)/(5 + 20) = 6/5, and Fisher's is √(8/5). Prices a hundredfold are 100 whatever was sold.
func TestFisher(t *testing.T) {
	before := []Sold{{10, 10}, {10, 20}, {}, {1, 1}}
	now := []Sold{{5, 10}, {10, 20}, {1, 1}, {}}
	if got, n := Fisher(before, now); math.Abs(got-math.Sqrt(8.0/5)) > 1e-12 || n != 2 {
		t.Errorf("index %v over %d, want %v over 2", got, n, math.Sqrt(8.0/5))
	}
	dear := make([]Sold, len(before))
	for i := range 100 {
		before = append(before, Sold{float64(i + 1), float64(2*i + 1)})
		dear = append(dear, Sold{float64(200 - i), 100 * float64(2*i+1) / float64(i+1) * float64(200-i)})
	}
	if got, n := Fisher(before, dear); math.Abs(got-100) > 1e-9 || n != 100 {
		t.Errorf("index %v over %d, want 100 over 100", got, n)
	}
	if got, n := Fisher(nil, nil); !math.IsNaN(got) || n != 0 {
		t.Errorf("index %v of nothing", got)
	}
}
