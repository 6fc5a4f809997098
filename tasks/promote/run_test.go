package promote_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/promote"
	"github.com/clientele/clientele/tasks/train"
)

const (
	sunday    = "2011-12-11"
	monday    = "2011-12-12"
	nextDay   = "2011-12-13"
	noLimits  = -1.0 // a silhouette that every model reaches
	tooStrict = 1.0  // one that none reaches
)

// shop is one root with the steps around promote.
type shop struct {
	t     *testing.T
	root  string
	deps  task.Deps
	home  *run.Home
	space string
	k     int // segments that train is asked for
	when  string
}

func open(t *testing.T) *shop {
	s := &shop{t: t, root: "mem://" + t.Name(), k: 4, space: "recency:identity,frequency:ln,monetary:ln", when: contract.PromoteForce, deps: task.Deps{
		Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test",
	}}
	home, err := work.Open(t.Context(), s.common("x", monday), s.deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	s.home = home
	return s
}

func (s *shop) common(id, asOf string) task.Common {
	return task.Common{Root: s.root, Name: "segments", Pipeline: "test", RunID: id, AsOf: asOf}
}

func must[R any](t *testing.T, r R, err error) R {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// candidate runs the steps before promote.
func (s *shop) candidate(c task.Common, customers *frame.Frame, silhouette float64) contract.EvaluateResult {
	s.t.Helper()
	ctx := context.Background()
	modeltest.Preprocess(s.t, s.home, c.Run(), customers)
	_, err := drift.Run(ctx, drift.Config{Common: c, Materiality: 0.2, Alpha: 0.01, CoolDown: 28}, s.deps)
	must(s.t, 0, err)
	_, err = train.Run(ctx, train.Config{
		Common: c, K: s.k, KMin: 3, KMax: s.k, Starts: 2, Seed: 1, SmallestShare: cluster.DefaultFloor, MinCustomers: 1,
		Space: s.space,
	}, s.deps)
	must(s.t, 0, err)
	return s.evaluate(c, silhouette)
}

func (s *shop) evaluate(c task.Common, silhouette float64) contract.EvaluateResult {
	s.t.Helper()
	r, err := evaluate.Run(context.Background(), evaluate.Config{Common: c, SmallestShare: 0.01, SilhouetteFloor: silhouette, MaxAudience: 1, MaxAge: 90}, s.deps)
	return must(s.t, r, err)
}

func (s *shop) promote(c task.Common) contract.PromoteResult {
	s.t.Helper()
	r, err := promote.Run(context.Background(), promote.Config{Common: c, Promote: s.when}, s.deps)
	return must(s.t, r, err)
}

// run runs them all.
func (s *shop) run(c task.Common, customers *frame.Frame) contract.PromoteResult {
	s.t.Helper()
	s.candidate(c, customers, noLimits)
	return s.promote(c)
}

func (s *shop) history() []*registry.Revision {
	s.t.Helper()
	all, err := registry.New(s.home).History(context.Background(), 0)
	return must(s.t, all, err)
}

// rollback puts the model of an earlier revision in force, as a person would.
func (s *shop) rollback(c task.Common, seq int64) *registry.Revision {
	s.t.Helper()
	reg := registry.New(s.home)
	rev, err := reg.Move(context.Background(), registry.Move{Run: c.Run(), Key: "rollback"}, func(*registry.Revision) (*registry.Revision, error) {
		old, err := reg.At(context.Background(), seq)
		if err != nil {
			return nil, err
		}
		return &registry.Revision{ModelID: old.ModelID, FitID: old.FitID, Action: contract.ActionRollback}, nil
	})
	return must(s.t, rev, err)
}

func expect(t *testing.T, r contract.PromoteResult, action string, seq int64, why string) {
	t.Helper()
	if r.Action != action || r.Seq != seq || !strings.Contains(r.Why, why) || (r.Cause != "") != (action == contract.ActionHold) {
		t.Errorf("promote = %+v; want %s, revision %d, because of %q", r, action, seq, why)
	}
}

func TestFromFirstModelToSecond(t *testing.T) {
	s := open(t)
	first, same, second := s.common("1", monday), s.common("2", monday), s.common("3", nextDay)
	a := s.run(first, modeltest.Customers(200, 1))
	expect(t, a, contract.ActionBootstrap, 1, "the first model: it passed all")
	b := s.run(same, modeltest.Customers(200, 1))
	expect(t, b, contract.ActionUnchanged, 1, "the same fit")
	c := s.run(second, modeltest.Customers(200, 2))
	expect(t, c, contract.ActionPromote, 2, "passed all")
	if a.Previous != "" || b.ModelID != a.ModelID || c.Previous != a.ModelID || c.ModelID == a.ModelID {
		t.Errorf("models do not follow each other: %+v, %+v, %+v", a, b, c)
	}
	all := s.history()
	if len(all) != 2 || all[1].NextSegment != 5 || all[0].NextSegment != 5 {
		t.Errorf("history %+v; want two revisions, whose next segments are 5: the same four segments", all)
	}
	if all[0].Eval == "" || all[0].Run != second.Run().String() {
		t.Errorf("revision %+v does not say what it rests on", all[0])
	}
	// What was decided stays decided.
	for _, again := range []struct {
		got, want contract.PromoteResult
	}{{s.run(second, modeltest.Customers(200, 2)), c}, {s.promote(first), a}, {s.promote(same), b}, {s.promote(second), c}} {
		if diff := cmp.Diff(again.want, again.got); diff != "" {
			t.Errorf("again (-first +again):\n%s", diff)
		}
	}
	// An older run, wholly cleared, is compared with the HEAD of now.
	expect(t, s.run(first, modeltest.Customers(200, 1)), contract.ActionHold, 2, "from no model to revision 2 of HEAD")
	if n := len(s.history()); n != 2 {
		t.Errorf("%d revisions after reruns, want 2", n)
	}
}

func TestHoldAndBootstrapLater(t *testing.T) {
	s := open(t)
	c := s.common("1", monday)
	e := s.candidate(c, modeltest.Customers(200, 1), tooStrict)
	if e.Verdict != contract.EvalFail {
		t.Fatalf("verdict %s, want fail", e.Verdict)
	}
	r := s.promote(c)
	expect(t, r, contract.ActionHold, 0, "silhouette")
	if r.ModelID != "" || len(s.history()) != 0 {
		t.Errorf("a refused first candidate left %+v and %d revisions", r, len(s.history()))
	}
	s.evaluate(c, noLimits) // other limits: another evaluation, another decision
	expect(t, s.promote(c), contract.ActionBootstrap, 1, "first")
}

func TestHoldWhatIsHeldAgainstAnotherHead(t *testing.T) {
	s := open(t)
	slow, quick := s.common("slow", monday), s.common("quick", monday)
	s.candidate(slow, modeltest.Customers(200, 1), noLimits)
	expect(t, s.run(quick, modeltest.Customers(200, 2)), contract.ActionBootstrap, 1, "")
	expect(t, s.promote(slow), contract.ActionHold, 1, "compared with no model, but there is revision 1 of HEAD now")
	// Evaluate alone, again: drift compared with no model, and the candidate's ids were given to others by now.
	e := s.evaluate(slow, noLimits)
	for _, g := range e.Gates {
		want := map[string]string{"drift_head": contract.EvalUnverified, "segment_ids": contract.EvalFail}[g.Gate]
		if want == "" {
			want = contract.EvalPass
		}
		if g.Verdict != want {
			t.Errorf("gate %s: %s (%s), want %s", g.Gate, g.Verdict, g.Why, want)
		}
	}
	expect(t, s.promote(slow), contract.ActionHold, 1, "IDs belonged to other segments")
	// All of it again: the run has written nothing, so it sees the new HEAD.
	expect(t, s.run(slow, modeltest.Customers(200, 1)), contract.ActionPromote, 2, "")
}

func TestHoldOlderRun(t *testing.T) {
	s := open(t)
	s.run(s.common("1", monday), modeltest.Customers(200, 1))
	expect(t, s.run(s.common("old", sunday), modeltest.Customers(200, 2)), contract.ActionHold, 1, "a run with an earlier as-of does not replace it")
}

// TestHoldAfterARollback: the candidate of the next run is not promoted, until the hold's date or until a person lifts it.
func TestHoldAfterARollback(t *testing.T) {
	s := open(t)
	s.run(s.common("1", monday), modeltest.Customers(200, 1))
	first := s.history()[0]
	put := func(id string, hold *registry.Hold) {
		t.Helper()
		m := registry.Move{Run: s.common(id, monday).Run(), Key: "k"}
		_, err := registry.New(s.home).Move(t.Context(), m, func(*registry.Revision) (*registry.Revision, error) {
			return &registry.Revision{ModelID: first.ModelID, FitID: first.FitID, Action: contract.ActionRollback, Hold: hold}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("a", &registry.Hold{Reason: "wrong prices"})
	r := s.run(s.common("2", "2011-12-13"), modeltest.Customers(200, 2))
	expect(t, r, contract.ActionHold, 2, "promotion is on hold since revision 2 of HEAD, until it is lifted (wrong prices); to lift it: registry unfreeze")
	if r.Cause != contract.HeldFrozen {
		t.Errorf("the cause is %q", r.Cause)
	}
	if r.ModelID != first.ModelID {
		t.Errorf("the champion is %s, want %s", r.ModelID, first.ModelID)
	}
	// 15323 is 2011-12-15.
	put("b", &registry.Hold{Until: 15323})
	expect(t, s.run(s.common("3", "2011-12-14"), modeltest.Customers(200, 3)), contract.ActionHold, 3, "until 2011-12-15")
	expect(t, s.run(s.common("4", "2011-12-15"), modeltest.Customers(200, 4)), contract.ActionPromote, 4, "")
	if head := s.history()[0]; head.Hold != nil {
		t.Errorf("a model that was promoted carries a hold on: %+v", head)
	}
	put("c", &registry.Hold{})
	put("d", nil) // lifted
	expect(t, s.run(s.common("5", "2011-12-16"), modeltest.Customers(200, 5)), contract.ActionPromote, 7, "")
}

// TestRunTwiceWithOtherCustomers: a run that has promoted does not see its own model, so another one that it trains is
// compared with none and must not replace it.
func TestRunTwiceWithOtherCustomers(t *testing.T) {
	s := open(t)
	c := s.common("1", monday)
	s.run(c, modeltest.Customers(200, 1))
	r := s.run(c, modeltest.Customers(200, 2))
	expect(t, r, contract.ActionHold, 1, "HEAD has changed since drift ran, from no model to revision 1 of HEAD")
}

func TestRollbackStays(t *testing.T) {
	s := open(t)
	first, second := s.common("1", monday), s.common("2", nextDay)
	a := s.run(first, modeltest.Customers(200, 1))
	s.k = 5
	b := s.run(second, modeltest.Customers(200, 2))
	back := s.rollback(s.common("back", nextDay), 1)
	if back.ModelID != a.ModelID || back.Seq != 3 || back.NextSegment != 6 {
		t.Fatalf("rollback = %+v; want model of revision 1 with next segment 6, as revision 2 had", back)
	}
	// The rolled-back run's promote, cleared alone, says what it did and does not do it again.
	if diff := cmp.Diff(b, s.promote(second)); diff != "" {
		t.Errorf("promote again (-first +again):\n%s", diff)
	}
	// All of its steps, cleared: HEAD is another than drift saw.
	expect(t, s.run(second, modeltest.Customers(200, 2)), contract.ActionHold, 3, "could not be verified")
	if head := s.history()[0]; head.Seq != 3 {
		t.Errorf("head is revision %d: the rollback is undone", head.Seq)
	}
	// The next run counts its ids on from the highest.
	expect(t, s.run(s.common("3", nextDay), modeltest.Customers(200, 3)), contract.ActionPromote, 4, "")
	if head := s.history()[0]; head.NextSegment != 7 {
		t.Errorf("next segment %d, want 7: the fifth segment has no id of before", head.NextSegment)
	}
}

// dying is a context that ends at its n-th use by a store: every call on a store looks at it once, at its start.
type dying struct {
	context.Context
	left *int
}

func (d dying) Err() error {
	if *d.left--; *d.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestKilledAtAnyStoreCall(t *testing.T) {
	want := func() contract.PromoteResult {
		s := open(t)
		return s.run(s.common("killed", monday), modeltest.Customers(120, 1))
	}()
	for n := 0; ; n++ {
		done := false
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := open(t)
			c := s.common("killed", monday)
			s.candidate(c, modeltest.Customers(120, 1), noLimits)
			left := n
			_, err := promote.Run(dying{context.Background(), &left}, promote.Config{Common: c, Promote: s.when}, s.deps)
			done = err == nil
			if diff := cmp.Diff(want, s.promote(c)); diff != "" {
				t.Errorf("killed at call %d and started again (-want +got):\n%s", n, diff)
			}
			if all := s.history(); len(all) != 1 {
				t.Errorf("%d revisions, want 1", len(all))
			}
			m, err := s.home.Current(context.Background(), c.Run(), contract.Promote)
			if err != nil || m.Step != contract.Promote {
				t.Errorf("manifest %+v, %v", m, err)
			}
		})
		if done {
			// Read current and manifest of evaluate, the step's own manifest and the candidate's; read HEAD, write history,
			// swap HEAD; write the manifest, read and swap current.
			if n < 10 {
				t.Errorf("promote took %d calls, want at least 10", n)
			}
			return
		}
		if n > 40 {
			t.Fatal("promote takes more than 40 calls")
		}
	}
}

func TestManyPromoteAtOnce(t *testing.T) {
	s := open(t)
	const runs, copies = 4, 2
	var all sync.WaitGroup
	var lock sync.Mutex
	actions := map[string][]string{}
	for i := range runs {
		s.candidate(s.common(fmt.Sprint(i), monday), modeltest.Customers(120, uint64(i)), noLimits)
	}
	for i := range runs * copies {
		all.Go(func() {
			c := s.common(fmt.Sprint(i/copies), monday)
			r, err := promote.Run(context.Background(), promote.Config{Common: c, Promote: s.when}, s.deps)
			for fault.CodeOf(err) == fault.ExitTemporary { // as a scheduler would
				r, err = promote.Run(context.Background(), promote.Config{Common: c, Promote: s.when}, s.deps)
			}
			if err != nil {
				t.Error(err)
			}
			lock.Lock()
			defer lock.Unlock()
			actions[c.RunID] = append(actions[c.RunID], r.Action)
		})
	}
	all.Wait()
	won := 0
	for id, a := range actions {
		if a[0] != a[1] {
			t.Errorf("copies of run %s end as %v", id, a)
		}
		if a[0] == contract.ActionBootstrap {
			won++
		} else if a[0] != contract.ActionHold {
			t.Errorf("run %s ends as %s, want hold: it was compared with no model", id, a[0])
		}
	}
	if won != 1 || len(s.history()) != 1 {
		t.Errorf("%d runs made the first model, %d revisions; want 1 and 1", won, len(s.history()))
	}
}

func TestHeadTakenAway(t *testing.T) {
	s := open(t)
	dir := t.TempDir()
	s.root = "file://" + dir
	home, err := work.Open(t.Context(), s.common("x", monday), s.deps)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	s.home = home
	head := filepath.Join(dir, "registry", contract.HeadPath(home.Name))
	first, second := s.common("1", monday), s.common("2", nextDay)
	want := s.run(first, modeltest.Customers(200, 1))
	was, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(head); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.promote(first)); diff != "" {
		t.Errorf("after HEAD was removed:\n%s", diff)
	}
	if now, err := os.ReadFile(head); err != nil || string(now) != string(was) {
		t.Errorf("HEAD is %q, %v; it was %q", now, err, was)
	}
	expect(t, s.run(second, modeltest.Customers(200, 2)), contract.ActionPromote, 2, "passed all")
	if err := os.Remove(head); err != nil {
		t.Fatal(err)
	}
	_, err = promote.Run(t.Context(), promote.Config{Common: second, Promote: s.when}, s.deps)
	if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), "this run read revision 2") {
		t.Errorf("after a later HEAD was removed: %v", err)
	}
	if _, err := os.Stat(head); !os.IsNotExist(err) {
		t.Errorf("there is a HEAD again: %v", err)
	}
}

func TestMissing(t *testing.T) {
	s := open(t)
	_, err := promote.Run(t.Context(), promote.Config{Common: s.common("1", monday)}, s.deps)
	if fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "evaluate has no output") {
		t.Errorf("promote without a verdict: %v; want exit code 66", err)
	}
}

func TestNamesOnOneRootAreApart(t *testing.T) {
	s := open(t)
	one := s.common("1", monday)
	s.run(one, modeltest.Customers(120, 1))
	other := one
	other.Name = "vip"
	expect(t, s.run(other, modeltest.Customers(120, 1)), contract.ActionBootstrap, 1, "")
	home := &run.Home{Root: s.home.Root, Registry: s.home.Registry, Name: "vip"}
	if head, err := registry.New(home).Head(t.Context()); err != nil || head == nil {
		t.Errorf("head of the other name = %v, %v", head, err)
	}
}

func TestValidate(t *testing.T) {
	if err := (promote.Config{Common: task.Common{Root: "file:///tmp/x", Name: "n", Pipeline: "p", RunID: "r", AsOf: monday}}).Validate(); err != nil {
		t.Error(err)
	}
	err := promote.Config{Promote: "always"}.Validate()
	for _, flag := range []string{"--promote", "--root", "--name", "--pipeline", "--run-id", "--as-of"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("problems of an empty configuration do not name %s: %v", flag, err)
		}
	}
}
