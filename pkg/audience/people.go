package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/money"
)

// None is the segment of a customer of whom it is not known.
const None = -1

// Person is what is known of a customer on a day, of the lines before it.
type Person struct {
	Recency   int // days from the last purchase
	Tenure    int // days from the first
	Frequency int // invoices
	Dates     int // distinct purchase dates; 0 for a customer without a purchase before the day, whom no rule takes
	Monetary  money.Amount
	GapMean   float64 // of the days between successive purchase dates; NaN below 2 dates
	GapSD     float64 // their sample deviation; NaN below 3 dates
	Codes     []Code  // bought on two dates or more, in byte order

	Segment  int // None where it is not known, and so are the next two
	Previous int // at the last scores, by the same model
	Next     int // if she ordered an average invoice once more, yesterday
}

// Code is a product that a customer has bought.
type Code struct {
	Code  string
	Dates int // distinct days
	Since int // days from the last
}

// period is what usual spending is stated for, in days.
const period = 90

// Usual is the customer's usual spending in 90 days: monetary / max(tenure, 90) · 90, to the ten-thousandth.
func (p *Person) Usual() money.Amount {
	return money.Amount(math.Round(float64(p.Monetary) * period / float64(max(p.Tenure, period))))
}

// Book has the purchases of every customer.
type Book struct {
	*invoice.Book
	codes [][]bought // by customer, in byte order of the code, then by day, each once
}

type bought struct {
	code string
	day  calendar.Date
}

// New makes the book of parallel columns of kept lines, as [invoice.New] does; codes are the lines' products. A line counts for its
// product only if it has one and its amount is above zero. O(n log n) for n lines, whose order does not matter.
func New(customers, invoices, codes []string, times, amounts []int64) (*Book, error) {
	if len(codes) != len(customers) {
		return nil, fmt.Errorf("columns of lines: %d customers, %d codes", len(customers), len(codes))
	}
	book, err := invoice.New(customers, invoices, times, amounts)
	if err != nil {
		return nil, err
	}
	b := &Book{Book: book, codes: make([][]bought, len(book.Customers))}
	at := make(map[string]int, len(book.Customers))
	for c, name := range book.Customers {
		at[name] = c
	}
	for i, name := range customers {
		if c, ok := at[name]; ok && amounts[i] > 0 && codes[i] != "" {
			b.codes[c] = append(b.codes[c], bought{codes[i], calendar.DateOf(times[i])})
		}
	}
	for c, all := range b.codes {
		slices.SortFunc(all, func(x, y bought) int { return cmp.Or(cmp.Compare(x.code, y.code), cmp.Compare(x.day, y.day)) })
		b.codes[c] = slices.Compact(all)
	}
	return b, nil
}

// Known says what was known of every customer before a day, in the order of the book. Segments are None.
func (b *Book) Known(day calendar.Date) []Person {
	people := make([]Person, len(b.Customers))
	for c := range people {
		people[c] = b.known(c, day)
	}
	return people
}

func (b *Book) known(c int, day calendar.Date) Person {
	p := Person{GapMean: math.NaN(), GapSD: math.NaN(), Segment: None, Previous: None, Next: None}
	of := invoice.Before(b.Of(c), day)
	if len(of) == 0 {
		return p
	}
	p.Frequency, p.Monetary = len(of), invoice.Sum(of)
	first, last := of[0].Day, of[len(of)-1].Day
	p.Recency, p.Tenure, p.Dates = int(day-last), int(day-first), 1
	squares := 0
	for i := 1; i < len(of); i++ {
		if gap := int(of[i].Day - of[i-1].Day); gap > 0 {
			p.Dates++
			squares += gap * gap
		}
	}
	n, sum := p.Dates-1, int(last-first)
	if n >= 1 {
		p.GapMean = float64(sum) / float64(n)
	}
	if n >= 2 { // Σ(g−ḡ)² = (nΣg² − (Σg)²)/n, in whole numbers
		p.GapSD = math.Sqrt(float64(n*squares-sum*sum) / float64(n) / float64(n-1))
	}
	p.Codes = b.again(c, day)
	return p
}

// again lists the products that customer c had bought on two days or more.
func (b *Book) again(c int, day calendar.Date) []Code {
	var codes []Code
	all := b.codes[c]
	for i := 0; i < len(all); {
		k, code := Code{Code: all[i].code}, all[i].code
		for ; i < len(all) && all[i].code == code; i++ {
			if all[i].day < day {
				k.Dates++
				k.Since = int(day - all[i].day)
			}
		}
		if k.Dates >= 2 {
			codes = append(codes, k)
		}
	}
	return codes
}
