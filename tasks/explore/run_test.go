package explore

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

var asOf = func() calendar.Date { d, _ := calendar.ParseDate("2011-12-10"); return d }()

// sale is a line: days before as-of, quantity in units, price in pence.
type sale struct {
	customer, invoice, code, country string
	ago, quantity                    int
	price                            int64
	region                           string
}

// drawn are purchases of customers in countries, of so many products.
func drawn(customers, countries, products, days int, country func(int) string) []sale {
	rnd := rand.New(rand.NewPCG(1, 1))
	var sales []sale
	for c := range customers {
		for i := range 1 + rnd.IntN(6) {
			ago := 1 + rnd.IntN(days)
			for range 1 + rnd.IntN(5) {
				sales = append(sales, sale{fmt.Sprintf("c%04d", c), fmt.Sprint(c, "-", i), fmt.Sprint("p", rnd.IntN(products)), country(c % countries),
					ago, []int{1, 1, 2, 6, 6, 12}[rnd.IntN(6)], 199, ""})
			}
		}
	}
	return sales
}

func named(i int) string { return fmt.Sprint("country ", i) }

// shop stores what preprocess and score leave of sales, and describes it.
func shop(t *testing.T, sales []sale) (contract.ExploreResult, *run.Home, error) {
	t.Helper()
	c := Config{Common: task.Common{Root: "file://" + t.TempDir(), Name: "segments", Pipeline: "test", RunID: "r", AsOf: asOf.String()},
		PackRatio: 3, PackFloor: .05, CartonScore: .8}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	home, err := work.Open(t.Context(), c.Common, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	f := frame.New(contract.Sales.Columns, len(sales))
	at := map[string]int{}
	var names []string
	for i, s := range sales {
		f.Strings("customer")[i], f.Strings("invoice")[i], f.Strings("code")[i], f.Strings("country")[i] = s.customer, s.invoice, s.code, s.country
		f.Strings("region")[i] = s.region
		f.Ints("time")[i], f.Ints("quantity")[i] = (asOf - calendar.Date(s.ago)).Start(), int64(s.quantity)*money.QuantityScale
		f.Ints("price")[i], f.Ints("amount")[i] = s.price*10_000, int64(s.quantity)*s.price*100
		if _, ok := at[s.customer]; !ok && s.customer != "" {
			at[s.customer] = len(names)
			names = append(names, s.customer)
		}
	}
	customers, assignments := frame.New(contract.Customers.Columns, len(names)), frame.New(contract.Assignments.Columns, len(names))
	copy(customers.Strings("customer"), names)
	copy(assignments.Strings("customer"), names)
	for i := range names {
		assignments.Strings("segment")[i] = []string{"seg-0001", "seg-0002"}[i%2]
	}
	put(t, home, c.Run(), contract.Preprocess, contract.PreprocessResult{AsOf: asOf}, map[string]*frame.Frame{"sales": f, "customers": customers})
	put(t, home, c.Run(), contract.Score, struct{}{}, map[string]*frame.Frame{"assignments": assignments})
	r, err := Run(t.Context(), c, d)
	return r, home, err
}

func put(t *testing.T, home *run.Home, in contract.Run, step string, result any, tables map[string]*frame.Frame) {
	t.Helper()
	s, err := home.Begin(t.Context(), in, step, contract.Inputs{Code: step})
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range []frame.Schema{contract.Sales, contract.Customers, contract.Assignments} {
		if f := tables[schema.Name]; f != nil {
			if err := s.PutFrame(t.Context(), schema, f, table.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Commit(t.Context(), result); err != nil {
		t.Fatal(err)
	}
}

// TestSmallShops: shops of which little can be said are described all the same, and the result says what it cannot show.
func TestSmallShops(t *testing.T) {
	oneInvoice := make([]sale, 0, 200)
	for c := range 200 {
		oneInvoice = append(oneInvoice, sale{fmt.Sprint("c", c), fmt.Sprint(c), "p1", named(c % 4), 1 + c, 1, 250, ""})
	}
	noCodes := drawn(50, 4, 3, 300, named)
	for i := range noCodes {
		noCodes[i].code = ""
	}
	for name, c := range map[string]struct {
		sales []sale
		says  string
	}{
		"one country":              {drawn(60, 1, 10, 300, named), "An index of countries needs at least three of them"},
		"one product":              {drawn(60, 4, 1, 300, named), "Only 1 products have a pack of their own"},
		"30 customers":             {drawn(30, 4, 10, 300, named), "countries have too few customers"},
		"everyone new":             {drawn(60, 4, 10, 20, named), ""},
		"no history":               {drawn(60, 4, 10, 1, named), ""},
		"one invoice per customer": {oneInvoice, "Only 0 products have a carton of their own"},
		"no product codes":         {noCodes, "products have a carton of their own"},
		"a negative total":         {append(drawn(30, 4, 5, 200, named), sale{"minus", "m", "p1", named(1), 5, -3, 199, ""}, sale{"minus", "n", "p1", named(1), 50, 1, 199, ""}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, home, err := shop(t, c.sales)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(r.Statements, "\n"), c.says) {
				t.Errorf("it does not say %q: %q", c.says, r.Statements)
			}
			all := int64(0)
			for _, class := range []contract.NatureClass{r.Nature.Personal, r.Nature.Bulk, r.Nature.Reseller} {
				all += class.Customers
			}
			m, err := home.Current(t.Context(), contract.Run{Pipeline: "test", AsOf: asOf, Slug: contract.Slug("r")}, contract.Explore)
			if err != nil {
				t.Fatal(err)
			}
			natures, err := home.ReadTable(t.Context(), m, contract.CustomerNatures, table.Options{})
			if err != nil || int64(natures.Rows()) != all {
				t.Errorf("%d rows, %d customers have a class: %v", natures.Rows(), all, err)
			}
			if r.Change != nil { // to the penny
				sum := money.Amount(0)
				for _, f := range r.Tree {
					sum += f.Contribution
				}
				if change := r.Change.Now - r.Change.Before; len(r.Tree) > 0 && sum != change || r.Change.New+r.Change.Lost+r.Change.Retained != change {
					t.Errorf("the factors add up to %v, customers to %v, the change is %v", sum, r.Change.New+r.Change.Lost+r.Change.Retained, change)
				}
			}
		})
	}
}

// TestNobody: guests alone are nobody to describe; nothing is left of the step.
func TestNobody(t *testing.T) {
	_, home, err := shop(t, []sale{{"", "1", "p1", "Spain", 3, 1, 100, ""}})
	if fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "there is nobody to describe") {
		t.Errorf("%v", err)
	}
	if _, err := home.Current(t.Context(), contract.Run{Pipeline: "test", AsOf: asOf, Slug: contract.Slug("r")}, contract.Explore); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("there is an output: %v", err)
	}
}

// TestLongNames: the result stays small enough for a scheduler whatever countries and products are called, and says what it leaves out.
func TestLongNames(t *testing.T) {
	sales := drawn(900, 30, 40, 300, func(i int) string { return fmt.Sprint(i, strings.Repeat(" a long way away", 60)) })
	r, _, err := shop(t, sales)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil || len(text) > contract.ResultLimit || len(r.Regions) == 0 || len(r.Regions) == mostRegions {
		t.Errorf("%d bytes, %d countries: %v", len(text), len(r.Regions), err)
	}
	if last := r.Statements[len(r.Statements)-1]; !strings.HasPrefix(last, fmt.Sprintf("Names are long: the result has %d countries", len(r.Regions))) {
		t.Errorf("it says %q", last)
	}
}

func TestThresholds(t *testing.T) {
	fixed, err := parseThresholds(" 85123a=6/32; *=/100 ;")
	if err != nil || spelled(fixed) != "*=/100;85123A=6/32" {
		t.Errorf("%s, %v", spelled(fixed), err)
	}
	for text, want := range map[string]string{
		"85123A":             `want code=pack/carton, not "85123A"`,
		"85123A=6":           `want code=pack/carton, not "85123A=6"`,
		"a=6/32;A=7/33":      "A is there twice",
		"a=0/32":             `want a quantity above 0, not "0"`,
		"a=six/32":           `want a quantity above 0, not "six"`,
		"85123A=32/6":        "the carton of 85123A is smaller than its pack",
		"=6/32":              `want code=pack/carton, not "=6/32"`,
		"85123A=6/32/1;b=/2": `want a quantity above 0, not "32/1"`,
	} {
		if _, err := parseThresholds(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestGaps: shares are of what could have been there.
func TestGaps(t *testing.T) {
	sales := frame.New(contract.Sales.Columns, 4)
	copy(sales.Strings("customer"), []string{"a", "", "b", "a"})
	copy(sales.Strings("code"), []string{"p", "p", "p", "p"})
	in := &contract.IngestResult{
		RowsRead: 10, RowsAccepted: 8, Quarantine: []contract.RuleCount{{Rule: "bad_price", Rows: 2}},
		Missing: []contract.ColumnCount{{Column: "customer", Rows: 6}, {Column: "code"}},
	}
	pre := &contract.PreprocessResult{Ledger: []contract.LedgerRow{{Rule: "input", Lines: 5}, {Rule: "guest", Lines: 1}, {Rule: "kept", Lines: 4}}}
	var empty missing
	empty.add(sales)
	f := gapsFrame(&empty, in, pre)
	var got []string
	for i, kind := range f.Strings("kind") {
		got = append(got, fmt.Sprint(kind, " ", f.Strings("name")[i], " ", f.Ints("lines")[i], " ", f.Floats("share")[i]))
	}
	want := []string{
		"rejected bad_price 2 0.2", "removed guest 1 0.2", "delivered customer 6 0.75", "delivered code 0 0",
		"missing customer 1 0.25", "missing code 0 0", "missing country 4 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
