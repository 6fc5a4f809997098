package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// explore shows how people buy, and how much hangs on the thresholds.
func (l *layout) explore() (section, error) {
	s := section{ID: "explore", Title: "How customers buy"}
	e := l.Explore
	if e == nil {
		s.Blocks = append(s.Blocks, block{Text: "Explore did not run in this run, or it is outdated."})
		return s, nil
	}
	s.Blocks = append(s.Blocks,
		block{Text: fmt.Sprintf("A line is bulk from a product's pack on and a reseller's from its carton on. A pack is a quantity that occurs far more often than its neighbours; a "+
			"carton is where the price falls. %s products have a pack of their own, %s a carton. Invoices and customers have the class "+
			"that holds the middle of their money.", count(e.CodesWithPack), count(e.CodesWithCarton))},
		block{Table: natureTable(e)}, block{Table: variantTable(e)})
	if k := e.Nature.HalvesKappa; k != nil {
		s.Blocks = append(s.Blocks, block{Note: fmt.Sprintf("%s bought both before %s and from then on; Cohen's kappa between their two classes is %s "+
			"(1: always the same, 0: chance).", people(e.Nature.HalvesCustomers), day(e.Nature.HalvesCut), decimal(*k, 2))})
	}
	for _, sentence := range e.Statements {
		s.Blocks = append(s.Blocks, block{Note: sentence})
	}
	return s, nil
}

func natureTable(e *view.Explore) *grid {
	t := &grid{Caption: "Purchases by nature", Head: heads("Nature", "#Lines", "#Invoices", "#Customers", "#Share of customers", "#Share of revenue", "#Weekend invoices", "#Paid at a carton's price")}
	for _, n := range e.Natures {
		t.Rows = append(t.Rows, []cell{name(n.Name), number(count(n.Lines)), number(count(n.Invoices)), number(count(n.Customers)),
			number(share(float64(n.CustomerShare))), number(share(n.MoneyShare)), number(share(n.WeekendShare)), number(share(n.BreakTaken))})
	}
	return t
}

func variantTable(e *view.Explore) *grid {
	t := &grid{Caption: "Who has another nature under neighbouring thresholds", Head: heads("Thresholds", "#Customers", "#Share of revenue")}
	for _, v := range e.Nature.Variants {
		t.Rows = append(t.Rows, []cell{name(v.Thresholds), number(count(v.Customers)), number(share(v.MoneyShare))})
	}
	return t
}
