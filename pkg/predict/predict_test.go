package predict

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/invoice/invoicetest"
)

// near fails unless got is want within tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v ± %v", what, got, want, tolerance)
	}
}

// known is what is known of every customer of a book, with what came.
func known(book *invoice.Book, cut calendar.Date, horizon int) ([]Known, []Judged) {
	var all []Known
	var judged []Judged
	for c := range book.Customers {
		days := book.Days(c)
		if k, ok := Know(days, cut, horizon); ok {
			after := invoice.Within(days, cut, cut+calendar.Date(horizon))
			all, judged = append(all, k), append(judged, Judged{k, len(after), invoice.Sum(after).Float()})
		}
	}
	return all, judged
}

// By hand: 90·(.8 + 3)/(60 + 200) = 1.315385; 1 − (260/350)^3.8 = .676814.
func TestOrders(t *testing.T) {
	n, k := NBD{R: .8, Alpha: 60}, Known{Repeats: 3, Tenure: 200}
	near(t, "orders", n.Orders(k, 90), 1.315385, 5e-7)
	near(t, "probability", n.Buys(k, 90), 1-math.Pow(260./350, 3.8), 1e-14)
	near(t, "probability of no days", n.Buys(k, 0), 0, 0)
}

// By hand: 6.25·(15.44 + 2·30)/(6.25·2 + 3.74 − 1); without a repeat order 6.25·15.44/2.74, the parameters and the population
// mean of Fader & Hardie (2013) on CDNOW: p 6.25, q 3.74, v 15.44, mean 35.2.
func TestOrder(t *testing.T) {
	g := GammaGamma{6.25, 3.74, 15.44}
	mean, ok := g.Order(Known{})
	near(t, "population mean", mean, 35.2, .05)
	if again, also := g.Order(Known{Repeats: 2, Mean: 30}); !ok || !also || math.Abs(again-6.25*75.44/15.24) > 1e-12 {
		t.Errorf("%v, %v, %v", ok, also, again)
	}
	for name, k := range map[string]Known{"nothing": {Repeats: 1}, "negative": {Repeats: 2, Mean: -4}} {
		if v, ok := g.Order(k); ok {
			t.Errorf("%s: %v", name, v)
		}
	}
	if v, ok := (GammaGamma{2, .9, 10}).Order(Known{}); ok {
		t.Errorf("q below 1 has no mean, not %v", v)
	}
}

// Measured on UCI Online Retail with scipy, independently of this project.
func TestReal(t *testing.T) {
	all, judged := known(invoicetest.Real(t, os.Getenv("CLIENTELE_TESTDATA")), invoicetest.Day("2011-09-11"), 90)
	if len(all) != 3362 {
		t.Fatalf("%d customers", len(all))
	}
	m, err := Fit(all)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "r", m.R, .7165, 5e-5)
	near(t, "alpha", m.Alpha, 66.53, .005)
	near(t, "log-likelihood", m.LogLikelihood, -37002.39, .01)
	near(t, "p", m.Spend.P, 2.4265, 5e-5)
	near(t, "q", m.Spend.Q, 3.3159, 5e-5)
	near(t, "v", m.Spend.V, 381.5, .05)
	for _, c := range []struct {
		name                       string
		method                     Method
		rmse, ratio, auc, spearman float64
	}{
		{"NBD", ByModel(m, 90), 1.524, .734, .730, .497},
		{"the same", TheSame, 1.483, .794, .682, .437},
	} {
		q := Judge(judged, c.method)
		near(t, c.name+": RMSE", q.OrdersRMSE, c.rmse, .0005)
		near(t, c.name+": ratio", q.OrdersRatio, c.ratio, .0005)
		near(t, c.name+": AUC", q.AUC, c.auc, .0005)
		near(t, c.name+": Spearman", q.Spearman, c.spearman, .0005)
	}
}

// planted draws customers by the very model: rates Gamma(r, alpha), orders Poisson, sums of orders by the gamma–gamma.
func planted(n int, r, alpha float64, seed uint64) []Known {
	rnd := rand.New(rand.NewPCG(seed, 0))
	all := make([]Known, n)
	for i := range all {
		k := Known{Tenure: 1 + math.Floor(rnd.Float64()*360)}
		rate := gamma(rnd, r) / alpha
		for at := rnd.ExpFloat64() / rate; at < k.Tenure; at += rnd.ExpFloat64() / rate {
			k.Repeats++
		}
		if nu := gamma(rnd, 4) / 50; k.Repeats > 0 {
			k.Mean = gamma(rnd, 6*float64(k.Repeats)) / nu / float64(k.Repeats)
		}
		all[i] = k
	}
	return all
}

// gamma draws by Marsaglia & Tsang (2000), below 1 by a power of a uniform number.
func gamma(rnd *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rnd, shape+1) * math.Pow(rnd.Float64(), 1/shape)
	}
	d := shape - 1./3
	for {
		x := rnd.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(rnd.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func TestFitFindsWhatIsPlanted(t *testing.T) {
	m, err := Fit(planted(8000, .9, 70, 1))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "r", m.R, .9, .05)
	near(t, "alpha", m.Alpha, 70, 5)
	near(t, "p", m.Spend.P, 6, .6)
	near(t, "q", m.Spend.Q, 4, .3)
	near(t, "v", m.Spend.V, 50, 6)
}

func TestOrderOfCustomers(t *testing.T) {
	all := planted(500, .9, 70, 2)
	var judged []Judged
	for i, k := range all {
		judged = append(judged, Judged{k, i % 3, float64(i%3) * 12.34})
	}
	m, err := Fit(all)
	if err != nil {
		t.Fatal(err)
	}
	want, deciles := Judge(judged, ByModel(m, 90)), Calibrate(judged, ByModel(m, 90))
	rand.New(rand.NewPCG(3, 0)).Shuffle(len(all), func(i, k int) {
		all[i], all[k] = all[k], all[i]
		judged[i], judged[k] = judged[k], judged[i]
	})
	again, err := Fit(all)
	if err != nil || *again.Spend != *m.Spend || again.NBD != m.NBD {
		t.Errorf("another order of customers: %+v and %+v, %v", m, again, err)
	}
	if got := Judge(judged, ByModel(m, 90)); got != want {
		t.Errorf("another order of customers: %+v and %+v", want, got)
	}
	if d := cmp.Diff(deciles, Calibrate(judged, ByModel(m, 90))); d != "" {
		t.Error(d)
	}
}

// Another currency changes money alone.
func TestUnits(t *testing.T) {
	all := planted(500, .9, 70, 2)
	one, err := Fit(all)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Mean *= 1000
	}
	two, err := Fit(all)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p", two.Spend.P/one.Spend.P, 1, 1e-3)
	near(t, "v", two.Spend.V/one.Spend.V, 1000, 1)
	if one.NBD != two.NBD {
		t.Errorf("orders %+v and %+v", one.NBD, two.NBD)
	}
}

func TestFitRefuses(t *testing.T) {
	if _, err := Fit(make([]Known, 5000)); !errors.Is(err, ErrTooFew) {
		t.Errorf("nobody has ordered again: %v", err)
	}
	if _, err := Fit(nil); !errors.Is(err, ErrTooFew) {
		t.Errorf("nobody: %v", err)
	}
	// Everyone has the same rate: there is no spread, and r grows as far as it may. The rate is still right.
	var all []Known
	for range 40 {
		all = append(all, Known{Repeats: 4, Tenure: 200, Mean: 10})
	}
	m, err := Fit(all)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "orders of one rate", m.Orders(all[0], 90), 1.8, 1e-3)
	// Totals below zero are left out of spending.
	for i := range all {
		all[i].Mean = -3
	}
	if m, err = Fit(all); err != nil || m.Spend != nil {
		t.Errorf("%+v, %v", m, err)
	}
	if v, ok := m.Money(all[0], 90); ok || v != 0 {
		t.Errorf("money %v of customers whose orders are worth nothing", v)
	}
}

func TestKnow(t *testing.T) {
	days := []invoice.Invoice{{Day: 100, Value: 10_0000}, {Day: 150, Value: 20_0000}, {Day: 195, Value: 40_0000}, {Day: 200, Value: 80_0000}}
	k, ok := Know(days, 200, 90)
	if want := (Known{Repeats: 2, Tenure: 100, Mean: 30, Orders: 2, Money: 60}); !ok || k != want {
		t.Errorf("%+v, want %+v", k, want)
	}
	if _, ok := Know(days, 100, 90); ok {
		t.Error("a customer who comes on the day of the cut is not known")
	}
}

// By hand, ties sharing the mean of their ranks.
func TestRanks(t *testing.T) {
	if d := cmp.Diff([]float64{2, 4, 2, 2}, Ranks([]float64{5, 9, 5, 5})); d != "" {
		t.Error(d)
	}
	// Ranks 2, 4, 2, 2 and 1.5, 4, 3, 1.5: Σxy 3, Σxx 3, Σyy 4.5.
	near(t, "Spearman", Spearman([]float64{5, 9, 5, 5}, []float64{1, 3, 2, 1}), 3/math.Sqrt(13.5), 1e-12)
	near(t, "AUC", AUC([]float64{1, 2, 2, 3}, []bool{false, true, false, true}), 3.5/4, 1e-12)
	for name, v := range map[string]float64{
		"Spearman of a constant": Spearman([]float64{1, 1}, []float64{1, 2}), "Spearman of none": Spearman(nil, nil),
		"AUC if all buy": AUC([]float64{1, 2}, []bool{true, true}), "AUC of none": AUC(nil, nil),
	} {
		if !math.IsNaN(v) {
			t.Errorf("%s is %v", name, v)
		}
	}
}

func TestJudge(t *testing.T) {
	q := Judge([]Judged{{Known{Orders: 2, Money: 10}, 1, 20}, {Known{Orders: 0}, 1, 4}}, TheSame)
	want := Quality{OrdersRMSE: 1, OrdersRatio: 1, MoneyRMSE: math.Sqrt((100. + 16) / 2), MoneyRatio: 10. / 24, MoneySpearman: 1}
	if !math.IsNaN(q.AUC) || !math.IsNaN(q.Spearman) {
		t.Errorf("both buy once: AUC %v and Spearman %v are undefined", q.AUC, q.Spearman)
	}
	q.AUC, q.Spearman = 0, 0
	if q != want {
		t.Errorf("%+v, want %+v", q, want)
	}
}

// One probability is one tenth: all twenty stand in the middle one.
func TestCalibrateTies(t *testing.T) {
	d := Calibrate(make([]Judged, 20), func(Known) Forecast { return Forecast{Buys: .3, Orders: .5} })
	if len(d) != 1 || d[0].Decile != 6 || d[0].Customers != 20 || math.Abs(d[0].Buys-.3) > 1e-12 || d[0].Bought != 0 {
		t.Errorf("%+v", d)
	}
}
