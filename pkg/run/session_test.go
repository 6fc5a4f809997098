package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/scratch"
	"github.com/clientele/clientele/pkg/table"
)

func home(t *testing.T) *run.Home {
	t.Helper()
	h, err := run.OpenHome(t.Context(), "mem://"+t.Name(), "", "segments", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func aRun(id string) contract.Run { return contract.NewRun("test", 15318, id) }

func inputs(v string) contract.Inputs {
	return contract.Inputs{Refs: map[string]string{"in": v}, Params: map[string]any{}, Code: "c"}
}

func ledger(lines ...int64) *frame.Frame {
	f := frame.New(contract.Ledger.Columns, len(lines))
	copy(f.Ints("lines"), lines)
	return f
}

func options(t *testing.T) table.Options {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return table.Options{Allocator: mem, Scratch: t.TempDir()}
}

// Tables that together do not fit into the memory are refused before they are read: here none is there to be read.
func TestTablesThatDoNotFit(t *testing.T) {
	h := home(t)
	row := 0
	for _, c := range contract.Ledger.Columns {
		row += c.Kind.Bytes()
	}
	m := &run.Manifest{Objects: map[string]run.Stored{"ledger": {Object: "runs/ledger.arrow", Rows: 1 << 20, SHA256: "0"}}}
	for _, c := range []struct {
		name   string
		memory int
		code   int
	}{
		{"no bound", 0, fault.ExitMissing},
		{"it fits", 3 * row << 20, fault.ExitMissing},
		{"two of three fit", 3*row<<20 - 1, fault.ExitConfig},
	} {
		h := &run.Home{Root: h.Root, Registry: h.Registry, Memory: int64(c.memory)}
		var err error
		for range 3 {
			_, err = h.ReadTable(t.Context(), m, contract.Ledger, options(t))
		}
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want exit code %d", c.name, err, c.code)
		}
		want := fmt.Sprintf("with the 1048576 rows of ledger now, for which it needs %d MiB at least: give it more memory", 3*row+scratch.Program>>20)
		if c.code == fault.ExitConfig && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", c.name, err, want)
		}
	}
}

func TestNothingIsVisibleBeforeCommit(t *testing.T) {
	ctx, h, of, opts := t.Context(), home(t), aRun("a"), options(t)
	s, err := h.Begin(ctx, of, contract.Preprocess, inputs("1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutFrame(ctx, contract.Ledger, ledger(1, 2), opts); err != nil {
		t.Fatal(err)
	}
	_, err = h.Current(ctx, of, contract.Preprocess)
	if fault.CodeOf(err) != fault.ExitMissing {
		t.Fatalf("before commit Current gave %v, want a fault of %d", err, fault.ExitMissing)
	}
	for _, part := range []string{"preprocess", of.String(), "--from-run"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("message %q does not name %s", err, part)
		}
	}
	if _, err := s.Commit(ctx, contract.ReportResult{Page: "x"}); err != nil {
		t.Fatal(err)
	}
	m, err := h.Current(ctx, of, contract.Preprocess)
	if err != nil {
		t.Fatal(err)
	}
	f, err := h.ReadTable(ctx, m, contract.Ledger, opts)
	if err != nil {
		t.Fatal(err)
	}
	if f.Hash() != ledger(1, 2).Hash() {
		t.Error("the table read back differs")
	}
	some, err := h.ReadTable(ctx, m, contract.Ledger, opts, "lines", "rule")
	if err != nil {
		t.Fatal(err)
	}
	if len(some.Columns) != 2 || !slices.Equal(some.Strings("rule"), f.Strings("rule")) || !slices.Equal(some.Ints("lines"), f.Ints("lines")) {
		t.Errorf("two columns read back: %+v", some)
	}
	var r contract.ReportResult
	if err := m.Decode(&r); err != nil || r.Page != "x" {
		t.Errorf("result read back %v, %v", r, err)
	}
}

func TestAKilledStepCanBeRunAgainFromAnyPoint(t *testing.T) {
	// A step that dies after its objects, or after its manifest, leaves a state that the next try completes.
	ctx, h, of, opts := t.Context(), home(t), aRun("a"), options(t)
	for try := range 3 {
		s, err := h.Begin(ctx, of, contract.Preprocess, inputs("1"))
		if err != nil {
			t.Fatal(err)
		}
		if try == 2 {
			if s.Done() == nil {
				t.Fatal("the third try does not see what the second made")
			}
			if err := s.Point(ctx); err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := s.PutFrame(ctx, contract.Ledger, ledger(1, 2), opts); err != nil {
			t.Fatalf("try %d: %v", try, err)
		}
		if try == 1 {
			if _, err := s.Commit(ctx, struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAStepThatIsNotReproducibleIsCaught(t *testing.T) {
	ctx, h, of, opts := t.Context(), home(t), aRun("a"), options(t)
	for i := range 2 {
		s, err := h.Begin(ctx, of, contract.Preprocess, inputs("1"))
		if err != nil {
			t.Fatal(err)
		}
		err = s.PutFrame(ctx, contract.Ledger, ledger(int64(i)), opts)
		if i == 1 && fault.CodeOf(err) != fault.ExitInternal {
			t.Errorf("other bytes under the same key gave %v, want a fault of %d", err, fault.ExitInternal)
		}
	}
}

func TestTwoCopiesAtOnceMakeOneManifest(t *testing.T) {
	ctx, h, of, opts := t.Context(), home(t), aRun("a"), options(t)
	var wg sync.WaitGroup
	keys := make([]string, 8)
	for i := range keys {
		wg.Go(func() {
			s, err := h.Begin(ctx, of, contract.Preprocess, inputs("1"))
			if err == nil && s.Done() == nil {
				err = s.PutFrame(ctx, contract.Ledger, ledger(7), opts)
			}
			if err == nil {
				_, err = s.Commit(ctx, struct{}{})
			}
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = s.Key()
		})
	}
	wg.Wait()
	m, err := h.Current(ctx, of, contract.Preprocess)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k != m.Key {
			t.Errorf("a copy made %s, current is %s", k, m.Key)
		}
	}
}

func TestADamagedOrMissingObjectIsNamed(t *testing.T) {
	ctx, h, of, opts := t.Context(), home(t), aRun("a"), options(t)
	s, err := h.Begin(ctx, of, contract.Preprocess, inputs("1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutFrame(ctx, contract.Ledger, ledger(7), opts); err != nil {
		t.Fatal(err)
	}
	m, err := s.Commit(ctx, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	st := m.Objects["ledger"]
	st.SHA256 = contract.SHA256([]byte("other"))
	if _, err := h.ReadStored(ctx, st, contract.Ledger, opts); fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(err.Error(), st.Object) {
		t.Errorf("a damaged object gave %v", err)
	}
	st.Object += ".gone"
	if _, err := h.ReadStored(ctx, st, contract.Ledger, opts); fault.CodeOf(err) != fault.ExitMissing || !strings.Contains(err.Error(), st.Object) {
		t.Errorf("a missing object gave %v", err)
	}
	newer := contract.Ledger
	newer.Version--
	if _, err := h.ReadTable(ctx, m, newer, opts); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("a newer table gave %v", err)
	}
}

func entry(of contract.Run, key string) run.Entry[run.ScoreState] {
	return run.Entry[run.ScoreState]{Run: of.String(), AsOf: of.AsOf, Key: key, Value: run.ScoreState{Model: key}}
}

func TestStateMovesForwardOnly(t *testing.T) {
	ctx, h := t.Context(), home(t)
	path := contract.ScoreStatePath("segments")
	advance := func(of contract.Run, key string, want bool) {
		t.Helper()
		moved, err := run.Advance(ctx, h.Root, path, entry(of, key), run.KeepScore)
		if err != nil || moved != want {
			t.Fatalf("advance to %s of %s: %v, %v; want %v", key, of, moved, err, want)
		}
	}
	inForce := func(want string) {
		t.Helper()
		s, err := run.ReadState[run.ScoreState](ctx, h.Root, path)
		if err != nil || s.Head().Key != want {
			t.Fatalf("in force %v, %v; want %s", s.Head(), err, want)
		}
	}
	a, b := contract.NewRun("p", 100, "a"), contract.NewRun("p", 107, "b")
	old := contract.NewRun("p", 93, "old")
	advance(a, "k1", true)
	advance(b, "k2", true)
	advance(old, "k0", false) // an older run leaves state alone
	inForce("k2")
	advance(b, "k2", false) // the same again
	advance(b, "k3", true)  // the same run with other inputs
	inForce("k3")
	advance(a, "k1", false)
	inForce("k3")

	s, err := run.ReadState[run.ScoreState](ctx, h.Root, path)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Before(b).Head(); got == nil || got.Key != "k1" {
		t.Errorf("before run b stood %v, want k1", got)
	}
	if got := s.Before(a).Head(); got != nil {
		t.Errorf("before run a stood %v, want nothing", got)
	}
	if got := s.Before(old).Head(); got == nil || got.Key != "k3" {
		t.Errorf("a run that wrote nothing sees %v, want k3", got)
	}
}

func TestStateKeepsOneAnAsOf(t *testing.T) {
	ctx, h := t.Context(), home(t)
	path := contract.DriftStatePath("segments")
	advance := func(day calendar.Date, id string) {
		t.Helper()
		of := contract.NewRun("p", day, id)
		e := run.Entry[run.DriftState]{Run: of.String(), AsOf: day, Key: id}
		if _, err := run.Advance(ctx, h.Root, path, e, run.KeepDrift); err != nil {
			t.Fatal(err)
		}
	}
	for day := range calendar.Date(60) {
		advance(day, "first")
		advance(day, "second")
	}
	s, err := run.ReadState[run.DriftState](ctx, h.Root, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Entries) != run.KeepDrift.Entries {
		t.Errorf("%d entries after 60 days, want %d", len(s.Entries), run.KeepDrift.Entries)
	}
	for i, e := range s.Entries {
		if want := calendar.Date(59 - i); e.AsOf != want || e.Key != "second" {
			t.Errorf("entry %d is %s of %s, want second of %s", i, e.Key, e.AsOf, want)
		}
	}
}

func TestALostSwapIsTemporary(t *testing.T) {
	ctx, h := t.Context(), home(t)
	path := contract.DriftStatePath("a")
	s, err := run.ReadState[run.DriftState](ctx, h.Root, path)
	if err != nil {
		t.Fatal(err)
	}
	e := run.Entry[run.DriftState]{Run: "a", Key: "a"}
	if err := s.Swap(ctx, h.Root, path, e, run.KeepDrift); err != nil {
		t.Fatal(err)
	}
	if err := s.Swap(ctx, h.Root, path, e, run.KeepDrift); !errors.Is(err, objstore.ErrConflict) {
		t.Errorf("a swap from a stale reading gave %v, want %v", err, objstore.ErrConflict)
	}
}
