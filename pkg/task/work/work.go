// Package work is what every step of a pipeline does around its own work: it opens the stores that the flags name, and does
// the same work of a run once. It is apart from pkg/task so that a program without stores links none.
package work

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
)

// Open opens the stores that the flags name.
func Open(ctx context.Context, c task.Common, d task.Deps) (*run.Home, error) {
	home, err := run.OpenHome(ctx, c.Root, c.Registry, c.Name, &objstore.Options{Scratch: d.Scratch, Memory: d.Memory.Object(), Moved: d.Use.Moved})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Root, err)
	}
	home.Memory = int64(d.Memory)
	return home, nil
}

// Tables returns the options for reading and writing tables.
func Tables(d task.Deps) table.Options {
	return table.Options{Scratch: d.Scratch, Memory: d.Memory.Table()}
}

// Job is what a step does in one run.
type Job[R any] struct {
	// Begin reads what the step's key is made of, and begins the session.
	Begin func(context.Context, *run.Home) (*run.Session, error)
	// Make does the work and commits it. It is not called if this run already has the same work.
	Make func(context.Context, *run.Session) (*run.Manifest, error)
	// Finish runs after either, with the committed result, and may add to it what is not part of the manifest. nil does nothing.
	Finish func(context.Context, *run.Manifest, R) (R, error)
}

// Do opens the stores that the flags name, and does the job once: if an earlier try of this run has committed the same
// work, its result is returned and its pointer completed. If two copies race, both return the one manifest.
func Do[R any](ctx context.Context, c task.Common, d task.Deps, j Job[R]) (r R, err error) {
	var none R
	home, err := Open(ctx, c, d)
	if err != nil {
		return none, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if err := checkAsOf(ctx, c, d, home); err != nil {
		return none, err
	}
	erased, err := run.ReadErased(ctx, home.Root)
	if err != nil {
		return none, err
	}
	// What a step was reading when a customer was forgotten may be gone: then it is to work again, and nothing is missing.
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = cmp.Or(run.Unchanged(ctx, home.Root, erased.Seq), err)
		}
	}()
	s, err := j.Begin(ctx, home)
	if err != nil {
		return none, err
	}
	m := s.Done()
	done := m != nil
	if done {
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
	if err == nil && !done {
		Record(ctx, home, m, d)
	}
	return r, err
}

// checkAsOf is [task.Common.CheckAsOf] for a step that reads what ingest has stored.
func checkAsOf(ctx context.Context, c task.Common, d task.Deps, home *run.Home) error {
	if c.CheckAsOf(d, "", 0) == nil {
		return nil
	}
	last, err := lastLine(ctx, c, home)
	if err != nil {
		return err
	}
	return c.CheckAsOf(d, "", last)
}

// lastLine returns the day of the last line of the snapshot that the run reads, 0 if there is none.
func lastLine(ctx context.Context, c task.Common, home *run.Home) (calendar.Date, error) {
	m, err := home.Current(ctx, c.ReadRun(), contract.Ingest)
	var ingest contract.IngestResult
	if err == nil {
		err = m.Decode(&ingest)
	}
	var snapshot *lines.Snapshot
	if err == nil {
		snapshot, err = lines.Read(ctx, home.Root, ingest.Snapshot)
	}
	switch {
	case fault.CodeOf(err) == fault.ExitMissing:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return snapshot.Last(), nil
}
