package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/frame"
)

// Reader reads a table file. Record may be called by many goroutines at once. Close it when every record is released.
type Reader struct {
	mem     *scope
	schema  frame.Schema
	version int // of the file
	src     *source
	ipc     *ipc.FileReader
	from    []int // position in the file of each of the schema's columns, -1 for one that it does not have
	// What the values of each column are multiplied by: more than 1 where the version before kept fewer decimals.
	factor []int64

	checking sync.Mutex
	dicts    []*dictionary // of each column, from its first batch on
}

// Open opens the first size bytes of src as a table of that schema, of its version or the one before. It returns a
// [VersionError] for another version, a [SchemaError] for another table or other columns, [ErrDamaged] for what is no whole
// Arrow file, and the error of src. The name alone says which column is which where the file is of the version before.
func Open(src io.ReaderAt, size int64, schema frame.Schema, opts Options) (*Reader, error) {
	if err := check(schema); err != nil {
		return nil, err
	}
	r := &Reader{schema: schema, src: &source{ReaderAt: src}}
	if err := r.open(size, opts); err != nil {
		if r.mem != nil {
			r.mem.end()
		}
		return nil, r.src.explain(err)
	}
	return r, nil
}

// OpenAny opens the first size bytes of src as a table of whatever schema the file says of itself. The errors are those of [Open].
func OpenAny(src io.ReaderAt, size int64, opts Options) (*Reader, error) {
	r := &Reader{src: &source{ReaderAt: src}}
	if err := r.openAny(size, opts); err != nil {
		if r.mem != nil {
			r.mem.end()
		}
		return nil, r.src.explain(err)
	}
	return r, nil
}

func (r *Reader) openAny(size int64, opts Options) (err error) {
	defer guard(&err)
	if err := r.openFile(size, opts); err != nil {
		return err
	}
	meta := r.ipc.Schema().Metadata()
	i, k := meta.FindKey(keyTable), meta.FindKey(keyVersion)
	if i < 0 || k < 0 {
		return &SchemaError{Problem: "the file has no table name and version in its metadata"}
	}
	r.schema.Name = meta.Values()[i]
	if r.schema.Version, err = strconv.Atoi(meta.Values()[k]); err != nil {
		return &SchemaError{Table: r.schema.Name, Problem: fmt.Sprintf("the file's version %q is no number", meta.Values()[k])}
	}
	r.version = r.schema.Version
	r.schema = r.Stored()
	if err := check(r.schema); err != nil {
		return err
	}
	return r.checkColumns()
}

// Schema returns the schema that the table was opened with.
func (r *Reader) Schema() frame.Schema { return r.schema }

func (r *Reader) openFile(size int64, opts Options) (err error) {
	if err := checkFooter(r.src, size); err != nil {
		return err
	}
	r.mem = &scope{under: opts.Allocator, limit: 1<<20 + 256*size}
	if opts.Allocator == nil {
		r.mem.under = recyclers.Get().(*recycler)
	}
	if r.ipc, err = ipc.NewFileReader(io.NewSectionReader(r.src, 0, size), ipc.WithAllocator(r.mem)); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func (r *Reader) open(size int64, opts Options) (err error) {
	defer guard(&err)
	if err := r.openFile(size, opts); err != nil {
		return err
	}
	if err := r.checkVersion(); err != nil {
		return err
	}
	return r.checkColumns()
}

// checkVersion reads name and version before anything else: a file of a later version may hold what this program does not
// understand.
func (r *Reader) checkVersion() error {
	meta := r.ipc.Schema().Metadata()
	value := func(key string) string {
		if i := meta.FindKey(key); i >= 0 {
			return meta.Values()[i]
		}
		return ""
	}
	name, version := value(keyTable), value(keyVersion)
	if name == "" {
		return &SchemaError{Table: r.schema.Name, Problem: "the file has no table name in its metadata"}
	}
	if name != r.schema.Name {
		return &SchemaError{Table: r.schema.Name, Problem: fmt.Sprintf("the file is table %q", name)}
	}
	var err error
	if r.version, err = strconv.Atoi(version); err != nil || r.version < 1 {
		return &SchemaError{Table: r.schema.Name, Problem: fmt.Sprintf("the file's version %q is not a number of 1 or more", version)}
	}
	if r.version > r.schema.Version || r.version < r.schema.Version-1 {
		return &VersionError{Table: r.schema.Name, Found: r.version, Known: r.schema.Version}
	}
	return nil
}

// checkColumns finds each of the schema's columns in the file. A file of this version has exactly these, in order.
func (r *Reader) checkColumns() error {
	bad := func(problem string, a ...any) error {
		return &SchemaError{Table: r.schema.Name, Problem: fmt.Sprintf(problem, a...)}
	}
	fields := r.ipc.Schema().Fields()
	same := r.version == r.schema.Version
	if same && len(fields) != len(r.schema.Columns) {
		return bad("%d columns, want %d", len(fields), len(r.schema.Columns))
	}
	r.from, r.factor = make([]int, len(r.schema.Columns)), make([]int64, len(r.schema.Columns))
	r.dicts = make([]*dictionary, len(r.schema.Columns))
	for i, want := range r.schema.Columns {
		r.from[i], r.factor[i] = -1, 1
		for k, f := range fields {
			if f.Name == want.Name && (!same || k == i) {
				r.from[i] = k
				break
			}
		}
		switch {
		case r.from[i] < 0 && (same || !want.Nullable):
			return bad("version %d has no column %s where it is expected", r.version, want.Name)
		case r.from[i] < 0:
		default:
			if r.factor[i] = r.takes(want, fields[r.from[i]].Type); r.factor[i] == 0 {
				return bad("column %s is %s, want %s", want.Name, fields[r.from[i]].Type, arrowType(want.Kind))
			}
		}
	}
	return nil
}

// takes returns what the values of a column that is kept as that type are multiplied by, 0 if it may not be. What is a decimal
// now may have been a whole number, or have had fewer decimals, in the version before.
func (r *Reader) takes(want frame.Spec, typ arrow.DataType) int64 {
	if d, ok := typ.(*arrow.DictionaryType); ok && slices.Contains(r.schema.Coded, want.Name) {
		switch d.IndexType.ID() {
		case arrow.INT8, arrow.INT16, arrow.INT32:
			typ = d.ValueType
		}
	}
	if arrow.TypeEqual(typ, arrowType(want.Kind)) {
		return 1
	}
	decimals := want.Kind.Decimals()
	if decimals < 0 || r.version == r.schema.Version {
		return 0
	}
	if d, ok := typ.(*arrow.Decimal128Type); ok && d.Precision == 18 && d.Scale >= 0 {
		decimals -= int(d.Scale)
	} else if typ.ID() != arrow.INT64 {
		return 0
	}
	if decimals < 0 {
		return 0
	}
	factor := int64(1)
	for range decimals {
		factor *= 10
	}
	return factor
}

// Version returns the version of the file: the schema's or the one before.
func (r *Reader) Version() int { return r.version }

// Stored returns the schema of the file itself: the columns that it has, in its own kinds. Opened with it, a file of the version
// before is as that version wrote it, so that a hash of then can be checked.
func (r *Reader) Stored() frame.Schema {
	s := frame.Schema{Name: r.schema.Name, Version: r.version}
	for _, f := range r.ipc.Schema().Fields() {
		typ := f.Type
		if d, ok := typ.(*arrow.DictionaryType); ok {
			typ = d.ValueType
			s.Coded = append(s.Coded, f.Name)
		}
		spec := frame.Spec{Name: f.Name, Nullable: f.Nullable}
		for _, kind := range frame.Kinds {
			if arrow.TypeEqual(typ, arrowType(kind)) {
				spec.Kind = kind
			}
		}
		s.Columns = append(s.Columns, spec)
	}
	return s
}

// NumRecords returns the number of batches.
func (r *Reader) NumRecords() int { return r.ipc.NumRecords() }

// Record returns batch i, from 0. Release it. Its columns are those of the schema, in order.
func (r *Reader) Record(i int) (*Record, error) {
	if i < 0 || i >= r.NumRecords() {
		return nil, fmt.Errorf("read table %s: no batch %d of %d", r.schema.Name, i, r.NumRecords())
	}
	rec, err := r.record(i)
	if err != nil {
		return nil, fmt.Errorf("read table %s: batch %d: %w", r.schema.Name, i, r.src.explain(err))
	}
	return rec, nil
}

func (r *Reader) record(i int) (rec *Record, err error) {
	defer guard(&err)
	raw, err := r.ipc.RecordAt(i)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if rec, err = newRecord(r, raw); err != nil {
		raw.Release()
		return nil, err
	}
	return rec, nil
}

// Frame returns all rows.
func (r *Reader) Frame() (*frame.Frame, error) {
	f := frame.New(r.schema.Columns, 0)
	return f, r.Append(f)
}

// Append adds all rows to a frame, whose columns are some of the schema's, in its order.
func (r *Reader) Append(f *frame.Frame) error {
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			return err
		}
		rec.appendTo(f)
		rec.Release()
	}
	return nil
}

// Each calls visit with the rows of every batch, in order. visit must not keep them.
func (r *Reader) Each(visit func(*frame.Frame) error) error {
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			return err
		}
		f := frame.New(r.schema.Columns, 0)
		rec.appendTo(f)
		rec.Release()
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// Close frees what the reader holds, but not src.
func (r *Reader) Close() error {
	err := r.ipc.Close()
	if r.mem.under != nil {
		r.mem.end()
	}
	return err
}

// guard turns a panic into [ErrDamaged]. Arrow's reader and the flatbuffers below it believe every position in a file, and panic
// where one is wrong.
//
// Arrow v15: its file reader recovers from no panic. v18 does for batches, and not yet for a schema.
func guard(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("%w: %w", ErrDamaged, p)
	default:
		*err = fmt.Errorf("%w: %v", ErrDamaged, p)
	}
}

// source remembers why src failed, so that a failing disk is not taken for a damaged file.
type source struct {
	io.ReaderAt
	failed atomic.Pointer[error]
}

// ReadAt reads from the source.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

// explain returns the source's own error in place of what it led to.
func (s *source) explain(err error) error {
	if failed := s.failed.Load(); failed != nil {
		return *failed
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	return err
}

// scope is the allocator of one reader. It refuses buffers that a file of this size cannot fill: LZ4 makes content at most
// 255 times smaller.
//
// Arrow v15: and it frees what the reader does not, the messages of dictionaries. v18 frees them; then live, forget and end go.
type scope struct {
	under memory.Allocator
	limit int64
	mu    sync.Mutex
	live  [][]byte
}

var errTooLarge = errors.New("a buffer larger than the file can hold")

// Allocate is Allocator's; it panics as Arrow's reader does, and guard catches it.
func (s *scope) Allocate(size int) []byte {
	s.check(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.under.Allocate(size)
	s.live = append(s.live, b)
	return b
}

// Reallocate is Allocator's; see Allocate.
func (s *scope) Reallocate(size int, old []byte) []byte {
	s.check(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(old)
	b := s.under.Reallocate(size, old)
	s.live = append(s.live, b)
	return b
}

// Free is Allocator's.
func (s *scope) Free(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forget(b) {
		s.under.Free(b)
	}
}

func (s *scope) forget(b []byte) bool {
	for i := len(s.live) - 1; i >= 0; i-- { // mostly it is a young one
		if unsafe.SliceData(s.live[i]) == unsafe.SliceData(b) {
			last := len(s.live) - 1
			s.live[i], s.live[last] = s.live[last], nil
			s.live = s.live[:last]
			return true
		}
	}
	return false
}

// end frees what is left.
func (s *scope) end() {
	for _, b := range s.live {
		s.under.Free(b)
	}
	s.live = nil
	if r, ok := s.under.(*recycler); ok {
		recyclers.Put(r)
	}
	s.under = nil
}

func (s *scope) check(size int) {
	if size < 0 || int64(size) > s.limit {
		panic(errTooLarge)
	}
}
