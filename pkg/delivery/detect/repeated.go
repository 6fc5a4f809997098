package detect

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
)

// Repeated is a column of line totals that seems to have the order's total on every line of the order.
type Repeated struct {
	Column   string
	Invoices int          // sampled, of several lines that all have the same
	Rows     int64        // of them
	Money    money.Amount // that is counted too much
}

// Of invoices of several lines, the fewest that are looked at, the share whose lines must all have one total, and the largest share
// that a single total may have: a shop of one price has it everywhere.
const (
	fewestRepeated = 20
	repeatedShare  = 0.95
	oneTotalShare  = 0.5
)

// repeated finds a total that is the order's, in the rows that have an invoice.
func (l *look) repeated(c *counted) {
	at := c.tables[0].at
	if len(at[record.FieldAmount]) == 0 || len(at[record.FieldPrice]) > 0 || len(at[record.FieldInvoice]) != 1 {
		return
	}
	column := at[record.FieldAmount][0]
	totals := c.column(column)
	if totals == nil {
		return
	}
	type order struct {
		total float64
		rows  int64
		same  bool
	}
	orders, n := map[string]*order{}, -1
	for _, t := range c.tables {
		for _, row := range t.rows {
			n++
			i := t.at[record.FieldInvoice][0]
			if i >= len(row.Cells) || math.IsNaN(totals[n]) {
				continue
			}
			invoice := strings.TrimSpace(string(row.Cells[i].Text))
			o := orders[invoice]
			if o == nil {
				o = &order{total: totals[n], same: true}
				orders[invoice] = o
			}
			o.rows++
			o.same = o.same && o.total == totals[n] && totals[n] != 0
		}
	}
	delete(orders, "")
	found, several, by := Repeated{Column: c.tables[0].header[column]}, 0, map[float64]int{}
	most := 0
	for _, o := range orders {
		if o.rows < 2 {
			continue
		}
		if several++; !o.same {
			continue
		}
		found.Invoices++
		found.Rows += o.rows
		found.Money += money.Amount(math.Round(math.Abs(o.total)*money.Scale)) * money.Amount(o.rows-1)
		by[o.total]++
		most = max(most, by[o.total])
	}
	if several >= fewestRepeated && float64(found.Invoices) >= repeatedShare*float64(several) && float64(most) <= oneTotalShare*float64(found.Invoices) {
		l.found.Repeated = &found
	}
}

// finding says that the total is counted more than once.
func (r *Repeated) finding(of string, rows int) finding.Finding {
	return finding.Finding{
		Code: finding.TotalRepeats, Lines: r.Rows, Money: r.Money, Stops: true,
		Sentence: fmt.Sprintf("the column %.60q has the same on all lines of %d orders of several lines, of %s %d rows: it seems to be the order's total, and %.2f is counted too much",
			r.Column, r.Invoices, of, rows, r.Money.Float()),
		What: "read a column of the line's money, --columns=amount=COLUMN or --columns=amount=,price=COLUMN, or export an order as one line",
	}
}
