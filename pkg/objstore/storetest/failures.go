package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/clientele/clientele/pkg/objstore"
)

func names(t *testing.T, s *objstore.Store) {
	for _, name := range []string{
		"x", "a/b.c/d_e-f", "sp ace", "ümläut/✓", "a+b&c=d%2F", "state/segments/HEAD.json", "_MANIFEST.json", "a/b#1?x[2]*",
		strings.Repeat("x", 255), "run=2011-12-10T00:00:00+00:00",
	} {
		mustCreate(t, s, name, []byte(name))
		wantContent(t, s, name, []byte(name))
	}
	for _, name := range []string{
		"", "/", "/abs", "a//b", "a/", ".", "..", "../x", "a/../b", "a/./b", ".hidden", "a/.tmp/x", `a\b`, "a\x00b", "a\nb",
		"a\x7f", "\xff", strings.Repeat("x", 256), strings.Repeat("ab/", 400) + "x",
	} {
		if _, err := s.CreateBytes(t.Context(), name, nil); err == nil {
			t.Errorf("create %q was taken", name)
		}
		if _, err := s.Swap(t.Context(), name, 0, nil); err == nil {
			t.Errorf("swap %q was taken", name)
		}
		if _, _, err := s.Read(t.Context(), name); err == nil || errors.Is(err, objstore.ErrNotFound) {
			t.Errorf("read %q: %v, want a refusal of the name", name, err)
		}
	}
}

// prefixIsAFolder opens a store further down and expects both to see and to guard the same objects.
func prefixIsAFolder(t *testing.T, s *objstore.Store) {
	below, err := objstore.Open(t.Context(), s.URL()+"/registry/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer below.Close()
	if got, want := below.URL(), s.URL()+"/registry"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
	head, err := below.Swap(t.Context(), "HEAD", 0, []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "registry/HEAD", []byte("1"))
	if _, err = s.Swap(t.Context(), "registry/HEAD", head.Generation, []byte("2")); err != nil {
		t.Fatal(err)
	}
	_, err = below.Swap(t.Context(), "HEAD", head.Generation, []byte("3"))
	wantError(t, err, objstore.ErrConflict)
	_, err = below.CreateBytes(t.Context(), "HEAD", []byte("4"))
	wantError(t, err, objstore.ErrExists)
	wantContent(t, below, "HEAD", []byte("2"))
}

// source is n bytes of zeros that do something once a given number of bytes has been read, over all passes.
type source struct {
	size int64
	left atomic.Int64
	then func() error
}

func newSource(size, after int64, then func() error) *source {
	s := &source{size: size, then: then}
	s.left.Store(after)
	return s
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n := min(int64(len(p)), s.size-at)
	if n <= 0 {
		return 0, io.EOF
	}
	if s.left.Add(-n) < 0 {
		if err := s.then(); err != nil {
			return 0, err
		}
	}
	clear(p[:n])
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

func failingSource(t *testing.T, s *objstore.Store) {
	broken := errors.New("broken on purpose")
	const size = 12 << 20
	for _, after := range []int64{0, 1 << 20, size - 1} {
		name := fmt.Sprintf("failing/%d", after)
		_, err := s.Create(t.Context(), name, newSource(size, after, func() error { return broken }), size)
		wantError(t, err, broken)
		wantMissing(t, s, name)
		mustCreate(t, s, name, []byte("free again"))
	}
	// A store that reads twice must not publish what the second pass could not read.
	const name = "failing/second pass"
	_, err := s.Create(t.Context(), name, newSource(size, size+9<<20, func() error { return broken }), size)
	if err != nil {
		wantError(t, err, broken)
		wantMissing(t, s, name)
	}
}

func truncatedSource(t *testing.T, s *objstore.Store) {
	for _, size := range []int64{1, 1000, 2 << 20} {
		name := fmt.Sprintf("cut/%d", size)
		_, err := s.Create(t.Context(), name, bytes.NewReader(make([]byte, size-1)), size)
		wantError(t, err, io.ErrUnexpectedEOF)
		wantMissing(t, s, name)
	}
	if _, err := s.Create(t.Context(), "negative", bytes.NewReader(nil), -1); err == nil {
		t.Error("a negative size was taken")
	}
	// What follows size bytes is not part of the object.
	if _, err := s.Create(t.Context(), "longer", strings.NewReader("abcdef"), 3); err != nil {
		t.Fatal(err)
	}
	wantContent(t, s, "longer", []byte("abc"))
}

func wantCancelled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) || errors.Is(err, objstore.ErrUnavailable) {
		t.Errorf("error %v, want context.Canceled and not ErrUnavailable", err)
	}
}

func cancelled(t *testing.T, s *objstore.Store) {
	mustCreate(t, s, "there", []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.CreateBytes(ctx, "x", []byte("x"))
	wantCancelled(t, err)
	_, err = s.Swap(ctx, "x", 0, []byte("x"))
	wantCancelled(t, err)
	_, _, err = s.Read(ctx, "there")
	wantCancelled(t, err)
	_, err = s.Stat(ctx, "there")
	wantCancelled(t, err)
	_, err = s.Open(ctx, "there", 0)
	wantCancelled(t, err)
	wantMissing(t, s, "x")
}

func cancelledInMidWrite(t *testing.T, s *objstore.Store) {
	const size = 12 << 20
	for i, after := range []int64{1 << 20, size - 1, size + 1<<20, size + 9<<20} {
		name := fmt.Sprintf("cancelled/%d", i)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.Create(ctx, name, newSource(size, after, func() error { cancel(); return nil }), size)
		cancel()
		if after < size || err != nil { // past size only stores that read twice are hit
			wantCancelled(t, err)
			wantMissing(t, s, name)
			mustCreate(t, s, name, []byte("free again"))
		} else if attrs, err := s.Stat(t.Context(), name); err != nil || attrs.Size != size {
			t.Errorf("written with no error, yet stat says %+v, %v", attrs, err)
		}
	}
}

func bigObject(t *testing.T, s *objstore.Store) {
	data := content(7, bigSize)
	made := mustCreate(t, s, "big", data)
	if made.Size != bigSize || made.CRC32C != checksum(data) {
		t.Errorf("create: attributes %+v", made)
	}
	o, err := s.Open(t.Context(), "big", made.Generation)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	got := make([]byte, bigSize)
	if _, err := o.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Error("content differs from what was written")
	}
	wantContent(t, s, "big", data)
}
