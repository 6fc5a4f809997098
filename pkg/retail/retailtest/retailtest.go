// Package retailtest makes lines for tests: written by hand, drawn at random, or read from UCI Online Retail.
//
//	lines := retailtest.Lines(t, retailtest.CSV(t, `
//	1,22,HEART,3,2011-01-03 10:00,2.50,7,UK
//	C2,22,HEART,-1,2011-01-04 10:00,2.50,7,UK`))
package retailtest

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// Line is a transaction line as people write it.
type Line struct {
	Invoice, Code, Description string
	Quantity                   money.Quantity
	Time                       string // 2006-01-02 15:04, seconds may follow
	Price                      string
	Customer, Country, Region  string
	Total                      string // as the delivery has it; "" where it has none
	Status                     string
}

// Micros returns the line's time in µs since 1970-01-01T00:00. It panics on a time that is none.
func (l Line) Micros() int64 {
	layout := "2006-01-02 15:04:05"
	t, err := time.Parse(layout[:min(len(layout), len(l.Time))], l.Time)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

// UnitPrice returns the line's price. It panics on a price that is none.
func (l Line) UnitPrice() money.Price {
	p, err := money.ParsePrice(l.Price)
	if err != nil {
		panic(err)
	}
	return p
}

// DeliveredTotal returns the line's total as the lines table has it, [frame.NullInt] for none. It panics on an amount that is none.
func (l Line) DeliveredTotal() int64 {
	if l.Total == "" {
		return frame.NullInt
	}
	m, err := money.Parse(l.Total)
	if err != nil {
		panic(err)
	}
	return int64(m)
}

// CSV reads lines written as in UCI Online Retail, without a header: invoice, code, description, quantity, time, unit
// price, customer, country.
func CSV(tb testing.TB, text string) []Line {
	tb.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = 8
	records, err := r.ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	lines := make([]Line, len(records))
	for i, rec := range records {
		if lines[i], err = parse(rec); err != nil {
			tb.Fatal(err)
		}
	}
	return lines
}

func parse(rec []string) (Line, error) {
	q, err := money.ParseQuantity(rec[3])
	return Line{
		Invoice: rec[0], Code: rec[1], Description: rec[2], Quantity: q, Time: rec[4], Price: rec[5],
		Customer: strings.TrimSuffix(rec[6], ".0"), Country: rec[7],
	}, err
}

// batch gathers lines column by column.
type batch struct {
	text [7]retail.TextColumn
	retail.LineBatch
}

func (b *batch) add(l Line) {
	for i, s := range []string{l.Customer, l.Invoice, l.Code, l.Description, l.Country, l.Status, l.Region} {
		t := &b.text[i]
		if len(t.Offsets) == 0 {
			t.Offsets = append(t.Offsets, 0)
		}
		t.Data = append(t.Data, s...)
		t.Offsets = append(t.Offsets, int32(len(t.Data)))
	}
	b.Time = append(b.Time, l.Micros())
	b.Quantity = append(b.Quantity, int64(l.Quantity))
	b.Price = append(b.Price, int64(l.UnitPrice()))
	b.Amount = append(b.Amount, l.DeliveredTotal())
}

func (b *batch) done() retail.LineBatch {
	b.Customer, b.Invoice, b.Code, b.Description, b.Country, b.Status = b.text[0], b.text[1], b.text[2], b.text[3], b.text[4], b.text[5]
	b.Region = b.text[6]
	return b.LineBatch
}

// Batch puts lines into columns.
func Batch(lines []Line) retail.LineBatch {
	b := new(batch)
	for _, l := range lines {
		b.add(l)
	}
	return b.done()
}

// Lines puts lines into memory as preprocess does.
func Lines(tb testing.TB, lines []Line) *retail.Lines {
	tb.Helper()
	l := retail.NewLines(retail.Room{})
	if err := l.Append(Batch(lines)); err != nil {
		tb.Fatal(err)
	}
	return l
}

// realRows is how many lines UCI Online Retail has.
const realRows = 541_909

var realBatches = sync.OnceValues(func() ([]retail.LineBatch, error) { return readReal(realDir) })

// realDir is what RealBatches was called with first; there is one folder a process.
var realDir string

// RealBatches reads online-retail.csv.gz in dir by encoding/csv, in batches of 64 Ki lines, once a process. Tests pass
// the environment's CLIENTELE_TESTDATA; with "" they are skipped.
func RealBatches(tb testing.TB, dir string) []retail.LineBatch {
	tb.Helper()
	if dir == "" {
		tb.Skip("CLIENTELE_TESTDATA is not set: no online-retail.csv.gz to read")
	}
	realDir = dir
	batches, err := realBatches()
	if err != nil {
		tb.Fatal(err)
	}
	return batches
}

// Real returns all lines of [RealBatches] in memory.
func Real(tb testing.TB, dir string) *retail.Lines {
	tb.Helper()
	return Join(tb, RealBatches(tb, dir))
}

// Join appends batches.
func Join(tb testing.TB, batches []retail.LineBatch) *retail.Lines {
	tb.Helper()
	l := retail.NewLines(retail.Room{})
	for _, b := range batches {
		if err := l.Append(b); err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

func readReal(dir string) (batches []retail.LineBatch, err error) {
	f, err := os.Open(filepath.Join(dir, "online-retail.csv.gz"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return nil, err
	}
	b, rows := new(batch), 0
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		l, err := parse(rec)
		if err != nil {
			return nil, err
		}
		b.add(l)
		if rows++; len(b.Time) == 64<<10 {
			batches, b = append(batches, b.done()), new(batch)
		}
	}
	if rows != realRows {
		return nil, fmt.Errorf("online-retail.csv.gz has %d lines, want %d", rows, realRows)
	}
	return append(batches, b.done()), nil
}
