package feature

import "github.com/clientele/clientele/pkg/frame"

// Table is the customers table, one row a customer with a kept sale line, sorted by the customer's bytes. [Specs] says what
// each column means. NaN in a Float column and "" in Country are null.
type Table struct {
	Customer []string

	Recency         []int64
	Frequency       []int64
	Monetary        []int64 // money.Amount
	AverageInvoice  []float64
	Units           []int64 // money.Quantity
	Lines           []int64
	Products        []int64
	LinesPerInvoice []float64
	Tenure          []int64
	GapMean         []float64
	GapSD           []float64
	MonthlyMean     []float64
	MonthlySD       []float64
	MonthlySlope    []float64
	ReturnValueRate []float64
	ReturnCountRate []float64
	WeekendShare    []float64
	OfficeShare     []float64
	Country         []string
	MedianUnits     []float64
	ReboughtShare   []float64
}

func newTable(n int) *Table {
	t := &Table{}
	for _, c := range columns {
		switch v := c.at(t).(type) {
		case *[]string:
			*v = make([]string, n)
		case *[]int64:
			*v = make([]int64, n)
		case *[]float64:
			*v = make([]float64, n)
		}
	}
	return t
}

// Len returns the number of customers.
func (t *Table) Len() int { return len(t.Customer) }

// Frame returns the table with the columns of [Specs]. It shares the table's memory.
func (t *Table) Frame() *frame.Frame {
	f := &frame.Frame{Columns: make([]frame.Column, len(columns))}
	for i, c := range columns {
		f.Columns[i] = frame.Column{Spec: c.Spec}
		switch v := c.at(t).(type) {
		case *[]string:
			f.Columns[i].Strings = *v
		case *[]int64:
			f.Columns[i].Ints = *v
		case *[]float64:
			f.Columns[i].Floats = *v
		}
	}
	return f
}
