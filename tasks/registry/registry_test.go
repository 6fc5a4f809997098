package registry

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

func TestRollback(t *testing.T) {
	for _, root := range []string{"mem://" + t.Name(), "file://" + t.TempDir()} {
		s := open(t, root)
		a, b, c := s.promote(0), s.promote(1), s.promote(2)
		want := contract.RollbackResult{ModelID: b, Previous: c, Seq: 4, Hold: "until it is lifted"}
		if diff := gocmp.Diff(want, s.must("r1", nil)); diff != "" {
			t.Errorf("rollback (-want +got):\n%s", diff)
		}
		head := s.head()
		if head.Action != contract.ActionRollback || head.NextSegment != 10 || head.Reason != "rolled back from revision 3 to the model of revision 2" {
			t.Errorf("head %+v; want a rollback with next segment 10: the three models have given 1 to 9", head)
		}
		// The same run again: once.
		if diff := gocmp.Diff(want, s.must("r1", nil)); diff != "" || s.head().Seq != 4 {
			t.Errorf("the same rollback again (-want +got):\n%s", diff)
		}
		// Another one goes on to the model before, not back to the one that was left.
		if r := s.must("r2", nil); r.ModelID != a || r.Seq != 5 {
			t.Errorf("second rollback = %+v, want model of revision 1", r)
		}
		if _, err := s.rollback("r3", nil); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "no earlier model") {
			t.Errorf("rollback of the first model: %v; want exit code 66", err)
		}
		if r := s.must("r4", func(x *RollbackConfig) { x.ToSeq, x.Reason = 3, "as ever" }); r.ModelID != c || r.Seq != 6 {
			t.Errorf("to revision 3 = %+v", r)
		}
		if reason := s.head().Reason; !strings.HasSuffix(reason, ": as ever") {
			t.Errorf("reason %q", reason)
		}
		if r := s.must("r5", func(x *RollbackConfig) { x.ToModel = a }); r.ModelID != a || r.Seq != 7 {
			t.Errorf("to model = %+v", r)
		}
		if r := s.must("r6", func(x *RollbackConfig) { x.ToModel = a }); r.Previous != a || r.Seq != 7 {
			t.Errorf("to the model in force = %+v, want revision 7 to stay", r)
		}
		if n := s.head().NextSegment; n != 10 {
			t.Errorf("next segment %d, want 10 for ever", n)
		}
	}
}

// TestRollbackHolds: until a date or until a person lifts it, and a repeated rollback changes the date.
func TestRollbackHolds(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	a := s.promote(0)
	s.promote(1)
	s.must("r1", func(c *RollbackConfig) { c.Reason = "typo" })
	hold := s.head().Hold
	if hold == nil || hold.Until != 0 || hold.Since != 3 || !strings.Contains(hold.String(), "typo") {
		t.Fatalf("hold %+v", hold)
	}
	if r := s.must("r2", func(c *RollbackConfig) { c.ToModel, c.HoldUntil = a, "2012-01-09" }); r.Seq != 4 || r.Hold != "until 2012-01-09" {
		t.Errorf("the same model on hold until a date: %+v", r)
	}
	if r := s.must("r3", func(c *RollbackConfig) { c.ToModel, c.HoldUntil = a, "2012-01-09" }); r.Seq != 4 {
		t.Errorf("the same again made revision %d", r.Seq)
	}
	unfreeze := func(id string) contract.SteerResult {
		t.Helper()
		c := SteerConfig{Common: s.common(), Reason: "corrected"}
		c.Pipeline, c.RunID = program, id
		r, err := Unfreeze.Run(t.Context(), c, s.deps)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	want := contract.SteerResult{Action: contract.ActionUnfreeze, ModelID: a, Seq: 5, Changed: true}
	for _, id := range []string{"l1", "l1"} { // the same again does nothing twice
		if diff := gocmp.Diff(want, unfreeze(id)); diff != "" {
			t.Error(diff)
		}
	}
	if head := s.head(); head.Seq != 5 || head.Hold != nil || head.ModelID != a || head.AsOf != monday || head.Action != contract.ActionUnfreeze {
		t.Errorf("HEAD %+v", head)
	}
	if r := unfreeze("l2"); r.Changed || r.Seq != 5 {
		t.Errorf("without a hold: %+v", r)
	}
	if _, err := Unfreeze.Run(t.Context(), SteerConfig{Common: open(t, "mem://"+t.Name()+"-empty").common()}, s.deps); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("unfreeze without HEAD: %v; want exit code 66", err)
	}

	var out bytes.Buffer
	h, err := History.Run(t.Context(), HistoryConfig{Common: s.common()}, s.deps)
	if err != nil || printHistory(&out, h) != nil || !strings.Contains(out.String(), "until 2012-01-09") || !strings.Contains(out.String(), "until it is lifted") {
		t.Errorf("history does not have the holds: %v\n%s", err, out.String())
	}
	out.Reset()
	r, err := Show.Run(t.Context(), ShowConfig{Common: s.common(), Seq: 3}, s.deps)
	if err != nil || printShow(&out, r) != nil || !strings.Contains(out.String(), "until it is lifted") {
		t.Errorf("show does not have the hold: %v\n%s", err, out.String())
	}
}

// TestRollbackLowersAsOf: a run of a mistyped as-of was promoted and scored. After a rollback, runs of today are no older runs.
func TestRollbackLowersAsOf(t *testing.T) {
	const typo = monday + 365
	score, drift := contract.ScoreStatePath("segments"), contract.DriftStatePath("segments")
	setUp := func(name string) *shop {
		s := open(t, "mem://"+t.Name()+name)
		s.promote(0)
		advance(s, score, monday, run.ScoreState{Seq: 1}, run.KeepScore)
		advance(s, drift, monday, run.DriftState{Seq: 1}, run.KeepDrift)
		s.promoteAsOf(1, typo)
		advance(s, score, typo, run.ScoreState{Seq: 2}, run.KeepScore)
		advance(s, drift, typo, run.DriftState{Seq: 1}, run.KeepDrift)
		return s
	}
	today := monday + 1
	for name, change := range map[string]func(*shop, *RollbackConfig){
		"said":       func(_ *shop, c *RollbackConfig) { c.AsOf = today.String() },
		"by default": func(s *shop, c *RollbackConfig) { c.AsOf, s.deps.Now = "", noon(monday+1) },
	} {
		s := setUp(name)
		r := s.must("r1", func(c *RollbackConfig) { change(s, c) })
		// Without a zone, today is what it is in the Line Islands: it is tomorrow there from 10:00 UTC on.
		lowered := today
		if name == "by default" {
			lowered++
		}
		if head := s.head(); head.AsOf != lowered || head.Seq != 3 {
			t.Errorf("%s: HEAD is as of %s, want %s", name, head.AsOf, lowered)
		}
		if r.Run != "" { // the run of monday has no customers in this test; the mistyped one must not be named
			t.Errorf("%s: run %q", name, r.Run)
		}
		if got := asOfs[run.ScoreState](s, score); !slices.Equal(got, []calendar.Date{monday}) {
			t.Errorf("%s: the scores are of %v", name, got)
		}
		if got := asOfs[run.DriftState](s, drift); !slices.Equal(got, []calendar.Date{monday}) {
			t.Errorf("%s: drift has %v", name, got)
		}
		// What was written since stays, when the same rollback comes again.
		advance(s, score, lowered+7, run.ScoreState{Seq: 3}, run.KeepScore)
		advance(s, drift, lowered+7, run.DriftState{Seq: 3}, run.KeepDrift)
		s.must("r1", func(c *RollbackConfig) { c.AsOf = lowered.String() })
		if got := asOfs[run.ScoreState](s, score); !slices.Equal(got, []calendar.Date{lowered + 7, monday}) {
			t.Errorf("%s: a rollback that was made before took scores back: %v", name, got)
		}
		if got := asOfs[run.DriftState](s, drift); len(got) != 2 {
			t.Errorf("%s: a rollback that was made before took drift back: %v", name, got)
		}
	}

	// A rollback has no lines to judge a day by: a future one must be allowed.
	s := setUp("future")
	s.deps.Now = noon(today)
	if _, err := s.rollback("r1", func(c *RollbackConfig) { c.AsOf = typo.String() }); fault.CodeOf(err) != fault.ExitUsage || s.head().Seq != 2 {
		t.Errorf("a rollback of a future as-of: %v; want exit code 64", err)
	}
	s.must("r1", func(c *RollbackConfig) { c.AsOf, c.AllowFutureAsOf = typo.String(), true })

	// Without a mistyped day, nothing is lowered: the scores of the weeks on hold are later than HEAD.
	s = open(t, "mem://"+t.Name()+"quiet")
	s.promote(0)
	s.promote(1)
	advance(s, score, monday+7, run.ScoreState{Seq: 2}, run.KeepScore)
	s.must("r1", func(c *RollbackConfig) { c.AsOf, s.deps.Now = "", noon(monday+14) })
	if got := asOfs[run.ScoreState](s, score); s.head().AsOf != monday+7 || !slices.Equal(got, []calendar.Date{monday + 7}) {
		t.Errorf("HEAD is as of %s, the scores of %v; want both of %s", s.head().AsOf, got, monday+7)
	}
}

// TestByHand: what a person at a keyboard need not say, and what only such a person is advised to do.
func TestByHand(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	s.promote(0)
	s.promote(1)
	s.promote(2)
	s.deps.Now = noon(monday + 30)
	night := contract.NewRun("night", monday, "1")
	modeltest.Preprocess(t, s.home, night, modeltest.Customers(100, 1))
	e := run.Entry[run.ScoreState]{Run: night.String(), AsOf: monday, Key: "k"}
	if _, err := run.Advance(t.Context(), s.home.Root, contract.ScoreStatePath("segments"), e, run.KeepScore); err != nil {
		t.Fatal(err)
	}
	app := &cli.App{Flags: Rollback.AllFlags(), Action: func(x *cli.Context) error {
		c := newRollbackConfig(x)
		if err := c.Validate(); err != nil {
			return err
		}
		r, err := runRollback(t.Context(), c, s.deps)
		if err != nil {
			return err
		}
		return printRollback(x.App.Writer, r)
	}}
	for i, test := range []struct {
		args   []string
		prefix string // of the revision's run
		advice bool
	}{
		{nil, "registry/2011-12-12/", true},
		{[]string{"--pipeline=clientele_rollback", "--run-id=manual", "--as-of=2011-12-12"}, "clientele_rollback/2011-12-12/manual", false},
	} {
		var out bytes.Buffer
		app.Writer = &out
		if err := app.Run(append([]string{"rollback", "--root=" + s.root}, test.args...)); err != nil {
			t.Fatal(err)
		}
		if head := s.head(); head.Seq != int64(4+i) || !strings.HasPrefix(head.Run, test.prefix) {
			t.Errorf("%v: revision %d by run %s", test.args, head.Seq, head.Run)
		}
		if got := strings.Contains(out.String(), "score"); got != test.advice || !strings.Contains(out.String(), "registry unfreeze") {
			t.Errorf("%v printed:\n%s", test.args, out.String())
		}
	}
}

func TestRollbackRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, "file://"+dir)
	if _, err := s.rollback("r0", nil); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), "there is no current model") {
		t.Errorf("without HEAD: %v; want exit code 66", err)
	}
	a := s.promote(0)
	s.promote(1)
	for name, change := range map[string]func(*RollbackConfig){
		"unknown revision": func(c *RollbackConfig) { c.ToSeq = 9 },
		"unknown model":    func(c *RollbackConfig) { c.ToModel = strings.Repeat("0", 64) },
	} {
		if _, err := s.rollback(name, change); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("%s: %v; want exit code 66", name, err)
		}
	}
	// A model that cannot be read must not come into force.
	m, err := model.ReadManifest(t.Context(), s.home.Registry, a)
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(dir, "registry", contract.BlobPath(m.Blobs.Golden.SHA256))
	if err := os.WriteFile(blob, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rollback("damaged", nil); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("to a damaged model: %v; want exit code 65", err)
	}
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if _, err := s.rollback("missing", nil); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("to a missing model: %v; want exit code 66", err)
	}
	if s.head().Seq != 2 {
		t.Errorf("head is revision %d after refusals, want 2", s.head().Seq)
	}
}

// TestRollbackNamesRunWithCustomers: a run that scored again after a rollback has no customers of its own.
func TestRollbackNamesRunWithCustomers(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	s.promote(0)
	s.promote(1)
	night, again := contract.NewRun("night", monday, "1"), contract.NewRun("rollback", monday, "r")
	modeltest.Preprocess(t, s.home, night, modeltest.Customers(100, 1))
	for of, value := range map[contract.Run]run.ScoreState{night: {Seq: 1}, again: {Seq: 2, From: night.String()}} { // in either order
		_, err := run.Insert(t.Context(), s.home.Root, contract.ScoreStatePath("segments"),
			run.Entry[run.ScoreState]{Run: of.String(), AsOf: monday, Key: "k", Value: value}, run.KeepScore,
			func(s run.ScoreState) int64 { return s.Seq })
		if err != nil {
			t.Fatal(err)
		}
	}
	if r := s.must("r1", nil); r.Run != night.String() {
		t.Errorf("run %q, want %q", r.Run, night)
	}
}

func TestHistoryAndShow(t *testing.T) {
	s := open(t, "mem://"+t.Name())
	if _, err := History.Run(t.Context(), HistoryConfig{Common: s.common()}, s.deps); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), s.root) {
		t.Errorf("history of a root that has nothing: %v; want exit code 66 that names the root", err)
	}
	if _, err := s.home.Root.CreateBytes(t.Context(), contract.LinesStatePath(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	h, err := History.Run(t.Context(), HistoryConfig{Common: s.common()}, s.deps)
	if err != nil || h.Revisions == nil || len(h.Revisions) != 0 {
		t.Errorf("history of nothing = %+v, %v; want an empty list", h, err)
	}
	var out bytes.Buffer
	if err := printHistory(&out, h); err != nil || out.String() != "no model has been promoted yet\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	if _, err := Show.Run(t.Context(), ShowConfig{Common: s.common()}, s.deps); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("show nothing: %v; want exit code 66", err)
	}

	a, b := s.promote(0), s.promote(1)
	if h, err = History.Run(t.Context(), HistoryConfig{Common: s.common(), Limit: 1}, s.deps); err != nil || len(h.Revisions) != 1 {
		t.Errorf("history of at most one = %+v, %v", h, err)
	}
	if h, err = History.Run(t.Context(), HistoryConfig{Common: s.common()}, s.deps); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := printHistory(&out, h); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "2 ") || !strings.Contains(lines[1], b[:12]) || !strings.Contains(lines[2], a[:12]) {
		t.Errorf("printed:\n%s", out.String())
	}
	for seq, want := range map[int]string{0: b, 1: a, 2: b} {
		r, err := Show.Run(t.Context(), ShowConfig{Common: s.common(), Seq: seq}, s.deps)
		if err != nil || r.Revision.ModelID != want || r.Manifest.ModelID != want {
			t.Errorf("show %d = %+v, %v", seq, r, err)
			continue
		}
		out.Reset()
		if err := printShow(&out, r); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{want, r.Manifest.Segments[0].ID, r.Manifest.Segments[2].Name} {
			if !strings.Contains(out.String(), text) {
				t.Errorf("show %d does not print %s:\n%s", seq, text, out.String())
			}
		}
	}
}

func TestValidate(t *testing.T) {
	good := RollbackConfig{Common: task.Common{Root: "file:///tmp/x", Name: "segments", Pipeline: "p", RunID: "r", AsOf: "2011-12-12"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	byHand := RollbackConfig{Common: task.Common{Root: "file:///tmp/x", Name: "segments", Pipeline: program}}
	if err := byHand.Validate(); err != nil {
		t.Errorf("by hand: %v", err)
	}
	bad := good
	bad.ToSeq, bad.ToModel, bad.Pipeline, bad.AsOf, bad.HoldUntil = 3, "m", "", "today", "never"
	err := bad.Validate()
	for _, flag := range []string{"--to-model", "--pipeline", "--as-of", "--hold-until"} {
		if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v; want exit code 64 that names %s", err, flag)
		}
	}
	home := task.Common{Root: "file:///tmp/x", Name: "segments"}
	for _, c := range []task.Validator{HistoryConfig{Common: home}, ShowConfig{Common: home}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%T needs more than where things lie: %v", c, err)
		}
	}
	for _, c := range []task.Validator{HistoryConfig{Common: home, Limit: -1}, ShowConfig{Common: home, Seq: -1}, HistoryConfig{}} {
		if err := c.Validate(); fault.CodeOf(err) != fault.ExitUsage {
			t.Errorf("%+v: %v; want exit code 64", c, err)
		}
	}
}

// TestRollbackFlags: a rollback reads no step and no pinned HEAD.
func TestRollbackFlags(t *testing.T) {
	for _, f := range Rollback.Describe().Flags {
		if f.Name == "from-run" || f.Name == "head" {
			t.Errorf("rollback takes --%s", f.Name)
		}
		if f.Usage == "" || f.Env != task.Env(f.Name) {
			t.Errorf("flag %+v is not documented", f)
		}
	}
}
