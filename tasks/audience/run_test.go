package audience

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/recommend"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

var asOf = func() calendar.Date { d, _ := calendar.ParseDate("2011-12-10"); return d }()

// sale is a line: customer, days before as-of, code, money in ten-thousandths.
type sale struct {
	customer string
	ago      int
	code     string
	amount   int64
}

// drawn are customers at steady rates, over a year.
func drawn(customers int, seed uint64) []sale {
	rnd := rand.New(rand.NewPCG(seed, 0))
	var sales []sale
	for c := range customers {
		gap := 15 + 150*rnd.Float64()
		for ago := 365 * rnd.Float64(); ago >= 1; ago -= 1 + gap*rnd.ExpFloat64() {
			sales = append(sales, sale{fmt.Sprintf("c%04d", c), int(ago), fmt.Sprint("p", rnd.IntN(4)), 100_0000 + int64(rnd.IntN(900_0000))})
		}
	}
	return sales
}

// world is a run of which every step before audience is done.
type world struct {
	c       Config
	d       task.Deps
	home    *run.Home
	without []string // steps that did not run
	slipped string   // a customer who was in the best segment a week ago
}

const holdOut = .1

// store keeps what the steps leave of sales. Customers of even rank in byte order buy in bulk.
func (w *world) store(t *testing.T, sales []sale) {
	t.Helper()
	w.c = Config{Common: task.Common{Root: "file://" + t.TempDir(), Name: "segments", Pipeline: "test", RunID: "r", AsOf: asOf.String()}, Lists: w.c.Lists}
	w.d = task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	var err error
	if w.home, err = work.Open(t.Context(), w.c.Common, w.d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.home.Close() })

	lines := frame.New(contract.Sales.Columns, len(sales))
	for i, s := range sales {
		lines.Strings("customer")[i], lines.Strings("invoice")[i], lines.Strings("code")[i] = s.customer, fmt.Sprint(s.customer, s.ago), s.code
		lines.Ints("time")[i], lines.Ints("amount")[i] = (asOf - calendar.Date(s.ago)).Start(), s.amount
	}
	book, err := audience.New(lines.Strings("customer"), lines.Strings("invoice"), lines.Strings("code"), lines.Ints("time"), lines.Ints("amount"))
	if err != nil {
		t.Fatal(err)
	}
	n := len(book.Customers)
	customers, assignments := frame.New(contract.Customers.Columns, n), frame.New(contract.Assignments.Columns, n)
	natures, suggestions := frame.New(contract.CustomerNatures.Columns, n), frame.New(contract.Suggestions.Columns, 4*n)
	predictions, arms := frame.New(contract.Predictions.Columns, n), frame.New(contract.Arms.Columns, 2*n)
	people := book.Known(asOf)
	for i, name := range book.Customers {
		customers.Strings("customer")[i] = name
		put(customers, i, &people[i], people[i].Recency, people[i].Frequency, int64(people[i].Monetary))
	}
	b := modeltest.Bundle(t, customers, min(3, n), 1)
	if err := model.Write(t.Context(), w.home.Registry, b, model.Provenance{Version: 1, ModelID: b.Manifest.ModelID}, table.Options{}); err != nil {
		t.Fatal(err)
	}
	near, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range book.Customers {
		segment := b.Manifest.Segments[near.Nearest[i]]
		assignments.Strings("customer")[i], assignments.Strings("segment")[i], assignments.Strings("segment_name")[i] = name, segment.ID, segment.Name
		assignments.Strings("previous")[i] = segment.ID
		if name == w.slipped {
			people[i].Segment = int(near.Nearest[i])
			assignments.Strings("previous")[i] = b.Manifest.Segments[best(people, near)].ID
		}
		natures.Strings("customer")[i], natures.Strings("nature")[i] = name, []string{"bulk", "personal"}[i%2]
		predictions.Strings("customer")[i], predictions.Floats("money")[i], predictions.Floats("predicted_value")[i] = name, 90, 365
		for k := range 4 {
			row := 4*i + k
			suggestions.Strings("customer")[row], suggestions.Ints("rank")[row] = name, int64(k+1)
			suggestions.Strings("kind")[row], suggestions.Strings("code")[row] = recommend.ForYou, fmt.Sprint("offer", k+1)
		}
		arm := contract.ArmTreatment
		if measure.Hash(contract.HoldOut, name) < holdOut {
			arm = contract.ArmHoldOut
		}
		for k, campaign := range []string{contract.HoldOut, "spring"} {
			row := 2*i + k
			arms.Strings("customer")[row], arms.Strings("campaign")[row], arms.Strings("arm")[row] = name, campaign, arm
		}
	}
	w.put(t, contract.Preprocess, nil, nil, map[string]*frame.Frame{"sales": lines, "customers": customers})
	w.put(t, contract.Score, map[string]string{"scores": "before"}, contract.ScoreResult{ModelID: b.Manifest.ModelID, Seq: 3, Customers: int64(n), Moved: 5, Segments: []contract.SegmentResult{
		{ID: "seg-0002", Name: "Best", Customers: 2, Revenue: 70_0000}, {ID: "seg-0001", Name: "Rest", Customers: int64(n) - 2, Revenue: 30_0000},
	}}, map[string]*frame.Frame{"assignments": assignments})
	w.put(t, contract.Drift, nil, contract.DriftResult{Verdict: contract.VerdictWarn, Act: contract.ActWait, Cause: "recency"}, nil)
	w.put(t, contract.Explore, nil, nil, map[string]*frame.Frame{"customer_nature": natures})
	w.put(t, contract.Recommend, nil, nil, map[string]*frame.Frame{"suggestions": suggestions})
	w.put(t, contract.Predict, nil, nil, map[string]*frame.Frame{"predictions": predictions})
	w.put(t, contract.Measure, nil, contract.MeasureResult{Running: "spring"}, map[string]*frame.Frame{"arms": arms})
	if w.slipped != "" {
		if _, err := run.Insert(t.Context(), w.home.Root, contract.ScoreStatePath("segments"), run.Entry[run.ScoreState]{
			Run: "test/2011-12-03/r", AsOf: asOf - 7, Key: "k", Value: run.ScoreState{Model: b.Manifest.ModelID, SHA256: "before"},
		}, run.KeepScore, func(s run.ScoreState) int64 { return s.Seq }); err != nil {
			t.Fatal(err)
		}
	}
}

// best is the segment of most money per customer.
func best(people []audience.Person, near *model.Assignment) int {
	all := slices.Clone(people)
	segments := 0
	for i := range all {
		all[i].Segment = int(near.Nearest[i])
		segments = max(segments, all[i].Segment+1)
	}
	return audience.NewShop(all, segments).Top()
}

func (w *world) put(t *testing.T, step string, refs map[string]string, result any, tables map[string]*frame.Frame) {
	t.Helper()
	if slices.Contains(w.without, step) {
		return
	}
	s, err := w.home.Begin(t.Context(), w.c.Run(), step, contract.Inputs{Refs: refs, Code: step})
	if err != nil {
		t.Fatal(err)
	}
	for _, schema := range []frame.Schema{contract.Sales, contract.Customers, contract.Assignments, contract.CustomerNatures, contract.Suggestions,
		contract.Predictions, contract.Arms} {
		if f := tables[schema.Name]; f != nil {
			if err := s.PutFrame(t.Context(), schema, f, table.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if result == nil {
		result = struct{}{}
	}
	if _, err := s.Commit(t.Context(), result); err != nil {
		t.Fatal(err)
	}
}

// run runs the step and returns its table of customers.
func (w *world) run(t *testing.T) (contract.AudienceResult, *frame.Frame, *run.Manifest) {
	t.Helper()
	r, err := Run(t.Context(), w.c, w.d)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.home.Current(t.Context(), w.c.Run(), contract.Audience)
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.home.ReadTable(t.Context(), m, contract.Audiences, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r, f, m
}

// TestLists: every customer has a row and is on one list at most, those who are held out on none; lists count what rows say.
func TestLists(t *testing.T) {
	var w world
	w.store(t, drawn(500, 1))
	r, f, m := w.run(t)
	if r.Customers != int64(f.Rows()) || r.Listed == 0 || r.HeldOut == 0 || r.Campaign != "spring" || r.Cut != asOf-90 || r.Rules != audience.Default || len(r.Lists) != 5 {
		t.Fatalf("%+v", r)
	}
	on, listed, stake, held := map[string]int64{}, int64(0), map[string]int64{}, int64(0)
	for i, list := range f.Strings("list") {
		if f.Ints("hold_out")[i] == 1 {
			held++
			if list != "" || f.Strings("arm")[i] != contract.ArmHoldOut {
				t.Fatalf("row %d is held out and on list %q, arm %s", i, list, f.Strings("arm")[i])
			}
		}
		if code := f.Strings("list_code")[i]; (code != "") != (list == audience.Regulars) {
			t.Errorf("row %d: list %q, product %q", i, list, code)
		}
		if list != "" {
			on[list]++
			listed++
			stake[list] += f.Ints("usual_90")[i]
		}
		if f.Strings("campaign")[i] != "spring" || f.Floats("predicted_90")[i] != 90 || f.Floats("predicted_365")[i] != 365 ||
			f.Strings("offer_1")[i] != "offer1" || f.Strings("offer_3")[i] != "offer3" || f.Strings("nature")[i] != []string{"bulk", "personal"}[i%2] {
			t.Fatalf("row %d is not what the steps said", i)
		}
	}
	if held != r.HeldOut || listed != r.Listed {
		t.Errorf("%d held out and %d on a list, the result says %d and %d", held, listed, r.HeldOut, r.Listed)
	}
	lists, err := w.home.ReadTable(t.Context(), m, contract.Lists, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range r.Lists {
		if l.Customers != on[l.List] || int64(l.AtStake) != stake[l.List] || l.Taken != l.HeldOut+l.Earlier+l.Customers ||
			l.Nature["bulk"]+l.Nature["personal"] != l.Customers || lists.Ints("customers")[i] != l.Customers || lists.Strings("says")[i] != l.Says || l.Says == "" {
			t.Errorf("list %s: %+v; rows have %d and %d", l.List, l, on[l.List], stake[l.List])
		}
		if l.List != audience.Slipped && (l.Then == nil || l.Then.Customers+l.Others.Customers > r.Everybody.Customers) {
			t.Errorf("list %s was not followed up: %+v", l.List, l)
		}
		if l.List == audience.Slipped && (l.Then != nil || !strings.Contains(l.Says, "no earlier scores")) {
			t.Errorf("list %s without earlier scores: %+v", l.List, l)
		}
	}
	customers, inSegments := int64(0), int64(0)
	for _, g := range r.Segments {
		customers, inSegments = customers+g.Customers, inSegments+g.Listed
		if g.Nature["bulk"]+g.Nature["personal"] != g.Customers {
			t.Errorf("segment %s: %+v", g.ID, g)
		}
	}
	if customers != r.Customers || inSegments != r.Listed {
		t.Errorf("%d customers in segments, %d of them on a list, of %d and %d", customers, inSegments, r.Customers, r.Listed)
	}
	segments := w.table(t, m, contract.SegmentAudience)
	people, followed, bought, spent := sum(segments.Ints("customers")), 0.0, 0.0, sum(segments.Ints("followed_spent"))
	for i, id := range segments.Strings("segment") {
		followed, bought = followed+segments.Floats("followed")[i], bought+segments.Floats("followed_bought")[i]
		low, share, high := segments.Floats("bought_low")[i], segments.Floats("bought_share")[i], segments.Floats("bought_high")[i]
		if !(low < share && share < high) || !(segments.Floats("spent_low")[i] < segments.Floats("spent_each")[i]) {
			t.Errorf("segment %s: %v of %v to %v bought", id, share, low, high)
		}
		if segments.Ints("bulk")[i]+segments.Ints("personal")[i] != segments.Ints("customers")[i] {
			t.Errorf("segment %s: its natures do not add up", id)
		}
	}
	if e := r.Everybody; people != r.Customers || int64(followed) != e.Customers || int64(bought) != e.Bought || spent != int64(e.Spent) || sum(segments.Ints("listed")) != r.Listed {
		t.Errorf("segments add up to %d customers and %v, %v, %d of then; want %d and %+v", people, followed, bought, spent, r.Customers, e)
	}
	for _, l := range r.Limits {
		i := slices.IndexFunc(r.Lists, func(x contract.ListResult) bool { return x.List == l.List })
		if l.Customers != r.Lists[i].Taken {
			t.Errorf("limit %s of %s: %d customers, the list takes %d", l.Name, l.List, l.Customers, r.Lists[i].Taken)
		}
	}
}

// TestTheSame: lines in another order and another number of cores give the same bytes.
func TestTheSame(t *testing.T) {
	sales := drawn(200, 2)
	var w world
	w.store(t, sales)
	r, _, m := w.run(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(sales), func(i, k int) { sales[i], sales[k] = sales[k], sales[i] })
	var other world
	other.store(t, sales)
	again, _, n := other.run(t)
	if d := cmp.Diff(r, again); d != "" {
		t.Error(d)
	}
	for name, st := range m.Objects {
		if n.Objects[name].SHA256 != st.SHA256 {
			t.Errorf("table %s has other bytes", name)
		}
	}
}

// TestSlipped: who was in the best segment at the last scores of the same model is reminded.
func TestSlipped(t *testing.T) {
	sales := append(drawn(300, 3), sale{"slipped", 300, "p1", 1_0000})
	if measure.Hash(contract.HoldOut, "slipped") < holdOut {
		t.Fatal("the customer of this test is held out")
	}
	w := world{slipped: "slipped"}
	w.c.Lists = "slipped; late"
	w.store(t, sales)
	r, f, _ := w.run(t)
	if l := r.Lists[0]; l.Taken != 1 || l.Customers != 1 || l.Then == nil || len(r.Lists) != 2 {
		t.Errorf("%+v", l)
	}
	if i := slices.Index(f.Strings("customer"), "slipped"); f.Strings("list")[i] != audience.Slipped {
		t.Errorf("on list %q", f.Strings("list")[i])
	}
}

// TestWithout: what other steps say is null where they did not run; without the arms there is no list at all.
func TestWithout(t *testing.T) {
	w := world{without: []string{contract.Explore, contract.Recommend, contract.Predict}}
	w.store(t, drawn(60, 4))
	r, f, _ := w.run(t)
	if f.Strings("nature")[0] != "" || f.Strings("offer_1")[0] != "" || f.Floats("predicted_90")[0] == f.Floats("predicted_90")[0] || len(r.Lists[0].Nature) != 0 {
		t.Errorf("row 0 says what no step said")
	}
	for _, step := range w.without {
		if !strings.Contains(strings.Join(r.Statements, "\n"), "Columns of "+step+" are null") {
			t.Errorf("nothing is said of %s: %q", step, r.Statements)
		}
	}
	for _, missing := range []string{contract.Measure, contract.Score} {
		w := world{without: []string{missing}}
		w.store(t, drawn(20, 5))
		if _, err := Run(t.Context(), w.c, w.d); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), missing+" has no output in run") {
			t.Errorf("without %s: %v", missing, err)
		}
		if _, err := w.home.Current(t.Context(), w.c.Run(), contract.Audience); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("without %s there is an output: %v", missing, err)
		}
	}
	// Arms of other scores than the run's: the hold-out may have been another.
	stale := world{without: []string{contract.Measure}}
	stale.store(t, drawn(20, 5))
	stale.without = nil
	stale.put(t, contract.Measure, map[string]string{contract.Score: "another key"}, nil, nil)
	if _, err := Run(t.Context(), stale.c, stale.d); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "run measure again") {
		t.Errorf("stale arms: %v", err)
	}
}

// TestSmallShops: shops that have no past, or hardly anybody, say so.
func TestSmallShops(t *testing.T) {
	for name, c := range map[string]struct {
		sales []sale
		says  string
	}{
		"everyone new":     {[]sale{{"a", 20, "p", 10_0000}, {"b", 30, "p", 90_0000}, {"b", 31, "p", 90_0000}, {"c", 5, "p", 20_0000}}, "the window has no purchase before 2011-09-11"},
		"one customer":     {[]sale{{"a", 20, "p", 10_0000}, {"a", 120, "p", 10_0000}, {"b", 1, "p", 10_0000}}, "nobody else was in their segments"},
		"negative totals":  {[]sale{{"a", 20, "p", 10_0000}, {"b", 200, "p", 10_0000}, {"b", 100, "p", 5_0000}, {"b", 100, "q", -6_0000}}, "took nobody then"},
		"no product codes": {[]sale{{"a", 20, "", 10_0000}, {"b", 200, "", 90_0000}, {"b", 100, "", 90_0000}, {"b", 90, "", 9}, {"b", 50, "", 9}, {"c", 200, "", 1}, {"c", 199, "", 1}, {"c", 198, "", 1}, {"c", 50, "", 1}}, "took nobody then"},
	} {
		t.Run(name, func(t *testing.T) {
			var w world
			w.store(t, c.sales)
			r, _, _ := w.run(t)
			var all []string
			for _, l := range r.Lists {
				all = append(all, l.Says)
			}
			if !strings.Contains(strings.Join(all, "\n"), c.says) {
				t.Errorf("%q", all)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	c := Config{Common: task.Common{Root: "mem://x", Name: "segments", Pipeline: "test", RunID: "r", AsOf: "2011-12-10"}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	c.Lists = "second_order from=90"
	if err := c.Validate(); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "--lists: second_order: from is after to (got \"second_order from=90\")") {
		t.Errorf("%v", err)
	}
}
