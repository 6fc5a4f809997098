package report_test

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/report"
)

func deps(t *testing.T) task.Deps {
	return task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

func config(t *testing.T, runID string) report.Config {
	return report.Config{Title: "Gifts & lamps", PageCustomers: view.CustomersAll, Common: task.Common{
		Root: "mem://" + strings.ReplaceAll(t.Name(), "/", "-"), Name: "segments", Pipeline: "weekly", RunID: runID, AsOf: "2011-12-10",
	}}
}

// shop is a run's steps as report sees them, without the steps.
type shop struct {
	t    *testing.T
	c    report.Config
	home *run.Home
}

func newShop(t *testing.T, runID string) *shop {
	t.Helper()
	c := config(t, runID)
	home, err := work.Open(t.Context(), c.Common, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	return &shop{t, c, home}
}

// made commits a step's result and tables and returns its key.
func (s *shop) made(step string, refs map[string]string, result any, tables map[string]*frame.Frame) string {
	s.t.Helper()
	session, err := s.home.Begin(s.t.Context(), s.c.Run(), step, contract.Inputs{Refs: refs, Params: map[string]any{}, Code: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, schema := range []frame.Schema{contract.Segments, contract.Movers, contract.Assignments, contract.Customers, contract.Audiences, contract.Suggestions} {
		if f, ok := tables[schema.Name]; ok {
			if err := session.PutFrame(s.t.Context(), schema, f, table.Options{Scratch: s.t.TempDir()}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if _, err := session.Commit(s.t.Context(), result); err != nil {
		s.t.Fatal(err)
	}
	return session.Key()
}

func (s *shop) preprocess(customers int64) string {
	s.t.Helper()
	snapshot, err := lines.Write(s.t.Context(), s.home.Root, &lines.Snapshot{Zone: "Europe/London", Currency: "GBP"})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.made(contract.Preprocess, map[string]string{"snapshot": snapshot, "n": string(rune('0' + customers%10))}, contract.PreprocessResult{
		Customers: customers, Revenue: 1_230_000, AverageInvoice: 61.5,
		Ledger: []contract.LedgerRow{{Rule: "input", Lines: 4, Amount: 1_230_000}, {Rule: "kept", Lines: 4, Amount: 1_230_000}},
	}, map[string]*frame.Frame{contract.Customers.Name: s.people(contract.Customers)})
}

const secretCustomer = "customer-17850"

// people is a table of the two customers: one row each, in order of their ids.
func (s *shop) people(schema frame.Schema) *frame.Frame {
	s.t.Helper()
	f := frame.New(schema.Columns, 2)
	f.Strings("customer")[0], f.Strings("customer")[1] = secretCustomer, secretCustomer+"1"
	return f
}

func (s *shop) score(preprocess string) string {
	s.t.Helper()
	segments := frame.New(contract.Segments.Columns, 1)
	segments.Strings("segment")[0], segments.Ints("customers")[0] = "seg-0001", 2
	movers := frame.New(contract.Movers.Columns, 3)
	for i, m := range []struct{ customer, from, to, kind string }{
		{secretCustomer, "seg-0002", "seg-0001", "moved"}, {secretCustomer + "1", "seg-0002", "seg-0001", "moved"}, {secretCustomer + "2", "", "seg-0001", "joined"},
	} {
		movers.Strings("customer")[i], movers.Strings("from")[i], movers.Strings("to")[i], movers.Strings("kind")[i] = m.customer, m.from, m.to, m.kind
		movers.Ints("amount")[i] = int64(1_000_000 * (i + 1))
	}
	assignments := s.people(contract.Assignments)
	for i := range 2 {
		assignments.Strings("segment")[i], assignments.Strings("nearest")[i], assignments.Strings("segment_name")[i] = "seg-0001", "seg-0001", "Champions"
		assignments.Strings("rfm_name")[i], assignments.Strings("why")[i] = "Champions", "why"
	}
	return s.made(contract.Score, map[string]string{contract.Preprocess: preprocess}, contract.ScoreResult{
		ModelID: "5f70bf18a086", Seq: 1, Customers: 2, Moved: 2, Segments: []contract.SegmentResult{
			{ID: "seg-0001", Name: "Champions", Customers: 2, Share: 1, Revenue: 1_230_000, RevenueShare: 1}},
	}, map[string]*frame.Frame{contract.Segments.Name: segments, contract.Movers.Name: movers, contract.Assignments.Name: assignments})
}

func (s *shop) run(c report.Config) (contract.ReportResult, string) {
	s.t.Helper()
	r, err := report.Run(s.t.Context(), c, deps(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	page, _, err := s.home.Root.Read(s.t.Context(), strings.TrimPrefix(r.Page, s.home.Root.URI("")))
	if err != nil {
		s.t.Fatal(err)
	}
	if got := contract.SHA256(page); got != r.SHA256 || int64(len(page)) != r.Size {
		s.t.Errorf("result says sha256 %s and %d bytes, the page has %s and %d", r.SHA256, r.Size, got, len(page))
	}
	return r, string(page)
}

func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, w := range texts {
		if !strings.Contains(page, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
}

func TestPageOfARun(t *testing.T) {
	s := newShop(t, "one")
	s.score(s.preprocess(2))
	r, page := s.run(s.c)
	// Of the movers two went the same way, with 100 and 200: 300 together.
	wants(t, page, "Gifts &amp; lamps</h1>", "Champions", "£123", "Europe/London", ">Moved<", "<bdi>2</bdi></td>", "£300", "Steps without output in this run: ingest, drift, train, evaluate, promote, explore, recommend, predict, measure and audience")
	if strings.Contains(page, "Personal data: none") || !strings.Contains(page, "this page holds 2 customers by their number") {
		t.Error("the page does not say what it holds")
	}
	again, _ := s.run(s.c)
	if !cmp.Equal(again, r) {
		t.Errorf("the second run gives %v, the first %v", again, r)
	}
	m, err := s.home.Current(t.Context(), s.c.Run(), contract.Report)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Objects) != 3 || !strings.HasSuffix(r.Page, m.Objects["report.html"].Object) {
		t.Errorf("manifest has %v, result says %s", m.Objects, r.Page)
	}
	text, _, err := s.home.Root.Read(t.Context(), m.Objects["message.txt"].Object)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, string(text), "Gifts & lamps, 10 December 2011: ", "\nPeople: 2 customers bought", m.Objects["report.html"].Object)
	if text, _, err = s.home.Root.Read(t.Context(), m.Objects["message.json"].Object); err != nil {
		t.Fatal(err)
	}
	var said contract.Message
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Message, said); diff != "" || said.Kind != contract.MessageRescored {
		t.Errorf("message.json and the result differ, or are of kind %s:\n%s", said.Kind, diff)
	}
	c := s.c
	c.Title = "Another"
	if other, _ := s.run(c); other.Page == r.Page {
		t.Error("another title has the same key")
	}
}

// Whom the page holds is the writer's choice, and the page says what it is. Customers are in the packed columns alone, so that
// without them no number is anywhere.
func TestPageCustomers(t *testing.T) {
	s := newShop(t, "one")
	preprocess := s.preprocess(2)
	audience := s.people(contract.Audiences)
	for i := range 2 {
		audience.Strings("segment")[i], audience.Strings("segment_name")[i] = "seg-0001", "Champions"
	}
	audience.Strings("list")[1] = "late"
	score := s.score(preprocess)
	s.made(contract.Audience, map[string]string{contract.Score: score, contract.Preprocess: preprocess}, contract.AudienceResult{Customers: 2, Listed: 1,
		Lists: []contract.ListResult{{List: "late", Rule: "late", Purpose: "call", Customers: 1}}}, map[string]*frame.Frame{contract.Audiences.Name: audience})
	suggestions := frame.New(contract.Suggestions.Columns, 1)
	suggestions.Strings("customer")[0], suggestions.Strings("kind")[0], suggestions.Strings("code")[0], suggestions.Ints("rank")[0] = secretCustomer+"1", "for_you", "CAKE-STAND", 1
	suggestions.Strings("method")[0], suggestions.Strings("evidence")[0] = "ease", "why"
	s.made(contract.Recommend, map[string]string{contract.Score: score, contract.Preprocess: preprocess}, contract.RecommendResult{}, map[string]*frame.Frame{contract.Suggestions.Name: suggestions})
	for mode, want := range map[string]struct {
		says string
		held []string
	}{
		view.CustomersAll:   {"this page holds 2 customers by their number", []string{secretCustomer, secretCustomer + "1"}},
		view.CustomersLists: {"this page holds 1 customer by their number", []string{secretCustomer + "1"}},
		view.CustomersNone:  {"Personal data: none.", nil},
	} {
		c := s.c
		c.PageCustomers = mode
		_, page := s.run(c)
		wants(t, page, want.says)
		if strings.Contains(page, secretCustomer) {
			t.Errorf("%s: a customer is outside the packed columns", mode)
		}
		if got := held(t, page); !slices.Equal(got, want.held) {
			t.Errorf("%s: the page holds %q, want %q", mode, got, want.held)
		}
		if suggested := strings.Contains(page, "CAKE-STAND"); suggested != (mode != view.CustomersNone) {
			t.Errorf("%s: the page has the suggestion: %v", mode, suggested)
		}
	}
}

// held unpacks the ids that the page holds.
func held(t *testing.T, page string) []string {
	t.Helper()
	_, text, ok := strings.Cut(page, `id="pack">`)
	if !ok {
		return nil
	}
	text, _, _ = strings.Cut(text, "</script>")
	var pack struct {
		Columns []struct {
			Name     string
			At, Size int
		}
	}
	if err := json.Unmarshal([]byte(text), &pack); err != nil {
		t.Fatal(err)
	}
	_, columns, _ := strings.Cut(page, `id="columns">`)
	columns, _, _ = strings.Cut(columns, "</script>")
	r, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(columns)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range pack.Columns {
		if c.Name == "ids" {
			if err := json.Unmarshal(data[c.At:c.At+c.Size], &ids); err != nil {
				t.Fatal(err)
			}
		}
	}
	return ids
}

// Tables of other customers than those that were scored make no page.
func TestOtherCustomersAreRefused(t *testing.T) {
	s := newShop(t, "one")
	preprocess := s.preprocess(2)
	score := s.score(preprocess)
	audience := s.people(contract.Audiences)
	audience.Strings("customer")[0] = "customer-0"
	s.made(contract.Audience, map[string]string{contract.Score: score, contract.Preprocess: preprocess}, contract.AudienceResult{}, map[string]*frame.Frame{contract.Audiences.Name: audience})
	_, err := report.Run(t.Context(), s.c, deps(t))
	if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), "audience and assignments are of different customers") {
		t.Errorf("got %v, want exit code 65 that names the tables", err)
	}
}

func TestNothingToReportIsMissing(t *testing.T) {
	s := newShop(t, "one")
	_, err := report.Run(t.Context(), s.c, deps(t))
	if fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "preprocess has no output") {
		t.Errorf("got %v, want exit code 66 that names preprocess", err)
	}
	if _, err := s.home.Current(t.Context(), s.c.Run(), contract.Report); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a report is there after a failure: %v", err)
	}
}

// A run whose customers were made anew after its scores: the old scores must not stand beside the new ledger.
func TestStaleStepsAreLeftOut(t *testing.T) {
	s := newShop(t, "one")
	old := s.preprocess(2)
	train := s.made(contract.Train, map[string]string{contract.Preprocess: old}, contract.TrainResult{K: 2}, nil)
	s.made(contract.Evaluate, map[string]string{contract.Train: train}, contract.EvaluateResult{Verdict: contract.EvalPass}, nil)
	s.score(old)
	_, before := s.run(s.c)
	s.preprocess(3)
	_, page := s.run(s.c)
	wants(t, before, "Champions")
	wants(t, page, "Outdated, so not shown: train, evaluate and score")
	if strings.Contains(page, "Champions") {
		t.Error("the page shows stale scores")
	}
}

// After a rollback the new run has scores of its own and reads the customers of --from-run.
func TestFromRunFillsWhatIsMissing(t *testing.T) {
	s := newShop(t, "one")
	preprocess := s.preprocess(2)
	later := newShop(t, "two")
	later.score(preprocess)
	later.c.FromRun = s.c.Run().String()
	r, page := later.run(later.c)
	wants(t, page, "Champions", "from run "+s.c.Run().String(), "£123")
	if !strings.Contains(r.Page, later.c.Run().String()) {
		t.Errorf("the page lies in %s, want it in run %s", r.Page, later.c.Run())
	}
}

// What has expired makes the page poorer, not impossible.
func TestExpiredSnapshotLeavesMoneyWithoutSign(t *testing.T) {
	s := newShop(t, "one")
	s.made(contract.Preprocess, map[string]string{"snapshot": strings.Repeat("0", 64)}, contract.PreprocessResult{Revenue: money.Amount(1_230_000)}, nil)
	_, page := s.run(s.c)
	wants(t, page, `<p class="v num">123</p>`)
	if strings.Contains(page, "£") {
		t.Error("the page has a currency from nowhere")
	}
}

func TestValidateReportsEverything(t *testing.T) {
	good := config(t, "one")
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := good
	bad.Title, bad.AsOf, bad.PageCustomers = " ", "yesterday", "some"
	err := bad.Validate()
	if fault.CodeOf(err) != fault.ExitUsage {
		t.Fatalf("got %v, want exit code 64", err)
	}
	for _, want := range []string{`--title: want 1 to 200 characters of text (got " ")`, `--as-of: want a calendar day`, `--page-customers: want all, lists or none (got "some")`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
