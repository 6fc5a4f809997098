package feature_test

import (
	"math"
	"slices"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// reference works features out of kept lines in the plainest way, definition by definition, over maps and time.Time.
// days is the window's length, 0 for all.
func reference(ref retailtest.Reference, asOf time.Time, days int) *frame.Frame {
	sales, returned := map[string][]retailtest.Line{}, map[string][]retailtest.Line{}
	for _, l := range ref.Kept {
		if l.Customer != "" && l.Quantity > 0 {
			sales[l.Customer] = append(sales[l.Customer], l)
		}
	}
	for _, l := range ref.Returned {
		returned[l.Customer] = append(returned[l.Customer], l)
	}
	var names []string
	for name := range sales {
		names = append(names, name)
	}
	slices.Sort(names)
	f := frame.New(feature.Specs, len(names))
	for i, name := range names {
		f.Columns[0].Strings[i] = name
		for k, v := range customer(sales[name], returned[name], asOf, days) {
			c := f.Column(k)
			switch v := v.(type) {
			case string:
				c.Strings[i] = v
			case int:
				c.Ints[i] = int64(v)
			case float64:
				c.Floats[i] = v
			}
		}
	}
	return f
}

func clock(l retailtest.Line) time.Time { return time.UnixMicro(l.Micros()).UTC() }

func midnight(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

func daysBetween(a, b time.Time) int { return int(b.Sub(a) / (24 * time.Hour)) }

func customer(sales, returned []retailtest.Line, asOf time.Time, days int) map[string]any {
	at := map[string]time.Time{} // an invoice's time is the earliest of its lines
	for _, l := range sales {
		n := retailtest.Compared(l.Invoice)
		if t, ok := at[n]; !ok || clock(l).Before(t) {
			at[n] = clock(l)
		}
	}
	dates := map[time.Time]bool{}
	weekend, office := 0, 0
	for _, t := range at {
		dates[midnight(t)] = true
		day := t.Weekday()
		if day == time.Saturday || day == time.Sunday {
			weekend++
		} else if t.Hour() >= 9 && t.Hour() < 17 {
			office++
		}
	}
	var ordered []time.Time
	for d := range dates {
		ordered = append(ordered, d)
	}
	slices.SortFunc(ordered, time.Time.Compare)

	monetary, units := 0.0, 0
	bought, revenue := map[string]map[time.Time]bool{}, map[string]int64{}
	var quantities []float64
	for _, l := range sales {
		monetary += float64(l.Worth())
		units += int(l.Quantity)
		quantities = append(quantities, l.Quantity.Float())
		code := retailtest.Compared(l.Code)
		if bought[code] == nil {
			bought[code] = map[time.Time]bool{}
		}
		bought[code][midnight(at[retailtest.Compared(l.Invoice)])] = true
		revenue[l.Country] += int64(l.Worth())
	}
	again, country, best := 0, "", int64(math.MinInt64)
	for _, d := range bought {
		if len(d) > 1 {
			again++
		}
	}
	for c, v := range revenue {
		if v > best || v == best && c < country {
			country, best = c, v
		}
	}
	var gap []float64
	for i := 1; i < len(ordered); i++ {
		gap = append(gap, float64(daysBetween(ordered[i-1], ordered[i])))
	}
	slices.Sort(quantities)
	half := len(quantities) / 2
	n := float64(len(at))
	m := map[string]any{
		"recency": daysBetween(ordered[len(ordered)-1], asOf), "frequency": len(at), "monetary": int(monetary),
		"average_invoice": monetary / 10_000 / n, "units": units, "lines": len(sales), "products": len(bought),
		"lines_per_invoice": float64(len(sales)) / n, "tenure": daysBetween(ordered[0], asOf),
		"gap_mean": mean(gap), "gap_sd": deviation(gap), "weekend_share": float64(weekend) / n, "office_share": float64(office) / n,
		"country": country, "median_units": (quantities[half] + quantities[(len(quantities)-1)/2]) / 2,
		"rebought_share": float64(again) / float64(len(bought)),
	}
	spend := blocks(sales, at, ordered[0], asOf, days)
	m["monthly_mean"], m["monthly_sd"], m["monthly_slope"] = mean(spend), deviation(spend), slope(spend)
	if len(spend) == 0 {
		m["monthly_mean"] = 0.0
	}
	back, invoices := 0.0, map[string]bool{}
	for _, l := range returned {
		back -= float64(l.Worth())
		invoices[retailtest.Compared(l.Invoice)] = true
	}
	m["return_value_rate"], m["return_count_rate"] = 0.0, float64(len(invoices))/(float64(len(invoices))+n)
	if back > 0 {
		m["return_value_rate"] = back / (monetary + back)
	}
	return m
}

// blocks returns the spend by block of 30 days, forward in time.
func blocks(sales []retailtest.Line, at map[string]time.Time, first, asOf time.Time, days int) []float64 {
	var spend []float64
	for b := 0; days == 0 || b < days/30; b++ {
		from, to := asOf.AddDate(0, 0, -30*(b+1)), asOf.AddDate(0, 0, -30*b) // dates from … to − 1
		if !first.Before(to) {
			break // before her first purchase
		}
		sum := 0.0
		for _, l := range sales {
			if t := at[retailtest.Compared(l.Invoice)]; !t.Before(from) && t.Before(to) {
				sum += float64(l.Worth()) / 10_000
			}
		}
		spend = append(spend, sum)
	}
	slices.Reverse(spend)
	return spend
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v)) // NaN of none
}

// deviation is that of a sample: NaN below two values.
func deviation(v []float64) float64 {
	if len(v) < 2 {
		return math.NaN()
	}
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)-1))
}

// slope is that of least squares over 0, 1, 2, …: NaN below two values.
func slope(v []float64) float64 {
	if len(v) < 2 {
		return math.NaN()
	}
	var xs []float64
	for i := range v {
		xs = append(xs, float64(i))
	}
	mx, my, xy, xx := mean(xs), mean(v), 0.0, 0.0
	for i := range v {
		xy += (xs[i] - mx) * (v[i] - my)
		xx += (xs[i] - mx) * (xs[i] - mx)
	}
	return xy / xx
}

// asOf is the as-of of drawn shops.
func asOf() (calendar.Date, time.Time) {
	d, err := calendar.ParseDate(retailtest.AsOf)
	if err != nil {
		panic(err)
	}
	t, err := time.Parse(time.DateOnly, retailtest.AsOf)
	if err != nil {
		panic(err)
	}
	return d, t
}
