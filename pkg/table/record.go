package table

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"

	"github.com/clientele/clientele/pkg/frame"
)

// Record is a batch of rows. What its accessors return belongs to the record and must not be changed; it is gone after
// Release, but for what is appended to memory of the caller. Columns are counted as in the schema; an accessor panics on a
// column of another kind.
type Record struct {
	schema Schema
	raw    arrow.Record
	rows   int
	cols   []values
}

// values are one column, checked; one of the fields is in use, by kind.
type values struct {
	text   Text
	ints   []int64
	money  []decimal128.Num
	floats []float64
}

// Text is a column of texts: value i is Data[Offsets[i]:Offsets[i+1]]. Null is empty.
type Text struct {
	Offsets []int32 // one more than values, ascending, within Data
	Data    []byte
}

// Len returns the number of values.
func (t Text) Len() int { return len(t.Offsets) - 1 }

// Bytes returns value i without copying.
func (t Text) Bytes(i int) []byte { return t.Data[t.Offsets[i]:t.Offsets[i+1]:t.Offsets[i+1]] }

// newRecord checks raw and takes it over.
func newRecord(schema Schema, from []int, raw arrow.Record) (*Record, error) {
	r := &Record{schema: schema, raw: raw, rows: int(raw.NumRows()), cols: make([]values, len(from))}
	if raw.NumRows() < 0 || raw.NumRows() > BatchRows {
		return nil, fmt.Errorf("%w: %d rows, at most %d", ErrDamaged, raw.NumRows(), BatchRows)
	}
	for i, k := range from {
		var err error
		if k < 0 {
			r.cols[i] = nullValues(schema.Columns[i], r.rows)
		} else {
			r.cols[i], err = checkedValues(schema.Columns[i], raw.Column(k), r.rows)
		}
		if err != nil {
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
	floats := make([]float64, rows)
	for i := range floats {
		floats[i] = math.NaN()
	}
	return values{floats: floats}
}

// checkedValues returns the values of an array, checked for what accessors promise.
func checkedValues(spec frame.Spec, a arrow.Array, rows int) (values, error) {
	if a.Len() != rows {
		return values{}, fmt.Errorf("%d values for %d rows", a.Len(), rows)
	}
	if a.NullN() != 0 && !spec.Nullable {
		return values{}, fmt.Errorf("%d nulls in a column that has none", a.NullN())
	}
	switch a := a.(type) {
	case *array.String:
		t, err := checkedText(a, rows)
		return values{text: t}, err
	case *array.Int64:
		return values{ints: a.Int64Values()}, nil
	case *array.Timestamp:
		// A time stamp is an int64; the array hands out no plain slice of them.
		ints := arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
		return values{ints: ints}, nil
	case *array.Decimal128:
		for i, v := range a.Values() {
			low := int64(v.LowBits())
			if v.HighBits() != low>>63 || low > maxMoney || low < -maxMoney {
				return values{}, fmt.Errorf("row %d does not fit decimal128(18,4)", i)
			}
		}
		return values{money: a.Values()}, nil
	case *array.Float64:
		return values{floats: floatsOf(a)}, nil
	}
	return values{}, fmt.Errorf("unexpected %s", a.DataType())
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
			return Text{}, fmt.Errorf("a text from %d to %d of %d bytes", last, at, len(t.Data))
		}
		last = at
	}
	if i := invalidText(t.Offsets, t.Data); i >= 0 {
		return Text{}, fmt.Errorf("row %d is not UTF-8", i)
	}
	if a.NullN() > 0 {
		for i := range rows {
			if a.IsNull(i) && t.Offsets[i] != t.Offsets[i+1] {
				return Text{}, fmt.Errorf("row %d is null and has a text", i)
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
func (r *Record) Release() { r.raw.Release() }

// Rows returns the number of rows.
func (r *Record) Rows() int { return r.rows }

// Text returns column i of kind Text.
func (r *Record) Text(i int) Text {
	r.want(i, frame.Text)
	return r.cols[i].text
}

// Ints returns column i of kind Int or Time.
func (r *Record) Ints(i int) []int64 {
	if r.schema.Columns[i].Kind != frame.Time {
		r.want(i, frame.Int)
	}
	return r.cols[i].ints
}

// Money appends column i of kind Money to dst, in ten-thousandths.
func (r *Record) Money(dst []int64, i int) []int64 {
	r.want(i, frame.Money)
	for _, v := range r.cols[i].money {
		dst = append(dst, int64(v.LowBits()))
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

// appendTo adds the record's rows to a frame of the schema.
func (r *Record) appendTo(f *frame.Frame) {
	for i := range f.Columns {
		c, v := &f.Columns[i], &r.cols[i]
		switch c.Kind {
		case frame.Text:
			all := string(v.text.Data) // one allocation for all the texts of a batch
			for k := range r.rows {
				c.Strings = append(c.Strings, all[v.text.Offsets[k]:v.text.Offsets[k+1]])
			}
		case frame.Money:
			c.Ints = r.Money(c.Ints, i)
		case frame.Float:
			c.Floats = append(c.Floats, v.floats...)
		default:
			c.Ints = append(c.Ints, v.ints...)
		}
	}
}
