package table_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

func TestWriterRefuses(t *testing.T) {
	long := frame.New(lines.Columns, 2)
	long.Columns[2].Ints = long.Columns[2].Ints[:1]
	wrong := frame.New(lines.Columns, 1)
	wrong.Columns[2].Name = "units"
	few := &frame.Frame{Columns: frame.New(lines.Columns, 1).Columns[:3]}
	notUTF8 := frame.New(lines.Columns, 3)
	notUTF8.Strings("invoice")[1] = "a\xffb"
	split := frame.New(lines.Columns, 2) // together it is a £, one by one it is nothing
	split.Strings("invoice")[0], split.Strings("invoice")[1] = "\xc2", "\xa3"
	money := frame.New(lines.Columns, 1)
	money.Ints("price")[0] = maxMoney + 1
	for why, f := range map[string]*frame.Frame{
		"has 1 rows": long, "column 2 is units": wrong, "3 columns, want 7": few,
		`"a\xffb" is not UTF-8`: notUTF8, `"\xc2" is not UTF-8`: split, "does not fit decimal(18, 4)": money,
	} {
		w := table.NewWriter(lines, checked(t))
		err := w.WriteFrame(f)
		file, closed := w.Close()
		if err == nil {
			err = closed
		}
		if err == nil || !strings.Contains(err.Error(), why) || file != nil {
			t.Errorf("%v, want an error with %q", err, why)
		}
	}
}

func TestWriterRefusesSchemas(t *testing.T) {
	one := []frame.Spec{{Name: "x"}}
	for name, s := range map[string]frame.Schema{
		"no name":       {Version: 1, Columns: one},
		"no version":    {Name: "t", Columns: one},
		"no column":     {Name: "t", Version: 1},
		"no title":      {Name: "t", Version: 1, Columns: []frame.Spec{{}}},
		"twice":         {Name: "t", Version: 1, Columns: []frame.Spec{{Name: "x"}, {Name: "x", Kind: frame.Int}}},
		"unknown kind":  {Name: "t", Version: 1, Columns: []frame.Spec{{Name: "x", Kind: 99}}},
		"nullable int":  {Name: "t", Version: 1, Columns: []frame.Spec{{Name: "x", Kind: frame.Int, Nullable: true}}},
		"nullable time": {Name: "t", Version: 1, Columns: []frame.Spec{{Name: "x", Kind: frame.Time, Nullable: true}}},
	} {
		var schema *table.SchemaError
		w := table.NewWriter(s, checked(t))
		w.Reset()
		if _, err := w.Close(); !errors.As(err, &schema) {
			t.Errorf("%s: write: %v, want a SchemaError", name, err)
		}
		if _, err := table.Open(bytes.NewReader(nil), 0, s, checked(t)); !errors.As(err, &schema) {
			t.Errorf("%s: open: %v, want a SchemaError", name, err)
		}
	}
}

// TestUnevenRow: a value too few or too many is found, at the latest by Close.
func TestUnevenRow(t *testing.T) {
	s := frame.Schema{Name: "t", Version: 1, Columns: []frame.Spec{{Name: "a", Kind: frame.Int}, {Name: "b", Kind: frame.Int}}}
	for name, write := range map[string]func(w *table.Writer) error{
		"one missing": func(w *table.Writer) error { w.Int(0).Append(1); return w.EndRow() },
		"no end":      func(w *table.Writer) error { w.Int(0).Append(1); w.Int(1).Append(1); return nil },
		"nothing":     func(w *table.Writer) error { return w.EndRow() },
		"one too many": func(w *table.Writer) error {
			w.Int(0).Append(1)
			w.Int(0).Append(1)
			w.Int(1).Append(1)
			return w.EndRow()
		},
	} {
		w := table.NewWriter(s, checked(t))
		err := write(w)
		if err == nil {
			_, err = w.Close()
		}
		var schema *table.SchemaError
		if !errors.As(err, &schema) {
			t.Errorf("%s: %v, want a SchemaError", name, err)
		}
	}
}

func TestEndedWriter(t *testing.T) {
	w := table.NewWriter(lines, checked(t))
	w.Abort()
	if err := w.WriteFrame(sample(1)); err == nil {
		t.Error("a writer that was aborted writes")
	}
	if _, err := w.Close(); err == nil {
		t.Error("a writer that was aborted closes")
	}
}

// with returns lines with other columns or another version.
func with(version int, columns ...frame.Spec) frame.Schema {
	return frame.Schema{Name: lines.Name, Version: version, Columns: columns}
}

func TestVersions(t *testing.T) {
	opts := checked(t)
	data := encode(t, opts, lines, sample(5)) // version 2

	next := with(3, append([]frame.Spec{{Name: "colour", Kind: frame.Text, Nullable: true}, {Name: "weight", Kind: frame.Float, Nullable: true}},
		lines.Columns[:5]...)...)
	f, err := decode(opts, next, data)
	if err != nil {
		t.Fatal(err)
	}
	// The version before had other columns: the new ones are null, the dropped ones are gone, the rest is found by name.
	if f.Rows() != 5 || f.Strings("colour")[4] != "" || f.Floats("weight")[4] == f.Floats("weight")[4] ||
		f.Strings("invoice")[4] != "536365" || f.Column("gap") != nil {
		t.Errorf("frame of the version before: %+v", f)
	}

	for _, c := range []struct {
		schema frame.Schema
		want   string
	}{
		{with(1, lines.Columns...), "table lines has version 2, this program knows up to 1: run a newer program"},
		{with(4, lines.Columns...), "table lines has version 2, this program reads 3 and 4: run the step that wrote it again"},
	} {
		_, err := decode(opts, c.schema, data)
		var version *table.VersionError
		if !errors.As(err, &version) || err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestSchemas(t *testing.T) {
	opts := checked(t)
	data := encode(t, opts, lines, sample(5))
	other := lines
	other.Name = "sales"
	swapped := append([]frame.Spec{lines.Columns[1], lines.Columns[0]}, lines.Columns[2:]...)
	kind := append([]frame.Spec(nil), lines.Columns...)
	kind[4].Kind = frame.Int
	strict := append([]frame.Spec(nil), lines.Columns...)
	strict[6].Nullable = false
	for _, c := range []struct {
		schema frame.Schema
		want   string
	}{
		{other, `the file is table "lines"`},
		{with(2, lines.Columns[:6]...), "7 columns, want 6"},
		{with(2, swapped...), "no column description where it is expected"},
		{with(3, append([]frame.Spec{{Name: "new", Kind: frame.Int}}, lines.Columns...)...), "no column new"},
		{with(2, kind...), "column price is decimal(18, 4), want int64"},
		{with(2, strict...), "3 nulls in a column that is not nullable"},
	} {
		_, err := decode(opts, c.schema, data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want an error with %q", err, c.want)
		}
	}
}

// TestCut: a file is refused wherever it is cut, at a batch's end too.
func TestCut(t *testing.T) {
	opts := table.Options{} // not the checked allocator: what a panic leaves is the collector's
	data := encode(t, opts, lines, sample(3))
	for n := range data {
		if _, err := decode(opts, lines, data[:n]); !errors.Is(err, table.ErrDamaged) {
			t.Fatalf("cut to %d of %d bytes: %v, want ErrDamaged", n, len(data), err)
		}
	}
	if _, err := decode(opts, lines, append(data, 0)); !errors.Is(err, table.ErrDamaged) {
		t.Errorf("a byte more: %v, want ErrDamaged", err)
	}
}

// TestDamaged flips every bit of a file, one at a time. The reader must return, with an error or a frame of sound columns:
// an Arrow file has no checksum, so that a flipped bit among the values is for the manifest's hash to find.
func TestDamaged(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 37
	}
	for _, c := range []struct {
		compression table.Compression
		lines       frame.Schema
	}{{table.LZ4, lines}, {table.None, lines}, {table.LZ4, coded}, {table.None, coded}} {
		compression, lines := c.compression, c.lines
		opts := table.Options{Compression: compression}
		data := encode(t, opts, lines, sample(9))
		refused, tries := 0, 0
		for at := 0; at < len(data); at += step {
			for bit := range 8 {
				data[at] ^= 1 << bit
				tries++
				if f, err := decode(opts, lines, data); err != nil {
					refused++
				} else if err := f.Check(); err != nil {
					t.Errorf("byte %d, bit %d: %v", at, bit, err)
				}
				data[at] ^= 1 << bit
			}
		}
		// Lengths and places are words; at their extremes readers count over the end and around.
		for at := 0; at+4 <= len(data); at += 4 * step {
			old := [4]byte(data[at:])
			for _, word := range []uint32{0, 1, 64, 1 << 20, 1<<31 - 1, 1 << 31, -uint32(at) &^ 3, ^uint32(0) - 63, ^uint32(0)} {
				binary.LittleEndian.PutUint32(data[at:], word)
				if f, err := decode(opts, lines, data); err == nil && f.Check() != nil {
					t.Errorf("word %#x at %d: %v", word, at, f.Check())
				}
			}
			copy(data[at:], old[:])
		}
		t.Logf("compression %d: %d of %d flips are refused", compression, refused, tries)
	}
}

// brokenDisk fails past a place.
type brokenDisk struct {
	io.ReaderAt
	from int64
	err  error
}

func (b brokenDisk) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.from {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, at)
}

// TestSourceError: a failing disk is not a damaged file.
func TestSourceError(t *testing.T) {
	opts := table.Options{}
	data := encode(t, opts, lines, sample(3))
	broken := errors.New("broken on purpose")
	disk := &brokenDisk{ReaderAt: bytes.NewReader(data), from: 100, err: broken}
	if _, err := table.Open(disk, int64(len(data)), lines, opts); !errors.Is(err, broken) || errors.Is(err, table.ErrDamaged) {
		t.Errorf("open: %v, want the disk's error", err)
	}
	disk.from = int64(len(data))
	r, err := table.Open(disk, int64(len(data)), lines, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	disk.from = 100
	if _, err := r.Frame(); !errors.Is(err, broken) || errors.Is(err, table.ErrDamaged) {
		t.Errorf("frame: %v, want the disk's error", err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, compression := range []table.Compression{table.LZ4, table.None} {
		opts := table.Options{Compression: compression}
		for _, rows := range []int{0, 1, 20} {
			f.Add(encode(f, opts, lines, sample(rows)))
			f.Add(encode(f, opts, coded, sample(rows)))
		}
		other := frame.Schema{Name: "lines", Version: 1, Columns: []frame.Spec{{Name: "x", Kind: frame.Float}}}
		f.Add(encode(f, opts, other, frame.New(other.Columns, 1)))
	}
	f.Add([]byte{})
	f.Add([]byte("ARROW1\x00\x00ARROW1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decode(table.Options{}, coded, data) // takes plain columns too
		if err != nil {
			return
		}
		if err := got.Check(); err != nil {
			t.Fatal(err)
		}
		// What was read can be written, and reads the same.
		again, err := decode(table.Options{}, coded, encode(t, table.Options{}, coded, got))
		if err != nil {
			t.Fatal(err)
		}
		if again.Hash() != got.Hash() {
			t.Error("a second round changes the content")
		}
	})
}
