package pipeline_test

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/registry"
)

// gc deletes what nothing names, no sooner than it is old enough, and leaves a root on which everything goes on: verify, an undo, the
// next run and a rollback.
func TestGC(t *testing.T) {
	s := newErasedShop(t, 60, 60)
	root := filepath.Join(s.dir, "root")
	later := time.Now().AddDate(0, 0, 31)
	gc := func(yes bool, now time.Time) contract.GCResult {
		t.Helper()
		c := registry.GCConfig{Common: task.Common{Root: "file://" + root, Name: "segments"}, MinDays: 30, Yes: yes}
		r, err := registry.GC.Run(t.Context(), c, task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := gc(true, later); len(r.Garbage) != 0 {
		t.Errorf("everything is named by something, and yet %+v is garbage", r.Garbage)
	}
	// The first run expires: its candidate and the table of a stopped step are named by nothing any more.
	if err := os.RemoveAll(filepath.Join(root, "runs", "test", "2025-11-03")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"runs/test/2025-11-04/" + filepath.Base(s.run("2025-11-04")) + "/train/0123456789ab/sweep.arrow": "x",
		"registry/blobs/sha256/" + strings.Repeat("a", 64):                                               "x",
		"registry/evals/" + strings.Repeat("b", 64) + ".json":                                            "x",
		"lines/shop/2025-11-01/" + strings.Repeat("c", 64) + ".arrow":                                    "x",
		"lines/index/" + strings.Repeat("d", 64) + ".json":                                               "x",
		"quarantine/shop/0123456789ab.arrow":                                                             "x",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	before := objectsBut(t, root)
	if r := gc(true, time.Now()); len(r.Garbage) != 0 || r.Young < 6 {
		t.Errorf("too young to be deleted: %+v", r)
	}
	plan := gc(false, later)
	if now := objectsBut(t, root); !maps.Equal(now, before) {
		t.Error("a plan has changed objects")
	}
	did := gc(true, later)
	if !slices.Equal(plan.Garbage, did.Garbage) || len(did.Garbage) < 6 {
		t.Errorf("planned %+v, did %+v", plan.Garbage, did.Garbage)
	}
	if r := gc(true, later); len(r.Garbage) != 0 {
		t.Errorf("a second time %+v is garbage", r.Garbage)
	}
	for name := range objectsBut(t, root) {
		if strings.Contains(name, strings.Repeat("a", 64)) || strings.Contains(name, "0123456789ab") {
			t.Errorf("%s is still there", name)
		}
	}
	s.program(registry.Program, 0, "verify")
	s.pipeline("after", "2025-11-04")
}
