package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// places shows where customers are, what they prefer there, and where the change of revenue comes from.
func (l *layout) places() (section, error) {
	s := section{ID: "regions", Title: "Regions and revenue"}
	e := l.Explore
	if e == nil {
		s.Blocks = append(s.Blocks, block{Text: "Explore did not run in this run, or it is outdated."})
		return s, nil
	}
	if len(e.Regions) > 0 {
		s.Blocks = append(s.Blocks, block{Table: l.regionTable(e)}, block{Note: "An index compares a customer of the country with all customers, whose " +
			"geometric mean is 100; it is shrunk towards 100 by how little the country says. Growth is the last 90 days against the 90 days before, " +
			"with its 95 % interval."})
	}
	if len(e.Lifts) > 0 {
		t := &grid{Caption: "Products that a country prefers", Head: heads("Country", "Product", "#Customers", "#Times as many as expected", "#At least (95 %)")}
		for _, x := range e.Lifts {
			t.Rows = append(t.Rows, []cell{name(country(x.Region)), code(x.Code), number(count(x.Customers)), number(decimal(x.EBGM, 1)), number(decimal(x.EB05, 1))})
		}
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	if c := e.Change; c != nil {
		s.Blocks = append(s.Blocks, block{Text: fmt.Sprintf("Revenue of the last 90 days is %s; of the 90 days before, %s. Customers who bought only lately "+
			"brought %s, those who bought only before %s, and those who bought in both %s.", l.money.whole(c.Now), l.money.whole(c.Before),
			l.money.whole(c.New), l.money.whole(c.Lost), l.money.whole(c.Retained))})
	}
	if len(e.Tree) > 0 {
		t := &grid{Caption: "The change by factor", Head: heads("Factor", "#Contribution")}
		for _, x := range e.Tree {
			t.Rows = append(t.Rows, []cell{name(factors[x.Factor]), number(l.money.whole(x.Contribution))})
		}
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	return s, nil
}

// factors are the words for the factors of revenue.
var factors = map[string]string{"customers": "customers", "frequency": "invoices per customer", "lines": "lines per invoice", "units": "units per line",
	"price": "price per unit"}

func country(s string) string {
	if s == "" {
		return "no country"
	}
	return s
}

func (l *layout) regionTable(e *view.Explore) *grid {
	t := &grid{Caption: "Countries of most revenue", Head: heads("Country", "#Customers", "#Invoices", "#Revenue", "#Average invoice", "#Index: invoices",
		"#Index: average", "#Index: revenue", "#Growth")}
	for _, g := range e.Regions {
		row := []cell{name(country(g.Region)), number(count(g.Customers)), number(count(g.Invoices)), number(l.money.whole(g.Revenue)), number(l.money.average(g.AverageInvoice))}
		if g.TooFew {
			row = append(row, text("too few to say"), text(""), text(""), text(""))
		} else {
			growth := cell{Text: dash, Class: "num"}
			if g.Growth != nil && g.GrowthLow != nil && g.GrowthHigh != nil {
				growth.Text, growth.Note = share(*g.Growth), share(*g.GrowthLow)+" to "+share(*g.GrowthHigh)
			}
			row = append(row, number(index(g.IndexInvoices)), number(index(g.IndexAverage)), number(index(g.IndexRevenue)), growth)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func index(v *float64) string {
	if v == nil {
		return dash
	}
	return decimal(*v, 0)
}
