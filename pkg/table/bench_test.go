package table_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
)

// benchSchema is shaped like the lines table.
var benchSchema = frame.Schema{Name: "lines", Version: 1, Columns: []frame.Spec{
	{Name: "invoice", Kind: frame.Text}, {Name: "code", Kind: frame.Text},
	{Name: "description", Kind: frame.Text, Nullable: true}, {Name: "quantity", Kind: frame.Int},
	{Name: "time", Kind: frame.Time}, {Name: "price", Kind: frame.Money},
	{Name: "customer", Kind: frame.Text, Nullable: true}, {Name: "country", Kind: frame.Text, Nullable: true},
	{Name: "record", Kind: frame.Int},
}}

// benchDays and benchRows make up a delivery of the real size: 305 days, 541,985 lines.
const benchDays, benchRows = 305, 1777

// benchLine appends one line; the texts repeat as a shop's do.
func benchLine(w *table.Writer, i int, text [][]byte) error {
	w.Text(0).AppendBytes(text[i/25%len(text)][:6])
	w.Text(1).AppendBytes(text[i*7%len(text)][8:13])
	w.Text(2).AppendBytes(text[i*7%len(text)])
	w.Int(3).Append(int64(i * 7 % 48))
	w.Int(4).Append(1_291_190_760_000_000 + int64(i/25)*60_000_000)
	w.Int(5).Append(int64(i*7%3000) * 100)
	w.Text(6).AppendBytes(text[i/25%len(text)][2:7])
	w.Text(7).AppendBytes([]byte("United Kingdom"))
	w.Int(8).Append(int64(i))
	return w.EndRow()
}

func benchText() [][]byte {
	text := make([][]byte, 4000)
	for i := range text {
		text[i] = fmt.Appendf(nil, "%07d WHITE HANGING HEART %d", i*7919%1_000_000, i)
	}
	return text
}

// BenchmarkDayFiles writes a delivery as ingest does: one writer, a file a day.
func BenchmarkDayFiles(b *testing.B) {
	coded := benchSchema
	coded.Coded = []string{"invoice", "code", "description", "customer", "country", "quantity", "time", "price"}
	for _, c := range []struct {
		name   string
		schema frame.Schema
		opts   table.Options
	}{
		{"lz4", benchSchema, table.Options{}},
		{"lz4, Go's allocator", benchSchema, table.Options{Allocator: memory.NewGoAllocator()}},
		{"none", benchSchema, table.Options{Compression: table.None}},
		{"none, coded", coded, table.Options{Compression: table.None}}, // as ingest writes them
	} {
		b.Run(c.name, func(b *testing.B) {
			text := benchText()
			b.ReportAllocs()
			for b.Loop() {
				size := int64(0)
				w := table.NewWriter(c.schema, c.opts)
				for range benchDays {
					w.Reset()
					for i := range benchRows {
						if err := benchLine(w, i, text); err != nil {
							b.Fatal(err)
						}
					}
					f, err := w.Close()
					if err != nil {
						b.Fatal(err)
					}
					size += f.Size
					f.Close()
				}
				b.ReportMetric(float64(size)/1e6, "MB")
			}
		})
	}
}

// BenchmarkAppend is the cost of a row before any batch is written.
func BenchmarkAppend(b *testing.B) {
	text := benchText()
	w := table.NewWriter(benchSchema, table.Options{})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i++; i%60_000 == 0 {
			w.Reset()
		}
		if err := benchLine(w, i, text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a delivery's lines from one file, by columns and as a frame.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name        string
		compression table.Compression
	}{{"lz4", table.LZ4}, {"none", table.None}} {
		text := benchText()
		w := table.NewWriter(benchSchema, table.Options{Compression: c.compression})
		for i := range benchDays * benchRows {
			if err := benchLine(w, i, text); err != nil {
				b.Fatal(err)
			}
		}
		file, err := w.Close()
		if err != nil {
			b.Fatal(err)
		}
		data := content(b, benchSchema, file, benchDays*benchRows)
		b.Run(c.name+"/columns", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				readColumns(b, data)
			}
		})
		b.Run(c.name+"/frame", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := decode(table.Options{}, benchSchema, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func readColumns(b *testing.B, data []byte) {
	r, err := table.Open(bytes.NewReader(data), int64(len(data)), benchSchema, table.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var units int64
	var money []int64
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			b.Fatal(err)
		}
		money = rec.Ints(money[:0], 5)
		for k, q := range rec.Ints(nil, 3) {
			units += q * money[k]
		}
		rec.Release()
	}
	if units == 0 {
		b.Fatal("nothing was read")
	}
}
