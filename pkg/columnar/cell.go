package columnar

import (
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/clientele/clientele/pkg/retail"
)

// getter makes a cell of a value that is not null: its kind, its time, and its text behind what is in dst.
type getter func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte)

// getterOf returns how a field is read from a column of a type, or nil and what type it can be.
func getterOf(field retail.Field, t arrow.DataType, zone *time.Location) (get getter, want string) {
	if t.ID() == arrow.NULL {
		return getNothing, ""
	}
	switch field {
	case retail.FieldTime:
		want = "a timestamp, date or text"
		if get = getterOfText(t); get == nil {
			get = getterOfTime(t, zone)
		}
		return get, want
	case retail.FieldQuantity, retail.FieldPrice:
		want = "a number or text"
	default:
		want = "text or a number"
	}
	if get = getterOfText(t); get == nil {
		get = getterOfNumber(t)
	}
	return get, want
}

func getNothing(_ arrow.Array, _ int, dst []byte) (retail.CellKind, int64, []byte) {
	return retail.NoCell, 0, dst
}

// texts are the columns whose values are bytes.
type texts[T string | []byte] interface{ Value(int) T }

func textOf[T string | []byte](column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
	v := column.(texts[T]).Value(i)
	if len(v) == 0 {
		return retail.NoCell, 0, dst
	}
	return retail.TextCell, 0, append(dst, v...)
}

func getterOfText(t arrow.DataType) getter {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return textOf[string]
	case arrow.BINARY, arrow.LARGE_BINARY, arrow.BINARY_VIEW:
		return textOf[[]byte]
	case arrow.DICTIONARY:
		inner := getterOfText(t.(*arrow.DictionaryType).ValueType)
		if inner == nil {
			return nil
		}
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			d := column.(*array.Dictionary)
			at := d.GetValueIndex(i)
			if d.Dictionary().IsNull(at) {
				return retail.NoCell, 0, dst
			}
			return inner(d.Dictionary(), at, dst)
		}
	}
	return nil
}

// numbers are the columns whose values are numbers of Go's.
type numbers[T any] interface{ Value(int) T }

func wholeOf[T int8 | int16 | int32 | int64](column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
	return retail.NumberCell, 0, strconv.AppendInt(dst, int64(column.(numbers[T]).Value(i)), 10)
}

func naturalOf[T uint8 | uint16 | uint32 | uint64](column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
	return retail.NumberCell, 0, strconv.AppendUint(dst, uint64(column.(numbers[T]).Value(i)), 10)
}

func floatOf[T float32 | float64](bits int) getter {
	return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
		switch v := float64(column.(numbers[T]).Value(i)); {
		case math.IsNaN(v):
			return retail.NoCell, 0, dst
		case math.IsInf(v, 0):
			return retail.OddCell, 0, strconv.AppendFloat(dst, v, 'g', -1, bits)
		case v == 0:
			return retail.NumberCell, 0, append(dst, '0') // not minus zero
		default:
			return retail.NumberCell, 0, strconv.AppendFloat(dst, v, 'f', -1, bits)
		}
	}
}

func getterOfNumber(t arrow.DataType) getter {
	switch t := t.(type) {
	case *arrow.Int8Type:
		return wholeOf[int8]
	case *arrow.Int16Type:
		return wholeOf[int16]
	case *arrow.Int32Type:
		return wholeOf[int32]
	case *arrow.Int64Type:
		return wholeOf[int64]
	case *arrow.Uint8Type:
		return naturalOf[uint8]
	case *arrow.Uint16Type:
		return naturalOf[uint16]
	case *arrow.Uint32Type:
		return naturalOf[uint32]
	case *arrow.Uint64Type:
		return naturalOf[uint64]
	case *arrow.Float32Type:
		return floatOf[float32](32)
	case *arrow.Float64Type:
		return floatOf[float64](64)
	case *arrow.Decimal128Type:
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			return retail.NumberCell, 0, appendDecimal(dst, column.(*array.Decimal128).Value(i).BigInt(), int(t.Scale))
		}
	case *arrow.Decimal256Type:
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			return retail.NumberCell, 0, appendDecimal(dst, column.(*array.Decimal256).Value(i).BigInt(), int(t.Scale))
		}
	}
	return nil
}

// appendDecimal writes v × 10^−scale without zeros behind its last decimal.
func appendDecimal(dst []byte, v *big.Int, scale int) []byte {
	const most = 76 // digits of the widest decimal there is
	if v.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(v).String()
	if v.Sign() == 0 || scale < -most || scale > most {
		return append(dst, digits...) // of a scale that no decimal has: the number breaks a rule, or is 0
	}
	for ; scale < 0; scale++ {
		digits += "0"
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, decimals := digits[:len(digits)-scale], digits[len(digits)-scale:]
	for len(decimals) > 0 && decimals[len(decimals)-1] == '0' {
		decimals = decimals[:len(decimals)-1]
	}
	dst = append(dst, whole...)
	if decimals == "" {
		return dst
	}
	return append(append(dst, '.'), decimals...)
}

// Times outside these years are none that a delivery can have.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastTime  = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// timeCell makes a cell of v units of a time, perUnit µs each or, if perMicro is not 1, perMicro of them a µs.
func timeCell(v, perUnit, perMicro int64, zone *time.Location, dst []byte) (retail.CellKind, int64, []byte) {
	micros := v / perMicro
	if v%perMicro < 0 {
		micros-- // what is below a microsecond is cut, before 1970 too
	}
	if micros > lastTime/perUnit || micros < firstTime/perUnit {
		return retail.OddCell, 0, strconv.AppendInt(dst, v, 10)
	}
	micros *= perUnit
	if zone != nil {
		_, offset := time.UnixMicro(micros).In(zone).Zone()
		micros += int64(offset) * 1_000_000
	}
	return retail.TimeCell, micros, dst
}

func getterOfTime(t arrow.DataType, zone *time.Location) getter {
	const second, day = 1_000_000, 86_400_000_000
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			zone = nil
		}
		perUnit, perMicro := int64(1), int64(1)
		switch t.Unit {
		case arrow.Second:
			perUnit = second
		case arrow.Millisecond:
			perUnit = second / 1000
		case arrow.Nanosecond:
			perMicro = 1000
		}
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			return timeCell(int64(column.(*array.Timestamp).Value(i)), perUnit, perMicro, zone, dst)
		}
	case *arrow.Date32Type:
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			return timeCell(int64(column.(*array.Date32).Value(i)), day, 1, nil, dst)
		}
	case *arrow.Date64Type:
		return func(column arrow.Array, i int, dst []byte) (retail.CellKind, int64, []byte) {
			return timeCell(int64(column.(*array.Date64).Value(i)), second/1000, 1, nil, dst)
		}
	}
	return nil
}
