// Package invoice adds up sale lines into the invoices and purchase dates of customers: the unit of what is predicted and
// measured.
//
//	book, err := invoice.New(sales.Strings("customer"), sales.Strings("invoice"), sales.Ints("time"), sales.Ints("amount"))
//	for c, customer := range book.Customers { for _, v := range book.Of(c) { … } }
package invoice

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Invoice is one invoice of one customer.
type Invoice struct {
	Day   calendar.Date // of its earliest line
	Value money.Amount  // of all its lines; below zero only where discounts are kept
}

// Book has the invoices of every customer.
type Book struct {
	Customers []string // in byte order, each once
	from      []int    // Customers[c] has invoices[from[c]:from[c+1]]
	invoices  []Invoice
}

// Of returns the invoices of customer c, by day and value. The slice is the book's: it is not to be changed.
func (b *Book) Of(c int) []Invoice { return b.invoices[b.from[c]:b.from[c+1]] }

// Len returns the number of invoices.
func (b *Book) Len() int { return len(b.invoices) }

// New makes the book of parallel columns: customer ("" is a guest, who is left out), invoice number, local time in
// microseconds, and amount in ten-thousandths. An invoice is a number of one customer. One whose lines have no amount above
// zero is no purchase and is left out, and so is a customer without a purchase. O(n log n) for n lines; the order of the
// lines does not matter. A sum beyond int64 is an error.
func New(customers, numbers []string, times, amounts []int64) (*Book, error) {
	if len(numbers) != len(customers) || len(times) != len(customers) || len(amounts) != len(customers) {
		return nil, fmt.Errorf("columns of lines: %d customers, %d invoices, %d times, %d amounts",
			len(customers), len(numbers), len(times), len(amounts))
	}
	rows := make([]int32, 0, len(customers))
	for i, c := range customers {
		if c != "" {
			rows = append(rows, int32(i))
		}
	}
	slices.SortFunc(rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(customers[a], customers[b]), cmp.Compare(numbers[a], numbers[b]))
	})
	b := &Book{}
	for i := 0; i < len(rows); {
		first := rows[i]
		v, sold, early := money.Amount(0), false, times[first]
		for ; i < len(rows) && customers[rows[i]] == customers[first] && numbers[rows[i]] == numbers[first]; i++ {
			var err error
			if v, err = v.Plus(money.Amount(amounts[rows[i]])); err != nil {
				return nil, fmt.Errorf("value of an invoice: %w", err)
			}
			sold = sold || amounts[rows[i]] > 0
			early = min(early, times[rows[i]])
		}
		if !sold {
			continue
		}
		if n := len(b.Customers); n == 0 || b.Customers[n-1] != customers[first] {
			b.Customers = append(b.Customers, customers[first])
			b.from = append(b.from, len(b.invoices))
		}
		b.invoices = append(b.invoices, Invoice{calendar.DateOf(early), v})
	}
	b.from = append(b.from, len(b.invoices))
	for c := range b.Customers {
		slices.SortFunc(b.Of(c), func(x, y Invoice) int { return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Value, y.Value)) })
	}
	return b, nil
}

// Days adds up the invoices of customer c by day, in order.
func (b *Book) Days(c int) []Invoice {
	var days []Invoice
	for _, v := range b.Of(c) {
		if n := len(days); n > 0 && days[n-1].Day == v.Day {
			days[n-1].Value += v.Value
		} else {
			days = append(days, v)
		}
	}
	return days
}

// Before cuts invoices that are in the order of their days: those before the day.
func Before(of []Invoice, day calendar.Date) []Invoice {
	n, _ := slices.BinarySearchFunc(of, day, func(v Invoice, d calendar.Date) int { return cmp.Compare(v.Day, d) })
	return of[:n]
}

// Within cuts invoices that are in the order of their days: those from a day to before another.
func Within(of []Invoice, from, to calendar.Date) []Invoice {
	to = max(from, to)
	return Before(of, to)[len(Before(of, from)):]
}

// Sum adds up the values.
func Sum(of []Invoice) money.Amount {
	total := money.Amount(0)
	for _, v := range of {
		total += v.Value
	}
	return total
}
