package tasks_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/pipeline"
	"github.com/clientele/clientele/tasks/registry"
)

// earlier is the model of testdata/version1: a registry as the program of commit bdd0e30, the last with version 1 of the
// bundle, wrote it from testdata/identity.csv.
const earlier = "9e3e3271f3cee728c3393b81a3e4dc63b89d5cec87dc4f1668411ae5c0f88dee"

// parse makes a task's configuration of flags.
func parse[C interface{ Validate() error }](t *testing.T, flags []cli.Flag, config func(*cli.Context) C, args ...string) (c C) {
	t.Helper()
	app := &cli.App{Flags: flags, Action: func(ctx *cli.Context) error {
		c = config(ctx)
		return c.Validate()
	}}
	if err := app.Run(append([]string{"test"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c
}

// A model of version 1 scores customers while it is HEAD, is replaced, is verified, and is rolled back to.
func TestModelOfVersion1(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	if err := os.CopyFS(filepath.Join(dir, "registry"), os.DirFS("testdata/version1")); err != nil {
		t.Fatal(err)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "now"}
	where := []string{"--root=file://" + dir}
	run := func(asOf string, args ...string) map[string]any {
		c := parse(t, pipeline.Flags(), pipeline.NewConfig, append(append(slices.Clone(where), "--allow-future-as-of", "--source=testdata/identity.csv", "--source-name=shop",
			"--pipeline=identity", "--run-id="+asOf, "--as-of="+asOf, "--zone=Europe/London", "--currency=GBP"), args...)...)
		result, err := pipeline.Run(ctx, c, d)
		if err != nil {
			t.Fatal(err)
		}
		return result.Steps
	}

	held := run("2011-12-10", "--smallest-share=0.9")
	if s := held[contract.Score].(contract.ScoreResult); s.ModelID != earlier || s.Customers != 60 {
		t.Errorf("scored by %s, %d customers, want %s and 60", s.ModelID, s.Customers, earlier)
	}
	promoted := run("2011-12-11", "--k=3", "--accept=dominance", "--max-audience-change=1", "--promote=force")
	if p := promoted[contract.Promote].(contract.PromoteResult); p.Action != contract.ActionPromote || p.Previous != earlier {
		t.Errorf("promotion: %+v", p)
	}
	verify := parse(t, registry.Verify.Flags(), registry.Verify.Config, where...)
	v, err := registry.Verify.Run(ctx, verify, d)
	if err != nil || v.Models != 2 {
		t.Errorf("verified %+v, %v", v, err)
	}
	back := parse(t, registry.Rollback.Flags(), registry.Rollback.Config, append(slices.Clone(where), "--allow-future-as-of", "--pipeline=ops", "--run-id=back", "--as-of=2011-12-11",
		"--to-model="+earlier, "--reason=test")...)
	if _, err := registry.Rollback.Run(ctx, back, d); err != nil {
		t.Fatal(err)
	}
	again := run("2011-12-12")
	if s := again[contract.Score].(contract.ScoreResult); s.ModelID != earlier {
		t.Errorf("after the rollback, scored by %s", s.ModelID)
	}

	home, err := work.Open(ctx, parse(t, pipeline.Flags(), pipeline.NewConfig, append(slices.Clone(where), "--source=testdata/identity.csv", "--pipeline=identity",
		"--run-id=read", "--as-of=2011-12-12", "--zone=Europe/London", "--currency=GBP")...).Common, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	b, err := model.Load(ctx, home.Registry, earlier, tableOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(); err != nil {
		t.Error(err)
	}
	if _, fit, err := b.Model.Encode(); err != nil || fit != b.Manifest.FitID {
		t.Errorf("its fit is %s, %v, want %s", fit, err, b.Manifest.FitID)
	}
	if r := b.Model.Recipe; r.KMin != 2 || r.KMax != 10 || r.Starts != 32 || r.Seed != 1 || len(r.Space) != 3 || r.Rule.MinShare != 0.01 {
		t.Errorf("its recipe: %+v", r)
	}
}
