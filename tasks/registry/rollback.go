package registry

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// RollbackConfig is what rollback is told.
type RollbackConfig struct {
	task.Common
	ToSeq   int
	ToModel string
	Reason  string
}

// Rollback puts an earlier model in force.
var Rollback = task.Task[RollbackConfig, contract.RollbackResult]{
	Name: "registry-rollback", Usage: "roll back to an earlier model",
	Description: `Writes a new revision of HEAD with an earlier model: that of --to-seq, --to-model or, without either, the one that was in
force before the present one first came. The history keeps all, and ids of segments that were given stay given. The result's run is
what score takes as --from-run to score the last customers with the model that is back. The same --run-id again does nothing twice.`,
	Example: "registry rollback --root=gs://shop/clientele --pipeline=rollback --run-id=2011-12-10T09:00 --as-of=2011-12-10\n" +
		"registry rollback --root=gs://shop/clientele --pipeline=rollback --run-id=r1 --as-of=2011-12-10 --to-seq=3",
	Flags: rollbackFlags, Config: newRollbackConfig, Run: runRollback, Print: printRollback,
}

// rollbackFlags are the flags of a step but for those about reading steps.
func rollbackFlags() []cli.Flag {
	flags := slices.DeleteFunc(task.CommonFlags(), func(f cli.Flag) bool {
		return f.Names()[0] == "from-run" || f.Names()[0] == "head"
	})
	return append(flags,
		task.Int("to-seq", 0, "roll back to the model of revision `SEQ`"),
		task.String("to-model", "", "roll back to this `MODEL`, which must have been promoted before"),
		task.String("reason", "", "`REASON` to record in the history"),
	)
}

func newRollbackConfig(c *cli.Context) RollbackConfig {
	return RollbackConfig{
		Common: task.NewCommon(c), ToSeq: c.Int("to-seq"), ToModel: c.String("to-model"), Reason: c.String("reason"),
	}
}

// Validate reports every problem at once.
func (c RollbackConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.ToSeq < 0 {
		p.Add("to-seq", "want a revision of 1 or more", c.ToSeq)
	}
	if c.ToSeq != 0 && c.ToModel != "" {
		p.Add("to-model", "cannot be given together with --to-seq", c.ToModel)
	}
	return p.Err()
}

func runRollback(ctx context.Context, c RollbackConfig, d task.Deps) (contract.RollbackResult, error) {
	return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (contract.RollbackResult, error) {
		return c.rollback(ctx, home, reg, table.Options{Scratch: d.Scratch})
	})
}

func (c RollbackConfig) rollback(ctx context.Context, home *run.Home, reg *registry.Registry, opts table.Options) (contract.RollbackResult, error) {
	var none contract.RollbackResult
	run, err := scored(ctx, home)
	if err != nil {
		return none, err
	}
	// The code version is not among the inputs: a retry by a newer program must not roll back once more.
	key, err := contract.Key("rollback", contract.Inputs{Params: map[string]any{"name": c.Name, "to_seq": c.ToSeq, "to_model": c.ToModel}})
	if err != nil {
		return none, err
	}
	var kept contract.RollbackResult
	rev, err := reg.Move(ctx, registry.Move{Run: c.Run(), Key: key}, func(head *registry.Revision) (*registry.Revision, error) {
		if head == nil {
			return nil, noHead(home)
		}
		target, err := c.target(ctx, home, reg, head)
		if err != nil {
			return nil, err
		}
		// What cannot be scored with must not come into force.
		if _, err := model.Load(ctx, home.Registry, target.ModelID, opts); err != nil {
			return nil, fmt.Errorf("load the model of revision %d: %w", target.Seq, err)
		}
		if target.ModelID == head.ModelID {
			kept = contract.RollbackResult{ModelID: head.ModelID, Previous: head.ModelID, Seq: head.Seq, Run: run}
			return nil, nil
		}
		return &registry.Revision{
			ModelID: target.ModelID, FitID: target.FitID, Action: contract.ActionRollback, Reason: c.reason(head, target),
		}, nil
	})
	if err != nil || rev == nil {
		return kept, err
	}
	return contract.RollbackResult{ModelID: rev.ModelID, Previous: rev.Previous.ModelID, Seq: rev.Seq, Run: run}, nil
}

func (c RollbackConfig) reason(head, target *registry.Revision) string {
	text := fmt.Sprintf("rolled back from revision %d to the model of revision %d", head.Seq, target.Seq)
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
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
	first := 0
	for i, rev := range all {
		if rev.ModelID == head.ModelID {
			first = i
		}
	}
	if first == len(all)-1 {
		return nil, fault.Errorf(fault.ExitMissing, "model", uri, "there is no earlier model than %s to roll back to: name one with --to-seq", short(head.ModelID))
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
		run, err := contract.ParseRun(e.Run)
		if err != nil {
			return "", err
		}
		switch _, err = home.Current(ctx, run, contract.Preprocess); {
		case err == nil:
			return e.Run, nil
		case fault.CodeOf(err) != fault.ExitMissing:
			return "", err
		}
	}
	return "", nil
}

func printRollback(w io.Writer, r contract.RollbackResult) error {
	p := printer{w: w}
	if r.Previous == r.ModelID {
		p.line("model %s is already the current model: revision %d stays", short(r.ModelID), r.Seq)
	} else {
		p.line("revision %d: model %s is now current, instead of %s", r.Seq, short(r.ModelID), short(r.Previous))
	}
	if r.Run != "" {
		p.line("to score the last customers with it, run: score … --from-run=%s", r.Run)
	}
	return p.err
}
