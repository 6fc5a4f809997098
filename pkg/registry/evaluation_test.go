package registry_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
)

// evaluation is one of a model, with its id.
func evaluation(t *testing.T, change func(*registry.Evaluation)) registry.Evaluation {
	t.Helper()
	e := registry.Evaluation{Customers: "c", Drift: "d", Limits: map[string]any{"smallest_share": 0.01}, Result: contract.EvaluateResult{Candidate: "m", Seq: 1}}
	if change != nil {
		change(&e)
	}
	id, err := e.ID()
	if err != nil || len(id) != 64 {
		t.Fatalf("eval-id %q, %v: want 64 hex digits", id, err)
	}
	e.Result.Eval = id
	return e
}

// TestEvaluationID: every part of what an evaluation is about changes its name, and what came of it does not.
func TestEvaluationID(t *testing.T) {
	seen := map[string]bool{evaluation(t, nil).Result.Eval: true}
	for _, change := range []func(*registry.Evaluation){
		func(e *registry.Evaluation) { e.Result.Candidate = "n" }, func(e *registry.Evaluation) { e.Result.Seq = 2 },
		func(e *registry.Evaluation) { e.Customers = "b" }, func(e *registry.Evaluation) { e.Drift = "e" },
		func(e *registry.Evaluation) { e.Limits["smallest_share"] = 0.02 },
	} {
		id := evaluation(t, change).Result.Eval
		if seen[id] {
			t.Errorf("%s names two evaluations", id)
		}
		seen[id] = true
	}
	if id := evaluation(t, func(e *registry.Evaluation) { e.Result.Verdict = contract.EvalFail }).Result.Eval; !seen[id] {
		t.Error("the verdict is part of the eval-id")
	}
	none := registry.Evaluation{Limits: map[string]any{"x": math.NaN()}}
	if _, err := none.ID(); err == nil {
		t.Error("a limit that is no number has an eval-id")
	}
}

// TestRecord: the first evaluation of an id stays, and one that is cut is made again.
func TestRecord(t *testing.T) {
	ctx := context.Background()
	store, err := objstore.Open(ctx, "mem://"+t.Name(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := evaluation(t, nil)
	if _, err := registry.ReadEvaluation(ctx, store, e.Result.Eval); fault.Judge(err).Code != fault.ExitMissing {
		t.Errorf("before it is recorded: %v", err)
	}
	text, err := contract.Sealed(e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateBytes(ctx, contract.EvalPath(e.Result.Eval), text[:len(text)/2]); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if other, err := registry.Record(ctx, store, e); other || err != nil {
			t.Errorf("other %v, %v", other, err)
		}
	}
	failed := evaluation(t, func(e *registry.Evaluation) { e.Result.Verdict = contract.EvalFail })
	if other, err := registry.Record(ctx, store, failed); !other || err != nil {
		t.Errorf("other %v, %v", other, err)
	}
	if got, err := registry.ReadEvaluation(ctx, store, e.Result.Eval); err != nil || got.Result.Verdict != e.Result.Verdict {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRecordLeavesWhatALaterProgramWrote: it is not damaged, and not made again.
func TestRecordLeavesWhatALaterProgramWrote(t *testing.T) {
	ctx := context.Background()
	store, err := objstore.Open(ctx, "mem://"+t.Name(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := evaluation(t, nil)
	later := e
	later.Version = 99
	text, err := contract.Sealed(later)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateBytes(ctx, contract.EvalPath(e.Result.Eval), text); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Record(ctx, store, e); !errors.Is(err, fault.ErrNewer) {
		t.Errorf("got %v", err)
	}
	if got, _, err := store.Read(ctx, contract.EvalPath(e.Result.Eval)); err != nil || string(got) != string(text) {
		t.Errorf("it holds %s, %v", got, err)
	}
}
