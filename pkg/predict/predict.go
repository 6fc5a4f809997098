// Package predict says what customers will order and spend, and how far such a forecast can be trusted.
//
// Orders are those of the NBD (Ehrenberg 1959): each customer orders at a steady rate, and rates are gamma distributed over
// customers. Money is orders times the mean order of the gamma–gamma model (Fader & Hardie 2013). [Judge] holds both against
// what came, next to the rule "the same as in the last period". There is no drop-out in the model: on a retailer's year of
// data BG/NBD fits none.
//
//	known := predict.Know(book.Days(c), cut, horizon)
//	orders, err := predict.FitNBD(all)
//	expected := orders.Orders(known, 90)
package predict

import (
	"cmp"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
)

// Known is what is known of a customer at a cut. An order is a date with a purchase.
type Known struct {
	Repeats int     // orders after the first
	Tenure  float64 // days from the first order to the cut, above 0
	Mean    float64 // money of a repeat order on average; 0 without one
	Orders  int     // in the last period before the cut
	Money   float64 // in that period
}

// Know sums up a customer's purchases by day, in order, as they stood before the cut; the last period has horizon days.
// It reports false for a customer without a purchase before the cut.
func Know(days []invoice.Invoice, cut calendar.Date, horizon int) (Known, bool) {
	before := invoice.Before(days, cut)
	if len(before) == 0 {
		return Known{}, false
	}
	last := invoice.Within(before, cut-calendar.Date(horizon), cut)
	k := Known{
		Repeats: len(before) - 1, Tenure: float64(cut - before[0].Day),
		Orders: len(last), Money: invoice.Sum(last).Float(),
	}
	if k.Repeats > 0 {
		k.Mean = invoice.Sum(before[1:]).Float() / float64(k.Repeats)
	}
	return k, true
}

// byValue orders customers by what is known of them, so that no sum depends on their names.
func byValue(a, b Known) int {
	return cmp.Or(cmp.Compare(a.Repeats, b.Repeats), cmp.Compare(a.Tenure, b.Tenure), cmp.Compare(a.Mean, b.Mean),
		cmp.Compare(a.Orders, b.Orders), cmp.Compare(a.Money, b.Money))
}

// Model forecasts orders and money.
type Model struct {
	NBD
	Spend *GammaGamma // nil where too few customers have ordered again
}

// Fit fits both parts to customers. It is an error of [ErrTooFew] or [ErrNoSpread] where even the orders cannot be fitted.
func Fit(customers []Known) (*Model, error) {
	customers = slices.Clone(customers)
	slices.SortFunc(customers, byValue)
	n, err := FitNBD(customers)
	if err != nil {
		return nil, err
	}
	m := &Model{NBD: n}
	if g, err := FitGammaGamma(customers); err == nil {
		m.Spend = &g
	}
	return m, nil
}

// Money returns what a customer spends in the coming days, and false where that cannot be said: without a model of spending,
// for one whose repeat orders are worth nothing, and for one without a repeat order where the mean over all has no finite value.
func (m *Model) Money(k Known, days float64) (float64, bool) {
	if m.Spend == nil {
		return 0, false
	}
	mean, ok := m.Spend.Order(k)
	return m.Orders(k, days) * mean, ok
}
