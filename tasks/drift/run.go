package drift

import (
	"context"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Causes of insufficient_data that are no sentence of pkg/drift.
const (
	causeNoHead           = "no_head"
	causeReferenceExpired = "the baseline has expired, the customers that the current model was trained on"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home       *run.Home
	deps       task.Deps
	opts       table.Options
	preprocess *run.Manifest
	head       *registry.Revision // as it stood before this run, or pinned; nil without
	replay     bool               // --head names another revision than the one that stood
	trained    []drift.Followed   // what customers did at HEAD's training, as its provenance says; nil where it does not
	past       []past             // what earlier as-of dates found of this model, newest first
}

// past is an entry of the state that this run rests on. It is among the inputs, so that the run can be replayed.
type past struct {
	AsOf calendar.Date `json:"as_of"`
	run.DriftState
}

// Run compares, writes tables and drift.json, and then moves state/<name>/drift.json to the verdict.
func Run(ctx context.Context, c Config, d task.Deps) (contract.DriftResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.DriftResult]{Begin: j.begin, Make: j.work, Finish: j.advance})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	if err := j.read(ctx); err != nil {
		return nil, err
	}
	in, err := j.inputs()
	if err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Drift, in)
}

// read looks up what the key is made of.
func (j *job) read(ctx context.Context) error {
	var err error
	if j.preprocess, err = j.home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return err
	}
	if j.head, j.replay, err = registry.New(j.home).View(j.Run(), j.Head).Before(ctx); err != nil {
		return err
	}
	if j.head != nil {
		p, err := model.ReadProvenance(ctx, j.home.Registry, j.head.ModelID)
		if err != nil && fault.CodeOf(err) != fault.ExitMissing {
			return err
		}
		j.trained = p.Forward
	}
	state, err := run.ReadState[run.DriftState](ctx, j.home.Root, contract.DriftStatePath(j.Name))
	if err != nil {
		return err
	}
	j.past = looksBefore(state.Before(j.Run()), j.Run().AsOf, j.head.Model(), j.CoolDown)
	return nil
}

// looksBefore returns the entries of earlier as-of dates that a run rests on: those of the model in force that are in a row, for as far
// back as latch and cool-down look. The oldest of the model is always there, for what it says of the customers' behaviour then.
func looksBefore(s run.State[run.DriftState], asOf calendar.Date, modelID string, coolDown int) []past {
	var out []past
	for _, e := range s.Entries {
		if e.AsOf >= asOf {
			continue
		}
		if e.Value.Model != modelID {
			break
		}
		out = append(out, past{e.AsOf, e.Value})
	}
	far := func(p past) bool { return int(asOf-p.AsOf) > max(coolDown, 6*drift.Spacing) && p.Forward == nil }
	return slices.DeleteFunc(out, far)
}

// inputs are what the content depends on.
func (j *job) inputs() (contract.Inputs, error) {
	refs := map[string]string{"preprocess": j.preprocess.Key, "head": j.head.Ref()}
	for name, of := range map[string]struct {
		what any
		n    int
	}{"past": {j.past, len(j.past)}, "trained": {j.trained, len(j.trained)}} {
		if of.n == 0 {
			continue
		}
		text, err := contract.Canonical(of.what)
		if err != nil {
			return contract.Inputs{}, err
		}
		refs[name] = contract.SHA256(text)
	}
	return contract.Inputs{
		Refs: refs,
		Params: map[string]any{
			"psi_warn": j.Materiality / 2, "psi_alert": j.Materiality, "alpha": j.Alpha, "cool_down": j.CoolDown, "accept": j.accepted(),
		},
		Code: j.deps.Code,
	}, nil
}

// work writes tables and drift.json.
func (j *job) work(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	found, err := j.compare(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Features, found.featuresTable(), j.opts); err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.DriftBins, found.binsTable(), j.opts); err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Effects, found.effectsTable(), j.opts); err != nil {
		return nil, err
	}
	result := found.result(j)
	text, err := contract.Canonical(found.document(j, result))
	if err != nil {
		return nil, err
	}
	if err := s.PutBytes(ctx, documentName, text); err != nil {
		return nil, err
	}
	return s.Commit(ctx, result)
}

// compare finds out what has moved. Where there is nothing to compare with, it says why, and judges the lines alone.
func (j *job) compare(ctx context.Context) (*evidence, error) {
	if j.head == nil {
		return j.alone(ctx, insufficient(causeNoHead, "there is no current model to compare with"))
	}
	bundle, err := model.Load(ctx, j.home.Registry, j.head.ModelID, j.opts)
	if fault.CodeOf(err) == fault.ExitMissing {
		j.deps.Log.Warn(causeReferenceExpired+": continuing as on a first run", "model", j.head.ModelID, "error", err.Error())
		return j.alone(ctx, insufficient(causeReferenceExpired, causeReferenceExpired))
	}
	if err != nil {
		return nil, fmt.Errorf("load HEAD, revision %d: %w", j.head.Seq, err)
	}
	t, err := j.tables(ctx)
	if err != nil {
		return nil, err
	}
	bar := j.deps.Progress.Bar("drift", -1)
	defer bar.Done()
	found, err := j.find(bundle, t)
	if err != nil {
		return nil, &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
	}
	return found, nil
}

// tables are what preprocess has made in this run. Without windows and profile, those are nil.
type tables struct {
	customers, windows, profile *frame.Frame
}

func (j *job) tables(ctx context.Context) (t tables, err error) {
	if t.customers, err = j.home.ReadTable(ctx, j.preprocess, contract.Customers, j.opts); err != nil {
		return t, err
	}
	if _, ok := j.preprocess.Objects[contract.Windows.Name]; !ok { // an earlier program's
		return t, nil
	}
	if t.windows, err = j.home.ReadTable(ctx, j.preprocess, contract.Windows, j.opts); err != nil {
		return t, err
	}
	t.profile, err = j.profile(ctx)
	return t, err
}

// profile reads what preprocess has counted of the lines; nil where an earlier program did not.
func (j *job) profile(ctx context.Context) (*frame.Frame, error) {
	if _, ok := j.preprocess.Objects[contract.Profile.Name]; !ok {
		return nil, nil
	}
	return j.home.ReadTable(ctx, j.preprocess, contract.Profile, j.opts)
}

// advance lets later runs see the verdict. One of a replay by another revision is nobody's past.
func (j *job) advance(ctx context.Context, m *run.Manifest, r contract.DriftResult) (contract.DriftResult, error) {
	j.ages(ctx, &r)
	if j.replay {
		return r, nil
	}
	_, err := run.Advance(ctx, j.home.Root, contract.DriftStatePath(j.Name), run.Entry[run.DriftState]{
		Run: j.Run().String(), AsOf: j.Run().AsOf, Key: m.Key,
		Value: run.DriftState{
			Verdict: r.Verdict, Act: r.Act, Model: r.Model, Seq: r.Seq, Wanted: r.Wanted, Latched: r.Latched, Cause: r.Cause, Forward: r.Forward, Said: r.Said,
		},
	}, run.KeepDrift)
	return r, err
}

// ages tells the closing record how old the model is, and for how long promotions have been on hold. An alert is no reason to fail.
func (j *job) ages(ctx context.Context, r *contract.DriftResult) {
	if j.head == nil {
		return
	}
	days := func(since calendar.Date) *int {
		n := max(0, int(j.Run().AsOf-since))
		return &n
	}
	reg := registry.New(j.home)
	since, err := reg.Since(ctx, j.head)
	if err == nil {
		r.Age = days(since)
	}
	if hold := j.head.Held(j.Run().AsOf); err == nil && hold != nil {
		var set *registry.Revision
		if set, err = reg.At(ctx, hold.Since); err == nil && set != nil {
			r.Frozen = days(set.AsOf)
		}
	}
	if err != nil {
		j.deps.Log.Warn("the age of the model is not known", "why", err.Error())
	}
}
