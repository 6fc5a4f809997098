// Package recordtest gathers what a reader makes of a delivery, for tests.
package recordtest

import (
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/money"
)

// Header is the first line of UCI Online Retail as delimited text.
const Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// Good is a record that breaks no rule.
const Good = "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"

// Line is a record.Line that can be kept and compared.
type Line struct {
	Record, Time                                          int64
	Quantity                                              money.Quantity
	Price                                                 money.Price
	Amount                                                money.Amount // of a delivery with line totals; else 0
	Invoice, Code, Description, Customer, Country, Region string
	Status                                                string
}

// Reject is a rejected record.
type Reject struct {
	Record int64
	Rules  string
	Raw    string
}

// Outcome is what became of a delivery.
type Outcome struct {
	Lines   []Line
	Rejects []Reject
	Counts  record.Counts
}

// Fataler ends a test: a *testing.T or a *rapid.T.
type Fataler interface{ Fatalf(string, ...any) }

// Gather reads a delivery and checks what holds for every one: each record ends in one place, in order.
func Gather(t Fataler, read func(sink func(*record.Block) error) (record.Counts, error)) (Outcome, error) {
	var o Outcome
	counts, err := read(func(b *record.Block) error {
		for _, r := range b.Runs {
			err := r.Each(func(l *record.Line) error {
				if calendar.DateOf(l.Time) != r.Day {
					t.Fatalf("record %d of %s is in the run of %s", l.Record, calendar.DateOf(l.Time), r.Day)
				}
				line := Line{
					Record: l.Record, Time: l.Time, Quantity: l.Quantity, Price: l.Price, Invoice: string(l.Invoice), Code: string(l.Code),
					Description: string(l.Description), Customer: string(l.Customer), Country: string(l.Country), Region: string(l.Region), Status: string(l.Status),
				}
				if l.HasAmount {
					line.Amount = l.Amount
				}
				o.Lines = append(o.Lines, line)
				return nil
			})
			if err != nil {
				return err
			}
		}
		for _, r := range b.Rejects {
			o.Rejects = append(o.Rejects, Reject{r.Record, r.Breach.String(), string(r.Raw)})
		}
		return nil
	})
	o.Counts = counts
	seen := make(map[int64]bool)
	for i, l := range o.Lines {
		if seen[l.Record] || i > 0 && l.Record <= o.Lines[i-1].Record {
			t.Fatalf("line %d has record %d: twice or out of order", i, l.Record)
		}
		seen[l.Record] = true
	}
	for i, r := range o.Rejects {
		if seen[r.Record] || i > 0 && r.Record <= o.Rejects[i-1].Record {
			t.Fatalf("reject %d has record %d: twice or out of order", i, r.Record)
		}
		seen[r.Record] = true
	}
	if err == nil && (int64(len(seen)) != counts.Records || !seen[counts.Records] && counts.Records > 0) {
		t.Fatalf("%d records have an end, %d were read", len(seen), counts.Records)
	}
	return o, err
}
