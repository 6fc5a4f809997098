// Package invoicetest has books of invoices for tests.
package invoicetest

import (
	"fmt"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// AsOf is the day after the last line of UCI Online Retail.
var AsOf = Day("2011-12-10")

// Day reads a date, which must be one.
func Day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Real returns the invoices of UCI Online Retail in dir: all kept sale lines by the default rules, window all. Tests pass the
// environment's CLIENTELE_TESTDATA; with "" they are skipped.
func Real(tb testing.TB, dir string) *invoice.Book {
	tb.Helper()
	lines := retailtest.Real(tb, dir)
	lines.Cut(retail.Window{AsOf: AsOf})
	kept, err := retail.DefaultRules().Apply(lines)
	if err != nil {
		tb.Fatal(err)
	}
	var customers, numbers []string
	var times, amounts []int64
	for c := range uint32(kept.NumCustomers()) {
		rows := kept.Rows(c)
		for i := range rows {
			customers, numbers = append(customers, lines.Customers.String(c)), append(numbers, fmt.Sprint(rows[i].Invoice))
			times, amounts = append(times, rows[i].Time), append(amounts, int64(rows[i].Amount))
		}
	}
	book, err := invoice.New(customers, numbers, times, amounts)
	if err != nil {
		tb.Fatal(err)
	}
	return book
}
