package table

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/frame"
)

// Record is a batch of rows. What its accessors return belongs to the record and must not be changed; it is gone after
// Release, but for what is appended to memory of the caller. Columns are counted as in the schema; an accessor panics on a
// column of another kind.
type Record struct {
	schema frame.Schema
	raw    arrow.Record
	rows   int
	cols   []values
	mem    memory.Allocator
}

// values are one column, checked; one of the first four fields is in use, by kind.
type values struct {
	text     Text
	ints     []int64
	decimals decimals
	floats   []float64
	codes    []int32     // of a coded column of numbers, whose values are the distinct ones in ints; by row
	dict     *dictionary // of a coded column; nil for others
}

// dictionary is the distinct values of a coded column, checked once: all batches of a file have the same.
type dictionary struct {
	of     arrow.ArrayData
	n      int
	plain  values
	nulled *values // with one more value, null; made when a batch has one

	once sync.Once
	text string // the texts of plain, for frames
}

// decimals are values as Arrow has them. Their low bits × factor are the values of a frame.
type decimals struct {
	values []decimal128.Num
	factor int64
	nulls  arrow.Array // says which rows are null; nil if none is
}

func (d decimals) appendTo(dst []int64) []int64 {
	for _, v := range d.values {
		dst = append(dst, int64(v.LowBits())*d.factor)
	}
	if d.nulls != nil {
		for i := range d.values {
			if d.nulls.IsNull(i) {
				dst[len(dst)-len(d.values)+i] = frame.NullInt
			}
		}
	}
	return dst
}

// Text is a column of texts. Null is empty. Text k is Data[Offsets[k]:Offsets[k+1]]; row i has text Codes[i] or, where Codes
// is nil, text i. With Codes there may be equal texts, and texts without a row.
type Text struct {
	Codes   []int32
	Offsets []int32 // one more than texts, ascending, within Data
	Data    []byte
}

// Len returns the number of rows.
func (t Text) Len() int {
	if t.Codes != nil {
		return len(t.Codes)
	}
	return len(t.Offsets) - 1
}

// Bytes returns the value of row i without copying.
func (t Text) Bytes(i int) []byte {
	if t.Codes != nil {
		i = int(t.Codes[i])
	}
	return t.Data[t.Offsets[i]:t.Offsets[i+1]:t.Offsets[i+1]]
}

// newRecord checks raw and takes it over.
func newRecord(from *Reader, raw arrow.Record) (*Record, error) {
	schema := from.schema
	r := &Record{schema: schema, raw: raw, rows: int(raw.NumRows()), cols: make([]values, len(from.from)), mem: from.mem}
	if raw.NumRows() < 0 || raw.NumRows() > BatchRows {
		return nil, fmt.Errorf("%w: %d rows, at most %d", ErrDamaged, raw.NumRows(), BatchRows)
	}
	for i, k := range from.from {
		var err error
		if k < 0 {
			r.cols[i] = nullValues(schema.Columns[i], r.rows)
		} else {
			err = r.cols[i].check(schema.Columns[i], raw.Column(k), r.rows, from, i)
		}
		if err != nil {
			r.freeCodes()
			return nil, fmt.Errorf("%w: column %s: %w", ErrDamaged, schema.Columns[i].Name, err)
		}
	}
	return r, nil
}

// nullValues returns a column of nulls.
func nullValues(spec frame.Spec, rows int) values {
	if spec.Kind == frame.Text {
		return values{text: Text{Offsets: make([]int32, rows+1)}}
	}
	if spec.Kind.Decimals() >= 0 {
		return values{ints: []int64{frame.NullInt}, codes: make([]int32, rows)}
	}
	floats := make([]float64, rows)
	for i := range floats {
		floats[i] = math.NaN()
	}
	return values{floats: floats}
}

// checkedValues returns the values of an array, checked for what accessors promise. Those of decimals are multiplied by factor.
func checkedValues(spec frame.Spec, a arrow.Array, rows int, factor int64) (values, error) {
	if a.Len() != rows {
		return values{}, fmt.Errorf("%d values for %d rows", a.Len(), rows)
	}
	if a.NullN() != 0 && !spec.Nullable {
		return values{}, fmt.Errorf("%d nulls in a column that is not nullable", a.NullN())
	}
	switch a := a.(type) {
	case *array.String:
		t, err := checkedText(a, rows)
		return values{text: t}, err
	case *array.Int64:
		return scaled(spec, a.Int64Values(), factor)
	case *array.Timestamp:
		// A time stamp is an int64; the array hands out no plain slice of them.
		ints := arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
		return values{ints: ints}, nil
	case *array.Decimal128:
		d := decimals{values: a.Values(), factor: factor}
		for i, v := range d.values {
			low := int64(v.LowBits())
			if v.HighBits() != low>>63 || low > frame.MaxDecimal/factor || low < -frame.MaxDecimal/factor {
				return values{}, fmt.Errorf("row %d does not fit %s", i, arrowType(spec.Kind))
			}
		}
		if a.NullN() > 0 {
			d.nulls = a
		}
		return values{decimals: d}, nil
	case *array.Float64:
		return values{floats: floatsOf(a)}, nil
	}
	return values{}, fmt.Errorf("unexpected %s", a.DataType())
}

// scaled returns whole numbers times factor: 1 but for numbers that are decimals now.
func scaled(spec frame.Spec, ints []int64, factor int64) (values, error) {
	if factor == 1 {
		return values{ints: ints}, nil
	}
	out := make([]int64, len(ints))
	for i, v := range ints {
		if v > frame.MaxDecimal/factor || v < -frame.MaxDecimal/factor {
			return values{}, fmt.Errorf("row %d does not fit %s", i, arrowType(spec.Kind))
		}
		out[i] = v * factor
	}
	return values{ints: out}, nil
}

// dictionary returns that of column i, checked, with a value for null if there is one.
func (r *Reader) dictionary(i int, spec frame.Spec, a *array.Dictionary) (*dictionary, values, error) {
	r.checking.Lock()
	defer r.checking.Unlock()
	d := r.dicts[i]
	if d == nil || d.of != a.Data().Dictionary() {
		spec.Nullable = false
		d = &dictionary{of: a.Data().Dictionary(), n: a.Dictionary().Len()}
		var err error
		if d.plain, err = checkedValues(spec, a.Dictionary(), d.n, r.factor[i]); err != nil {
			return nil, values{}, fmt.Errorf("its dictionary: %w", err)
		}
		if spec.Kind.Decimals() >= 0 {
			d.plain.ints = d.plain.decimals.appendTo(slices.Grow(d.plain.ints, d.n+1))
		}
		r.dicts[i] = d
	}
	if a.NullN() == 0 {
		return d, d.plain, nil
	}
	if d.nulled == nil {
		v := d.plain
		if spec.Kind == frame.Text {
			v.text.Offsets = append(slices.Clone(v.text.Offsets), v.text.Offsets[d.n]) // an empty text for null
		} else {
			v.ints = append(v.ints, frame.NullInt) // of decimals, which are copies: no other kind is nullable
		}
		d.nulled = &v
	}
	return d, *d.nulled, nil
}

// check takes the values of an array, or the distinct values and the codes of a dictionary array.
func (v *values) check(spec frame.Spec, from arrow.Array, rows int, r *Reader, i int) (err error) {
	a, ok := from.(*array.Dictionary)
	if !ok {
		*v, err = checkedValues(spec, from, rows, r.factor[i])
		return err
	}
	switch {
	case a.Len() != rows:
		return fmt.Errorf("%d values for %d rows", a.Len(), rows)
	case a.NullN() != 0 && !spec.Nullable:
		return fmt.Errorf("%d nulls in a column that is not nullable", a.NullN())
	case rows == 0:
		*v = values{codes: []int32{}, text: Text{Codes: []int32{}, Offsets: []int32{0}}}
		return nil
	}
	d, distinct, err := r.dictionary(i, spec, a)
	if err != nil {
		return err
	}
	*v = distinct
	v.dict = d
	n := d.n
	codes := arrow.Int32Traits.CastFromBytes(r.mem.Allocate(4 * rows))
	v.codes, v.text.Codes = codes, codes
	switch index := a.Indices().(type) {
	case *array.Int8:
		widen(codes, index.Int8Values())
	case *array.Int16:
		widen(codes, index.Int16Values())
	case *array.Int32:
		copy(codes, index.Int32Values())
	}
	if a.NullN() > 0 {
		for i := range codes {
			if a.IsNull(i) {
				codes[i] = int32(n)
			}
		}
		n++
	}
	for i, code := range codes {
		if uint32(code) >= uint32(n) {
			return fmt.Errorf("row %d has code %d of %d", i, code, n)
		}
	}
	return nil
}

func widen[T int8 | int16](dst []int32, src []T) {
	for i, code := range src {
		dst[i] = int32(code)
	}
}

func checkedText(a *array.String, rows int) (Text, error) {
	if rows == 0 {
		return Text{Offsets: []int32{0}}, nil
	}
	t := Text{Offsets: a.ValueOffsets()}
	if b := a.Data().Buffers()[2]; b != nil {
		t.Data = b.Bytes()
	}
	last := int32(0)
	for _, at := range t.Offsets {
		if at < last || int(at) > len(t.Data) {
			return Text{}, fmt.Errorf("a text at bytes %d to %d of %d", last, at, len(t.Data))
		}
		last = at
	}
	if i := invalidText(t.Offsets, t.Data); i >= 0 {
		return Text{}, fmt.Errorf("row %d is not UTF-8", i)
	}
	if a.NullN() > 0 {
		for i := range rows {
			if a.IsNull(i) && t.Offsets[i] != t.Offsets[i+1] {
				return Text{}, fmt.Errorf("row %d is null but has a text", i)
			}
		}
	}
	return t, nil
}

// floatsOf returns the values with NaN for null; it copies only if there is one.
func floatsOf(a *array.Float64) []float64 {
	if a.NullN() == 0 {
		return a.Float64Values()
	}
	out := make([]float64, a.Len())
	for i, v := range a.Float64Values() {
		if out[i] = v; a.IsNull(i) {
			out[i] = math.NaN()
		}
	}
	return out
}

// Release frees the record.
func (r *Record) Release() {
	r.freeCodes()
	r.raw.Release()
}

func (r *Record) freeCodes() {
	for i := range r.cols {
		if c := r.cols[i].codes; cap(c) > 0 {
			r.mem.Free(arrow.Int32Traits.CastToBytes(c))
		}
		r.cols[i].codes = nil
	}
}

// Rows returns the number of rows.
func (r *Record) Rows() int { return r.rows }

// Text returns column i of kind Text.
func (r *Record) Text(i int) Text {
	r.want(i, frame.Text)
	return r.cols[i].text
}

// Ints appends column i, of any kind but Text and Float, to dst: decimals as whole numbers of their last decimal, null as
// [frame.NullInt].
func (r *Record) Ints(dst []int64, i int) []int64 {
	if kind := r.schema.Columns[i].Kind; kind == frame.Text || kind == frame.Float {
		r.want(i, frame.Int)
	}
	v := &r.cols[i]
	switch {
	case v.codes == nil && v.decimals.values != nil:
		return v.decimals.appendTo(dst)
	case v.codes == nil:
		return append(dst, v.ints...)
	}
	for _, code := range v.codes {
		dst = append(dst, v.ints[code])
	}
	return dst
}

// Floats returns column i of kind Float, null as NaN.
func (r *Record) Floats(i int) []float64 {
	r.want(i, frame.Float)
	return r.cols[i].floats
}

func (r *Record) want(i int, kind frame.Kind) {
	if c := r.schema.Columns[i]; c.Kind != kind {
		panic(fmt.Sprintf("table: column %s of table %s is %s, not %s", c.Name, r.schema.Name, c.Kind, kind))
	}
}

// appendTo adds the record's rows to a frame of columns of the schema.
func (r *Record) appendTo(f *frame.Frame) {
	for i, at := 0, 0; i < len(f.Columns); i, at = i+1, at+1 {
		for r.schema.Columns[at].Name != f.Columns[i].Name {
			at++
		}
		c, v := &f.Columns[i], &r.cols[at]
		switch c.Kind {
		case frame.Text:
			all := v.texts()
			for k := range r.rows {
				if v.codes != nil {
					k = int(v.codes[k])
				}
				c.Strings = append(c.Strings, all[v.text.Offsets[k]:v.text.Offsets[k+1]])
			}
		case frame.Float:
			c.Floats = append(c.Floats, v.floats...)
		default:
			c.Ints = r.Ints(c.Ints, at)
		}
	}
}

// texts returns all texts in one allocation: for a batch, or for all batches that share a dictionary.
func (v *values) texts() string {
	if v.dict == nil {
		return string(v.text.Data)
	}
	v.dict.once.Do(func() { v.dict.text = string(v.text.Data) })
	return v.dict.text
}
