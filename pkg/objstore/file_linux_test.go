package objstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/clientele/clientele/pkg/objstore"
)

// asNobody runs f with file access of the user "nobody" where the test runs as root, whom no mode stops.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if os.Getuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		f()
	}()
	<-done
}

func TestFilePermission(t *testing.T) {
	top := t.TempDir()
	for dir := top; dir != filepath.Dir(os.TempDir()) && len(dir) > 1; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && dir != os.TempDir() {
			if err := os.Chmod(dir, info.Mode()|0o755); err != nil { // nobody must get this far
				t.Fatal(err)
			}
		}
	}
	root := filepath.Join(top, "root")
	s := open(t, "file://"+root, nil)
	made, err := s.CreateBytes(t.Context(), "a/x", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "a", "x"), 0); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"a", ".tmp", "."} {
		if err := os.Chmod(filepath.Join(root, dir), 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Chmod(filepath.Join(root, dir), 0o755); err != nil { // or TempDir cannot be removed
				t.Error(err)
			}
		})
	}
	asNobody(t, func() {
		_, _, read := s.Read(t.Context(), "a/x")
		_, create := s.CreateBytes(t.Context(), "b/y", nil)
		_, swap := s.Swap(t.Context(), "a/x", made.Generation, nil)
		fresh, err := objstore.Open(t.Context(), "file://"+filepath.Join(root, "new"), nil)
		if err != nil {
			t.Error(err)
			return
		}
		_, folder := fresh.CreateBytes(t.Context(), "x", nil)
		for verb, err := range map[string]error{"read": read, "create": create, "swap": swap, "folder": folder} {
			if !errors.Is(err, objstore.ErrPermission) {
				t.Errorf("%s: %v, want ErrPermission", verb, err)
			}
		}
		if !strings.Contains(folder.Error(), "make folder: mkdir "+root+"/new") {
			t.Errorf("error %q does not name the folder", folder)
		}
	})
}

// TestFileNoSpace: no space left is a matter of time. The source stands for the disk, both fail in the same copy.
func TestFileNoSpace(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	src := readerAt(func([]byte, int64) (int, error) { return 0, &os.PathError{Op: "write", Path: "x", Err: unix.ENOSPC} })
	_, err := s.Create(t.Context(), "x", src, 1)
	if !errors.Is(err, objstore.ErrUnavailable) || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("create: %v, want ErrUnavailable", err)
	}
}
