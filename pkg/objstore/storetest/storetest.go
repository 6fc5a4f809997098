// Package storetest is what every store of pkg/objstore must do: one suite for memory, file and Cloud Storage. It also stops
// programs that write to one.
package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/clientele/clientele/pkg/objstore"
)

// bigSize is larger than any chunk or memory limit of a driver, and no multiple of either.
const bigSize = 20<<20 + 12345

// Run holds the store to its promises. open returns a new, empty store each time; Run opens it again by its URL.
func Run(t *testing.T, open func(t *testing.T) *objstore.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *objstore.Store)
	}{
		{"create reads back", createReadsBack},
		{"create never overwrites", createNeverOverwrites},
		{"one creator wins", oneCreatorWins},
		{"swap replaces", swapReplaces},
		{"swap refuses a stale generation", swapRefusesStale},
		{"one first swapper wins", oneFirstSwapperWins},
		{"swaps lose nothing", swapsLoseNothing},
		{"readers see whole objects", readersSeeWholeObjects},
		{"missing object", missingObject},
		{"open by generation", openByGeneration},
		{"names", names},
		{"prefix is a folder", prefixIsAFolder},
		{"failing source", failingSource},
		{"truncated source", truncatedSource},
		{"cancelled", cancelled},
		{"cancelled in mid-write", cancelledInMidWrite},
		{"big object", bigObject},
		{"list and delete", listAndDelete},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// content returns n bytes that differ by seed.
func content(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	data := make([]byte, n, n+8)
	for at := 0; at < n; at += 8 {
		binary.LittleEndian.PutUint64(data[at:at+8:cap(data)], r.Uint64())
	}
	return data
}

func checksum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }

func mustCreate(t *testing.T, s *objstore.Store, name string, data []byte) objstore.Attrs {
	t.Helper()
	attrs, err := s.CreateBytes(t.Context(), name, data)
	if err != nil {
		t.Fatal(err)
	}
	return attrs
}

func wantContent(t *testing.T, s *objstore.Store, name string, want []byte) objstore.Attrs {
	t.Helper()
	got, attrs, err := s.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("read %s: %d bytes that differ from the %d written", name, len(got), len(want))
	}
	return attrs
}

func wantMissing(t *testing.T, s *objstore.Store, name string) {
	t.Helper()
	if _, err := s.Stat(t.Context(), name); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("stat %s: %v, want ErrNotFound", name, err)
	}
	if _, _, err := s.Read(t.Context(), name); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("read %s: %v, want ErrNotFound", name, err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

func createReadsBack(t *testing.T, s *objstore.Store) {
	for i, n := range []int{0, 1, 1000, 1 << 20, 3<<20 + 1} {
		name := fmt.Sprintf("a/b/%d.bin", n)
		data := content(uint64(i), n)
		made := mustCreate(t, s, name, data)
		if made.Name != name || made.Size != int64(n) || made.Generation <= 0 || made.CRC32C != checksum(data) {
			t.Errorf("create %s: attributes %+v", name, made)
		}
		if read := wantContent(t, s, name, data); read != made {
			t.Errorf("read %s: attributes %+v, create gave %+v", name, read, made)
		}
		stat, err := s.Stat(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if stat.CRC32C == 0 {
			stat.CRC32C = made.CRC32C // a store may keep none
		}
		if stat != made {
			t.Errorf("stat %s: %+v, create gave %+v", name, stat, made)
		}
	}
	if got, want := s.URI("a/x"), s.URL()+"/a/x"; got != want {
		t.Errorf("URI %s, want %s", got, want)
	}
}

func createNeverOverwrites(t *testing.T, s *objstore.Store) {
	first := mustCreate(t, s, "x", []byte("first"))
	_, err := s.CreateBytes(t.Context(), "x", []byte("second"))
	wantError(t, err, objstore.ErrExists)
	if err != nil && !strings.Contains(err.Error(), s.URI("x")) {
		t.Errorf("error %q does not name the object", err)
	}
	if got := wantContent(t, s, "x", []byte("first")); got != first {
		t.Errorf("attributes are %+v after a refused create, were %+v", got, first)
	}
}

func oneCreatorWins(t *testing.T, s *objstore.Store) {
	const writers = 8
	var wins atomic.Int64
	var winner atomic.Int64
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, err := s.CreateBytes(t.Context(), "race", content(uint64(i), 100_000))
			switch {
			case err == nil:
				wins.Add(1)
				winner.Store(int64(i))
			case !errors.Is(err, objstore.ErrExists):
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Fatalf("%d of %d creators won, want 1", wins.Load(), writers)
	}
	wantContent(t, s, "race", content(uint64(winner.Load()), 100_000))
}

func swapReplaces(t *testing.T, s *objstore.Store) {
	var last objstore.Attrs
	for i := range 5 {
		data := []byte("revision " + strconv.Itoa(i))
		next, err := s.Swap(t.Context(), "state/head.json", last.Generation, data)
		if err != nil {
			t.Fatal(err)
		}
		if next.Generation <= last.Generation || next.CRC32C != checksum(data) || next.Size != int64(len(data)) {
			t.Errorf("swap %d: attributes %+v after %+v", i, next, last)
		}
		if read := wantContent(t, s, "state/head.json", data); read != next {
			t.Errorf("read: attributes %+v, swap gave %+v", read, next)
		}
		last = next
	}
	// An object that was created is swapped like any other.
	made := mustCreate(t, s, "state/other", []byte("a"))
	if _, err := s.Swap(t.Context(), "state/other", made.Generation, []byte("b")); err != nil {
		t.Error(err)
	}
	wantContent(t, s, "state/other", []byte("b"))
}

func swapRefusesStale(t *testing.T, s *objstore.Store) {
	first, err := s.Swap(t.Context(), "p", 0, []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Swap(t.Context(), "p", first.Generation, []byte("2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, stale := range []int64{0, first.Generation, second.Generation + 1} {
		_, err := s.Swap(t.Context(), "p", stale, []byte("late"))
		wantError(t, err, objstore.ErrConflict)
	}
	_, err = s.Swap(t.Context(), "absent", 7, []byte("late"))
	wantError(t, err, objstore.ErrConflict)
	wantMissing(t, s, "absent")
	if got := wantContent(t, s, "p", []byte("2")); got != second {
		t.Errorf("attributes are %+v after refused swaps, were %+v", got, second)
	}
	if _, err := s.Swap(t.Context(), "p", -1, nil); err == nil {
		t.Error("a negative generation was taken")
	}
}

func oneFirstSwapperWins(t *testing.T, s *objstore.Store) {
	var wins atomic.Int64
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			_, err := s.Swap(t.Context(), "first", 0, []byte{byte(i)})
			if err == nil {
				wins.Add(1)
			} else if !errors.Is(err, objstore.ErrConflict) {
				t.Errorf("swapper %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d swaps of generation 0 won, want 1", wins.Load())
	}
}

// swapsLoseNothing counts to writers × each by compare-and-swap from several goroutines with a store each.
func swapsLoseNothing(t *testing.T, s *objstore.Store) {
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for range writers {
		own, err := objstore.Open(t.Context(), s.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		wg.Go(func() {
			for done := 0; done < each; {
				switch err := increment(t.Context(), own, "counter"); {
				case err == nil:
					done++
				case !errors.Is(err, objstore.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	wantContent(t, s, "counter", []byte(strconv.Itoa(writers*each)))
}

func increment(ctx context.Context, s *objstore.Store, name string) error {
	data, attrs, err := s.Read(ctx, name)
	n := 0
	switch {
	case err == nil:
		if n, err = strconv.Atoi(string(data)); err != nil {
			return err
		}
	case !errors.Is(err, objstore.ErrNotFound):
		return err
	}
	_, err = s.Swap(ctx, name, attrs.Generation, []byte(strconv.Itoa(n+1)))
	return err
}

// readersSeeWholeObjects reads while another goroutine swaps: each content is one byte value, its length tells which.
func readersSeeWholeObjects(t *testing.T, s *objstore.Store) {
	ctx := t.Context()
	last, err := s.Swap(ctx, "p", 0, []byte{0})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		defer close(stop)
		for i := 1; i < 30; i++ {
			if last, err = s.Swap(ctx, "p", last.Generation, bytes.Repeat([]byte{byte(i)}, 1+i*1000)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for running := true; running; {
		select {
		case <-stop:
			running = false
		default:
		}
		data, attrs, err := s.Read(ctx, "p")
		if err != nil {
			t.Error(err)
			break
		}
		want := bytes.Repeat(data[:1], 1+int(data[0])*1000)
		if !bytes.Equal(data, want) || attrs.Size != int64(len(want)) {
			t.Errorf("read %d bytes, the first is %d", len(data), data[0])
			break
		}
	}
	wg.Wait()
}

func missingObject(t *testing.T, s *objstore.Store) {
	mustCreate(t, s, "folder/x", []byte("x"))
	for _, name := range []string{"none", "none/at/all", "folder", "folder/x/below"} {
		wantMissing(t, s, name)
		_, err := s.Open(t.Context(), name, 0)
		wantError(t, err, objstore.ErrNotFound)
	}
}

func openByGeneration(t *testing.T, s *objstore.Store) {
	first, err := s.Swap(t.Context(), "p", 0, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.Open(t.Context(), "p", first.Generation)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	second, err := s.Swap(t.Context(), "p", first.Generation, []byte("second"))
	if err != nil {
		t.Fatal(err)
	}
	// What is open stays what it was.
	got, err := io.ReadAll(io.NewSectionReader(open, 0, open.Size))
	if err != nil || string(got) != "first" {
		t.Errorf("open object reads %q (%v) after a swap, want %q", got, err, "first")
	}
	_, err = s.Open(t.Context(), "p", first.Generation)
	wantError(t, err, objstore.ErrNotFound)
	again, err := s.Open(t.Context(), "p", second.Generation)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	tail := make([]byte, 3)
	if _, err := again.ReadAt(tail, 3); err != nil || string(tail) != "ond" {
		t.Errorf("read at 3: %q, %v", tail, err)
	}
	if n, err := again.ReadAt(tail, 5); n != 1 || !errors.Is(err, io.EOF) {
		t.Errorf("read past the end: %d bytes, %v; want 1, EOF", n, err)
	}
}
