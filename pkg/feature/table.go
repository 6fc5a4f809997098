package feature

import "github.com/clientele/clientele/pkg/frame"

// Table is the customers table, one row a customer with a kept sale line, sorted by the customer's bytes.
// NaN in a Float column is null: the customer has too few dates or blocks for the number to exist.
type Table struct {
	Customer []string

	Recency         []int64 // as-of − date of the last purchase, days
	Frequency       []int64 // distinct invoices
	Monetary        []int64 // money.Amount
	AverageInvoice  []float64
	Units           []int64
	Lines           []int64
	Products        []int64 // distinct codes
	LinesPerInvoice []float64
	Tenure          []int64   // as-of − date of the first purchase, days
	GapMean         []float64 // days between successive distinct purchase dates; null below 2 dates
	GapSD           []float64 // sample deviation of these; null below 3 dates
	MonthlyMean     []float64 // spend a block of 30 days
	MonthlySD       []float64 // sample deviation; null below 2 blocks
	MonthlySlope    []float64 // least squares, forward in time; null below 2 blocks
	ReturnValueRate []float64
	ReturnCountRate []float64
	WeekendShare    []float64
	OfficeShare     []float64
	Country         []string // "" is null
	MedianUnits     []float64
	ReboughtShare   []float64
}

func newTable(n int) *Table {
	ints := func() []int64 { return make([]int64, n) }
	floats := func() []float64 { return make([]float64, n) }
	return &Table{
		Customer: make([]string, n), Recency: ints(), Frequency: ints(), Monetary: ints(), AverageInvoice: floats(),
		Units: ints(), Lines: ints(), Products: ints(), LinesPerInvoice: floats(), Tenure: ints(),
		GapMean: floats(), GapSD: floats(), MonthlyMean: floats(), MonthlySD: floats(), MonthlySlope: floats(),
		ReturnValueRate: floats(), ReturnCountRate: floats(), WeekendShare: floats(), OfficeShare: floats(),
		Country: make([]string, n), MedianUnits: floats(), ReboughtShare: floats(),
	}
}

// Len returns the number of customers.
func (t *Table) Len() int { return len(t.Customer) }

// Frame returns the table with the columns of [Specs]. It shares the table's memory.
func (t *Table) Frame() *frame.Frame {
	columns := []any{
		t.Customer, t.Recency, t.Frequency, t.Monetary, t.AverageInvoice, t.Units, t.Lines, t.Products, t.LinesPerInvoice,
		t.Tenure, t.GapMean, t.GapSD, t.MonthlyMean, t.MonthlySD, t.MonthlySlope, t.ReturnValueRate, t.ReturnCountRate,
		t.WeekendShare, t.OfficeShare, t.Country, t.MedianUnits, t.ReboughtShare,
	}
	f := &frame.Frame{Columns: make([]frame.Column, len(Specs))}
	for i, s := range Specs {
		c := frame.Column{Spec: s}
		switch v := columns[i].(type) {
		case []string:
			c.Strings = v
		case []int64:
			c.Ints = v
		case []float64:
			c.Floats = v
		}
		f.Columns[i] = c
	}
	return f
}
