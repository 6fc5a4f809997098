package predict

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/predict"
)

const (
	horizon = 90 // days of the period that is forecast, judged and compared with
	year    = 365

	// minJudged is how many customers a backtest needs: below, the ranking of one method over another is chance.
	minJudged = 30
)

// forecast is what the step finds.
type forecast struct {
	customers *frame.Frame // in byte order of customer
	days      [][]invoice.Invoice
	known     []predict.Known // as of today, by customer
	in        []bool          // the customer has a purchase
	asOf, cut calendar.Date

	then, now *predict.Model // at the cut and today; nil where there is none
	thenWhy   string         // why not
	nowWhy    string
	judged    []predict.Judged
	quality   map[string]predict.Quality
	due       predict.Due
	published string
	rows      *frame.Frame // the table, once it is made
}

// newForecast fits, judges and chooses.
func newForecast(book *invoice.Book, customers *frame.Frame, asOf calendar.Date) *forecast {
	names := customers.Strings("customer")
	f := &forecast{
		customers: customers, asOf: asOf, cut: asOf - horizon, days: make([][]invoice.Invoice, len(names)),
		known: make([]predict.Known, len(names)), in: make([]bool, len(names)), quality: map[string]predict.Quality{},
	}
	at := map[string]int{}
	for c, name := range book.Customers {
		at[name] = c
	}
	var before, today []predict.Known
	for i, name := range names {
		c, ok := at[name]
		if !ok {
			continue
		}
		f.days[i] = book.Days(c)
		if f.known[i], f.in[i] = predict.Know(f.days[i], asOf, horizon); f.in[i] {
			today = append(today, f.known[i])
		}
		if k, ok := predict.Know(f.days[i], f.cut, horizon); ok {
			before = append(before, k)
			after := invoice.Within(f.days[i], f.cut, asOf)
			f.judged = append(f.judged, predict.Judged{Known: k, AfterOrders: len(after), AfterMoney: invoice.Sum(after).Float()})
		}
	}
	f.then, f.thenWhy = fit(before)
	f.now, f.nowWhy = fit(today)
	f.due = predict.NewDue(f.days, f.cut)
	f.choose()
	return f
}

func fit(of []predict.Known) (*predict.Model, string) {
	m, err := predict.Fit(of)
	if err != nil {
		return nil, err.Error()
	}
	return m, ""
}

// choose publishes the method that ranked the customers at the cut better. A rank correlation that is undefined loses.
func (f *forecast) choose() {
	f.published = contract.MethodNone
	if len(f.judged) < minJudged {
		return
	}
	same := predict.Judge(f.judged, predict.TheSame)
	f.quality[contract.MethodSame] = same
	if !math.IsNaN(same.Spearman) {
		f.published = contract.MethodSame
	}
	if f.then == nil {
		return
	}
	model := predict.Judge(f.judged, predict.ByModel(f.then, horizon))
	f.quality[contract.MethodNBD] = model
	if f.now != nil && !math.IsNaN(model.Spearman) && !(model.Spearman < same.Spearman) {
		f.published = contract.MethodNBD
	}
}

// bias says in words how far the published method was off.
func (f *forecast) bias() string {
	q, ok := f.quality[f.published]
	switch {
	case !ok:
		return fmt.Sprintf("no forecast: %d customers were known %d days ago, want %d, and a rank correlation that is defined", len(f.judged), horizon, minJudged)
	case math.IsNaN(q.OrdersRatio):
		return "no orders came in the last 90 days"
	}
	text := fmt.Sprintf("%d days ago it would have predicted %.0f %% of the orders that came", horizon, 100*q.OrdersRatio)
	if !math.IsNaN(q.MoneyRatio) {
		text += fmt.Sprintf(" and %.0f %% of the money", 100*q.MoneyRatio)
	}
	if days := f.asOf - f.first(); days < 2*year {
		text += fmt.Sprintf(": %d days of purchases cannot show the season", days)
	}
	return text
}

// first is the day of the first purchase.
func (f *forecast) first() calendar.Date {
	first := f.asOf
	for _, d := range f.days {
		if len(d) > 0 {
			first = min(first, d[0].Day)
		}
	}
	return first
}

// dueWhy says in words whether there are due dates.
func (f *forecast) dueWhy() string {
	early, near := f.due.Early, f.due.Near
	if early.Customers < minJudged || near.Customers < minJudged {
		return fmt.Sprintf("no due date: too few customers with three orders to see whether they keep to their own gaps (%d and %d, want %d each)",
			early.Customers, near.Customers, minJudged)
	}
	numbers := fmt.Sprintf("of customers near their own average gap %.0f %% came within %d days, of those early in it %.0f %%",
		100*near.Rate(), predict.DueDays, 100*early.Rate())
	if f.due.Rises() {
		return numbers
	}
	return "no due date: " + numbers
}
