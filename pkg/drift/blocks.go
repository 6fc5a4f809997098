package drift

import (
	"math"
	"slices"
)

// LineChange is how the lines of the last window differ from those of the window before, by one measure.
type LineChange struct {
	Name        string
	Before, Now float64 // NaN of a whole profile
	Effect      float64 // LinesVolume: |ln(now/before)|; of a share the difference; of a profile the total variation distance
	P           float64 // of Effect, by permuting days within their weekday
	Adjusted    float64 // by Benjamini and Hochberg, over the measures
}

// Names of measures of lines.
const (
	LinesVolume    = "invoices_a_day"
	LinesGuests    = "guests"     // invoices without a customer, a share
	LinesReturns   = "returns"    // lines below zero, a share
	LinesNoCountry = "no_country" // lines without a country, a share
	LinesHours     = "hour_of_week"
)

// blockDraws is enough for five measures.
const blockDraws = 10_000

// CompareLines measures how the days of one window differ from those of the other. The lines of a day are not independent, and
// Mondays are no Sundays: under the null hypothesis a day with all that was sold on it could as well be one of the same weekday in the
// other window. What is found explains, and asks for nothing. Nil where a window has fewer than 14 days with sales.
func CompareLines(before, now []Day) []LineChange {
	if len(before) < leastDays || len(now) < leastDays {
		return nil
	}
	nan := math.NaN()
	shareOf := func(part, of func(*Day) int64) func([]*Day) float64 {
		return func(days []*Day) float64 {
			var a, b int64
			for _, d := range days {
				a, b = a+part(d), b+of(d)
			}
			return float64(a) / float64(max(b, 1))
		}
	}
	invoices := func(d *Day) int64 { return d.Invoices }
	one := func(*Day) int64 { return 1 }
	var out []LineChange
	for _, m := range []struct {
		name string
		of   func([]*Day) float64
	}{
		{LinesVolume, shareOf(invoices, one)},
		{LinesGuests, shareOf(func(d *Day) int64 { return d.Guests }, invoices)},
		{LinesReturns, shareOf(func(d *Day) int64 { return d.Returns }, func(d *Day) int64 { return d.Lines })},
		{LinesNoCountry, shareOf(func(d *Day) int64 { return d.NoCountry }, func(d *Day) int64 { return d.Lines })},
		{name: LinesHours},
	} {
		c := LineChange{Name: m.name, Before: nan, Now: nan}
		effect := hourShift
		if m.of != nil {
			c.Before, c.Now = m.of(pointers(before)), m.of(pointers(now))
			effect = func(a, b []*Day) float64 { return math.Abs(m.of(b) - m.of(a)) }
		}
		if m.name == LinesVolume {
			effect = func(a, b []*Day) float64 { return math.Abs(math.Log(m.of(b) / m.of(a))) }
		}
		c.Effect, c.P = permuteDays(m.name, before, now, effect)
		out = append(out, c)
	}
	p := make([]float64, len(out))
	for i := range out {
		p[i] = out[i].P
	}
	for i, v := range BenjaminiHochberg(p) {
		out[i].Adjusted = v
	}
	return out
}

func pointers(days []Day) []*Day {
	out := make([]*Day, len(days))
	for i := range days {
		out[i] = &days[i]
	}
	return out
}

// permuteDays returns a statistic of two windows and its p-value when days change places within their weekday.
func permuteDays(name string, before, now []Day, statistic func(before, now []*Day) float64) (observed, p float64) {
	a, b := pointers(before), pointers(now)
	observed = statistic(a, b)
	var pool [7][]*Day
	var first [7]int // of the pool's days, how many are before
	for _, d := range a {
		w := d.Day.Weekday()
		pool[w] = append(pool[w], d)
		first[w]++
	}
	for _, d := range b {
		pool[d.Day.Weekday()] = append(pool[d.Day.Weekday()], d)
	}
	rng := seeded(name)
	found := sequential(blockDraws, observed, func() float64 {
		a, b = a[:0], b[:0]
		for w, days := range pool {
			rng.Shuffle(len(days), func(i, j int) { days[i], days[j] = days[j], days[i] })
			a, b = append(a, days[:first[w]]...), append(b, days[first[w]:]...)
		}
		return statistic(a, b)
	})
	return observed, found.P
}

// hourShift is the share of invoices that would have to move to another hour of the week for the profiles to be the same.
func hourShift(before, now []*Day) float64 {
	var counts [2][7 * 24]int
	var all [2]float64
	for side, days := range [][]*Day{before, now} {
		for _, d := range days {
			at := int(d.Day.Weekday()) * 24
			for h, n := range d.Hours {
				counts[side][at+h] += int(n)
				all[side] += float64(n)
			}
		}
	}
	if slices.Min(all[:]) == 0 {
		return 0
	}
	sum := 0.0
	for i := range counts[0] {
		sum += math.Abs(float64(counts[0][i])/all[0] - float64(counts[1][i])/all[1])
	}
	return sum / 2
}
