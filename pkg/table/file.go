package table

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/clientele/clientele/pkg/scratch"
)

// File is a finished table file in memory or scratch. Close frees it.
type File struct {
	Table   string
	Version int
	Rows    int64
	Size    int64  // bytes
	SHA256  string // of the bytes, in hex
	io.ReaderAt
	mem     []byte
	scratch *os.File
}

// ContentSHA256 returns SHA256: see objstore.Hashed.
func (f *File) ContentSHA256() string { return f.SHA256 }

// Close frees what the file holds; nothing may read it any more. A second one does nothing.
func (f *File) Close() error {
	s := f.scratch
	giveSpool(f.mem)
	f.mem, f.scratch, f.ReaderAt = nil, nil, bytes.NewReader(nil)
	if s == nil {
		return nil
	}
	return s.Close()
}

// spool takes a file's bytes: in memory first, in a scratch file once they outgrow it, hashed on the way.
type spool struct {
	folder string
	limit  int
	size   int64
	hash   hash.Hash
	mem    []byte
	file   *os.File
	buf    *bufio.Writer
}

func newSpool(folder string, limit int) *spool {
	return &spool{folder: folder, limit: limit, hash: sha256.New(), mem: takeSpool()}
}

// expect makes room for arrays and what goes with them, so that memory need not grow step by step.
func (s *spool) expect(arrays []arrow.Array) {
	const around = 4 << 10 // schema and footer; a message or two a column
	n := around + 512*len(arrays)
	for _, a := range arrays {
		n += bufferBytes(a.Data())
		if d, ok := a.(*array.Dictionary); ok {
			n += bufferBytes(d.Dictionary().Data())
		}
	}
	if s.file == nil && len(s.mem)+n <= s.limit {
		s.mem = slices.Grow(s.mem, n)
	}
}

func bufferBytes(data arrow.ArrayData) (n int) {
	for _, b := range data.Buffers() {
		if b != nil {
			n += b.Len() + 64 // padding
		}
	}
	return n
}

// Write adds p at the end.
func (s *spool) Write(p []byte) (int, error) {
	s.hash.Write(p)
	s.size += int64(len(p))
	if s.file == nil {
		if len(s.mem)+len(p) <= s.limit {
			s.mem = append(s.mem, p...)
			return len(p), nil
		}
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	return s.buf.Write(p)
}

// spill moves what is in memory to a scratch file.
func (s *spool) spill() error {
	f, err := scratch.File(s.folder)
	if err != nil {
		return err
	}
	s.file, s.buf = f, bufio.NewWriterSize(f, 256<<10)
	_, err = s.buf.Write(s.mem)
	giveSpool(s.mem)
	s.mem = nil
	return err
}

// Seek returns where the end is; Arrow's writer asks for nothing else.
//
// Arrow v15: its file writer takes an io.WriteSeeker, v18's an io.Writer.
func (s *spool) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("a table must be written sequentially")
	}
	return s.size, nil
}

// finish returns the bytes as a File; the spool is used up.
func (s *spool) finish() (*File, error) {
	f := &File{Size: s.size, SHA256: hex.EncodeToString(s.hash.Sum(nil)), ReaderAt: bytes.NewReader(s.mem), mem: s.mem}
	if s.file != nil {
		if err := s.buf.Flush(); err != nil {
			return nil, fmt.Errorf("write scratch file: %w", err)
		}
		f.ReaderAt, f.scratch = s.file, s.file
	}
	return f, nil
}

func (s *spool) discard() {
	if s.file != nil {
		s.file.Close()
	}
	giveSpool(s.mem)
	s.mem, s.file = nil, nil
}
