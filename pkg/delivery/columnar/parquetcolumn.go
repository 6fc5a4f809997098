package columnar

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"time"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// parquetColumn is a column of the row group that is being read.
type parquetColumn interface {
	column
	// load reads the next rows of the row group.
	load(r file.ColumnChunkReader, rows int) error
}

// typedColumn is a column of a physical type. Parquet keeps the values that are there, and for each row a level that says
// whether it has one.
type typedColumn[T any] struct {
	make    cellOf[T]
	defined int16 // level of a row that has a value; 0 if every row has
	levels  []int16
	values  []T
	next    int // of values
}

func newTyped[T any](c *schema.Column, cell cellOf[T]) column {
	return &typedColumn[T]{make: cell, defined: c.MaxDefinitionLevel()}
}

func (c *typedColumn[T]) load(r file.ColumnChunkReader, rows int) error {
	if cap(c.values) < rows {
		c.values, c.levels = make([]T, rows), make([]int16, rows)
	}
	c.values, c.levels, c.next = c.values[:rows], c.levels[:rows], 0
	typed := r.(interface {
		ReadBatch(n int64, values []T, defined, repeated []int16) (int64, int, error)
	})
	read := 0
	for at := 0; at < rows; {
		levels := c.levels[at:]
		if c.defined == 0 {
			levels = nil
		}
		n, values, err := typed.ReadBatch(int64(rows-at), c.values[read:], levels, nil)
		if err != nil {
			return err
		}
		if n <= 0 || n > int64(rows-at) {
			return fmt.Errorf("%w: it ends early", ErrDamaged)
		}
		want := int(n)
		if c.defined > 0 {
			want = 0
			for _, l := range c.levels[at : at+int(n)] {
				if l == c.defined {
					want++
				}
			}
		}
		if values != want {
			return fmt.Errorf("%w: %d values for %d rows", ErrDamaged, values, want)
		}
		at, read = at+int(n), read+values
	}
	return nil
}

func (c *typedColumn[T]) cell(i int, dst []byte) (record.CellKind, int64, []byte) {
	if c.defined > 0 && c.levels[i] != c.defined {
		return record.NoCell, 0, dst
	}
	v := c.values[c.next]
	c.next++
	return c.make(v, dst)
}

// parquetField describes a column. A column of a struct is named by its path; one of a list has no value for a row.
func parquetField(c *schema.Column) field {
	_, null := c.LogicalType().(schema.NullLogicalType)
	return field{name: c.Path(), kind: c.PhysicalType().String() + logicalName(c), null: null, open: func(of record.Field, zone *time.Location) column {
		switch {
		case c.MaxRepetitionLevel() > 0:
			return nil
		case of == record.FieldTime:
			return parquetTimes(c, zone)
		}
		if t := parquetTexts(c); t != nil {
			return t
		}
		return parquetNumbers(c)
	}}
}

func logicalName(c *schema.Column) string {
	if l := c.LogicalType(); l != nil && l.IsValid() && !l.IsNone() {
		return " " + l.String()
	}
	return ""
}

func parquetTexts(c *schema.Column) column {
	if c.PhysicalType() != parquet.Types.ByteArray {
		return nil
	}
	switch c.LogicalType().(type) {
	case schema.NoLogicalType, schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		return newTyped(c, textCell[parquet.ByteArray])
	}
	return nil
}

func parquetNumbers(c *schema.Column) column {
	logical := c.LogicalType()
	if _, null := logical.(schema.NullLogicalType); null {
		return parquetNulls(c)
	}
	if d, ok := logical.(*schema.DecimalLogicalType); ok {
		return parquetDecimals(c, int(d.Scale()))
	}
	signed := true
	switch l := logical.(type) {
	case *schema.IntLogicalType:
		signed = l.IsSigned()
	case schema.NoLogicalType:
	default:
		return nil
	}
	switch c.PhysicalType() {
	case parquet.Types.Int32:
		if !signed {
			return newTyped(c, func(v int32, dst []byte) (record.CellKind, int64, []byte) { return naturalCell(uint32(v), dst) })
		}
		return newTyped(c, wholeCell[int32])
	case parquet.Types.Int64:
		if !signed {
			return newTyped(c, func(v int64, dst []byte) (record.CellKind, int64, []byte) { return naturalCell(uint64(v), dst) })
		}
		return newTyped(c, wholeCell[int64])
	case parquet.Types.Float:
		return newTyped(c, floatCell[float32])
	case parquet.Types.Double:
		return newTyped(c, floatCell[float64])
	}
	return nil
}

// parquetNulls is a column of which it is only known that it has no values.
func parquetNulls(c *schema.Column) column {
	switch c.PhysicalType() {
	case parquet.Types.Int32:
		return newTyped(c, nothing[int32])
	case parquet.Types.Int64:
		return newTyped(c, nothing[int64])
	case parquet.Types.ByteArray:
		return newTyped(c, nothing[parquet.ByteArray])
	}
	return nil
}

func parquetDecimals(c *schema.Column, scale int) column {
	// Two's complement, the highest byte first (LogicalTypes.md).
	number := func(b []byte) *big.Int {
		v := new(big.Int).SetBytes(b)
		if len(b) > 0 && b[0]&0x80 != 0 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return v
	}
	const widest = 32 // bytes
	bytes := func(b, dst []byte) (record.CellKind, int64, []byte) {
		if len(b) > widest {
			return record.OddCell, 0, append(dst, "a decimal of too many bytes"...)
		}
		return decimalCell(number(b), scale, dst)
	}
	switch c.PhysicalType() {
	case parquet.Types.Int32:
		return newTyped(c, func(v int32, dst []byte) (record.CellKind, int64, []byte) {
			return decimalCell(big.NewInt(int64(v)), scale, dst)
		})
	case parquet.Types.Int64:
		return newTyped(c, func(v int64, dst []byte) (record.CellKind, int64, []byte) {
			return decimalCell(big.NewInt(v), scale, dst)
		})
	case parquet.Types.ByteArray:
		return newTyped(c, func(v parquet.ByteArray, dst []byte) (record.CellKind, int64, []byte) { return bytes(v, dst) })
	case parquet.Types.FixedLenByteArray:
		return newTyped(c, func(v parquet.FixedLenByteArray, dst []byte) (record.CellKind, int64, []byte) { return bytes(v, dst) })
	}
	return nil
}

func parquetTimes(c *schema.Column, zone *time.Location) column {
	logical := c.LogicalType()
	switch l := logical.(type) {
	case schema.NullLogicalType:
		return parquetNulls(c)
	case schema.DateLogicalType:
		return newTyped(c, func(v int32, dst []byte) (record.CellKind, int64, []byte) {
			return timeCell(int64(v), timeUnit{day, 1}, nil, dst)
		})
	case *schema.TimestampLogicalType:
		// Files of the first years have times that only claim to be instants: nothing could say otherwise then.
		if !l.IsAdjustedToUTC() || l.IsFromConvertedType() {
			zone = nil
		}
		unit := map[schema.TimeUnitType]timeUnit{schema.TimeUnitMillis: {milli, 1}, schema.TimeUnitMicros: {1, 1}, schema.TimeUnitNanos: {1, 1000}}[l.TimeUnit()]
		if unit.micros == 0 || c.PhysicalType() != parquet.Types.Int64 {
			return nil
		}
		return newTyped(c, func(v int64, dst []byte) (record.CellKind, int64, []byte) { return timeCell(v, unit, zone, dst) })
	}
	if c.PhysicalType() == parquet.Types.Int96 {
		return newTyped(c, int96Cell)
	}
	return parquetTexts(c)
}

// int96Cell makes a cell of a time as Impala and Spark wrote it: nanoseconds of the day, and the Julian day. It has no zone.
func int96Cell(v parquet.Int96, dst []byte) (record.CellKind, int64, []byte) {
	const unixEpoch = 2_440_588 // Julian day of 1970-01-01
	nanos, julian := binary.LittleEndian.Uint64(v[:8]), int64(binary.LittleEndian.Uint32(v[8:]))
	if nanos >= day*1000 {
		return record.OddCell, 0, fmt.Appendf(dst, "%d ns", nanos)
	}
	kind, micros, dst := timeCell(julian-unixEpoch, timeUnit{day, 1}, nil, dst)
	return kind, micros + int64(nanos/1000), dst
}
