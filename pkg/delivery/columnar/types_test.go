package columnar_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/money"
)

var header = []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// good are the columns of lines without a mistake.
var good = map[string]arrow.DataType{
	"InvoiceNo": arrow.BinaryTypes.String, "StockCode": arrow.BinaryTypes.String, "Description": arrow.BinaryTypes.String,
	"Quantity": arrow.PrimitiveTypes.Int64, "InvoiceDate": &arrow.TimestampType{Unit: arrow.Microsecond},
	"UnitPrice": arrow.PrimitiveTypes.Float64, "CustomerID": arrow.BinaryTypes.String, "Country": arrow.BinaryTypes.String,
}

// one returns a record of one good line, with another column for those that are given.
func one(t testing.TB, mem memory.Allocator, other map[string]arrow.Array) arrow.Record {
	t.Helper()
	values := map[string]any{"InvoiceNo": "1", "StockCode": "85123A", "Quantity": int64(1), "InvoiceDate": arrow.Timestamp(0), "UnitPrice": 2.5}
	var fields []arrow.Field
	var columns []arrow.Array
	rows := 1
	for _, name := range header {
		c := other[name]
		if c == nil {
			b := array.NewBuilder(mem, good[name])
			switch v := values[name].(type) {
			case string:
				b.(*array.StringBuilder).Append(v)
			case int64:
				b.(*array.Int64Builder).Append(v)
			case float64:
				b.(*array.Float64Builder).Append(v)
			case arrow.Timestamp:
				b.(*array.TimestampBuilder).Append(v)
			default:
				b.AppendNull()
			}
			c = b.NewArray()
			b.Release()
		} else {
			c.Retain()
		}
		defer c.Release()
		rows = c.Len()
		fields, columns = append(fields, arrow.Field{Name: name, Type: c.DataType(), Nullable: true}), append(columns, c)
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(rows))
}

func asArrow(t testing.TB, recs ...arrow.Record) []byte {
	t.Helper()
	f := &buffer{}
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(recs[0].Schema()))
	for _, r := range recs {
		if err == nil {
			err = w.Write(r)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Bytes()
}

// buffer is written from front to back.
type buffer struct{ bytes.Buffer }

func (b *buffer) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("no seeking")
	}
	return int64(b.Len()), nil
}

func asParquet(t testing.TB, rec arrow.Record, options ...parquet.WriterProperty) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &b, parquet.NewWriterProperties(options...), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err == nil {
		err = w.Write(rec)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// arr makes an array of a type out of what its values are written as.
func arr(t testing.TB, mem memory.Allocator, of arrow.DataType, values ...string) arrow.Array {
	t.Helper()
	b := array.NewBuilder(mem, of)
	defer b.Release()
	for _, v := range values {
		if err := b.AppendValueFromString(v); err != nil {
			t.Fatal(err)
		}
	}
	return b.NewArray()
}

func TestTypes(t *testing.T) {
	ts := func(unit arrow.TimeUnit, zone string) arrow.DataType {
		return &arrow.TimestampType{Unit: unit, TimeZone: zone}
	}
	for _, test := range []struct {
		column string
		of     arrow.DataType
		value  string
		want   string // of the field
	}{
		{"InvoiceNo", arrow.PrimitiveTypes.Int32, "536365", "536365"},
		{"InvoiceNo", arrow.BinaryTypes.Binary, "NTM2MzY1", "536365"}, // base64
		{"StockCode", arrow.PrimitiveTypes.Uint64, "18446744073709551615", "18446744073709551615"},
		{"CustomerID", arrow.PrimitiveTypes.Float64, "17850", "17850"},
		{"CustomerID", arrow.PrimitiveTypes.Float32, "17850", "17850"},
		{"CustomerID", arrow.BinaryTypes.String, "17850.0", "17850"},
		{"CustomerID", &arrow.Decimal128Type{Precision: 7, Scale: 1}, "17850.0", "17850"},
		{"Quantity", arrow.PrimitiveTypes.Int8, "-6", "-6"},
		{"Quantity", arrow.PrimitiveTypes.Uint16, "600", "600"},
		{"Quantity", arrow.PrimitiveTypes.Float64, "6", "6"},
		{"Quantity", arrow.PrimitiveTypes.Float64, "6.5", "6.5"},
		{"Quantity", arrow.PrimitiveTypes.Float64, "0.0625", "fractional_quantity"},
		{"Quantity", arrow.BinaryTypes.String, "6.0", "6"},
		{"CustomerID", arrow.Null, "(null)", ""},
		{"UnitPrice", arrow.PrimitiveTypes.Float64, "2.55", "2.55"},
		{"UnitPrice", arrow.PrimitiveTypes.Float32, "2.55", "2.55"},
		{"UnitPrice", arrow.PrimitiveTypes.Float64, "0.30000000000000004", "0.30"},
		{"UnitPrice", arrow.PrimitiveTypes.Float64, "0.0000125", "price_decimals"},
		{"UnitPrice", arrow.PrimitiveTypes.Int64, "3", "3.00"},
		{"UnitPrice", &arrow.Decimal128Type{Precision: 38, Scale: 10}, "-2.5500000000", "-2.55"},
		{"UnitPrice", &arrow.Decimal256Type{Precision: 40, Scale: 2}, "0.05", "0.05"},
		{"UnitPrice", arrow.BinaryTypes.String, "2.55", "2.55"},
		{"InvoiceDate", ts(arrow.Second, ""), "2011-07-01T08:26:00", "2011-07-01T08:26:00"},
		{"InvoiceDate", ts(arrow.Millisecond, ""), "2011-07-01T08:26:00.123", "2011-07-01T08:26:00.123"},
		{"InvoiceDate", ts(arrow.Nanosecond, ""), "1969-12-31T23:59:59.999999999", "1969-12-31T23:59:59.999999"},
		{"InvoiceDate", ts(arrow.Microsecond, "UTC"), "2011-07-01T08:26:00", "2011-07-01T09:26:00"}, // London in summer
		{"InvoiceDate", ts(arrow.Microsecond, "UTC"), "2011-12-01T08:26:00", "2011-12-01T08:26:00"}, // and in winter
		{"InvoiceDate", arrow.FixedWidthTypes.Date32, "2011-07-01", "2011-07-01T00:00:00"},
		{"InvoiceDate", arrow.FixedWidthTypes.Date64, "2011-07-01", "2011-07-01T00:00:00"},
		{"InvoiceDate", arrow.BinaryTypes.String, "2011-07-01 08:26:00", "2011-07-01T08:26:00"},
		{"InvoiceDate", arrow.BinaryTypes.LargeString, "01/07/2011", "bad_time"},
	} {
		t.Run(test.column+" "+test.of.String(), func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			values := arr(t, mem, test.of, test.value)
			rec := one(t, mem, map[string]arrow.Array{test.column: values})
			values.Release()
			files := map[string][]byte{"arrow": asArrow(t, rec)}
			if test.of.ID() != arrow.NULL && !strings.Contains(test.of.String(), "timestamp[s]") { // Arrow's writer (v15) has none
				files["parquet"] = asParquet(t, rec)
			}
			if local, ok := test.of.(*arrow.TimestampType); ok && local.TimeZone == "" || test.of.ID() == arrow.DATE64 {
				delete(files, "parquet") // Arrow's writer (v15) makes instants of them: see TestFilesOfOthers
			}
			rec.Release()
			mem.AssertSize(t, 0)
			for format, data := range files {
				o, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{Zone: london(t)})
				if err != nil {
					t.Fatal(format, err)
				}
				got := ""
				if len(o.Rejects) > 0 {
					got, _, _ = strings.Cut(o.Rejects[0], ":")
				} else {
					l := o.Lines[0]
					got = map[string]string{"InvoiceNo": l.Invoice, "StockCode": l.Code, "Quantity": fmt.Sprint(l.Quantity), "InvoiceDate": l.Time,
						"UnitPrice": l.Price.String(), "CustomerID": l.Customer}[test.column]
				}
				if got != test.want {
					t.Errorf("%s: got %s, want %s", format, got, test.want)
				}
			}
		})
	}
}

func TestOddValues(t *testing.T) {
	mem := memory.NewGoAllocator()
	floats := func(v ...float64) arrow.Array {
		b := array.NewFloat64Builder(mem)
		b.AppendValues(v, nil)
		return b.NewArray()
	}
	times := func(v ...arrow.Timestamp) arrow.Array {
		b := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"})
		b.AppendValues(v, nil)
		return b.NewArray()
	}
	for _, test := range []struct {
		other map[string]arrow.Array
		want  string
	}{
		{map[string]arrow.Array{"CustomerID": floats(math.NaN())}, ""},
		{map[string]arrow.Array{"CustomerID": floats(math.Inf(1))}, "bad_value: 1,85123A,,1,1970-01-01 01:00:00,2.5,+Inf,"},
		{map[string]arrow.Array{"UnitPrice": floats(math.NaN()), "Quantity": floats(math.Inf(-1))}, "bad_quantity,bad_price: 1,85123A,,-Inf,1970-01-01 01:00:00,,,"},
		{map[string]arrow.Array{"UnitPrice": floats(math.Copysign(0, -1)), "Quantity": floats(1e15)}, "amount_out_of_range: 1,85123A,,1000000000000000,1970-01-01 01:00:00,0,,"},
		{map[string]arrow.Array{"InvoiceDate": times(math.MaxInt64)}, "bad_time: 1,85123A,,1,9223372036854775807,2.5,,"},
		{map[string]arrow.Array{"InvoiceDate": times(math.MinInt64)}, "bad_time: 1,85123A,,1,-9223372036854775808,2.5,,"},
	} {
		if test.other["InvoiceDate"] == nil {
			test.other["InvoiceDate"] = times(0)
		}
		data := asArrow(t, one(t, mem, test.other))
		// London kept summer time all through the winter of 1970.
		o, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{Zone: london(t)})
		if got := strings.Join(o.Rejects, "\n"); got != test.want || err != nil {
			t.Errorf("got %q %v, want %q", got, err, test.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	mem := memory.NewGoAllocator()
	date := arr(t, mem, arrow.FixedWidthTypes.Date32, "2011-07-01")
	for _, test := range []struct {
		other map[string]arrow.Array
		want  []string
	}{
		{map[string]arrow.Array{"Quantity": arr(t, mem, arrow.FixedWidthTypes.Boolean, "true"), "InvoiceNo": date},
			[]string{`"InvoiceNo" (invoice) is `, `"Quantity" (quantity) is `, "want a number or text", "want text or a number"}},
		{map[string]arrow.Array{"Quantity": arr(t, mem, arrow.Null, "(null)")}, []string{`"Quantity" (quantity) is `}},
		{map[string]arrow.Array{"InvoiceDate": arr(t, mem, arrow.PrimitiveTypes.Int64, "0")}, []string{`"InvoiceDate" (time) is `, "want a timestamp, date or text"}},
	} {
		rec := one(t, mem, test.other)
		for _, data := range [][]byte{asArrow(t, rec), asParquet(t, rec)} {
			_, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{})
			var types *columnar.TypeError
			if !errors.As(err, &types) {
				t.Fatal(err)
			}
			for _, w := range test.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v does not say %q", err, w)
				}
			}
		}
	}
	rec := one(t, mem, nil)
	for _, data := range [][]byte{asArrow(t, rec), asParquet(t, rec)} {
		var head *record.HeaderError
		_, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{Columns: record.ColumnNames{record.FieldPrice: "Cost"}})
		if !errors.As(err, &head) || !strings.Contains(err.Error(), "no column for price, wanted Cost; found the columns InvoiceNo, StockCode") {
			t.Error(err)
		}
		disk := errors.New("disk")
		if _, err := read(failing{disk}, int64(len(data)), columnar.Options{}); !errors.Is(err, disk) || errors.Is(err, columnar.ErrDamaged) {
			t.Error(err)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// Rows over many pages, batches and row groups come in their order, whatever they are packed with.
func TestManyRows(t *testing.T) {
	mem := memory.NewGoAllocator()
	const rows = 24_000
	invoices, quantities, codes := array.NewStringBuilder(mem), array.NewInt64Builder(mem), array.NewStringBuilder(mem)
	rest := map[string][]string{}
	for i := range rows {
		invoices.Append(fmt.Sprint("invoice ", i))
		quantities.Append(int64(i))
		codes.Append(fmt.Sprint(i % 7))
		rest["InvoiceDate"] = append(rest["InvoiceDate"], "2011-12-01T00:00:00")
		rest["UnitPrice"] = append(rest["UnitPrice"], "1.5")
		rest["CustomerID"] = append(rest["CustomerID"], []string{"(null)", "12345"}[i%2])
		rest["Description"], rest["Country"] = append(rest["Description"], ""), append(rest["Country"], "France")
	}
	other := map[string]arrow.Array{"InvoiceNo": invoices.NewArray(), "Quantity": quantities.NewArray(), "StockCode": codes.NewArray()}
	for name, values := range rest {
		of := good[name]
		if name == "InvoiceDate" {
			of = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
		}
		other[name] = arr(t, mem, of, values...)
	}
	rec := one(t, mem, other)
	files := map[string][]byte{"arrow": asArrow(t, rec.NewSlice(0, 100), rec.NewSlice(100, 100), rec.NewSlice(100, rows))}
	for name, codec := range map[string]compress.Compression{"none": compress.Codecs.Uncompressed, "snappy": compress.Codecs.Snappy,
		"gzip": compress.Codecs.Gzip, "zstd": compress.Codecs.Zstd, "brotli": compress.Codecs.Brotli} {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			files[fmt.Sprint(name, version)] = asParquet(t, rec, parquet.WithCompression(codec), parquet.WithDataPageSize(4096), parquet.WithMaxRowGroupLength(11_000),
				parquet.WithDataPageVersion(version), parquet.WithDictionaryFor("InvoiceNo", false))
		}
	}
	for name, data := range files {
		o, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{Zone: time.UTC})
		if err != nil || len(o.Lines) != rows || o.Counts.Records != rows {
			t.Errorf("%s: %d lines, %v %v", name, len(o.Lines), o.Rejects[:min(1, len(o.Rejects))], err)
			continue
		}
		for _, i := range []int{0, 99, 100, 8191, 8192, 10_999, 11_000, rows - 1} {
			want := line{int64(i + 1), "2011-12-01T00:00:00", money.Quantity(i) * money.QuantityScale, 1_500_000, fmt.Sprint("invoice ", i), fmt.Sprint(i % 7), "", []string{"", "12345"}[i%2], "France"}
			if diff := cmp.Diff(want, o.Lines[i]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}
