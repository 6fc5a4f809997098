package maintain

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
)

// parquetBatch is how many values of a Parquet file are in memory at a time.
const parquetBatch = 8 << 10

// parquetRows returns how many rows of a Parquet file are about customers who are looked for, by its column customer: these files are
// copies of tables on their way to the warehouse.
func parquetRows(src io.ReaderAt, size int64, people *People) (rows int64, err error) {
	defer func() { // Arrow's reader panics at what is damaged
		if p := recover(); p != nil {
			err = fmt.Errorf("read parquet file: %v", p)
		}
	}()
	r, err := file.NewParquetReader(io.NewSectionReader(src, 0, size))
	if err != nil {
		return 0, fmt.Errorf("open parquet file: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	at := r.MetaData().Schema.ColumnIndexByName(customerColumn)
	if at < 0 {
		return 0, nil
	}
	values, defined, repeated := make([]parquet.ByteArray, parquetBatch), make([]int16, parquetBatch), make([]int16, parquetBatch)
	for g := range r.NumRowGroups() {
		column, err := r.RowGroup(g).Column(at)
		if err != nil {
			return 0, fmt.Errorf("row group %d: %w", g, err)
		}
		text, ok := column.(*file.ByteArrayColumnChunkReader)
		if !ok {
			return 0, nil // a number is no id
		}
		for text.HasNext() {
			n, read, err := text.ReadBatch(parquetBatch, values, defined, repeated)
			if err != nil || n == 0 {
				return 0, fmt.Errorf("row group %d: it ends early: %w", g, err)
			}
			for _, v := range values[:read] {
				if people.Has(string(v)) {
					rows++
				}
			}
		}
		if err := text.Err(); err != nil {
			return 0, fmt.Errorf("row group %d: %w", g, err)
		}
	}
	return rows, nil
}
