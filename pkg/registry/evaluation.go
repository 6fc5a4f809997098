package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

// evaluationVersion is the version of an evaluation's JSON.
const evaluationVersion = 1

// Evaluation is evals/<eval-id>.json: what a revision of HEAD names as its reason.
type Evaluation struct {
	Version   int                     `json:"version"`
	Customers string                  `json:"customers"` // logical hash
	Drift     string                  `json:"drift"`     // key
	Limits    map[string]any          `json:"limits"`
	Result    contract.EvaluateResult `json:"result"`
}

// ID names the evaluation by what it was about.
func (e *Evaluation) ID() (string, error) {
	text, err := contract.Canonical(struct {
		Model     string         `json:"model"`
		Seq       int64          `json:"seq"` // of HEAD, 0 for none
		Customers string         `json:"customers"`
		Limits    map[string]any `json:"limits"`
		Drift     string         `json:"drift"`
	}{e.Result.Candidate, e.Result.Seq, e.Customers, e.Limits, e.Drift})
	if err != nil {
		return "", fmt.Errorf("encode eval-id: %w", err)
	}
	return contract.SHA256(text), nil
}

// Record keeps an evaluation under its id, Result.Eval. The first one of an id stays, unless a power failure has cut it; other
// reports whether that one says otherwise, as other code may.
func Record(ctx context.Context, registry *objstore.Store, e Evaluation) (other bool, err error) {
	e.Version = evaluationVersion
	text, err := contract.Sealed(e)
	if err != nil {
		return false, fmt.Errorf("encode evaluation: %w", err)
	}
	name := contract.EvalPath(e.Result.Eval)
	if _, err = registry.CreateBytes(ctx, name, text); !errors.Is(err, objstore.ErrExists) {
		return false, err
	}
	old, err := ReadEvaluation(ctx, registry, e.Result.Eval)
	if err == nil {
		again, err := contract.Sealed(old)
		return string(again) != string(text), err
	}
	if fault.Judge(err).Code != fault.ExitBadData || errors.Is(err, fault.ErrNewer) {
		return false, err
	}
	attrs, statErr := registry.Stat(ctx, name)
	if statErr != nil {
		return false, statErr
	}
	_, err = registry.Swap(ctx, name, attrs.Generation, text)
	return false, err
}

// ReadEvaluation returns an evaluation, held against its id. A missing one is an error of class [fault.ErrMissing], a damaged one
// of [fault.ErrBadData].
func ReadEvaluation(ctx context.Context, registry *objstore.Store, id string) (Evaluation, error) {
	name := contract.EvalPath(id)
	var e Evaluation
	_, _, err := registry.ReadChecked(ctx, name, func(text []byte) error {
		e = Evaluation{}
		err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &e))
		if err == nil && e.Version > evaluationVersion {
			return fault.Newer("evaluation", registry.URI(name), e.Version, evaluationVersion)
		}
		if got, idErr := e.ID(); err == nil && (idErr != nil || got != id || e.Result.Eval != id) {
			err = fmt.Errorf("its content hashes to %s", got)
		}
		if err != nil {
			return fault.ErrBadData.Errorf("evaluation", registry.URI(name), "%s is damaged: %w", name, err)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return e, fault.ErrMissing.Errorf("evaluation", registry.URI(name), "%s is not in the registry: %w", name, err)
	}
	return e, err
}
