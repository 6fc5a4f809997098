package feature_test

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// testData is the folder of the real file; without it tests that need it are skipped.
var testData = os.Getenv("CLIENTELE_TESTDATA")

func build(tb testing.TB, lines *retail.Lines, rules retail.Rules, w retail.Window) *feature.Table {
	tb.Helper()
	lines.Cut(w)
	kept, err := rules.Apply(lines)
	if err != nil {
		tb.Fatal(err)
	}
	return feature.Build(kept.Kept, w)
}

func window(tb testing.TB, asOf, length string) retail.Window {
	tb.Helper()
	d, err := calendar.ParseDate(asOf)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := retail.ParseWindow(d, length)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// One customer by hand, as of Wednesday 2011-03-02, window 95: three full blocks.
func TestBuildByHand(t *testing.T) {
	lines := retailtest.Lines(t, retailtest.CSV(t, `
1,22,X,10,2010-11-28 12:00,1,7,UK
2,22,X,2,2010-12-02 10:00,10,7,UK
2,23,X,4,2010-12-03 10:00,5,7,EIRE
3,22a,X,1,2011-01-30 08:59,30,7,UK
4,22,X,3,2011-02-01 17:00,5,7,EIRE
5,24,X,1,2011-02-01 09:00,5,7,EIRE
c6,24,X,-3,2011-02-02 09:00,4,7,EIRE
c6,24,X,-1,2011-02-02 09:00,5,7,EIRE
C7,99,X,-1,2011-02-03 09:00,6,7,EIRE
C8,99,X,-1,2011-02-03 09:00,6,8,EIRE`))
	table := build(t, lines, retail.DefaultRules(), window(t, "2011-03-02", "95")) // from 2010-11-27
	// Kept: invoices 1, 2 (2 December), 3 and 4. c6 takes back the one unit of invoice 5: of the two c6 lines the cheaper
	// comes first. So the sale of 24 leaves.
	want := map[string]any{
		"customer": "7", "recency": int64(29), "frequency": int64(4), "monetary": int64(950_000),
		"average_invoice": 95.0 / 4, "units": int64(20_000), "lines": int64(5), "products": int64(3), "lines_per_invoice": 5.0 / 4,
		"tenure":   int64(94),
		"gap_mean": (4.0 + 59 + 2) / 3, // 28 November, 2 December, 30 January, 1 February
		// Deviations from 65/3 in thirds: −53, 112, −59; squares 2809 + 12544 + 3481 = 18834 ninths; over n − 1 = 2.
		"gap_sd": math.Sqrt(18834.0 / 9 / 2),
		// Blocks: 31 January to 1 March 15; 1 to 30 January 30; 2 to 31 December 40; November is older than the oldest full
		// one and left out, but she was a customer: forward 40, 30, 15.
		"monthly_mean": 85.0 / 3, "monthly_sd": math.Sqrt((35.0*35 + 5*5 + 40*40) / 9 / 2), "monthly_slope": -12.5,
		// B = 3×4 + 1×5 + 1×6 = 23, over c6 and C7.
		"return_value_rate": 23.0 / (95 + 23), "return_count_rate": 2.0 / 6,
		"weekend_share": 2.0 / 4, // Sundays 28 November and 30 January
		"office_share":  1.0 / 4, // 2 December at 10:00; 17:00 is after hours
		"country":       "UK",    // 10 + 20 + 30 against 20 + 15
		"median_units":  3.0,     // of 10, 2, 4, 1, 3
		// 22 on 28 November, 2 December and 1 February; 23 belongs to invoice 2, so to 2 December alone.
		"rebought_share": 1.0 / 3,
	}
	f := table.Frame()
	if f.Rows() != 1 {
		t.Fatalf("%d customers, want 1: 8 has returns only", f.Rows())
	}
	got := map[string]any{}
	for _, c := range f.Columns {
		switch c.Kind {
		case frame.Text:
			got[c.Name] = c.Strings[0]
		case frame.Float:
			got[c.Name] = c.Floats[0]
		default:
			got[c.Name] = c.Ints[0]
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-14, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Too few dates and blocks are null; a customer whose purchases are all older than the oldest full block has zeros.
func TestBuildNulls(t *testing.T) {
	csv := `
1,22,X,1,2011-01-03 10:00,1,7,UK
2,22,X,1,2011-01-03 11:00,1,7,UK`
	for _, c := range []struct {
		name, asOf, length string
		mean, sd, slope    float64
	}{
		{"one block", "2011-01-10", "all", 2, math.NaN(), math.NaN()},
		{"no full block", "2011-01-10", "29", 0, math.NaN(), math.NaN()},
		{"older than the oldest full block", "2011-03-10", "70", 0, 0, 0}, // 2 full blocks, from 9 January
		{"two blocks", "2011-02-05", "all", 1, math.Sqrt2, -2},            // 2, then 0
	} {
		table := build(t, retailtest.Lines(t, retailtest.CSV(t, csv)), retail.DefaultRules(), window(t, c.asOf, c.length))
		got := []float64{table.MonthlyMean[0], table.MonthlySD[0], table.MonthlySlope[0], table.GapMean[0], table.GapSD[0]}
		want := []float64{c.mean, c.sd, c.slope, math.NaN(), math.NaN()}
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-15, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Of countries with equal revenue the first in byte order wins.
func TestBuildCountryTie(t *testing.T) {
	table := build(t, retailtest.Lines(t, retailtest.CSV(t, `
1,22,X,1,2011-01-03 10:00,1,7,b
2,22,X,1,2011-01-03 11:00,1,7,Z
3,22,X,1,2011-01-03 11:00,1,7,a`)), retail.DefaultRules(), window(t, "2011-01-04", "all"))
	if table.Country[0] != "Z" {
		t.Errorf("country %q, want Z", table.Country[0])
	}
}

func TestBuildNothing(t *testing.T) {
	for _, csv := range []string{"", "1,22,X,1,2011-01-03 10:00,1,,UK"} {
		rules := retail.DefaultRules()
		rules.Switch(retail.RuleGuest, false) // a guest is kept and has no row
		table := build(t, retailtest.Lines(t, retailtest.CSV(t, csv)), rules, window(t, "2011-01-04", "all"))
		f := table.Frame()
		if diff := cmp.Diff(feature.Specs, f.Specs()); f.Rows() != 0 || diff != "" {
			t.Errorf("%q: %d rows, columns (-want +got):\n%s", csv, f.Rows(), diff)
		}
	}
}

// On small random shops the table is that of the plain reference, and any order of lines gives the same bits.
func TestBuildIsReference(t *testing.T) {
	_, day := asOf()
	rapid.Check(t, func(rt *rapid.T) {
		lines := retailtest.Draw(rt)
		days := rapid.SampledFrom([]string{"all", "29", "60", "155", "365"}).Draw(rt, "window")
		w := window(t, retailtest.AsOf, days)
		rules := retail.DefaultRules()
		rules.Switch(retail.RuleDuplicate, rapid.Bool().Draw(rt, "duplicate"))
		rules.Switch(retail.RuleMatched, rapid.Bool().Draw(rt, "matched"))
		rules.Switch(retail.RuleUnmatched, rapid.Bool().Draw(rt, "unmatched"))

		inside := slices.DeleteFunc(slices.Clone(lines), func(l retailtest.Line) bool {
			return !w.Contains(calendar.DateOf(l.Micros()))
		})
		want := reference(retailtest.Apply(inside, rules), day, w.Days)
		got := build(t, retailtest.Lines(t, lines), rules, w).Frame()
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-12, 1e-12)); diff != "" {
			rt.Errorf("(-want +got):\n%s", diff)
		}
		if len(lines) > 1 {
			lines = rapid.Permutation(lines).Draw(rt, "order")
		}
		again := build(t, retailtest.Lines(t, lines), rules, w).Frame()
		if got.Hash() != again.Hash() {
			rt.Errorf("another order of lines gives another table")
		}
	})
}

// Published by independent tools for UCI Online Retail, set A, as of 2011-12-10: RFM in calendar days.
func TestRealRFM(t *testing.T) {
	rules := retail.DefaultRules()
	if err := rules.Set("-adjustment,-non_product,-quantity,-cancellation_matched"); err != nil {
		t.Fatal(err)
	}
	table := build(t, retailtest.Real(t, testData), rules, window(t, "2011-12-10", "all"))
	type stats struct{ Mean, Q1, Median, Q3, Max float64 }
	for _, c := range []struct {
		name   string
		values []int64
		scale  float64
		want   stats
	}{
		{"recency", table.Recency, 1, stats{93.06, 18, 51, 142.75, 374}},
		{"frequency", table.Frequency, 1, stats{4.27, 1, 2, 5, 209}},
		{"monetary", table.Monetary, money.Scale, stats{2054.27, 307.415, 674.485, 1661.74, 280206.02}},
	} {
		v := make([]float64, len(c.values))
		for i, x := range c.values {
			v[i] = float64(x) / c.scale
		}
		slices.Sort(v)
		got := stats{mean(v), quantile(v, 0.25), quantile(v, 0.5), quantile(v, 0.75), v[len(v)-1]}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 0.005)); diff != "" { // published to two decimals
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if c.name == "recency" && math.Abs(deviation(v)-100.01) > 0.005 {
			t.Errorf("recency: deviation %v, want 100.01", deviation(v))
		}
	}
	once := 0
	for _, f := range table.Frequency {
		if f == 1 {
			once++
		}
	}
	if table.Len() != 4_338 || once != 1_493 {
		t.Errorf("%d customers, %d of one invoice; want 4338 and 1493", table.Len(), once)
	}
}

// quantile interpolates as R's type 7 does; v is sorted.
func quantile(v []float64, p float64) float64 {
	at := float64(len(v)-1) * p
	i := int(at)
	return v[i] + (at-float64(i))*(v[min(i+1, len(v)-1)]-v[i])
}

// Published by independent tools: the average invoice value over the defaults' customers.
func TestRealAverageInvoice(t *testing.T) {
	table := build(t, retailtest.Real(t, testData), retail.DefaultRules(), window(t, "2011-12-10", "all"))
	var revenue, invoices int64
	for i := range table.Len() {
		revenue += table.Monetary[i]
		invoices += table.Frequency[i]
	}
	aiv := money.Amount(revenue).Float() / float64(invoices)
	if table.Len() != 4_323 || invoices != 18_271 || math.Abs(aiv-454.78) > 0.005 {
		t.Errorf("%d customers, %d invoices, average %v; want 4323, 18271, 454.78", table.Len(), invoices, aiv)
	}
}

func BenchmarkReal(b *testing.B) {
	batches := retailtest.RealBatches(b, testData)
	w := window(b, "2011-12-10", "all")
	b.Run("append, rules, matching, features", func(b *testing.B) {
		for b.Loop() {
			build(b, retailtest.Join(b, batches), retail.DefaultRules(), w)
		}
	})
	kept, err := retail.DefaultRules().Apply(retailtest.Join(b, batches))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("features", func(b *testing.B) {
		for b.Loop() {
			feature.Build(kept.Kept, w)
		}
	})
}
