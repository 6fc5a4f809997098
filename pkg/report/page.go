package report

import (
	"errors"

	"github.com/clientele/clientele/pkg/report/view"
)

// The two parts of the navigation.
const (
	groupAct   = "Act"
	groupCheck = "Check"
)

// layout is the view on its way to a page.
type layout struct {
	view.View
	money  currency
	places map[string]segmentName // by segment id
	charts []chart
}

// newPage lays out the page: first what to do, then how far to trust it.
func newPage(v view.View) (*page, error) {
	l := &layout{View: v, money: currency(v.Currency), places: map[string]segmentName{}}
	if v.Scores != nil {
		for i, g := range v.Scores.Segments {
			l.places[g.ID] = segmentName{i, g.Label}
		}
	}
	p := &page{Title: v.Title, AsOf: v.AsOf.String(), Sign: l.money.sign(), Shop: []string{v.Title, "as of " + day(v.AsOf)}, Trace: []string{"Run " + v.Run}, Personal: l.personal()}
	if p.Title == "" {
		p.Title, p.Shop[0] = "Customer segments", "Customer segments"
	}
	if v.Zone != "" {
		p.Shop = append(p.Shop, v.Zone)
	}
	if v.Scores != nil {
		p.Trace = append(p.Trace, "model "+brief(v.Scores.ModelID))
	}
	var errs []error
	for _, lay := range []func() (tab, error){l.today, l.segments, l.customers, l.products, l.goal, l.drift, l.data, l.model} {
		t, err := lay()
		errs = append(errs, err)
		p.Tabs = append(p.Tabs, t)
	}
	p.Charts = l.charts
	p.layout = l
	return p, errors.Join(errs...)
}

// draw adds a chart to those that the script draws. What cannot be drawn is drawn as nothing: JSON has no such number.
func (l *layout) draw(c chart) block {
	for _, s := range c.Series {
		for i, v := range s.Y {
			if !isDrawn(v) {
				s.Y[i] = 0
			}
		}
	}
	l.charts = append(l.charts, c)
	return block{Chart: &c}
}
