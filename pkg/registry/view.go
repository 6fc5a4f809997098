package registry

import (
	"context"

	"github.com/clientele/clientele/pkg/contract"
)

// View is HEAD as one run looks at it. A run never sees itself: what it decides must not depend on what an earlier try of it
// has done.
type View struct {
	reg *Registry
	run contract.Run
	pin int64
}

// View returns HEAD as run looks at it. A pin other than 0 is a replay: every look but [Registry.Move]'s is at the revision of
// that number, and one that does not exist is an error of exit code 66.
func (r *Registry) View(run contract.Run, pin int) View { return View{r, run, int64(pin)} }

// Before returns HEAD as it stood before the first revision that the run wrote, nil if there was none. Where the run wrote
// none, that is HEAD. It reads back only as far as the run's as-of.
func (v View) Before(ctx context.Context) (rev *Revision, replay bool, err error) {
	before, err := v.before(ctx)
	if err != nil {
		return nil, false, err
	}
	return v.pinned(ctx, before)
}

// Now returns HEAD, nil if there is none.
func (v View) Now(ctx context.Context) (rev *Revision, replay bool, err error) {
	head, err := v.reg.Head(ctx)
	if err != nil {
		return nil, false, err
	}
	return v.pinned(ctx, head)
}

// Defender returns the revision that a candidate of the run would replace: HEAD, or the one before it where the run has put
// that model in force already. A HEAD with the same model by another run is the defender itself: promote will find nothing
// to change.
func (v View) Defender(ctx context.Context, candidate string) (*Revision, error) {
	head, _, err := v.Now(ctx)
	if err != nil || head == nil || v.pin > 0 || head.ModelID != candidate || head.Run != v.run.String() {
		return head, err
	}
	return v.reg.parent(ctx, head)
}

// pinned returns the pinned revision instead of the one seen, and whether that is another.
func (v View) pinned(ctx context.Context, seen *Revision) (rev *Revision, replay bool, err error) {
	if v.pin == 0 {
		return seen, false, nil
	}
	if rev, err = v.reg.At(ctx, v.pin); err != nil {
		return nil, false, err
	}
	return rev, rev.Seq != seen.Number(), nil
}

func (v View) before(ctx context.Context) (*Revision, error) {
	var seen *Revision
	own := true // the revision visited last was the run's own, or there was none
	err := v.reg.walk(ctx, func(rev *Revision) bool {
		switch {
		case rev.Run == v.run.String():
			seen, own = nil, true
		case own:
			seen, own = rev, false
		}
		return rev.latest() >= v.run.AsOf
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}
