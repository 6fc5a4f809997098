package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clientele/clientele/pkg/objstore"
)

// killedRoot tells a re-executed test binary to be the writer of TestFileKilled.
const killedRoot = "OBJSTORE_TEST_KILLED_ROOT"

func TestMain(m *testing.M) {
	if root := os.Getenv(killedRoot); root != "" {
		if err := writeForEver(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// killedSize is large enough that a kill mostly falls into the writing of an object.
const killedSize = 4 << 20

// writeForEver creates objects of one byte value each and points to the last one, until it is killed.
func writeForEver(root string) error {
	ctx := context.Background()
	s, err := objstore.Open(ctx, "file://"+root, nil)
	if err != nil {
		return err
	}
	var last objstore.Attrs
	if _, last, err = s.Read(ctx, "state/last"); err != nil && !errors.Is(err, objstore.ErrNotFound) {
		return err
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("objects/%d/%d", os.Getpid(), i)
		if _, err := s.CreateBytes(ctx, name, bytes.Repeat([]byte{byte(i)}, killedSize)); err != nil {
			return err
		}
		if last, err = s.Swap(ctx, "state/last", last.Generation, []byte(name)); err != nil {
			return err
		}
		fmt.Println(name)
	}
}

// TestFileKilled kills a writer at some instant, over and over: what is visible is whole, what the pointer names is
// there, the next writer goes on, and the killed ones' unfinished files do not pile up.
func TestFileKilled(t *testing.T) {
	root := t.TempDir()
	kills := 6
	if testing.Short() {
		kills = 2
	}
	for i := range kills {
		killWriter(t, root, time.Duration(3+7*i)*time.Millisecond)
		wantWholeObjects(t, root)
	}
	s := open(t, "file://"+root, nil)
	if _, err := s.CreateBytes(t.Context(), "after", []byte("x")); err != nil {
		t.Fatal(err)
	}
	wantNoTemp(t, root)
}

// killWriter starts a writer, lets it finish one object and kills it a while later.
func killWriter(t *testing.T, root string, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedRoot+"="+root)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Errorf("writer ended before it was killed: %v: %s", err, stderr.Bytes())
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the writer ended well although it was killed")
	}
}

func wantWholeObjects(t *testing.T, root string) {
	t.Helper()
	s := open(t, "file://"+root, nil)
	last, _, err := s.Read(t.Context(), "state/last")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), string(last)); err != nil {
		t.Errorf("the pointer names %q: %v", last, err)
	}
	err = filepath.WalkDir(filepath.Join(root, "objects"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		data, _, err := s.Read(t.Context(), filepath.ToSlash(name))
		if err != nil {
			return err
		}
		if len(data) != killedSize || bytes.Count(data, data[:1]) != killedSize {
			t.Errorf("%s is visible with %d bytes", name, len(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFileSweepSparesTheLiving: a new store does not take the unfinished file of a writer that still writes.
func TestFileSweepSparesTheLiving(t *testing.T) {
	url := "file://" + t.TempDir()
	slow := open(t, url, nil)
	other := open(t, url, nil)
	src := readerAt(func(p []byte, at int64) (int, error) {
		if at > 0 { // the unfinished file is there by now
			if _, err := other.CreateBytes(t.Context(), "other", nil); err != nil {
				t.Error(err)
			}
		}
		return len(p), nil
	})
	if _, err := slow.Create(t.Context(), "slow", src, 1<<20+1); err != nil {
		t.Error(err)
	}
}

type readerAt func(p []byte, at int64) (int, error)

func (f readerAt) ReadAt(p []byte, at int64) (int, error) { return f(p, at) }

// TestFileGenerationGrows: the file's time is ahead of the clock, as after the clock went back; the generation grows all
// the same.
func TestFileGenerationGrows(t *testing.T) {
	root := t.TempDir()
	s := open(t, "file://"+root, nil)
	if _, err := s.Swap(t.Context(), "p", 0, []byte("1")); err != nil {
		t.Fatal(err)
	}
	ahead := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(root, "p"), ahead, ahead); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		now, err := s.Stat(t.Context(), "p")
		if err != nil {
			t.Fatal(err)
		}
		next, err := s.Swap(t.Context(), "p", now.Generation, []byte("2"))
		if err != nil {
			t.Fatal(err)
		}
		if next.Generation <= now.Generation {
			t.Errorf("generation %d after %d", next.Generation, now.Generation)
		}
	}
}

// holdLock takes the lock file at path as another process would.
func holdLock(t *testing.T, path string) (unlock func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}

// TestFileLockHeld: a swap waits for the lock until its deadline and then says that the store is unavailable.
func TestFileLockHeld(t *testing.T) {
	root := t.TempDir()
	s := open(t, "file://"+root, nil)
	hasty := open(t, "file://"+root, &objstore.Options{Timeout: 30 * time.Millisecond})
	first, err := s.Swap(t.Context(), "state/p", 0, []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	unlock := holdLock(t, filepath.Join(root, "state", ".lock"))
	_, err = hasty.Swap(t.Context(), "state/p", first.Generation, []byte("2"))
	if !errors.Is(err, objstore.ErrUnavailable) {
		t.Errorf("swap under another's lock: %v, want ErrUnavailable", err)
	}
	if data, _, err := s.Read(t.Context(), "state/p"); err != nil || string(data) != "1" {
		t.Errorf("read %q, %v: readers need no lock", data, err)
	}
	unlock()
	if _, err := s.Swap(t.Context(), "state/p", first.Generation, []byte("2")); err != nil {
		t.Error(err)
	}
}

// TestFileOpenOutlivesSwap: an open object reads the bytes of its own generation to the end.
func TestFileOpenOutlivesSwap(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	first, err := s.Swap(t.Context(), "p", 0, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Open(t.Context(), "p", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Swap(t.Context(), "p", first.Generation, []byte("2")); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size)); err != nil || string(data) != "first" {
		t.Errorf("read %q, %v", data, err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}

// TestFileBlockedFolder: a name below an object cannot be made in a folder tree; the error says which.
func TestFileBlockedFolder(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	if _, err := s.CreateBytes(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateBytes(t.Context(), "a/b", nil)
	if err == nil || !strings.Contains(err.Error(), "make folder") {
		t.Errorf("create below an object: %v", err)
	}
}
