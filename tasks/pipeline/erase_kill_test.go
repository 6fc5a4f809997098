package pipeline_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/registry"
)

// killed is a store that dies at its n-th write: that write and all calls after it fail. lost says that the write itself is done.
type killed struct {
	n      int64
	lost   bool
	writes atomic.Int64
	dead   atomic.Bool
	at     string
	all    []string
}

var errKilled = errors.New("killed")

func (k *killed) write(verb string) bool {
	return verb == "create" || verb == "swap" || verb == "delete"
}

func (k *killed) Before(verb, name string) error {
	if k.dead.Load() {
		return errKilled
	}
	if k.write(verb) {
		k.all = append(k.all, verb+" "+name)
	}
	if k.write(verb) && k.writes.Add(1) == k.n {
		k.at = verb + " " + name
		if !k.lost {
			k.dead.Store(true)
			return errKilled
		}
	}
	return nil
}

func (k *killed) After(verb, name string) error {
	if k.lost && k.write(verb) && k.at == verb+" "+name {
		k.dead.Store(true)
		return errKilled
	}
	return nil
}

func (k *killed) Content(_ string, content io.ReaderAt) io.ReaderAt { return content }

// erasedBy erases customers in this process, on a copy of the root.
func (s *erasedShop) erasedBy(root string, k *killed, keys ...string) (contract.EraseResult, error) {
	s.t.Helper()
	file := filepath.Join(s.dir, "keys-"+contract.SHA256([]byte(strings.Join(keys, " ")))[:8])
	if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return s.erasing(root, k, eraseWords{file: file})
}

// eraseWords say whom to erase: those of a file, of a request, or who were forgotten before. Of a request it is a plan, unless one is approved.
type eraseWords struct {
	file, request, approved string
	again                   bool
}

func (s *erasedShop) erasing(root string, k *killed, words eraseWords) (contract.EraseResult, error) {
	s.t.Helper()
	c := registry.EraseConfig{Common: task.Common{Root: root, Name: "segments"}, File: words.file, Request: words.request, Approved: words.approved,
		Again: words.again, Yes: words.request == "", Actor: "officer"}
	ctx := s.t.Context()
	if k != nil {
		ctx = objstore.WithInterceptor(ctx, k)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: s.t.TempDir(), Code: "test", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	r, err := registry.Erase.Run(ctx, c, d)
	return r.EraseResult, err
}

// loaded copies a root into memory, where nothing waits for a disk, and returns its URL.
func loaded(t *testing.T, from string) string {
	t.Helper()
	url := fmt.Sprintf("mem://%s-%d", strings.ToLower(t.Name()), loads.Add(1))
	store, err := objstore.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.Contains(name, ".tmp") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = store.CreateBytes(t.Context(), filepath.ToSlash(name), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var loads atomic.Int64

// stored returns every object of a store, every generation that it has, but those of some names.
func stored(t *testing.T, url string, but ...string) map[string]string {
	t.Helper()
	store, err := objstore.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	items, err := store.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, item := range items {
		if slices.ContainsFunc(but, func(p string) bool { return strings.HasPrefix(item.Name, p) }) {
			continue
		}
		o, err := store.Open(t.Context(), item.Name, item.Generation)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, o.Size)
		if n, err := o.ReadAt(text, 0); n < len(text) {
			t.Fatal(err)
		}
		o.Close()
		name := item.Name
		if !item.Live {
			name += fmt.Sprintf("#%d", item.Generation)
		}
		all[name] = string(text)
	}
	return all
}

// holders are the objects of a store that hold a customer's id.
func holders(t *testing.T, all map[string]string, id string) (names []string) {
	t.Helper()
	for name, text := range all {
		if holds(t, name, []byte(text), id) != "" {
			names = append(names, name)
		}
	}
	return names
}

// An erasure that is killed before or right after any of its writes, and started again, leaves the very objects of one that was not.
func TestErasureKilledAtEveryWrite(t *testing.T) {
	if testing.Short() {
		t.Skip("an erasure is killed forty times")
	}
	s := smallErasedShop(t)
	root := filepath.Join(s.dir, "root")
	own := []string{"state/erased.json", "erasures/"}
	calm := loaded(t, root)
	counted := &killed{}
	whole, err := s.erasedBy(calm, counted, s.victim)
	if err != nil || counted.writes.Load() < 20 {
		t.Fatalf("%d writes, %v", counted.writes.Load(), err)
	}
	want := stored(t, calm, own...)
	var kills []*killed
	for _, n := range kindsOfWrites(counted.all) {
		kills = append(kills, &killed{n: n, lost: n%2 == 0})
	}
	if os.Getenv("CLIENTELE_FAULTS") != "" { // make faults: every single one, before it and right after
		kills = nil
		for n := range counted.writes.Load() {
			kills = append(kills, &killed{n: n + 1}, &killed{n: n + 1, lost: true})
		}
	}
	t.Logf("%d kills at %d writes", len(kills), counted.writes.Load())
	for _, k := range kills {
		again, n := loaded(t, root), k.n
		if _, err := s.erasedBy(again, k, s.victim); !errors.Is(err, errKilled) {
			t.Fatalf("write %d (%s): %v, want to be killed", n, k.at, err)
		}
		r, err := s.erasedBy(again, nil, s.victim)
		if err != nil {
			t.Errorf("killed at write %d, %s, and run again: %v", n, k.at, err)
			continue
		}
		// Where the first try was all but done, the second finds nothing to do, and says so.
		if len(r.Objects) > 0 && (!slices.Equal(r.Objects, whole.Objects) || !slices.Equal(r.Exports, whole.Exports)) {
			t.Errorf("killed at write %d, %s: the receipt is\n%+v\nof an undisturbed erasure\n%+v", n, k.at, r, whole)
		}
		now := stored(t, again)
		if left := holders(t, now, s.victim); len(left) > 0 {
			t.Errorf("killed at write %d, %s, and run again: the customer is in %v", n, k.at, left)
		}
		maps.DeleteFunc(now, func(name, _ string) bool {
			return slices.ContainsFunc(own, func(p string) bool { return strings.HasPrefix(name, p) })
		})
		if !maps.Equal(now, want) {
			t.Errorf("killed at write %d, %s, and run again, it left other objects: %v", n, k.at, differences(now, want))
		}
	}
}

// kindsOfWrites returns the first and the last write of each kind, from 1: of those to objects of the same place in the layout, it makes
// no difference which comes to be the last. -short takes the first.
func kindsOfWrites(all []string) (numbers []int64) {
	hash := regexp.MustCompile(`[0-9a-f]{12,64}|[0-9]{4}-[0-9]{2}-[0-9]{2}|runs/.*/|[a-z_]+(-erased-.*)?\.arrow`)
	first, last := map[string]int64{}, map[string]int64{}
	for i, w := range all {
		kind := hash.ReplaceAllString(w, "*")
		if first[kind] == 0 {
			first[kind] = int64(i + 1)
		}
		last[kind] = int64(i + 1)
	}
	for kind, n := range first {
		numbers = append(numbers, n)
		if !testing.Short() && last[kind] != n {
			numbers = append(numbers, last[kind])
		}
	}
	slices.Sort(numbers)
	return numbers
}

// differences names what is on one side alone, or differs.
func differences(a, b map[string]string) (names []string) {
	for name, sum := range a {
		if b[name] != sum {
			names = append(names, name)
		}
	}
	for name := range b {
		if a[name] == "" {
			names = append(names, "-"+name)
		}
	}
	slices.Sort(names)
	return names
}

// Two erasures at once: of the same customer one is done and the other is told to try again, or both are; of others the second waits.
// In the end nothing holds either.
func TestTwoErasuresAtOnce(t *testing.T) {
	s := smallErasedShop(t)
	root := filepath.Join(s.dir, "root")
	other := ""
	for c, lines := range s.lines() {
		if c != s.victim && strings.HasPrefix(c, "cu/") && (other == "" || c < other) && len(lines) > 5 {
			other = c
		}
	}
	for name, keys := range map[string][2]string{"the same": {s.victim, s.victim}, "another": {s.victim, other}} {
		t.Run(name, func(t *testing.T) {
			at := loaded(t, root)
			var errs [2]error
			var wait sync.WaitGroup
			for i, key := range keys {
				wait.Go(func() { _, errs[i] = s.erasedBy(at, nil, key) })
			}
			wait.Wait()
			for i, err := range errs {
				if err != nil && fault.Judge(err).Code != fault.ExitTemporary {
					t.Errorf("%v, want it to be done or to be tried again", err)
				}
				if _, err := s.erasedBy(at, nil, keys[i]); err != nil {
					t.Errorf("tried again: %v", err)
				}
			}
			now := stored(t, at)
			for _, key := range keys {
				if left := holders(t, now, key); len(left) > 0 {
					t.Errorf("%s is in %v", key, left)
				}
			}
		})
	}
}
