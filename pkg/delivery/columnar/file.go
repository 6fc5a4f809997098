package columnar

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// ErrDamaged says that the bytes are no whole file of their format, or one written in a way that Arrow's readers do not know.
var ErrDamaged = record.ErrContent.New("damaged", "the file is damaged, or written in an unknown way")

// Options say how a file is read.
type Options struct {
	Preset    *record.Preset     // whose columns are looked for; nil means UCI's
	Columns   record.ColumnNames // for columns without a known spelling
	Zone      *time.Location     // the shop's, for timestamps that have a zone; nil means UTC
	Allocator memory.Allocator   // nil means Go's
	// Also says of a column that no field holds whether it is read besides, where it has numbers or texts; nil means none is.
	Also func(name string) bool
}

// TypeError says that columns are of types which their fields cannot be read from.
type TypeError struct{ Problems []string }

func (e *TypeError) Error() string { return "read columns: " + strings.Join(e.Problems, "; ") }

// Unwrap returns [record.ErrColumns].
func (e *TypeError) Unwrap() error { return record.ErrColumns }

// batches gives the rows of a file, some at a time.
type batches interface {
	// next moves the wanted columns to the next rows, and returns how many there are, or io.EOF.
	next() (rows int, err error)
	close()
}

// column is a wanted column of a batch.
type column interface {
	// cell makes a cell of the value in row i: its kind, its time, and its text after what is in dst. It is asked for every
	// row once, in order.
	cell(i int, dst []byte) (record.CellKind, int64, []byte)
}

// field is a column of a file, by its name and what it is.
type field struct {
	name string
	kind string // for people
	null bool   // it is known to have no values
	// open returns the column for a field of a line, or nil if its values cannot be that.
	open func(of record.Field, zone *time.Location) column
}

// File is an open file. Close it.
type File struct {
	src     *watched
	batches batches
	header  []string // names of the wanted columns, in the order of the file
	columns []column
	rows    int // of the batch
	row     int // next in the batch
	line    int64
	most    int64  // rows that a file of this size can have
	text    []byte // of the row
}

// rowsOf bounds the rows of a file: runs of equal values pack without limit, but lines of a shop have a time each.
func rowsOf(size int64) int64 { return 1<<20 + 4*size }

// maxText bounds the texts of a row, in bytes.
const maxText = 4 << 20

// Table returns the file as a table. Its rows are those of the wanted columns alone, and of those read besides.
func (f *File) Table() *record.Table { return &record.Table{Header: f.header, Rows: f} }

// Close frees what the file holds, but not what it is read from.
func (f *File) Close() error {
	if f.batches != nil {
		f.batches.close()
		f.batches = nil
	}
	return nil
}

// prepare finds the wanted columns among a file's and returns their positions.
func (f *File) prepare(fields []field, opts Options) ([]int, error) {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = strings.TrimSpace(fields[i].name)
	}
	found, err := record.FindColumns(names, opts.Preset, opts.Columns)
	if err != nil {
		return nil, err
	}
	zone := opts.Zone
	if zone == nil {
		zone = time.UTC
	}
	var positions []int
	var problems []string
	for at := range fields {
		of, ok := found.FieldAt(at)
		if !ok && opts.Also != nil && !fields[at].null && opts.Also(names[at]) {
			if c := fields[at].open(record.FieldDiscount, zone); c != nil {
				positions, f.header, f.columns = append(positions, at), append(f.header, names[at]), append(f.columns, c)
			}
		}
		if !ok {
			continue
		}
		c := fields[at].open(of, zone)
		if c == nil || fields[at].null && !mayBeNull(of) {
			problems = append(problems, fmt.Sprintf("column %.60q (%s) is %.60s, want %s", names[at], of, fields[at].kind, wantedType(of)))
		}
		positions = append(positions, at)
		f.header = append(f.header, names[at])
		f.columns = append(f.columns, c)
	}
	if len(problems) > 0 {
		return nil, &TypeError{problems}
	}
	return positions, nil
}

// mayBeNull reports whether a line can do without a field.
func mayBeNull(of record.Field) bool {
	switch of {
	case record.FieldDescription, record.FieldCustomer, record.FieldCountry, record.FieldStatus, record.FieldCurrency, record.FieldRegion, record.FieldDiscount:
		return true
	}
	return false
}

func wantedType(of record.Field) string {
	switch of {
	case record.FieldTime:
		return "a timestamp, date or text"
	case record.FieldQuantity, record.FieldPrice, record.FieldAmount, record.FieldDiscount:
		return "a number or text"
	}
	return "text or a number"
}

// ReadRow is that of [record.RowReader].
func (f *File) ReadRow(row *record.Row) (err error) {
	defer func() {
		if err != nil && err != io.EOF {
			err = fmt.Errorf("read row %d: %w", f.line+1, f.src.explain(err))
		}
	}()
	defer guard(&err)
	for f.row == f.rows {
		if f.rows, err = f.batches.next(); err != nil {
			return err
		}
		f.row = 0
	}
	f.text = f.text[:0]
	row.Line, row.Cells = f.line+1, row.Cells[:0]
	for _, column := range f.columns {
		var c record.Cell
		from := len(f.text)
		c.Kind, c.Micros, f.text = column.cell(f.row, f.text)
		if len(f.text) > maxText {
			return fmt.Errorf("%w: texts of over %d bytes", ErrDamaged, maxText)
		}
		c.Text = f.text[from:len(f.text):len(f.text)]
		row.Cells = append(row.Cells, c)
	}
	f.row++
	if f.line++; f.line > f.most {
		return fmt.Errorf("%w: more than %d rows are in no file of this size", ErrDamaged, f.most)
	}
	return nil
}

// guard turns a panic into [ErrDamaged].
func guard(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("%w: %w", ErrDamaged, p)
	default:
		*err = fmt.Errorf("%w: %v", ErrDamaged, p)
	}
}

// watched remembers why src failed, so that a failing disk is not taken for a damaged file.
type watched struct {
	io.ReaderAt
	failed atomic.Pointer[error]
}

// ReadAt reads from the source.
func (s *watched) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

// explain returns the source's own error in place of what it led to. What Arrow's readers say is damage.
func (s *watched) explain(err error) error {
	switch failed := s.failed.Load(); {
	case failed != nil:
		return *failed
	case errors.Is(err, record.ErrContent):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// Bounds of memory, in bytes: what a file of this size would not fill even packed well.
const (
	freeMemory  = 64 << 20
	memoryRatio = 64
	maxMemory   = 4 << 30
)

// bounded is an allocator that refuses what a file would not fill.
type bounded struct {
	memory.Allocator
	limit int64
	live  *atomic.Int64 // bytes in use; nil to bound each buffer alone
}

func newBounded(mem memory.Allocator, size int64, live *atomic.Int64) bounded {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	return bounded{mem, min(maxMemory, freeMemory+memoryRatio*size), live}
}

var errTooLarge = errors.New("more memory than the file can fill")

// Allocate is Allocator's; it panics as Arrow's readers do, and guard catches it.
func (b bounded) Allocate(size int) []byte {
	b.take(size, 0)
	return b.Allocator.Allocate(size)
}

// Reallocate is Allocator's; see Allocate.
func (b bounded) Reallocate(size int, old []byte) []byte {
	b.take(size, len(old))
	return b.Allocator.Reallocate(size, old)
}

// Free is Allocator's.
func (b bounded) Free(buf []byte) {
	if b.live != nil {
		b.live.Add(-int64(len(buf)))
	}
	b.Allocator.Free(buf)
}

func (b bounded) take(size, old int) {
	if size < 0 || int64(size) > b.limit {
		panic(errTooLarge)
	}
	if b.live != nil && b.live.Add(int64(size-old)) > b.limit {
		panic(errTooLarge)
	}
}
