package pipeline

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/storetest"
	"github.com/clientele/clientele/pkg/task"
)

// faultKind is a kind of fault that the sweep makes strike each call of a step in turn.
type faultKind struct {
	name  string
	calls string // which calls it strikes; kinds that strike the same ones are as many
	at    func(n int64) *storetest.Fault
	codes []int // that a step may end with
}

// What a store or a disk does for a while ends 75, or 0 where the step can do without or asks again. Only content that is wrong
// whenever it is read is damage.
var faultKinds = []faultKind{
	{"a call fails (EIO)", "any", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Err: syscall.EIO} }, []int{0, 75}},
	{"an answer is lost", "made", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Lost: syscall.EIO} }, []int{0, 75}},
	{"the disk is full from there on", "any", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Err: syscall.ENOSPC, Sticky: true} }, []int{0, 75}},
	{"no more files can be opened", "any", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Err: syscall.EMFILE, Sticky: true} }, []int{0, 75}},
	{"reading fails (EIO)", "content", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Read: syscall.EIO} }, []int{0, 75}},
	{"a bit is read wrong once", "content", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Flip: true} }, []int{0, 75}},
	{"a bit is wrong from there on", "content", func(n int64) *storetest.Fault { return &storetest.Fault{N: n, Flip: true, Sticky: true} }, []int{0, 65, 75}},
}

// sweep is every step with the root that it finds and the one that it leaves.
type sweep struct {
	config Config
	before []string            // folder of the root, by step
	after  []map[string]string // objects by name, by step
}

// newSweep runs the pipeline of a small shop once, undisturbed, and keeps the root between the steps.
func newSweep(t *testing.T) *sweep {
	t.Helper()
	dir := t.TempDir()
	shop, err := demo.New(demo.Options{Seed: 1, Customers: 300, From: 20_000, Days: 120})
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	if _, err := shop.WriteLines(t.Context(), &lines); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "lines.csv"), lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &sweep{}
	app := &cli.App{Flags: Flags(), Action: func(c *cli.Context) error { s.config = NewConfig(c); return nil }}
	root := filepath.Join(dir, "root")
	args := []string{"pipeline", "--source=" + filepath.Join(dir, "lines.csv"), "--root=file://" + root, "--run-id=sweep", "--as-of=2025-01-31"} // 20,000 + 120 days
	if err := app.Run(args); err != nil {
		t.Fatal(err)
	}
	for i, step := range s.config.steps {
		before := filepath.Join(dir, "before-"+step.name)
		copyRoot(t, root, before)
		s.before = append(s.before, before)
		if code, err := s.run(t, i, root, nil); code != 0 {
			t.Fatalf("%s, undisturbed, ends %d: %v", step.name, code, err)
		}
		s.after = append(s.after, objects(t, root))
	}
	return s
}

// run runs a step on a root and returns its exit code.
func (s *sweep) run(t *testing.T, step int, root string, f *storetest.Fault) (int, error) {
	t.Helper()
	c, ctx := s.config.Common, t.Context()
	c.Root = "file://" + root
	if f != nil {
		ctx = objstore.WithInterceptor(ctx, f)
	}
	d := task.Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	_, _, err := s.config.steps[step].Run(ctx, c, d)
	if err == nil {
		return 0, nil
	}
	return fault.Judge(err).Code, err
}

// copyRoot copies a root by links: objects are never written again, and pointers are replaced as a whole.
func copyRoot(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil && os.IsNotExist(err) && path == from {
			return nil // no step has run yet
		}
		if err != nil || path == from {
			return err
		}
		at := filepath.Join(to, strings.TrimPrefix(path, from))
		if e.IsDir() {
			return os.Mkdir(at, 0o700)
		}
		return os.Link(path, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// objects returns the hashes of a root's objects, without locks and unfinished files.
func objects(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.Contains(path, "/.tmp/") {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, root)] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// outcome is a cell of the table: how a step ended by a kind of fault, over the calls that it struck.
type outcome struct {
	struck int
	codes  map[int]int
	wrong  []string
}

func (o *outcome) String() string {
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(o.codes)) {
		codes = append(codes, fmt.Sprintf("%d × %d", o.codes[code], code))
	}
	return strings.Join(codes, ", ")
}

// strike makes a fault strike the n-th call of a step, and runs the step again without it.
func (s *sweep) strike(t *testing.T, step int, kind faultKind, n int64, o *outcome) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	copyRoot(t, s.before[step], root)
	f := kind.at(n)
	code, err := s.run(t, step, root, f)
	if !f.Struck.Load() {
		return
	}
	bad := func(format string, args ...any) {
		o.wrong = append(o.wrong, fmt.Sprintf("%s, %s, call %d (%s): ", s.config.steps[step].name, kind.name, n, f.Target())+fmt.Sprintf(format, args...))
	}
	o.struck++
	o.codes[code]++
	if !slices.Contains(kind.codes, code) {
		bad("ended %d: %v", code, err)
	}
	if code == 0 && !maps.Equal(objects(t, root), s.after[step]) {
		bad("ended 0 with other objects")
	}
	if code, err := s.run(t, step, root, nil); code != 0 {
		bad("run again it ended %d: %v", code, err)
	} else if got := objects(t, root); !maps.Equal(got, s.after[step]) {
		bad("run again it left other objects: %v", differing(got, s.after[step]))
	}
}

// differing names objects that are there on one side alone, or differ; at most five.
func differing(a, b map[string]string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[name]; !ok {
			names = append(names, "-"+name)
		}
	}
	return names[:min(len(names), 5)]
}

// calls counts the calls of an undisturbed step that a kind of fault could strike.
func (s *sweep) calls(t *testing.T, step int, kind faultKind) int64 {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	copyRoot(t, s.before[step], root)
	f := kind.at(0)
	if code, err := s.run(t, step, root, f); code != 0 {
		t.Fatalf("counting calls, %s ends %d: %v", s.config.steps[step].name, code, err)
	}
	return f.Calls.Load()
}

// TestFaults makes every kind of fault strike calls of every step of the contract, those on stores: no step calls a passing fault
// damage, none ends well with other objects, and each runs again to the very objects of an undisturbed run. A step that joins the
// contract is swept without new code.
//
// It strikes one call of two kinds a step, drawn by a seed; with CLIENTELE_FAULTS=N up to N of every kind, and -update writes the table of docs/testing.md:
// make faults does both.
func TestFaults(t *testing.T) {
	most, kinds := 1, 2
	if text := os.Getenv("CLIENTELE_FAULTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("CLIENTELE_FAULTS=%s: want a number of calls", text)
		}
		most, kinds = n, len(faultKinds)
	}
	s := newSweep(t)
	rng := rand.New(rand.NewPCG(1, 2))
	var page strings.Builder
	page.WriteString("| step | fault | calls struck | exit codes | wrong |\n| --- | --- | ---: | --- | ---: |\n")
	for step := range s.config.steps {
		calls := map[string]int64{}
		drawn := rng.Perm(len(faultKinds))[:kinds]
		for i, kind := range faultKinds {
			if !slices.Contains(drawn, i) {
				continue
			}
			if _, ok := calls[kind.calls]; !ok {
				calls[kind.calls] = s.calls(t, step, kind)
			}
			o := &outcome{codes: map[int]int{}}
			order := rng.Perm(int(calls[kind.calls]))
			for _, n := range order[:min(len(order), most)] {
				s.strike(t, step, kind, int64(n)+1, o)
			}
			for _, wrong := range o.wrong {
				t.Error(wrong)
			}
			if len(order) > 0 {
				fmt.Fprintf(&page, "| %s | %s | %d of %d | %s | %d |\n", s.config.steps[step].name, kind.name, o.struck, len(order), o, len(o.wrong))
			}
		}
	}
	t.Log("\n" + page.String())
	if *update {
		const path = "../../docs/testing.md"
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(betweenBy(string(text), "faults", "make faults", page.String())), 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	}
}
