package retail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// tape is bytes on the spill that are written once, one after the other, and read in their order.
type tape struct {
	store   *store
	extents []extent
}

type extent struct{ at, size int64 }

// tapeBytes is what a tape that is open for writing or reading holds.
const tapeBytes = 64 << 10

func (s *store) tape() (*tape, *bufio.Writer) {
	t := &tape{store: s}
	return t, bufio.NewWriterSize(t, tapeBytes)
}

// Write appends to the tape. Few large pieces are for it, see [store.tape].
func (t *tape) Write(p []byte) (int, error) {
	at, err := t.store.write(p)
	if err != nil {
		return 0, err
	}
	if n := len(t.extents); n > 0 && t.extents[n-1].at+t.extents[n-1].size == at {
		t.extents[n-1].size += int64(len(p))
	} else {
		t.extents = append(t.extents, extent{at, int64(len(p))})
	}
	return len(p), nil
}

// write puts bytes where nothing is yet, and returns where that is.
func (s *store) write(p []byte) (at int64, err error) {
	at = s.end.Add(int64(len(p))) - int64(len(p))
	if _, err := s.spill.WriteAt(p, at); err != nil {
		return 0, fmt.Errorf("spill lines: %w", err)
	}
	return at, nil
}

// read fills p with what is at a place.
func (s *store) read(p []byte, at int64) error {
	if n, err := s.spill.ReadAt(p, at); n < len(p) {
		return fmt.Errorf("read spilled lines: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// reader reads a tape from its beginning.
func (t *tape) reader() *bufio.Reader {
	parts := make([]io.Reader, len(t.extents))
	for i, e := range t.extents {
		parts[i] = io.NewSectionReader(t.store.spill, e.at, e.size)
	}
	return bufio.NewReaderSize(io.MultiReader(parts...), tapeBytes)
}

// fail notes an error that whoever met it could not return.
func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *store) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
