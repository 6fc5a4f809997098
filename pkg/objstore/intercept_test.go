package objstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/storetest"
)

// TestErrorsOfTheDisk: whatever call they strike, and while the content is read too, they are temporary, and only that.
func TestErrorsOfTheDisk(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	made, err := s.CreateBytes(t.Context(), "x", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, no := range []syscall.Errno{syscall.EIO, syscall.EINTR, syscall.ENOLCK, syscall.ENOSPC, syscall.EMFILE, syscall.ESTALE} {
		ctx := objstore.WithInterceptor(t.Context(), &storetest.Fault{N: 1, Sticky: true, Err: no})
		reading := objstore.WithInterceptor(t.Context(), &storetest.Fault{N: 1, Sticky: true, Read: no})
		for verb, err := range map[string]error{
			"create": second(s.CreateBytes(ctx, "y", nil)), "swap": second(s.Swap(ctx, "x", made.Generation, nil)),
			"stat": second(s.Stat(ctx, "x")), "open": second(s.OpenHashed(ctx, "x", "")),
			"read": third(s.Read(reading, "x")), "hash": second(s.OpenHashed(reading, "x", "")),
			"check": third(s.ReadChecked(reading, "x", func([]byte) error { return objstore.ErrCorrupt })),
		} {
			if !errors.Is(err, objstore.ErrUnavailable) || fault.Judge(err).Code != fault.ExitTemporary || errors.Is(err, objstore.ErrCorrupt) {
				t.Errorf("%v while %s: %v", no, verb, err)
			}
		}
	}
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

// TestReadTwice: one wrong answer is no damage, the same one twice is.
func TestReadTwice(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	data := []byte("some content")
	sum := contract.SHA256(data)
	if _, err := s.CreateBytes(t.Context(), "x", data); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	check := func(got []byte) error {
		if !bytes.Equal(got, data) {
			return refused
		}
		return nil
	}
	once := func() *storetest.Fault { return &storetest.Fault{N: 1, Flip: true} }
	if _, _, err := s.ReadChecked(objstore.WithInterceptor(t.Context(), once()), "x", check); err != nil {
		t.Error(err)
	}
	o, err := s.OpenHashed(objstore.WithInterceptor(t.Context(), once()), "x", sum)
	if err != nil {
		t.Fatal(err)
	}
	o.Close()
	always := objstore.WithInterceptor(t.Context(), &storetest.Fault{N: 1, Flip: true, Sticky: true})
	if _, _, err := s.ReadChecked(always, "x", check); !errors.Is(err, refused) {
		t.Error(err)
	}
	if _, err := s.OpenHashed(always, "x", sum); !errors.Is(err, objstore.ErrCorrupt) || !strings.Contains(err.Error(), "/x") {
		t.Error(err)
	}
}

// TestSweepTakesItsOwn: what else lies in .tmp is somebody else's, and a .tmp that leads elsewhere is refused.
func TestSweepTakesItsOwn(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	own := []string{strings.Repeat("0a", 12), "unfinished-" + strings.Repeat("0a", 12)}
	theirs := []string{"thesis.odt", "unfinished-business", strings.Repeat("0a", 16)}
	for _, dir := range []string{filepath.Join(root, ".tmp"), other} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range append(theirs, own...) {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := open(t, "file://"+root, nil).CreateBytes(t.Context(), "x", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range own {
		if _, err := os.Lstat(filepath.Join(root, ".tmp", name)); err == nil {
			t.Errorf("%s of a dead writer is still there", name)
		}
	}
	linked := t.TempDir()
	if err := os.Symlink(other, filepath.Join(linked, ".tmp")); err != nil {
		t.Fatal(err)
	}
	s := open(t, "file://"+linked, nil)
	if _, err := s.CreateBytes(t.Context(), "x", nil); !errors.Is(err, objstore.ErrNoStore) || !strings.Contains(fmt.Sprint(err), ".tmp") {
		t.Errorf("with a link for .tmp: %v", err)
	}
	if _, err := s.Swap(t.Context(), "x", 0, nil); !errors.Is(err, objstore.ErrNoStore) {
		t.Errorf("with a link for .tmp: %v", err)
	}
	for dir, names := range map[string][]string{filepath.Join(root, ".tmp"): theirs, other: append(theirs, own...)} {
		for _, name := range names {
			if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
				t.Errorf("%s was somebody else's: %v", name, err)
			}
		}
	}
}

// TestCutByAPowerFailure: an object whose name is its hash is replaced by the next writer of it if it is not that.
func TestCutByAPowerFailure(t *testing.T) {
	root := t.TempDir()
	s := open(t, "file://"+root, nil)
	data := []byte("all of it")
	name := "lines/" + contract.SHA256(data) + ".arrow"
	for _, left := range []string{"", "all o", "all of it", "\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if err := os.MkdirAll(filepath.Join(root, "lines"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(left), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateBytes(t.Context(), name, []byte("another")); !errors.Is(err, objstore.ErrExists) {
			t.Error(err)
		}
		if got, _ := os.ReadFile(filepath.Join(root, name)); string(got) != left {
			t.Errorf("%q was replaced by something else", left)
		}
		if _, err := s.CreateBytes(t.Context(), name, data); !errors.Is(err, objstore.ErrExists) {
			t.Error(err)
		}
		if got, _, err := s.Read(t.Context(), name); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q is now %q, %v", left, got, err)
		}
	}
	// What is not named by its content is never replaced.
	if err := os.WriteFile(filepath.Join(root, "plain"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateBytes(t.Context(), "plain", data); !errors.Is(err, objstore.ErrExists) {
		t.Error(err)
	}
	if got, _, err := s.Read(t.Context(), "plain"); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}
