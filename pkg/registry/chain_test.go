package registry_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
)

var shops atomic.Int64

// TestChain makes random moves and holds the registry against a plain list of what was done.
func TestChain(t *testing.T) {
	type done struct {
		move  registry.Move
		model string
	}
	rapid.Check(t, func(t *rapid.T) {
		home, err := run.OpenHome(t.Context(), fmt.Sprintf("mem://chain-%d", shops.Add(1)), "", "segments", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = home.Close() }()
		r := registry.New(home)
		var list []done
		var runs []contract.Run
		for i := range rapid.IntRange(0, 12).Draw(t, "moves") {
			of := aRun(calendar.Date(rapid.IntRange(1, 3).Draw(t, "as-of")), fmt.Sprint(rapid.IntRange(1, 2).Draw(t, "run")))
			runs = append(runs, of)
			d := done{registry.Move{Run: of, Key: fmt.Sprint(rapid.IntRange(1, 2).Draw(t, "key"))}, fmt.Sprint("model-", i)}
			lower := rapid.Bool().Draw(t, "lower")
			before := -1
			for k := range list {
				if list[k].move == d.move {
					before = k
				}
			}
			m := d.move
			m.Lower = lower
			rev, err := r.Move(t.Context(), m, to(d.model, int64(rapid.IntRange(0, 50).Draw(t, "next"))))
			if err != nil {
				t.Fatal(err)
			}
			if before < 0 {
				if lower && rev.AsOf != of.AsOf || !lower && rev.AsOf < of.AsOf {
					t.Fatalf("a revision by a run of %s, lower %v, is of %s", of.AsOf, lower, rev.AsOf)
				}
				list = append(list, d)
				before = len(list) - 1
			}
			if rev.Seq != int64(before+1) || rev.ModelID != list[before].model {
				t.Fatalf("move %+v made %+v, want revision %d with %s", d.move, rev, before+1, list[before].model)
			}
		}
		history, err := r.History(t.Context(), 0)
		if err != nil || len(history) != len(list) {
			t.Fatalf("%d revisions, %v; want %d", len(history), err, len(list))
		}
		for i, rev := range history {
			if want := list[len(list)-1-i]; rev.ModelID != want.model || rev.Decision != want.move.Decision() {
				t.Fatalf("revision %d is %+v, want %+v", rev.Seq, rev, want)
			}
			if i > 0 && (max(rev.AsOf, rev.LatestAsOf) > max(history[i-1].AsOf, history[i-1].LatestAsOf) || rev.NextSegment > history[i-1].NextSegment) {
				t.Fatalf("revision %d goes back behind %d", history[i-1].Seq, rev.Seq)
			}
		}
		for _, of := range append(runs, aRun(2, "that wrote nothing")) {
			want := int64(len(list)) // HEAD, unless the run wrote
			for k := len(list) - 1; k >= 0; k-- {
				if list[k].move.Run == of {
					want = int64(k)
				}
			}
			seen, _, err := r.View(of, 0).Before(t.Context())
			if err != nil || seen.Number() != want {
				t.Fatalf("run %s sees revision %d, %v; want %d", of, seen.Number(), err, want)
			}
		}
	})
}
