package registry

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// RollbackConfig is the configuration of rollback.
type RollbackConfig struct {
	task.Common
	ToSeq     int
	ToModel   string
	HoldUntil string // YYYY-MM-DD, "" for no end
	Reason    string
	Actor     string
}

// rolledBack is the result, and whether a person at a keyboard asked for it: a scheduler does the rest by itself.
type rolledBack struct {
	contract.RollbackResult
	byHand bool
}

// Rollback makes an earlier model the champion.
var Rollback = task.Task[RollbackConfig, rolledBack]{
	Name: "registry-rollback", Usage: "roll back to an earlier model, deny the present one, and hold promotions",
	Description: `Writes a new revision of HEAD with an earlier model: that of --to-seq, --to-model or, without either, the champion before the
present one. Before that every part of the model is checked against its hash, and its golden customers are replayed. The history
keeps all revisions, and segment ids are never reused. Promotions are on hold from then on, until --hold-until or until
"registry unfreeze" lifts the hold, and the fit that was replaced is denied until "registry allow".
Sets HEAD and the state of score and drift to the rollback's as-of, even if theirs was later: this undoes a run with a mistyped
date. To score the last customers with the earlier model, pass "run" from the result to score as --from-run.`,
	Example: "registry rollback --root=gs://shop/clientele --reason='too few segments'\n" +
		"registry rollback --root=gs://shop/clientele --to-seq=3 --hold-until=2012-01-09\n" +
		"registry rollback --root=gs://shop/clientele --pipeline=rollback --run-id=2011-12-10T09:00 --as-of=2011-12-10",
	Flags: rollbackFlags, Config: newRollbackConfig, Run: runRollback, Print: printRollback,
}

func rollbackFlags() []cli.Flag {
	return append(append(moveFlags(), personFlags()...),
		task.Int("to-seq", 0, "roll back to the model of revision `SEQ`"),
		task.String("to-model", "", "roll back to this `MODEL`, which must have been promoted before"),
		task.String("hold-until", "", "hold promotions of runs with an as-of before this `DATE`, YYYY-MM-DD (default: until registry unfreeze)"),
	)
}

func newRollbackConfig(c *cli.Context) RollbackConfig {
	return RollbackConfig{
		Common: task.NewCommon(c), ToSeq: c.Int("to-seq"), ToModel: c.String("to-model"), HoldUntil: c.String("hold-until"), Reason: c.String("reason"),
		Actor: c.String("actor"),
	}
}

// Validate reports every problem at once.
func (c RollbackConfig) Validate() error {
	var p task.Problems
	checkMove(c.Common, &p)
	if c.ToSeq < 0 {
		p.Add("to-seq", "want a revision of 1 or more", c.ToSeq)
	}
	if c.ToSeq != 0 && c.ToModel != "" {
		p.Add("to-model", "cannot be given together with --to-seq", c.ToModel)
	}
	if _, err := parseUntil(c.HoldUntil); err != nil {
		p.Add("hold-until", "want a calendar day written YYYY-MM-DD", c.HoldUntil)
	}
	return p.Err()
}

func runRollback(ctx context.Context, c RollbackConfig, d task.Deps) (rolledBack, error) {
	byHand := c.Pipeline == program
	return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (rolledBack, error) {
		if err := fillIn(ctx, &c.Common, home, d); err != nil {
			return rolledBack{}, err
		}
		r, err := c.rollback(ctx, home, reg, work.Tables(d))
		return rolledBack{r, byHand}, err
	})
}

func (c RollbackConfig) rollback(ctx context.Context, home *run.Home, reg *registry.Registry, opts table.Options) (contract.RollbackResult, error) {
	var none contract.RollbackResult
	// The code version is not among the inputs: a retry by a newer program must not roll back once more.
	key, err := contract.Key("rollback", contract.Inputs{Params: map[string]any{"name": c.Name, "to_seq": c.ToSeq, "to_model": c.ToModel}})
	if err != nil {
		return none, err
	}
	latest, err := latestAsOf(ctx, home)
	if err != nil {
		return none, err
	}
	var kept *registry.Revision
	rev, err := reg.Move(ctx, registry.Move{Run: c.Run(), Key: key, Lower: true, Actor: actor(c.Actor, c.Pipeline)}, func(head *registry.Revision) (*registry.Revision, error) {
		if head == nil {
			return nil, noHead(home)
		}
		target, err := c.target(ctx, home, reg, head)
		if err != nil {
			return nil, err
		}
		// What cannot be scored with must not become the champion.
		if err := proven(ctx, home, target, opts); err != nil {
			return nil, err
		}
		next, err := c.revision(head, target)
		if err == nil && head.ModelID == next.ModelID && latest <= c.Run().AsOf && head.Hold != nil && head.Hold.Until == next.Hold.Until {
			kept = head
			return nil, nil
		}
		return next, err
	})
	if err != nil {
		return none, err
	}
	r := contract.RollbackResult{}
	if kept != nil {
		r = contract.RollbackResult{ModelID: kept.ModelID, Previous: kept.ModelID, Seq: kept.Seq, Hold: kept.Hold.Term()}
	} else {
		r = contract.RollbackResult{ModelID: rev.ModelID, Previous: rev.Previous.ModelID, Seq: rev.Seq, Hold: rev.Hold.Term()}
		if err := lower(ctx, home, rev); err != nil {
			return none, err
		}
	}
	r.Run, err = scored(ctx, home)
	return r, err
}

// revision returns the revision that makes the target's model the champion, on hold.
func (c RollbackConfig) revision(head, target *registry.Revision) (*registry.Revision, error) {
	until, err := parseUntil(c.HoldUntil)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("rolled back from revision %d to the model of revision %d", head.Seq, target.Seq)
	if head.ModelID == target.ModelID {
		text = fmt.Sprintf("kept the model of revision %d", head.Seq)
	}
	reason := because(text, c.Reason)
	next := &registry.Revision{
		ModelID: target.ModelID, FitID: target.FitID, Action: contract.ActionRollback, Reason: reason,
		Hold: &registry.Hold{Until: until, Reason: reason}, Denied: allow(head, target.FitID),
	}
	if head.FitID != target.FitID {
		next.Denied = append(next.Denied, registry.Denial{FitID: head.FitID, Reason: reason})
	}
	return next, nil
}

// proven reads every part of a revision's model, holds it against its hash, and replays its golden customers.
func proven(ctx context.Context, home *run.Home, rev *registry.Revision, opts table.Options) error {
	b, err := model.Load(ctx, home.Registry, rev.ModelID, opts)
	if err != nil {
		return fmt.Errorf("load the model of revision %d: %w", rev.Seq, err)
	}
	if b.Manifest.FitID != rev.FitID {
		return fault.ErrBadData.Errorf("model", home.Registry.URI(contract.ModelPath(rev.ModelID)),
			"model %s has fit %s, revision %d says %s", rev.ModelID, b.Manifest.FitID, rev.Seq, rev.FitID)
	}
	if err := b.Replay(); err != nil {
		return fault.ErrBadData.Errorf("golden_replay", home.Registry.URI(contract.ModelPath(rev.ModelID)), "replay of model %s: %w", rev.ModelID, err)
	}
	return nil
}

// target returns the revision whose model is wanted. One that does not exist is a Fault of exit code 66.
func (c RollbackConfig) target(ctx context.Context, home *run.Home, reg *registry.Registry, head *registry.Revision) (*registry.Revision, error) {
	if c.ToSeq > 0 {
		return reg.At(ctx, int64(c.ToSeq))
	}
	all, err := reg.History(ctx, 0)
	if err != nil {
		return nil, err
	}
	uri := home.Registry.URI(contract.HeadPath(home.Name))
	if c.ToModel != "" {
		for _, rev := range all {
			if rev.ModelID == c.ToModel {
				return rev, nil
			}
		}
		return nil, fault.Errorf(fault.ExitMissing, "model", uri, "model %s was never promoted: see registry history", c.ToModel)
	}
	// The last good model is the one before the present one first came. The revision right before could be a model that was
	// rolled back already.
	// One whose customers are deleted cannot be checked, and HEAD's own model was one before a customer was taken out of it.
	first := 0
	for i, rev := range all {
		if rev.ModelID == head.ModelID {
			first = i
		}
	}
	erased := 0
	for ; first < len(all)-1; first++ {
		mark, err := model.ReadErased(ctx, home.Registry, all[first+1].ModelID)
		if err != nil {
			return nil, err
		}
		if mark == nil {
			break
		}
		erased++
	}
	if first == len(all)-1 && erased > 0 {
		return nil, model.ErrErased.Errorf("model_erased", uri, "there is no earlier model than %s to roll back to: of %d revisions before it the customers are deleted, because one of them is forgotten (registry erase)",
			short(head.ModelID), erased)
	}
	if first == len(all)-1 {
		return nil, fault.Errorf(fault.ExitMissing, "model", uri, "there is no earlier model than %s to roll back to: registry history lists all revisions", short(head.ModelID))
	}
	return all[first+1], nil
}

// scored returns the run of the last scores, "" if nothing has been scored: of those that state/<name>/score.json remembers,
// the latest that has customers of its own, which a run that only scored again after a rollback has not.
func scored(ctx context.Context, home *run.Home) (string, error) {
	state, err := run.ReadState[run.ScoreState](ctx, home.Root, contract.ScoreStatePath(home.Name))
	if err != nil {
		return "", err
	}
	for _, e := range state.Entries {
		of := cmp.Or(e.Value.From, e.Run)
		run, err := contract.ParseRun(of)
		if err != nil {
			return "", err
		}
		switch _, err = home.Current(ctx, run, contract.Preprocess); {
		case err == nil:
			return of, nil
		case fault.CodeOf(err) != fault.ExitMissing:
			return "", err
		}
	}
	return "", nil
}

func printRollback(w io.Writer, r rolledBack) error {
	p := printer{w: w}
	if r.Previous == r.ModelID {
		p.line("revision %d: model %s stays the current model", r.Seq, short(r.ModelID))
	} else {
		p.line("revision %d: model %s is now current, instead of %s", r.Seq, short(r.ModelID), short(r.Previous))
	}
	p.line("promotion is on hold %s; to lift it, run: registry unfreeze", r.Hold)
	if r.Run != "" && r.byHand {
		p.line("to score the last customers with it, run: score … --from-run=%s", r.Run)
	}
	return p.err
}
