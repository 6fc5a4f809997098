package warehouse

import (
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// columnNode returns the Parquet column of a spec. A decimal is a 64-bit number of its last decimal, a time microseconds
// without a zone: BigQuery loads these as NUMERIC and DATETIME, exactly.
func columnNode(s frame.Spec) (schema.Node, error) {
	repetition := parquet.Repetitions.Required
	if s.Nullable {
		repetition = parquet.Repetitions.Optional
	}
	var logical schema.LogicalType = schema.NoLogicalType{}
	physical := parquet.Types.Int64
	switch {
	case s.Kind == frame.Text:
		logical, physical = schema.StringLogicalType{}, parquet.Types.ByteArray
	case s.Kind == frame.Float:
		physical = parquet.Types.Double
	case s.Kind == frame.Time:
		logical = schema.NewTimestampLogicalType(false, schema.TimeUnitMicros)
	case s.Kind.Decimals() >= 0:
		logical = schema.NewDecimalLogicalType(18, int32(s.Kind.Decimals()))
	}
	return schema.NewPrimitiveNodeLogical(s.Name, repetition, logical, physical, -1, -1)
}

// writeParquet writes the rows of a table file, batch by batch, and returns their number and the sum of their money columns
// in ten-thousandths. It holds one batch at a time.
func writeParquet(w io.Writer, r *table.Reader, s frame.Schema) (rows int64, sum total, err error) {
	nodes := make(schema.FieldList, len(s.Columns))
	for i, c := range s.Columns {
		if nodes[i], err = columnNode(c); err != nil {
			return 0, total{}, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	root, err := schema.NewGroupNode(s.Name, parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return 0, total{}, err
	}
	out := file.NewParquetWriter(struct{ io.Writer }{w}, root, // which would close a file
		file.WithWriterProps(parquet.NewWriterProperties(
			parquet.WithCompression(compress.Codecs.Snappy), parquet.WithDictionaryDefault(true), parquet.WithStats(false))))
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			return 0, total{}, err
		}
		rows += int64(rec.Rows())
		err = writeBatch(out.AppendRowGroup(), rec, s, &sum)
		rec.Release()
		if err != nil {
			return 0, total{}, err
		}
	}
	return rows, sum, out.Close()
}

func writeBatch(group file.SerialRowGroupWriter, rec *table.Record, s frame.Schema, sum *total) error {
	for i, c := range s.Columns {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		var levels []int16
		null := func(row, rows int) {
			if levels == nil {
				levels = make([]int16, rows)
				for k := range levels {
					levels[k] = 1
				}
			}
			levels[row] = 0
		}
		switch w := chunk.(type) {
		case *file.ByteArrayColumnChunkWriter:
			text := rec.Text(i)
			values := make([]parquet.ByteArray, 0, text.Len())
			for k := range text.Len() {
				if v := text.Bytes(k); c.Nullable && len(v) == 0 {
					null(k, text.Len())
				} else {
					values = append(values, v)
				}
			}
			_, err = w.WriteBatch(values, defined(c, levels, text.Len()), nil)
		case *file.Float64ColumnChunkWriter:
			floats := rec.Floats(i)
			values := make([]float64, 0, len(floats))
			for k, v := range floats {
				if c.Nullable && math.IsNaN(v) {
					null(k, len(floats))
				} else {
					values = append(values, v)
				}
			}
			_, err = w.WriteBatch(values, defined(c, levels, len(floats)), nil)
		case *file.Int64ColumnChunkWriter:
			ints := rec.Ints(nil, i)
			values := ints[:0:0]
			for k, v := range ints {
				if c.Nullable && v == frame.NullInt {
					null(k, len(ints))
					continue
				}
				values = append(values, v)
				if c.Kind == frame.Money {
					sum.add(v)
				}
			}
			_, err = w.WriteBatch(values, defined(c, levels, len(ints)), nil)
		default:
			err = fmt.Errorf("no writer for %T", chunk)
		}
		if err == nil {
			err = chunk.Close()
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return group.Close()
}

// defined returns the definition levels of a column: none where it cannot be null, all 1 where no value of the batch is null.
func defined(s frame.Spec, levels []int16, rows int) []int16 {
	if !s.Nullable || levels != nil {
		return levels
	}
	levels = make([]int16, rows)
	for i := range levels {
		levels[i] = 1
	}
	return levels
}
