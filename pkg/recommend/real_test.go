package recommend

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// testData is the folder of the real file; without it tests that need it are skipped.
var testData = os.Getenv("CLIENTELE_TESTDATA")

// asOfReal is 2011-12-10, so that the cut is 2011-11-10.
const asOfReal = 15318

// realLines are the kept sale lines of UCI Online Retail before 2011-12-10, by the default rules with changes.
func realLines(tb testing.TB, changes string) []Line {
	tb.Helper()
	rules := retail.DefaultRules()
	if err := rules.Set(changes); err != nil {
		tb.Fatal(err)
	}
	lines := retailtest.Real(tb, testData)
	lines.Cut(retail.Window{AsOf: asOfReal})
	if err := lines.Seal(); err != nil {
		tb.Fatal(err)
	}
	kept, err := rules.Apply(lines)
	if err != nil {
		tb.Fatal(err)
	}
	var all []Line
	for id := range uint32(kept.NumCustomers()) {
		for _, r := range kept.Rows(id) {
			all = append(all, Line{kept.Customers.String(id), kept.Invoices.String(r.Invoice), kept.Codes.String(r.Code), int32(calendar.DateOf(r.Time))})
		}
	}
	return all
}

// The numbers were measured with other tools than this project's, at the cut 2011-11-10: hit rates to 0.002, NDCG to 0.001.
func TestFactsOfTheRealFile(t *testing.T) {
	if testing.Short() {
		t.Skip("nine matrices of 3,000 products are inverted")
	}
	e := Evaluate(NewHistory(realLines(t, "")), asOfReal, Options{MaxProducts: 10_000, Seed: 1})
	if e.Cut != asOfReal-30 || e.Customers != 4072 || e.Candidates != 3063 || e.Pairs != 229_394 || e.Judged != 1257 {
		t.Errorf("cut %v, %d customers, %d candidates, %d pairs, %d judged", calendar.Date(e.Cut), e.Customers, e.Candidates, e.Pairs, e.Judged)
	}
	within := func(what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s is %.5f, want %.5f within %g", what, got, want, tolerance)
		}
	}
	within("unreachable", e.Unreachable, .0270, .00005)
	if want := (Served{EASEPop, 200, .25}); e.Chosen != want || e.Served != want {
		t.Errorf("chosen %+v, served %+v, want %+v", e.Chosen, e.Served, want)
	}
	methods := map[string]Method{}
	for _, m := range e.Methods {
		methods[m.Method] = m
	}
	for name, w := range map[string][5]float64{
		Popularity: {.0804, .2307, .0205, .0348, .023}, Pop60: {.1846, .3572, .0368, .0693, .015},
		Cosine: {.1742, .3309, .0479, .0709, .233}, Jaccard: {.1877, .3596, .0518, .0800, .284},
		EASE: {.2315, .4686, .0675, .1004, .363}, EASEPop: {.2562, .4869, .0709, .1077, .267},
	} {
		m := methods[name]
		within(name+" HR@3", m.HR3.Value, w[0], .002)
		within(name+" HR@10", m.HR10.Value, w[1], .002)
		within(name+" recall@10", m.Recall10.Value, w[2], .002)
		within(name+" NDCG@10", m.NDCG10.Value, w[3], .001)
		within(name+" coverage@10", m.Coverage, w[4], .001)
	}
	g := methods[EASEPop].Gain
	within("gain", g.Value, .0385, .001)
	within("its lower limit", g.Low, .029, .0015)
	within("its upper limit", g.High, .048, .0015)
	if e.Trained != 15_608 || e.BasketTests != 2460 {
		t.Errorf("%d baskets before, %d completed", e.Trained, e.BasketTests)
	}
	want := map[string]float64{Popularity: .0322, Pop60: .0538, Lift: .0894, Jaccard: .2852, JaccardMax: .2912, EASE: .3251}
	for _, b := range e.Baskets {
		within("baskets, "+b.Method, b.HR10, want[b.Method], .002)
		delete(want, b.Method)
	}
	if len(want) > 0 {
		t.Errorf("not judged on baskets: %v", want)
	}
	if e.Again.Customers != 1276 {
		t.Errorf("%d buy again", e.Again.Customers)
	}
	within("buy again HR@3", e.Again.HR3, .6254, .002)
	within("buy again HR@10", e.Again.HR10, .8519, .002)
	within("latest first HR@3", e.Again.Latest3, .5008, .002)
	within("latest first HR@10", e.Again.Latest10, .7970, .002)
}

// Published and reproduced elsewhere: the teacups 22697 and 22699 are in 541 of 691 and 780 of the 17,081 baskets of two products
// or more, confidence 0.7829, lift 17.145. The lines are products to customers, not cancelled, of positive quantity and price.
func TestTeacups(t *testing.T) {
	h := NewHistory(realLines(t, "-adjustment,-quantity,-cancellation_matched"))
	var lists [][]int32
	for _, in := range h.invoices {
		if len(in.codes) >= 2 {
			lists = append(lists, in.codes)
		}
	}
	if len(lists) != 17_081 {
		t.Errorf("%d baskets", len(lists))
	}
	g := gramOf(lists, len(h.Codes))
	green, _ := slices.BinarySearch(h.Codes, "22697")
	roses, _ := slices.BinarySearch(h.Codes, "22699")
	n, m, both := g.row(green)[green], g.row(roses)[roses], g.row(green)[roses]
	if n != 691 || m != 780 || both != 541 {
		t.Errorf("%v and %v baskets, %v with both", n, m, both)
	}
	near(t, "Jaccard", both/(n+m-both), 541./(691+780-541))
	if confidence := both / n; math.Abs(confidence-.7829) > .00005 || math.Abs(confidence*float64(len(lists))/m-17.145) > .0005 {
		t.Errorf("confidence %v, lift %v", confidence, confidence*float64(len(lists))/m)
	}
}

// BenchmarkReal is the whole step's arithmetic on the real file.
func BenchmarkReal(b *testing.B) {
	lines := realLines(b, "")
	for b.Loop() {
		h := NewHistory(lines)
		o := Options{MaxProducts: 10_000, Seed: 1}
		e := Evaluate(h, asOfReal, o)
		serve(h, asOfReal, e.Served, Filter{SoldWithin: Window}, o)
	}
}
