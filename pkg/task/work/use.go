package work

import (
	"context"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// fewest is how many earlier runs say what is usual.
const fewest = 3

// Record keeps what the step used, if --record-use says so, and learns how long it takes as a rule: the median of its runs in this
// pipeline. It is no part of the work: what goes wrong with it is logged.
func Record(ctx context.Context, home *run.Home, m *run.Manifest, d task.Deps) {
	if d.Use == nil || !d.Use.Record {
		return
	}
	path := contract.UsedPath(home.Name, m.Step)
	past, err := run.ReadState[task.Used](ctx, home.Root, path)
	if err == nil {
		d.Use.Usual(usual(past.Entries, m))
		var of contract.Run
		if of, err = contract.ParseRun(m.Run); err == nil {
			_, err = run.Advance(ctx, home.Root, path, run.Entry[task.Used]{Run: m.Run, AsOf: of.AsOf, Key: m.Key, Value: d.Use.Sum()}, run.KeepUsed)
		}
	}
	if err != nil {
		d.Log.Warn("what the step used is not recorded", "object", home.Root.URI(path), "why", err.Error())
	}
}

// usual is the median of the seconds of other runs in the pipeline, 0 where they are too few.
func usual(past []run.Entry[task.Used], m *run.Manifest) float64 {
	pipeline, _, _ := strings.Cut(m.Run, "/")
	var all []float64
	for _, e := range past {
		if of, _, _ := strings.Cut(e.Run, "/"); of == pipeline && e.Run != m.Run {
			all = append(all, e.Value.Seconds)
		}
	}
	if len(all) < fewest {
		return 0
	}
	slices.Sort(all)
	return max(all[len(all)/2], 0.001)
}
