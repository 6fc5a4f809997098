package measure

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
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

// store keeps what preprocess and score leave of sales until a day, in a run of that day.
func store(t *testing.T, root string, sales []sale, day calendar.Date) (task.Common, task.Deps) {
	t.Helper()
	c := task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: "r", AsOf: day.String()}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	home, err := work.Open(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	var until []sale
	for _, s := range sales {
		if asOf-calendar.Date(s.ago) < day {
			until = append(until, s)
		}
	}
	lines, assignments := frame.New(contract.Sales.Columns, len(until)), frame.New(contract.Assignments.Columns, 0)
	for i, s := range until {
		lines.Strings("customer")[i], lines.Strings("invoice")[i] = s.customer, fmt.Sprint(s.customer, s.ago)
		lines.Ints("time")[i], lines.Ints("amount")[i] = (asOf - calendar.Date(s.ago)).Start(), s.amount
	}
	put(t, home, c.Run(), contract.Preprocess, map[string]*frame.Frame{"sales": lines})
	put(t, home, c.Run(), contract.Score, map[string]*frame.Frame{"assignments": assignments})
	return c, d
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

// A campaign from its arms to its verdict: nothing was done, so nothing is reached; every look is kept, and an early or a second one
// says what it is.
func TestCampaign(t *testing.T) {
	root, sales := "mem://"+t.Name(), drawn(600, 1)
	start := asOf - 90
	c, d := store(t, root, sales, start)
	assign := AssignConfig{Common: c, Campaign: "spring", Days: 90, Control: .5, HoldOut: .1, Quantile: .95, Rise: .1, Interval: contract.FixedHorizon}
	a, err := runAssign(t.Context(), assign, d)
	if err != nil || !a.New || a.Start != start || a.End != asOf || a.Cap == nil || a.Target == nil || *a.Target >= .1 {
		t.Fatalf("%+v, %v", a, err)
	}
	if again, err := runAssign(t.Context(), assign, d); err != nil || again.New || again.Arms != a.Arms {
		t.Errorf("again: %+v, %v", again, err)
	}
	other := assign
	other.Rise = .2
	if _, err := runAssign(t.Context(), other, d); fault.CodeOf(err) != fault.ExitUsage {
		t.Errorf("another target for the same campaign: %v", err)
	}

	early, _ := store(t, root, sales, start+30)
	r, err := runRead(t.Context(), ReadConfig{early, "spring"}, d)
	if err != nil || r.N != 1 || r.Verdict != measure.CannotSay || len(r.Why) == 0 {
		t.Errorf("an early look: %+v, %v", r, err)
	}
	end, _ := store(t, root, sales, asOf)
	m, err := Run(t.Context(), Config{Common: end, HoldOut: .1, Splits: 200}, d)
	if err != nil || len(m.Reads) != 1 || m.Verdict == "" || m.Reads[0].N != 2 || len(m.Reads[0].Earlier) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	read := m.Reads[0]
	total := read.Arms[0].Customers + read.Arms[1].Customers
	if read.Verdict == measure.Reached || read.SampleP == nil || *read.SampleP < measure.MismatchP || total < 450 || total > 580 || !read.Causal {
		t.Errorf("%+v", read)
	}
	if again, err := Run(t.Context(), Config{Common: end, HoldOut: .1, Splits: 200}, d); err != nil || again.Verdict != m.Verdict || len(again.Reads) != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := runRead(t.Context(), ReadConfig{end, "autumn"}, d); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a campaign that never was: %v", err)
	}
}

// Shops of which nothing can be measured say so.
func TestLittleHistory(t *testing.T) {
	for name, sales := range map[string][]sale{
		"one customer": {{"a", 3, 10_0000}}, "30 customers": drawn(30, 2), "negative totals": {{"a", 3, -10}, {"a", 3, 1}, {"b", 100, 5}},
	} {
		c, d := store(t, "mem://"+t.Name()+name, sales, asOf)
		r, err := Run(t.Context(), Config{Common: c, HoldOut: 0, Splits: 50}, d)
		if err != nil || r.Measurable == "" || r.HoldOut.Customers != 0 || r.Verdict != "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
