package table

import (
	"fmt"
	"iter"
	"math"
	"slices"
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
	// grow makes room for more rows.
	grow(n int)
	// plain gives codes up for values, for a file that turns out to be long.
	plain()
	// reset empties the batch, start the file.
	reset()
	start()
}

func newColumn(spec frame.Spec, coded bool) column {
	switch spec.Kind {
	case frame.Text:
		return &TextColumn{spec: spec, coded: coded}
	case frame.Float:
		return &FloatColumn{spec: spec}
	}
	return &IntColumn{spec: spec, coded: coded}
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

	coded bool // by the schema
	now   bool // in this file
	given bool // dict was, by SetCodes
	codes codes
	dict  textCodes
	kept  arrow.Array // the dictionary, one for all batches, once there is an array
	last  int32       // neighbours are often equal
	any   bool        // last is set

	beside []int32 // by the code of another column's value, the code of the value that was last beside it; -1 for none
}

// Append adds a value.
func (c *TextColumn) Append(v string) {
	if c.now {
		if !c.any || string(c.lastText()) != v {
			c.take([]byte(v))
		}
		c.codes.rows = append(c.codes.rows, c.last)
		return
	}
	c.data = append(c.data, v...)
	c.offsets = append(c.offsets, int32(len(c.data)))
}

// AppendBytes adds a value and keeps no reference to it.
func (c *TextColumn) AppendBytes(v []byte) {
	if c.now {
		if len(v) == 0 && c.spec.Nullable {
			c.codes.rows = append(c.codes.rows, -1)
			return
		}
		if !c.any || string(c.lastText()) != string(v) {
			c.take(v)
		}
		c.codes.rows = append(c.codes.rows, c.last)
		return
	}
	c.data = append(c.data, v...)
	c.offsets = append(c.offsets, int32(len(c.data)))
}

// AppendAgain is AppendBytes for a value that is that of the row before.
func (c *TextColumn) AppendAgain(v []byte) {
	if n := len(c.codes.rows); c.now && n > 0 {
		c.codes.rows = append(c.codes.rows, c.codes.rows[n-1])
		return
	}
	c.AppendBytes(v)
}

// AppendBeside is AppendBytes for a value that mostly follows from that of another column, which has its value of the row already: a
// product's name from its code.
func (c *TextColumn) AppendBeside(of *TextColumn, v []byte) {
	if !c.now || !of.now || len(v) == 0 {
		c.AppendBytes(v)
		return
	}
	key := int(of.codes.rows[len(of.codes.rows)-1]) + 1 // null is 0
	for len(c.beside) <= key {
		c.beside = append(c.beside, -1)
	}
	code := c.beside[key]
	if code < 0 || string(c.dict.text(code)) != string(v) {
		code = c.dict.code(v)
		c.beside[key] = code
	}
	c.codes.rows = append(c.codes.rows, code)
}

func (c *TextColumn) lastText() []byte {
	if c.last < 0 {
		return nil
	}
	return c.dict.text(c.last)
}

func (c *TextColumn) take(v []byte) {
	c.any, c.last = true, -1
	if len(v) > 0 || !c.spec.Nullable {
		c.last = c.dict.code(v)
	}
}

// SetCodes gives the distinct values of a coded column ahead, before the file's first row: then every value is appended by
// its code alone, see [TextColumn.AppendCode]. Equal files want equal lists.
func (c *TextColumn) SetCodes(texts iter.Seq[string]) {
	c.dict.reset()
	for t := range texts {
		c.dict.data = append(c.dict.data, t...)
		c.dict.offsets = append(c.dict.offsets, int32(len(c.dict.data)))
	}
	c.now, c.given = true, true
}

// Recode is SetCodes for a file that is kept whole, after its last row: every value so far was appended by a number of the caller, and
// recode replaces such numbers by their codes, -1 for null.
// There are n texts, of bytes in all, or fewer: there may be many, and they want to be held once.
func (c *TextColumn) Recode(texts iter.Seq[string], n, bytes int, recode func([]int32)) {
	c.dict = textCodes{offsets: make([]int32, 0, n+1), data: make([]byte, 0, bytes)}
	c.SetCodes(texts)
	c.codes.recode = recode
}

// AppendCode adds the value of that code, -1 for null.
func (c *TextColumn) AppendCode(code int32) { c.codes.rows = append(c.codes.rows, code) }

func (c *TextColumn) grow(n int) {
	if c.now {
		c.codes.rows = slices.Grow(c.codes.rows, n)
	} else {
		c.offsets = slices.Grow(c.offsets, n)
	}
}

func (c *TextColumn) len() int {
	if c.now {
		return len(c.codes.rows)
	}
	return len(c.offsets) - 1
}

func (c *TextColumn) reset() {
	c.data, c.offsets, c.codes.rows = c.data[:0], append(c.offsets[:0], 0), c.codes.rows[:0]
}

func (c *TextColumn) start() {
	c.reset()
	c.codes.recode, c.beside = nil, c.beside[:0]
	if c.now, c.given, c.any = c.coded, false, false; c.coded {
		c.dict.reset()
	}
	if c.kept != nil {
		c.kept.Release()
		c.kept = nil
	}
}

func (c *TextColumn) plain() {
	if !c.now || c.given {
		return
	}
	c.now = false
	for _, code := range c.codes.rows {
		if code >= 0 {
			c.data = append(c.data, c.dict.text(code)...)
		}
		c.offsets = append(c.offsets, int32(len(c.data)))
	}
	c.codes.rows = c.codes.rows[:0]
}

func (c *TextColumn) array() (_ arrow.Array, err error) {
	if !c.now {
		return c.texts(c.offsets, c.data, c.spec.Nullable)
	}
	if c.given {
		return c.givenArray()
	}
	if c.kept == nil {
		if c.kept, err = c.texts(c.dict.offsets, c.dict.data, false); err != nil {
			return nil, err
		}
	}
	return c.codes.array(c.kept, c.spec.Nullable), nil
}

// givenArray holds codes of the caller to be what they should.
func (c *TextColumn) givenArray() (_ arrow.Array, err error) {
	low := int32(0)
	if c.spec.Nullable {
		low = -1
	}
	for _, code := range c.codes.recoded() {
		if code < low || int(code) >= c.dict.len() {
			return nil, fmt.Errorf("column %s: code %d of %d values", c.spec.Name, code, c.dict.len())
		}
	}
	if c.kept == nil {
		if c.kept, err = c.texts(c.dict.offsets, c.dict.data, false); err != nil {
			return nil, err
		}
	}
	return c.codes.array(c.kept, c.spec.Nullable), nil
}

// texts returns texts as Arrow has them. With nullable, an empty one is null.
func (c *TextColumn) texts(offsets []int32, data []byte, nullable bool) (arrow.Array, error) {
	if len(data) > math.MaxInt32 {
		return nil, fmt.Errorf("column %s has more than 2 GiB of text in one batch", c.spec.Name)
	}
	if i := invalidText(offsets, data); i >= 0 {
		return nil, fmt.Errorf("column %s: %q is not UTF-8", c.spec.Name, data[offsets[i]:offsets[i+1]])
	}
	rows, nulls := len(offsets)-1, 0
	if nullable {
		c.valid = c.valid.reset(rows)
		for i := range rows {
			if offsets[i] == offsets[i+1] {
				c.valid.null(i)
				nulls++
			}
		}
	}
	return makeArray(c.spec, rows, nulls, c.valid, arrow.Int32Traits.CastToBytes(offsets), data), nil
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

// IntColumn takes the values of a column of any kind but Text and Float: counts, microseconds, and decimals as whole numbers
// of their last decimal. In a nullable one [frame.NullInt] is null.
type IntColumn struct {
	spec     frame.Spec
	ints     []int64
	decimals []decimal128.Num // scratch
	valid    bitmap

	coded bool // by the schema
	now   bool // in this file
	codes codes
	dict  intCodes
	kept  arrow.Array // the dictionary, one for all batches, once there is an array
	last  int32       // neighbours are often equal; -1 for none
}

// Append adds a value.
func (c *IntColumn) Append(v int64) {
	if !c.now {
		c.ints = append(c.ints, v)
		return
	}
	if v == frame.NullInt && c.spec.Nullable {
		c.codes.rows = append(c.codes.rows, -1)
		return
	}
	if c.last < 0 || c.dict.values[c.last] != v {
		c.last = c.dict.code(v)
	}
	c.codes.rows = append(c.codes.rows, c.last)
}

func (c *IntColumn) grow(n int) {
	if c.now {
		c.codes.rows = slices.Grow(c.codes.rows, n)
	} else {
		c.ints = slices.Grow(c.ints, n)
	}
}

func (c *IntColumn) len() int {
	if c.now {
		return len(c.codes.rows)
	}
	return len(c.ints)
}

func (c *IntColumn) reset() { c.ints, c.codes.rows = c.ints[:0], c.codes.rows[:0] }

func (c *IntColumn) start() {
	c.reset()
	if c.now, c.last = c.coded, -1; c.coded {
		c.dict.reset()
	}
	if c.kept != nil {
		c.kept.Release()
		c.kept = nil
	}
}

func (c *IntColumn) plain() {
	if !c.now {
		return
	}
	c.now = false
	for _, code := range c.codes.rows {
		v := int64(frame.NullInt)
		if code >= 0 {
			v = c.dict.values[code]
		}
		c.ints = append(c.ints, v)
	}
	c.codes.rows = c.codes.rows[:0]
}

func (c *IntColumn) array() (_ arrow.Array, err error) {
	if !c.now {
		return c.numbers(c.ints, c.spec.Nullable)
	}
	if c.kept == nil {
		if c.kept, err = c.numbers(c.dict.values, false); err != nil {
			return nil, err
		}
	}
	return c.codes.array(c.kept, c.spec.Nullable), nil
}

// numbers returns values as Arrow has them.
func (c *IntColumn) numbers(values []int64, nullable bool) (arrow.Array, error) {
	if c.spec.Kind.Decimals() < 0 {
		return makeArray(c.spec, len(values), 0, nil, arrow.Int64Traits.CastToBytes(values)), nil
	}
	nulls := 0
	if nullable {
		c.valid = c.valid.reset(len(values))
	}
	c.decimals = c.decimals[:0]
	for i, v := range values {
		if v > frame.MaxDecimal || v < -frame.MaxDecimal {
			if v != frame.NullInt || !nullable {
				return nil, fmt.Errorf("column %s: %d × 10^-%d does not fit %s", c.spec.Name, v, c.spec.Kind.Decimals(), arrowType(c.spec.Kind))
			}
			c.valid.null(i)
			nulls++
			v = 0
		}
		c.decimals = append(c.decimals, decimal128.FromI64(v))
	}
	return makeArray(c.spec, len(values), nulls, c.valid, arrow.Decimal128Traits.CastToBytes(c.decimals)), nil
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
func (c *FloatColumn) start() { c.reset() }
func (c *FloatColumn) plain() {}

func (c *FloatColumn) grow(n int) { c.floats = slices.Grow(c.floats, n) }

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
