package view_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/report/view/viewtest"
)

var update = flag.Bool("update", false, "write testdata/view.json")

func asJSON(t *testing.T, v view.View) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// The numbers of the sample say where they come from in viewtest; those that the view adds are derived in the tests below.
func TestGolden(t *testing.T) {
	const golden = "testdata/view.json"
	got := asJSON(t, view.New(viewtest.Sample(t)))
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the view has changed; if on purpose: go test ./pkg/report/view -update (-%s +now):\n%s", golden, diff)
	}
	if again := asJSON(t, view.New(viewtest.Sample(t))); !bytes.Equal(again, got) {
		t.Error("the same inputs give another view")
	}
}

// A run in which only preprocess has run.
func TestLeast(t *testing.T) {
	got := string(asJSON(t, view.New(view.Inputs{AsOf: viewtest.Date(t, "2011-12-10")})))
	for _, want := range []string{`"as_of": "2011-12-10"`, `"scores": null`, `"choice": null`, `"ingest": null`, `"balanced": false`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestMissing(t *testing.T) {
	in := viewtest.Sample(t)
	in.Train, in.Promote, in.Stale = nil, nil, []string{contract.Train}
	if diff := cmp.Diff([]string{contract.Promote}, view.New(in).Missing); diff != "" {
		t.Errorf("missing (-want +got): %s", diff)
	}
}

func TestLedgerBalance(t *testing.T) {
	for name, change := range map[string]func(*contract.LedgerRow){
		"lines": func(r *contract.LedgerRow) { r.Lines++ }, "amount": func(r *contract.LedgerRow) { r.Amount-- },
	} {
		in := viewtest.Sample(t)
		if !view.New(in).Ledger.Balanced {
			t.Error("a balanced ledger is not")
		}
		change(&in.Preprocess.Ledger[len(in.Preprocess.Ledger)-1])
		if view.New(in).Ledger.Balanced {
			t.Errorf("balanced with other %s", name)
		}
	}
}

func TestScores(t *testing.T) {
	in := viewtest.Sample(t)
	in.Score.Segments[1].Name, in.Score.Segments[2].Name = "Champions", ""
	s := view.New(in).Scores
	var labels []string
	for _, g := range s.Segments {
		labels = append(labels, g.Label)
	}
	if diff := cmp.Diff([]string{"Champions (seg-0001)", "Champions (seg-0002)", "seg-0003", "Promising"}, labels); diff != "" {
		t.Errorf("labels (-want +got): %s", diff)
	}
	near := func(what string, got, want float64) {
		if !(math.Abs(got-want) < 5e-4) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	// (726·13.7 + 1163·4.21 + 1521·1.31 + 913·1.63) / 4323 = 18323.93 / 4323
	mean, all := s.Mean("frequency", 0)
	near("frequency of the first", mean, 13.7)
	near("frequency of all", all, 4.2387)
	near("revenue per customer", float64(s.Segments[0].RevenuePerCustomer), 7730.5830) // 5612403.17 / 726
	near("revenue per customer of all", float64(s.All.RevenuePerCustomer), 1922.1209)  // 8309328.59 / 4323
	if mean, all := s.Mean("gap_mean", 3); !math.IsNaN(mean) || !math.IsNaN(all) {
		t.Errorf("gap_mean is %v and %v, want nothing: the segment has none, and not every customer has one", mean, all)
	}
	if mean, _ := s.Mean("unknown", 0); !math.IsNaN(mean) {
		t.Errorf("an unknown feature has the mean %v", mean)
	}
}

// A rollback after the run's own decision: the scores are by another model than the one that the run decided for and trained.
func TestScoresOfAnotherModel(t *testing.T) {
	in := viewtest.Sample(t)
	if v := view.New(in); !v.Scores.Decided || !v.Choice.Scored {
		t.Error("the scores are not by the candidate")
	}
	in.Score.ModelID = in.Promote.Previous
	if v := view.New(in); v.Scores.Decided || v.Choice.Scored {
		t.Error("the scores are taken for the candidate's")
	}
}

func TestUndefinedIsNull(t *testing.T) {
	for v, want := range map[view.Number]string{1.5: "1.5", view.Number(math.Inf(-1)): "null", view.Undefined(): "null"} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%v is %s (%v), want %s", float64(v), got, err, want)
		}
	}
}

func movers(rows ...struct {
	from, to, kind string
	amount         int64
},
) *frame.Frame {
	f := frame.New(contract.Movers.Columns, len(rows))
	for i, r := range rows {
		f.Strings("customer")[i], f.Strings("from")[i], f.Strings("to")[i], f.Strings("kind")[i] = "17850", r.from, r.to, r.kind
		f.Ints("amount")[i] = r.amount
	}
	return f
}

func TestCountMovers(t *testing.T) {
	type row = struct {
		from, to, kind string
		amount         int64
	}
	got, err := view.CountMovers(movers(row{"a", "", "left", 0}, row{"b", "a", "moved", 10_000}, row{"", "a", "joined", 5}, row{"b", "a", "moved", 20_000}))
	if err != nil {
		t.Fatal(err)
	}
	want := []view.Move{
		{Kind: "moved", From: "b", To: "a", Customers: 2, Amount: 30_000}, // the most first, then by kind
		{Kind: "joined", To: "a", Customers: 1, Amount: 5},
		{Kind: "left", From: "a", Customers: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-want +got): %s", diff)
	}
	if none, err := view.CountMovers(movers()); err != nil || len(none) != 0 {
		t.Errorf("nobody: %v, %v", none, err)
	}
	if _, err := view.CountMovers(movers(row{"a", "b", "moved", math.MaxInt64}, row{"a", "b", "moved", 1})); err == nil {
		t.Error("an amount that overflows is no error")
	}
}
