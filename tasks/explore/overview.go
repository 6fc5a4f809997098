package explore

import (
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
)

// canBeEmpty are the columns of sales that may be empty.
var canBeEmpty = [...]string{"customer", "code", "country", "region"}

// missing counts rows of sales, and those of them that have nothing in each column of [canBeEmpty].
type missing struct {
	rows  int64
	empty [len(canBeEmpty)]int64
}

func (m *missing) add(sales *frame.Frame) {
	m.rows += int64(sales.Rows())
	for i, column := range canBeEmpty {
		for _, text := range sales.Strings(column) {
			if text == "" {
				m.empty[i]++
			}
		}
	}
}

// gapsFrame is the table of what is missing or was rejected.
func gapsFrame(empty *missing, in *contract.IngestResult, pre *contract.PreprocessResult) *frame.Frame {
	f := frame.New(contract.Gaps.Columns, 0)
	add := func(kind, name string, lines, of int64) {
		part := math.NaN()
		if of > 0 {
			part = float64(lines) / float64(of)
		}
		addRow(f, kind, name, lines, part)
	}
	if in != nil {
		for _, q := range in.Quarantine {
			add("rejected", q.Rule, q.Rows, in.RowsRead)
		}
	}
	if n := len(pre.Ledger); n > 2 {
		for _, row := range pre.Ledger[1 : n-1] {
			add("removed", row.Rule, row.Lines, pre.Ledger[0].Lines)
		}
	}
	if in != nil {
		for _, c := range in.Missing {
			add("delivered", c.Column, c.Rows, in.RowsAccepted)
		}
	}
	for i, column := range canBeEmpty {
		if column == "region" && empty.empty[i] == empty.rows {
			continue // the delivery names none
		}
		add("missing", column, empty.empty[i], empty.rows)
	}
	return f
}

func distributionsFrame(s *explore.Shop) *frame.Frame {
	f := frame.New(contract.Distributions.Columns, 0)
	d := s.Distributions()
	for _, m := range []struct {
		name string
		bins []explore.Bin
	}{{"quantity", d.Quantity}, {"price", d.Price}, {"invoice_value", d.Invoice}} {
		for _, b := range m.bins {
			addRow(f, m.name, b.Low, b.High, b.Count, b.Amount)
		}
	}
	return f
}

func timesFrame(s *explore.Shop) *frame.Frame {
	f := frame.New(contract.Times.Columns, 0)
	for _, t := range s.Slots() {
		addRow(f, t.Month, int64(t.Weekday), int64(t.Hour), t.Invoices, t.Amount)
	}
	return f
}

// revenue is all that the shop's customers spent.
func revenue(s *explore.Shop) (all int64) {
	for i := range s.Invoices {
		all += s.Invoices[i].Amount
	}
	return all
}

func concentrationFrame(s *explore.Shop) *frame.Frame {
	f := frame.New(contract.Concentration.Columns, 0)
	all := revenue(s)
	for _, c := range s.Concentration() {
		addRow(f, c.Share, c.Customers, c.Amount, share(c.Amount, all))
	}
	return f
}

// topRows is how many products and countries the table of the largest has.
const topRows = 50

func topFrame(s *explore.Shop, places []place) *frame.Frame {
	f := frame.New(contract.Top.Columns, 0)
	all := revenue(s)
	add := func(kind string, names []string, ranks []explore.Rank) {
		for i, r := range ranks {
			addRow(f, kind, int64(i+1), names[r.ID], r.Customers, r.Invoices, r.Lines, r.Amount, share(r.Amount, all))
		}
	}
	add("product", s.Codes, s.TopCodes(topRows))
	for _, p := range places {
		add(p.by, p.shop.Countries, p.shop.TopCountries(topRows))
	}
	return f
}

// correlationsFrame is the table of rank correlations between the numeric features of customers.
func correlationsFrame(customers *frame.Frame) *frame.Frame {
	f := frame.New(contract.Correlations.Columns, 0)
	var names []string
	var columns [][]float64
	for i := range customers.Columns {
		c := &customers.Columns[i]
		if !c.IsNumeric() {
			continue
		}
		values := make([]float64, c.Len())
		for k := range values {
			values[k] = c.Float(k)
		}
		names, columns = append(names, c.Name), append(columns, values)
	}
	for i := range names {
		for k := i + 1; k < len(names); k++ {
			rho, n := explore.Spearman(columns[i], columns[k])
			addRow(f, names[i], names[k], rho, int64(n))
		}
	}
	return f
}
