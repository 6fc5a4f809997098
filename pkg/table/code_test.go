package table_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// coded is lines with every column coded that can be.
var coded = frame.Schema{Name: lines.Name, Version: lines.Version, Columns: lines.Columns,
	Coded: []string{"invoice", "description", "quantity", "time", "price"}}

// TestCodedRoundTrip: the frame is the same whether columns are coded or not, and so is what the other schema reads.
func TestCodedRoundTrip(t *testing.T) {
	opts := checked(t)
	for _, n := range []int{0, 1, 2, 127, 129, 5000, table.BatchRows - 1, table.BatchRows, table.BatchRows + 5} {
		f := sample(n)
		data := encode(t, opts, coded, f)
		got, err := decode(opts, coded, data)
		if err != nil {
			t.Fatalf("%d rows: %v", n, err)
		}
		wantFrame(t, got, f)
		if got, err := decode(opts, coded, encode(t, opts, lines, f)); err != nil || got.Hash() != f.Hash() {
			t.Errorf("%d rows that are not coded: %v", n, err)
		}
		if n > 0 && n < table.BatchRows {
			if _, err := decode(opts, lines, data); err == nil || !strings.Contains(err.Error(), "column invoice is dictionary") {
				t.Errorf("%d coded rows where none are wanted: %v", n, err)
			}
		}
	}
}

// TestCodedRoundTripAny: any texts and numbers, cut anywhere, by rows or by frames.
func TestCodedRoundTripAny(t *testing.T) {
	opts := checked(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(rt, "rows")
		f := sample(n)
		for i := range n {
			f.Strings("description")[i] = rapid.StringN(-1, -1, 5).Draw(rt, "text")
			f.Ints("quantity")[i] = rapid.Int64().Draw(rt, "quantity")
		}
		cut := rapid.IntRange(0, n).Draw(rt, "cut")
		data := encode(t, opts, coded, part(f, 0, cut), part(f, cut, n))
		w := table.NewWriter(coded, opts)
		defer w.Abort()
		for i := range n {
			if err := appendRow(w, f, i); err != nil {
				rt.Fatal(err)
			}
		}
		file, err := w.Close()
		if err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(data, content(t, coded, file, n)) {
			rt.Error("rows and frames make other bytes")
		}
		got, err := decode(opts, coded, data)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(f, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("frame (-want +got):\n%s", diff)
		}
	})
}

// TestCodedBytes: a writer that was used before, for a long file too, makes the same bytes.
func TestCodedBytes(t *testing.T) {
	opts := checked(t)
	long, short := sample(table.BatchRows+3), sample(40)
	want := encode(t, opts, coded, short)
	w := table.NewWriter(coded, opts)
	defer w.Abort()
	for _, f := range []*frame.Frame{sample(77), long, short} {
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
		file, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, coded, file, f.Rows()); f == short && !bytes.Equal(got, want) {
			t.Error("other bytes")
		} else if f == long && !bytes.Equal(got, encode(t, opts, lines, long)) {
			t.Error("a long file is not the one without codes")
		}
		w.Reset()
	}
}

// TestCodedForeignReader: Arrow's own reader sees dictionaries with the narrowest indices, in the order of first sight.
func TestCodedForeignReader(t *testing.T) {
	opts := table.Options{} // Arrow's own reader does not free the messages of dictionaries
	r, err := ipc.NewFileReader(bytes.NewReader(encode(t, opts, coded, sample(300))))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// sample: 15 invoices, 50 descriptions (every seventh is null), 100 quantities, 300 times, 5 prices.
	want := `schema:
  fields: 7
    - invoice: type=dictionary<values=utf8, indices=int8, ordered=false>
    - description: type=dictionary<values=utf8, indices=int8, ordered=false>, nullable
    - quantity: type=dictionary<values=int64, indices=int8, ordered=false>
    - time: type=dictionary<values=timestamp[us], indices=int16, ordered=false>
    - price: type=dictionary<values=decimal(18, 4), indices=int8, ordered=false>
    - share: type=float64
    - gap: type=float64, nullable
  metadata: ["clientele.table": "lines", "clientele.version": "2"]`
	if got := r.Schema().String(); got != want {
		t.Errorf("schema\n%s\nwant\n%s", got, want)
	}
	rec, err := r.RecordAt(0)
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	d := rec.Column(1).(*array.Dictionary)
	if d.NullN() != 43 { // ⌈300/7⌉
		t.Errorf("%d null descriptions, want 43", d.NullN())
	}
	if got := d.Dictionary().(*array.String).Value(0); got != "WHITE HANGING HEART £1" {
		t.Errorf("the first text is %q", got)
	}
}

// TestGivenCodes: codes ahead go through all batches of a long file; impossible ones are refused.
func TestGivenCodes(t *testing.T) {
	opts := checked(t)
	schema := frame.Schema{Name: "t", Version: 1, Columns: []frame.Spec{{Name: "x", Kind: frame.Text}, {Name: "y", Kind: frame.Text, Nullable: true}},
		Coded: []string{"x", "y"}}
	texts := make([]string, 200) // more than int8 holds
	for i := range texts {
		texts[i] = fmt.Sprintf("%03d", i)
	}
	want := frame.New(schema.Columns, 2*table.BatchRows+7)
	w := table.NewWriter(schema, opts)
	defer w.Abort()
	for range 2 {
		x, y := w.Text(0), w.Text(1)
		x.SetCodes(slices.Values(texts))
		y.SetCodes(slices.Values(texts[:2]))
		for i := range want.Rows() {
			x.AppendCode(int32(i % 200))
			y.AppendCode(int32(i%3) - 1)
			want.Strings("x")[i], want.Strings("y")[i] = texts[i%200], []string{"", "000", "001"}[i%3]
			if err := w.EndRow(); err != nil {
				t.Fatal(err)
			}
		}
		file, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(opts, schema, content(t, schema, file, want.Rows()))
		if err != nil {
			t.Fatal(err)
		}
		wantFrame(t, got, want)
		w.Reset()
	}
	for _, code := range []int32{-2, -1, 200} {
		w.Reset()
		w.Text(0).SetCodes(slices.Values(texts))
		w.Text(0).AppendCode(code)
		w.Text(1).Append("")
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(); err == nil {
			t.Errorf("code %d of 200 was written", code)
		}
	}
}

// TestWhole: a long file that is kept whole is coded, in batches of 64 Ki rows, by rows and by frames alike.
func TestWhole(t *testing.T) {
	opts := checked(t)
	opts.Whole, opts.Compression = true, table.None
	f := sample(2*table.BatchRows + 7)
	data := encode(t, opts, coded, part(f, 0, 70_000), part(f, 70_000, f.Rows()))
	if plain := encode(t, table.Options{Compression: table.None}, lines, f); 2*len(data) > len(plain) {
		t.Errorf("%d bytes, %d where nothing is coded", len(data), len(plain))
	}
	w := table.NewWriter(coded, opts)
	defer w.Abort()
	for i := range f.Rows() {
		if err := appendRow(w, f, i); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, content(t, coded, file, f.Rows())) {
		t.Error("rows and frames make other bytes")
	}
	tight := opts
	tight.Memory = 1 // everything that is held goes to scratch
	if !bytes.Equal(data, encode(t, tight, coded, f)) {
		t.Error("codes from scratch make other bytes")
	}
	r, err := table.Open(bytes.NewReader(data), int64(len(data)), coded, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.Frame()
	if err != nil {
		t.Fatal(err)
	}
	wantFrame(t, got, f)
	if r.NumRecords() != 3 {
		t.Errorf("%d batches, want 3", r.NumRecords())
	}
}

// TestHintsChangeNothing: a file has the same bytes where values are said to be those of the row before, or to go with another column's;
// within a batch, over its end, and in the next file of the same writer.
func TestHintsChangeNothing(t *testing.T) {
	schema := frame.Schema{Name: "hints", Version: 1, Columns: []frame.Spec{
		{Name: "code", Kind: frame.Text, Nullable: true}, {Name: "name", Kind: frame.Text, Nullable: true},
	}, Coded: []string{"code", "name"}}
	opts := checked(t)
	plain, hinted := table.NewWriter(schema, opts), table.NewWriter(schema, opts)
	write := func(t interface{ Fatal(...any) }, rows [][2]string) {
		plain.Reset()
		hinted.Reset()
		for i, row := range rows {
			for k, text := range row {
				plain.Text(k).AppendBytes([]byte(text))
			}
			code := hinted.Text(0)
			if i > 0 && rows[i-1][0] == row[0] {
				code.AppendAgain([]byte(row[0]))
			} else {
				code.AppendBytes([]byte(row[0]))
			}
			hinted.Text(1).AppendBeside(code, []byte(row[1]))
			if err := errors.Join(plain.EndRow(), hinted.EndRow()); err != nil {
				t.Fatal(err)
			}
		}
		a, errA := plain.Close()
		b, errB := hinted.Close()
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
		if a.SHA256 != b.SHA256 || a.Rows != int64(len(rows)) {
			t.Fatal("other bytes with hints than without, of", len(rows), "rows")
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b", "c", "long enough"})
		var rows [][2]string
		for range rapid.IntRange(0, 100).Draw(rt, "rows") {
			rows = append(rows, [2]string{text.Draw(rt, "code"), text.Draw(rt, "name")})
		}
		write(rt, rows)
	})
	long := make([][2]string, table.BatchRows+100)
	for i := range long {
		long[i] = [2]string{fmt.Sprint("c", i/3%50), fmt.Sprint("n", i/7%60)}
	}
	write(t, long)
	plain.Abort()
	hinted.Abort()
}

// TestTextsAreHeldOnce: the batches of a coded column share one dictionary, and so do the texts that are read from it, before and
// after a batch with a null.
func TestTextsAreHeldOnce(t *testing.T) {
	opts := checked(t)
	opts.Whole = true
	f := sample(3 * table.BatchRows)
	for i := range f.Rows() {
		f.Strings("invoice")[i], f.Strings("description")[i] = fmt.Sprint(i%7), fmt.Sprint("product ", i%7)
	}
	f.Strings("description")[table.BatchRows] = ""
	got, err := decode(opts, coded, encode(t, opts, coded, f))
	if err != nil {
		t.Fatal(err)
	}
	wantFrame(t, got, f)
	for _, name := range []string{"invoice", "description"} {
		all := got.Strings(name)
		for _, row := range []int{7*9365 + 3, 2*7*9365 + 3} { // of the second and the third batch, with the text of row 3
			if all[row] != all[3] || unsafe.StringData(all[row]) != unsafe.StringData(all[3]) {
				t.Errorf("%s: row %d has %q, and not the text of row 3, %q", name, row, all[row], all[3])
			}
		}
	}
}
