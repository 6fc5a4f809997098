package table_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// lines has a column of every kind, nullable ones among them.
var lines = frame.Schema{Name: "lines", Version: 2, Columns: []frame.Spec{
	{Name: "invoice", Kind: frame.Text},
	{Name: "description", Kind: frame.Text, Nullable: true},
	{Name: "quantity", Kind: frame.Int},
	{Name: "time", Kind: frame.Time, Unit: "shop's local time"},
	{Name: "price", Kind: frame.Money},
	{Name: "share", Kind: frame.Float},
	{Name: "gap", Kind: frame.Float, Nullable: true},
}}

const maxMoney = 999_999_999_999_999_999 // decimal128(18,4)

// checked returns options whose allocator must be empty when the test ends.
func checked(t testing.TB) table.Options {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return table.Options{Allocator: mem, Scratch: t.TempDir()}
}

// sample returns n rows with nulls, extremes and repeated values.
func sample(n int) *frame.Frame {
	f := frame.New(lines.Columns, n)
	for i := range n {
		f.Strings("invoice")[i] = fmt.Sprintf("%06d", 536365+i/20)
		if i%7 != 0 {
			f.Strings("description")[i] = fmt.Sprintf("WHITE HANGING HEART £%d", i%50)
		}
		f.Ints("quantity")[i] = int64(i%100) - 50
		f.Ints("time")[i] = 1_291_190_760_000_000 + int64(i)*60_000_000
		f.Ints("price")[i] = []int64{25500, -110620600, 0, maxMoney, -maxMoney}[i%5]
		f.Floats("share")[i] = []float64{0.5, math.Inf(1), math.Copysign(0, -1), math.MaxFloat64}[i%4]
		f.Floats("gap")[i] = []float64{math.NaN(), 1.5}[i%2]
	}
	return f
}

// encode writes frames one after the other and returns the finished file's bytes.
func encode(t testing.TB, opts table.Options, schema frame.Schema, frames ...*frame.Frame) []byte {
	t.Helper()
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	rows := 0
	for _, f := range frames {
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
		rows += f.Rows()
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return content(t, schema, file, rows)
}

// content returns a file's bytes, checks what it says of itself, and closes it.
func content(t testing.TB, schema frame.Schema, file *table.File, rows int) []byte {
	t.Helper()
	data, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size+1))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if file.Table != schema.Name || file.Version != schema.Version || file.Rows != int64(rows) ||
		file.Size != int64(len(data)) || file.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("file says %s v%d, %d rows, %d bytes, %s; it has %d rows, %d bytes, %x",
			file.Table, file.Version, file.Rows, file.Size, file.SHA256, rows, len(data), sum)
	}
	if err := errors.Join(file.Close(), file.Close()); err != nil {
		t.Error(err)
	}
	return data
}

func decode(opts table.Options, schema frame.Schema, data []byte) (*frame.Frame, error) {
	r, err := table.Open(bytes.NewReader(data), int64(len(data)), schema, opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Frame()
}

func wantFrame(t testing.TB, got, want *frame.Frame) {
	t.Helper()
	if cmp.Equal(want.Specs(), got.Specs()) && got.Hash() == want.Hash() {
		return // a comparison value by value takes seconds on a full batch
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, rows := range []int{0, 1, 2, 1000, table.BatchRows - 1, table.BatchRows, table.BatchRows + 1} {
		for _, compression := range []table.Compression{table.LZ4, table.None} {
			t.Run(fmt.Sprintf("%d rows, compression %d", rows, compression), func(t *testing.T) {
				opts := checked(t)
				opts.Compression = compression
				want := sample(rows)
				got, err := decode(opts, lines, encode(t, opts, lines, want))
				if err != nil {
					t.Fatal(err)
				}
				wantFrame(t, got, want)
			})
		}
	}
}

// TestRoundTripAny: any frame comes back, however it is cut on the way in.
func TestRoundTripAny(t *testing.T) {
	opts := checked(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 30).Draw(rt, "rows")
		f := frame.New(lines.Columns, n)
		for i := range f.Columns {
			c := &f.Columns[i]
			for k := range n {
				switch c.Kind {
				case frame.Text:
					c.Strings[k] = rapid.String().Draw(rt, c.Name)
				case frame.Float:
					c.Floats[k] = rapid.Float64().Draw(rt, c.Name)
				case frame.Money:
					c.Ints[k] = rapid.Int64Range(-maxMoney, maxMoney).Draw(rt, c.Name)
				default:
					c.Ints[k] = rapid.Int64().Draw(rt, c.Name)
				}
			}
		}
		cut := rapid.IntRange(0, n).Draw(rt, "cut")
		whole, parts := encode(t, opts, lines, f), encode(t, opts, lines, part(f, 0, cut), part(f, cut, n))
		if !bytes.Equal(whole, parts) {
			rt.Errorf("bytes differ by where the frame is cut (%d)", cut)
		}
		got, err := decode(opts, lines, whole)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(f, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("frame (-want +got):\n%s", diff)
		}
	})
}

func part(f *frame.Frame, from, to int) *frame.Frame {
	rows := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		rows = append(rows, i)
	}
	return f.Take(rows)
}

// appendRow writes row i of a frame by columns.
func appendRow(w *table.Writer, f *frame.Frame, i int) error {
	for k := range f.Columns {
		switch c := &f.Columns[k]; c.Kind {
		case frame.Text:
			w.Text(k).AppendBytes([]byte(c.Strings[i]))
		case frame.Float:
			w.Float(k).Append(c.Floats[i])
		default:
			w.Int(k).Append(c.Ints[i])
		}
	}
	return w.EndRow()
}

// TestBytesDependOnContentOnly: by rows, by frames cut anywhere, spilled, by a writer that was used before: equal bytes.
func TestBytesDependOnContentOnly(t *testing.T) {
	opts := checked(t)
	f := sample(table.BatchRows + 100)
	want := encode(t, opts, lines, f)

	spilled := opts
	spilled.Memory = 1000
	w := table.NewWriter(lines, opts)
	defer w.Abort()
	if err := w.WriteFrame(sample(77)); err != nil {
		t.Fatal(err)
	}
	w.Reset()
	for i := range f.Rows() {
		if err := appendRow(w, f, i); err != nil {
			t.Fatal(err)
		}
	}
	if w.Rows() != int64(f.Rows()) {
		t.Errorf("%d rows, want %d", w.Rows(), f.Rows())
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{
		"again":   encode(t, opts, lines, f),
		"in two":  encode(t, opts, lines, part(f, 0, 40_000), part(f, 40_000, f.Rows())),
		"spilled": encode(t, spilled, lines, f),
		"by rows": content(t, lines, file, f.Rows()),
	} {
		if !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes", name)
		}
	}
	// All NaN are alike: the frame's hash says so, then the file's must too.
	f.Floats("share")[0], f.Floats("gap")[1] = math.Float64frombits(0x7ff8_0000_0000_0001), math.NaN()
	a := encode(t, opts, lines, f)
	f.Floats("share")[0], f.Floats("gap")[1] = math.Float64frombits(0xfff8_0000_0000_dead), math.Float64frombits(0x7ff8_0000_0000_0bad)
	if !bytes.Equal(a, encode(t, opts, lines, f)) {
		t.Error("the form of a NaN leaks into the bytes")
	}
}

// TestForeignReader: Arrow's own reader sees the types, the metadata, the nulls and batches of 64 Ki rows.
func TestForeignReader(t *testing.T) {
	opts := checked(t)
	data := encode(t, opts, lines, sample(table.BatchRows+2))
	r, err := ipc.NewFileReader(bytes.NewReader(data), ipc.WithAllocator(opts.Allocator))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := `schema:
  fields: 7
    - invoice: type=utf8
    - description: type=utf8, nullable
    - quantity: type=int64
    - time: type=timestamp[us]
    - price: type=decimal(18, 4)
    - share: type=float64
    - gap: type=float64, nullable
  metadata: ["clientele.table": "lines", "clientele.version": "2"]`
	if got := r.Schema().String(); got != want {
		t.Errorf("schema\n%s\nwant\n%s", got, want)
	}
	if !r.Schema().Equal(table.Arrow(lines)) {
		t.Error("the file's schema is not Schema.Arrow")
	}
	if r.NumRecords() != 2 {
		t.Fatalf("%d batches, want 2", r.NumRecords())
	}
	first, err := r.RecordAt(0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Release()
	if first.NumRows() != 65536 {
		t.Errorf("%d rows in the first batch, want 65536", first.NumRows())
	}
	price := first.Column(4).(*array.Decimal128).Value(1)
	if got := price.ToString(4); got != "-11062.0600" {
		t.Errorf("price %s, want -11062.0600", got)
	}
	// sample leaves out every seventh description, from row 0: ⌈65536/7⌉ = 9363, and every second gap.
	if got := first.Column(1).NullN(); got != 9363 {
		t.Errorf("%d null descriptions, want 9363", got)
	}
	if got := first.Column(6).NullN(); got != 32768 {
		t.Errorf("%d null gaps, want 32768", got)
	}
	if got := first.Column(3).(*array.Timestamp).Value(0).ToTime(arrow.Microsecond).Format("2006-01-02 15:04"); got != "2010-12-01 08:06" {
		t.Errorf("time %s, want 2010-12-01 08:06 (1,291,190,760 s)", got)
	}
}

// TestRecordAccess: columns without copying, equal to the frame's.
func TestRecordAccess(t *testing.T) {
	opts := checked(t)
	want := sample(table.BatchRows + 10)
	data := encode(t, opts, lines, want)
	r, err := table.Open(bytes.NewReader(data), int64(len(data)), lines, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Version() != 2 || r.NumRecords() != 2 {
		t.Fatalf("version %d, %d batches; want 2, 2", r.Version(), r.NumRecords())
	}
	got := frame.New(lines.Columns, 0)
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		for k := range got.Columns {
			c := &got.Columns[k]
			switch c.Kind {
			case frame.Text:
				for row := range rec.Text(k).Len() {
					c.Strings = append(c.Strings, string(rec.Text(k).Bytes(row)))
				}
			case frame.Float:
				c.Floats = append(c.Floats, rec.Floats(k)...)
			default:
				c.Ints = rec.Ints(c.Ints, k)
			}
		}
		rec.Release()
	}
	wantFrame(t, got, want)
	for _, i := range []int{-1, 2} {
		if _, err := r.Record(i); err == nil {
			t.Errorf("there is a batch %d of 2", i)
		}
	}
}

// TestSpill: a file that outgrows memory leaves nothing in the scratch folder, not even while it is open.
func TestSpill(t *testing.T) {
	opts := checked(t)
	opts.Memory = 1000
	w := table.NewWriter(lines, opts)
	if err := w.WriteFrame(sample(table.BatchRows)); err != nil {
		t.Fatal(err)
	}
	wantEmpty(t, opts.Scratch)
	w.Abort()
	w.Reset()
	if err := w.WriteFrame(sample(table.BatchRows)); err != nil {
		t.Fatal(err)
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	w.Abort() // as a deferred one does; the file outlives it
	wantEmpty(t, opts.Scratch)
	content(t, lines, file, table.BatchRows)

	opts.Scratch = opts.Scratch + "/missing"
	w = table.NewWriter(lines, opts)
	err = w.WriteFrame(sample(table.BatchRows))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "scratch") {
		t.Errorf("no scratch folder: %v", err)
	}
	if _, again := w.Close(); !errors.Is(again, os.ErrNotExist) {
		t.Errorf("close after a failed write: %v, want the same error", again)
	}
}

func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) > 0 {
		t.Errorf("scratch folder has %v", entries)
	}
}
