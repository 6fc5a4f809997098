package report

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/report/view"
)

// factors are the words for the factors of revenue.
var factors = map[string]string{"customers": "customers", "frequency": "invoices per customer", "lines": "lines per invoice", "units": "units per line",
	"price": "price per unit"}

// growth says where the change of revenue comes from.
func (l *layout) growth(e *view.Explore) []panel {
	c := e.Change
	if c == nil {
		return []panel{absent(12, "Where the change comes from", "The lines do not reach back 180 days, so there is no earlier period to compare with.")}
	}
	p := panel{Span: 4, Title: "Where the change comes from", Source: "tree.arrow", Lead: fmt.Sprintf("Revenue of the last 90 days is %s; of the 90 days before, %s.", l.money.whole(c.Now), l.money.whole(c.Before))}
	who := &grid{ID: "change", Caption: "The change by customers", Head: heads("Customers", "#Change")}
	for _, row := range []struct {
		label string
		cell  cell
	}{{"Bought only lately", valued(l.money.signed(c.New), c.New.Float())}, {"Bought only before", valued(l.money.signed(c.Lost), c.Lost.Float())}, {"Bought in both periods", valued(l.money.signed(c.Retained), c.Retained.Float())}} {
		who.Rows = append(who.Rows, []cell{name(row.label), row.cell})
	}
	p.Blocks = append(p.Blocks, block{Table: who})
	if len(e.Tree) > 0 {
		t := &grid{ID: "tree", Caption: "The change by factor", Head: heads("Factor", "#Contribution")}
		for _, x := range e.Tree {
			t.Rows = append(t.Rows, []cell{name(capital(factors[x.Factor])), valued(l.money.signed(x.Contribution), x.Contribution.Float())})
		}
		p.Blocks = append(p.Blocks, block{Table: t})
	}
	if len(e.Branches) == 0 {
		p.Span = 6
		return []panel{p}
	}
	return []panel{p, l.branches(e)}
}

// branches divide the change by segment, nature and country, and by factor.
func (l *layout) branches(e *view.Explore) panel {
	p := panel{Span: 8, Title: "Whose change it is", Source: "tree.arrow", Lead: "The change of revenue by segment, nature of the customer and country; for each, how much of it is more customers, more invoices each, " +
		"more lines an invoice, more units a line, higher prices. The parts add up to the change."}
	for _, by := range []struct{ kind, title string }{{"segment", "Segment"}, {"nature", "Nature"}, {"country", "Country"}, {"region", "Region"}} {
		t := &grid{ID: "change-" + by.kind, Caption: "The change by " + by.kind, Head: heads(by.title, "#Change", "#Customers", "#Invoices", "#Lines", "#Units", "#Price"), Sort: true, Page: 8, Download: "change-by-" + by.kind}
		for _, b := range e.Branches {
			if b.By != by.kind {
				continue
			}
			of := name(capital(b.Name))
			switch by.kind {
			case "segment":
				s := l.place(b.Name)
				of = cell{Text: s.Name, Head: true, Segment: &s}
			case "country", "region":
				of = name(named(by.kind, b.Name))
			}
			cells := []cell{of, valued(l.money.signedRound(b.Change), b.Change.Float())}
			for _, f := range b.Factors {
				c := number(dash)
				if f != nil {
					c = valued(l.money.signedRound(f.Contribution), f.Contribution.Float())
				}
				cells = append(cells, c)
			}
			t.Rows = append(t.Rows, cells)
		}
		if len(t.Rows) > 0 {
			p.Blocks = append(p.Blocks, block{Table: t})
		}
	}
	return p
}

// cohorts follows customers by the month of their first purchase.
func (l *layout) cohorts(e *view.Explore) panel {
	if len(e.Cohorts) == 0 {
		return absent(12, "Who comes back", "No table of cohorts in this run.")
	}
	months := 0
	for _, c := range e.Cohorts {
		months = max(months, len(c.Retention))
	}
	t := &grid{ID: "cohorts", Caption: "Share of a month's new customers who bought again, by months later", Head: heads("First purchase", "#Customers"), Matrix: true}
	for m := 1; m < months; m++ {
		t.Head = append(t.Head, cell{Text: fmt.Sprint(m), Class: "num"})
	}
	for _, c := range e.Cohorts {
		row := []cell{name(c.Cohort), number(count(c.Customers))}
		if c.Censored {
			row[0].Note = "may have bought before"
		}
		for m := 1; m < months; m++ {
			v := cell{Class: "num heat"}
			if m < len(c.Retention) {
				if r := float64(c.Retention[m]); !math.IsNaN(r) {
					v.Text, v.Tint = decimal(100*r, 0), int(60*r)
				}
			}
			row = append(row, v)
		}
		t.Rows = append(t.Rows, row)
	}
	return panel{Span: 12, Title: "Who comes back", Lead: "Customers by the month of their first purchase, in % of them who bought that many months later. The last month of each row is not over.", Blocks: []block{{Table: t}},
		Numbers: []*grid{l.cohortMoney(e, months)}, Source: "cohorts.arrow"}
}

// cohortMoney is what the customers of each month spent later.
func (l *layout) cohortMoney(e *view.Explore, months int) *grid {
	t := &grid{ID: "cohort-money", Caption: "What a month's new customers spent, by months later", Head: heads("First purchase"), Download: "cohorts"}
	for m := range months {
		t.Head = append(t.Head, cell{Text: fmt.Sprint(m), Class: "num"})
	}
	for _, c := range e.Cohorts {
		cells := []cell{name(c.Cohort)}
		for m := range months {
			v := number("")
			if m < len(c.Revenue) && !math.IsNaN(float64(c.Retention[m])) {
				v = valued(l.money.round(c.Revenue[m]), c.Revenue[m].Float())
			}
			cells = append(cells, v)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
