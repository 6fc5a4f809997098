package drift

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// monday is 2011-12-12, and the days after follow it.
const monday calendar.Date = 15320

const rows = 400

type shop struct {
	t    *testing.T
	root string
	deps task.Deps
	home *run.Home
}

func open(t *testing.T, root string) *shop {
	s := &shop{t: t, root: root, deps: task.Deps{
		Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test",
	}}
	home, err := work.Open(t.Context(), s.config("x", monday).Common, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	s.home = home
	return s
}

func (s *shop) config(id string, day calendar.Date) Config {
	return Config{
		Common:      task.Common{Root: s.root, Name: "segments", Pipeline: "test", RunID: id, AsOf: day.String()},
		Materiality: 0.2, Alpha: 0.01, CoolDown: 28,
	}
}

// run runs drift on the customers.
func (s *shop) run(c Config, customers *frame.Frame) contract.DriftResult {
	s.t.Helper()
	modeltest.Preprocess(s.t, s.home, c.Run(), customers)
	r, err := Run(context.Background(), c, s.deps)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// promote trains a model of the customers and puts it in force.
func (s *shop) promote(run contract.Run, customers *frame.Frame) *model.Bundle {
	s.t.Helper()
	b := modeltest.Bundle(s.t, customers, 4, 1)
	s.inForce(run, b)
	return b
}

// inForce writes a model and makes it HEAD.
func (s *shop) inForce(run contract.Run, b *model.Bundle) {
	s.t.Helper()
	if err := model.Write(context.Background(), s.home.Registry, b, model.Provenance{}, table.Options{}); err != nil {
		s.t.Fatal(err)
	}
	_, err := registry.New(s.home).Move(context.Background(), registry.Move{Run: run, Key: b.Manifest.ModelID}, func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{ModelID: b.Manifest.ModelID, FitID: b.Manifest.FitID, NextSegment: 5}, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) table(run contract.Run, schema frame.Schema) *frame.Frame {
	s.t.Helper()
	m, err := s.home.Current(context.Background(), run, contract.Drift)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := s.home.ReadTable(context.Background(), m, schema, table.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *shop) state() []run.Entry[run.DriftState] {
	s.t.Helper()
	state, err := run.ReadState[run.DriftState](context.Background(), s.home.Root, contract.DriftStatePath("segments"))
	if err != nil {
		s.t.Fatal(err)
	}
	return state.Entries
}

// older returns the customers with their last purchase n days earlier.
func older(customers *frame.Frame, n int64) *frame.Frame {
	out := customers.Take(all(customers.Rows()))
	for i := range out.Ints("recency") {
		out.Ints("recency")[i] += n
	}
	return out
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestWithoutHead(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	c := s.config("1", monday)
	r := s.run(c, modeltest.Customers(rows, 1))
	want := contract.DriftResult{Verdict: contract.VerdictInsufficientData, Act: contract.ActNone, Cause: "no_head", Wanted: contract.ActNone, AsOf: monday,
		Features: []contract.DriftFeature{}, Checks: []contract.DriftCheck{}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	effects := s.table(c.Run(), contract.Effects)
	if s.table(c.Run(), contract.Features).Rows() != 0 || effects.Rows() != 3 || !math.IsNaN(effects.Floats("value")[0]) {
		t.Errorf("tables without HEAD: %+v", effects)
	}
	// The run's own model is not there for it, as often as it looks.
	s.promote(c.Run(), modeltest.Customers(rows, 1))
	if diff := cmp.Diff(want, s.run(c, modeltest.Customers(rows, 1))); diff != "" {
		t.Errorf("after its own promotion (-want +got):\n%s", diff)
	}
}

// TestHold: drift says that a hold is set, so that nobody asks for a model that would not be promoted.
func TestHold(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	b := s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	_, err := registry.New(s.home).Move(t.Context(), registry.Move{Run: s.config("back", monday).Run(), Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{
			ModelID: b.Manifest.ModelID, FitID: b.Manifest.FitID, Action: contract.ActionRollback, Hold: &registry.Hold{Until: monday + 8, Reason: "wrong prices"},
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "promotion is on hold since revision 2 of HEAD, until " + (monday + 8).String() + " (wrong prices)"
	s.run(s.config("look", monday), older(modeltest.Customers(rows, 1), 60))
	if r := s.run(s.config("1", monday+7), older(modeltest.Customers(rows, 1), 60)); r.Hold != want || r.Act != contract.ActRetrain {
		t.Errorf("act %s, hold %q; want retrain, %q", r.Act, r.Hold, want)
	} else if r.Age == nil || *r.Age != 7 || r.Frozen == nil || *r.Frozen != 7 {
		t.Errorf("a model and a hold of 7 days: age %v, frozen %v", r.Age, r.Frozen)
	}
	if r := s.run(s.config("2", monday+8), modeltest.Customers(rows, 1)); r.Hold != "" || r.Frozen != nil || *r.Age != 8 {
		t.Errorf("on the hold's day: %q, frozen %v, age %v", r.Hold, r.Frozen, r.Age)
	}
}

func TestQuiet(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	b := s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	c := s.config("1", monday+7)
	r := s.run(c, modeltest.Customers(rows, 1))
	if r.Verdict != contract.VerdictNone || r.Act != contract.ActNone || r.Model != b.Manifest.ModelID || r.Seq != 1 ||
		r.AsOf != monday+7 || r.HeadAsOf == nil || *r.HeadAsOf != monday {
		t.Errorf("the training's own customers: %+v; want none", r)
	}
	for _, f := range r.Features {
		if f.PSI != 0 { // by definition: equal shares in every bin
			t.Errorf("PSI of %s is %v, want 0", f.Feature, f.PSI)
		}
	}
	if m, p := r.Effects.Model, r.Effects.Population; r.Effects.Data != nil || m == nil || *m != 0 || p == nil || *p != 0 {
		t.Errorf("effects %+v; want null for data, which is not measured, and 0 for the others", r.Effects)
	}
	all := len(contract.Customers.Columns) - 1
	if features := s.table(c.Run(), contract.Features); features.Rows() != all || len(r.Features) != all {
		t.Errorf("%d features, %d in the result; want %d, all but the customer", features.Rows(), len(r.Features), all)
	}
	// Others of the same kinds: quiet, but not to the last digit.
	if r := s.run(s.config("2", monday+7), modeltest.Customers(rows, 2)); r.Verdict != contract.VerdictNone || r.Features[0].PSI == 0 {
		t.Errorf("other customers of the same kinds: %+v; want none", r)
	}
}

func TestOrderOfCustomersIsNothing(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	customers := modeltest.Customers(rows, 2)
	want := s.run(s.config("1", monday+1), customers)
	got := s.run(s.config("2", monday+1), customers.Take(rand.New(rand.NewPCG(1, 1)).Perm(rows)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("shuffled (-want +got):\n%s", diff)
	}
}

func TestMoved(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	customers := modeltest.Customers(rows, 1)
	b := s.promote(s.config("0", monday).Run(), customers)

	late := older(customers, 100)
	c := s.config("1", monday+1)
	r := s.run(c, late)
	if r.Verdict != contract.VerdictAlert || r.Wanted != contract.ActRetrain || r.Act != contract.ActWait || !strings.Contains(r.Cause, "no longer fits") {
		t.Errorf("everyone 100 days later: %+v; want alert and, seen for the first time, to wait before a retrain", r)
	}
	if again := s.run(s.config("again", monday+8), late); again.Act != contract.ActRetrain || again.Votes != 2 {
		t.Errorf("and a week later: %+v; want retrain", again)
	}
	if strings.Contains(r.Cause, "before, too") {
		t.Errorf("cause %q; it is the first time", r.Cause)
	}
	// Model effect by its definition, from the distances themselves.
	mean := func(f *frame.Frame) float64 {
		a, err := b.Assign(f)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, d := range a.Distance {
			sum += d * d
		}
		return sum / float64(len(a.Distance))
	}
	if want := mean(late)/mean(customers) - 1; r.Effects.Model == nil || math.Abs(*r.Effects.Model-want) > 1e-12 {
		t.Errorf("model effect %v, want %v", r.Effects.Model, want)
	}
	// Population effect by its definition, from the segments' shares; all are above 0 on both sides.
	share := func(f *frame.Frame, segment int32) float64 {
		a, err := b.Assign(f)
		if err != nil {
			t.Fatal(err)
		}
		n := 0.0
		for _, c := range a.Nearest {
			if c == segment {
				n++
			}
		}
		return n / float64(len(a.Nearest))
	}
	want := 0.0
	for c := range int32(4) {
		p, q := share(customers, c), share(late, c)
		want += (p - q) * math.Log(p/q)
	}
	// Shares are smoothed by a ten-thousandth.
	if p := r.Effects.Population; p == nil || want == 0 || math.Abs(*p/want-1) > 2e-3 {
		t.Errorf("population effect %v, want %v", *p, want)
	}

	other := customers.Take(all(rows))
	for i := range other.Ints("units") {
		other.Ints("units")[i] *= 50
	}
	if r := s.run(s.config("2", monday+1), other); r.Verdict != contract.VerdictAlert || r.Act != contract.ActWait {
		t.Errorf("a feature that segments are not made of: %+v; want alert and wait", r)
	}
	if r := s.run(s.config("3", monday+1), late.Take(all(20))); r.Verdict != contract.VerdictInsufficientData || r.Act != contract.ActNone {
		t.Errorf("20 customers: %+v; want insufficient_data", r)
	}
	if r := s.run(s.config("4", monday+1), late.Take(nil)); r.Verdict != contract.VerdictInsufficientData || r.Effects.Model != nil {
		t.Errorf("no customer: %+v; want insufficient_data, nothing measured", r)
	}
}

func TestState(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	customers := modeltest.Customers(rows, 1)
	s.promote(s.config("0", monday).Run(), customers)
	late := older(customers, 100)
	first := s.run(s.config("1", monday+1), late)
	second := s.run(s.config("2", monday+2), late)
	third := s.run(s.config("3", monday+3), late)
	if !strings.Contains(second.Cause, "on the previous as-of date, too") || !strings.Contains(third.Cause, "on the previous 2 as-of dates, too") {
		t.Errorf("causes %q and %q do not say that it lasts", second.Cause, third.Cause)
	}
	// A rerun sees what the first try saw, whatever came since; and an older run leaves the state alone.
	if again := s.run(s.config("1", monday+1), late); again.Cause != first.Cause {
		t.Errorf("run 1 again: cause %q, want %q", again.Cause, first.Cause)
	}
	days := func() []calendar.Date {
		var out []calendar.Date
		for _, e := range s.state() {
			out = append(out, e.AsOf)
		}
		return out
	}
	if got, want := days(), []calendar.Date{monday + 3, monday + 2, monday + 1}; !slices.Equal(got, want) {
		t.Errorf("state has entries of %v, want %v", got, want)
	}
	// A quiet day ends the row, and a later run of a day replaces that day's entry.
	s.run(s.config("4", monday+3), customers)
	if e := s.state()[0]; len(days()) != 3 || e.Value.Verdict != contract.VerdictNone {
		t.Errorf("state %+v; want the later run of the day, quiet", s.state())
	}
	if r := s.run(s.config("5", monday+4), late); strings.Contains(r.Cause, "before, too") {
		t.Errorf("cause %q; it was quiet the day before", r.Cause)
	}
}

func TestPinned(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	s.promote(s.config("0", monday+1).Run(), older(modeltest.Customers(rows, 1), 100))
	c := s.config("1", monday+2)
	c.Head = 1
	if r := s.run(c, modeltest.Customers(rows, 1)); r.Seq != 1 || r.Verdict != contract.VerdictNone {
		t.Errorf("pinned to revision 1: %+v; want none", r)
	}
	if n := len(s.state()); n != 0 {
		t.Errorf("a replay by an older revision left %d entries in the state", n)
	}
	c.Head = 3
	if _, err := Run(t.Context(), c, s.deps); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("pinned to a revision that is not there: %v; want exit code 66", err)
	}
}

// A run of then, again ten days later under another id: with HEAD pinned to what its manifest recorded, the same bytes, though HEAD and
// state have moved on.
func TestTenDaysLater(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	customers := modeltest.Customers(rows, 1)
	s.promote(s.config("0", monday).Run(), customers)
	s.run(s.config("1", monday+1), customers)
	s.run(s.config("2", monday+8), older(customers, 100))
	then := s.config("then", monday+15)
	want := s.run(then, older(customers, 100))
	if want.Act != contract.ActRetrain || want.Votes != 2 {
		t.Fatalf("%+v; want a verdict that rests on the state", want)
	}
	s.promote(s.config("then", monday+15).Run(), older(customers, 100))
	for d := range calendar.Date(10) {
		s.run(s.config("later", monday+16+d), modeltest.Customers(rows, uint64(3+d)))
	}
	again := s.config("again", monday+15)
	again.Head = int(want.Seq)
	closing := cmpopts.IgnoreFields(contract.DriftResult{}, "Age", "Frozen") // of the closing record: no replay has them
	if diff := cmp.Diff(want, s.run(again, older(customers, 100)), closing); diff != "" {
		t.Errorf("ten days later (-then +now):\n%s", diff)
	}
	objects := func(r contract.Run) map[string]string {
		m, err := s.home.Current(t.Context(), r, contract.Drift)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for name, o := range m.Objects {
			out[name] = o.SHA256
		}
		return out
	}
	if diff := cmp.Diff(objects(then.Run()), objects(again.Run())); diff != "" {
		t.Errorf("other bytes ten days later (-then +now):\n%s", diff)
	}
}

// TestReferenceExpired: the customers of the training are gone; drift goes on as on a first run and says so.
func TestReferenceExpired(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	b := s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	blob := filepath.Join(dir, "registry", contract.BlobPath(b.Manifest.Blobs.Reference.SHA256))
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	r := s.run(s.config("1", monday+1), modeltest.Customers(rows, 1))
	if r.Verdict != contract.VerdictInsufficientData || !strings.Contains(r.Cause, "expired") || r.Seq != 1 {
		t.Errorf("%+v; want insufficient_data because the reference has expired", r)
	}
	if err := os.WriteFile(blob, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := s.config("2", monday+1)
	modeltest.Preprocess(t, s.home, c.Run(), modeltest.Customers(rows, 1))
	if _, err := Run(t.Context(), c, s.deps); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("a damaged reference: %v; want exit code 65", err)
	}
}

func TestBadInput(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	if _, err := Run(t.Context(), s.config("1", monday), s.deps); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("without preprocess: %v; want exit code 66", err)
	}
	s.promote(s.config("0", monday).Run(), modeltest.Customers(rows, 1))
	customers := modeltest.Customers(rows, 1)
	customers.Ints("monetary")[7] = 0
	c := s.config("2", monday)
	modeltest.Preprocess(t, s.home, c.Run(), customers)
	if _, err := Run(t.Context(), c, s.deps); fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), "monetary") {
		t.Errorf("a customer who spent nothing: %v; want exit code 65 that names monetary", err)
	}
	if len(s.state()) != 0 {
		t.Error("a failed run left an entry in the state")
	}
}

func TestValidate(t *testing.T) {
	good := (&shop{root: "file:///tmp/x"}).config("1", monday)
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for flag, change := range map[string]func(*Config){
		"--materiality": func(c *Config) { c.Materiality = 0 },
		"--cool-down":   func(c *Config) { c.CoolDown = -1 },
		"--accept":      func(c *Config) { c.Accept = "nonsense" },
		"--alpha":       func(c *Config) { c.Alpha = 1 },
		"--as-of":       func(c *Config) { c.AsOf = "12/10/2011" },
	} {
		c := good
		change(&c)
		if err := c.Validate(); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v; want exit code 64", flag, err)
		}
	}
}
