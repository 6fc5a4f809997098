package registry_test

import (
	"context"
	"errors"
	"fmt"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
)

// Days used as as-of dates; only their order matters.
const (
	monday    calendar.Date = 20000
	tuesday   calendar.Date = 20001
	wednesday calendar.Date = 20002
)

// homes opens an empty home in memory and one in a folder: the protocol must hold on both.
func homes(t *testing.T) map[string]*run.Home {
	t.Helper()
	all := map[string]*run.Home{}
	for kind, url := range map[string]string{"mem": "mem://" + t.Name(), "file": "file://" + t.TempDir()} {
		home, err := run.OpenHome(t.Context(), url, "", "segments", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = home.Close() })
		all[kind] = home
	}
	return all
}

func aRun(day calendar.Date, id string) contract.Run { return contract.NewRun("test", day, id) }

// to builds a revision that puts a model in force.
func to(model string, nextSegment int64) func(*registry.Revision) (*registry.Revision, error) {
	return func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{ModelID: model, FitID: "fit-" + model, Action: contract.ActionPromote, NextSegment: nextSegment}, nil
	}
}

func move(t *testing.T, r *registry.Registry, of contract.Run, key, model string, nextSegment int64) *registry.Revision {
	t.Helper()
	rev, err := r.Move(t.Context(), registry.Move{Run: of, Key: key}, to(model, nextSegment))
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func TestHeadFollowsMoves(t *testing.T) {
	for kind, home := range homes(t) {
		t.Run(kind, func(t *testing.T) {
			r := registry.New(home)
			if head, err := r.Head(t.Context()); head != nil || err != nil {
				t.Fatalf("head of an empty registry = %v, %v; want nil", head, err)
			}
			first := move(t, r, aRun(monday, "1"), "k", "a", 5)
			second := move(t, r, aRun(tuesday, "2"), "k", "b", 9)
			back := move(t, r, aRun(wednesday, "3"), "k", "a", 0)
			head, err := r.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if head.Seq != 3 || head.ModelID != "a" || head.NextSegment != 9 || head.SHA256() != back.SHA256() {
				t.Errorf("head = %+v; want revision 3 of model a, next segment 9 (the maximum over the history)", head)
			}
			history, err := r.History(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			want := []*registry.Revision{back, second, first}
			if diff := cmp.Diff(want, history, cmpopts.IgnoreUnexported(registry.Revision{})); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
			if two, err := r.History(t.Context(), 2); err != nil || len(two) != 2 || two[0].Seq != 3 {
				t.Errorf("history of at most two = %v, %v", two, err)
			}
			for seq := int64(1); seq <= 3; seq++ {
				if rev, err := r.At(t.Context(), seq); err != nil || rev.Seq != seq {
					t.Errorf("at %d = %v, %v", seq, rev, err)
				}
			}
			for _, seq := range []int64{4, -1} {
				if _, err := r.At(t.Context(), seq); fault.CodeOf(err) != fault.ExitMissing {
					t.Errorf("at %d: %v; want exit code 66", seq, err)
				}
			}
		})
	}
}

func TestNamesOnOneRootAreApart(t *testing.T) {
	home := homes(t)["mem"]
	move(t, registry.New(home), aRun(monday, "1"), "k", "a", 1)
	other := &run.Home{Root: home.Root, Registry: home.Registry, Name: "vip"}
	if head, err := registry.New(other).Head(t.Context()); head != nil || err != nil {
		t.Errorf("head of another name = %v, %v; want nil", head, err)
	}
}

func TestAsOfNeverGoesBack(t *testing.T) {
	r := registry.New(homes(t)["mem"])
	move(t, r, aRun(tuesday, "1"), "k", "a", 1)
	if rev := move(t, r, aRun(monday, "2"), "k", "b", 1); rev.AsOf != tuesday || rev.Run != aRun(monday, "2").String() {
		t.Errorf("revision by an older run has as-of %s, run %s; want %s and the older run", rev.AsOf, rev.Run, tuesday)
	}
}

func TestMoveMadeBefore(t *testing.T) {
	for kind, home := range homes(t) {
		t.Run(kind, func(t *testing.T) {
			r := registry.New(home)
			first := move(t, r, aRun(monday, "1"), "k", "a", 1)
			move(t, r, aRun(monday, "2"), "k", "b", 1)
			again, err := r.Move(t.Context(), registry.Move{Run: aRun(monday, "1"), Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
				t.Error("a move that was made is decided again")
				return nil, nil
			})
			if err != nil || again.Seq != first.Seq || again.ModelID != "a" {
				t.Errorf("the same move again = %+v, %v; want revision 1", again, err)
			}
			if rev := move(t, r, aRun(monday, "1"), "other", "a", 1); rev.Seq != 3 {
				t.Errorf("another key of the same run made revision %d, want 3", rev.Seq)
			}
		})
	}
}

func TestMoveDeclined(t *testing.T) {
	r := registry.New(homes(t)["mem"])
	move(t, r, aRun(monday, "1"), "k", "a", 1)
	m := registry.Move{Run: aRun(monday, "2"), Key: "k"}
	rev, err := r.Move(t.Context(), m, func(*registry.Revision) (*registry.Revision, error) { return nil, nil })
	if rev != nil || err != nil {
		t.Errorf("declined move = %v, %v; want nil", rev, err)
	}
	broken := errors.New("broken")
	if _, err := r.Move(t.Context(), m, func(*registry.Revision) (*registry.Revision, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("error of build = %v", err)
	}
	if head, err := r.Head(t.Context()); err != nil || head.Seq != 1 {
		t.Errorf("head = %v, %v; want revision 1 untouched", head, err)
	}
}

func TestMoveLost(t *testing.T) {
	for kind, home := range homes(t) {
		t.Run(kind, func(t *testing.T) {
			r := registry.New(home)
			m := registry.Move{Run: aRun(monday, "late"), Key: "k"}
			_, err := r.Move(t.Context(), m, func(head *registry.Revision) (*registry.Revision, error) {
				move(t, r, aRun(monday, "quick"), "k", "b", 1) // while this one decides
				return to("a", 1)(head)
			})
			if fault.CodeOf(err) != fault.ExitTemporary {
				t.Errorf("late move: %v; want exit code 75", err)
			}
			if head, err := r.Head(t.Context()); err != nil || head.ModelID != "b" || head.Seq != 1 {
				t.Errorf("head = %+v, %v; want the quick one's", head, err)
			}
		})
	}
}

func TestBefore(t *testing.T) {
	r := registry.New(homes(t)["mem"])
	early, own, other, none := aRun(monday, "early"), aRun(tuesday, "own"), aRun(tuesday, "other"), aRun(wednesday, "none")
	seen := func(of contract.Run) int64 {
		t.Helper()
		rev, replay, err := r.View(of, 0).Before(t.Context())
		if err != nil || replay {
			t.Fatal(err)
		}
		return rev.Number()
	}
	if got := seen(own); got != 0 {
		t.Errorf("an empty registry shows revision %d", got)
	}
	move(t, r, own, "k0", "z", 1)
	if got := seen(own); got != 0 {
		t.Errorf("the run that made the only revision sees %d, want none", got)
	}
	move(t, r, early, "k", "a", 1) // 2: an as-of that is older than HEAD's
	move(t, r, other, "k", "b", 1) // 3
	move(t, r, own, "k1", "c", 1)  // 4
	for of, want := range map[contract.Run]int64{own: 0, early: 1, other: 2, none: 4} {
		if got := seen(of); got != want {
			t.Errorf("run %s sees revision %d, want %d", of, got, want)
		}
	}
}

// TestViews: one run's own revision on top of another's, looked at in each way, free and pinned.
func TestViews(t *testing.T) {
	r := registry.New(homes(t)["mem"])
	own, other := aRun(tuesday, "own"), aRun(monday, "other")
	move(t, r, other, "k", "a", 1) // 1
	move(t, r, other, "l", "b", 1) // 2
	move(t, r, own, "k", "c", 1)   // 3
	for _, test := range []struct {
		name   string
		look   func(context.Context) (*registry.Revision, bool, error)
		want   int64
		replay bool
	}{
		{"before", r.View(own, 0).Before, 2, false},
		{"before, of another run", r.View(other, 0).Before, 0, false},
		{"now", r.View(own, 0).Now, 3, false},
		{"before, pinned to what is seen", r.View(own, 2).Before, 2, false},
		{"before, pinned to its own", r.View(own, 3).Before, 3, true},
		{"now, pinned to HEAD", r.View(own, 3).Now, 3, false},
		{"now, pinned to an earlier one", r.View(own, 1).Now, 1, true},
	} {
		if rev, replay, err := test.look(t.Context()); err != nil || rev.Number() != test.want || replay != test.replay {
			t.Errorf("%s: revision %d, replay %v, %v; want %d, %v", test.name, rev.Number(), replay, err, test.want, test.replay)
		}
	}
	for candidate, want := range map[string]int64{"c": 2, "a": 3, "new": 3} {
		if rev, err := r.View(own, 0).Defender(t.Context(), candidate); err != nil || rev.Number() != want {
			t.Errorf("the defender against %s is revision %d, %v; want %d", candidate, rev.Number(), err, want)
		}
	}
	if rev, err := r.View(other, 0).Defender(t.Context(), "c"); err != nil || rev.Number() != 3 {
		t.Errorf("the defender against another run's model is revision %d, %v; want 3", rev.Number(), err)
	}
	if rev, err := r.View(own, 1).Defender(t.Context(), "c"); err != nil || rev.Number() != 1 {
		t.Errorf("the pinned defender is revision %d, %v; want 1", rev.Number(), err)
	}
	for _, look := range []func(context.Context) (*registry.Revision, bool, error){r.View(own, 9).Before, r.View(own, 9).Now} {
		if _, _, err := look(t.Context()); fault.CodeOf(err) != fault.ExitMissing {
			t.Errorf("pinned to what is not there: %v; want exit code 66", err)
		}
	}
}

// TestLower: a rollback takes a mistyped as-of back, and a run of that day still finds what it did.
func TestLower(t *testing.T) {
	r := registry.New(homes(t)["mem"])
	mistyped := registry.Move{Run: aRun(wednesday+365, "typo"), Key: "k"}
	move(t, r, aRun(monday, "1"), "k", "a", 4)
	if _, err := r.Move(t.Context(), mistyped, to("b", 7)); err != nil {
		t.Fatal(err)
	}
	hold := func(*registry.Revision) (*registry.Revision, error) {
		return &registry.Revision{ModelID: "a", FitID: "fit-a", Action: contract.ActionRollback, Hold: &registry.Hold{Until: wednesday, Reason: "typo"}}, nil
	}
	rev, err := r.Move(t.Context(), registry.Move{Run: aRun(tuesday, "back"), Key: "k", Lower: true}, hold)
	if err != nil || rev.AsOf != tuesday || rev.LatestAsOf != wednesday+365 || rev.NextSegment != 7 {
		t.Fatalf("lowered: %+v, %v", rev, err)
	}
	head, err := r.Head(t.Context())
	if err != nil || head.AsOf != tuesday || head.Hold == nil || head.Hold.Since != 3 {
		t.Fatalf("HEAD is %+v, %v", head, err)
	}
	if head.Held(tuesday) == nil || head.Held(wednesday) != nil {
		t.Errorf("a hold until %s binds %v on %s and %v on that day", head.Hold.Until, head.Held(tuesday), tuesday, head.Held(wednesday))
	}
	head.Hold.Until = 0
	if head.Held(wednesday+10_000) == nil || (*registry.Revision)(nil).Held(monday) != nil {
		t.Error("a hold without an end must bind for ever, no HEAD never")
	}
	again, err := r.Move(t.Context(), mistyped, func(*registry.Revision) (*registry.Revision, error) {
		t.Error("a move that was made is decided again")
		return nil, nil
	})
	if err != nil || again.Number() != 2 {
		t.Errorf("the mistyped run's move again: %+v, %v", again, err)
	}
	if seen, _, err := r.View(mistyped.Run, 0).Before(t.Context()); err != nil || seen.Number() != 1 {
		t.Errorf("the mistyped run sees revision %d, %v; want 1", seen.Number(), err)
	}
	// A later run raises HEAD's as-of as ever, and drops what the hold was.
	next := move(t, r, aRun(wednesday, "next"), "k", "c", 9)
	if next.AsOf != wednesday || next.LatestAsOf != wednesday+365 || next.Hold != nil {
		t.Errorf("after that: %+v", next)
	}
}

// TestManyMoveAtOnce: whoever loses tries again, as a scheduler would; nothing may be lost.
func TestManyMoveAtOnce(t *testing.T) {
	const movers, copies = 16, 2
	all := homes(t)
	if os.Getenv(gcstest.Variable) != "" {
		home, err := run.OpenHome(t.Context(), gcstest.Start(t)+"/shop", "", "segments", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = home.Close() })
		all["gs"] = home
	}
	for kind, home := range all {
		t.Run(kind, func(t *testing.T) {
			r := registry.New(home)
			var all sync.WaitGroup
			for i := range movers * copies {
				all.Go(func() {
					id := i / copies // copies of one step race too
					m := registry.Move{Run: aRun(monday, fmt.Sprint(id)), Key: "k"}
					for {
						rev, err := r.Move(t.Context(), m, to(fmt.Sprintf("model-%d", id), int64(id)))
						if fault.CodeOf(err) == fault.ExitTemporary {
							continue
						}
						if err != nil || rev.ModelID != fmt.Sprintf("model-%d", id) {
							t.Errorf("move %d = %+v, %v", id, rev, err)
						}
						return
					}
				})
			}
			all.Wait()
			history, err := r.History(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for i, rev := range history {
				seen[rev.ModelID] = true
				if want := int64(movers - i); rev.Seq != want {
					t.Errorf("revision %d stands where %d is due", rev.Seq, want)
				}
			}
			if len(history) != movers || len(seen) != movers {
				t.Errorf("%d revisions of %d models, want %d of each", len(history), len(seen), movers)
			}
			if head := history[0]; head.NextSegment != movers-1 {
				t.Errorf("next segment %d, want the maximum %d", head.NextSegment, movers-1)
			}
		})
	}
}

// dying is a context that ends at its n-th use by a store: every call on a store looks at it once, at its start.
type dying struct {
	context.Context
	left *int
}

func (d dying) Err() error {
	if *d.left--; *d.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestKilledAtAnyStoreCall(t *testing.T) {
	for kind, home := range homes(t) {
		t.Run(kind, func(t *testing.T) {
			r := registry.New(home)
			move(t, r, aRun(monday, "0"), "k", "start", 1)
			for n := 0; ; n++ {
				before, err := r.Head(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				// A day later each time: looking back then ends at the revision before, and the number of calls stays the same.
				m := registry.Move{Run: aRun(tuesday+calendar.Date(n), "killed"), Key: "k"}
				model, left := fmt.Sprint("m", n), n
				_, killed := r.Move(dying{context.Background(), &left}, m, to(model, 1))
				rev := move(t, r, m.Run, m.Key, model, 1)
				if rev.Seq != before.Seq+1 || rev.ModelID != model {
					t.Fatalf("killed at call %d and tried again: %+v, want revision %d", n, rev, before.Seq+1)
				}
				if n > 20 {
					t.Fatal("a move takes more than 20 calls")
				}
				if killed == nil {
					if n < 3 { // at least: read HEAD, write history, swap HEAD
						t.Fatalf("a move took %d calls", n)
					}
					return
				}
			}
		})
	}
}

func TestDamage(t *testing.T) {
	flip := func(path func(*registry.Revision) string, change func(string) string) func(*testing.T, *run.Home, *registry.Revision) {
		return func(t *testing.T, home *run.Home, head *registry.Revision) {
			t.Helper()
			text, attrs, err := home.Registry.Read(t.Context(), path(head))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := home.Registry.Swap(t.Context(), path(head), attrs.Generation, []byte(change(string(text)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	head := func(*registry.Revision) string { return contract.HeadPath("segments") }
	parent := func(r *registry.Revision) string {
		return contract.HistoryPath("segments", r.Previous.Seq, r.Previous.SHA256)
	}
	tests := map[string]struct {
		path   func(*registry.Revision) string
		change func(string) string
		want   string
	}{
		"not JSON":        {head, func(string) string { return "{" }, "parse"},
		"changed model":   {head, func(s string) string { return strings.Replace(s, `"model_id":"b"`, `"model_id":"x"`, 1) }, "damaged"},
		"newer version":   {head, func(s string) string { return strings.Replace(s, `"version":1`, `"version":2`, 1) }, "version 2"},
		"changed history": {parent, func(s string) string { return strings.Replace(s, `"seq":1`, `"seq":7`, 1) }, "damaged"},
		"empty":           {head, func(string) string { return "{}" }, "damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			home := homes(t)["mem"]
			r := registry.New(home)
			move(t, r, aRun(monday, "1"), "k", "a", 1)
			flip(test.path, test.change)(t, home, move(t, r, aRun(tuesday, "2"), "k", "b", 1))
			_, err := r.History(t.Context(), 0)
			if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), test.want) {
				t.Errorf("history: %v; want exit code 65 and %q", err, test.want)
			}
		})
	}
}

// FuzzHead: whatever lies at HEAD.json, reading it gives a sensible revision or an error, and never panics.
func FuzzHead(f *testing.F) {
	home, err := run.OpenHome(context.Background(), "mem://fuzz-head", "", "segments", nil)
	if err != nil {
		f.Fatal(err)
	}
	r := registry.New(home)
	if _, err := r.Move(context.Background(), registry.Move{Run: aRun(monday, "1"), Key: "k"}, to("a", 1)); err != nil {
		f.Fatal(err)
	}
	text, attrs, err := home.Registry.Read(context.Background(), contract.HeadPath("segments"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":1,"sha256":"","revision":null}`))
	f.Add([]byte(`null`))
	generation := attrs.Generation
	f.Fuzz(func(t *testing.T, data []byte) {
		attrs, err := home.Registry.Swap(t.Context(), contract.HeadPath("segments"), generation, data)
		if err != nil {
			t.Fatal(err)
		}
		generation = attrs.Generation
		head, err := r.Head(t.Context())
		if err == nil && (head == nil || head.Seq < 1 || head.ModelID == "") {
			t.Errorf("head of %q = %+v", data, head)
		}
		if err != nil && !errors.Is(err, objstore.ErrNotFound) && fault.CodeOf(err) != fault.ExitBadData {
			t.Errorf("head of %q: %v; want exit code 65", data, err)
		}
	})
}
