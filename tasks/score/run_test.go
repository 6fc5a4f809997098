package score

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

func config(root, run, asOf string) Config {
	return Config{
		Common:     task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: run, AsOf: asOf},
		Hysteresis: 0.10,
	}
}

func deps(t testing.TB) task.Deps {
	return task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

func home(t testing.TB, c Config) *run.Home {
	t.Helper()
	h, err := work.Open(context.Background(), c.Common, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// promote writes a bundle and makes it HEAD, in a run of its own.
func promote(t testing.TB, c Config, b *model.Bundle) {
	t.Helper()
	ctx, h := context.Background(), home(t, c)
	if err := model.Write(ctx, h.Registry, b, model.Provenance{}, table.Options{}); err != nil {
		t.Fatal(err)
	}
	_, err := registry.New(h).Move(ctx, registry.Move{Run: c.Run(), Key: b.Manifest.ModelID}, func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{
			ModelID: b.Manifest.ModelID, FitID: b.Manifest.FitID, Action: contract.ActionPromote, NextSegment: b.Manifest.NextSegment(),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// score writes the customers to the run and scores them.
func score(t testing.TB, c Config, customers *frame.Frame) contract.ScoreResult {
	t.Helper()
	modeltest.Preprocess(t, home(t, c), c.Run(), customers)
	return mustRun(t, c)
}

func mustRun(t testing.TB, c Config) contract.ScoreResult {
	t.Helper()
	r, err := Run(context.Background(), c, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// made returns a table of the run's scores.
func made(t testing.TB, c Config, schema frame.Schema) *frame.Frame {
	t.Helper()
	m, err := home(t, c).Current(context.Background(), c.Run(), contract.Score)
	if err != nil {
		t.Fatal(err)
	}
	f, err := home(t, c).ReadTable(context.Background(), m, schema, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func state(t testing.TB, c Config) run.State[run.ScoreState] {
	t.Helper()
	s, err := run.ReadState[run.ScoreState](context.Background(), home(t, c).Root, contract.ScoreStatePath(c.Name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestParity holds the scores of the training customers, through real files, against the labels of training.
func TestParity(t *testing.T) {
	customers := modeltest.Customers(500, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	want, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"mem://" + t.Name(), "file://" + t.TempDir()} {
		c := config(root, "r1", "2011-12-10")
		promote(t, c, b)
		r := score(t, c, customers)
		got := made(t, c, contract.Assignments)
		if got.Rows() != 500 || r.Customers != 500 || !r.First || r.Moved != 0 {
			t.Fatalf("%d rows, result %+v", got.Rows(), r)
		}
		for i := range want.Nearest {
			id := b.Manifest.Segments[want.Nearest[i]].ID
			if got.Strings("nearest")[i] != id || got.Strings("segment")[i] != id || got.Floats("distance")[i] != want.Distance[i] ||
				got.Floats("second")[i] != want.Second[i] || got.Floats("margin")[i] != (want.Second[i]-want.Distance[i])/want.Second[i] {
				t.Fatalf("%s: customer %d is scored %s at %v, trained %s at %v", root, i, got.Strings("nearest")[i],
					got.Floats("distance")[i], id, want.Distance[i])
			}
		}
	}
}

// TestSegmentsAddUp checks that people and money of the segments are those of the customers.
func TestSegmentsAddUp(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(300, 1)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	r := score(t, c, customers)
	segments, assignments := made(t, c, contract.Segments), made(t, c, contract.Assignments)
	var people, revenue, spent int64
	var share, revenueShare float64
	for i, s := range r.Segments {
		people, revenue = people+s.Customers, revenue+int64(s.Revenue)
		share, revenueShare = share+s.Share, revenueShare+s.RevenueShare
		if segments.Strings("segment")[i] != s.ID || segments.Ints("customers")[i] != s.Customers || segments.Ints("revenue")[i] != int64(s.Revenue) {
			t.Errorf("table and result differ about %s", s.ID)
		}
		if i > 0 && s.Revenue > r.Segments[i-1].Revenue {
			t.Error("segments are not in the order of revenue")
		}
		// The mean of recency again, in the plainest way.
		sum, n := 0.0, 0.0
		for k, id := range assignments.Strings("segment") {
			if id == s.ID {
				sum, n = sum+float64(customers.Ints("recency")[k]), n+1
			}
		}
		if got := segments.Floats("mean_recency")[i]; math.Abs(got-sum/n) > 1e-9 {
			t.Errorf("%s: mean recency %v, want %v", s.ID, got, sum/n)
		}
	}
	for _, m := range customers.Ints("monetary") {
		spent += m
	}
	if people != 300 || revenue != spent || math.Abs(share-1) > 1e-12 || math.Abs(revenueShare-1) > 1e-12 {
		t.Errorf("%d people, %d of %d money, shares %v and %v", people, revenue, spent, share, revenueShare)
	}
	shape := regexp.MustCompile(`^(recency \d+ days?|frequency \d+ invoices?|monetary [\d,.]+)( and \w+ [^ ]+( days?| invoices?)?)? pulls? to Kind \d, not Kind \d; distance \d\.\d\d, margin 0\.\d\d`)
	for _, why := range assignments.Strings("why") {
		if !shape.MatchString(why) || strings.Contains(why, "c00") || strings.Contains(why, "NaN") {
			t.Fatalf("why %q", why)
		}
	}
}

// week moves customers on: some go, some come, some change.
func week(customers *frame.Frame) *frame.Frame {
	next := customers.Take(append(rows(5, 300), 0, 1, 2))
	for i := range 3 {
		next.Strings("customer")[295+i] = fmt.Sprintf("z%d", i)
	}
	for i := range 40 {
		next.Ints("recency")[i*7] += 90
	}
	return next
}

func rows(from, to int) []int {
	var out []int
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

func TestMovers(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(300, 1)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	score(t, c, customers)
	if n := made(t, c, contract.Movers).Rows(); n != 0 {
		t.Errorf("%d movers on a first run", n)
	}
	before := made(t, c, contract.Assignments)
	c.RunID, c.AsOf = "r2", "2011-12-17"
	r := score(t, c, week(customers))
	now, movers := made(t, c, contract.Assignments), made(t, c, contract.Movers)
	kinds := map[string]int64{}
	for i, kind := range movers.Strings("kind") {
		kinds[kind]++
		from, to := movers.Strings("from")[i], movers.Strings("to")[i]
		if (from == "") != (kind == joined) || (to == "") != (kind == left) || kind == moved && from == to {
			t.Errorf("%s from %q to %q", kind, from, to)
		}
	}
	if kinds[joined] != 3 || kinds[left] != 5 || kinds[moved] != r.Moved || r.Moved == 0 || r.First {
		t.Errorf("kinds %v, result %+v", kinds, r)
	}
	// Everybody else is where they were.
	was := map[string]string{}
	for i, key := range before.Strings("customer") {
		was[key] = before.Strings("segment")[i]
	}
	changed := int64(0)
	for i, key := range now.Strings("customer") {
		if now.Strings("previous")[i] != was[key] {
			t.Fatalf("previous of row %d is %q, want %q", i, now.Strings("previous")[i], was[key])
		}
		if was[key] != "" && was[key] != now.Strings("segment")[i] {
			changed++
		}
	}
	if changed != r.Moved {
		t.Errorf("%d changed, %d moved", changed, r.Moved)
	}
	if h := state(t, c).Head(); h == nil || h.Run != c.Run().String() || len(state(t, c).Entries) != 2 {
		t.Errorf("state %+v", state(t, c))
	}
}

func TestRerun(t *testing.T) {
	c, customers := config("file://"+t.TempDir(), "r1", "2011-12-10"), modeltest.Customers(300, 1)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	score(t, c, customers)
	c.RunID, c.AsOf = "r2", "2011-12-17"
	first := score(t, c, week(customers))
	m, err := home(t, c).Current(context.Background(), c.Run(), contract.Score)
	if err != nil {
		t.Fatal(err)
	}
	before := state(t, c)
	again := mustRun(t, c)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, state(t, c), cmpopts.IgnoreUnexported(before)); diff != "" {
		t.Error("state moved:", diff)
	}
	// The first run again, after the second: the same key, and state stays with the second.
	c.RunID, c.AsOf = "r1", "2011-12-10"
	if r := mustRun(t, c); !r.First {
		t.Errorf("the first run saw a later one: %+v", r)
	}
	if state(t, c).Head().Key != m.Key {
		t.Error("an older run moved state")
	}
}

func TestStateIsCompleted(t *testing.T) {
	dir := t.TempDir()
	c, customers := config("file://"+dir, "r1", "2011-12-10"), modeltest.Customers(100, 1)
	promote(t, c, modeltest.Bundle(t, customers, 3, 1))
	score(t, c, customers)
	// Killed between manifest and state.
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(contract.ScoreStatePath("segments")))); err != nil {
		t.Fatal(err)
	}
	mustRun(t, c)
	if state(t, c).Head() == nil {
		t.Error("state was not completed")
	}
}

func TestExpiredScores(t *testing.T) {
	dir := t.TempDir()
	c, customers := config("file://"+dir, "r1", "2011-12-10"), modeltest.Customers(300, 1)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	score(t, c, customers)
	old := state(t, c).Head().Value.Assignments
	c2 := c
	c2.RunID, c2.AsOf = "r2", "2011-12-17"
	kept := score(t, c2, week(customers))
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(old))); err != nil {
		t.Fatal(err)
	}
	// What was made with them stays made; who comes later goes on as on a first run.
	if diff := cmp.Diff(kept, mustRun(t, c2)); diff != "" {
		t.Error(diff)
	}
	c3 := c
	c3.RunID, c3.AsOf = "r3", "2011-12-12"
	r := score(t, c3, week(customers))
	if !r.First || !strings.Contains(r.Why, "expired") || made(t, c3, contract.Movers).Rows() != 0 {
		t.Errorf("result %+v", r)
	}
	if diff := cmp.Diff(r, mustRun(t, c3)); diff != "" {
		t.Error("rerun:", diff)
	}
}

func TestRaceOfTwo(t *testing.T) {
	c, customers := config("file://"+t.TempDir(), "r1", "2011-12-10"), modeltest.Customers(200, 1)
	promote(t, c, modeltest.Bundle(t, customers, 4, 1))
	modeltest.Preprocess(t, home(t, c), c.Run(), customers)
	var wg sync.WaitGroup
	results, errs := make([]contract.ScoreResult, 3), make([]error, 3)
	for i := range results {
		d := deps(t)
		wg.Go(func() { results[i], errs[i] = Run(context.Background(), c, d) })
	}
	wg.Wait()
	for i := range results {
		if errs[i] != nil || cmp.Diff(results[0], results[i]) != "" {
			t.Errorf("copy %d: %v\n%s", i, errs[i], cmp.Diff(results[0], results[i]))
		}
	}
	if n := len(state(t, c).Entries); n != 1 {
		t.Errorf("%d entries of state", n)
	}
}

func TestNoHead(t *testing.T) {
	c := config("mem://"+t.Name(), "r1", "2011-12-10")
	modeltest.Preprocess(t, home(t, c), c.Run(), modeltest.Customers(50, 1))
	_, err := Run(context.Background(), c, deps(t))
	if fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "there is no current model") {
		t.Errorf("%v", err)
	}
	if len(state(t, c).Entries) != 0 {
		t.Error("state is there")
	}
	if _, err := home(t, c).Current(context.Background(), c.Run(), contract.Score); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("a manifest is there: %v", err)
	}
}

// Customers of another window do not mean what the model was trained on: nothing is scored until a model of their kind is promoted.
func TestPreparedAlike(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(60, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	b.Model.Prepared = map[string]any{"window": "180"}
	again, err := model.Build(b.Model, customers)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Identify(b.Manifest.Segments, nil, model.Parent{}); err != nil {
		t.Fatal(err)
	}
	promote(t, c, again)
	modeltest.Preprocess(t, home(t, c), c.Run(), customers)
	_, err = Run(t.Context(), c, deps(t))
	if f := fault.Judge(err); f.Code != fault.ExitBadData || f.Cause != "prepared" || !strings.Contains(err.Error(), "other window") {
		t.Errorf("%v; want exit code 65, prepared", err)
	}
	if _, err := home(t, c).Current(t.Context(), c.Run(), contract.Score); fault.CodeOf(err) != fault.ExitMissing || len(state(t, c).Entries) != 0 {
		t.Errorf("something was scored: %v, %d entries of state", err, len(state(t, c).Entries))
	}
	next := c
	next.RunID = "r2"
	promote(t, next, modeltest.Bundle(t, customers, 2, 3))
	if r := mustRun(t, c); r.Customers != 60 {
		t.Errorf("after a model of this window is promoted: %+v", r)
	}
}

// A name that a person gave takes the place of the model's, in every table, under a key of its own.
func TestNames(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(60, 1)
	promote(t, c, modeltest.Bundle(t, customers, 2, 1))
	before := score(t, c, customers)
	if _, err := registry.New(home(t, c)).Rename(t.Context(), "seg-0001", "Stars"); err != nil {
		t.Fatal(err)
	}
	after := mustRun(t, c)
	for i, s := range after.Segments {
		want := before.Segments[i].Name
		if s.ID == "seg-0001" {
			want = "Stars"
		}
		if s.Name != want || made(t, c, contract.Segments).Strings("name")[i] != want {
			t.Errorf("%s is %s, want %s", s.ID, s.Name, want)
		}
	}
	table := made(t, c, contract.Assignments)
	for i, id := range table.Strings("segment") {
		if id == "seg-0001" && (table.Strings("segment_name")[i] != "Stars" || !strings.Contains(table.Strings("why")[i], " Stars")) {
			t.Fatalf("row %d: %s, %s", i, table.Strings("segment_name")[i], table.Strings("why")[i])
		}
	}
}

func TestDamagedModel(t *testing.T) {
	dir := t.TempDir()
	c, customers := config("file://"+dir, "r1", "2011-12-10"), modeltest.Customers(50, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	promote(t, c, b)
	path := filepath.Join(dir, "registry", filepath.FromSlash(contract.BlobPath(b.Manifest.FitID)))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, slices.Concat(text, []byte(" ")), 0o644); err != nil {
		t.Fatal(err)
	}
	modeltest.Preprocess(t, home(t, c), c.Run(), customers)
	if _, err := Run(context.Background(), c, deps(t)); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("%v", err)
	}
}

// TestOtherModel scores by a model whose segments are all new: everybody moves, and the result says why. A pinned replay
// of the old one leaves state alone; a rollback's run, which reads another run's customers, does not.
func TestOtherModel(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(300, 1)
	old := modeltest.Bundle(t, customers, 4, 1)
	promote(t, c, old)
	score(t, c, customers)
	c2 := c
	c2.RunID, c2.AsOf = "r2", "2011-12-17"
	promote(t, c2, modeltest.Bundle(t, customers, 3, 5))
	r := score(t, c2, customers)
	if r.Moved != 300 || !strings.Contains(r.Why, "none of the segments of the previous scores") {
		t.Errorf("result %+v", r)
	}
	pinned := c2
	pinned.RunID, pinned.Head = "r3", 1
	if r := score(t, pinned, customers); r.ModelID != old.Manifest.ModelID || r.Seq != 1 || len(state(t, c).Entries) != 2 {
		t.Errorf("pinned: %+v, %d entries of state", r, len(state(t, c).Entries))
	}
	back := c2
	back.Pipeline, back.RunID, back.FromRun = "rollback", "r4", c2.Run().String()
	promote(t, back, old)
	if r := mustRun(t, back); r.ModelID != old.Manifest.ModelID || r.Seq != 3 || state(t, c).Head().Run != back.Run().String() {
		t.Errorf("rolled back: %+v, state %+v", r, state(t, c).Head())
	}
}

func TestOrderOfCustomersDoesNotMatter(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(200, 1)
	promote(t, c, modeltest.Bundle(t, customers, 3, 1))
	want := score(t, c, customers)
	table := made(t, c, contract.Assignments).Hash()
	reversed := rows(0, 200)
	slices.Reverse(reversed)
	c.Root += "-reversed"
	promote(t, c, modeltest.Bundle(t, customers, 3, 1))
	if diff := cmp.Diff(want, score(t, c, customers.Take(reversed))); diff != "" || made(t, c, contract.Assignments).Hash() != table {
		t.Error("another order, other scores:", diff)
	}
}

func TestNoCustomers(t *testing.T) {
	c, customers := config("mem://"+t.Name(), "r1", "2011-12-10"), modeltest.Customers(60, 1)
	promote(t, c, modeltest.Bundle(t, customers, 2, 1))
	r := score(t, c, customers.Take(nil))
	if r.Customers != 0 || len(r.Segments) != 2 || r.Segments[0].Share != 0 || r.Segments[0].Revenue != money.Amount(0) {
		t.Errorf("result %+v", r)
	}
	if v := made(t, c, contract.Segments).Floats("mean_recency")[0]; !math.IsNaN(v) {
		t.Errorf("mean recency of nobody is %v, want null", v)
	}
}
