package detect_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"github.com/clientele/clientele/pkg/delivery/detect"
)

// Columns with types are looked at as those of text are: numbers by their names, and a list is passed over.
func TestMoneyThatIsNotReadInTypedColumns(t *testing.T) {
	text := func(name string) arrow.Field { return arrow.Field{Name: name, Type: arrow.BinaryTypes.String} }
	schema := arrow.NewSchema([]arrow.Field{
		text("Invoice"), text("StockCode"), {Name: "Quantity", Type: arrow.PrimitiveTypes.Int64}, text("InvoiceDate"), {Name: "Price", Type: arrow.PrimitiveTypes.Float64}, text("Customer ID"),
		{Name: "Discount", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, text("Refund Amount"), {Name: "Tax", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64)}, text("Is Return"), text("Note"),
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 40 {
		for at, value := range map[int]string{0: "1", 1: "A1", 3: "2023-01-02 10:00:00", 5: "c1", 7: "0.25", 9: map[bool]string{true: "yes", false: "no"}[i == 0], 10: "a"} {
			b.Field(at).(*array.StringBuilder).Append(value)
		}
		b.Field(2).(*array.Int64Builder).Append(2)
		b.Field(4).(*array.Float64Builder).Append(5.5)
		if i%2 == 0 {
			b.Field(6).(*array.Float64Builder).Append(0.5)
		} else {
			b.Field(6).AppendNull()
		}
		list := b.Field(8).(*array.ListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.Float64Builder).Append(1)
	}
	rec := b.NewRecord()
	defer rec.Release()
	var columns, stream bytes.Buffer
	p, err := pqarrow.NewFileWriter(schema, &columns, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ipc.NewFileWriter(&nopSeeker{&stream}, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{func() error { return p.Write(rec) }, p.Close, func() error { return a.Write(rec) }, a.Close} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string][]byte{"lines.parquet": columns.Bytes(), "lines.arrow": stream.Bytes()} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		found, err := lookAt(t, detect.Options{}, file)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Unread) != 2 || found.Unread[0].Column != "Discount" || found.Unread[0].Rows != 20 || found.Unread[0].Money.Float() != 10 ||
			found.Unread[1].Column != "Refund Amount" || found.Unread[1].Money.Float() != 10 {
			t.Errorf("%s: unread %+v", name, found.Unread)
		}
		if len(found.Marked) != 1 || found.Marked[0].Column != "Is Return" || found.Marked[0].Rows != 1 {
			t.Errorf("%s: marked %+v", name, found.Marked)
		}
	}
}

// nopSeeker says where it is, as a writer of Arrow's files asks.
type nopSeeker struct{ *bytes.Buffer }

func (n *nopSeeker) Seek(int64, int) (int64, error) { return int64(n.Len()), nil }
