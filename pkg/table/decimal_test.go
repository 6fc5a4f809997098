package table_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// decimals has a column of each kind of decimals, one of them nullable.
var decimals = frame.Schema{Name: "sales", Version: 2, Columns: []frame.Spec{
	{Name: "code", Kind: frame.Text, Nullable: true},
	{Name: "quantity", Kind: frame.Quantity},
	{Name: "price", Kind: frame.Price},
	{Name: "amount", Kind: frame.Money, Nullable: true},
}}

var codedDecimals = frame.Schema{Name: decimals.Name, Version: decimals.Version, Columns: decimals.Columns,
	Coded: []string{"code", "quantity", "price", "amount"}}

// decimalRows returns n rows: every row's amount is null, or every third, or none.
func decimalRows(n, every int) *frame.Frame {
	f := frame.New(decimals.Columns, n)
	for i := range n {
		f.Ints("quantity")[i] = int64(i%50) * 684
		f.Ints("price")[i] = []int64{1_459_120, frame.MaxDecimal, -frame.MaxDecimal, 0}[i%4]
		if f.Ints("amount")[i] = int64(i % 60); every > 0 && i%every == 0 {
			f.Ints("amount")[i] = frame.NullInt
		}
	}
	return f
}

// TestDecimals: kinds of decimals come back, null where they were, whether they are coded or not.
func TestDecimals(t *testing.T) {
	opts := checked(t)
	for _, every := range []int{0, 1, 3} {
		for _, n := range []int{0, 1, 9, 300, table.BatchRows + 3} {
			f := decimalRows(n, every)
			for _, schema := range []frame.Schema{decimals, codedDecimals} {
				got, err := decode(opts, schema, encode(t, opts, schema, f))
				if err != nil {
					t.Fatalf("%d rows, null every %d: %v", n, every, err)
				}
				wantFrame(t, got, f)
			}
		}
	}
}

func TestDecimalsAsFloat(t *testing.T) {
	f := decimalRows(4, 2)
	for name, want := range map[string]float64{"quantity": 0.684, "price": 999_999_999_999.999999, "amount": 0.0001} {
		if got := f.Column(name).Float(1); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := f.Column("amount").Float(2); got == got {
		t.Errorf("null is %v, want NaN", got)
	}
}

// TestDecimalsOfTheVersionBefore: what was a whole number, or had fewer decimals, is scaled; what cannot be is damage.
func TestDecimalsOfTheVersionBefore(t *testing.T) {
	opts := checked(t)
	old := frame.Schema{Name: decimals.Name, Version: 1, Columns: []frame.Spec{
		{Name: "price", Kind: frame.Money}, {Name: "quantity", Kind: frame.Int}, {Name: "code", Kind: frame.Text},
	}}
	dictionaries := old
	dictionaries.Coded = []string{"quantity", "price"}
	written := func(quantity, price int64) *frame.Frame {
		f := frame.New(old.Columns, 3)
		copy(f.Ints("quantity"), []int64{6, -1, quantity})
		copy(f.Ints("price"), []int64{25_500, -110_620_600, price})
		copy(f.Strings("code"), []string{"22", "B", "22"})
		return f
	}
	want := frame.New(decimals.Columns, 3)
	copy(want.Ints("quantity"), []int64{6_000, -1_000, 999_999_999_999_999_000})
	copy(want.Ints("price"), []int64{2_550_000, -11_062_060_000, 999_999_999_999_999_900})
	copy(want.Ints("amount"), []int64{frame.NullInt, frame.NullInt, frame.NullInt})
	copy(want.Strings("code"), []string{"22", "B", "22"})
	for name, schema := range map[string]frame.Schema{"plain": old, "coded": dictionaries} {
		data := encode(t, opts, schema, written(999_999_999_999_999, 9_999_999_999_999_999))
		got, err := decode(opts, codedDecimals, data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for column, f := range map[string]*frame.Frame{
			"quantity": written(1_000_000_000_000_000, 0), "price": written(0, 10_000_000_000_000_000),
		} {
			_, err := decode(opts, codedDecimals, encode(t, opts, schema, f))
			if !errors.Is(err, table.ErrDamaged) || !strings.Contains(err.Error(), "column "+column) || !strings.Contains(err.Error(), "row") {
				t.Errorf("%s, %s: %v, want ErrDamaged", name, column, err)
			}
		}
	}
	// A file of this version has the kinds of this version.
	old.Version = 2
	old.Columns = []frame.Spec{decimals.Columns[0], {Name: "quantity", Kind: frame.Int}, decimals.Columns[2], decimals.Columns[3]}
	if _, err := decode(opts, decimals, encode(t, opts, old, frame.New(old.Columns, 1))); err == nil ||
		!strings.Contains(err.Error(), "column quantity is int64, want decimal(18, 3)") {
		t.Errorf("whole numbers in version 2: %v", err)
	}
}

// TestStored: the schema of a file is the one that it was written with.
func TestStored(t *testing.T) {
	opts := checked(t)
	for _, schema := range []frame.Schema{lines, coded, codedDecimals} {
		later := schema
		later.Version++
		later.Columns = append([]frame.Spec{{Name: "new", Kind: frame.Price, Nullable: true}}, schema.Columns...)
		f := frame.New(schema.Columns, 3)
		data := encode(t, opts, schema, f)
		r, err := table.Open(bytes.NewReader(data), int64(len(data)), later, opts)
		if err != nil {
			t.Fatal(err)
		}
		stored := r.Stored()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := decode(opts, stored, data)
		if err != nil || got.Hash() != f.Hash() || stored.Version != schema.Version {
			t.Errorf("stored as %+v, %v", stored, err)
		}
	}
}
