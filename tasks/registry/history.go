package registry

import (
	"context"
	"errors"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// HistoryConfig is what history is told.
type HistoryConfig struct {
	task.Common
	Limit int
}

// HistoryResult is what history reports.
type HistoryResult struct {
	Revisions []*registry.Revision `json:"revisions"` // newest first
}

// History lists the revisions of HEAD.
var History = task.Task[HistoryConfig, HistoryResult]{
	Large: true, // as long as the history is
	Name:  "registry-history", Usage: "list the revisions of HEAD, newest first",
	Description: "Walks back from HEAD and checks the SHA-256 of each revision.",
	Example:     "registry history --root=gs://shop/clientele --limit=5",
	Flags: func() []cli.Flag {
		return append(task.HomeFlags(), task.Int("limit", 20, "maximum `NUMBER` of revisions to show; 0 shows all"))
	},
	Config: func(c *cli.Context) HistoryConfig {
		return HistoryConfig{Common: task.NewCommon(c), Limit: c.Int("limit")}
	},
	Run: func(ctx context.Context, c HistoryConfig, d task.Deps) (HistoryResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (HistoryResult, error) {
			revisions, err := reg.History(ctx, c.Limit)
			if err == nil && len(revisions) == 0 {
				err = anything(ctx, home)
			}
			return HistoryResult{Revisions: append([]*registry.Revision{}, revisions...)}, err
		})
	},
	Print: printHistory,
}

// anything returns a Fault of exit code 66 if no pipeline has ever worked on the root: then --root is probably wrong.
func anything(ctx context.Context, home *run.Home) error {
	path := contract.LinesStatePath()
	_, _, err := home.Root.Read(ctx, path)
	if errors.Is(err, objstore.ErrNotFound) {
		return fault.Errorf(fault.ExitMissing, "root", home.Root.URI(""), "%s has neither models nor lines: is --root right?", home.Root.URI(""))
	}
	return err
}

// Validate reports every problem at once.
func (c HistoryConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if c.Limit < 0 {
		p.Add("limit", "want 1 or more revisions, or 0 for all", c.Limit)
	}
	return p.Err()
}

func printHistory(w io.Writer, r HistoryResult) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	if len(r.Revisions) == 0 {
		p.line("no model has been promoted yet")
	} else {
		p.line("seq\tas of\taction\tmodel\thold\tactor\trun\tevaluation\tdecision\treason")
	}
	for _, v := range r.Revisions {
		p.line("%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", v.Seq, v.AsOf, v.Action, short(v.ModelID), v.Hold.Term(), v.Actor, v.Run,
			short(v.Eval), short(v.Decision), v.Reason)
	}
	return errors.Join(p.err, t.Flush())
}
