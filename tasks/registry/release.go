package registry

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// ReleaseConfig is the configuration of release.
type ReleaseConfig struct {
	task.Common
	Reason string
}

// Release lifts a hold.
var Release = task.Task[ReleaseConfig, contract.ReleaseResult]{
	Name: "registry-release", Usage: "lift the hold that a rollback has set",
	Description: `Writes a new revision of HEAD with the same model and without the hold, so that the next run may promote its candidate.
Without a hold it changes nothing.`,
	Example: "registry release --root=gs://shop/clientele --reason='the supplier has corrected the prices'",
	Flags: func() []cli.Flag {
		return append(moveFlags(), task.String("reason", "", "`REASON` to record in the history"))
	},
	Config: func(c *cli.Context) ReleaseConfig {
		return ReleaseConfig{Common: task.NewCommon(c), Reason: c.String("reason")}
	},
	Run: func(ctx context.Context, c ReleaseConfig, d task.Deps) (contract.ReleaseResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (contract.ReleaseResult, error) {
			if err := fillIn(ctx, &c.Common, home, d); err != nil {
				return contract.ReleaseResult{}, err
			}
			return c.release(ctx, home, reg)
		})
	},
	Print: func(w io.Writer, r contract.ReleaseResult) error {
		text := "no hold: revision %d stays, model %s\n"
		if r.Released {
			text = "revision %d: the hold is lifted, model %s stays until a run promotes another\n"
		}
		_, err := fmt.Fprintf(w, text, r.Seq, short(r.ModelID))
		return err
	},
}

// Validate reports every problem at once.
func (c ReleaseConfig) Validate() error {
	var p task.Problems
	checkMove(c.Common, &p)
	return p.Err()
}

func (c ReleaseConfig) release(ctx context.Context, home *run.Home, reg *registry.Registry) (contract.ReleaseResult, error) {
	var none, kept contract.ReleaseResult
	key, err := contract.Key("release", contract.Inputs{Params: map[string]any{"name": c.Name}})
	if err != nil {
		return none, err
	}
	rev, err := reg.Move(ctx, registry.Move{Run: c.Run(), Key: key}, func(head *registry.Revision) (*registry.Revision, error) {
		if head == nil {
			return nil, noHead(home)
		}
		if head.Hold == nil {
			kept = contract.ReleaseResult{ModelID: head.ModelID, Seq: head.Seq}
			return nil, nil
		}
		return &registry.Revision{
			ModelID: head.ModelID, FitID: head.FitID, Action: contract.ActionRelease,
			Reason: because(fmt.Sprintf("lifted the hold of revision %d", head.Hold.Since), c.Reason),
		}, nil
	})
	if err != nil || rev == nil {
		return kept, err
	}
	return contract.ReleaseResult{ModelID: rev.ModelID, Seq: rev.Seq, Released: true}, nil
}

// because adds a person's reason to what was done.
func because(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}
