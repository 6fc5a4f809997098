package table

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/frame"
)

// Writer makes a table file, by rows ([Writer.EndRow]) or by frames ([Writer.WriteFrame]). End it by Close or Abort. It is
// for one goroutine.
type Writer struct {
	schema  frame.Schema
	arrow   *arrow.Schema // of this file, known with its first batch
	opts    Options
	columns []column
	mem     memory.Allocator

	pending int   // rows of the batch that is being filled
	held    held  // batches before it, of a file that is kept whole
	rows    int64 // rows of the batches before
	spool   *spool
	ipc     *ipc.FileWriter
	err     error // the first one; nothing is written after it
}

var errEnded = errors.New("the table writer is closed")

// NewWriter starts a table file. An impossible schema is the error of whatever is called first.
func NewWriter(schema frame.Schema, opts Options) *Writer {
	w := &Writer{schema: schema, opts: opts, mem: opts.Allocator}
	if w.mem == nil {
		w.mem = &recycler{}
	}
	if w.err = check(schema); w.err != nil {
		return w
	}
	w.columns = make([]column, len(schema.Columns))
	for i, s := range schema.Columns {
		w.columns[i] = newColumn(s, slices.Contains(schema.Coded, s.Name))
	}
	w.start()
	return w
}

// Reset starts another file of the same table after Close or Abort; the memory of the columns is used again.
func (w *Writer) Reset() {
	w.Abort()
	if w.err = check(w.schema); w.err == nil {
		w.start()
	}
}

func (w *Writer) start() {
	for _, c := range w.columns {
		c.start()
	}
	w.pending, w.rows, w.ipc = 0, 0, nil
	w.held.close()
	w.held.folder, w.held.limit = w.opts.Scratch, w.opts.memory()
	w.spool = newSpool(w.opts.Scratch, w.opts.memory())
}

// clear empties the batch that is being filled.
func (w *Writer) clear() {
	for _, c := range w.columns {
		c.reset()
	}
	w.pending = 0
}

// Text returns column i, which must be of kind Text, to append values to. Each row takes one value of every column, then
// [Writer.EndRow].
func (w *Writer) Text(i int) *TextColumn { return w.columns[i].(*TextColumn) }

// Int returns column i, of any kind but Text and Float.
func (w *Writer) Int(i int) *IntColumn { return w.columns[i].(*IntColumn) }

// Float returns column i, which must be of kind Float.
func (w *Writer) Float(i int) *FloatColumn { return w.columns[i].(*FloatColumn) }

// EndRow ends a row. It writes a batch when that is full; whether every column has got one value a row is seen then.
func (w *Writer) EndRow() error {
	w.pending++
	switch {
	case w.opts.Whole:
		return w.hold()
	case w.pending < BatchRows:
		return nil
	}
	return w.flush()
}

// EndRows ends n rows of a file that is kept whole, whose columns may then be filled one after the other, or each by its own
// goroutine.
func (w *Writer) EndRows(n int) error {
	if !w.opts.Whole {
		return &SchemaError{Table: w.schema.Name, Problem: "writing many rows at once needs an unlimited file"}
	}
	w.pending += n
	return w.hold()
}

// Grow makes room for n more rows in memory; so much a file kept whole needs, any other at most a batch.
func (w *Writer) Grow(n int) {
	if !w.opts.Whole {
		n = min(n, BatchRows-w.pending)
	}
	for _, c := range w.columns {
		c.grow(n)
	}
}

// Rows returns the number of rows so far.
func (w *Writer) Rows() int64 { return w.rows + int64(w.pending) }

// WriteFrame writes all rows of a frame, whose columns must be those of the schema in order, by name and kind.
func (w *Writer) WriteFrame(f *frame.Frame) error {
	if w.err == nil {
		w.err = w.fits(f)
	}
	for at, n := 0, f.Rows(); at < n && w.err == nil; {
		part := n - at
		if !w.opts.Whole {
			part = min(part, BatchRows-w.pending)
		}
		for i := range f.Columns {
			w.appendColumn(i, &f.Columns[i], at, at+part)
		}
		at += part
		if w.pending += part; w.opts.Whole {
			w.err = w.hold()
		} else if w.pending == BatchRows {
			w.flush()
		}
	}
	return w.err
}

// fits returns an error unless the frame's columns are the schema's.
func (w *Writer) fits(f *frame.Frame) error {
	if err := f.Check(); err != nil {
		return &SchemaError{Table: w.schema.Name, Problem: err.Error()}
	}
	if len(f.Columns) != len(w.columns) {
		return &SchemaError{Table: w.schema.Name, Problem: fmt.Sprintf("%d columns, want %d", len(f.Columns), len(w.columns))}
	}
	for i, want := range w.schema.Columns {
		if got := f.Columns[i].Spec; got.Name != want.Name || got.Kind != want.Kind {
			return &SchemaError{Table: w.schema.Name,
				Problem: fmt.Sprintf("column %d is %s (%s), want %s (%s)", i, got.Name, got.Kind, want.Name, want.Kind)}
		}
	}
	return nil
}

// appendColumn adds rows [from, to) of a frame's column to column i.
func (w *Writer) appendColumn(i int, c *frame.Column, from, to int) {
	switch dst := w.columns[i].(type) {
	case *TextColumn:
		for _, v := range c.Strings[from:to] {
			dst.Append(v)
		}
	case *IntColumn:
		if !dst.now {
			dst.ints = append(dst.ints, c.Ints[from:to]...)
			return
		}
		for _, v := range c.Ints[from:to] {
			dst.Append(v)
		}
	case *FloatColumn:
		dst.floats = append(dst.floats, c.Floats[from:to]...)
	}
}

// flush writes the batch that is being filled; of a file that is kept whole, all of them.
func (w *Writer) flush() error {
	if w.err == nil && len(w.held.batches) > 0 {
		w.err = w.writeHeld()
	}
	if w.err == nil && (w.pending > 0 || w.hasValues()) {
		w.err = w.writeBatch()
	}
	if w.err == nil {
		w.rows += int64(w.pending)
	}
	w.clear()
	return w.err
}

func (w *Writer) writeBatch() error {
	if w.pending == BatchRows && !w.opts.Whole {
		// The values of the batches behind this one are not known, and a file has its dictionaries first.
		for _, c := range w.columns {
			c.plain()
		}
	}
	arrays := make([]arrow.Array, 0, len(w.columns))
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	for i, c := range w.columns {
		if c.len() != w.pending {
			return &SchemaError{Table: w.schema.Name,
				Problem: fmt.Sprintf("column %s has %d values for %d rows", w.schema.Columns[i].Name, c.len(), w.pending)}
		}
		a, err := c.array()
		if err != nil {
			return fmt.Errorf("table %s: batch from row %d: %w", w.schema.Name, w.rows, err)
		}
		arrays = append(arrays, a)
	}
	if err := w.open(arrays); err != nil {
		return err
	}
	w.spool.expect(arrays)
	rec := array.NewRecord(w.arrow, arrays, int64(w.pending))
	defer rec.Release()
	if w.pending <= BatchRows {
		return w.ipc.Write(rec)
	}
	for at := int64(0); at < rec.NumRows(); at += BatchRows {
		part := rec.NewSlice(at, min(at+BatchRows, rec.NumRows()))
		err := w.ipc.Write(part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// open makes Arrow's writer with the first batch; without arrays there is none.
func (w *Writer) open(arrays []arrow.Array) (err error) {
	if w.ipc != nil {
		return nil
	}
	if arrays == nil {
		w.arrow = Arrow(w.schema)
	} else {
		types := make([]arrow.DataType, len(arrays))
		for i, a := range arrays {
			types[i] = a.DataType()
		}
		w.arrow = arrowSchema(w.schema, types)
	}
	opts := []ipc.Option{ipc.WithSchema(w.arrow), ipc.WithAllocator(w.mem)}
	if w.opts.Compression == LZ4 {
		opts = append(opts, ipc.WithLZ4())
	}
	w.ipc, err = ipc.NewFileWriter(w.spool, opts...)
	return err
}

// Close writes what is left and returns the finished file, which outlives the writer. A table without rows is a file
// without batches.
func (w *Writer) Close() (*File, error) {
	if w.err == nil && (w.pending > 0 || w.hasValues()) {
		w.flush()
	}
	if w.err == nil {
		w.err = w.open(nil)
	}
	if w.err == nil {
		w.err = w.ipc.Close()
	}
	if w.err != nil {
		err := w.err
		w.Abort()
		return nil, err
	}
	f, err := w.spool.finish()
	if err != nil {
		w.Abort()
		return nil, err
	}
	f.Table, f.Version, f.Rows = w.schema.Name, w.schema.Version, w.rows
	w.spool, w.err = nil, errEnded
	return f, nil
}

// hasValues reports whether a value was appended; flush finds the row that was not ended.
func (w *Writer) hasValues() bool {
	for _, c := range w.columns {
		if c.len() > 0 {
			return true
		}
	}
	return false
}

// Abort ends the writer and frees what it holds. After Close it does nothing.
func (w *Writer) Abort() {
	if w.spool != nil {
		w.spool.discard()
		w.spool = nil
	}
	w.held.close()
	if w.err == nil {
		w.err = errEnded
	}
}
