package predict

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/predict"
)

// result sums up. assignments say which segment a customer is in.
func (f *forecast) result(assignments *frame.Frame) contract.PredictResult {
	r := contract.PredictResult{
		Cut: f.cut, Days: horizon, Customers: int64(len(f.judged)), Model: parameters(f.then), Served: parameters(f.now),
		Backtest: []contract.Backtest{}, Calibration: []contract.PredictCalibration{}, Published: f.published, Bias: f.bias(),
		Due: contract.DueResult{Due: f.due.Rises(), Why: f.dueWhy()}, Segments: f.segments(assignments), Findings: []string{},
	}
	for _, method := range []string{contract.MethodNBD, contract.MethodSame} {
		q, ok := f.quality[method]
		if !ok {
			continue
		}
		r.Backtest = append(r.Backtest, contract.Backtest{
			Method: method, OrdersRMSE: contract.Defined(q.OrdersRMSE), OrdersRatio: contract.Defined(q.OrdersRatio),
			AUC: contract.Defined(q.AUC), Spearman: contract.Defined(q.Spearman), MoneyRMSE: contract.Defined(q.MoneyRMSE),
			MoneyRatio: contract.Defined(q.MoneyRatio), MoneySpearman: contract.Defined(q.MoneySpearman),
		})
	}
	if _, ok := f.quality[contract.MethodNBD]; ok {
		for _, d := range predict.Calibrate(f.judged, predict.ByModel(f.then, horizon)) {
			r.Calibration = append(r.Calibration, contract.PredictCalibration{
				Decile: d.Decile, Customers: int64(d.Customers), OrdersMean: d.Orders, OrdersActual: d.Came, Buys: d.Buys, Bought: d.Bought,
			})
		}
	}
	for _, b := range f.due.Bands {
		r.Due.Rates = append(r.Due.Rates, contract.DueRate{
			From: b.From, To: contract.Defined(b.To), Customers: int64(b.Customers), Rate: contract.Defined(b.Rate()),
		})
	}
	if f.then == nil {
		r.Findings = append(r.Findings, "no model 90 days ago: "+f.thenWhy)
	}
	if f.now == nil {
		r.Findings = append(r.Findings, "no model today: "+f.nowWhy)
	}
	return r
}

func parameters(m *predict.Model) *contract.PredictModel {
	if m == nil {
		return nil
	}
	p := &contract.PredictModel{R: m.R, Alpha: m.Alpha, LogLikelihood: m.LogLikelihood}
	if m.Spend != nil {
		p.P, p.Q, p.V = &m.Spend.P, &m.Spend.Q, &m.Spend.V
	}
	return p
}

// segments adds up the predictions by segment, in the order of the segments' ids.
func (f *forecast) segments(assignments *frame.Frame) []contract.PredictedSegment {
	t := f.table()
	assignments.SortByText("customer")
	ids, names, keys := assignments.Strings("segment"), assignments.Strings("segment_name"), assignments.Strings("customer")
	at := map[string]int{}
	for i, c := range keys {
		at[c] = i
	}
	by := map[string]*sums{}
	for i, c := range t.Strings("customer") {
		k, ok := at[c]
		if !ok {
			continue
		}
		s := by[ids[k]]
		if s == nil {
			s = &sums{PredictedSegment: contract.PredictedSegment{ID: ids[k], Name: names[k]}}
			by[ids[k]] = s
		}
		s.add(t.Floats("orders")[i], t.Floats("money")[i], t.Floats("p_buys")[i], money.Amount(t.Ints("historic_value")[i]))
	}
	out := []contract.PredictedSegment{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		s := by[id]
		s.Orders, s.Money, s.Buyers = total(s.orders), total(s.money), total(s.buys)
		out = append(out, s.PredictedSegment)
	}
	return out
}

// sums are a segment's, as values: they are added up in the order of their size, which does not depend on names.
type sums struct {
	contract.PredictedSegment
	orders, money, buys []float64
}

func (s *sums) add(orders, spends, buys float64, spent money.Amount) {
	s.Customers++
	s.Spent += spent
	if math.IsNaN(spends) {
		s.Unsaid++
	}
	for _, v := range []struct {
		to    *[]float64
		value float64
	}{{&s.orders, orders}, {&s.money, spends}, {&s.buys, buys}} {
		if !math.IsNaN(v.value) {
			*v.to = append(*v.to, v.value)
		}
	}
}

// total is null of none.
func total(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	sum := floats.SumCompensated(values)
	return &sum
}
