package predict

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

var asOf = func() calendar.Date { d, _ := calendar.ParseDate("2011-12-10"); return d }()

// sale is a line: customer, days before as-of, money in ten-thousandths.
type sale struct {
	customer string
	ago      int
	amount   int64
}

// drawn are customers at steady rates, over a year.
func drawn(customers int, seed uint64) []sale {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var sales []sale
	for c := range customers {
		gap := 20 + 200*rnd.Float64()
		for ago := 365 * rnd.Float64(); ago >= 1; ago -= 1 + gap*rnd.ExpFloat64() {
			sales = append(sales, sale{fmt.Sprintf("c%04d", c), int(ago), 100_0000 + int64(rnd.IntN(900_0000))})
		}
	}
	return sales
}

// shop stores what preprocess and score leave of sales, in a run of its own, and predicts.
func shop(t *testing.T, root string, sales []sale) (contract.PredictResult, *frame.Frame) {
	t.Helper()
	c := Config{task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: "r", AsOf: asOf.String()}}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	home, err := work.Open(t.Context(), c.Common, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	lines := frame.New(contract.Sales.Columns, len(sales))
	spent, names := map[string]int64{}, []string{}
	for i, s := range sales {
		if _, ok := spent[s.customer]; !ok {
			names = append(names, s.customer)
		}
		spent[s.customer] += s.amount
		lines.Strings("customer")[i], lines.Strings("invoice")[i] = s.customer, fmt.Sprint(s.customer, s.ago)
		lines.Ints("time")[i], lines.Ints("amount")[i] = (asOf - calendar.Date(s.ago)).Start(), s.amount
	}
	customers, assignments := frame.New(contract.Customers.Columns, len(names)), frame.New(contract.Assignments.Columns, len(names))
	for i, name := range names {
		customers.Strings("customer")[i], customers.Ints("monetary")[i] = name, spent[name]
		assignments.Strings("customer")[i], assignments.Strings("segment")[i] = name, []string{"seg-0001", "seg-0002"}[i%2]
	}
	put(t, home, c.Run(), contract.Preprocess, map[string]*frame.Frame{"sales": lines, "customers": customers})
	put(t, home, c.Run(), contract.Score, map[string]*frame.Frame{"assignments": assignments})
	r, err := Run(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	m, err := home.Current(t.Context(), c.Run(), contract.Predict)
	if err != nil {
		t.Fatal(err)
	}
	f, err := home.ReadTable(t.Context(), m, contract.Predictions, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r, f
}

func put(t *testing.T, home *run.Home, in contract.Run, step string, tables map[string]*frame.Frame) {
	t.Helper()
	s, err := home.Begin(t.Context(), in, step, contract.Inputs{Code: step})
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]frame.Schema{"sales": contract.Sales, "customers": contract.Customers, "assignments": contract.Assignments}
	for name, f := range tables {
		if err := s.PutFrame(t.Context(), schemas[name], f, table.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Commit(t.Context(), struct{}{}); err != nil {
		t.Fatal(err)
	}
}

func TestPredict(t *testing.T) {
	r, f := shop(t, "file://"+t.TempDir(), drawn(400, 1))
	if r.Cut.String() != "2011-09-11" || r.Model == nil || r.Served == nil || len(r.Backtest) != 2 || r.Published != contract.MethodNBD {
		t.Fatalf("%+v", r)
	}
	orders, customers := 0.0, int64(0)
	for _, g := range r.Segments {
		orders, customers = orders+*g.Orders, customers+g.Customers
	}
	sum := 0.0
	for i, v := range f.Floats("orders") {
		sum += v
		if p := f.Floats("p_buys")[i]; !(p > 0 && p < 1) || math.Abs(f.Floats("churn_risk")[i]+f.Floats("p_buys_365")[i]-1) > 1e-12 {
			t.Fatalf("row %d: probability %v", i, p)
		}
		if total := f.Column("historic_value").Float(i) + f.Floats("predicted_value")[i]; total != f.Floats("total_value")[i] {
			t.Fatalf("row %d: total %v, want %v", i, f.Floats("total_value")[i], total)
		}
		if f.Strings("next_order")[i] == "" && !strings.Contains(f.Strings("why")[i], "next_order: ") {
			t.Fatalf("row %d: no date and no reason but %q", i, f.Strings("why")[i])
		}
	}
	if math.Abs(sum-orders) > 1e-6 || customers != int64(f.Rows()) {
		t.Errorf("%v orders of %d customers by segment, %v of %d by customer", orders, customers, sum, f.Rows())
	}
}

// Another order of lines, other names, one core: the same numbers.
func TestSameNumbers(t *testing.T) {
	sales := drawn(200, 2)
	want, _ := shop(t, "mem://"+t.Name()+"1", sales)
	renamed := make([]sale, len(sales))
	for i, o := range rand.New(rand.NewPCG(1, 1)).Perm(len(sales)) {
		renamed[i] = sales[o]
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	other, _ := shop(t, "mem://"+t.Name()+"2", renamed)
	for _, r := range []*contract.PredictResult{&want, &other} {
		r.Segments = nil // the helper's segments follow the order of lines
	}
	if d := cmp.Diff(want, other); d != "" {
		t.Errorf("another order: %s", d)
	}
	for i := range renamed {
		renamed[i].customer = "z" + renamed[i].customer[3:] + renamed[i].customer[:3]
	}
	other, _ = shop(t, "mem://"+t.Name()+"3", renamed)
	other.Segments = nil
	if d := cmp.Diff(want, other); d != "" {
		t.Errorf("other names: %s", d)
	}
}

// Shops of which little can be said say so, row by row.
func TestLittleHistory(t *testing.T) {
	var single, fresh []sale
	for i := range 60 {
		single = append(single, sale{fmt.Sprintf("c%02d", i), 10 + 5*i, 50_0000})
		fresh = append(fresh, sale{fmt.Sprintf("c%02d", i), 1 + i, 50_0000}, sale{fmt.Sprintf("c%02d", i), 1 + i/2, 20_0000})
	}
	for name, c := range map[string]struct {
		sales []sale
		why   string
	}{
		"one customer":     {[]sale{{"a", 3, 10_0000}}, "orders, money: "},
		"30 customers":     {drawn(30, 3), "orders, money: no forecast"},
		"one invoice each": {single, "p_buys, churn_risk: no model"},
		"everyone new":     {fresh, "orders, money: "},
		"negative totals":  {append(drawn(100, 4), sale{"n", 40, -5_0000}, sale{"n", 40, 1}), ""},
	} {
		r, f := shop(t, "mem://"+t.Name()+name, c.sales)
		for i := range f.Rows() {
			for _, column := range f.Columns {
				if column.Kind == frame.Float && math.IsInf(column.Floats[i], 0) {
					t.Errorf("%s: %s is infinite", name, column.Name)
				}
			}
			if math.IsNaN(f.Floats("orders")[i]) && f.Strings("why")[i] == "" {
				t.Errorf("%s: null without a reason", name)
			}
		}
		if !strings.Contains(f.Strings("why")[0], c.why) {
			t.Errorf("%s: why is %q", name, f.Strings("why")[0])
		}
		if r.Bias == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestMissing(t *testing.T) {
	c := Config{task.Common{Root: "mem://" + t.Name(), Name: "segments", Pipeline: "test", RunID: "r", AsOf: asOf.String()}}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	if _, err := Run(t.Context(), c, d); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("without customers: %v", err)
	}
	if err := (Config{}).Validate(); fault.CodeOf(err) != fault.ExitUsage {
		t.Errorf("no flags: %v", err)
	}
}
