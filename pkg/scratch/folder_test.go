package scratch_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/scratch"
)

// TestMain makes the test's own program one that takes a folder and waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("SCRATCH_TEST_HOLDER") == "" {
		os.Exit(m.Run())
	}
	dir, _, err := scratch.Folder("holder")
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(dir + "\n")
	time.Sleep(time.Minute)
}

// hold starts a process that holds a folder.
func hold(t *testing.T) (dir string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SCRATCH_TEST_HOLDER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line[:len(line)-1], kill
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// What a killed process has left goes with the next start; what a living one holds, what others call alike, and what is behind a
// link stays.
func TestFoldersOfKilledProcessesAreSwept(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	living, _ := hold(t)
	killed, kill := hold(t)
	if err := os.WriteFile(filepath.Join(killed, "spool"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	kill()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, ".lock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link, foreign := filepath.Join(tmp, "clientele-ingest-1"), filepath.Join(tmp, "clientele-ingest-2")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(foreign, 0o700); err != nil { // without a lock: somebody else's, or being made
		t.Fatal(err)
	}
	mine, remove, err := scratch.Folder("ingest")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{living: true, killed: false, link: true, filepath.Join(outside, ".lock"): true, foreign: true, mine: true} {
		if exists(path) != want {
			t.Errorf("%s is there: %v, want %v", path, !want, want)
		}
	}
	if remove(); exists(mine) {
		t.Error("the folder is still there after its removal")
	}
}

func TestUnfinishedFilesAreSwept(t *testing.T) {
	folder, old := t.TempDir(), time.Now().Add(-time.Hour)
	file := func(name string, at time.Time) *os.File {
		f, err := os.Create(filepath.Join(folder, name))
		if err == nil {
			err = os.Chtimes(f.Name(), at, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	left, fresh, other, held := file(".result-1", old), file(".result-2", time.Now()), file("result.json", old), file(".result-3", old)
	if err := scratch.Lock(held); err != nil {
		t.Fatal(err)
	}
	scratch.SweepFiles(folder, regexp.MustCompile(`^\.result-[0-9]+$`), time.Now().Add(-time.Minute))
	for f, want := range map[*os.File]bool{left: false, fresh: true, other: true, held: true} {
		if exists(f.Name()) != want {
			t.Errorf("%s is there: %v, want %v", filepath.Base(f.Name()), !want, want)
		}
	}
}
