package retail

import (
	"encoding/binary"
	"unsafe"
)

// A block is kept column by column, each as what its values are above the least of them, in units that all of them are multiples of, in as
// many bytes as that takes: of most shops a line takes about a third of a [Line].
//
//	8 bytes  the least value
//	1 byte   the place in its units, times 16, and the bytes a value takes: 0 (all are equal), 1, 2, 4 or 8
//	n ×      the values, little-endian

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
	units []uint64
}

// What shops keep: minutes or seconds, whole pieces, pennies.
var numberFields = [...]field{
	{unsafe.Offsetof(Line{}.Time), []uint64{60_000_000, 1_000_000, 1}},
	{unsafe.Offsetof(Line{}.Quantity), []uint64{1_000, 1}},
	{unsafe.Offsetof(Line{}.Price), []uint64{10_000, 1}},
	{unsafe.Offsetof(Line{}.Amount), []uint64{100, 1}},
}

var textFields = [columns]uintptr{
	unsafe.Offsetof(Line{}.Customer), unsafe.Offsetof(Line{}.Invoice), unsafe.Offsetof(Line{}.Code), unsafe.Offsetof(Line{}.Description),
	unsafe.Offsetof(Line{}.Country), unsafe.Offsetof(Line{}.Status), unsafe.Offsetof(Line{}.Region),
}

// packed is a column on its way into a block, or out of it.
type packed [blockLines]uint64

// pack appends lines, at most [blockLines].
func pack(dst []byte, lines []Line) []byte {
	var values packed
	v := values[:len(lines)]
	for _, f := range numberFields {
		for i := range lines {
			v[i] = *(*uint64)(unsafe.Add(unsafe.Pointer(&lines[i]), f.at))
		}
		dst = packColumn(dst, v, f.units)
	}
	for i := range lines {
		v[i] = uint64(lines[i].Source)
	}
	return packTexts(packColumn(dst, v, wholes), lines)
}

var wholes = []uint64{1}

// packTexts appends the texts' numbers, which end a block.
func packTexts(dst []byte, lines []Line) []byte {
	var values packed
	v := values[:len(lines)]
	for _, at := range textFields {
		for i := range lines {
			v[i] = uint64(*(*uint32)(unsafe.Add(unsafe.Pointer(&lines[i]), at)))
		}
		dst = packColumn(dst, v, wholes)
	}
	return dst
}

// packColumn appends a column. It changes the values.
func packColumn(dst []byte, v []uint64, units []uint64) []byte {
	low, high := int64(v[0]), int64(v[0])
	for _, x := range v {
		low, high = min(low, int64(x)), max(high, int64(x))
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(low))
	if low == high {
		return append(dst, 0)
	}
	unit := 0
	for ; units[unit] != 1 && !multiples(v, uint64(low), units[unit]); unit++ {
	}
	for i := range v {
		v[i] -= uint64(low)
	}
	top, of := uint64(high)-uint64(low), units[unit]
	if of != 1 {
		top /= of
		for i := range v {
			v[i] /= of
		}
	}
	size := 1
	for size < 8 && top>>(8*size) != 0 {
		size *= 2
	}
	at := len(dst) + 1
	dst = grown(append(dst, byte(unit<<4|size)), size*len(v))
	to := dst[at:]
	switch size {
	case 1:
		for i, x := range v {
			to[i] = byte(x)
		}
	case 2:
		for i, x := range v {
			binary.LittleEndian.PutUint16(to[2*i:], uint16(x))
		}
	case 4:
		for i, x := range v {
			binary.LittleEndian.PutUint32(to[4*i:], uint32(x))
		}
	default:
		for i, x := range v {
			binary.LittleEndian.PutUint64(to[8*i:], x)
		}
	}
	return dst
}

// multiples reports whether all values are whole numbers of units above the least one. Divided by a constant, they are multiplied.
func multiples(v []uint64, low, unit uint64) bool {
	switch unit {
	case 60_000_000:
		for _, x := range v {
			if (x-low)%60_000_000 != 0 {
				return false
			}
		}
	case 1_000_000:
		for _, x := range v {
			if (x-low)%1_000_000 != 0 {
				return false
			}
		}
	case 10_000:
		for _, x := range v {
			if (x-low)%10_000 != 0 {
				return false
			}
		}
	default:
		for _, x := range v {
			if (x-low)%unit != 0 {
				return false
			}
		}
	}
	return true
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

// unpack fills lines with those of a block, and returns how many of its bytes are before the texts.
func (p *page) unpack(data []byte, n int) (lines []Line, texts int) {
	lines = p.lines[:n]
	first := unsafe.Pointer(&p.lines)
	rest := data
	for i, f := range numberFields {
		rest = unpackColumn[uint64](&p.equal[i], unsafe.Add(first, f.at), n, rest, f.units)
	}
	equals := p.equal[len(numberFields):]
	rest = unpackColumn[uint16](&equals[0], unsafe.Add(first, unsafe.Offsetof(Line{}.Source)), n, rest, wholes)
	texts = len(data) - len(rest)
	for i, at := range textFields {
		rest = unpackColumn[uint32](&equals[1+i], unsafe.Add(first, at), n, rest, wholes)
	}
	return lines, texts
}

// unpackColumn fills a field of n lines, from its place in the first one on, and returns what is behind the column. Nothing is to do where the
// block before had the same value in all of its lines.
func unpackColumn[T uint16 | uint32 | uint64](was *equal, to unsafe.Pointer, n int, data []byte, units []uint64) []byte {
	low, unit, size := binary.LittleEndian.Uint64(data), units[data[8]>>4], int(data[8]&15)
	data = data[headBytes:]
	v := data[:n*size]
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
		for i, x := range v {
			*(*T)(unsafe.Add(to, i*lineBytes)) = T(low + unit*uint64(x))
		}
	case 2:
		for i := range n {
			*(*T)(unsafe.Add(to, i*lineBytes)) = T(low + unit*uint64(binary.LittleEndian.Uint16(v[2*i:])))
		}
	case 4:
		for i := range n {
			*(*T)(unsafe.Add(to, i*lineBytes)) = T(low + unit*uint64(binary.LittleEndian.Uint32(v[4*i:])))
		}
	default:
		for i := range n {
			*(*T)(unsafe.Add(to, i*lineBytes)) = T(low + unit*binary.LittleEndian.Uint64(v[8*i:]))
		}
	}
	return data[n*size:]
}
