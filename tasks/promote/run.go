package promote

import (
	"context"
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Run swaps HEAD or holds, and then says so in the step's manifest. The swap comes first: a try that is killed between the
// two is recognised by its decision in HEAD's history, and the next one only writes the manifest.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PromoteResult, error) {
	j := &job{Config: c, deps: d}
	return work.Do(ctx, c.Common, d, work.Job[contract.PromoteResult]{Begin: j.begin, Make: j.decide, Finish: j.complete})
}

// job is one run of the step, with what it reads.
type job struct {
	Config
	home     *run.Home
	deps     task.Deps
	evaluate *run.Manifest
	again    bool // an earlier try of this run has made the decision
}

func (j *job) begin(ctx context.Context, home *run.Home) (s *run.Session, err error) {
	j.home = home
	if j.evaluate, err = home.Current(ctx, j.ReadRun(), contract.Evaluate); err != nil {
		return nil, err
	}
	if s, err = home.Begin(ctx, j.Run(), contract.Promote, j.inputs()); err == nil {
		j.again = s.Done() != nil
	}
	return s, err
}

func (j *job) decide(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	decided, err := j.move(ctx, s.Key())
	if err != nil {
		return nil, err
	}
	return s.Commit(ctx, decided)
}

// complete restores a HEAD that somebody has removed after this step was done. The first revision is made again, byte for
// byte; which later one was the last only a person knows.
func (j *job) complete(ctx context.Context, m *run.Manifest, r contract.PromoteResult) (contract.PromoteResult, error) {
	if !j.again || r.Seq == 0 {
		return r, nil
	}
	path := contract.HeadPath(j.home.Name)
	head, err := registry.New(j.home).Head(ctx)
	if err != nil || head != nil {
		return r, err
	}
	if r.Action == contract.ActionBootstrap {
		j.deps.Log.Warn("HEAD was missing and has been restored to this run's revision; later revisions are no longer current", "object", j.home.Registry.URI(path))
		_, err = j.move(ctx, m.Key)
		return r, err
	}
	return r, fault.Errorf(fault.ExitBadData, "head_lost", j.home.Registry.URI(path),
		"HEAD is missing, but this run read revision %d of it: restore HEAD.json from a backup or an earlier generation of the object", r.Seq)
}

// inputs are what the decision depends on, besides HEAD at its moment. The name is among them, since registries on one
// root have one run in common.
func (j *job) inputs() contract.Inputs {
	params := map[string]any{"name": j.Name}
	if j.forced() {
		params["promote"] = contract.PromoteForce
	}
	return contract.Inputs{Refs: map[string]string{"evaluate": j.evaluate.Key}, Params: params, Code: j.deps.Code}
}

func (j *job) forced() bool { return j.Promote == contract.PromoteForce }

// move swaps HEAD if the candidate may replace what it names at this moment.
func (j *job) move(ctx context.Context, key string) (contract.PromoteResult, error) {
	var none contract.PromoteResult
	var eval contract.EvaluateResult
	if err := j.evaluate.Decode(&eval); err != nil {
		return none, err
	}
	candidate, err := model.ReadManifest(ctx, j.home.Registry, eval.Candidate)
	if err != nil {
		return none, fmt.Errorf("read candidate: %w", err)
	}
	var held contract.PromoteResult
	rev, err := registry.New(j.home).Move(ctx, registry.Move{Run: j.Run(), Key: key}, func(head *registry.Revision) (*registry.Revision, error) {
		action, cause, why := decide(j.Run(), head, candidate, eval, j.forced())
		if action == contract.ActionHold || action == contract.ActionUnchanged {
			held = contract.PromoteResult{Action: action, ModelID: head.Model(), Previous: head.Model(), Seq: head.Number(), Cause: cause, Why: why}
			return nil, nil
		}
		if err := j.proven(ctx, candidate); err != nil {
			return nil, err
		}
		return &registry.Revision{
			ModelID: candidate.ModelID, FitID: candidate.FitID, Action: action, Eval: eval.Eval,
			NextSegment: candidate.NextSegment(), Reason: why,
		}, nil
	})
	if err != nil {
		return none, err
	}
	if rev == nil {
		return held, nil
	}
	r := contract.PromoteResult{Action: rev.Action, ModelID: rev.ModelID, Seq: rev.Seq, Why: rev.Reason}
	if rev.Previous != nil {
		r.Previous = rev.Previous.ModelID
	}
	return r, nil
}

// proven reads every part of the candidate, holds it against its hash, and replays its golden customers: evaluate did so too,
// but what is put in force is what the registry holds now.
func (j *job) proven(ctx context.Context, candidate *model.Manifest) error {
	b, err := model.Load(ctx, j.home.Registry, candidate.ModelID, work.Tables(j.deps))
	if err != nil {
		return fmt.Errorf("load candidate: %w", err)
	}
	if err := b.Replay(); err != nil {
		return fault.ErrBadData.Errorf("golden_replay", j.home.Registry.URI(contract.ModelPath(candidate.ModelID)),
			"replay of model %s: %w", candidate.ModelID, err)
	}
	return nil
}

// decide says what becomes of the candidate, given what HEAD names at this moment, and why. A hold has a cause.
func decide(run contract.Run, head *registry.Revision, candidate *model.Manifest, eval contract.EvaluateResult, forced bool) (action, cause, why string) {
	refused, passed := refusal(eval, forced)
	switch {
	case head != nil && head.FitID == candidate.FitID:
		return contract.ActionUnchanged, "", "the candidate has the same fit as the current model"
	case head.Held(run.AsOf) != nil:
		return contract.ActionHold, contract.HeldFrozen, head.Held(run.AsOf).String() + "; to lift it: registry unfreeze"
	case head.Denies(candidate.FitID) != nil:
		return contract.ActionHold, contract.HeldDenied, head.Denies(candidate.FitID).String() + "; to let it be promoted: registry allow"
	case refused != "":
		return contract.ActionHold, contract.HeldRefused, refused
	case head != nil && head.AsOf > run.AsOf:
		return contract.ActionHold, contract.HeldEarlier, fmt.Sprintf("the current model has the as-of %s, this run %s: a run with an earlier as-of does not replace it", head.AsOf, run.AsOf)
	case head.Number() != eval.Seq:
		return contract.ActionHold, contract.HeldMoved, fmt.Sprintf("the candidate was compared with %s, but there is %s now: the next run compares its own with that",
			named(eval.Seq), named(head.Number()))
	case head == nil:
		return contract.ActionBootstrap, "", fmt.Sprintf("the first model: it passed all %d gates", len(eval.Gates))
	}
	if forced {
		return contract.ActionPromote, "", passed + "; a person wants it"
	}
	if len(eval.Reasons) == 0 {
		return contract.ActionHold, contract.HeldNoGain, "nothing to gain: drift asks for no other model, and the current one is young enough; to replace it all the same: --promote=force"
	}
	var reasons []string
	for _, r := range eval.Reasons {
		reasons = append(reasons, r.Why)
	}
	return contract.ActionPromote, "", passed + "; " + strings.Join(reasons, "; ")
}

// refusal names the gates that were not passed, "" if all were, and otherwise says what was passed. A person passes over the
// audience gate.
func refusal(eval contract.EvaluateResult, forced bool) (refused, passed string) {
	var gates []string
	unverified, over := true, ""
	for _, g := range eval.Gates {
		switch {
		case g.Verdict == contract.EvalPass:
		case forced && g.Gate == contract.AudienceGate:
			over = " but " + g.Gate + " (" + g.Why + ")"
		default:
			unverified = unverified && g.Verdict == contract.EvalUnverified
			gates = append(gates, g.Gate+" ("+g.Why+")")
		}
	}
	switch {
	case len(gates) == 0:
		return "", fmt.Sprintf("the candidate passed all %d gates", len(eval.Gates)) + over
	case unverified:
		return "the candidate could not be verified: " + strings.Join(gates, "; "), ""
	}
	return "the candidate failed: " + strings.Join(gates, "; "), ""
}

func named(seq int64) string {
	if seq == 0 {
		return "no model"
	}
	return fmt.Sprintf("revision %d of HEAD", seq)
}
