package task

import (
	"context"

	"github.com/clientele/clientele/pkg/run"
)

// Once returns a step's result and manifest: those of an earlier try where the same was made before in this run, else what
// work commits. Of two copies that race, both get the one manifest. An earlier try's pointer is completed.
func Once[R any](ctx context.Context, d Deps, s *run.Session, work func() (*run.Manifest, error)) (r R, m *run.Manifest, err error) {
	if m = s.Done(); m != nil {
		d.Log.Info("made before on the same input", "key", s.Key())
		err = s.Point(ctx)
	} else {
		m, err = work()
	}
	if err == nil {
		err = m.Decode(&r)
	}
	return r, m, err
}
