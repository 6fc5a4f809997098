package table

import (
	"hash/maphash"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A coded column (see [Schema.Coded]) is kept as codes into a dictionary of its distinct values, in the order of first
// sight: what a shop's day says again and again, product texts above all, is there once. That is several times smaller than
// the values and, other than a compressed file, costs next to nothing to write, to hash and to read.

// seed of the hashes of texts. Codes do not depend on it.
var seed = maphash.MakeSeed()

// textCodes numbers distinct texts from 0.
type textCodes struct {
	offsets []int32 // one more than texts
	data    []byte
	slots   []uint64 // open addressing, at most half full: 32 bits of hash, then code + 1; 0 is free
}

func (d *textCodes) len() int { return len(d.offsets) - 1 }

func (d *textCodes) reset() {
	if d.slots == nil {
		d.slots = make([]uint64, 256)
	}
	d.offsets, d.data = append(d.offsets[:0], 0), d.data[:0]
	clear(d.slots)
}

func (d *textCodes) text(code int32) []byte { return d.data[d.offsets[code]:d.offsets[code+1]] }

// code returns the code of v, a new one where v has not been seen before.
func (d *textCodes) code(v []byte) int32 {
	hash := maphash.Bytes(seed, v) >> 32
	mask := uint64(len(d.slots) - 1)
	at := hash & mask
	for ; d.slots[at] != 0; at = (at + 1) & mask {
		if s := d.slots[at]; s>>32 == hash {
			if code := int32(uint32(s) - 1); string(d.text(code)) == string(v) {
				return code
			}
		}
	}
	code := int32(d.len())
	d.data = append(d.data, v...)
	d.offsets = append(d.offsets, int32(len(d.data)))
	d.slots[at] = hash<<32 | uint64(code+1)
	if 2*d.len() > len(d.slots) {
		d.slots = grown(d.slots)
	}
	return code
}

// grown returns a table of twice the size with the same entries.
func grown(old []uint64) []uint64 {
	slots := make([]uint64, 2*len(old))
	mask := uint64(len(slots) - 1)
	for _, s := range old {
		if s == 0 {
			continue
		}
		at := s >> 32 & mask
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = s
	}
	return slots
}

// intCodes numbers distinct whole numbers from 0.
type intCodes struct {
	values []int64
	slots  []uint64 // as in textCodes
}

func (d *intCodes) reset() {
	if d.slots == nil {
		d.slots = make([]uint64, 256)
	}
	d.values = d.values[:0]
	clear(d.slots)
}

func (d *intCodes) code(v int64) int32 {
	hash := uint64(v) * 0x9E3779B97F4A7C15 >> 32 // Knuth, TAOCP 3, 6.4
	mask := uint64(len(d.slots) - 1)
	at := hash & mask
	for ; d.slots[at] != 0; at = (at + 1) & mask {
		if code := int32(uint32(d.slots[at]) - 1); d.values[code] == v {
			return code
		}
	}
	code := int32(len(d.values))
	d.values = append(d.values, v)
	d.slots[at] = hash<<32 | uint64(code+1)
	if 2*len(d.values) > len(d.slots) {
		d.slots = grown(d.slots)
	}
	return code
}

// codes are the rows of a coded column: a code each, -1 for null.
type codes struct {
	rows   []int32
	recode func([]int32) // makes codes of the numbers in rows, if they are numbers of the caller's
	narrow []byte        // scratch
	valid  bitmap
	nulls  int
}

// recoded returns the rows as codes.
func (c *codes) recoded() []int32 {
	if c.recode != nil {
		c.recode(c.rows)
	}
	return c.rows
}

// indexType is the narrowest type that holds the codes of n values. Readers of other makes know signed ones best.
func indexType(n int) arrow.DataType {
	switch {
	case n <= 1<<7:
		return arrow.PrimitiveTypes.Int8
	case n <= 1<<15:
		return arrow.PrimitiveTypes.Int16
	}
	return arrow.PrimitiveTypes.Int32
}

// array returns the rows as codes into dict.
func (c *codes) array(dict arrow.Array, nullable bool) arrow.Array {
	c.nulls = 0
	if nullable {
		c.valid = c.valid.reset(len(c.rows))
		for i, code := range c.rows {
			if code < 0 {
				c.valid.null(i)
				c.nulls++
			}
		}
	}
	typ := &arrow.DictionaryType{IndexType: indexType(dict.Len()), ValueType: dict.DataType()}
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(c.packed(typ.IndexType))}
	if c.nulls > 0 {
		buffers[0] = memory.NewBufferBytes(c.valid)
	}
	data := array.NewDataWithDictionary(typ, len(c.rows), buffers, c.nulls, 0, dict.Data().(*array.Data))
	defer data.Release()
	return array.MakeFromData(data)
}

// packed returns the rows in the given type; null is 0, as the bytes of a file must not depend on chance.
func (c *codes) packed(typ arrow.DataType) []byte {
	switch typ.ID() {
	case arrow.INT8:
		c.narrow = room(c.narrow, len(c.rows))
		for i, code := range c.rows {
			c.narrow[i] = byte(max(code, 0))
		}
	case arrow.INT16:
		c.narrow = room(c.narrow, 2*len(c.rows))
		short := arrow.Int16Traits.CastFromBytes(c.narrow)
		for i, code := range c.rows {
			short[i] = int16(max(code, 0))
		}
	default:
		c.narrow = room(c.narrow, 4*len(c.rows))
		wide := arrow.Int32Traits.CastFromBytes(c.narrow)
		for i, code := range c.rows {
			wide[i] = max(code, 0)
		}
	}
	return c.narrow
}

func room(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, n+n/4)
	}
	return b[:n]
}
