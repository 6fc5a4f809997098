package retail

import (
	"cmp"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// matcher finds the sales that cancellations take back. Its slices are reused from customer to customer.
type matcher struct {
	codes   []uint32      // of the customer's cancellations, sorted
	group   []int32       // rows of these codes, by code, then in the order of lines
	prices  []money.Price // distinct unit prices of one code, sorted
	top     []int32       // by price: the latest sale line with quantity left, or −1
	below   []int32       // by row: the sale line of equal price before it, or −1
	returns []int32       // of one code, in their order
	stack   []int32       // all sale lines of one code so far, the latest last
}

// match takes the quantities of cancellation lines from the sale lines before them. rows are those of one customer in
// their order; left[i] begins as the quantity of rows[i] and ends as what is left of it, 0 or of the same sign.
//
// Cancellation lines come in ascending order of (time, invoice, unit price, quantity, description). One at midnight has a date and
// no time of day: its time is the end of that day. Each takes from sale lines of the same code at or before its time: first those of equal unit price, then the others, in each group in
// descending order of (time, invoice, unit price, quantity, description). Within one code that is the order of rows, so
// each group is a stack on which time pushes sale lines; one that is used up is popped once from either, and n rows take
// O(n log n) whatever they are.
func (m *matcher) match(rows []Row, left []money.Quantity) {
	m.codes = m.codes[:0]
	for i := range rows {
		if rows[i].Return && rows[i].Quantity < 0 {
			m.codes = append(m.codes, rows[i].CodeKey)
		}
	}
	slices.Sort(m.codes)
	m.codes = slices.Compact(m.codes)
	m.group = m.group[:0]
	for i := range rows {
		if _, ok := slices.BinarySearch(m.codes, rows[i].CodeKey); ok {
			m.group = append(m.group, int32(i))
		}
	}
	slices.SortFunc(m.group, func(a, b int32) int {
		if c := cmp.Compare(rows[a].CodeKey, rows[b].CodeKey); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	if len(m.below) < len(rows) {
		m.below = make([]int32, len(rows))
	}
	for from := 0; from < len(m.group); {
		to := from + 1
		for to < len(m.group) && rows[m.group[to]].CodeKey == rows[m.group[from]].CodeKey {
			to++
		}
		m.matchCode(rows, left, m.group[from:to])
		from = to
	}
}

// matchCode works on the rows of one code.
func (m *matcher) matchCode(rows []Row, left []money.Quantity, group []int32) {
	m.prices = m.prices[:0]
	for _, i := range group {
		m.prices = append(m.prices, rows[i].Price)
	}
	slices.Sort(m.prices)
	m.prices = slices.Compact(m.prices)
	m.top = m.top[:0]
	for range m.prices {
		m.top = append(m.top, -1)
	}
	m.stack = m.stack[:0]

	pushed := 0
	for _, i := range m.returnsOf(rows, group) {
		// A sale at the very time of the cancellation may stand after it.
		for at := until(rows[i].Time); pushed < len(group) && rows[group[pushed]].Time <= at; pushed++ {
			if s := group[pushed]; !rows[s].Return && rows[s].Quantity > 0 {
				p, _ := slices.BinarySearch(m.prices, rows[s].Price)
				m.below[s], m.top[p] = m.top[p], s
				m.stack = append(m.stack, s)
			}
		}
		p, _ := slices.BinarySearch(m.prices, rows[i].Price)
		for left[i] < 0 && m.top[p] >= 0 {
			s := m.top[p]
			take(left, i, s)
			if left[s] == 0 {
				m.top[p] = m.below[s]
			}
		}
		for left[i] < 0 && len(m.stack) > 0 {
			s := m.stack[len(m.stack)-1]
			take(left, i, s)
			if left[s] == 0 {
				m.stack = m.stack[:len(m.stack)-1]
			}
		}
	}
}

// returnsOf returns the cancellation lines of a group in the order in which they take.
func (m *matcher) returnsOf(rows []Row, group []int32) []int32 {
	m.returns = m.returns[:0]
	midnight := false
	for _, i := range group {
		if rows[i].Return && rows[i].Quantity < 0 {
			m.returns = append(m.returns, i)
			midnight = midnight || until(rows[i].Time) != rows[i].Time
		}
	}
	if midnight {
		slices.SortStableFunc(m.returns, func(a, b int32) int { return cmp.Compare(until(rows[a].Time), until(rows[b].Time)) })
	}
	return m.returns
}

// until returns the latest time of a sale that a return of that time can take back.
func until(time int64) int64 {
	if day := calendar.DateOf(time); time == day.Start() {
		return (day + 1).Start() - 1
	}
	return time
}

// take moves as much as possible from sale line s to cancellation line i. A line with nothing left gives nothing.
func take(left []money.Quantity, i, s int32) {
	n := min(-left[i], left[s])
	left[i] += n
	left[s] -= n
}
