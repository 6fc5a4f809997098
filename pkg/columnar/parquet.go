package columnar

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/apache/arrow/go/v15/parquet/schema"
)

// batchRows is how many rows of a parquet file are in memory at a time.
const batchRows = 64 << 10

// OpenParquet opens the first size bytes of src. It returns a *[retail.HeaderError] if a field has no column or two, a
// *[TypeError], [ErrDamaged], or the error of src.
func OpenParquet(src io.ReaderAt, size int64, opts Options) (*File, error) {
	f := &File{src: &watched{ReaderAt: src}}
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
	mem := newBounded(opts.Allocator, size)
	props := parquet.NewReaderProperties(mem)
	props.BufferedStreamEnabled = true // pages as they are needed, not whole columns
	props.BufferSize = 256 << 10
	raw, err := file.NewParquetReader(io.NewSectionReader(f.src, 0, size), file.WithReadProps(props))
	if err != nil {
		return err
	}
	// A schema of Arrow's own that the file may carry would be believed in all its lengths, and says nothing that matters here.
	raw.MetaData().FileMetaData.KeyValueMetadata = nil
	reader, err := pqarrow.NewFileReader(raw, pqarrow.ArrowReadProperties{BatchSize: batchRows}, mem)
	if err != nil {
		return err
	}
	arrowSchema, err := reader.Schema()
	if err != nil {
		return err
	}
	fields := slices.Clone(arrowSchema.Fields())
	for i := range fields {
		if at := reader.Manifest.Fields[i].ColIndex; fields[i].Type.ID() == arrow.TIMESTAMP && at >= 0 {
			fields[i].Type = timestampOf(fields[i].Type.(*arrow.TimestampType), raw.MetaData().Schema.Column(at))
		}
	}
	positions, err := f.prepare(fields, opts)
	if err != nil {
		return err
	}
	p := &parquetBatches{src: f.src, size: size, raw: raw, reader: reader, fields: positions}
	for _, at := range positions {
		leaf := reader.Manifest.Fields[at]
		if !leaf.IsLeaf() {
			return fmt.Errorf("%w: column %d is nested", ErrDamaged, at)
		}
		p.leaves = append(p.leaves, leaf.ColIndex)
	}
	p.columns = make([]arrow.Array, len(positions))
	f.batches = p
	return nil
}

// timestampOf returns the type of a column's timestamps with a zone only if they are instants. Arrow's reader (v15) says
// UTC of all but the oldest, whatever the file says. Those of 96 bits have no zone.
func timestampOf(t *arrow.TimestampType, column *schema.Column) *arrow.TimestampType {
	zone := ""
	if l, ok := column.LogicalType().(*schema.TimestampLogicalType); ok && l.IsAdjustedToUTC() && !l.IsFromConvertedType() {
		zone = "UTC"
	}
	return &arrow.TimestampType{Unit: t.Unit, TimeZone: zone}
}

// parquetBatches reads a file row group by row group. Arrow's own reader of records goes on with the next row group where a
// page is damaged, column by column, and so would mix rows; here every column must have all rows of its row group.
type parquetBatches struct {
	src    *watched
	size   int64
	raw    *file.Reader
	reader *pqarrow.FileReader
	fields []int // positions of the wanted columns in the schema
	leaves []int // and in the row groups

	group   int   // next
	left    int64 // rows of the row group that are not read yet
	readers []*pqarrow.ColumnReader
	columns []arrow.Array
}

func (p *parquetBatches) next() ([]arrow.Array, int, error) {
	p.release()
	for p.left == 0 {
		p.closeGroup()
		if p.group == p.raw.NumRowGroups() {
			return nil, 0, io.EOF
		}
		if err := p.openGroup(); err != nil {
			return nil, 0, err
		}
		p.group++
	}
	rows := min(p.left, batchRows)
	for i, r := range p.readers {
		chunked, err := r.NextBatch(rows)
		if err != nil {
			return nil, 0, err
		}
		p.columns[i], err = single(chunked)
		chunked.Release()
		if err != nil {
			return nil, 0, err
		}
		if int64(p.columns[i].Len()) != rows {
			return nil, 0, fmt.Errorf("%w: row group %d ends early in column %d", ErrDamaged, p.group-1, p.fields[i])
		}
	}
	p.left -= rows
	return p.columns, int(rows), nil
}

// single makes one array of the chunks of a column.
func single(c *arrow.Chunked) (arrow.Array, error) {
	chunks := c.Chunks()
	switch len(chunks) {
	case 0:
		return array.MakeArrayOfNull(nil, c.DataType(), 0), nil
	case 1:
		chunks[0].Retain()
		return chunks[0], nil
	}
	return array.Concatenate(chunks, nil)
}

// openGroup makes the readers of the next row group's columns, after a look at the pages.
func (p *parquetBatches) openGroup() error {
	rows := p.raw.MetaData().RowGroups[p.group].NumRows
	for i, at := range p.fields {
		if err := p.checkColumn(p.group, p.leaves[i], rows); err != nil {
			return fmt.Errorf("row group %d, column %d: %w", p.group, at, err)
		}
		r, err := p.reader.GetFieldReader(context.Background(), at, map[int]bool{p.leaves[i]: true}, []int{p.group})
		if err != nil {
			return err
		}
		p.readers = append(p.readers, r)
	}
	p.left = rows
	return nil
}

// checkColumn looks at the pages of a column of a row group.
func (p *parquetBatches) checkColumn(group, leaf int, rows int64) error {
	meta, err := p.raw.MetaData().RowGroup(group).ColumnChunk(leaf)
	if err != nil {
		return err
	}
	if meta.FilePath() != "" || meta.CryptoMetadata() != nil {
		return fmt.Errorf("%w: the column is encrypted or in another file", ErrDamaged)
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

func (p *parquetBatches) release() {
	for i, c := range p.columns {
		if c != nil {
			c.Release()
			p.columns[i] = nil
		}
	}
}

func (p *parquetBatches) closeGroup() {
	for _, r := range p.readers {
		r.Release()
	}
	p.readers = p.readers[:0]
}

func (p *parquetBatches) close() {
	p.release()
	p.closeGroup()
}
