package registry

import (
	"context"
	"os/user"
	"regexp"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// program is the pipeline that a command by hand belongs to.
const program = "registry"

// moveFlags are the flags of a command that moves HEAD: a step's, but for those about reading steps, and with defaults for a
// person at a keyboard.
func moveFlags() []cli.Flag {
	flags := slices.DeleteFunc(task.CommonFlags(), func(f cli.Flag) bool {
		return slices.Contains([]string{"pipeline", "run-id", "as-of", "from-run", "head"}, f.Names()[0])
	})
	return append(flags,
		task.String("pipeline", program, "`NAME` of the pipeline that the run belongs to, usually the DAG id"),
		task.String("run-id", "", "`ID` of the run; the same ID again changes nothing (default: a new one)"),
		task.String("as-of", "", "`DATE` to use as today, YYYY-MM-DD in the shop's time zone (default: the latest as-of of HEAD and state, at most today)"),
	)
}

// isFit matches a fit's id.
var isFit = regexp.MustCompile(`^[0-9a-f]{64}$`)

// personFlags are what the history keeps of who moved HEAD and why.
func personFlags() []cli.Flag {
	return []cli.Flag{
		task.String("reason", "", "`REASON` to record in the history"),
		task.String("actor", "", "`NAME` of who does it, to record in the history (default: the user's, or the pipeline's)"),
	}
}

// actor names who moves HEAD: by default the user at the keyboard, and for any other pipeline that pipeline.
func actor(given, pipeline string) string {
	if given != "" || pipeline != program {
		return given
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// checkMove notes what is wrong with the flags of a command that moves HEAD. Those that have a default may be empty.
func checkMove(c task.Common, p *task.Problems) {
	c.RunID = filled(c.RunID, "id")
	c.AsOf = filled(c.AsOf, "1970-01-01")
	c.Check(p)
}

func filled(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// fillIn gives the flags that a person left out their values.
func fillIn(ctx context.Context, c *task.Common, home *run.Home, d task.Deps) error {
	c.RunID = filled(c.RunID, d.Now.UTC().Format(time.RFC3339Nano))
	if c.AsOf != "" {
		return c.CheckAsOf(d, "", 0)
	}
	latest, err := latestAsOf(ctx, home)
	if err != nil {
		return err
	}
	c.AsOf = min(latest, d.Today("")).String()
	return nil
}

// latestAsOf returns the latest as-of of HEAD and of the state of score and drift.
func latestAsOf(ctx context.Context, home *run.Home) (calendar.Date, error) {
	var latest calendar.Date
	head, err := registry.New(home).Head(ctx)
	if err != nil {
		return 0, err
	}
	if head != nil {
		latest = head.AsOf
	}
	score, err := run.ReadState[run.ScoreState](ctx, home.Root, contract.ScoreStatePath(home.Name))
	if err != nil {
		return 0, err
	}
	for _, e := range score.Entries {
		latest = max(latest, e.AsOf)
	}
	drift, err := run.ReadState[run.DriftState](ctx, home.Root, contract.DriftStatePath(home.Name))
	for _, e := range drift.Entries {
		latest = max(latest, e.AsOf)
	}
	return latest, err
}

// lower takes out of the state of score and drift what was written before the revision for a later as-of. What was written
// since stays, so that the same command again, weeks later, takes nothing back.
func lower(ctx context.Context, home *run.Home, rev *registry.Revision) error {
	err := run.Lower(ctx, home.Root, contract.ScoreStatePath(home.Name), rev.AsOf, func(s run.ScoreState) bool { return s.Seq < rev.Seq })
	if err != nil {
		return err
	}
	return run.Lower(ctx, home.Root, contract.DriftStatePath(home.Name), rev.AsOf, func(s run.DriftState) bool { return s.Seq < rev.Seq })
}
