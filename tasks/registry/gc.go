package registry

import (
	"context"
	"errors"
	"io"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/maintain"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// GCConfig is what gc is told.
type GCConfig struct {
	task.Common
	MinDays int
	Yes     bool
}

// GC deletes what nothing names.
var GC = task.Task[GCConfig, contract.GCResult]{
	Large: true, // a row an object that could not be deleted
	Name:  "registry-gc", Usage: "delete what nothing names: a plan, or with --yes the deed",
	Description: `Goes from every HEAD through its history, from the pointers below state/ and from the manifests of runs to all that they name, and lists
what is left and older than --min-days: models that were never promoted and whose run is gone, evaluations, lines that later deliveries replaced,
rejected records, and what stopped steps have left. Without --yes nothing is deleted. A snapshot stays as long as state/lines.json remembers it, and
so does the one before it, for an undo. Do not run it while a pipeline is at work.`,
	Example: "registry gc --root=gs://shop/clientele\nregistry gc --root=gs://shop/clientele --min-days=90 --yes",
	Flags: func() []cli.Flag {
		return append(task.HomeFlags(),
			task.Int("min-days", 30, "least age of what is deleted, a `NUMBER` of days"),
			task.Bool("yes", "carry out the plan; without it nothing is changed"))
	},
	Config: func(c *cli.Context) GCConfig {
		return GCConfig{Common: task.NewCommon(c), MinDays: c.Int("min-days"), Yes: c.Bool("yes")}
	},
	Run: func(ctx context.Context, c GCConfig, d task.Deps) (contract.GCResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, _ *registry.Registry) (contract.GCResult, error) {
			k := &maintain.Keeper{Home: home, Tables: work.Tables(d), Log: d.Log}
			return k.GC(ctx, d.Now, time.Duration(c.MinDays)*24*time.Hour, !c.Yes)
		})
	},
	Print: printGC,
}

// Validate reports every problem at once.
func (c GCConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if c.MinDays < 1 {
		p.Add("min-days", "want 1 or more: what a run at work has written is named by nothing yet", c.MinDays)
	}
	return p.Err()
}

func printGC(w io.Writer, r contract.GCResult) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	if len(r.Garbage) > 0 {
		p.line("where\twhat\tobjects\tbytes")
	}
	for _, g := range r.Garbage {
		p.line("%s\t%s\t%d\t%d", g.Where, g.Kind, g.Objects, g.Bytes)
	}
	for _, l := range r.Left {
		p.line("left: %s: %s", l.Object, l.Why)
	}
	switch {
	case len(r.Garbage) == 0:
		p.line("%d objects are in use or younger than %d days: there is nothing to delete", r.Kept, r.MinHours/24)
	case r.Deleted:
		p.line("deleted; %d objects stay, %d of them only for their age", r.Kept, r.Young)
	default:
		p.line("nothing was deleted; %d objects stay, %d of them only for their age. To delete the rest, run the command with --yes", r.Kept, r.Young)
	}
	return errors.Join(p.err, t.Flush())
}
