package measure

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/money"
)

// HistoryDays is how far back the cap and the covariates look from a start.
const HistoryDays = 180

// Covariates is how many there are for a customer.
const Covariates = 5

// Person is a customer in a period: what came, and what was known before. Money is capped by invoice.
type Person struct {
	Y, N float64             // revenue and invoices of the period
	X    [Covariates]float64 // history (0 or 1), P − R₀·M, M, P/M, mean ln of the value; 0 without history
}

// byValue orders persons by their numbers, so that no sum depends on their names.
func byValue(a, b Person) int {
	switch {
	case a.Y != b.Y:
		return cmp.Compare(a.Y, b.Y)
	case a.N != b.N:
		return cmp.Compare(a.N, b.N)
	}
	for i := range Covariates {
		if a.X[i] != b.X[i] {
			return cmp.Compare(a.X[i], b.X[i])
		}
	}
	return 0
}

// Sort puts persons in the order of their numbers.
func Sort(people []Person) { slices.SortFunc(people, byValue) }

// Period is when a campaign runs: from Start to before End.
type Period struct{ Start, End calendar.Date }

// Last is the period of that many days before a day.
func Last(days int, before calendar.Date) Period { return Period{before - calendar.Date(days), before} }

// Uncapped is the cap of values as they are.
var Uncapped = math.Inf(1)

// People sums up customers by their invoices, in order of days. Who has no invoice before the period's end is nobody yet: false in
// in. R₀ is over all of them. Values in money above limit are taken as limit, in the period and before.
func People(customers [][]invoice.Invoice, p Period, limit float64) (people []Person, in []bool) {
	people, in = make([]Person, len(customers)), make([]bool, len(customers))
	capped := money.Amount(math.MaxInt64)
	if !math.IsInf(limit, 1) {
		capped = money.Amount(math.Round(limit * money.Scale))
	}
	sums, counts := make([]money.Amount, len(customers)), make([]int, len(customers))
	total, count := money.Amount(0), 0
	for i, of := range customers {
		if in[i] = len(invoice.Before(of, p.End)) > 0; !in[i] {
			continue
		}
		for _, v := range invoice.Within(of, p.Start, p.End) {
			people[i].Y += min(v.Value, capped).Float()
			people[i].N++
		}
		logs, positive := 0.0, 0
		for _, v := range invoice.Within(of, p.Start-HistoryDays, p.Start) {
			sums[i] += min(v.Value, capped)
			counts[i]++
			if v.Value > 0 {
				logs += math.Log(min(v.Value, capped).Float())
				positive++
			}
		}
		total, count = total+sums[i], count+counts[i]
		if positive > 0 {
			people[i].X[4] = logs / float64(positive)
		}
	}
	if count == 0 {
		return people, in
	}
	mean := total.Float() / float64(count)
	for i := range people {
		if counts[i] > 0 {
			sum, m := sums[i].Float(), float64(counts[i])
			people[i].X[0], people[i].X[1], people[i].X[2], people[i].X[3] = 1, sum-float64(mean*m), m, sum/m
		}
	}
	return people, in
}

// Values returns the values of all invoices of a period, ascending.
func Values(customers [][]invoice.Invoice, p Period) []float64 {
	var values []float64
	for _, of := range customers {
		for _, v := range invoice.Within(of, p.Start, p.End) {
			values = append(values, v.Value.Float())
		}
	}
	slices.Sort(values)
	return values
}

// Quantile returns the type-7 quantile of ascending values, NaN of none.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	at := q * float64(len(values)-1)
	low := int(math.Floor(at))
	if low+1 >= len(values) {
		return values[len(values)-1]
	}
	return values[low] + (at-float64(low))*(values[low+1]-values[low])
}

// Cap returns the quantile of invoice values in [HistoryDays] before the start, to the ten-thousandth; [Uncapped] for quantile 1 and
// without an invoice there.
func Cap(customers [][]invoice.Invoice, start calendar.Date, quantile float64) float64 {
	v := Quantile(Values(customers, Last(HistoryDays, start)), quantile)
	if quantile >= 1 || !(v > 0) {
		return Uncapped
	}
	return math.Round(v*money.Scale) / money.Scale
}

// Through returns what a rise of every value by that share comes to when values are capped: Σmin((1+rise)·v, c)/Σmin(v, c) − 1.
// NaN where the values add up to nothing.
func Through(values []float64, rise, limit float64) float64 {
	before, after := 0.0, 0.0
	for _, v := range values {
		before += min(v, limit)
		after += min((1+rise)*v, limit)
	}
	if !(before > 0) {
		return math.NaN()
	}
	return after/before - 1
}
