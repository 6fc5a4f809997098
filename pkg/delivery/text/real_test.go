package text_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/text"
	"github.com/clientele/clientele/pkg/money"
)

// realCSV returns UCI Online Retail as text.
func realCSV(tb testing.TB) []byte {
	tb.Helper()
	dir := os.Getenv("CLIENTELE_TESTDATA")
	if dir == "" {
		tb.Skip("CLIENTELE_TESTDATA is not set: a folder that holds online-retail.csv.gz")
	}
	f, err := os.Open(filepath.Join(dir, "online-retail.csv.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func TestReadRealFile(t *testing.T) {
	data := realCSV(t)
	var amount money.Amount
	var negative, cancelled, guests, free, debt, nameless int
	days := map[calendar.Date]bool{}
	counts, err := text.Read(context.Background(), bytes.NewReader(data), record.Options{}, func(b *record.Block) error {
		for _, r := range b.Runs {
			days[r.Day] = true
			err := r.Each(func(l *record.Line) error {
				amount += l.Amount
				count(&negative, l.Quantity < 0)
				count(&cancelled, l.Invoice[0] == 'C')
				count(&guests, len(l.Customer) == 0)
				count(&free, l.Price == 0)
				count(&debt, l.Price < 0)
				count(&nameless, len(l.Description) == 0)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(counts.Records, counts.Rejected, amount, utc(counts.First), utc(counts.Last), len(days),
		negative, cancelled, guests, free, debt, nameless)
	// Counted with Python's csv and decimal modules on the same file: lines, amount, times, trading days, quantity below 0,
	// invoices beginning with C, no customer, price 0, price below 0, no description.
	want := fmt.Sprintln(541_909, 0, "9747747.9340", "2010-12-01 08:26:00 +0000 UTC", "2011-12-09 12:50:00 +0000 UTC", 305,
		10_624, 9_288, 135_080, 2_515, 2, 1_454)
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func BenchmarkRead(b *testing.B) {
	data := realCSV(b)
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				counts, err := text.Read(context.Background(), bytes.NewReader(data), record.Options{Workers: workers},
					func(*record.Block) error { return nil })
				if err != nil || counts.Accepted != 541_909 {
					b.Fatal(counts.Accepted, err)
				}
			}
		})
	}
}
