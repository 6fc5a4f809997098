package recommend

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/recommend"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

func config(t testing.TB) Config {
	return Config{
		Common:      task.Common{Root: "mem://" + t.Name(), Name: "buyers", Pipeline: "test", RunID: "r", AsOf: "2011-12-10"},
		MaxProducts: 10_000, SoldWithin: 60,
	}
}

func deps(t testing.TB) task.Deps {
	return task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

func home(t testing.TB, c Config) *run.Home {
	t.Helper()
	h, err := work.Open(t.Context(), c.Common, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// sale is a line of the sales table, so many days before the as-of date.
type sale struct {
	customer, invoice, code string
	ago                     int
}

// upstream writes what preprocess and score leave.
func upstream(t testing.TB, c Config, sales []sale) {
	t.Helper()
	f := frame.New(contract.Sales.Columns, len(sales))
	buyers := map[string]bool{}
	for i, s := range sales {
		f.Strings("customer")[i], f.Strings("invoice")[i], f.Strings("code")[i] = s.customer, s.invoice, s.code
		f.Ints("time")[i] = (c.Run().AsOf - calendar.Date(s.ago)).Start()
		f.Ints("quantity")[i], f.Ints("price")[i], f.Ints("amount")[i] = 1000, 1_000_000, 10_000
		buyers[s.customer] = true
	}
	f.SortByText("customer")
	put(t, c, contract.Preprocess, contract.Sales, f, contract.PreprocessResult{AsOf: c.Run().AsOf, Lines: int64(len(sales))})
	scored(t, c, slices.Collect(maps.Keys(buyers)))
}

// scored writes what score leaves: every customer in one segment.
func scored(t testing.TB, c Config, customers []string) {
	t.Helper()
	a := frame.New(contract.Assignments.Columns, len(customers))
	copy(a.Strings("customer"), customers)
	for i := range customers {
		a.Strings("segment")[i] = "seg-0001"
	}
	a.SortByText("customer")
	put(t, c, contract.Score, contract.Assignments, a, contract.ScoreResult{Customers: int64(a.Rows())})
}

func put(t testing.TB, c Config, step string, schema frame.Schema, f *frame.Frame, result any) {
	t.Helper()
	s, err := home(t, c).Begin(t.Context(), c.Run(), step, contract.Inputs{Refs: map[string]string{"test": f.Hash()}, Code: "test"})
	if err == nil {
		err = s.PutFrame(t.Context(), schema, f, table.Options{})
	}
	if err == nil {
		_, err = s.Commit(t.Context(), result)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustRun(t testing.TB, c Config) contract.RecommendResult {
	t.Helper()
	r, err := Run(t.Context(), c, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// made returns a table of the step, checked for undefined numbers in columns that have no null.
func made(t testing.TB, c Config, schema frame.Schema) *frame.Frame {
	t.Helper()
	h := home(t, c)
	m, err := h.Current(t.Context(), c.Run(), contract.Recommend)
	if err != nil {
		t.Fatal(err)
	}
	f, err := h.ReadTable(t.Context(), m, schema, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Columns {
		for _, v := range f.Columns[i].Floats {
			if math.IsInf(v, 0) || math.IsNaN(v) && !f.Columns[i].Nullable {
				t.Fatalf("%s.%s is %v", schema.Name, f.Columns[i].Name, v)
			}
		}
	}
	return f
}

// shop is of 200 customers and 30 products; P00 is bought with P01, P02 with P03, and so on.
func shop() (sales []sale) {
	r := rand.New(rand.NewPCG(1, 1))
	for c := range 200 {
		for v := range 4 + r.IntN(6) {
			ago := 1 + r.IntN(300)
			for range 1 + r.IntN(3) {
				i := r.IntN(15) * 2
				sales = append(sales, sale{fmt.Sprint("customer ", c), fmt.Sprint(c, "-", v), fmt.Sprintf("P%02d", i), ago})
				if r.IntN(10) < 7 {
					sales = append(sales, sale{fmt.Sprint("customer ", c), fmt.Sprint(c, "-", v), fmt.Sprintf("P%02d", i+1), ago})
				}
			}
		}
	}
	return sales
}

func TestLists(t *testing.T) {
	c := config(t)
	upstream(t, c, shop())
	r := mustRun(t, c)
	if r.Cut.String() != "2011-11-10" || r.Listed != 200 || r.Judged < 50 || len(r.Methods) != 8 || len(r.Baskets) != 6 || r.Candidates != 30 {
		t.Errorf("result %+v", r)
	}
	text, err := json.Marshal(r)
	if err != nil || len(text) > contract.ResultLimit || strings.Contains(string(text), "customer 1") {
		t.Errorf("the result has %d bytes, %v: %s", len(text), err, text)
	}
	pairs := made(t, c, contract.Pairs)
	first := map[string]string{}
	for i, code := range pairs.Strings("code") {
		if pairs.Ints("rank")[i] == 1 {
			first[code] = pairs.Strings("with")[i]
		}
		want := fmt.Sprintf("bought together in %d of %d baskets", pairs.Ints("both")[i], pairs.Ints("invoices")[i])
		if pairs.Strings("evidence")[i] != want || pairs.Ints("both")[i] < 5 {
			t.Fatalf("row %d: %s", i, pairs.Strings("evidence")[i])
		}
	}
	for i := range 15 {
		if a, b := fmt.Sprintf("P%02d", 2*i), fmt.Sprintf("P%02d", 2*i+1); first[a] != b || first[b] != a {
			t.Errorf("%s goes with %s, %s with %s", a, first[a], b, first[b])
		}
	}
	f := made(t, c, contract.Suggestions)
	kinds := map[string]int{}
	for i, kind := range f.Strings("kind") {
		kinds[kind]++
		if f.Strings("evidence")[i] == "" || f.Ints("rests_on")[i] >= c.Run().AsOf.Start() || (kind == recommend.Popular) != (f.Strings("customer")[i] == "") {
			t.Fatalf("row %d of %s: %q", i, kind, f.Strings("evidence")[i])
		}
		counts := fmt.Sprintf("%.0f of %.0f ", f.Floats("both")[i], f.Floats("out_of")[i])
		if because := f.Strings("because")[i]; because != "" && !strings.Contains(f.Strings("evidence")[i], counts) || because == "" && counts != "NaN of NaN " {
			t.Fatalf("row %d of %s, because of %q: %sagainst %q", i, kind, because, counts, f.Strings("evidence")[i])
		}
	}
	if kinds[recommend.Popular] != 10 || kinds[recommend.ForYou] == 0 || kinds[recommend.Together] == 0 || kinds[recommend.Again] == 0 {
		t.Errorf("entries %v", kinds)
	}
	if served := made(t, c, contract.Methods); served.Rows() != 14 {
		t.Errorf("%d methods", served.Rows())
	}
	if again := mustRun(t, c); !cmp.Equal(again, r) {
		t.Errorf("again: %s", cmp.Diff(again, r))
	}
}

// Files of codes take effect and are part of the key by their content.
func TestFilters(t *testing.T) {
	c := config(t)
	upstream(t, c, shop())
	before := mustRun(t, c)
	file := filepath.Join(t.TempDir(), "codes.txt")
	if err := os.WriteFile(file, []byte("# sold out\np00\r\n P02 \n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Exclude = file
	r := mustRun(t, c)
	if r.Products != before.Products-2 || r.Judged != before.Judged {
		t.Errorf("%d products of %d", r.Products, before.Products)
	}
	for _, code := range made(t, c, contract.Suggestions).Strings("code") {
		if code == "P00" || code == "P02" {
			t.Fatalf("%s is excluded", code)
		}
	}
	c.Exclude, c.Include = "", file
	mustRun(t, c)
	for _, code := range made(t, c, contract.Suggestions).Strings("code") {
		if code != "P00" && code != "P02" {
			t.Fatalf("%s is not included", code)
		}
	}
	c.Include = filepath.Join(t.TempDir(), "missing.txt")
	if _, err := Run(t.Context(), c, deps(t)); err == nil || !strings.Contains(err.Error(), "--include-products") {
		t.Errorf("a missing file: %v", err)
	}
}

// Two MiB hold the tables, and not two matrices of 400 products.
func TestTooLittleMemory(t *testing.T) {
	d := deps(t)
	d.Memory = 2 << 20
	c, many := config(t), shop()
	for i := range many {
		many[i].code = fmt.Sprint(many[i].code, i%14)
	}
	upstream(t, c, many)
	if _, err := Run(t.Context(), c, d); fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), "--max-products") {
		t.Errorf("%v, want exit code 78 and what to do", err)
	}
	c = config(t)
	upstream(t, c, shop())
	c.MaxProducts = 5
	if r, err := Run(t.Context(), c, d); err != nil || r.Chosen.Method != recommend.Jaccard {
		t.Errorf("%+v, %v", r.Chosen, err)
	}
}

func TestShopsWithLittle(t *testing.T) {
	var noCodes []sale
	for _, s := range shop() {
		s.code = ""
		noCodes = append(noCodes, s)
	}
	for name, sales := range map[string][]sale{
		"no codes": noCodes, "one line": {{"a", "1", "P1", 3}}, "nobody": nil,
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			upstream(t, c, sales)
			r := mustRun(t, c)
			if r.Served.Method != recommend.Pop60 || len(r.Statements) == 0 || r.Why == "" {
				t.Errorf("result %+v", r)
			}
			for _, schema := range []frame.Schema{contract.Suggestions, contract.Pairs, contract.Methods} {
				made(t, c, schema)
			}
		})
	}
}

func TestConfigReportsEveryProblem(t *testing.T) {
	c := Config{Common: task.Common{Root: "mem://x", Name: "buyers", Pipeline: "p", RunID: "r", AsOf: "2011-12-10"}, MaxProducts: -1, SoldWithin: -1,
		Exclude: "ftp://shop/codes.txt"}
	err := c.Validate()
	for _, flag := range []string{"--max-products", "--sold-within", "--exclude-products"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v says nothing of %s", err, flag)
		}
	}
	if err := config(t).Validate(); err != nil {
		t.Error(err)
	}
}
