package tasks_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// TestNoPermission runs ingest as a user who may not read the source. Root may read everything, so as root the program is
// started as nobody.
func TestNoPermission(t *testing.T) {
	dir := open(t, t.TempDir())
	source := filepath.Join(dir, "lines.csv")
	if err := os.WriteFile(source, []byte("InvoiceNo\n"), 0o200); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "root")
	cmd := command(t, "ingest", append(stepArgs(root), "--source="+source, "--result=")...)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Env = append(os.Environ(), "TMPDIR="+dir)
		if err := os.Chown(source, 0, 0); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != fault.ExitConfig {
		t.Fatalf("ingest ended %v, want %d:\n%s", err, fault.ExitConfig, said.String())
	}
	if !strings.Contains(said.String(), source) || !strings.Contains(said.String(), "permission") {
		t.Errorf("the message names neither file nor reason: %s", said.String())
	}
	if made := files(t, root); len(made) > 0 {
		t.Errorf("a failed ingest left %d objects", len(made))
	}
}

// open lets everybody into a temporary folder and those above it.
func open(t *testing.T, dir string) string {
	t.Helper()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestMemoryDoesNotGrowWithTheFile takes in the real file once and 20 times over: the peak may at most double.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	file := realFile(t)
	peak := func(source string) int64 {
		t.Helper()
		most, said, err := watch(t, command(t, "ingest", append(stepArgs(filepath.Join(t.TempDir(), "root")), "--source="+source, "--allow-shrink")...))
		if err != nil || most == 0 {
			t.Fatalf("%v, peak %d KiB\n%s", err, most, said)
		}
		return most
	}
	const times = 20
	once, many := peak(file), peak(repeated(t, file, times))
	t.Logf("peak RSS %d MiB for the file, %d MiB for %d times the file", once>>10, many>>10, times)
	if many > 2*once {
		t.Errorf("peak RSS %d KiB for %d times the file, more than twice the %d KiB for the file", many, times, once)
	}
}

// TestLeastMemory gives preprocess what it says that it needs at least: it keeps to that, and with less it leaves nothing.
func TestLeastMemory(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	must(t, "ingest", append(stepArgs(root), "--source="+demoShop(t))...)
	before := files(t, root)
	for memory, refused := 29, 0; ; refused++ {
		most, said, err := watch(t, command(t, "preprocess", append(stepArgs(root), "--window=all", fmt.Sprintf("--memory=%dMiB", memory))...))
		if err == nil {
			t.Logf("%d times refused; peak RSS %d KiB with --memory=%dMiB", refused, most, memory)
			if refused == 0 || most == 0 || most > int64(memory)<<10 {
				t.Errorf("peak RSS %d KiB with --memory=%dMiB, after it was refused %d times", most, memory, refused)
			}
			return
		}
		_, least, found := strings.Cut(said, "for which it needs ")
		need := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != fault.ExitConfig || !found {
			t.Fatalf("with --memory=%dMiB: %v\n%s", memory, err, said)
		}
		if _, err := fmt.Sscan(least, &need); err != nil || need <= memory {
			t.Fatalf("with --memory=%dMiB it needs %d MiB: %v\n%s", memory, need, err, said)
		}
		if d := difference(before, files(t, root)); d != "" {
			t.Fatalf("refused, it left something:\n%s", d)
		}
		memory = need
	}
}

// watch runs a program and returns its peak memory in KiB, what it wrote to standard error and how it ended.
func watch(t *testing.T, cmd *exec.Cmd) (most int64, said string, err error) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return most, out.String(), err
		case <-time.After(time.Millisecond):
			most = max(most, peakOf(t, cmd.Process.Pid))
		}
	}
}

// peakOf returns the peak memory of a running process so far in KiB, 0 once it has ended. What the system tells at its end
// would not do: that counts what this test held when it started the process.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil && runtime.GOOS != "linux" {
		t.Skip("this system does not tell a running process's memory")
	}
	var kib int64
	if _, after, found := strings.Cut(string(text), "VmHWM:"); found {
		if _, err := fmt.Sscan(after, &kib); err != nil {
			t.Fatal(err)
		}
	}
	return kib
}

// repeated writes the file's header once and its lines many times.
func repeated(t *testing.T, file string, times int) string {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zip, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.IndexByte(text, '\n') + 1
	path := filepath.Join(t.TempDir(), "repeated.csv")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = out.Write(text[:body])
	for range times {
		if err == nil {
			_, err = out.Write(text[body:])
		}
	}
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
