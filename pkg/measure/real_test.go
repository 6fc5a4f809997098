package measure

import (
	"math"
	"os"
	"testing"

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

// invoices are those of every customer of UCI Online Retail.
func invoices(tb testing.TB) ([][]invoice.Invoice, []string) {
	book := invoicetest.Real(tb, os.Getenv("CLIENTELE_TESTDATA"))
	all := make([][]invoice.Invoice, len(book.Customers))
	for c := range all {
		all[c] = book.Of(c)
	}
	return all, book.Customers
}

// The 90 days before 2011-12-10 as if a campaign had started then; measured with numpy and scipy, independently of this project.
func TestReal(t *testing.T) {
	all, names := invoices(t)
	period := Last(90, invoicetest.AsOf)
	below := 0
	for _, name := range names {
		if Hash("spring", name) < .5 {
			below++
		}
	}
	if below != 2142 || len(names) != 4323 {
		t.Errorf("%d of %d customers are below .5", below, len(names))
	}
	for _, c := range []struct{ quantile, limit, mde, r2, adjusted, aa, plain, target float64 }{
		{1, Uncapped, .3412, .700, .1870, .047, .078, .1},
		{.99, 3163.59, .1966, .621, .1211, .048, math.NaN(), math.NaN()},
		{.95, 1105.10, .1088, .560, .0722, .053, math.NaN(), .0798},
	} {
		limit := Cap(all, period.Start, c.quantile)
		if c.quantile < 1 {
			near(t, "cap", limit, c.limit, .005)
		}
		people, in := People(all, period, limit)
		for i := range in {
			if !in[i] {
				t.Fatal("everyone has bought by the end")
			}
		}
		p := NewPlan(people, .5)
		if p.Customers != 4323 || p.Buyers != 2876 {
			t.Errorf("%d customers, %d buyers", p.Customers, p.Buyers)
		}
		if c.quantile == 1 {
			near(t, "average invoice", p.Average, 482.49, .005)
		}
		near(t, "MDE", p.MDE, c.mde, .0005)
		near(t, "R²", p.R2, c.r2, .0005)
		near(t, "MDE with covariates", p.Adjusted, c.adjusted, .0005)
		if !math.IsNaN(c.target) {
			near(t, "target", Through(Values(all, period), .1, limit), c.target, .00005)
		}
		aa := NewAA(people, 2000, 1)
		near(t, "A/A", float64(aa.Rejected)/float64(aa.Splits), c.aa, .012)
		if !math.IsNaN(c.plain) {
			near(t, "A/A without covariates", float64(aa.Plain)/float64(aa.Splits), c.plain, .012)
		}
		t.Logf("%v: %+v %+v", c.quantile, p, aa)
	}
}

func BenchmarkAA(b *testing.B) {
	all, _ := invoices(b)
	period := Last(90, invoicetest.AsOf)
	people, _ := People(all, period, Cap(all, period.Start, .95))
	b.ResetTimer()
	for b.Loop() {
		NewAA(people, 2000, 1)
	}
}
