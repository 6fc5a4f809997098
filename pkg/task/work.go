package task

import (
	"context"
	"errors"

	"github.com/clientele/clientele/pkg/run"
)

// Job is what a step does in one run.
type Job[R any] struct {
	// Begin reads what the step's key is made of, and begins the session.
	Begin func(context.Context, *run.Home) (*run.Session, error)
	// Make does the work and commits it. It is not called if this run already has the same work.
	Make func(context.Context, *run.Session) (*run.Manifest, error)
	// Finish runs after either, with the committed result, and may add to it what is not part of the manifest. nil does nothing.
	Finish func(context.Context, *run.Manifest, R) (R, error)
}

// Work opens the stores that the flags name, and does the job once: if an earlier try of this run has committed the same
// work, its result is returned and its pointer completed. If two copies race, both return the one manifest.
func Work[R any](ctx context.Context, c Common, d Deps, j Job[R]) (r R, err error) {
	var none R
	home, err := c.Open(ctx, d)
	if err != nil {
		return none, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if err := c.checkRun(ctx, d, home); err != nil {
		return none, err
	}
	s, err := j.Begin(ctx, home)
	if err != nil {
		return none, err
	}
	m := s.Done()
	if m != nil {
		d.Log.Info("already done for the same input", "key", s.Key())
		err = s.Point(ctx)
	} else {
		m, err = j.Make(ctx, s)
	}
	if err == nil {
		err = m.Decode(&r)
	}
	if err == nil && j.Finish != nil {
		r, err = j.Finish(ctx, m, r)
	}
	return r, err
}
