package score

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home       *run.Home
	deps       task.Deps
	opts       table.Options
	preprocess *run.Manifest
	head       *registry.Revision // whose model scores
	replay     bool               // --head names another revision than the one in force
	last       *run.Entry[run.ScoreState]
	previous   *frame.Frame // assignments of last; nil where there is nothing to compare with
	names      registry.Names
	own        *rfm.Own // the shop's own RFM grid, nil for the model's
	grid       string   // hash of its file
	first      string   // why there is nothing to compare with, "" if there is
}

// Run gives every customer a segment, writes the tables, and then moves state/<name>/score.json to them.
//
// The model is the one that HEAD names now: in a run that promotes, score follows promote and must use what it promoted;
// after a rollback, whoever runs score again gets the model that was rolled back to. So a rerun has the same key and the
// same bytes for as long as HEAD stays; --head pins a revision for good. What customers are compared with are the scores of
// the latest earlier as-of: a run never sees itself, a rerun of its day, nor the future.
func Run(ctx context.Context, c Config, d task.Deps) (contract.ScoreResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.ScoreResult]{Begin: j.begin, Make: j.score, Finish: j.advance})
}

// read looks up what the key is made of.
func (j *job) read(ctx context.Context) error {
	var err error
	if j.preprocess, err = j.home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return err
	}
	if j.head, j.replay, err = registry.New(j.home).View(j.Run(), j.Head).Now(ctx); err != nil {
		return err
	}
	if j.head == nil {
		path := contract.HeadPath(j.Name)
		return fault.Errorf(fault.ExitMissing, "head", j.home.Registry.URI(path),
			"there is no current model (%s does not exist): train and promote one first", path)
	}
	if j.names, err = registry.New(j.home).Names(ctx); err != nil {
		return err
	}
	if j.own, j.grid, err = loadGrid(ctx, j.Grid, source.Options{Scratch: j.deps.Scratch}); err != nil {
		return err
	}
	state, err := run.ReadState[run.ScoreState](ctx, j.home.Root, contract.ScoreStatePath(j.Name))
	if err != nil {
		return err
	}
	j.last = state.Earlier(j.Run().AsOf)
	return nil
}

// begin starts the step. Where the last scores have expired since, it goes on as on a first run, under a key that says so;
// but what was made with them while they were there stays made.
func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	if err := j.read(ctx); err != nil {
		return nil, err
	}
	if j.last == nil {
		j.first = "there are no previous scores"
		return j.start(ctx, "none")
	}
	s, err := j.start(ctx, j.last.Value.SHA256)
	if err != nil || s.Done() != nil {
		return s, err
	}
	stored := run.Stored{Object: j.last.Value.Assignments, SHA256: j.last.Value.SHA256}
	j.previous, err = j.home.ReadStored(ctx, stored, contract.Assignments, j.opts)
	if fault.CodeOf(err) != fault.ExitMissing {
		return s, err
	}
	j.first = fmt.Sprintf("the scores of run %s have expired", j.last.Run)
	j.deps.Log.Warn(j.first+": scoring as on a first run", "object", j.home.Root.URI(stored.Object))
	return j.start(ctx, "expired")
}

// start begins the step under the key of what its content depends on.
func (j *job) start(ctx context.Context, last string) (*run.Session, error) {
	in := contract.Inputs{
		Refs:   map[string]string{"preprocess": j.preprocess.Key, "head": j.head.Ref(), "scores": last, "ruler": j.ruler()},
		Params: map[string]any{"hysteresis": j.Hysteresis},
		Code:   j.deps.Code,
	}
	names, err := j.names.Ref()
	if err != nil {
		return nil, err
	}
	if names != "" {
		in.Refs["names"] = names
	}
	if j.grid != "" {
		in.Refs["rfm_grid"] = j.grid
	}
	return j.home.Begin(ctx, j.Run(), contract.Score, in)
}

// ruler is the model of the last scores, "none" without.
func (j *job) ruler() string {
	if j.last == nil {
		return "none"
	}
	return j.last.Value.Model
}

// score makes the tables.
func (j *job) score(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	bundle, err := model.Load(ctx, j.home.Registry, j.head.ModelID, j.opts)
	if err != nil {
		return nil, fmt.Errorf("load HEAD, revision %d: %w", j.head.Seq, err)
	}
	if other := bundle.PreparedOtherwise(j.preprocess.Params); other != nil {
		return nil, fault.Errorf(fault.ExitBadData, "prepared", j.home.Registry.URI(contract.ModelPath(j.head.ModelID)),
			"the customers of this run are prepared in another way than those of the current model, revision %d (other %s): use the model's, or promote the candidate of a run with this preparation: --promote=force",
			j.head.Seq, strings.Join(other, ", "))
	}
	bundle.Manifest.Segments = j.names.Apply(bundle.Manifest.Segments)
	customers, err := j.home.ReadTable(ctx, j.preprocess, contract.Customers, j.opts)
	if err != nil {
		return nil, err
	}
	customers.SortByText("customer")
	bar := j.deps.Progress.Bar("score", -1)
	defer bar.Done()
	a, err := assign(bundle, customers, j.previous, j.Hysteresis)
	if err == nil && j.own != nil {
		a.scores, err = bundle.RFM(customers, j.own)
	}
	if err == nil {
		a.same = j.last != nil && j.last.Value.Model == j.head.ModelID
		a.ruler, err = j.oldRuler(ctx, customers)
	}
	if err != nil {
		if ctx.Err() == nil && fault.CodeOf(err) == 0 {
			err = &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
		}
		return nil, err
	}
	segments := a.segments()
	result := contract.ScoreResult{
		ModelID: j.head.ModelID, Seq: j.head.Seq, Customers: int64(customers.Rows()), Segments: segments.result,
		First: j.previous == nil, Why: j.first,
	}
	movers, movement := a.movers()
	moved := movement.Behaviour + movement.Model
	result.Moved, result.Movement = moved, movement
	if moved > 0 && !a.sharesSegments() {
		result.Why = "this model has none of the segments of the previous scores: every customer who was scored then counts as moved"
	}
	err = s.PutTable(ctx, contract.Assignments, j.opts, func(w *table.Writer) error { return a.tables(j.Run().AsOf, atOnce, w.WriteFrame) })
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		schema frame.Schema
		rows   *frame.Frame
	}{
		{contract.Segments, segments.table}, {contract.SegmentFeatures, a.features(segments.order)},
		{contract.SegmentGrid, a.grid()}, {contract.Movers, movers}, {contract.Migration, a.migration()},
	} {
		if err := s.PutFrame(ctx, t.schema, t.rows, j.opts); err != nil {
			return nil, err
		}
	}
	return s.Commit(ctx, result)
}

// oldRuler returns where the model of the last scores puts today's customers, nil where that is HEAD's model, or cannot be read.
func (j *job) oldRuler(ctx context.Context, customers *frame.Frame) (*assigned, error) {
	if j.previous == nil || j.last.Value.Model == j.head.ModelID {
		return nil, nil
	}
	old, err := model.Load(ctx, j.home.Registry, j.last.Value.Model, j.opts)
	if err == nil {
		var a *assigned
		if a, err = assign(old, customers, j.previous, j.Hysteresis); err == nil {
			return a, nil
		}
	}
	if ctx.Err() != nil || errors.Is(err, fault.ErrTemporary) {
		return nil, err
	}
	j.deps.Log.Warn("the model of the previous scores cannot be asked about today's customers: every move counts as the model's", "error", err, "object", fault.Judge(err).Object)
	return nil, nil
}

// advance lets the next run compare itself with these scores. Those of a replay by another revision than the one in force
// are nobody's past.
func (j *job) advance(ctx context.Context, m *run.Manifest, r contract.ScoreResult) (contract.ScoreResult, error) {
	if j.replay {
		return r, nil
	}
	st := m.Objects[contract.Assignments.Name]
	from := ""
	if read := j.ReadRun().String(); read != j.Run().String() {
		from = read
	}
	moved, err := run.Insert(ctx, j.home.Root, contract.ScoreStatePath(j.Name), run.Entry[run.ScoreState]{
		Run: j.Run().String(), AsOf: j.Run().AsOf, Key: m.Key,
		Value: run.ScoreState{Model: j.head.ModelID, Seq: j.head.Seq, Assignments: st.Object, SHA256: st.SHA256, From: from},
	}, run.KeepScore, func(s run.ScoreState) int64 { return s.Seq })
	if err == nil && !moved {
		j.deps.Log.Info("the current scores stay: they are the same or have a later as-of")
	}
	return r, err
}
