package run_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/storetest"
	"github.com/clientele/clientele/pkg/run"
)

// folder is a home on a disk, and the disk's folder.
func folder(t *testing.T) (*run.Home, string) {
	t.Helper()
	dir := t.TempDir()
	h, err := run.OpenHome(t.Context(), "file://"+dir, "", "segments", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h, dir
}

// made is a finished step of a run, with a table.
func made(t *testing.T, h *run.Home, of contract.Run) *run.Session {
	t.Helper()
	s, err := h.Begin(t.Context(), of, contract.Preprocess, inputs("1"))
	if err == nil && s.Done() == nil {
		if err = s.PutFrame(t.Context(), contract.Ledger, ledger(1, 2), options(t)); err == nil {
			_, err = s.Commit(t.Context(), contract.ReportResult{Page: "x"})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEveryFlippedBit: a manifest and the pointer to it are refused by name, or they say what they said.
func TestEveryFlippedBit(t *testing.T) {
	h, dir := folder(t)
	of := aRun("a")
	s := made(t, h, of)
	want, err := contract.Canonical(s.Done())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{contract.CurrentPath(of, contract.Preprocess), contract.ManifestPath(of, contract.Preprocess, s.Key())} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for bit := 0; bit < 8*len(text); bit += 7 { // every byte, in turn every bit of it
			bad := bytes.Clone(text)
			bad[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			m, err := h.Current(t.Context(), of, contract.Preprocess)
			if err != nil {
				if v := fault.Judge(err); v.Code != fault.ExitBadData || !strings.HasSuffix(v.Object, name) {
					t.Fatalf("bit %d of %s: %v, object %s", bit, name, err, v.Object)
				}
				continue
			}
			if got, _ := contract.Canonical(m); !bytes.Equal(got, want) {
				t.Fatalf("bit %d of %s was used: %s", bit, name, got)
			}
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEarlierVersion: what was written before there were seals is read, done again, and pointed from.
func TestEarlierVersion(t *testing.T) {
	h, dir := folder(t)
	of := aRun("a")
	s := made(t, h, of)
	manifest := contract.ManifestPath(of, contract.Preprocess, s.Key())
	text, err := contract.Canonical(s.Done())
	if err != nil {
		t.Fatal(err)
	}
	pointer := `{"version":1,"run":"` + of.String() + `","as_of":"2011-12-10","key":"` + s.Key() + `","manifest":"` + manifest + `"}` + "\n"
	for name, text := range map[string]string{manifest: string(text), contract.CurrentPath(of, contract.Preprocess): pointer} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Current(t.Context(), of, contract.Preprocess); err != nil {
		t.Error(err)
	}
	again, err := h.Begin(t.Context(), of, contract.Preprocess, inputs("1"))
	if err != nil || again.Done() == nil || again.Point(t.Context()) != nil {
		t.Errorf("not done: %v", err)
	}
}

// TestCutByAPowerFailure: a manifest or table that is empty or cut, before anything pointed to it, is made again.
func TestCutByAPowerFailure(t *testing.T) {
	h, dir := folder(t)
	of := aRun("a")
	s := made(t, h, of)
	pointer, manifest := contract.CurrentPath(of, contract.Preprocess), contract.ManifestPath(of, contract.Preprocess, s.Key())
	want := map[string]string{}
	names := []string{pointer, manifest, contract.OutputPath(of, contract.Preprocess, s.Key(), "ledger.arrow")}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want[name] = string(text)
	}
	for cut := range 4 {
		if err := os.Remove(filepath.Join(dir, pointer)); err != nil {
			t.Fatal(err)
		}
		for _, name := range names[1:] {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(want[name][:len(want[name])*cut/4]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		made(t, h, of)
		for _, name := range names {
			if text, _ := os.ReadFile(filepath.Join(dir, name)); string(text) != want[name] {
				t.Errorf("cut at %d of 4, %s is now %q", cut, name, text)
			}
		}
	}
	// One that a pointer names is damage, and nobody writes over it.
	for _, left := range []string{"", want[manifest][:9]} {
		if err := os.WriteFile(filepath.Join(dir, manifest), []byte(left), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := h.Begin(t.Context(), of, contract.Preprocess, inputs("1"))
		if v := fault.Judge(err); v.Code != fault.ExitBadData || !strings.HasSuffix(v.Object, manifest) || !strings.Contains(err.Error(), "To repair it") {
			t.Errorf("a manifest that is cut and in force: %v", err)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, manifest)); string(text) != left {
			t.Errorf("it is now %q", text)
		}
	}
}

// TestReadingFails: an answer that fails or comes wrong once is no damage, whatever is read.
func TestReadingFails(t *testing.T) {
	h, _ := folder(t)
	of := aRun("a")
	made(t, h, of)
	read := func(f *storetest.Fault) error {
		ctx := objstore.WithInterceptor(t.Context(), f)
		m, err := h.Current(ctx, of, contract.Preprocess)
		if err == nil {
			_, err = h.ReadTable(ctx, m, contract.Ledger, options(t))
		}
		if err == nil {
			_, err = run.ReadState[run.ScoreState](ctx, h.Root, contract.ScoreStatePath("x"))
		}
		return err
	}
	for n := int64(1); ; n++ {
		flip := &storetest.Fault{N: n, Flip: true}
		if err := read(flip); err != nil {
			t.Errorf("%s flipped once: %v", flip.Target(), err)
		}
		eio := &storetest.Fault{N: n, Read: syscall.EIO}
		if err := read(eio); eio.Struck.Load() && fault.Judge(err).Code != fault.ExitTemporary {
			t.Errorf("%s with EIO: %v", eio.Target(), err)
		}
		if !flip.Struck.Load() && !eio.Struck.Load() {
			if n < 4 {
				t.Errorf("only %d reads", n)
			}
			break
		}
	}
}

// TestStoredIsFetchedOnce, whatever its size, unless what came is not what was named.
func TestStoredIsFetchedOnce(t *testing.T) {
	h, _ := folder(t)
	for _, size := range []int{10, 1 << 20, 1<<20 + 1, 3 << 20} {
		data := bytes.Repeat([]byte("x"), size)
		st := run.Stored{Object: "o/" + contract.SHA256(data), SHA256: contract.SHA256(data)}
		if _, err := h.Root.CreateBytes(t.Context(), st.Object, data); err != nil {
			t.Fatal(err)
		}
		use := func(f *storetest.Fault) (used int, err error) {
			ctx := objstore.WithInterceptor(t.Context(), f)
			return used, h.UseStored(ctx, st, func(src io.ReaderAt, n int64) error {
				got := make([]byte, n)
				_, err := src.ReadAt(got, 0)
				if used++; !bytes.Equal(got, data) {
					t.Errorf("%d bytes: other content was used", size)
				}
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return err
			})
		}
		count := &storetest.Fault{Verb: "open", Err: syscall.EIO} // strikes nothing
		if used, err := use(count); err != nil || used != 1 || count.Calls.Load() != 1 {
			t.Errorf("%d bytes: used %d times, fetched %d times, %v", size, used, count.Calls.Load(), err)
		}
		if used, err := use(&storetest.Fault{N: 1, Flip: true}); err != nil || used != 1 {
			t.Errorf("%d bytes, a bit flipped once: used %d times, %v", size, used, err)
		}
		if used, err := use(&storetest.Fault{N: 1, Flip: true, Sticky: true}); used != 0 || fault.Judge(err).Code != fault.ExitBadData {
			t.Errorf("%d bytes, a bit flipped for good: used %d times, %v", size, used, err)
		}
		if used, err := use(&storetest.Fault{N: 1, Read: syscall.EIO}); used != 0 || fault.Judge(err).Code != fault.ExitTemporary {
			t.Errorf("%d bytes, EIO: used %d times, %v", size, used, err)
		}
	}
}
