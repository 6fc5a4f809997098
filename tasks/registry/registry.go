// Package registry shows people which model is in force and was before, checks it, rolls back, and decides what may be promoted.
package registry

import (
	"context"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Program is the registry's commands.
var Program = task.Group{
	Name:  "registry",
	Usage: "inspect the model registry, roll back, and decide what may be promoted",
	Commands: []task.Command{
		{Name: "history", Usage: "list the revisions of HEAD, newest first", Program: History},
		{Name: "show", Usage: "show the current model, or that of a revision", Program: Show},
		{Name: "diff", Usage: "compare the segments of two models, and who would change", Program: Diff},
		{Name: "verify", Usage: "check the history, the models, their provenance and their evaluations", Program: Verify},
		{Name: "rollback", Usage: "roll back to an earlier model, deny the present one, and hold promotions", Program: Rollback},
		{Name: "freeze", Usage: "hold promotions", Program: Freeze},
		{Name: "unfreeze", Usage: "lift the hold that freeze or rollback has set", Program: Unfreeze},
		{Name: "deny", Usage: "never promote a fit", Program: Deny},
		{Name: "name", Usage: "give a segment a name, or the model's own again", Program: Name},
		{Name: "erase", Usage: "forget customers everywhere: a plan, or with --yes the deed", Program: Erase},
		{Name: "gc", Usage: "delete what nothing names: a plan, or with --yes the deed", Program: GC},
		{Name: "preflight", Usage: "check every right that a run needs, and say what to grant", Program: Preflight},
		{Name: "usage", Usage: "list what the last runs of each step have used, and what that comes to at your prices", Program: Usage},
		{Name: "allow", Usage: "let a fit be promoted again that was denied", Program: Allow},
	},
}

// shownID is how much of an id is enough for people.
const shownID = 12

// short cuts an id for people.
func short(id string) string { return id[:min(shownID, len(id))] }

// with opens the registry that the flags name, and closes it.
func with[R any](ctx context.Context, c task.Common, d task.Deps, use func(*run.Home, *registry.Registry) (R, error)) (R, error) {
	home, err := work.Open(ctx, c, d)
	if err != nil {
		var none R
		return none, err
	}
	defer func() { _ = home.Close() }()
	return use(home, registry.New(home))
}

// at returns the revision of that number, or HEAD for 0. No HEAD is a Fault of exit code 66.
func at(ctx context.Context, home *run.Home, reg *registry.Registry, seq int) (*registry.Revision, error) {
	rev, _, err := reg.View(contract.Run{}, seq).Now(ctx)
	if err == nil && rev == nil {
		err = noHead(home)
	}
	return rev, err
}

func noHead(home *run.Home) error {
	path := contract.HeadPath(home.Name)
	return fault.Errorf(fault.ExitMissing, "head", home.Registry.URI(path),
		"there is no current model: %s does not exist; train and promote one first", path)
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
