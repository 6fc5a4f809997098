package pipeline

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // likewise
	"errors"
	"fmt"
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
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
) // struck is a step that ran while a fault was out for its n-th call.
type struck struct {
	code   int
	err    error
	calls  int64  // that the fault could have struck, where it struck none
	target string // what it struck, "" for nothing
	said   bool   // the step could do without what was struck, and its log names that
}

// killedCode is what a shell says of a program that was killed.
const killedCode = 128 + int(syscall.SIGKILL)

// flips is how many bits of each object that a step reads are flipped, one at a time.
const flips = 8

// killOrder says to the test program as which step it is to run, and at which call to kill itself.
type killOrder struct {
	Step, Source, Root string
	N                  int64
	After              bool
}

const killVariable = "CLIENTELE_FAULTS_KILL"

var errKill = errors.New("kill")

// place is a root, and what is in it: the hashes of its objects, without locks and unfinished files.
type place struct {
	url     string
	objects func(t *testing.T) map[string]string
}

// place copies the root that a step finds.
func (s *sweep) place(t *testing.T, step int, kind faultKind) place {
	t.Helper()
	if !kind.gs {
		root := filepath.Join(t.TempDir(), "root")
		copyRoot(t, s.before[step], root)
		return place{"file://" + root, func(t *testing.T) map[string]string { return objects(t, root) }}
	}
	url := gcstest.Bucket(t) + "/root"
	err := filepath.WalkDir(s.before[step], func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.Contains(path, "/.tmp/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			gcstest.Upload(t, url+strings.TrimPrefix(path, s.before[step]), bytes.NewReader(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return place{url, func(t *testing.T) map[string]string { return gcstest.Objects(t, url) }}
}

// sweep is every step with the root that it finds and the one that it leaves.
type sweep struct {
	config Config
	source string
	before []string            // folder of the root, by step
	after  []map[string]string // objects by name, by step

	reads map[int][]string // objects that a step reads and has not made itself
	log   bytes.Buffer     // of the step that ran last

	network *gcstest.Network // nil where there is no server of buckets
}

// configuredSweep is the configuration of a sweep, and no root yet.
func configuredSweep(t *testing.T, source, url, asOf string) *sweep {
	t.Helper()
	s := &sweep{source: source, reads: map[int][]string{}}
	app := &cli.App{Flags: Flags(), Action: func(c *cli.Context) error { s.config = NewConfig(c); return nil }}
	if err := app.Run([]string{"pipeline", "--source=" + source, "--root=" + url, "--run-id=sweep", "--as-of=" + asOf}); err != nil {
		t.Fatal(err)
	}
	return s
}

// sweptDay is the as-of of the run that is swept: of the last of 120 days from the 20,000th.
const sweptDay = "2025-01-31"

// newSweep runs the pipeline of a small shop twice, undisturbed, and keeps the root between the steps of the later run: it finds a
// model, states, names and an earlier delivery.
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
	root := filepath.Join(dir, "root")
	file := func(name string, lines []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, lines, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const earlierDay = "2024-12-20"
	earlier := configuredSweep(t, file("earlier.csv", linesBefore(lines.Bytes(), earlierDay)), "file://"+root, earlierDay)
	for i, step := range earlier.config.steps {
		if code, err := earlier.run(t.Context(), t, i, "file://"+root); code != 0 {
			t.Fatalf("%s of the earlier run ends %d: %v", step.name, code, err)
		}
	}
	rename(t, root)
	s := configuredSweep(t, file("lines.csv", lines.Bytes()), "file://"+root, sweptDay)
	if os.Getenv(gcstest.Variable) != "" {
		gcstest.Start(t)
		s.network = gcstest.Spoiled(t)
	}
	for i, step := range s.config.steps {
		before := filepath.Join(dir, "before-"+step.name)
		copyRoot(t, root, before)
		s.before = append(s.before, before)
		if code, err := s.run(t.Context(), t, i, "file://"+root); code != 0 {
			t.Fatalf("%s, undisturbed, ends %d: %v", step.name, code, err)
		}
		s.after = append(s.after, objects(t, root))
	}
	return s
}

// linesBefore are a header and the lines of the days before one.
func linesBefore(text []byte, day string) []byte {
	header, rest, _ := bytes.Cut(text, []byte{'\n'})
	out := append(bytes.Clone(header), '\n')
	for line := range bytes.Lines(rest) {
		if at := bytes.Index(line, []byte(",20")); at >= 0 && string(line[at+1:at+1+len(day)]) < day {
			out = append(out, line...)
		}
	}
	return out
}

// rename gives a segment a name, as a person does.
func rename(t *testing.T, root string) {
	t.Helper()
	home, err := run.OpenHome(t.Context(), "file://"+root, "", "segments", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = registry.New(home).Rename(t.Context(), "seg-0001", "our best")
	if err := errors.Join(err, home.Close()); err != nil {
		t.Fatal(err)
	}
}

// run runs a step on a root and returns its exit code.
func (s *sweep) run(ctx context.Context, t *testing.T, step int, url string) (int, error) {
	t.Helper()
	c := s.config.Common
	c.Root = url
	s.log.Reset()
	d := task.Deps{Log: slog.New(slog.NewTextHandler(&s.log, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
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
		all[strings.TrimPrefix(path, root)] = fmt.Sprintf("%x", md5.Sum(text)) //nolint:gosec // as buckets have it, to compare
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
	root := s.place(t, step, kind)
	hit := kind.run(s, t, step, root, n)
	if hit.target == "" {
		return
	}
	bad := func(format string, args ...any) {
		o.wrong = append(o.wrong, fmt.Sprintf("%s, %s, call %d (%s): ", s.config.steps[step].name, kind.name, n, hit.target)+fmt.Sprintf(format, args...))
	}
	o.struck++
	o.codes[hit.code]++
	if !slices.Contains(kind.codes, hit.code) {
		bad("ended %d: %v", hit.code, hit.err)
	}
	if got := root.objects(t); hit.code == 0 && !hit.said && !maps.Equal(got, s.after[step]) {
		bad("ended 0 with other objects: %v", differing(got, s.after[step]))
	}
	if code, err := s.run(t.Context(), t, step, root.url); code != 0 {
		bad("run again it ended %d: %v", code, err)
	} else if got := root.objects(t); !hit.said && !maps.Equal(got, s.after[step]) {
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
	hit := kind.run(s, t, step, s.place(t, step, kind), 0)
	if hit.code != 0 {
		t.Fatalf("counting calls, %s ends %d: %v", s.config.steps[step].name, hit.code, hit.err)
	}
	return hit.calls
}

// TestFaults makes every kind of fault strike calls of every step of the contract, on a disk and on a bucket: no step calls a passing
// fault damage, none ends well with other objects, and each, killed at any call too, runs again to the very objects of an undisturbed
// run. A step that joins the contract is swept without new code.
//
// It strikes one call of two kinds a step, drawn by a seed; with CLIENTELE_FAULTS=N up to N of every kind, with
// CLIENTELE_FAULTS_KIND=TEXT only of kinds whose name has it, and -update writes the table of docs/testing.md:
// make faults does both.
func TestFaults(t *testing.T) {
	if order := os.Getenv(killVariable); order != "" {
		obey(t, order)
		return
	}
	most, kinds := 1, 2
	if text := os.Getenv("CLIENTELE_FAULTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("CLIENTELE_FAULTS=%s: want a number of calls", text)
		}
		most, kinds = n, len(faultKinds)
	}
	s := newSweep(t)
	if s.network == nil {
		t.Logf("%s is not set: no fault strikes a bucket", gcstest.Variable)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var page strings.Builder
	page.WriteString("| step | fault | calls struck | exit codes | wrong |\n| --- | --- | ---: | --- | ---: |\n")
	for step := range s.config.steps {
		calls := map[string]int64{}
		drawn := rng.Perm(len(faultKinds))[:kinds]
		for i, kind := range faultKinds {
			if !slices.Contains(drawn, i) || kind.gs && s.network == nil || !strings.Contains(kind.name, os.Getenv("CLIENTELE_FAULTS_KIND")) {
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
				row := fmt.Sprintf("| %s | %s | %d of %d | %s | %d |", s.config.steps[step].name, kind.name, o.struck, len(order), o, len(o.wrong))
				t.Log(row) // as it comes: the whole table takes long
				page.WriteString(row + "\n")
			}
		}
	}
	if *update && os.Getenv("CLIENTELE_FAULTS_KIND") == "" {
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
