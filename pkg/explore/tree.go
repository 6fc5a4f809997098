package explore

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Factors of revenue: customers × invoices a customer × lines an invoice × units a line × price a unit.
var Factors = [5]string{"customers", "frequency", "lines", "units", "price"}

// Sums are what a period has.
type Sums struct {
	Customers, Invoices, Lines int64
	Units                      int64 // thousandths
	Amount                     int64 // ten-thousandths
}

// factors are the five that multiply to the revenue.
func (s Sums) factors() [5]float64 {
	units, amount := float64(s.Units)/unit, float64(s.Amount)/1e4
	return [5]float64{float64(s.Customers), float64(s.Invoices) / float64(s.Customers), float64(s.Lines) / float64(s.Invoices),
		units / float64(s.Lines), amount / units}
}

// Factors returns the five, or false for an empty period.
func (s Sums) Factors() ([5]float64, bool) {
	if s.Customers == 0 || s.Invoices == 0 || s.Lines == 0 || s.Units <= 0 || s.Amount <= 0 {
		return [5]float64{}, false
	}
	return s.factors(), true
}

// Branch is the change of revenue of one group of purchases between two periods.
type Branch struct {
	Group        int32
	Before, Now  Sums
	Contribution *[5]int64 // ten-thousandths, in the order of [Factors]; they add up to the change. nil where a period is empty
	// The change by customers: those who bought only now, those who bought only before, and those who bought in both.
	New, Lost, Retained                            int64
	NewCustomers, LostCustomers, RetainedCustomers int64
}

// Change is the change of revenue, in ten-thousandths.
func (b *Branch) Change() int64 { return b.Now.Amount - b.Before.Amount }

// Tree compares the 90 days before as-of with the 90 days that ended shift days earlier. groupOf gives each invoice its group,
// a number from 0 below groups, or -1 for none. Groups without a purchase in either have no branch; it is nil where the lines
// do not reach back so far.
func (s *Shop) Tree(shift, groups int, groupOf func(*Invoice) int32) []Branch {
	if !s.reachesBack(shift + Period) {
		return nil
	}
	all := make([]Branch, groups)
	mine := make([][2]int64, groups)
	here := make([][2]bool, groups)
	var touched []int32
	for i := 0; i < len(s.Invoices); {
		customer := s.Invoices[i].Customer
		touched = touched[:0]
		for ; i < len(s.Invoices) && s.Invoices[i].Customer == customer; i++ {
			inv := &s.Invoices[i]
			p := within(inv.Day, s.AsOf, shift)
			g := groupOf(inv)
			if p < 0 || g < 0 {
				continue
			}
			if !here[g][0] && !here[g][1] {
				touched = append(touched, g)
			}
			sums := &all[g].Now
			if p == 1 {
				sums = &all[g].Before
			}
			if !here[g][p] {
				here[g][p] = true
				sums.Customers++
			}
			sums.Invoices++
			sums.Lines += int64(inv.To - inv.From)
			sums.Units += inv.Units
			sums.Amount += inv.Amount
			mine[g][p] += inv.Amount
		}
		for _, g := range touched {
			all[g].turn(here[g], mine[g])
			here[g], mine[g] = [2]bool{}, [2]int64{}
		}
	}
	var kept []Branch
	for g := range all {
		b := &all[g]
		b.Group = int32(g)
		if b.Now.Invoices+b.Before.Invoices == 0 {
			continue
		}
		b.Contribution = contributions(b.Before, b.Now)
		kept = append(kept, *b)
	}
	return kept
}

// within returns 0 for the last 90 days, 1 for the 90 that ended shift days earlier, and -1 for other days.
func within(day, asOf calendar.Date, shift int) int {
	switch end := asOf - calendar.Date(shift); {
	case day < asOf && day >= asOf-Period:
		return 0
	case day < end && day >= end-Period:
		return 1
	}
	return -1
}

// turn adds one customer's part of the change.
func (b *Branch) turn(here [2]bool, amounts [2]int64) {
	switch {
	case here[0] && here[1]:
		b.Retained += amounts[0] - amounts[1]
		b.RetainedCustomers++
	case here[0]:
		b.New += amounts[0]
		b.NewCustomers++
	default:
		b.Lost -= amounts[1]
		b.LostCustomers++
	}
}

// contributions are those of the factors to the change of their product, by the logarithmic mean Divisia index: Ang (2005),
// The LMDI approach to decomposition analysis. They are whole pennies, or ten-thousandths where the change is not, and add up
// to it. nil where a period is empty.
func contributions(before, now Sums) *[5]int64 {
	from, ok0 := before.Factors()
	to, ok1 := now.Factors()
	if !ok0 || !ok1 {
		return nil
	}
	change, penny := now.Amount-before.Amount, int64(100)
	if change%penny != 0 {
		penny = 1
	}
	parts := decompose(from[:], to[:])
	for i := range parts {
		parts[i] *= 1e4 / float64(penny)
	}
	var out [5]int64
	for i, v := range apportion(parts, change/penny) {
		out[i] = v * penny
	}
	return &out
}

// decompose gives each factor its part of the change of the product: L·ln(x₁/x₀) with L the logarithmic mean.
func decompose(from, to []float64) []float64 {
	before, now := 1.0, 1.0
	for i := range from {
		before *= from[i]
		now *= to[i]
	}
	mean := before
	if before != now {
		mean = (now - before) / math.Log(now/before)
	}
	parts := make([]float64, len(from))
	for i := range from {
		parts[i] = mean * math.Log(to[i]/from[i])
	}
	return parts
}

// apportion rounds parts down to whole numbers and gives what is left of their sum to the largest remainders.
func apportion(parts []float64, total int64) []int64 {
	whole := make([]int64, len(parts))
	order := make([]int, len(parts))
	left := total
	for i, v := range parts {
		whole[i], order[i] = int64(math.Floor(v)), i
		left -= whole[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(round(parts[b]-math.Floor(parts[b]), 1e6), round(parts[a]-math.Floor(parts[a]), 1e6))
	})
	for i := 0; left != 0; i++ {
		at := order[i%len(order)]
		if left > 0 {
			whole[at]++
			left--
		} else {
			whole[order[len(order)-1-i%len(order)]]--
			left++
		}
	}
	return whole
}
