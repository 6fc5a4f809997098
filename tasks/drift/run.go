package drift

import (
	"context"
	"fmt"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
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
	lasted     int                // earlier as-of dates in a row on which this model's customers had drifted
}

// Run compares, writes both tables, and then moves state/<name>/drift.json to the verdict.
func Run(ctx context.Context, c Config, d task.Deps) (contract.DriftResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.DriftResult]{Begin: j.begin, Make: j.work, Finish: j.advance})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	if err := j.read(ctx); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Drift, j.inputs())
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
	state, err := run.ReadState[run.DriftState](ctx, j.home.Root, contract.DriftStatePath(j.Name))
	if err != nil {
		return err
	}
	j.lasted = lasted(state.Before(j.Run()), j.Run(), j.head.Model())
	return nil
}

// lasted counts the latest entries before the run's as-of, newest first, that say of this model that its customers have
// drifted.
func lasted(s run.State[run.DriftState], run contract.Run, modelID string) int {
	n := 0
	for _, e := range s.Entries {
		switch drifted := e.Value.Verdict == contract.VerdictWarn || e.Value.Verdict == contract.VerdictAlert; {
		case e.AsOf >= run.AsOf:
		case !drifted || e.Value.Model != modelID:
			return n
		default:
			n++
		}
	}
	return n
}

// inputs are what the content depends on.
func (j *job) inputs() contract.Inputs {
	return contract.Inputs{
		Refs:   map[string]string{"preprocess": j.preprocess.Key, "head": j.head.Ref(), "lasted": strconv.Itoa(j.lasted)},
		Params: map[string]any{"psi_warn": j.Warn, "psi_alert": j.Alert, "alpha": j.Alpha},
		Code:   j.deps.Code,
	}
}

// work writes the tables.
func (j *job) work(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	found, err := j.compare(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Features, found.featuresTable(), j.opts); err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.Effects, found.effectsTable(), j.opts); err != nil {
		return nil, err
	}
	return s.Commit(ctx, found.result(j.Run().AsOf, j.head))
}

// compare finds out what has moved. Where there is nothing to compare with, it says why.
func (j *job) compare(ctx context.Context) (*finding, error) {
	if j.head == nil {
		return insufficient(causeNoHead, "there is no current model to compare with"), nil
	}
	bundle, err := model.Load(ctx, j.home.Registry, j.head.ModelID, j.opts)
	if fault.CodeOf(err) == fault.ExitMissing {
		j.deps.Log.Warn(causeReferenceExpired+": continuing as on a first run", "model", j.head.ModelID, "error", err.Error())
		return insufficient(causeReferenceExpired, causeReferenceExpired), nil
	}
	if err != nil {
		return nil, fmt.Errorf("load HEAD, revision %d: %w", j.head.Seq, err)
	}
	customers, err := j.home.ReadTable(ctx, j.preprocess, contract.Customers, j.opts)
	if err != nil {
		return nil, err
	}
	bar := j.deps.Progress.Bar("drift", -1)
	defer bar.Done()
	found, err := j.find(bundle, customers)
	if err != nil {
		return nil, &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
	}
	return found, nil
}

// advance lets later runs see the verdict. One of a replay by another revision is nobody's past.
func (j *job) advance(ctx context.Context, m *run.Manifest, r contract.DriftResult) (contract.DriftResult, error) {
	if j.replay {
		return r, nil
	}
	_, err := run.Advance(ctx, j.home.Root, contract.DriftStatePath(j.Name), run.Entry[run.DriftState]{
		Run: j.Run().String(), AsOf: j.Run().AsOf, Key: m.Key,
		Value: run.DriftState{Verdict: r.Verdict, Act: r.Act, Model: r.Model, Seq: r.Seq},
	}, run.KeepDrift)
	return r, err
}
