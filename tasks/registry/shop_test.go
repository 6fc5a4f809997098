package registry

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// monday is 2011-12-12.
const monday calendar.Date = 15320

type shop struct {
	t    *testing.T
	root string
	deps task.Deps
	home *run.Home
	reg  *registry.Registry
}

func open(t *testing.T, root string) *shop {
	s := &shop{t: t, root: root, deps: task.Deps{
		Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test",
	}}
	home, err := work.Open(t.Context(), s.common(), s.deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	s.home, s.reg = home, registry.New(home)
	return s
}

func (s *shop) common() task.Common { return task.Common{Root: s.root, Name: "segments"} }

// promote puts a new model in force, the n-th, and returns its id.
func (s *shop) promote(n int) string {
	s.t.Helper()
	return s.promoteAsOf(n, monday)
}

func (s *shop) promoteAsOf(n int, day calendar.Date) string {
	s.t.Helper()
	return s.put(n, day, func(string) string { return "" })
}

// evaluated promotes the n-th model by an evaluation.
func (s *shop) evaluated(n int) string {
	s.t.Helper()
	return s.put(n, monday, func(id string) string {
		e := registry.Evaluation{Customers: "c", Drift: "d", Limits: map[string]any{"x": 0.1}, Result: contract.EvaluateResult{Candidate: id}}
		eval, err := e.ID()
		if err == nil {
			e.Result.Eval = eval
			_, err = registry.Record(context.Background(), s.home.Registry, e)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		return eval
	})
}

func (s *shop) put(n int, day calendar.Date, evaluate func(modelID string) string) string {
	s.t.Helper()
	b := modeltest.Bundle(s.t, modeltest.Customers(100, uint64(n)), 3, int64(1+3*n))
	if err := model.Write(context.Background(), s.home.Registry, b, model.Provenance{}, table.Options{}); err != nil {
		s.t.Fatal(err)
	}
	eval := evaluate(b.Manifest.ModelID)
	m := registry.Move{Run: contract.NewRun("test", day, fmt.Sprint("run ", n)), Key: "k"}
	_, err := s.reg.Move(context.Background(), m, func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{
			ModelID: b.Manifest.ModelID, FitID: b.Manifest.FitID, Action: contract.ActionPromote,
			NextSegment: b.Manifest.NextSegment(), Reason: fmt.Sprint("reason ", n), Eval: eval,
		}, nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b.Manifest.ModelID
}

func (s *shop) rollback(id string, change func(*RollbackConfig)) (contract.RollbackResult, error) {
	c := RollbackConfig{Common: s.common()}
	c.Pipeline, c.RunID, c.AsOf = "rollback", id, monday.String()
	if change != nil {
		change(&c)
	}
	r, err := runRollback(context.Background(), c, s.deps)
	return r.RollbackResult, err
}

func (s *shop) must(id string, change func(*RollbackConfig)) contract.RollbackResult {
	s.t.Helper()
	r, err := s.rollback(id, change)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *shop) head() *registry.Revision {
	s.t.Helper()
	head, err := s.reg.Head(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	return head
}

func noon(day calendar.Date) time.Time { return time.UnixMicro(day.Start()).Add(12 * time.Hour) }

func advance[T any](s *shop, path string, day calendar.Date, v T, keep run.Keep) {
	s.t.Helper()
	e := run.Entry[T]{Run: contract.NewRun("test", day, "r").String(), AsOf: day, Key: "k", Value: v}
	if moved, err := run.Advance(context.Background(), s.home.Root, path, e, keep); err != nil || !moved {
		s.t.Fatalf("state %s of %s: moved %v, %v", path, day, moved, err)
	}
}

func asOfs[T any](s *shop, path string) (days []calendar.Date) {
	s.t.Helper()
	state, err := run.ReadState[T](context.Background(), s.home.Root, path)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range state.Entries {
		days = append(days, e.AsOf)
	}
	return days
}
