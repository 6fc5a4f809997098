package retail_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/retail"
)

// line is a transaction line as people write it.
type line struct {
	invoice, code, description string
	quantity                   int64
	at                         string // 2006-01-02 15:04
	price                      string
	customer, country          string
}

// columns gathers lines column by column.
type columns struct {
	text  [5]retail.TextColumn
	batch retail.LineBatch
}

func (c *columns) add(tb testing.TB, l line) {
	tb.Helper()
	at, err := time.Parse("2006-01-02 15:04:05", l.at+":00"[:max(0, 19-len(l.at))])
	if err != nil {
		tb.Fatal(err)
	}
	price, err := retail.ParseMoney(l.price)
	if err != nil {
		tb.Fatal(err)
	}
	for i, s := range []string{l.customer, l.invoice, l.code, l.description, l.country} {
		t := &c.text[i]
		if len(t.Offsets) == 0 {
			t.Offsets = append(t.Offsets, 0)
		}
		t.Data = append(t.Data, s...)
		t.Offsets = append(t.Offsets, int32(len(t.Data)))
	}
	c.batch.Time = append(c.batch.Time, at.UnixMicro())
	c.batch.Quantity = append(c.batch.Quantity, l.quantity)
	c.batch.Price = append(c.batch.Price, int64(price))
}

func (c *columns) done() retail.LineBatch {
	b := c.batch
	b.Customer, b.Invoice, b.Code, b.Description, b.Country = c.text[0], c.text[1], c.text[2], c.text[3], c.text[4]
	return b
}

// linesOf puts lines into memory as preprocess does.
func linesOf(tb testing.TB, lines []line) *retail.Lines {
	tb.Helper()
	l := retail.NewLines(len(lines))
	var c columns
	for _, x := range lines {
		c.add(tb, x)
	}
	if err := l.Append(c.done()); err != nil {
		tb.Fatal(err)
	}
	return l
}

var realFile struct {
	sync.Once
	batches []retail.LineBatch
	err     error
}

// realBatches reads UCI Online Retail by encoding/csv, in batches as the lines table has them. It skips the test where the
// file is not at hand.
func realBatches(tb testing.TB) []retail.LineBatch {
	tb.Helper()
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" {
		tb.Skip("CLIENTELE_TESTDATA is not set: no online-retail.csv.gz to read")
	}
	realFile.Do(func() {
		f, err := os.Open(filepath.Join(dir, "online-retail.csv.gz"))
		if err != nil {
			realFile.err = err
			return
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			realFile.err = err
			return
		}
		r := csv.NewReader(z)
		r.ReuseRecord = true
		if _, err := r.Read(); err != nil {
			realFile.err = err
			return
		}
		c := new(columns)
		for {
			rec, err := r.Read()
			if err != nil {
				break // the count of lines is checked by the tests
			}
			q, err := strconv.ParseInt(rec[3], 10, 64)
			if err != nil {
				realFile.err = err
				return
			}
			c.add(tb, line{
				invoice: rec[0], code: rec[1], description: rec[2], quantity: q, at: rec[4], price: rec[5],
				customer: strings.TrimSuffix(rec[6], ".0"), country: rec[7],
			})
			if len(c.batch.Time) == 64<<10 {
				realFile.batches = append(realFile.batches, c.done())
				c = new(columns)
			}
		}
		realFile.batches = append(realFile.batches, c.done())
	})
	if realFile.err != nil {
		tb.Fatal(realFile.err)
	}
	return realFile.batches
}

func realLines(tb testing.TB) *retail.Lines {
	tb.Helper()
	l := retail.NewLines(541_909)
	for _, b := range realBatches(tb) {
		if err := l.Append(b); err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

func TestAppendRefuses(t *testing.T) {
	var c columns
	c.add(t, line{"1", "22", "X", 1, "2011-01-03 10:00", "1", "7", "UK"})
	for name, spoil := range map[string]func(*retail.LineBatch){
		"short column":      func(b *retail.LineBatch) { b.Quantity = nil },
		"no texts":          func(b *retail.LineBatch) { b.Country = retail.TextColumn{} },
		"offset past end":   func(b *retail.LineBatch) { b.Code.Offsets = []int32{0, 3} },
		"offsets backwards": func(b *retail.LineBatch) { b.Code.Offsets = []int32{2, 0} },
		"offset below zero": func(b *retail.LineBatch) { b.Code.Offsets = []int32{-1, 2} },
	} {
		l := retail.NewLines(1)
		b := c.done()
		spoil(&b)
		if err := l.Append(b); !errors.Is(err, retail.ErrColumns) || l.Len() != 0 {
			t.Errorf("%s: got error %v and %d lines, want ErrColumns and none", name, err, l.Len())
		}
	}
	l := linesOf(t, nil)
	l.Seal()
	if err := l.Append(c.done()); err == nil {
		t.Error("sealed lines took another one")
	}
}

// Numbers of a sealed dictionary order as bytes do; those of a keyed one by key first.
func TestSealOrders(t *testing.T) {
	l := linesOf(t, []line{
		{"c2", "22b", "é", 1, "2011-01-03 10:00", "1", "9", "UK"},
		{" C2", "22A", "z", 1, "2011-01-03 10:00", "1", "10", "EIRE"},
		{"10", "22a ", "z\x00", 1, "2011-01-03 10:00", "1", "", ""},
		{"10", "22", "longer than eight bytes B", 1, "2011-01-03 10:00", "1", "9", "UK"},
		{"9", "22", "longer than eight bytes A", 1, "2011-01-03 10:00", "1", "9", "UK"},
	})
	l.Seal()
	for _, d := range []*retail.Dict{&l.Customers, &l.Descriptions, &l.Countries, &l.Invoices.Keys, &l.Codes.Keys} {
		for i := 1; i < d.Len(); i++ {
			if a, b := d.String(uint32(i-1)), d.String(uint32(i)); a >= b {
				t.Errorf("%q stands before %q", a, b)
			}
		}
	}
	for _, d := range []*retail.KeyedDict{&l.Invoices, &l.Codes} {
		for i := range d.Len() {
			text, key := d.String(uint32(i)), d.Keys.String(d.Key[i])
			if want := strings.ToUpper(strings.TrimSpace(text)); key != want {
				t.Errorf("%q has key %q, want %q", text, key, want)
			}
		}
	}
	if got := l.Customers.String(l.Customer[2]); got != "" || l.Customer[2] != 0 {
		t.Errorf("a line without customer has customer %d, %q", l.Customer[2], got)
	}
	if got := l.Codes.String(l.Code[2]); got != "22a " {
		t.Errorf("code as written is %q, want %q", got, "22a ")
	}
}

func TestCut(t *testing.T) {
	l := linesOf(t, []line{
		{"1", "22", "X", 1, "2011-01-02 23:59", "1", "7", "UK"},
		{"2", "22", "X", 2, "2011-01-03 00:00", "1", "7", "UK"},
		{"3", "22", "X", 3, "2011-01-04 23:59", "1", "7", "UK"},
		{"4", "22", "X", 4, "2011-01-05 00:00", "1", "7", "UK"},
	})
	asOf, _ := retail.ParseDate("2011-01-05")
	l.Cut(retail.Window{AsOf: asOf, Days: 2}) // [3 January, 5 January)
	if l.Len() != 2 || l.Quantity[0] != 2 || l.Quantity[1] != 3 {
		t.Errorf("kept quantities %v, want [2 3]", l.Quantity)
	}
}

func TestParseWindow(t *testing.T) {
	asOf, _ := retail.ParseDate("2011-12-10")
	for _, s := range []string{"365", "1", "all"} {
		w, err := retail.ParseWindow(asOf, s)
		if err != nil || w.Length() != s {
			t.Errorf("%q: got %v, %v", s, w, err)
		}
		if !w.Contains(asOf-1) || w.Contains(asOf) {
			t.Errorf("%q: holds the as-of or not the day before", s)
		}
	}
	for _, s := range []string{"", "0", "-1", "ALL", "1.5", "99999999"} {
		if _, err := retail.ParseWindow(asOf, s); err == nil {
			t.Errorf("%q passed", s)
		}
	}
}
