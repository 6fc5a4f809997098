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

// Lines are the kept sale lines of UCI Online Retail by the default rules, window all, as parallel columns.
type Lines struct {
	Customers, Invoices, Codes []string
	Times, Amounts             []int64
}

// RealLines reads the lines from dir. Tests pass the environment's CLIENTELE_TESTDATA; with "" they are skipped.
func RealLines(tb testing.TB, dir string) Lines {
	tb.Helper()
	lines := retailtest.Real(tb, dir)
	lines.Cut(retail.Window{AsOf: AsOf})
	kept, err := retail.DefaultRules().Apply(lines)
	if err != nil {
		tb.Fatal(err)
	}
	var l Lines
	for c := range uint32(kept.NumCustomers()) {
		rows := kept.Rows(c)
		for i := range rows {
			l.Customers = append(l.Customers, lines.Customers.String(c))
			l.Invoices, l.Codes = append(l.Invoices, fmt.Sprint(rows[i].Invoice)), append(l.Codes, fmt.Sprint(rows[i].CodeKey))
			l.Times, l.Amounts = append(l.Times, rows[i].Time), append(l.Amounts, int64(rows[i].Amount))
		}
	}
	return l
}

// Real returns the invoices of [RealLines].
func Real(tb testing.TB, dir string) *invoice.Book {
	tb.Helper()
	l := RealLines(tb, dir)
	book, err := invoice.New(l.Customers, l.Invoices, l.Times, l.Amounts)
	if err != nil {
		tb.Fatal(err)
	}
	return book
}
