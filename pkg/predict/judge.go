package predict

import (
	"cmp"
	"math"
	"slices"
)

// Judged is a customer at the cut of a backtest, with what came in the period after it.
type Judged struct {
	Known
	AfterOrders int
	AfterMoney  float64
}

// Bought reports whether the customer came back.
func (j Judged) Bought() bool { return j.AfterOrders > 0 }

// Forecast is what a method says of one customer: orders, from which it also ranks who buys, the probability of an order (NaN if
// the method knows none), and money (NaN if it cannot be said).
type Forecast struct{ Orders, Buys, Money float64 }

// Method makes forecasts.
type Method func(Known) Forecast

// ByModel forecasts by the model, for days.
func ByModel(m *Model, days float64) Method {
	return func(k Known) Forecast {
		money, ok := m.Money(k, days)
		if !ok {
			money = math.NaN()
		}
		return Forecast{Orders: m.Orders(k, days), Buys: m.Buys(k, days), Money: money}
	}
}

// TheSame forecasts the same as in the last period.
func TheSame(k Known) Forecast {
	return Forecast{Orders: float64(k.Orders), Buys: math.NaN(), Money: k.Money}
}

// Quality is how good a method was. A value that is undefined (nobody bought, say) is NaN.
type Quality struct {
	OrdersRMSE, OrdersRatio float64 // ratio: Σ forecast / Σ what came
	AUC                     float64 // of orders, for whether the customer bought
	Spearman                float64 // of orders, forecast and true
	MoneyRMSE, MoneyRatio   float64 // over customers with a forecast of money
	MoneySpearman           float64
}

// Judge holds a method against what came. The order of customers does not matter.
func Judge(customers []Judged, method Method) Quality {
	customers = sorted(customers)
	var orders, after, money, spent []float64
	var bought []bool
	for _, j := range customers {
		f := method(j.Known)
		orders, after, bought = append(orders, f.Orders), append(after, float64(j.AfterOrders)), append(bought, j.Bought())
		if !math.IsNaN(f.Money) {
			money, spent = append(money, f.Money), append(spent, j.AfterMoney)
		}
	}
	return Quality{
		OrdersRMSE: rmse(orders, after), OrdersRatio: ratio(orders, after),
		AUC: AUC(orders, bought), Spearman: Spearman(orders, after),
		MoneyRMSE: rmse(money, spent), MoneyRatio: ratio(money, spent), MoneySpearman: Spearman(money, spent),
	}
}

// Decile is a tenth of the customers, by their forecast.
type Decile struct {
	Decile    int // 1 has the lowest forecasts
	Customers int
	Orders    float64 // mean forecast
	Came      float64 // mean orders that came
	Buys      float64 // mean probability of an order
	Bought    float64 // share that bought
}

// Calibrate compares forecasts with what came by tenths of customers in the order of their probability of an order, which the method
// must know. Customers of one probability stand in one tenth, that of their middle rank: tenths can differ in size, and one without customers is left out.
func Calibrate(customers []Judged, method Method) []Decile {
	customers = sorted(customers)
	forecasts, buys := make([]Forecast, len(customers)), make([]float64, len(customers))
	for i, j := range customers {
		forecasts[i] = method(j.Known)
		buys[i] = forecasts[i].Buys
	}
	var d [10]Decile
	for i, r := range Ranks(buys) {
		t, f := &d[min(9, int((r-0.5)*10/float64(len(buys))))], forecasts[i]
		t.Customers++
		t.Orders += f.Orders
		t.Buys += f.Buys
		t.Came += float64(customers[i].AfterOrders)
		if customers[i].Bought() {
			t.Bought++
		}
	}
	var out []Decile
	for i, t := range d {
		if n := float64(t.Customers); n > 0 {
			out = append(out, Decile{i + 1, t.Customers, t.Orders / n, t.Came / n, t.Buys / n, t.Bought / n})
		}
	}
	return out
}

func sorted(customers []Judged) []Judged {
	customers = slices.Clone(customers)
	slices.SortFunc(customers, func(a, b Judged) int {
		return cmp.Or(byValue(a.Known, b.Known), cmp.Compare(a.AfterOrders, b.AfterOrders), cmp.Compare(a.AfterMoney, b.AfterMoney))
	})
	return customers
}

func rmse(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += float64((a[i] - b[i]) * (a[i] - b[i]))
	}
	return math.Sqrt(sum / float64(len(a))) // of none NaN
}

func ratio(a, b []float64) float64 {
	x, y := 0.0, 0.0
	for i := range a {
		x, y = x+a[i], y+b[i]
	}
	if y <= 0 {
		return math.NaN()
	}
	return x / y
}

// Ranks returns the rank of each value from 1; equal values (to 1e-12 of their size) share the mean of their ranks.
func Ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	ranks := make([]float64, len(values))
	for i := 0; i < len(order); {
		k := i
		for k < len(order) && values[order[k]]-values[order[i]] <= 1e-12*math.Abs(values[order[i]]) {
			k++
		}
		for _, o := range order[i:k] {
			ranks[o] = float64(i+k+1) / 2
		}
		i = k
	}
	return ranks
}

// Spearman returns the rank correlation, NaN if either side is constant or there are fewer than two.
func Spearman(a, b []float64) float64 {
	x, y := Ranks(a), Ranks(b)
	mean := float64(len(x)+1) / 2
	xy, xx, yy := 0.0, 0.0, 0.0
	for i := range x {
		dx, dy := x[i]-mean, y[i]-mean
		xy, xx, yy = xy+float64(dx*dy), xx+float64(dx*dx), yy+float64(dy*dy)
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return xy / math.Sqrt(xx*yy)
}

// AUC returns the probability that one who bought has a higher score than one who did not, ties counting half (Mann &
// Whitney 1947); NaN if all or none bought.
func AUC(score []float64, bought []bool) float64 {
	sum, n := 0.0, 0.0
	for i, r := range Ranks(score) {
		if bought[i] {
			sum, n = sum+r, n+1
		}
	}
	rest := float64(len(score)) - n
	if n == 0 || rest == 0 {
		return math.NaN()
	}
	return (sum - n*(n+1)/2) / (n * rest)
}
