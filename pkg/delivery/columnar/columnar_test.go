package columnar_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/columnar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/money"
)

// line is a record.Line that can be kept and compared.
type line struct {
	Record                                        int64
	Time                                          string
	Quantity                                      money.Quantity
	Price                                         money.Price
	Invoice, Code, Description, Customer, Country string
}

type outcome struct {
	Lines   []line
	Rejects []string // rules: raw
	Counts  record.Counts
}

// open opens a file by its first bytes.
func open(src io.ReaderAt, size int64, opts columnar.Options) (*columnar.File, error) {
	head := make([]byte, 4)
	_, _ = src.ReadAt(head, 0)
	if string(head) == "PAR1" {
		return columnar.OpenParquet(src, size, opts)
	}
	return columnar.OpenArrow(src, size, opts)
}

// read reads a file to its end, or to its first error.
func read(src io.ReaderAt, size int64, opts columnar.Options) (o outcome, err error) {
	f, err := open(src, size, opts)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	o.Counts, err = record.ReadTables(context.Background(), record.OneTable(f.Table()), record.Options{Columns: opts.Columns}, func(b *record.Block) error {
		for _, run := range b.Runs {
			err := run.Each(func(l *record.Line) error {
				o.Lines = append(o.Lines, line{l.Record, time.UnixMicro(l.Time).UTC().Format("2006-01-02T15:04:05.999999"), l.Quantity, l.Price,
					string(l.Invoice), string(l.Code), string(l.Description), string(l.Customer), string(l.Country)})
				return nil
			})
			if err != nil {
				return err
			}
		}
		for _, r := range b.Rejects {
			o.Rejects = append(o.Rejects, r.Breach.String()+": "+string(r.Raw))
		}
		return nil
	})
	return o, err
}

func london(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// The files are those of testdata/make.py, which says what is in them.
func TestFilesOfOthers(t *testing.T) {
	want := []line{
		{1, "2010-12-01T08:26:00", 6_000, 2_550_000, "536365", "85123A", "WHITE HANGING HEART", "17850", "United Kingdom"},
		{2, "2011-07-01T09:00:30", -1_000, 27_500_000, "C536379", "D", "Discount, £", "14527", "United Kingdom"},
		{3, "2011-12-09T12:50:00", 3_000, 4_950_000, "581587", "22138", "", "", ""},
	}
	files, err := filepath.Glob("testdata/*.[pfa][aer]*")
	if err != nil || len(files) != 10 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			o, err := read(bytes.NewReader(data), int64(len(data)), columnar.Options{Zone: london(t), Allocator: mem})
			if diff := cmp.Diff(want, o.Lines); diff != "" || err != nil || len(o.Rejects) > 0 {
				t.Errorf("%v %v\n%s", err, o.Rejects, diff)
			}
			// Arrow's readers (v15) leave pages of parquet and dictionaries of Arrow files to the garbage collector.
			if filepath.Base(name) == "pandas.feather" {
				mem.AssertSize(t, 0)
			}
		})
	}
}
