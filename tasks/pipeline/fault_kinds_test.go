package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/pkg/objstore/storetest"
)

// faultKind is a kind of fault that the sweep makes strike each call of a step in turn.
type faultKind struct {
	name  string
	calls string // which calls it strikes; kinds that strike the same ones are as many
	run   func(s *sweep, t *testing.T, step int, root place, n int64) struck
	codes []int // that a step may end with
	gs    bool  // on a bucket
}

// What a store or a disk does for a while ends 75, or 0 where the step can do without or asks again. Only content that is wrong
// whenever it is read is damage.
var faultKinds = []faultKind{
	{"a call fails (EIO)", "any", onDisk(&storetest.Fault{Err: syscall.EIO}), []int{0, 75}, false},
	{"an answer is lost", "made", onDisk(&storetest.Fault{Lost: syscall.EIO}), []int{0, 75}, false},
	{"the disk is full from there on", "any", onDisk(&storetest.Fault{Err: syscall.ENOSPC, Sticky: true}), []int{0, 75}, false},
	{"no more files can be opened", "any", onDisk(&storetest.Fault{Err: syscall.EMFILE, Sticky: true}), []int{0, 75}, false},
	{"reading fails (EIO)", "content", onDisk(&storetest.Fault{Read: syscall.EIO}), []int{0, 75}, false},
	{"a bit is read wrong once", "content", onDisk(&storetest.Fault{Flip: true}), []int{0, 75}, false},
	{"a bit is wrong from there on", "content", onDisk(&storetest.Fault{Flip: true, Sticky: true}), []int{0, 65, 75}, false},
	{"killed before a call", "any", killed(false), []int{killedCode}, false},
	{"killed after a call", "made", killed(true), []int{killedCode}, false},
	{"a bit is flipped on the disk", "bits", flipped, []int{0, 65}, false},
	{"gs: a request is dropped", "requests", onNetwork(gcstest.Dropped), []int{0, 75}, true},
	{"gs: an answer is lost", "requests", onNetwork(gcstest.Lost), []int{0, 75}, true},
	{"gs: status 503", "requests", onNetwork(gcstest.Unavailable), []int{0, 75}, true},
	{"gs: a proxy's page", "requests", onNetwork(gcstest.Page), []int{0, 75}, true},
	{"gs: content is cut", "downloads", onNetwork(gcstest.Cut), []int{0, 75}, true},
	{"gs: a bit is flipped", "downloads", onNetwork(gcstest.Flipped), []int{0, 75}, true},
}

// onDisk makes a fault strike calls on the store.
func onDisk(of *storetest.Fault) func(*sweep, *testing.T, int, place, int64) struck {
	return func(s *sweep, t *testing.T, step int, root place, n int64) struck {
		f := &storetest.Fault{N: n, Err: of.Err, Lost: of.Lost, Read: of.Read, Flip: of.Flip, Sticky: of.Sticky}
		code, err := s.run(objstore.WithInterceptor(t.Context(), f), t, step, root.url)
		_, name, _ := strings.Cut(f.Target(), " ")
		said := f.Flip && f.Sticky && name != "" && strings.Contains(s.log.String(), name)
		return struck{code: code, err: err, calls: f.Calls.Load(), target: f.Target(), said: said}
	}
}

// onNetwork makes a fault strike answers of a bucket.
func onNetwork(fault gcstest.Fault) func(*sweep, *testing.T, int, place, int64) struck {
	return func(s *sweep, t *testing.T, step int, root place, n int64) struck {
		s.network.Spoil(fault, n)
		code, err := s.run(t.Context(), t, step, root.url)
		calls, target := s.network.Struck()
		s.network.Spoil(gcstest.NoFault, 0)
		return struck{code: code, err: err, calls: calls, target: target}
	}
}

// flipped flips a bit of an object that the step reads, where it is stored. Such an object is refused by its name, or what the step
// makes of it is the same. A model before that is damaged must not stop its successor: the step may do without it, and says so. (That
// holds for a bit that is wrong whenever it is read, too.)
func flipped(s *sweep, t *testing.T, step int, root place, n int64) struck {
	seen := &readNames{}
	reads, known := s.reads[step]
	if !known {
		undisturbed := s.place(t, step, faultKind{})
		if code, err := s.run(objstore.WithInterceptor(t.Context(), seen), t, step, undisturbed.url); code != 0 {
			t.Fatalf("undisturbed it ends %d: %v", code, err)
		}
		for _, name := range slices.Sorted(maps.Keys(seen.names)) {
			for _, file := range []string{name, "registry/" + name} {
				// What the step has made itself is not there before it runs.
				if _, err := os.Stat(filepath.Join(s.before[step], file)); err == nil {
					reads = append(reads, file)
				}
			}
		}
		s.reads[step] = reads
	}
	if n == 0 {
		return struck{calls: int64(flips * len(reads))}
	}
	file := reads[(n-1)/flips]
	path := filepath.Join(strings.TrimPrefix(root.url, "file://"), file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bit := rand.New(rand.NewPCG(uint64(step), uint64(n))).IntN(8 * len(text)) //nolint:gosec // no secret
	bad := bytes.Clone(text)
	bad[bit/8] ^= 1 << (bit % 8)
	write := func(text []byte) { // not through the link to the root before the step
		if err := errors.Join(os.Remove(path), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(bad)
	code, err := s.run(t.Context(), t, step, root.url)
	if code != 0 && !strings.HasSuffix(fault.Judge(err).Object, file) {
		code, err = -code, fmt.Errorf("it does not name %s, but %q: %w", file, fault.Judge(err).Object, err)
	}
	write(text)
	said := code == 0 && strings.Contains(s.log.String(), file)
	return struck{code: code, err: err, target: fmt.Sprintf("bit %d of %s", bit, file), said: said}
}

// readNames are the objects that are opened.
type readNames struct {
	mu    sync.Mutex
	names map[string]bool
}

func (r *readNames) Before(verb, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = map[string]bool{}
	}
	if verb == "open" {
		r.names[name] = true
	}
	return nil
}

func (*readNames) After(string, string) error                        { return nil }
func (*readNames) Content(_ string, content io.ReaderAt) io.ReaderAt { return content }

// killed makes a program of its own run the step, and kill itself before or after a call.
func killed(after bool) func(*sweep, *testing.T, int, place, int64) struck {
	of := &storetest.Fault{Err: errKill}
	if after {
		of = &storetest.Fault{Lost: errKill}
	}
	return func(s *sweep, t *testing.T, step int, root place, n int64) struck {
		if n == 0 {
			return onDisk(of)(s, t, step, root, n)
		}
		order, err := json.Marshal(killOrder{s.config.steps[step].name, s.source, root.url, n, after})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaults$")
		cmd.Env = append(os.Environ(), killVariable+"="+string(order), "TMPDIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
			return struck{code: killedCode, target: fmt.Sprintf("call %d", n)}
		}
		if err != nil {
			t.Fatalf("the program that was to kill itself: %v\n%s", err, out)
		}
		return struck{} // it made fewer calls
	}
}

// killer kills its own process where its fault strikes.
type killer struct{ *storetest.Fault }

func (k killer) Before(verb, name string) error { return k.kill(k.Fault.Before(verb, name)) }
func (k killer) After(verb, name string) error  { return k.kill(k.Fault.After(verb, name)) }

func (k killer) kill(err error) error {
	if err == nil {
		return nil
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return err
	}
	select {} // it does not come at once
}

// obey runs a step as an order says.
func obey(t *testing.T, text string) {
	var o killOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	s := configuredSweep(t, o.Source, o.Root, sweptDay)
	f := &storetest.Fault{N: o.N, Err: errKill}
	if o.After {
		f.Err, f.Lost = nil, errKill
	}
	step := slices.IndexFunc(s.config.steps, func(b bound) bool { return b.name == o.Step })
	if code, err := s.run(objstore.WithInterceptor(t.Context(), killer{f}), t, step, o.Root); code != 0 {
		t.Fatal(code, err)
	}
}
