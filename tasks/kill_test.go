package tasks_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// tableOptions checks that every Arrow buffer is freed.
func tableOptions(t testing.TB) table.Options {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return table.Options{Allocator: mem, Scratch: t.TempDir()}
}

// demoShop writes a shop of some size, so that a step takes long enough to be killed half way.
func demoShop(t *testing.T, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, "demo", append([]string{"--seed=1", "--out-dir=" + dir}, more...)...)
	return filepath.Join(dir, "lines.csv")
}

func stepArgs(root string) []string {
	return []string{"--root=file://" + root, "--pipeline=kill", "--run-id=r", "--as-of=2026-01-01", "--result=" + filepath.Join(root, "..", "result.json")}
}

// TestKilledAndRunAgain kills ingest and preprocess after ever longer whiles, and runs them again: the objects are those of
// an undisturbed run, nothing half written was ever visible, and of their scratch files nothing is left. preprocess is killed with so
// little memory that its lines are spilled, which the undisturbed run's are not.
func TestKilledAndRunAgain(t *testing.T) {
	t.Setenv("GOMAXPROCS", "2")                // more cores need more memory at least
	source := demoShop(t, "--customers=13000") // a smaller shop's lines have room in the least memory
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	calm := filepath.Join(t.TempDir(), "root")
	ingest := func(root string) []string { return append(stepArgs(root), "--source="+source) }
	preprocess := func(root string) []string { return append(stepArgs(root), "--window=all") }
	spilling := func(root string) []string { return append(preprocess(root), "--memory=84MiB") }
	start := time.Now()
	must(t, "ingest", ingest(calm)...)
	ingestTime := time.Since(start)
	afterIngest := files(t, calm)
	start = time.Now()
	must(t, "preprocess", preprocess(calm)...)
	preprocessTime := time.Since(start)
	want := files(t, calm)

	root := filepath.Join(t.TempDir(), "root")
	ingestKilled, preprocessKilled := 0, 0
	for i := range 8 {
		ingestKilled += killAfter(t, ingestTime*time.Duration(i+1)/9, "ingest", ingest(root)...)
		visible(t, root)
	}
	must(t, "ingest", ingest(root)...)
	if d := difference(afterIngest, files(t, root)); d != "" {
		t.Errorf("ingest, killed and run again, left other objects:\n%s", d)
	}
	for i := range 8 {
		preprocessKilled += killAfter(t, preprocessTime*time.Duration(i+1)/9, "preprocess", spilling(root)...)
		visible(t, root)
	}
	must(t, "preprocess", spilling(root)...)
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("the scratch folder has %v, %v", left, err)
	}
	if d := difference(want, files(t, root)); d != "" {
		t.Errorf("preprocess, killed and run again, left other objects:\n%s", d)
	}
	if ingestKilled == 0 || preprocessKilled == 0 {
		t.Errorf("ingest was killed %d times and preprocess %d times while at work: the test proves nothing", ingestKilled, preprocessKilled)
	}
}

// visible asserts that whatever a pointer or a manifest names is there.
func visible(t *testing.T, root string) {
	t.Helper()
	read := func(name string, into any) bool {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			return false
		}
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return true
	}
	there := func(by, name string) {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("%s names what is not there: %v", by, err)
		}
	}
	var state run.State[struct{ Snapshot string }]
	if read(contract.LinesStatePath(), &state) {
		path := contract.SnapshotPath(state.Head().Value.Snapshot)
		for _, p := range partitionsOf(t, root, state.Head().Value.Snapshot) {
			there(path, p.Object)
		}
	}
	pointers, err := filepath.Glob(filepath.Join(root, "runs", "*", "*", "*", "*", "current.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pointers {
		path, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		var pointer struct{ Manifest string }
		var m run.Manifest
		if read(path, &pointer) && !read(pointer.Manifest, &m) {
			t.Errorf("%s names %s, which is not there", path, pointer.Manifest)
		}
		for _, o := range m.Objects {
			there(pointer.Manifest, o.Object)
		}
	}
}

// partitionsOf reads a snapshot with its parts.
func partitionsOf(t *testing.T, root, sha256 string) []lines.Partition {
	t.Helper()
	store, err := objstore.Open(t.Context(), "file://"+root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	snapshot, err := lines.Read(t.Context(), store, sha256)
	if err != nil {
		t.Fatal(err)
	}
	partitions, _, err := snapshot.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return partitions
}

// killAfter starts a program and kills it after a while; it returns 1 if the program was still at work.
func killAfter(t *testing.T, after time.Duration, name string, args ...string) int {
	t.Helper()
	cmd := command(t, name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return 1
	}
	t.Fatalf("%s: %v", name, err)
	return 0
}

// TestTwoCopiesAtOnce starts two copies of a step at the same moment: one snapshot, one manifest, both end well.
func TestTwoCopiesAtOnce(t *testing.T) {
	source := demoShop(t)
	root := filepath.Join(t.TempDir(), "root")
	both := func(name string, args ...string) {
		t.Helper()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if out, err := command(t, name, args...).CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
			})
		}
		wg.Wait()
	}
	both("ingest", append(stepArgs(root), "--source="+source)...)
	both("preprocess", append(stepArgs(root), "--window=all")...)
	count := map[string]int{}
	for name := range files(t, root) {
		switch {
		case strings.HasPrefix(name, "lines/index/") && strings.Count(name, "/") == 2:
			count["snapshots"]++
		case strings.HasSuffix(name, "/_MANIFEST.json"):
			count["manifests"]++
		case strings.HasSuffix(name, "customers.arrow"):
			count["customers"]++
		}
	}
	if count["snapshots"] != 1 || count["manifests"] != 2 || count["customers"] != 1 {
		t.Errorf("made %v; want 1 snapshot, 2 manifests (one a step), 1 customers table", count)
	}
}

// TestSIGTERM stops ingest: exit code 143, and nothing half written is visible.
func TestSIGTERM(t *testing.T) {
	source := demoShop(t)
	start := time.Now()
	must(t, "ingest", append(stepArgs(filepath.Join(t.TempDir(), "root")), "--source="+source)...)
	whole := time.Since(start)
	for try := range 12 {
		root := filepath.Join(t.TempDir(), "root")
		cmd := command(t, "ingest", append(stepArgs(root), "--source="+source)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(whole * time.Duration(12-try) / 16)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // the exit code is what counts
		switch code := cmd.ProcessState.ExitCode(); code {
		case fault.ExitStopped:
			for name := range files(t, root) {
				if strings.HasPrefix(name, "state/") || strings.HasSuffix(name, "_MANIFEST.json") {
					t.Errorf("a stopped ingest left %s", name)
				}
			}
			return
		case -1, fault.ExitDone: // before it listened, or after it had done
		default:
			t.Fatalf("ingest ended %d", code)
		}
	}
	t.Error("no signal came while ingest was at work: the test proves nothing")
}
