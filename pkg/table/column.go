package table

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/frame"
)

// column collects one column of the batch that is being filled. Its memory is used again for the next batch, so that a row
// costs no allocation.
type column interface {
	len() int
	// array returns the values as Arrow has them, sharing the column's memory, and an error if they cannot be kept.
	array() (arrow.Array, error)
	reset()
}

func newColumn(spec frame.Spec) column {
	switch spec.Kind {
	case frame.Text:
		return &TextColumn{spec: spec, offsets: []int32{0}}
	case frame.Float:
		return &FloatColumn{spec: spec}
	}
	return &IntColumn{spec: spec}
}

// makeArray wraps buffers that Go's heap owns.
func makeArray(spec frame.Spec, rows, nulls int, valid []byte, buffers ...[]byte) arrow.Array {
	all := make([]*memory.Buffer, 0, 3)
	if nulls > 0 {
		all = append(all, memory.NewBufferBytes(valid))
	} else {
		all = append(all, nil)
	}
	for _, b := range buffers {
		all = append(all, memory.NewBufferBytes(b))
	}
	data := array.NewData(arrowType(spec.Kind), rows, all, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// bitmap is a validity bitmap: a bit a row, 0 for null.
type bitmap []byte

// reset returns a bitmap of n rows, none of them null.
func (b bitmap) reset(n int) bitmap {
	if cap(b) < (n+7)/8 {
		b = make(bitmap, (n+7)/8)
	}
	b = b[:(n+7)/8]
	for i := range b {
		b[i] = 0xff
	}
	if n%8 != 0 {
		b[len(b)-1] = 1<<(n%8) - 1 // bits past the end are 0, as the bytes of a file must not depend on chance
	}
	return b
}

func (b bitmap) null(i int) { b[i/8] &^= 1 << (i % 8) }

// TextColumn takes the values of a Text column. In a nullable column the empty text is null.
type TextColumn struct {
	spec    frame.Spec
	data    []byte
	offsets []int32 // one more than values
	valid   bitmap
}

// Append adds a value.
func (c *TextColumn) Append(v string) {
	c.data = append(c.data, v...)
	c.offsets = append(c.offsets, int32(len(c.data)))
}

// AppendBytes adds a value and keeps no reference to it.
func (c *TextColumn) AppendBytes(v []byte) {
	c.data = append(c.data, v...)
	c.offsets = append(c.offsets, int32(len(c.data)))
}

func (c *TextColumn) len() int { return len(c.offsets) - 1 }

func (c *TextColumn) reset() { c.data, c.offsets = c.data[:0], c.offsets[:1] }

func (c *TextColumn) array() (arrow.Array, error) {
	if len(c.data) > math.MaxInt32 {
		return nil, fmt.Errorf("column %s has more than 2 GiB of text in one batch", c.spec.Name)
	}
	if i := invalidText(c.offsets, c.data); i >= 0 {
		return nil, fmt.Errorf("column %s: %q is not UTF-8", c.spec.Name, c.data[c.offsets[i]:c.offsets[i+1]])
	}
	rows, nulls := c.len(), 0
	if c.spec.Nullable {
		c.valid = c.valid.reset(rows)
		for i := range rows {
			if c.offsets[i] == c.offsets[i+1] {
				c.valid.null(i)
				nulls++
			}
		}
	}
	return makeArray(c.spec, rows, nulls, c.valid, arrow.Int32Traits.CastToBytes(c.offsets), c.data), nil
}

// invalidText returns the first value that is not UTF-8, or -1. All values at once are fast to check; they are valid one by
// one if together they are and none begins within a rune.
func invalidText(offsets []int32, data []byte) int {
	ok := utf8.Valid(data[offsets[0]:offsets[len(offsets)-1]])
	for _, at := range offsets[:len(offsets)-1] {
		if !ok {
			break
		}
		ok = int(at) >= len(data) || utf8.RuneStart(data[at])
	}
	if ok {
		return -1
	}
	for i := range len(offsets) - 1 {
		if !utf8.Valid(data[offsets[i]:offsets[i+1]]) {
			return i
		}
	}
	return -1
}

// IntColumn takes the values of an Int, Money or Time column: counts, ten-thousandths, microseconds.
type IntColumn struct {
	spec  frame.Spec
	ints  []int64
	money []decimal128.Num // scratch
}

// Append adds a value.
func (c *IntColumn) Append(v int64) { c.ints = append(c.ints, v) }

func (c *IntColumn) len() int { return len(c.ints) }

func (c *IntColumn) reset() { c.ints = c.ints[:0] }

func (c *IntColumn) array() (arrow.Array, error) {
	rows := len(c.ints)
	if c.spec.Kind != frame.Money {
		return makeArray(c.spec, rows, 0, nil, arrow.Int64Traits.CastToBytes(c.ints)), nil
	}
	c.money = c.money[:0]
	for _, v := range c.ints {
		if v > maxMoney || v < -maxMoney {
			return nil, fmt.Errorf("column %s: %d ten-thousandths do not fit decimal128(18,4)", c.spec.Name, v)
		}
		c.money = append(c.money, decimal128.FromI64(v))
	}
	return makeArray(c.spec, rows, 0, nil, arrow.Decimal128Traits.CastToBytes(c.money)), nil
}

// FloatColumn takes the values of a Float column. In a nullable column NaN is null.
type FloatColumn struct {
	spec   frame.Spec
	floats []float64
	valid  bitmap
}

// Append adds a value.
func (c *FloatColumn) Append(v float64) { c.floats = append(c.floats, v) }

func (c *FloatColumn) len() int { return len(c.floats) }

func (c *FloatColumn) reset() { c.floats = c.floats[:0] }

func (c *FloatColumn) array() (arrow.Array, error) {
	rows, nulls := len(c.floats), 0
	if c.spec.Nullable {
		c.valid = c.valid.reset(rows)
	}
	for i, v := range c.floats {
		if v == v {
			continue
		}
		// NaN has many forms and equal frames must have equal bytes.
		if c.floats[i] = math.NaN(); c.spec.Nullable {
			c.floats[i] = 0
			c.valid.null(i)
			nulls++
		}
	}
	return makeArray(c.spec, rows, nulls, c.valid, arrow.Float64Traits.CastToBytes(c.floats)), nil
}
