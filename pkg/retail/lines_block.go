package retail

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"
)

// A block is kept column by column, each as what its values are above the least of them, in units that all of them are multiples of, in as
// many bytes as that takes: of most shops a line takes about a third of a [Line].
//
//	8 bytes  the least value
//	1 byte   the place in its units, times 16, and the bytes a value takes: 0 (all are equal), 1, 2, 4 or 8
//	n ×      the values, in the machine's byte order

// blockLines is how many lines are kept, and spilled, together.
const blockLines = 256

// headBytes is what precedes a column's values.
const headBytes = 9

// blockBytes is what a block takes at most.
const blockBytes = blockLines*lineBytes + blockColumns*headBytes

const blockColumns = 5 + columns

// field is where a column of numbers is in a [Line], and the units that its values may be multiples of, the largest first.
type field struct {
	at    uintptr
	units []unit
}

// unit divides without dividing: x is a multiple of m·2^k, m odd, where x times the inverse of m, rotated by k, is no more than the largest quotient
// there is, and then is the quotient (Warren, Hacker's Delight, 2nd edition, 10-17).
type unit struct {
	of, inverse, most uint64
	twos              int
}

func unitsOf(units ...uint64) (out []unit) {
	for _, of := range units {
		twos := bits.TrailingZeros64(of)
		odd := of >> twos
		inverse := odd // right in three bits; each step of Newton's doubles them
		for range 5 {
			inverse *= 2 - odd*inverse
		}
		out = append(out, unit{of, inverse, math.MaxUint64 / of, twos})
	}
	return out
}

// divide divides what values are above the least one, and reports whether all are multiples of the unit.
func (u *unit) divide(dst, v []uint64, low uint64) bool {
	for i, x := range v {
		q := bits.RotateLeft64((x-low)*u.inverse, -u.twos)
		if q > u.most {
			return false
		}
		dst[i] = q
	}
	return true
}

// What shops keep: minutes or seconds, whole pieces, pennies.
var numberFields = [...]field{
	{unsafe.Offsetof(Line{}.Time), unitsOf(60_000_000, 1_000_000, 1)},
	{unsafe.Offsetof(Line{}.Quantity), unitsOf(1_000, 1)},
	{unsafe.Offsetof(Line{}.Price), unitsOf(10_000, 1)},
	{unsafe.Offsetof(Line{}.Amount), unitsOf(100, 1)},
}

var textFields = [columns]uintptr{
	unsafe.Offsetof(Line{}.Customer), unsafe.Offsetof(Line{}.Invoice), unsafe.Offsetof(Line{}.Code), unsafe.Offsetof(Line{}.Description),
	unsafe.Offsetof(Line{}.Country), unsafe.Offsetof(Line{}.Status), unsafe.Offsetof(Line{}.Region),
}

// packer is what columns are packed with.
type packer struct {
	dst               []byte
	values, quotients [blockLines]uint64
	low, high         int64 // of the values
}

var wholes = unitsOf(1)

// pack appends lines, at most [blockLines], to a buffer that is the packer's afterwards.
func (p *packer) pack(dst []byte, lines []Line) []byte {
	p.dst = dst
	for i := range numberFields {
		f := &numberFields[i]
		gather[int64](p, lines, f.at)
		p.column(len(lines), f.units)
	}
	gather[uint16](p, lines, unsafe.Offsetof(Line{}.Source))
	p.column(len(lines), wholes)
	return p.packTexts(p.dst, lines)
}

// packTexts appends the texts' numbers, which end a block.
func (p *packer) packTexts(dst []byte, lines []Line) []byte {
	p.dst = dst
	for _, at := range textFields {
		gather[uint32](p, lines, at)
		p.column(len(lines), wholes)
	}
	return p.dst
}

// gather takes the values of a field.
func gather[T int64 | uint32 | uint16](p *packer, lines []Line, at uintptr) {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	v := p.values[:len(lines)]
	for i := range lines {
		x := int64(*(*T)(unsafe.Add(unsafe.Pointer(&lines[i]), at)))
		low, high = min(low, x), max(high, x)
		v[i] = uint64(x)
	}
	p.low, p.high = low, high
}

// column appends the values that were gathered.
func (p *packer) column(n int, units []unit) {
	low := uint64(p.low)
	p.dst = binary.LittleEndian.AppendUint64(p.dst, low)
	if p.low == p.high {
		p.dst = append(p.dst, 0)
		return
	}
	v, at := p.values[:n], 0
	for ; units[at].of != 1; at++ {
		if units[at].divide(p.quotients[:], v, low) {
			v, low = p.quotients[:n], 0
			break
		}
	}
	top := (uint64(p.high) - uint64(p.low)) / units[at].of
	size := 1
	for size < 8 && top>>(8*size) != 0 {
		size *= 2
	}
	start := len(p.dst) + 1
	p.dst = grown(append(p.dst, byte(at<<4|size)), size*n)
	to := p.dst[start:]
	switch size {
	case 1:
		narrow[uint8](to, v, low)
	case 2:
		narrow[uint16](to, v, low)
	case 4:
		narrow[uint32](to, v, low)
	default:
		narrow[uint64](to, v, low)
	}
}

// narrow writes what values are above the least one.
func narrow[V uint8 | uint16 | uint32 | uint64](to []byte, v []uint64, low uint64) {
	out := unsafe.Slice((*V)(unsafe.Pointer(unsafe.SliceData(to))), len(v))
	for i, x := range v {
		out[i] = V(x - low)
	}
}

// grown returns a slice that is n bytes longer.
func grown(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, len(b)+n+blockBytes), b...)
	}
	return b[:len(b)+n]
}

// page is what a reader of blocks works with.
type page struct {
	lines   [blockLines]Line
	equal   [blockColumns]equal
	scratch []byte
}

// equal is what the first so many lines of a page have in a column.
type equal struct {
	value uint64
	n     int
}

// Fields are those of a [Line] that are asked for.
type Fields uint16

// The fields of a line, in the order in which a block has them.
const (
	FieldTime Fields = 1 << iota
	FieldQuantity
	FieldPrice
	FieldAmount
	FieldSource
	FieldCustomer
	FieldInvoice
	FieldCode
	FieldDescription
	FieldCountry
	FieldStatus
	FieldRegion

	AllFields Fields = 1<<blockColumns - 1

	// WorthFields are those that [Plan.Worth] looks at.
	WorthFields = FieldAmount | FieldQuantity | FieldPrice | FieldInvoice | FieldCode | FieldStatus

	textsAlone = AllFields &^ (FieldCustomer - 1)
)

// unpack fills lines with those of a block, as far as fields are wanted, and returns how many of its bytes are before the texts.
func (p *page) unpack(data []byte, n int, want Fields) (lines []Line, texts int) {
	lines = p.lines[:n]
	return lines, unpack(lines, &p.equal, data, want)
}

// unpack fills lines with those of a block, which are as many.
func unpack(lines []Line, equals *[blockColumns]equal, data []byte, want Fields) (texts int) {
	n, first := len(lines), unsafe.Pointer(unsafe.SliceData(lines))
	rest := data
	for i := range blockColumns {
		if i == blockColumns-columns {
			texts = len(data) - len(rest)
		}
		equal := &equals[i]
		switch {
		case want>>i&1 == 0:
			rest = rest[headBytes+n*int(rest[headBytes-1]&15):]
		case i < len(numberFields):
			f := &numberFields[i]
			rest = unpackColumn[uint64](equal, unsafe.Add(first, f.at), n, rest, f.units)
		case i == len(numberFields):
			rest = unpackColumn[uint16](equal, unsafe.Add(first, unsafe.Offsetof(Line{}.Source)), n, rest, wholes)
		default:
			rest = unpackColumn[uint32](equal, unsafe.Add(first, textFields[i-len(numberFields)-1]), n, rest, wholes)
		}
	}
	return texts
}

// unpackColumn fills a field of n lines, from its place in the first one on, and returns what is behind the column. Nothing is to do where the
// block before had the same value in all of its lines.
func unpackColumn[T uint16 | uint32 | uint64](was *equal, to unsafe.Pointer, n int, data []byte, units []unit) []byte {
	low, unit, size := binary.LittleEndian.Uint64(data), units[data[8]>>4].of, int(data[8]&15)
	data = data[headBytes:]
	rest := data[n*size:]
	if size > 0 {
		was.n = 0
	}
	switch size {
	case 0:
		if was.value != low {
			*was = equal{value: low}
		}
		for i := was.n; i < n; i++ {
			*(*T)(unsafe.Add(to, i*lineBytes)) = T(low)
		}
		was.n = max(was.n, n)
	case 1:
		spread[T, uint8](to, n, data, low, unit)
	case 2:
		spread[T, uint16](to, n, data, low, unit)
	case 4:
		spread[T, uint32](to, n, data, low, unit)
	default:
		spread[T, uint64](to, n, data, low, unit)
	}
	return rest
}

// spread fills a field of n lines from values that were narrowed.
func spread[T uint16 | uint32 | uint64, V uint8 | uint16 | uint32 | uint64](to unsafe.Pointer, n int, data []byte, low, unit uint64) {
	for i, x := range unsafe.Slice((*V)(unsafe.Pointer(unsafe.SliceData(data))), n) {
		*(*T)(unsafe.Add(to, i*lineBytes)) = T(low + unit*uint64(x))
	}
}
