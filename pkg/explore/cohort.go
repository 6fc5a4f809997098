package explore

import (
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// Cohort is what the customers of one first month bought some months later.
type Cohort struct {
	Month     string // of the first purchase in the window, 2011-01
	Later     int    // months
	Customers int64  // who bought in that month
	Amount    int64  // ten-thousandths
	Retention float64
	Censored  bool // the first month of the window: some of these customers had bought before it
	Partial   bool // the month of as-of, which is not over
}

// Cohorts follows customers by the month of their first purchase, in order of cohort and month. Months without a purchase
// have a row too.
func (s *Shop) Cohorts() []Cohort {
	if len(s.Invoices) == 0 {
		return nil
	}
	type cell struct{ customers, amount int64 }
	cells := map[[2]int]cell{}
	first, last := 1<<30, 0
	for i := 0; i < len(s.Invoices); {
		to, start := i, 1<<30
		for ; to < len(s.Invoices) && s.Invoices[to].Customer == s.Invoices[i].Customer; to++ {
			start = min(start, monthNumber(s.Invoices[to].Day))
		}
		first = min(first, start)
		sums := map[int]int64{}
		for k := i; k < to; k++ {
			m := monthNumber(s.Invoices[k].Day)
			sums[m] += s.Invoices[k].Amount
			last = max(last, m)
		}
		for m, amount := range sums {
			c := cells[[2]int{start, m}]
			cells[[2]int{start, m}] = cell{c.customers + 1, c.amount + amount}
		}
		i = to
	}
	var all []Cohort
	for start := first; start <= last; start++ {
		size := cells[[2]int{start, start}].customers
		if size == 0 {
			continue
		}
		for m := start; m <= last; m++ {
			c := cells[[2]int{start, m}]
			all = append(all, Cohort{Month: monthName(start), Later: m - start, Customers: c.customers, Amount: c.amount,
				Retention: share(c.customers, size), Censored: start == first, Partial: m == monthNumber(s.AsOf)})
		}
	}
	return slices.Clip(all)
}

// monthNumber counts months since year 0.
func monthNumber(day calendar.Date) int {
	text := day.String()
	digit := func(i int) int { return int(text[i] - '0') }
	return (digit(0)*1000+digit(1)*100+digit(2)*10+digit(3))*12 + digit(5)*10 + digit(6) - 1
}

func monthName(n int) string {
	year, month := n/12, n%12+1
	b := []byte("0000-00")
	for i := 3; i >= 0; i-- {
		b[i] = byte('0' + year%10)
		year /= 10
	}
	b[5], b[6] = byte('0'+month/10), byte('0'+month%10)
	return string(b)
}
