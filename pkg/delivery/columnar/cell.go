package columnar

import (
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// cellOf is what a value becomes: the kind of the cell, its time, and its text after what was in dst.
type cellOf[T any] func(v T, dst []byte) (record.CellKind, int64, []byte)

func nothing[T any](_ T, dst []byte) (record.CellKind, int64, []byte) { return record.NoCell, 0, dst }

func textCell[T ~string | ~[]byte](v T, dst []byte) (record.CellKind, int64, []byte) {
	if len(v) == 0 {
		return record.NoCell, 0, dst
	}
	return record.TextCell, 0, append(dst, v...)
}

func wholeCell[T int8 | int16 | int32 | int64](v T, dst []byte) (record.CellKind, int64, []byte) {
	return record.NumberCell, 0, strconv.AppendInt(dst, int64(v), 10)
}

func naturalCell[T uint8 | uint16 | uint32 | uint64](v T, dst []byte) (record.CellKind, int64, []byte) {
	return record.NumberCell, 0, strconv.AppendUint(dst, uint64(v), 10)
}

func floatCell[T float32 | float64](v T, dst []byte) (record.CellKind, int64, []byte) {
	bits := 64
	if _, ok := any(v).(float32); ok {
		bits = 32
	}
	switch f := float64(v); {
	case math.IsNaN(f):
		return record.NoCell, 0, dst
	case math.IsInf(f, 0):
		return record.OddCell, 0, strconv.AppendFloat(dst, f, 'g', -1, bits)
	case f == 0:
		return record.NumberCell, 0, append(dst, '0') // not minus zero
	default:
		return record.NumberCell, 0, strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
}

func decimalCell(v *big.Int, scale int, dst []byte) (record.CellKind, int64, []byte) {
	return record.NumberCell, 0, appendDecimal(dst, v, scale)
}

// appendDecimal writes v × 10^−scale without zeros after its last decimal.
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

// Units of times, in µs.
const (
	milli  = 1_000
	second = 1_000 * milli
	day    = 24 * 60 * 60 * second
)

// timeUnit is µs for each unit or, if there are fewer, units for each µs; the other is 1.
type timeUnit struct{ micros, perMicro int64 }

// timeCell makes a cell of a count of units since 1970. Of an instant zone is the shop's, else nil.
func timeCell(v int64, unit timeUnit, zone *time.Location, dst []byte) (record.CellKind, int64, []byte) {
	micros := v / unit.perMicro
	if v%unit.perMicro < 0 {
		micros-- // what is below a microsecond is cut, before 1970 too
	}
	if micros > lastTime/unit.micros || micros < firstTime/unit.micros {
		return record.OddCell, 0, strconv.AppendInt(dst, v, 10)
	}
	micros *= unit.micros
	if zone != nil {
		_, offset := time.UnixMicro(micros).In(zone).Zone()
		micros += int64(offset) * second
	}
	return record.TimeCell, micros, dst
}
