package columnar

import (
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// getter makes a cell of a value that is not null.
type getter func(values arrow.Array, i int, dst []byte) (record.CellKind, int64, []byte)

// arrowColumn is a column of the batch that is being read.
type arrowColumn struct {
	values arrow.Array
	get    getter
}

func (c *arrowColumn) cell(i int, dst []byte) (record.CellKind, int64, []byte) {
	if c.values.IsNull(i) {
		return record.NoCell, 0, dst
	}
	return c.get(c.values, i, dst)
}

// arrowField describes a column of a type.
func arrowField(f arrow.Field) field {
	return field{name: f.Name, kind: f.Type.String(), null: f.Type.ID() == arrow.NULL, open: func(of record.Field, zone *time.Location) column {
		get := getterOfText(f.Type)
		switch {
		case f.Type.ID() == arrow.NULL:
			get = func(_ arrow.Array, _ int, dst []byte) (record.CellKind, int64, []byte) { return record.NoCell, 0, dst }
		case get != nil:
		case of == record.FieldTime:
			get = getterOfTime(f.Type, zone)
		default:
			get = getterOfNumber(f.Type)
		}
		if get == nil {
			return nil
		}
		return &arrowColumn{get: get}
	}}
}

// valueOf makes cells of the values of an array of T.
func valueOf[T any](cell cellOf[T]) getter {
	return func(values arrow.Array, i int, dst []byte) (record.CellKind, int64, []byte) {
		return cell(values.(interface{ Value(int) T }).Value(i), dst)
	}
}

func getterOfText(t arrow.DataType) getter {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return valueOf(textCell[string])
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return valueOf(textCell[[]byte])
	case arrow.DICTIONARY:
		inner := getterOfText(t.(*arrow.DictionaryType).ValueType)
		if inner == nil {
			return nil
		}
		return func(values arrow.Array, i int, dst []byte) (record.CellKind, int64, []byte) {
			d := values.(*array.Dictionary)
			at := d.GetValueIndex(i)
			if d.Dictionary().IsNull(at) {
				return record.NoCell, 0, dst
			}
			return inner(d.Dictionary(), at, dst)
		}
	}
	return nil
}

func getterOfNumber(t arrow.DataType) getter {
	switch t := t.(type) {
	case *arrow.Int8Type:
		return valueOf(wholeCell[int8])
	case *arrow.Int16Type:
		return valueOf(wholeCell[int16])
	case *arrow.Int32Type:
		return valueOf(wholeCell[int32])
	case *arrow.Int64Type:
		return valueOf(wholeCell[int64])
	case *arrow.Uint8Type:
		return valueOf(naturalCell[uint8])
	case *arrow.Uint16Type:
		return valueOf(naturalCell[uint16])
	case *arrow.Uint32Type:
		return valueOf(naturalCell[uint32])
	case *arrow.Uint64Type:
		return valueOf(naturalCell[uint64])
	case *arrow.Float32Type:
		return valueOf(floatCell[float32])
	case *arrow.Float64Type:
		return valueOf(floatCell[float64])
	case *arrow.Decimal128Type:
		return func(values arrow.Array, i int, dst []byte) (record.CellKind, int64, []byte) {
			return decimalCell(values.(*array.Decimal128).Value(i).BigInt(), int(t.Scale), dst)
		}
	case *arrow.Decimal256Type:
		return func(values arrow.Array, i int, dst []byte) (record.CellKind, int64, []byte) {
			return decimalCell(values.(*array.Decimal256).Value(i).BigInt(), int(t.Scale), dst)
		}
	}
	return nil
}

func getterOfTime(t arrow.DataType, zone *time.Location) getter {
	units := map[arrow.TimeUnit]timeUnit{arrow.Second: {second, 1}, arrow.Millisecond: {milli, 1}, arrow.Microsecond: {1, 1}, arrow.Nanosecond: {1, 1000}}
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			zone = nil
		}
		unit := units[t.Unit]
		return valueOf(func(v arrow.Timestamp, dst []byte) (record.CellKind, int64, []byte) {
			return timeCell(int64(v), unit, zone, dst)
		})
	case *arrow.Date32Type:
		return valueOf(func(v arrow.Date32, dst []byte) (record.CellKind, int64, []byte) {
			return timeCell(int64(v), timeUnit{day, 1}, nil, dst)
		})
	case *arrow.Date64Type:
		return valueOf(func(v arrow.Date64, dst []byte) (record.CellKind, int64, []byte) {
			return timeCell(int64(v), timeUnit{milli, 1}, nil, dst)
		})
	}
	return nil
}
