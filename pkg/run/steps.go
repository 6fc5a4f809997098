package run

import (
	"context"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
)

// Made returns what the steps made in a run, by name, for a step that tells of the whole run: in this run, else in fromRun
// ("" for none): after a rollback the one has the scores and the other has the customers. A step that made nothing is left
// out, and so is one whose work is from other inputs than the run has now: later steps that were not run again after earlier
// ones. Their names are returned. Without customers the error is of [fault.ErrMissing].
func (h *Home) Made(ctx context.Context, run, fromRun contract.Run, except ...string) (made map[string]*Manifest, stale []string, err error) {
	made = map[string]*Manifest{}
	for _, step := range contract.Steps {
		if slices.Contains(except, step.Name) {
			continue
		}
		m, err := h.Current(ctx, run, step.Name)
		if fault.CodeOf(err) == fault.ExitMissing && fromRun != run {
			m, err = h.Current(ctx, fromRun, step.Name)
		}
		if fault.CodeOf(err) == fault.ExitMissing && step.Name != contract.Preprocess {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		made[step.Name] = m
	}
	for _, step := range contract.Steps {
		m := made[step.Name]
		if m == nil {
			continue
		}
		for input, key := range m.Refs { // where a step's inputs name another step, they name its key
			if up := made[input]; slices.Contains(stale, input) || up != nil && up.Key != key {
				stale = append(stale, step.Name)
				delete(made, step.Name)
				break
			}
		}
	}
	return made, stale, nil
}
