package work_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// What runs have used is kept for each step, once a run, and after three runs of a pipeline tells what is usual.
func TestUseIsRecordedAndToldOf(t *testing.T) {
	root := "mem://" + t.Name()
	step := func(pipeline string, day int, record bool) map[string]any {
		c := task.Common{Root: root, Name: "segments", Pipeline: pipeline, RunID: "r", AsOf: fmt.Sprintf("2026-01-%02d", day)}
		closing := task.Begin(contract.Drift, c)
		var log bytes.Buffer
		d := task.Deps{Log: slog.New(slog.NewJSONHandler(&log, nil)), Scratch: t.TempDir(), Use: closing.Use(record)}
		_, err := work.Do(t.Context(), c, d, work.Job[map[string]int]{
			Begin: func(ctx context.Context, home *run.Home) (*run.Session, error) {
				return home.Begin(ctx, c.Run(), contract.Drift, contract.Inputs{Code: "test"})
			},
			Make: func(ctx context.Context, s *run.Session) (*run.Manifest, error) {
				return s.Commit(ctx, map[string]int{"day": day})
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		closing.Finished(d.Log, nil, "")
		var record1 map[string]any
		lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		if err := json.Unmarshal(lines[len(lines)-1], &record1); err != nil {
			t.Fatal(err)
		}
		return record1
	}
	home, err := work.Open(t.Context(), task.Common{Root: root, Name: "segments"}, task.Deps{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = home.Close() }()
	kept := func() []run.Entry[task.Used] {
		s, err := run.ReadState[task.Used](t.Context(), home.Root, contract.UsedPath("segments", contract.Drift))
		if err != nil {
			t.Fatal(err)
		}
		return s.Entries
	}
	if got := step("weekly", 1, false); got["usual_seconds"] != nil || len(kept()) != 0 {
		t.Errorf("kept without being asked: %v", kept())
	}
	for day := 2; day <= 4; day++ {
		got := step("weekly", day, true)
		if got["usual_seconds"] != nil || got["slowness"] != nil {
			t.Errorf("day %d: a past of %d runs: %v", day, day-2, got)
		}
		if got["written_bytes"].(float64) < 100 || got["read_bytes"] == nil {
			t.Errorf("bytes: %v", got)
		}
	}
	step("weekly", 4, true) // done already: no run more
	if n := len(kept()); n != 3 {
		t.Fatalf("%d runs are kept, want 3", n)
	}
	if got := step("daily", 5, true); got["usual_seconds"] != nil {
		t.Errorf("another pipeline's past: %v", got)
	}
	// A past of an hour makes this run a fast one, one of nothing is taken for half a minute.
	if got := step("weekly", 6, true); got["usual_seconds"] == nil || got["slowness"].(float64) > 1 {
		t.Errorf("after three runs: %v", got)
	}
	if e := kept()[0]; e.Value.WrittenBytes == 0 || e.AsOf.String() != "2026-01-06" {
		t.Errorf("the newest entry is %+v", e)
	}
}
