package table_test

import (
	"bytes"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// seekable is what Arrow's file writer asks for; it only ever asks where it is.
type seekable struct{ bytes.Buffer }

func (s *seekable) Seek(int64, int) (int64, error) { return int64(s.Len()), nil }

// BenchmarkDayFilesByBuilders writes what BenchmarkDayFiles/lz4 writes with Arrow's own builders: what pkg/table's columns are
// compared with in docs/adr/0009-own-code-beside-libraries.md. It neither codes columns nor hashes the file, nor bounds a batch.
func BenchmarkDayFilesByBuilders(b *testing.B) {
	text := benchText()
	field := func(name string, t arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: t, Nullable: true}
	}
	schema := arrow.NewSchema([]arrow.Field{
		field("invoice", arrow.BinaryTypes.String), field("code", arrow.BinaryTypes.String),
		field("description", arrow.BinaryTypes.String), field("quantity", arrow.PrimitiveTypes.Int64),
		field("time", arrow.FixedWidthTypes.Timestamp_us), field("price", &arrow.Decimal128Type{Precision: 18, Scale: 4}),
		field("customer", arrow.BinaryTypes.String), field("country", arrow.BinaryTypes.String),
		field("record", arrow.PrimitiveTypes.Int64),
	}, nil)
	rows := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	defer rows.Release()
	put := func(i int, v []byte) { rows.Field(i).(*array.StringBuilder).BinaryBuilder.Append(v) }
	b.ReportAllocs()
	for b.Loop() {
		size := 0
		for range benchDays {
			for i := range benchRows {
				put(0, text[i/25%len(text)][:6])
				put(1, text[i*7%len(text)][8:13])
				put(2, text[i*7%len(text)])
				rows.Field(3).(*array.Int64Builder).Append(int64(i * 7 % 48))
				rows.Field(4).(*array.TimestampBuilder).Append(arrow.Timestamp(1_291_190_760_000_000 + int64(i/25)*60_000_000))
				rows.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(int64(i*7%3000) * 100))
				put(6, text[i/25%len(text)][2:7])
				put(7, []byte("United Kingdom"))
				rows.Field(8).(*array.Int64Builder).Append(int64(i))
			}
			var out seekable
			w, err := ipc.NewFileWriter(&out, ipc.WithSchema(schema), ipc.WithLZ4())
			if err != nil {
				b.Fatal(err)
			}
			batch := rows.NewRecord()
			if err := w.Write(batch); err != nil {
				b.Fatal(err)
			}
			batch.Release()
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			size += out.Len()
		}
		b.ReportMetric(float64(size)/1e6, "MB")
	}
}
