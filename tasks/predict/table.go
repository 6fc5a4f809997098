package predict

import (
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/predict"
)

// said is what can be said of one customer; NaN and "" where it cannot.
type said struct {
	orders, money, buys          float64
	ordersYear, buysYear, spends float64 // in a year
	gap                          float64
	next                         string
	why                          []string
}

func (s *said) not(reason string) { s.why = append(s.why, reason) }

// say forecasts customer i.
func (f *forecast) say(i int) said {
	none := math.NaN()
	s := said{none, none, none, none, none, none, none, "", nil}
	if !f.in[i] {
		s.not("all: no invoice above zero in the window")
		return s
	}
	k := f.known[i]
	f.sayModel(&s, k)
	switch f.published {
	case contract.MethodNone:
		s.not("orders, money: " + f.bias())
	case contract.MethodSame:
		s.orders, s.money = float64(k.Orders), k.Money
		s.not("orders_365, predicted_value: the published method looks 90 days ahead only")
	case contract.MethodNBD:
		s.orders, s.ordersYear = f.now.Orders(k, horizon), f.now.Orders(k, year)
		var ok, also bool
		s.money, ok = f.now.Money(k, horizon)
		if s.spends, also = f.now.Money(k, year); !ok || !also {
			s.money, s.spends = none, none
			s.not("money: " + f.noMoney(k))
		}
	}
	f.sayWhen(&s, i)
	return s
}

// sayModel fills what only the model knows.
func (f *forecast) sayModel(s *said, k predict.Known) {
	if f.now == nil || f.published == contract.MethodNone {
		why := f.nowWhy
		if why == "" {
			why = "too few customers to judge it"
		}
		s.not("p_buys, churn_risk: no model: " + why)
		return
	}
	s.buys, s.buysYear = f.now.Buys(k, horizon), f.now.Buys(k, year)
}

func (f *forecast) noMoney(k predict.Known) string {
	switch {
	case f.now.Spend == nil:
		return "too few customers have ordered again"
	case k.Repeats == 0:
		return "the mean order over all customers has no finite value"
	}
	return "the repeat orders add up to nothing"
}

// sayWhen fills the gap between orders, and the date of the next.
func (f *forecast) sayWhen(s *said, i int) {
	days := f.days[i]
	n := len(days)
	if n < 2 {
		s.not("days_between_orders, next_order: one order")
		return
	}
	s.gap = float64(days[n-1].Day-days[0].Day) / float64(n-1)
	next := days[n-1].Day + calendar.Date(math.Round(s.gap))
	switch {
	case !f.due.Rises():
		s.not("next_order: " + f.dueWhy())
	case next < f.asOf:
		s.not("next_order: the own gap has passed")
	default:
		s.next = next.String()
	}
}

// table returns the predictions.
func (f *forecast) table() *frame.Frame {
	if f.rows != nil {
		return f.rows
	}
	n := f.customers.Rows()
	t := frame.New(contract.Predictions.Columns, n)
	copy(t.Strings("customer"), f.customers.Strings("customer"))
	spent := f.customers.Ints("monetary")
	copy(t.Ints("historic_value"), spent)
	for i := range n {
		s := f.say(i)
		t.Floats("orders")[i], t.Floats("money")[i], t.Floats("p_buys")[i] = s.orders, s.money, s.buys
		t.Floats("orders_365")[i], t.Floats("p_buys_365")[i] = s.ordersYear, s.buysYear
		t.Floats("predicted_value")[i] = s.spends
		t.Floats("total_value")[i] = money.Amount(spent[i]).Float() + s.spends
		t.Floats("churn_risk")[i] = 1 - s.buysYear
		t.Floats("days_between_orders")[i] = s.gap
		t.Strings("next_order")[i] = s.next
		t.Strings("method")[i], t.Strings("why")[i] = f.published, strings.Join(s.why, "; ")
	}
	f.rows = t
	return t
}
