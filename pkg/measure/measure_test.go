package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/invoice/invoicetest"
	"github.com/clientele/clientele/pkg/money"
)

// By sha256sum: printf 'spring\00012347' | sha256sum begins 89e200147116641b, over 2⁶⁴ .538605.
func TestHash(t *testing.T) {
	near(t, "12347", Hash("spring", "12347"), .538605, 5e-7)
	near(t, "12348", Hash("spring", "12348"), .182597, 5e-7)
	if Hash("spring", "12347") == Hash("sprin", "g12347") || Hash("a", "b") == Hash("ab", "") {
		t.Error("salt and customer run into each other")
	}
}

func persons(values ...float64) []Person {
	var all []Person
	for i := 0; i < len(values); i += 2 {
		all = append(all, Person{Y: values[i], N: values[i+1]})
	}
	return all
}

var (
	treated = persons(100, 1, 300, 2, 50, 1, 700, 3)
	control = persons(80, 1, 200, 2, 120, 1, 90, 2, 400, 2)
)

// Two arms by hand; with the covariate by numpy's lstsq.
func TestCompare(t *testing.T) {
	a, b := RatioOf(treated), RatioOf(control)
	near(t, "R treated", a.Value, 164.285714, 5e-7)
	near(t, "V treated", a.Variance, 1657.642649, 5e-7)
	near(t, "R control", b.Value, 111.25, 1e-12)
	near(t, "V control", b.Variance, 988.708496, 5e-7)
	for name, e := range map[string]Effect{"plain": Plain(treated, control, Z), "no covariates": Adjusted(treated, control, Z)} {
		near(t, name, e.Value, .476726, 5e-7)
		near(t, name+": low", e.Low, -.293144, 5e-7)
		near(t, name+": high", e.High, 2.085097, 5e-7)
	}
	with := func(of []Person, x ...float64) []Person {
		of = append([]Person(nil), of...)
		for i := range of {
			of[i].X[2] = x[i]
			of[i].X[3] = 2 * x[i] // says nothing beside the one before it
		}
		return of
	}
	t2, c2 := with(treated, 90, 250, 60, 500), with(control, 100, 150, 100, 120, 420)
	e := Adjusted(t2, c2, Z)
	near(t, "with x", e.Value, .263524, 5e-7)
	near(t, "with x: low", e.Low, -.065100, 5e-7)
	near(t, "with x: high", e.High, .707661, 5e-7)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(c2), func(i, k int) { c2[i], c2[k] = c2[k], c2[i] })
	if again := Adjusted(t2, c2, Z); again != e {
		t.Errorf("another order of customers: %+v and %+v", e, again)
	}
}

// Levy & Lemeshow, Sampling of Populations, 3rd ed., 12.2: patients alive of arrests, by ambulance. The published standard error
// with strata of two is .0098073; without strata, by R's survey::svyratio, .0194844.
func TestRatioPublished(t *testing.T) {
	alive, arrests := []float64{25, 24, 30, 49, 80, 70}, []float64{120, 78, 185, 228, 670, 530}
	r := NewRatio(alive, arrests)
	near(t, "R", r.Value, .153506, 5e-7)
	near(t, "standard error", math.Sqrt(r.Variance), .0194844, 5e-8)
	// Strata: e about the stratum's mean; of strata of two n/(n−1)·Σ(e − ē)² is (e₁ − e₂)².
	sum, whole := 0.0, 0.0
	for i := 0; i < len(alive); i += 2 {
		d := alive[i] - r.Value*arrests[i] - (alive[i+1] - r.Value*arrests[i+1])
		sum, whole = sum+d*d, whole+arrests[i]+arrests[i+1]
	}
	near(t, "standard error with strata", math.Sqrt(sum)/whole, .0098073, 5e-8)
}

// χ² by hand: 200²/5000·2 = 16 and 30²/800 + 30²/200 = 5.625; p by scipy's chi2.sf.
func TestSampleRatio(t *testing.T) {
	chi2, p := SampleRatio([]int{5200, 4800}, []float64{.5, .5})
	near(t, "χ²", chi2, 16, 1e-12)
	near(t, "p", p, 6.334e-5, 5e-9)
	chi2, p = SampleRatio([]int{830, 170}, []float64{8, 2})
	near(t, "χ²", chi2, 5.625, 1e-12)
	near(t, "p", p, .017706, 5e-7)
	if chi2, p := SampleRatio([]int{0, 0}, []float64{.5, .5}); !math.IsNaN(chi2) || !math.IsNaN(p) {
		t.Errorf("nobody: %v, %v", chi2, p)
	}
}

// Waudby-Smith et al.: n 1000 of 2000.
func TestAlwaysValid(t *testing.T) {
	near(t, "m", AlwaysValid(1000, 2000, .05)/math.Sqrt(1000), .097511, 5e-7)
	if v := AlwaysValid(2000, 2000, .05); !(v > Z) {
		t.Errorf("%v is narrower than a fixed interval", v)
	}
	if !math.IsInf(AlwaysValid(0, 2000, .05), 1) {
		t.Error("without a buyer the interval has no end")
	}
}

func TestJudge(t *testing.T) {
	nan := math.NaN()
	for want, effects := range map[string][]Effect{
		Reached:    {{.2, .08, .3}},
		NotReached: {{.01, -.05, .0799}},
		CannotSay:  {{.2, .0799, .3}, {.01, -.05, .08}, {nan, nan, nan}},
	} {
		for _, e := range effects {
			if got := e.Judge(.08); got != want {
				t.Errorf("%+v is %s, want %s", e, got, want)
			}
		}
	}
}

// What no effect can be taken of.
func TestCannotSay(t *testing.T) {
	for name, of := range map[string][]Person{
		"nobody": nil, "one customer": persons(100, 1), "nobody bought": persons(0, 0, 0, 0), "negative totals": persons(-100, 1, 50, 1),
	} {
		for way, e := range map[string]Effect{
			"plain": Plain(of, control, Z), "adjusted": Adjusted(of, control, Z), "as control": Adjusted(treated, of, Z),
		} {
			if e.Said() || e.Judge(.08) != CannotSay {
				t.Errorf("%s, %s: %+v", name, way, e)
			}
		}
		p := NewPlan(of, .5)
		if !math.IsNaN(p.MDE) && name != "negative totals" || p.Customers != len(of) {
			t.Errorf("%s: plan %+v", name, p)
		}
		if aa := NewAA(of, 10, 1); aa.Rejected > 0 || aa.Splits > 10 {
			t.Errorf("%s: A/A %+v", name, aa)
		}
	}
}

// Small and odd shops: one invoice each, everyone new, thirty customers. No number may be wrong by being there.
func TestOddShops(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	start := invoicetest.AsOf - 90
	shops := map[string][][]invoice.Invoice{}
	for range 30 {
		v := invoice.Invoice{Day: start + 3, Value: money.Amount(100_0000 + rnd.IntN(900_0000))}
		w := v
		w.Day = start - 20
		shops["everyone new"] = append(shops["everyone new"], []invoice.Invoice{v})
		shops["everyone known"] = append(shops["everyone known"], []invoice.Invoice{w, v})
	}
	for name, shop := range shops {
		people, in := People(shop, Last(90, invoicetest.AsOf), Cap(shop, start, .95))
		p := NewPlan(people, .5)
		if !in[0] || p.Buyers != 30 || !(p.MDE > 0) || !(p.Adjusted > 0) || p.R2 < -1e-12 || p.R2 > 1 {
			t.Errorf("%s: %+v", name, p)
		}
		if aa := NewAA(people, 200, 1); aa.Splits < 190 {
			t.Errorf("%s: A/A %+v", name, aa)
		}
	}
	if c := Cap(shops["everyone new"], start, .95); c != Uncapped {
		t.Errorf("no invoice before, but a cap of %v", c)
	}
}

// Who comes first after the period is nobody yet, and what comes before 180 days is no covariate.
func TestPeople(t *testing.T) {
	p := Period{1000, 1090}
	people, in := People([][]invoice.Invoice{
		{{Day: 819, Value: 1}, {Day: 820, Value: 40_0000}, {Day: 999, Value: 90_0000}, {Day: 1000, Value: 70_0000}, {Day: 1089, Value: 20_0000}, {Day: 1090, Value: 5}},
		{{Day: 1090, Value: 5}},
		{{Day: 1010, Value: -3_0000}},
		{{Day: 900, Value: 20_0000}},
	}, p, 50)
	if in[1] || !in[0] || !in[2] || !in[3] {
		t.Errorf("who is there: %v", in)
	}
	// Capped at 50 before: 40 + 50 + 20 over three invoices, R₀ 110/3; in the period 50 + 20.
	want := Person{Y: 70, N: 2, X: [Covariates]float64{1, 90 - 2*110./3, 2, 45, (math.Log(40) + math.Log(50)) / 2}}
	near(t, "Y", people[0].Y, want.Y, 0)
	for i := range want.X {
		near(t, fmt.Sprint("X", i), people[0].X[i], want.X[i], 1e-12)
	}
	if people[2] != (Person{Y: -3, N: 1}) {
		t.Errorf("a newcomer with a discount: %+v", people[2])
	}
}

// By hand: of 50, 100, 200 and a cap of 105: (55 + 105 + 105)/(50 + 100 + 105) − 1.
func TestThrough(t *testing.T) {
	near(t, "capped", Through([]float64{50, 100, 200}, .1, 105), 265./255-1, 1e-12)
	near(t, "uncapped", Through([]float64{50, 100, 200}, .1, Uncapped), .1, 1e-12)
	if !math.IsNaN(Through(nil, .1, 105)) {
		t.Error("of nothing there is no target")
	}
	near(t, "quantile", Quantile([]float64{1, 2, 3, 4}, .95), 3.85, 1e-12) // type 7, R's default
}

func TestAAIsTheSameAnywhere(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	people := make([]Person, 300)
	for i := range people {
		people[i] = Person{Y: math.Exp(5 + rnd.NormFloat64()), N: float64(1 + rnd.IntN(3))}
		people[i].X = [Covariates]float64{1, rnd.NormFloat64(), people[i].N, rnd.Float64(), rnd.NormFloat64()}
	}
	want := NewAA(people, 500, 7)
	plan := NewPlan(people, .5)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rnd.Shuffle(len(people), func(i, k int) { people[i], people[k] = people[k], people[i] })
	if got := NewAA(people, 500, 7); got != want || got.Splits != 500 {
		t.Errorf("%+v and %+v", want, got)
	}
	if got := NewPlan(people, .5); got != plan {
		t.Errorf("%+v and %+v", plan, got)
	}
}

// Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263.
func TestWilson(t *testing.T) {
	low, high := Wilson(81, 263)
	near(t, "low", low, .2553, 5e-5)
	near(t, "high", high, .3662, 5e-5)
}
