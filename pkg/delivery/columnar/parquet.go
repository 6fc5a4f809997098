package columnar

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
)

// batchRows is how many rows of a parquet file are in memory at a time.
const batchRows = 8 << 10

// OpenParquet opens the first size bytes of src. It returns a *[record.HeaderError] if a field has no column or two, a
// *[TypeError], [ErrDamaged], or the error of src.
func OpenParquet(src io.ReaderAt, size int64, opts Options) (*File, error) {
	f := &File{src: &watched{ReaderAt: src}, most: rowsOf(size)}
	if err := f.openParquet(size, opts); err != nil {
		return nil, fmt.Errorf("open parquet file: %w", f.src.explain(err))
	}
	return f, nil
}

func (f *File) openParquet(size int64, opts Options) (err error) {
	defer guard(&err)
	if err := checkParquetFooter(f.src, size); err != nil {
		return err
	}
	props := parquet.NewReaderProperties(newBounded(opts.Allocator, size, nil))
	props.BufferedStreamEnabled = true // pages as they are needed, not whole columns
	props.BufferSize = 64 << 10
	r, err := file.NewParquetReader(io.NewSectionReader(f.src, 0, size), file.WithReadProps(props))
	if err != nil {
		return err
	}
	columns := r.MetaData().Schema
	fields := make([]field, columns.NumColumns())
	for i := range fields {
		fields[i] = parquetField(columns.Column(i))
	}
	p := &parquetBatches{src: f.src, size: size, file: r}
	if p.fields, err = f.prepare(fields, opts); err != nil {
		return err
	}
	for _, c := range f.columns {
		p.columns = append(p.columns, c.(parquetColumn))
	}
	f.batches = p
	return nil
}

// parquetBatches reads a file row group by row group with Arrow's reader of columns.
//
// Arrow v15: its reader of records (pqarrow) continues with the next row group where a page is damaged, column by column, which
// would mix rows, and calls every timestamp UTC. v18 keeps what the file says of its timestamps. Both bring 20 MB of kernels.
type parquetBatches struct {
	src     *watched
	size    int64
	file    *file.Reader
	fields  []int // positions of the wanted columns
	columns []parquetColumn
	readers []file.ColumnChunkReader // of the row group
	group   int                      // next
	left    int64                    // rows of the row group that are not read yet
}

func (p *parquetBatches) next() (int, error) {
	for p.left == 0 {
		if p.group == p.file.NumRowGroups() {
			return 0, io.EOF
		}
		if err := p.openGroup(); err != nil {
			return 0, fmt.Errorf("row group %d: %w", p.group, err)
		}
		p.group++
	}
	rows := min(p.left, batchRows)
	for i, c := range p.columns {
		if err := c.load(p.readers[i], int(rows)); err != nil {
			return 0, fmt.Errorf("row group %d: column %d: %w", p.group-1, p.fields[i], err)
		}
	}
	p.left -= rows
	return int(rows), nil
}

// openGroup makes the readers of the next row group's columns, after a look at the pages.
func (p *parquetBatches) openGroup() error {
	p.readers = p.readers[:0]
	group, meta := p.file.RowGroup(p.group), p.file.MetaData().RowGroups[p.group]
	for _, at := range p.fields {
		if err := p.checkColumn(at, meta.NumRows); err != nil {
			return fmt.Errorf("column %d: %w", at, err)
		}
		r, err := group.Column(at)
		if err != nil {
			return err
		}
		p.readers = append(p.readers, r)
	}
	p.left = meta.NumRows
	return nil
}

// checkColumn looks at the pages of a column of the next row group.
func (p *parquetBatches) checkColumn(at int, rows int64) error {
	meta, err := p.file.MetaData().RowGroup(p.group).ColumnChunk(at)
	if err != nil {
		return err
	}
	if meta.FilePath() != "" || meta.CryptoMetadata() != nil {
		return fmt.Errorf("%w: it is encrypted or in another file", ErrDamaged)
	}
	from := meta.DataPageOffset()
	if d := meta.DictionaryPageOffset(); meta.HasDictionaryPage() && d > 0 && d < from {
		from = d
	}
	length := meta.TotalCompressedSize()
	if rows < 0 || meta.NumValues() != rows || from < 0 || length < 0 || from > p.size || length > p.size-from {
		return fmt.Errorf("%w: %d values of %d rows in %d bytes at %d", ErrDamaged, meta.NumValues(), rows, length, from)
	}
	return checkPages(io.NewSectionReader(p.src, from, length), meta.Compression(), rows)
}

func (p *parquetBatches) close() { p.readers = nil }
