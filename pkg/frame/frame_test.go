package frame

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"testing"
)

var specs = []Spec{
	{Name: "who", Kind: Text, Nullable: true}, {Name: "n", Kind: Int}, {Name: "paid", Kind: Money},
	{Name: "rate", Kind: Float, Nullable: true}, {Name: "at", Kind: Time},
}

// sample has three rows, of which two are equal in who.
func sample() *Frame {
	f := New(specs, 3)
	copy(f.Strings("who"), []string{"b", "a", "b"})
	copy(f.Ints("n"), []int64{1, 2, 3})
	copy(f.Ints("paid"), []int64{12_345, -5_000, 0})
	copy(f.Floats("rate"), []float64{0.5, math.NaN(), -0.25})
	copy(f.Ints("at"), []int64{10, 20, 30})
	return f
}

func TestColumns(t *testing.T) {
	f := sample()
	if f.Rows() != 3 || !slices.Equal(f.Specs(), specs) || f.Column("none") != nil {
		t.Errorf("%d rows of %v", f.Rows(), f.Specs())
	}
	if (&Frame{}).Rows() != 0 || New(specs, 0).Rows() != 0 {
		t.Error("an empty frame has rows")
	}
	if got := f.Column("paid").Float(0); got != 1.2345 { // ten-thousandths
		t.Errorf("money %v, want 1.2345", got)
	}
	if got := f.Column("n").Float(1); got != 2 {
		t.Errorf("int %v, want 2", got)
	}
	if got := f.Column("rate").Float(1); !math.IsNaN(got) {
		t.Errorf("null %v, want NaN", got)
	}
	for i, numeric := range []bool{false, true, true, true, false} {
		if f.Columns[i].IsNumeric() != numeric {
			t.Errorf("column %s is numeric: %v", f.Columns[i].Name, !numeric)
		}
	}
	for name, ask := range map[string]func(){
		"a missing column": func() { f.Ints("none") },
		"a time as float":  func() { f.Column("at").Float(0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			ask()
		}()
	}
}

func TestCheckNamesTheColumnThatDiffers(t *testing.T) {
	f := sample()
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	f.Columns[3].Floats = f.Columns[3].Floats[:2]
	if err := f.Check(); err == nil || err.Error() != "column rate has 2 rows, column who has 3" {
		t.Errorf("got %v", err)
	}
}

func TestSortIsStableAndMovesWholeRows(t *testing.T) {
	f := sample()
	f.SortByText("who")
	if !slices.Equal(f.Strings("who"), []string{"a", "b", "b"}) || !slices.Equal(f.Ints("n"), []int64{2, 1, 3}) ||
		!slices.Equal(f.Ints("paid"), []int64{-5_000, 12_345, 0}) || !slices.Equal(f.Ints("at"), []int64{20, 10, 30}) ||
		!math.IsNaN(f.Floats("rate")[0]) || f.Floats("rate")[1] != 0.5 {
		t.Errorf("sorted %+v", f)
	}
	before := f.Strings("who")
	if f.SortByText("who"); &before[0] != &f.Strings("who")[0] {
		t.Error("a sorted frame was copied")
	}
}

func TestTakeLeavesTheFrameAlone(t *testing.T) {
	f := sample()
	hash := f.Hash()
	got := f.Take([]int{2, 2, 0})
	if !slices.Equal(got.Ints("n"), []int64{3, 3, 1}) || !slices.Equal(got.Strings("who"), []string{"b", "b", "b"}) || got.Floats("rate")[2] != 0.5 {
		t.Errorf("took %+v", got)
	}
	got.Ints("n")[0] = 99
	if f.Hash() != hash {
		t.Error("taking rows changed the frame")
	}
	if none := f.Take(nil); none.Rows() != 0 || !slices.Equal(none.Specs(), specs) {
		t.Errorf("no rows: %+v", none)
	}
}

// The hash names models: its encoding is written out here once more, little-endian, texts with their length before them.
func TestHashIsOverNamesKindsAndValues(t *testing.T) {
	f := New([]Spec{{Name: "who", Kind: Text}, {Name: "n", Kind: Int}, {Name: "rate", Kind: Float}}, 2)
	copy(f.Strings("who"), []string{"é", ""})
	copy(f.Ints("n"), []int64{-1, 7})
	copy(f.Floats("rate"), []float64{math.Copysign(0, -1), 0.1})
	var b []byte
	word := func(v uint64) { b = binary.LittleEndian.AppendUint64(b, v) }
	text := func(s string) { word(uint64(len(s))); b = append(b, s...) }
	word(2)
	text("who")
	text("text")
	text("é")
	text("")
	text("n")
	text("int")
	word(math.MaxUint64)
	word(7)
	text("rate")
	text("float")
	word(0) // -0 is 0
	word(math.Float64bits(0.1))
	sum := sha256.Sum256(b)
	if got, want := f.Hash(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestHashSeesContentOnly(t *testing.T) {
	hash := sample().Hash()
	same := map[string]func(*Frame){
		"another NaN":         func(f *Frame) { f.Floats("rate")[1] = math.Float64frombits(0x7ff8000000000abc) },
		"unit and meaning":    func(f *Frame) { f.Columns[1].Unit, f.Columns[1].Meaning = "items", "What was bought." },
		"nullable":            func(f *Frame) { f.Columns[0].Nullable = false },
		"in memory elsewhere": func(f *Frame) { *f = *f.Take([]int{0, 1, 2}) },
	}
	for name, change := range same {
		f := sample()
		if change(f); f.Hash() != hash {
			t.Errorf("%s changes the hash", name)
		}
	}
	other := map[string]func(*Frame){
		"a value":      func(f *Frame) { f.Ints("n")[2]++ },
		"a name":       func(f *Frame) { f.Columns[1].Name = "m" },
		"a kind":       func(f *Frame) { f.Columns[1].Kind = Time },
		"order":        func(f *Frame) { f.SortByText("who") },
		"fewer rows":   func(f *Frame) { *f = *f.Take([]int{0, 1}) },
		"moved border": func(f *Frame) { copy(f.Strings("who"), []string{"ba", "", "b"}) },
		"column order": func(f *Frame) { f.Columns[0], f.Columns[1] = f.Columns[1], f.Columns[0] },
	}
	for name, change := range other {
		f := sample()
		if change(f); f.Hash() == hash {
			t.Errorf("%s does not change the hash", name)
		}
	}
	without := sample()
	without.Columns = slices.Delete(without.Columns, 1, 2)
	if sample().Hash("n") != without.Hash() {
		t.Error("a skipped column counts")
	}
	if New(specs, 0).Hash() == New(specs[:1], 0).Hash() {
		t.Error("columns without rows do not count")
	}
}

func TestKindsInJSON(t *testing.T) {
	text, err := json.Marshal(append(slices.Clone(Kinds), Kind(9)))
	if err != nil || string(text) != `["text","int","money","float","time","price","quantity","kind(9)"]` {
		t.Errorf("%s, %v", text, err)
	}
}
