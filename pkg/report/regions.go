package report

import (
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// where is what is known of countries, or of the regions that the delivery names.
type where struct {
	one, many, title          string
	id, preferID, preferSaved string
	rows                      []view.Region
	lifts                     []contract.LiftResult
}

// regions says what sells where.
func (l *layout) regions(e *view.Explore) []panel {
	var all []panel
	for _, w := range []where{
		{"country", "countries", "Regions", "regions", "prefer", "preferred", e.Countries, e.Lifts},
		{"region", "regions", "Regions of the delivery", "by-region", "prefer-region", "preferred-by-region", e.Places, e.RegionLifts},
	} {
		if len(w.rows) > 0 {
			all = append(all, panel{Span: 12, Title: w.title, Lead: "An index compares a customer of the " + w.one + " with all customers, whose geometric mean is 100; it is pulled towards 100 by how little the " + w.one + " says. " +
				"Growth is the last 90 days against the 90 days before. Ranges are 95 % intervals. The upright line is 100 for an index, and the growth of the whole shop for growth.",
				Blocks: []block{{Table: l.regionTable(e, w)}}, Source: "regions.arrow"})
		}
		if len(w.lifts) > 0 {
			all = append(all, panel{Span: 12, Title: "Products to advertise by " + w.one, Lead: "Bought by more customers of the " + w.one + " than the whole shop lets expect, pulled towards 1 for small numbers.",
				Blocks: []block{{Table: l.liftTable(w)}}, Source: "lifts.arrow, products.arrow"})
		}
	}
	return all
}

// named is what a place is called.
func named(one, s string) string {
	if s == "" {
		return "no " + one
	}
	return s
}

func (l *layout) liftTable(w where) *grid {
	t := &grid{ID: w.preferID, Caption: "Products that a " + w.one + " prefers", Head: heads(capital(w.one), "Product", "#Customers", "#Times as many as expected", "#At least (95 %)"), Sort: true, Page: 12, Download: w.preferSaved}
	for _, x := range w.lifts {
		t.Rows = append(t.Rows, []cell{name(named(w.one, x.Region)), l.product(x.Code), valued(count(x.Customers), float64(x.Customers)), valued(decimal(x.EBGM, 1), x.EBGM), valued(decimal(x.EB05, 1), x.EB05)})
	}
	return t
}

func (l *layout) regionTable(e *view.Explore, w where) *grid {
	t := &grid{ID: w.id, Sort: true, Page: 12, Download: w.id, Caption: capital(w.many) + " of most revenue", Head: heads(capital(w.one), "#Customers", "#Invoices", "#Revenue", "#Average invoice", "Index: invoices",
		"Index: average", "Index: revenue", "Growth")}
	shop := undefined
	if c := e.Change; c != nil && c.Before > 0 {
		shop = c.Now.Float()/c.Before.Float() - 1
	}
	for _, g := range w.rows {
		row := []cell{name(named(w.one, g.Region)), valued(count(g.Customers), float64(g.Customers)), valued(count(g.Invoices), float64(g.Invoices)), valued(l.money.whole(g.Revenue), g.Revenue.Float()), valued(l.money.average(g.AverageInvoice), g.AverageInvoice)}
		if g.TooFew {
			row = append(row, cell{Text: "too few to say", Class: "verdict", Tone: "warn"}, text(""), text(""), text(""))
		} else {
			row = append(row, index(g.IndexInvoices, g.InvoicesRange), index(g.IndexAverage, g.AverageRange), index(g.IndexRevenue, g.RevenueRange), growth(g, shop))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// undefined is a number that nobody knows.
var undefined = math.NaN()

// ranged draws an estimate with its interval on a scale from 0 to 1, and a line where at is; what is off the scale ends at its edge.
func ranged(c cell, scale func(float64) float64, v, low, high, at float64) cell {
	if !isDrawn(v) || !isDrawn(low) || !isDrawn(high) || !isDrawn(at) {
		return c
	}
	place := func(v float64) float64 { return math.Round(10*(4+112*max(0, min(1, scale(v))))) / 10 }
	c.Range = &interval{Low: place(low), High: place(high), At: place(v), Mark: place(at)}
	return c
}

// index writes an index with its interval, on a scale from a quarter to four times the usual.
func index(v *float64, limits [2]view.Number) cell {
	if v == nil {
		return text(dash)
	}
	c := valued(decimal(*v, 0), *v)
	c.Class = ""
	low, high := float64(limits[0]), float64(limits[1])
	if isDrawn(low) && isDrawn(high) {
		c.Note = decimal(low, 0) + " to " + decimal(high, 0)
	}
	return ranged(c, func(v float64) float64 { return .5 + math.Log2(max(v, 1)/100)/4 }, *v, low, high, 100)
}

// growth writes a place's growth with its interval, on a scale from −100 % to +300 %.
func growth(g view.Region, shop float64) cell {
	if g.Growth == nil || g.GrowthLow == nil || g.GrowthHigh == nil {
		return text(dash)
	}
	c := valued(share(*g.Growth), *g.Growth)
	c.Class, c.Note = "", share(*g.GrowthLow)+" to "+share(*g.GrowthHigh)
	return ranged(c, func(v float64) float64 { return (v + 1) / 4 }, *g.Growth, *g.GrowthLow, *g.GrowthHigh, shop)
}
