// Package frame holds columns in memory: what the mathematics and the tables share, with no Arrow in it.
//
// A [Frame] is a list of named columns of equal length. Each has a [Kind] that says how it is kept in memory and, through
// pkg/table, on disk:
//
//	Text      string                  utf8
//	Int       int64                   int64
//	Money     int64 ten-thousandths   decimal128(18,4)
//	Price     int64 millionths        decimal128(18,6)
//	Quantity  int64 thousandths       decimal128(18,3)
//	Float     float64                 float64
//	Time      int64 microseconds      timestamp[us] without zone, the shop's local time
//
// Null is null: in a nullable Float column it is NaN, in a nullable Text column the empty string, in a nullable column of
// decimals [NullInt]. Other kinds have none.
package frame

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/clientele/clientele/pkg/money"
)

// Kind says how a column is kept.
type Kind uint8

// The kinds of a column.
const (
	Text Kind = iota
	Int
	Money
	Float
	Time
	Price
	Quantity
)

// Kinds are all kinds.
var Kinds = []Kind{Text, Int, Money, Float, Time, Price, Quantity}

// NullInt is null in a nullable column of decimals.
const NullInt = math.MinInt64

// String returns the kind's name as contract.json shows it.
func (k Kind) String() string {
	switch k {
	case Text:
		return "text"
	case Int:
		return "int"
	case Money:
		return "money"
	case Float:
		return "float"
	case Time:
		return "time"
	case Price:
		return "price"
	case Quantity:
		return "quantity"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Decimals returns how many decimals a kind of decimals has, and -1 for any other kind. The values of a column are whole
// numbers of its last decimal, of at most [MaxDecimal].
func (k Kind) Decimals() int {
	switch k {
	case Money:
		return money.AmountDecimals
	case Price:
		return money.PriceDecimals
	case Quantity:
		return money.QuantityDecimals
	}
	return -1
}

// MaxDecimal is the largest absolute value in a column of decimals: 18 digits.
const MaxDecimal = money.Max

// Bytes returns what a value takes in memory; of a text its header, without the text, which many values can share.
func (k Kind) Bytes() int {
	if k == Text {
		return 16
	}
	return 8
}

// MarshalText makes a kind its name in JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Spec declares a column: what a table promises before there is a row. Unit and Meaning are plain text for people, in
// contract.json and docs/tables.md.
type Spec struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Nullable bool   `json:"nullable,omitempty"`
	Unit     string `json:"unit,omitempty"` // days, invoices, currency, share, …
	Meaning  string `json:"meaning,omitempty"`
}

// Column is a Spec with its values. Exactly one of the slices is in use, by Kind:
// Strings for Text, Floats for Float, Ints for all others.
type Column struct {
	Spec
	Strings []string
	Ints    []int64
	Floats  []float64
}

// Len returns the number of values.
func (c *Column) Len() int {
	switch c.Kind {
	case Text:
		return len(c.Strings)
	case Float:
		return len(c.Floats)
	}
	return len(c.Ints)
}

// IsNumeric reports whether the column can be read by [Column.Float].
func (c *Column) IsNumeric() bool { return c.Kind != Text && c.Kind != Time }

// Float returns value i of a numeric column as a float64: decimals in units (4.5, not 45,000), null as NaN.
func (c *Column) Float(i int) float64 {
	switch c.Kind {
	case Float:
		return c.Floats[i]
	case Int:
		return float64(c.Ints[i])
	case Money:
		return c.decimal(i, money.Scale)
	case Price:
		return c.decimal(i, money.PriceScale)
	case Quantity:
		return c.decimal(i, money.QuantityScale)
	}
	panic("frame: column " + c.Name + " of kind " + c.Kind.String() + " is not numeric")
}

func (c *Column) decimal(i int, scale float64) float64 {
	if v := c.Ints[i]; v != NullInt {
		return float64(v) / scale
	}
	return math.NaN()
}

// Frame is a list of columns of equal length. The zero value has no column and no row.
type Frame struct {
	Columns []Column
}

// New returns a frame of n rows, all zero, with the columns of specs.
func New(specs []Spec, n int) *Frame {
	f := &Frame{Columns: make([]Column, len(specs))}
	for i, s := range specs {
		c := Column{Spec: s}
		switch s.Kind {
		case Text:
			c.Strings = make([]string, n)
		case Float:
			c.Floats = make([]float64, n)
		default:
			c.Ints = make([]int64, n)
		}
		f.Columns[i] = c
	}
	return f
}

// Grow makes room for n more rows.
func (f *Frame) Grow(n int) {
	for i := range f.Columns {
		c := &f.Columns[i]
		switch c.Kind {
		case Text:
			c.Strings = slices.Grow(c.Strings, n)
		case Float:
			c.Floats = slices.Grow(c.Floats, n)
		default:
			c.Ints = slices.Grow(c.Ints, n)
		}
	}
}

// Rows returns the number of rows.
func (f *Frame) Rows() int {
	if len(f.Columns) == 0 {
		return 0
	}
	return f.Columns[0].Len()
}

// Specs returns the declaration of every column.
func (f *Frame) Specs() []Spec {
	specs := make([]Spec, len(f.Columns))
	for i := range f.Columns {
		specs[i] = f.Columns[i].Spec
	}
	return specs
}

// Column returns the column of that name, or nil.
func (f *Frame) Column(name string) *Column {
	for i := range f.Columns {
		if f.Columns[i].Name == name {
			return &f.Columns[i]
		}
	}
	return nil
}

// must returns the column of that name. It panics where the frame has none: a reader has checked the frame against its
// table's declaration before, so a miss is a mistake in the program.
func (f *Frame) must(name string) *Column {
	c := f.Column(name)
	if c == nil {
		panic("frame: no column " + name)
	}
	return c
}

// Strings returns the values of the Text column name; it panics if there is none.
func (f *Frame) Strings(name string) []string { return f.must(name).Strings }

// Ints returns the values of the column name, of any kind but Text and Float; it panics if there is none.
func (f *Frame) Ints(name string) []int64 { return f.must(name).Ints }

// Floats returns the values of the Float column name; it panics if there is none.
func (f *Frame) Floats(name string) []float64 { return f.must(name).Floats }

// Check returns an error unless all columns have the same length.
func (f *Frame) Check() error {
	for i := range f.Columns {
		if n := f.Columns[i].Len(); n != f.Rows() {
			return fmt.Errorf("column %s has %d rows, column %s has %d", f.Columns[i].Name, n, f.Columns[0].Name, f.Rows())
		}
	}
	return nil
}

// SortByText orders all rows by the bytes of the Text column name. Rows that are equal there keep their order.
func (f *Frame) SortByText(name string) {
	key := f.Strings(name)
	if slices.IsSorted(key) {
		return
	}
	order := make([]int, len(key))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return key[order[a]] < key[order[b]] })
	*f = *f.Take(order)
}

// Take returns a new frame of the rows at the given positions, in that order.
func (f *Frame) Take(rows []int) *Frame {
	out := New(f.Specs(), len(rows))
	for i := range f.Columns {
		from, to := &f.Columns[i], &out.Columns[i]
		for k, r := range rows {
			switch from.Kind {
			case Text:
				to.Strings[k] = from.Strings[r]
			case Float:
				to.Floats[k] = from.Floats[r]
			default:
				to.Ints[k] = from.Ints[r]
			}
		}
	}
	return out
}

// Hash returns the hex sha256 of the frame's logical content: names, kinds and values, row after row of each column in
// the order given, without the columns in skip. It does not depend on how a file is cut or compressed. All NaN are alike,
// and -0 is 0.
func (f *Frame) Hash(skip ...string) string {
	h := sha256.New()
	var buf bytes.Buffer
	flush := func(limit int) {
		if buf.Len() >= limit {
			h.Write(buf.Bytes())
			buf.Reset()
		}
	}
	word := func(v uint64) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		buf.Write(b[:])
		flush(1 << 16)
	}
	text := func(s string) {
		word(uint64(len(s)))
		buf.WriteString(s)
		flush(1 << 16)
	}
	word(uint64(f.Rows()))
	for i := range f.Columns {
		c := &f.Columns[i]
		if slices.Contains(skip, c.Name) {
			continue
		}
		text(c.Name)
		text(c.Kind.String())
		switch c.Kind {
		case Text:
			for _, s := range c.Strings {
				text(s)
			}
		case Float:
			for _, v := range c.Floats {
				switch {
				case v != v:
					v = math.NaN()
				case v == 0:
					v = 0
				}
				word(math.Float64bits(v))
			}
		default:
			for _, v := range c.Ints {
				word(uint64(v))
			}
		}
	}
	flush(0)
	return hex.EncodeToString(h.Sum(nil))
}
