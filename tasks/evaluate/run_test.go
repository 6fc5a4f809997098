package evaluate

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

func config(root string) Config {
	return Config{
		Common:        task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: "r1", AsOf: "2011-12-10"},
		SmallestShare: 0.01, SilhouetteFloor: 0.2,
	}
}

func deps(t *testing.T) task.Deps {
	return task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
}

// upstream writes what the steps before evaluate write, with a model of four segments.
func upstream(t *testing.T, c Config) (*run.Home, contract.TrainResult) {
	t.Helper()
	home, err := work.Open(t.Context(), c.Common, deps(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	customers := modeltest.Customers(rows, 1)
	modeltest.Preprocess(t, home, c.Run(), customers)
	modeltest.Drift(t, home, c.Run(), contract.ActNone)
	b := modeltest.Bundle(t, customers, segments, 1)
	if err := model.Write(t.Context(), home.Registry, b, model.Provenance{}, table.Options{}); err != nil {
		t.Fatal(err)
	}
	placed, err := b.Assign(customers)
	if err != nil {
		t.Fatal(err)
	}
	width := 0.5
	r := contract.TrainResult{
		FitID: b.Manifest.FitID, ModelID: b.Manifest.ModelID, K: segments, Sizes: (&evidence{candidate: b, placed: placed}).sizes(),
		Sweep: []contract.SweepResult{{K: segments, Silhouette: &width, Jaccard: &width}}, Converged: true,
	}
	s, err := home.Begin(t.Context(), c.Run(), contract.Train, contract.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return home, r
}

func TestRun(t *testing.T) {
	c := config("mem://" + t.Name())
	home, trained := upstream(t, c)
	r, err := Run(t.Context(), c, deps(t))
	if err != nil || r.Verdict != contract.EvalPass || r.Candidate != trained.ModelID || r.Champion != "" || r.Seq != 0 {
		t.Fatalf("evaluate = %+v, %v; want pass without champion", r, err)
	}
	text, attrs, err := home.Registry.Read(t.Context(), contract.EvalPath(r.Eval))
	if err != nil {
		t.Fatal(err)
	}
	var kept registry.Evaluation
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, kept.Result); diff != "" || kept.Customers == "" || kept.Drift == "" {
		t.Errorf("record %+v (-result +record):\n%s", kept, diff)
	}

	// Again; then after this very run has put the candidate in force: the same answer, nothing written anew.
	for range 2 {
		again, err := Run(t.Context(), c, deps(t))
		if diff := cmp.Diff(r, again); diff != "" || err != nil {
			t.Errorf("again: %v (-first +again):\n%s", err, diff)
		}
		_, err = registry.New(home).Move(t.Context(), registry.Move{Run: c.Run(), Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
			return &registry.Revision{ModelID: trained.ModelID, FitID: trained.FitID, NextSegment: 5}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, now, err := home.Registry.Read(t.Context(), contract.EvalPath(r.Eval)); err != nil || now.Generation != attrs.Generation {
		t.Errorf("the record was written again: %v, %v", now, err)
	}

	// Pinned to the revision that holds the candidate: another champion, another evaluation.
	c.Head = 1
	pinned, err := Run(t.Context(), c, deps(t))
	if err != nil || pinned.Seq != 1 || pinned.Champion != trained.ModelID || pinned.Eval == r.Eval {
		t.Errorf("pinned to revision 1: %+v, %v", pinned, err)
	}
	c.Head = 2
	if _, err := Run(t.Context(), c, deps(t)); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("pinned to a revision that is not there: %v; want exit code 66", err)
	}
}

// TestRunAgainstAnotherRunsHead: the model in force is the candidate itself, but another run put it there.
func TestRunAgainstAnotherRunsHead(t *testing.T) {
	c := config("mem://" + t.Name())
	home, trained := upstream(t, c)
	other := contract.NewRun("other", c.Run().AsOf, "r0")
	_, err := registry.New(home).Move(t.Context(), registry.Move{Run: other, Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{ModelID: trained.ModelID, FitID: trained.FitID, NextSegment: 5}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), c, deps(t))
	if err != nil || r.Champion != trained.ModelID || r.Seq != 1 || r.Verdict != contract.EvalUnverified {
		t.Errorf("evaluate = %+v, %v; want unverified against revision 1: drift saw no model", r, err)
	}
}

func TestRunMissing(t *testing.T) {
	c := config("mem://" + t.Name())
	if _, err := Run(t.Context(), c, deps(t)); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("without train: %v; want exit code 66", err)
	}
	home, _ := upstream(t, c)
	s, err := home.Begin(context.Background(), c.Run(), contract.Train, contract.Inputs{Code: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), contract.TrainResult{ModelID: strings.Repeat("0", 64)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), c, deps(t)); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("candidate that is not in the registry: %v; want exit code 66", err)
	}
}

func TestValidate(t *testing.T) {
	if err := config("file:///tmp/x").Validate(); err != nil {
		t.Error(err)
	}
	for flag, change := range map[string]func(*Config){
		"--smallest-share":      func(c *Config) { c.SmallestShare = 1.1 },
		"--silhouette-floor":    func(c *Config) { c.SilhouetteFloor = -2 },
		"--root":                func(c *Config) { c.Root = "" },
		"--max-audience-change": func(c *Config) { c.MaxAudience = 1.1 },
		"--max-age":             func(c *Config) { c.MaxAge = -1 },
		"--accept":              func(c *Config) { c.Accept = "rule_shares" },
	} {
		c := config("file:///tmp/x")
		change(&c)
		if err := c.Validate(); fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v; want exit code 64", flag, err)
		}
	}
}
