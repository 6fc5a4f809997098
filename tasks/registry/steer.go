package registry

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// SteerConfig is the configuration of the commands that decide what may be promoted, and leave the model.
type SteerConfig struct {
	task.Common
	action string // contract.ActionFreeze, ActionUnfreeze, ActionDeny or ActionAllow
	Reason string
	Actor  string
	Until  string // of freeze: YYYY-MM-DD, "" for no end
	FitID  string // of deny and allow
}

// steerTask is a task for one action.
type steerTask = task.Task[SteerConfig, contract.SteerResult]

// Freeze holds promotions.
var Freeze = steer(steerTask{
	Name: "registry-freeze", Usage: "hold promotions",
	Description: `Writes a new revision of HEAD with the same model and a hold: until --until, or until "registry unfreeze" lifts it, promote ends
with "hold" and says why. Scores and reports go on with the current model.`,
	Example: "registry freeze --root=gs://shop/clientele --until=2012-01-09 --reason='the Christmas campaign is running'",
}, contract.ActionFreeze, task.String("until", "", "hold promotions of runs with an as-of before this `DATE`, YYYY-MM-DD (default: until registry unfreeze)"))

// Unfreeze lifts a hold.
var Unfreeze = steer(steerTask{
	Name: "registry-unfreeze", Usage: "lift the hold that freeze or rollback has set",
	Description: `Writes a new revision of HEAD with the same model and without the hold, so that the next run may promote its candidate.
Without a hold it changes nothing. Fits that are denied stay denied: see "registry allow".`,
	Example: "registry unfreeze --root=gs://shop/clientele --reason='the supplier has corrected the prices'",
}, contract.ActionUnfreeze)

// Deny keeps one fit from being promoted.
var Deny = steer(steerTask{
	Name: "registry-deny", Usage: "never promote a fit",
	Description: `Writes a new revision of HEAD with the same model, and the fit on its list of fits that are never promoted. "registry rollback" does
so with the fit that it replaces. "registry show" prints the fit of a model, and the list.`,
	Example: "registry deny --root=gs://shop/clientele --fit=0123… --reason='trained on a broken delivery'",
}, contract.ActionDeny, fitFlag())

// Allow takes a fit off the list of those that are never promoted.
var Allow = steer(steerTask{
	Name: "registry-allow", Usage: "let a fit be promoted again that was denied",
	Description: "Writes a new revision of HEAD with the same model, without the fit on its list. If it is not on the list, nothing changes.",
	Example:     "registry allow --root=gs://shop/clientele --fit=0123…",
}, contract.ActionAllow, fitFlag())

func fitFlag() cli.Flag { return task.String("fit", "", "`FIT` id, 64 hexadecimal digits") }

// steer completes a task.
func steer(t steerTask, action string, more ...cli.Flag) steerTask {
	t.Flags = func() []cli.Flag { return append(append(moveFlags(), personFlags()...), more...) }
	t.Config = func(c *cli.Context) SteerConfig {
		return SteerConfig{
			Common: task.NewCommon(c), action: action, Reason: c.String("reason"), Actor: c.String("actor"),
			Until: c.String("until"), FitID: c.String("fit"),
		}
	}
	t.Run = func(ctx context.Context, c SteerConfig, d task.Deps) (contract.SteerResult, error) {
		c.action = action
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (contract.SteerResult, error) {
			if err := fillIn(ctx, &c.Common, home, d); err != nil {
				return contract.SteerResult{}, err
			}
			return c.steer(ctx, home, reg)
		})
	}
	t.Print = printSteer
	return t
}

// Validate reports every problem at once.
func (c SteerConfig) Validate() error {
	var p task.Problems
	checkMove(c.Common, &p)
	if _, err := parseUntil(c.Until); err != nil {
		p.Add("until", "want a calendar day written YYYY-MM-DD", c.Until)
	}
	if (c.action == contract.ActionDeny || c.action == contract.ActionAllow) && !isFit.MatchString(c.FitID) {
		p.Add("fit", "want a fit's id, 64 hexadecimal digits: see registry show", c.FitID)
	}
	return p.Err()
}

// parseUntil returns the end of a hold, 0 for none.
func parseUntil(text string) (calendar.Date, error) {
	if text == "" {
		return 0, nil
	}
	return calendar.ParseDate(text)
}

func (c SteerConfig) steer(ctx context.Context, home *run.Home, reg *registry.Registry) (contract.SteerResult, error) {
	var none contract.SteerResult
	params := map[string]any{"name": c.Name}
	if c.FitID != "" {
		params["fit"] = c.FitID
	}
	if c.Until != "" {
		params["until"] = c.Until
	}
	key, err := contract.Key(c.action, contract.Inputs{Params: params})
	if err != nil {
		return none, err
	}
	var kept *registry.Revision
	m := registry.Move{Run: c.Run(), Key: key, Actor: actor(c.Actor, c.Pipeline)}
	rev, err := reg.Move(ctx, m, func(head *registry.Revision) (*registry.Revision, error) {
		if head == nil {
			return nil, noHead(home)
		}
		next, err := c.revision(head)
		if next == nil {
			kept = head
		}
		return next, err
	})
	if err != nil {
		return none, err
	}
	changed := rev != nil
	if !changed {
		rev = kept
	}
	return contract.SteerResult{
		Action: c.action, ModelID: rev.ModelID, Seq: rev.Seq, Changed: changed, Hold: rev.Hold.Term(), FitID: c.FitID,
	}, nil
}

// revision returns the next revision, nil if HEAD is as is wanted. The hold and the denied fits stay but for what is asked.
func (c SteerConfig) revision(head *registry.Revision) (*registry.Revision, error) {
	next := &registry.Revision{ModelID: head.ModelID, FitID: head.FitID, Action: c.action, Hold: head.Hold}
	var text string
	switch c.action {
	case contract.ActionFreeze:
		until, err := parseUntil(c.Until)
		if err != nil {
			return nil, err
		}
		if head.Hold != nil && head.Hold.Until == until {
			return nil, nil
		}
		text = "froze promotions"
		next.Hold = &registry.Hold{Until: until, Reason: because(text, c.Reason)}
	case contract.ActionUnfreeze:
		if head.Hold == nil {
			return nil, nil
		}
		text = fmt.Sprintf("lifted the hold of revision %d", head.Hold.Since)
		next.Hold = nil
	case contract.ActionDeny:
		if head.Denies(c.FitID) != nil {
			return nil, nil
		}
		if c.FitID == head.FitID {
			return nil, fault.Errorf(fault.ExitUsage, "current", c.FitID, "fit %s is that of the current model: to replace it, run registry rollback", short(c.FitID))
		}
		text = "denied fit " + short(c.FitID)
		next.Denied = deny(head, c.FitID, because(text, c.Reason))
	case contract.ActionAllow:
		if head.Denies(c.FitID) == nil {
			return nil, nil
		}
		text = "allowed fit " + short(c.FitID)
		next.Denied = allow(head, c.FitID)
	}
	next.Reason = because(text, c.Reason)
	return next, nil
}

// deny returns HEAD's denied fits and one more.
func deny(head *registry.Revision, fitID, reason string) []registry.Denial {
	if head.Denies(fitID) != nil {
		return head.Denied
	}
	return append(slices.Clone(head.Denied), registry.Denial{FitID: fitID, Reason: reason})
}

// allow returns HEAD's denied fits without one; never nil.
func allow(head *registry.Revision, fitID string) []registry.Denial {
	return slices.DeleteFunc(append([]registry.Denial{}, head.Denied...), func(d registry.Denial) bool { return d.FitID == fitID })
}

// because adds a person's reason to what was done.
func because(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

func printSteer(w io.Writer, r contract.SteerResult) error {
	p := printer{w: w}
	said := map[string][2]string{
		contract.ActionFreeze:   {"promotion is on hold " + r.Hold + "; to lift it, run: registry unfreeze", "promotion was on hold already, " + r.Hold},
		contract.ActionUnfreeze: {"the hold is lifted", "there was no hold"},
		contract.ActionDeny:     {"fit " + short(r.FitID) + " is never promoted", "fit " + short(r.FitID) + " was denied already"},
		contract.ActionAllow:    {"fit " + short(r.FitID) + " may be promoted again", "fit " + short(r.FitID) + " was not denied"},
	}[r.Action]
	text := said[0]
	if !r.Changed {
		text = said[1]
	}
	p.line("revision %d, model %s: %s", r.Seq, short(r.ModelID), text)
	return p.err
}
