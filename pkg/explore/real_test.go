package explore_test

import (
	"math"
	"os"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// The facts in these tests were measured on UCI Online Retail, all lines before 2011-12-10 by the default rules, with other
// tools than this project.

// testData is the folder of the real file; without it tests that need it are skipped.
var testData = os.Getenv("CLIENTELE_TESTDATA")

// columns are those of the sales table that explore reads.
var columns = []frame.Spec{
	{Name: "customer", Kind: frame.Text}, {Name: "invoice", Kind: frame.Text}, {Name: "code", Kind: frame.Text},
	{Name: "time", Kind: frame.Time}, {Name: "quantity", Kind: frame.Quantity}, {Name: "price", Kind: frame.Price},
	{Name: "amount", Kind: frame.Money}, {Name: "country", Kind: frame.Text}, {Name: "region", Kind: frame.Text},
}

func day(tb testing.TB, text string) calendar.Date {
	tb.Helper()
	d, err := calendar.ParseDate(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

var (
	realOnce sync.Once
	realShop *explore.Shop
)

// realFile is the shop of the real file.
func realFile(tb testing.TB) *explore.Shop {
	tb.Helper()
	lines := retailtest.Real(tb, testData)
	realOnce.Do(func() {
		window := retail.Window{AsOf: day(tb, "2011-12-10")}
		lines.Cut(window)
		kept, err := retail.DefaultRules().Apply(lines)
		if err != nil {
			tb.Fatal(err)
		}
		realShop = explore.New(salesOf(kept), explore.Options{AsOf: window.AsOf})
	})
	return realShop
}

// salesOf is the sales table of kept lines.
func salesOf(kept *retail.Outcome) *frame.Frame {
	f := frame.New(columns, kept.NumRows())
	at := 0
	for id := range uint32(kept.NumCustomers()) {
		for _, r := range kept.Rows(id) {
			f.Strings("customer")[at] = kept.Customers.String(id)
			f.Strings("invoice")[at] = kept.Invoices.String(r.Invoice)
			f.Strings("code")[at] = kept.Codes.String(r.Code)
			f.Strings("country")[at] = kept.Countries.String(r.Country)
			f.Ints("time")[at], f.Ints("quantity")[at] = r.Time, int64(r.Quantity)
			f.Ints("price")[at], f.Ints("amount")[at] = int64(r.Price), int64(r.Amount)
			at++
		}
	}
	return f
}

func near(tb testing.TB, what string, got, want, tolerance float64) {
	tb.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		tb.Errorf("%s is %v, want %v ± %v", what, got, want, tolerance)
	}
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestNatureOfTheRealFile(t *testing.T) {
	s := realFile(t)
	n := s.Nature(explore.DefaultRule())
	equal(t, "lines", len(s.Lines), 393_444)
	equal(t, "codes with a pack", n.OwnPacks, 2_333)
	equal(t, "codes with a carton", n.OwnCarton, 1_035)
	near(t, "a pack's worth", n.PackWorth, 14.94, 0.005)
	near(t, "a carton's worth", n.CartonWorth, 81.60, 0.005)

	packs, cartons := map[int64]int{}, map[int64]int{}
	of := map[string]explore.Code{}
	var ratios []float64
	for i, c := range n.Codes {
		of[s.Codes[i]] = c
		if c.PackSource == explore.Own {
			packs[c.Pack/1000]++
		}
		if c.CartonSource == explore.Own {
			cartons[c.Carton/1000]++
			ratios = append(ratios, c.From/c.Below)
		}
	}
	for quantity, want := range map[int64]int{6: 670, 12: 592, 4: 335} {
		equal(t, "codes with that pack", packs[quantity], want)
	}
	for quantity, want := range map[int64]int{48: 116, 24: 90, 12: 84} {
		equal(t, "codes with that carton", cartons[quantity], want)
	}
	near(t, "median fall of the price", explore.Median(ratios), 0.8543, 0.00005)
	for code, want := range map[string][2]int64{"85123A": {6, 31}, "22423": {6, 15}, "84077": {48, 1008}} {
		equal(t, code, [2]int64{of[code].Pack / 1000, of[code].Carton / 1000}, want)
	}

	for class, want := range []struct {
		lines, invoices, customers int64
		line, invoice, customer    float64 // shares of money
		weekend                    float64
	}{
		{166_673, 3_373, 755, .1147, .0969, .0864, .232},
		{205_114, 11_563, 3_294, .4867, .5063, .5609, .103},
		{21_657, 3_335, 274, .3985, .3968, .3527, .072},
	} {
		got := n.Totals[class]
		name := explore.Classes[class]
		equal(t, name+" lines", got.Lines, want.lines)
		equal(t, name+" invoices", got.Invoices, want.invoices)
		equal(t, name+" customers", got.Customers, want.customers)
		const all = 8_309_328.59 * 1e4 // the ledger's kept revenue
		near(t, name+" lines' money", float64(got.LineAmount)/all, want.line, 0.00005)
		near(t, name+" invoices' money", float64(got.InvoiceAmount)/all, want.invoice, 0.00005)
		near(t, name+" customers' money", float64(got.CustomerAmount)/all, want.customer, 0.00005)
		near(t, name+" weekend share", float64(got.WeekendInvoices)/float64(got.CustomerInvoices), want.weekend, 0.0005)
	}

	changes := map[string]int64{}
	money := map[string]float64{}
	for _, v := range n.Variants {
		changes[v.Name] = v.Customers
		money[v.Name] = float64(v.Amount) / 8_309_328.59 / 1e4
	}
	for name, want := range map[string]int64{
		"spike ratio 2": 80, "spike ratio 4": 60, "carton score 0.90": 7, "cartons × 0.75": 30, "cartons × 1.25": 157, "packs + 1": 2_037,
	} {
		equal(t, "customers who change under "+name, changes[name], want)
	}
	near(t, "money under cartons × 1.25", money["cartons × 1.25"], .111, 0.0005)
	near(t, "money under packs + 1", money["packs + 1"], .299, 0.0005)
	equal(t, "cut", n.Halves.Cut.String(), "2011-06-10")
	equal(t, "customers in both halves", n.Halves.Customers, 1_939)
	near(t, "kappa", n.Halves.Kappa, .642, 0.005)
}
