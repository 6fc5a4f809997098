package columnar

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// OpenArrow opens the first size bytes of src, an Arrow IPC file (which is feather version 2). It returns as [OpenParquet]
// does. A batch of the file is in memory at a time, as large as whoever wrote it made it.
func OpenArrow(src io.ReaderAt, size int64, opts Options) (*File, error) {
	f := &File{src: &watched{ReaderAt: src}, most: rowsOf(size)}
	if err := f.openArrow(size, opts); err != nil {
		return nil, fmt.Errorf("open Arrow file: %w", f.src.explain(err))
	}
	return f, nil
}

func (f *File) openArrow(size int64, opts Options) (err error) {
	defer guard(&err)
	if err := checkArrowFooter(f.src, size); err != nil {
		return err
	}
	r, err := ipc.NewFileReader(io.NewSectionReader(f.src, 0, size), ipc.WithAllocator(newBounded(opts.Allocator, size, new(atomic.Int64))))
	if err != nil {
		return err
	}
	fields := make([]field, r.Schema().NumFields())
	for i, of := range r.Schema().Fields() {
		fields[i] = arrowField(of)
	}
	a := &arrowBatches{reader: r}
	if a.fields, err = f.prepare(fields, opts); err != nil {
		return err
	}
	for _, c := range f.columns {
		a.columns = append(a.columns, c.(*arrowColumn))
	}
	f.batches = a
	return nil
}

// arrowBatches reads a file batch by batch.
type arrowBatches struct {
	reader  *ipc.FileReader
	fields  []int // positions of the wanted columns
	batch   int   // next
	record  arrow.Record
	columns []*arrowColumn
}

func (a *arrowBatches) next() (int, error) {
	a.release()
	if a.batch == a.reader.NumRecords() {
		return 0, io.EOF
	}
	var err error
	if a.record, err = a.reader.RecordAt(a.batch); err != nil {
		return 0, err
	}
	a.batch++
	rows := a.record.NumRows()
	for i, at := range a.fields {
		values := a.record.Column(at)
		if int64(values.Len()) != rows {
			return 0, fmt.Errorf("%w: batch %d has %d rows in column %d, not %d", ErrDamaged, a.batch-1, values.Len(), at, rows)
		}
		a.columns[i].values = values
	}
	return int(rows), nil
}

func (a *arrowBatches) release() {
	if a.record != nil {
		a.record.Release()
		a.record = nil
	}
}

func (a *arrowBatches) close() {
	a.release()
	_ = a.reader.Close() // it frees memory, and never fails
}
