package ingest

import (
	"bytes"
	"encoding/csv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
	"github.com/xuri/excelize/v2"
)

// TestFormatsOfTheRealFile: the real file in every format gives the same bytes of every day.
func TestFormatsOfTheRealFile(t *testing.T) {
	if testing.Short() {
		t.Skip("the real file is written in ten formats")
	}
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" {
		t.Skip("CLIENTELE_TESTDATA is not set: a folder that holds online-retail.csv.gz")
	}
	path := filepath.Join(dir, "online-retail.csv.gz")
	gz, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	book := asWorkbook(t, records)
	want := daysOf(t, string(gz))
	// Counted with Python's csv module: trading days.
	if len(want) != 305 {
		t.Fatalf("%d days", len(want))
	}
	for _, test := range []struct {
		name    string
		content func() []byte
		change  func(*Config)
	}{
		{"csv", func() []byte { return text }, nil},
		{"csv.zst", func() []byte { return asZstd(t, text) }, nil},
		{"zip of csv", func() []byte { return asZip(t, "a/lines.csv", text) }, nil},
		{"iso-8859-1", func() []byte { return asLatin1(t, text) }, func(c *Config) { c.Encoding = "iso-8859-1" }},
		{"semicolons and decimal commas", func() []byte { return asSemicolons(t, records) },
			func(c *Config) { c.Separator, c.Decimal = "semicolon", "comma" }},
		{"xlsx", func() []byte { return book }, nil},
		{"zip of xlsx", func() []byte { return asZip(t, "Online Retail.xlsx", book) }, nil},
		{"parquet", func() []byte { return asParquet(t, records) }, nil},
		{"arrow", func() []byte { return asArrow(t, records) }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(want, daysOf(t, string(test.content()), test.change)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// daysOf takes a delivery in and returns the names of the days' partitions, which are those of their content.
func daysOf(t *testing.T, content string, change ...func(*Config)) []string {
	t.Helper()
	s := newShop(t)
	c := s.config(s.file("lines", content))
	for _, f := range change {
		if f != nil {
			f(&c)
		}
	}
	s.must(c)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.objects())), func(name string) bool { return !strings.HasPrefix(name, "lines/shop/") })
}

func asZstd(t testing.TB, text []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(text, nil)
}

func asZip(t testing.TB, name string, content []byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, folder := range []string{"a/", "__MACOSX/._" + name} {
		if _, err := z.Create(folder); err != nil {
			t.Fatal(err)
		}
	}
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asLatin1(t testing.TB, text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range string(text) {
		if c > 0xff {
			t.Fatalf("%q is not in ISO-8859-1", c)
		}
		out = append(out, byte(c))
	}
	return out
}

func asSemicolons(t testing.TB, records [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = ';'
	for _, r := range records {
		r = slices.Clone(r)
		r[5] = strings.Replace(r[5], ".", ",", 1)
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.Bytes()
}

// asWorkbook writes records as spreadsheets hold them: what looks like a number is one, and times are serial numbers.
func asWorkbook(t testing.TB, records [][]string) []byte {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]any, len(records[0]))
	for i, r := range records {
		for k, v := range r {
			row[k] = v
			switch n, err := strconv.ParseFloat(v, 64); {
			case v == "":
				row[k] = nil
			case i > 0 && k == 4:
				row[k] = excelize.Cell{StyleID: style, Value: float64(clockOf(t, v).Unix())/86400 + 25_569}
			case err == nil && (k == 6 || strconv.FormatFloat(n, 'f', -1, 64) == v):
				row[k] = n
			}
		}
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = w.SetRow(cell, row)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func clockOf(t testing.TB, text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// asRecord makes a batch as pandas would: text, whole numbers, times, floating-point prices and customers. Arrow's parquet
// writer (v15) marks times without a zone as instants, and times of a zone other than UTC as local.
func asRecord(t testing.TB, records [][]string, zone string) arrow.Record {
	var fields []arrow.Field
	for i, name := range records[0] {
		types := map[int]arrow.DataType{3: arrow.PrimitiveTypes.Int64, 4: arrow.FixedWidthTypes.Timestamp_ns, 5: arrow.PrimitiveTypes.Float64, 6: arrow.PrimitiveTypes.Float64}
		f := arrow.Field{Name: name, Type: types[i], Nullable: true}
		if f.Type == nil {
			f.Type = arrow.BinaryTypes.String
		}
		if i == 3 && slices.ContainsFunc(records[1:], func(r []string) bool { return strings.Contains(r[i], ".") }) {
			f.Type = arrow.PrimitiveTypes.Float64
		}
		if f.Type.ID() == arrow.TIMESTAMP {
			f.Type = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: zone}
		}
		fields = append(fields, f)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for _, r := range records[1:] {
		for k, v := range r {
			if v == "" {
				b.Field(k).AppendNull()
				continue
			}
			switch f := b.Field(k).(type) {
			case *array.StringBuilder:
				f.Append(v)
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(clockOf(t, v).UnixNano()))
			default:
				n, err := strconv.ParseFloat(v, 64)
				if err != nil {
					t.Fatal(err)
				}
				if whole, ok := f.(*array.Int64Builder); ok {
					whole.Append(int64(n))
				} else {
					f.(*array.Float64Builder).Append(n)
				}
			}
		}
	}
	return b.NewRecord()
}

func asParquet(t testing.TB, records [][]string) []byte {
	rec := asRecord(t, records, "local")
	defer rec.Release()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &b, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy),
		parquet.WithMaxRowGroupLength(200_000)), pqarrow.DefaultWriterProps())
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

func asArrow(t testing.TB, records [][]string) []byte {
	rec := asRecord(t, records, "")
	defer rec.Release()
	path := filepath.Join(t.TempDir(), "x.arrow")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema()), ipc.WithLZ4())
	if err != nil {
		t.Fatal(err)
	}
	for from := int64(0); from < rec.NumRows(); from += 100_000 {
		part := rec.NewSlice(from, min(from+100_000, rec.NumRows()))
		if err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		part.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
