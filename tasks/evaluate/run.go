package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home                     *run.Home
	deps                     task.Deps
	opts                     table.Options
	preprocess, drift, train *run.Manifest
	drifted                  contract.DriftResult
	trained                  contract.TrainResult
	cleaned                  contract.PreprocessResult
	champion                 *registry.Revision // nil without
	defender                 *model.Bundle      // of champion, nil where it cannot be read
}

// Run asks every gate, records the evaluation in the registry, and then says so in the step's manifest.
func Run(ctx context.Context, c Config, d task.Deps) (contract.EvaluateResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.EvaluateResult]{Begin: j.begin, Make: j.evaluate})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	if err := j.read(ctx); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Evaluate, j.inputs())
}

// read looks up what the key is made of.
func (j *job) read(ctx context.Context) error {
	var err error
	if j.train, err = j.home.Current(ctx, j.ReadRun(), contract.Train); err != nil {
		return err
	}
	if j.drift, err = j.home.Current(ctx, j.ReadRun(), contract.Drift); err != nil {
		return err
	}
	if j.preprocess, err = j.home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return err
	}
	if err := errors.Join(j.train.Decode(&j.trained), j.drift.Decode(&j.drifted), j.preprocess.Decode(&j.cleaned)); err != nil {
		return err
	}
	j.champion, err = registry.New(j.home).View(j.Run(), j.Head).Defender(ctx, j.trained.ModelID)
	return err
}

// limits are the configuration of the gates. Nothing accepted leaves the keys of before there was something to accept.
func (c Config) limits() map[string]any {
	limits := map[string]any{"smallest_share": c.SmallestShare, "silhouette_floor": c.SilhouetteFloor, "max_audience_change": c.MaxAudience, "max_age": c.MaxAge}
	if codes := c.accepted(); len(codes) > 0 {
		limits["accept"] = codes
	}
	return limits
}

// accepted are the codes of findings that may stand, sorted; [Config.Validate] has read them before.
func (c Config) accepted() []string {
	codes, _ := finding.ParseCodes(c.Accept)
	return codes
}

// inputs are what the content depends on.
func (j *job) inputs() contract.Inputs {
	return contract.Inputs{
		Refs: map[string]string{
			"train": j.train.Key, "drift": j.drift.Key, "preprocess": j.preprocess.Key, "head": j.champion.Ref(),
		},
		Params: j.limits(),
		Code:   j.deps.Code,
	}
}

// evaluate asks the gates.
func (j *job) evaluate(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	e, err := j.gather(ctx)
	if err != nil {
		return nil, err
	}
	result := contract.EvaluateResult{
		Candidate: j.trained.ModelID, Champion: j.champion.Model(), Seq: j.champion.Number(), Gates: ask(e),
		Reasons: reasons(e), Audience: append([]contract.AudienceChange{}, e.audience...),
	}
	result.Verdict = verdict(result.Gates)
	record := registry.Evaluation{Customers: e.customers.Hash(), Drift: j.drift.Key, Limits: j.limits(), Result: result}
	if record.Result.Eval, err = record.ID(); err != nil {
		return nil, err
	}
	other, err := registry.Record(ctx, j.home.Registry, record)
	if err != nil {
		return nil, err
	}
	if other {
		j.deps.Log.Warn("already evaluated by another code version with another outcome; the existing record is kept",
			"object", j.home.Registry.URI(contract.EvalPath(record.Result.Eval)))
	}
	return s.Commit(ctx, record.Result)
}

// gather reads what the gates look at.
func (j *job) gather(ctx context.Context) (*evidence, error) {
	e := &evidence{limits: j.Config, trained: j.trained, drifted: j.drifted, findings: j.cleaned.Findings, champion: j.champion}
	var err error
	if e.candidate, err = model.Load(ctx, j.home.Registry, j.trained.ModelID, j.opts); err != nil {
		return nil, fmt.Errorf("load candidate: %w", err)
	}
	if j.champion != nil {
		if err = j.defend(ctx, e); err != nil {
			return nil, err
		}
		if e.veteran, err = j.veteran(ctx, &e.candidate.Manifest); err != nil {
			return nil, err
		}
	}
	if e.customers, err = j.home.ReadTable(ctx, j.preprocess, contract.Customers, j.opts); err != nil {
		return nil, err
	}
	e.customers.SortByText("customer")
	// Customers that cannot be placed are a gate's matter, not an error.
	e.placed, e.misplaced = e.candidate.Assign(e.customers)
	days, err := j.linesByDay(ctx)
	if err != nil {
		return nil, err
	}
	e.volume = volumeOf(days, j.Run().AsOf)
	if e.again, err = j.fitAgain(ctx, e); err != nil {
		return nil, err
	}
	if j.champion != nil && e.unread == nil && e.placed != nil {
		was, err := j.defender.Assign(e.customers)
		if err != nil {
			e.unread = err
			return e, nil
		}
		e.audience = audience(e.defender, was, &e.candidate.Manifest, e.placed)
		d, err := fought(e.customers, &j.defender.Model, &e.candidate.Model, j.defender.PreparedOtherwise(j.preprocess.Params), e.candidate.Model.Recipe.Seed)
		if err != nil {
			e.unread = err
			return e, nil
		}
		e.duel = &d
	}
	return e, nil
}

// defend reads the champion's model and when it was first promoted. A model that is damaged or missing is a gate's matter.
func (j *job) defend(ctx context.Context, e *evidence) error {
	b, err := model.Load(ctx, j.home.Registry, j.champion.ModelID, j.opts)
	code := fault.CodeOf(err)
	switch {
	case err == nil:
		j.defender, e.defender = b, &b.Manifest
	case (code == fault.ExitBadData || code == fault.ExitMissing) && !errors.Is(err, fault.ErrNewer):
		e.unread = err
		j.deps.Log.Warn("the current model cannot be read: the absolute gates decide", "error", err, "object", fault.Judge(err).Object)
	default:
		return fmt.Errorf("read HEAD's model, revision %d: %w", j.champion.Seq, err)
	}
	since, err := registry.New(j.home).Since(ctx, j.champion)
	e.age = int(j.Run().AsOf - since)
	return err
}

// veteran reports whether the candidate is, or was before, the champion's model. The history is only looked at where the
// candidate has an id that was given already.
func (j *job) veteran(ctx context.Context, candidate *model.Manifest) (bool, error) {
	if candidate.ModelID == j.champion.ModelID {
		return true, nil
	}
	given := slices.ContainsFunc(candidate.Segments, func(s model.Segment) bool {
		n, err := model.SegmentNumber(s.ID)
		return err == nil && n < j.champion.NextSegment
	})
	if !given {
		return false, nil
	}
	history, err := registry.New(j.home).History(ctx, 0)
	// Not what came after the champion: the answer must be a function of the step's inputs.
	return slices.ContainsFunc(history, func(rev *registry.Revision) bool {
		return rev.Seq <= j.champion.Seq && rev.ModelID == candidate.ModelID
	}), err
}
