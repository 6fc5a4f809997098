package explore_test

import (
	"math"
	"testing"

	"github.com/clientele/clientele/pkg/explore"
)

func TestRegionsOfTheRealFile(t *testing.T) {
	s := realFile(t)
	r := s.Regions()
	for i, want := range []struct{ tau2, s2 float64 }{{.1225, .8003}, {.1169, .5261}, {.2261, 1.5512}} {
		near(t, "tau²", r.Fits[i].Tau2, want.tau2, 0.0002)
		near(t, "s²", r.Fits[i].S2, want.s2, 0.0002)
	}
	left := 0
	of := map[string]explore.Region{}
	for _, g := range r.All {
		if !g.TooFew {
			left++
		}
		of[s.Countries[g.Country]] = g
	}
	equal(t, "regions", len(r.All), 37)
	equal(t, "regions with enough customers", left, 9)
	for name, want := range map[string]struct {
		customers, invoices int64
		revenue, effective  float64
		index               [3]float64
		growth              [3]float64
	}{
		"United Kingdom": {3_908, 16_464, 6_843_190.02, 251.9, [3]float64{100.4, 96.1, 96.5}, [3]float64{.905, .729, 1.099}},
		"Germany":        {94, 442, 201_309.56, 33.2, [3]float64{111.3, 132.9, 148.4}, [3]float64{.624, .264, 1.087}},
		"Netherlands":    {9, 93, 283_479.54, 1.03, [3]float64{}, [3]float64{}},
	} {
		g := of[name]
		equal(t, name+" customers", g.Customers, want.customers)
		equal(t, name+" invoices", g.Invoices, want.invoices)
		near(t, name+" revenue", float64(g.Amount)/1e4, want.revenue, 0.005)
		near(t, name+" effective customers", g.Effective, want.effective, 0.05)
		if want.growth[0] == 0 {
			equal(t, name+" too few", g.TooFew && g.Growth == nil && g.Index[0] == nil, true)
			continue
		}
		for i, index := range want.index {
			near(t, name+" index", g.Index[i].Value, index, 0.05)
		}
		near(t, name+" growth", g.Growth.Value, want.growth[0], 0.0005)
		near(t, name+" growth, low", g.Growth.Low, want.growth[1], 0.0005)
		near(t, name+" growth, high", g.Growth.High, want.growth[2], 0.0005)
	}
}

func TestLiftsOfTheRealFile(t *testing.T) {
	s := realFile(t)
	l := s.Lifts()
	if l.LogLikelihood < -54_738 {
		t.Errorf("log-likelihood %v at %+v", l.LogLikelihood, l.Prior)
	}
	german := 0
	of := map[string]explore.Lift{}
	for _, x := range l.All {
		if s.Countries[x.Country] == "Germany" {
			german++
			of[s.Codes[x.Code]] = x
		}
	}
	if german < 63 || german > 80 {
		t.Errorf("%d products of Germany", german)
	}
	for code, want := range map[string][2]float64{"22331": {7.465, 5.149}, "21680": {8.344, 5.081}, "21578": {7.387, 4.748}} {
		near(t, code+" EBGM", of[code].Mean, want[0], 0.05)
		near(t, code+" EB05", of[code].Low, want[1], 0.05)
	}
}

func TestTreeOfTheRealFile(t *testing.T) {
	s := realFile(t)
	tree := s.Tree(explore.Period, 1, func(*explore.Invoice) int32 { return 0 })
	equal(t, "branches", len(tree), 1)
	b := tree[0]
	equal(t, "revenue before", b.Before.Amount, 17_767_042_100)
	equal(t, "revenue now", b.Now.Amount, 31_491_816_100)
	equal(t, "contributions", *b.Contribution, [5]int64{10_066_666_700, 2_386_221_100, 4_487_201_000, -4_883_805_600, 1_668_490_800})
	now, _ := b.Now.Factors()
	near(t, "a mean line more on every invoice", 1/now[2], .0408, 0.00005)
	equal(t, "new + lost + retained", b.New+b.Lost+b.Retained, b.Change())
	if s.Tree(365, 1, func(*explore.Invoice) int32 { return 0 }) != nil {
		t.Error("there is a year ago, of which the lines have eight days")
	}
}

func TestCohortsOfTheRealFile(t *testing.T) {
	s := realFile(t)
	var customers []int64
	var amounts []int64
	for _, c := range s.Cohorts() {
		if c.Month == "2011-01" {
			customers, amounts = append(customers, c.Customers), append(amounts, c.Amount)
		}
		equal(t, c.Month+" censored", c.Censored, c.Month == "2010-12")
	}
	for i, want := range []int64{414, 89, 111, 95} {
		equal(t, "customers of 2011-01", customers[i], want)
	}
	equal(t, "revenue", amounts[0], 1_879_485_000)
	equal(t, "revenue a month later", amounts[1], 521_528_500)
	equal(t, "months", len(customers), 12)
}

// The vectors of DuMouchel's posterior at his starting values, computed by hand with other tools.
func TestPosterior(t *testing.T) {
	p := explore.Prior{A1: .2, B1: .1, A2: 2, B2: 4, P: 1.0 / 3}
	for _, v := range []struct {
		n              int64
		e, q, mean, lo float64
	}{{5, 1, .902430, 3.811185, 1.237836}, {20, 4, .998257, 4.800529, 3.261758}} {
		q, mean, low := p.Posterior(v.n, v.e)
		near(t, "Q", q, v.q, 5e-7)
		near(t, "EBGM", mean, v.mean, 5e-7)
		near(t, "EB05", low, v.lo, 5e-7)
	}
}

// (10, 2, 5) → (12, 1.5, 8): the product goes from 100 to 144.
func TestDecompose(t *testing.T) {
	parts := explore.Decompose([]float64{10, 2, 5}, []float64{12, 1.5, 8})
	total := 0.0
	for i, want := range []float64{22, -34.713424, 56.713424} {
		near(t, "contribution", parts[i], want, 5e-7)
		total += parts[i]
	}
	near(t, "their sum", total, 44, 1e-9)
	if math.IsNaN(total) {
		t.Error("no number")
	}
}
