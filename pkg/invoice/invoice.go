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
	parts, err := partsOf(customers, numbers, times, amounts)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(customers[a.row], customers[b.row]), cmp.Compare(numbers[a.row], numbers[b.row]))
	})
	b := &Book{}
	for i := 0; i < len(parts); {
		first, v, sold, early := parts[i].row, money.Amount(0), false, parts[i].early
		for ; i < len(parts) && customers[parts[i].row] == customers[first] && numbers[parts[i].row] == numbers[first]; i++ {
			p := parts[i]
			if v, err = v.Plus(p.value); err != nil {
				return nil, fmt.Errorf("value of an invoice: %w", err)
			}
			sold, early = sold || p.sold, min(early, p.early)
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

// part is lines of one invoice that follow each other.
type part struct {
	row   int32 // the first
	sold  bool  // a line has an amount above zero
	early int64
	value money.Amount
}

// partsOf adds up lines that follow each other: the lines of an invoice mostly do, and fewer are to be sorted.
func partsOf(customers, numbers []string, times, amounts []int64) ([]part, error) {
	var parts []part
	var err error
	for i, c := range customers {
		if c == "" {
			continue
		}
		n := len(parts)
		if n == 0 || customers[parts[n-1].row] != c || numbers[parts[n-1].row] != numbers[i] {
			parts = append(parts, part{row: int32(i), early: times[i]})
			n++
		}
		p := &parts[n-1]
		if p.value, err = p.value.Plus(money.Amount(amounts[i])); err != nil {
			return nil, fmt.Errorf("value of an invoice: %w", err)
		}
		p.sold, p.early = p.sold || amounts[i] > 0, min(p.early, times[i])
	}
	return parts, nil
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
