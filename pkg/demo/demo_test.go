package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"

	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

// options returns the shop that bin/demo writes by default, with some dirt.
func options(t testing.TB) demo.Options {
	t.Helper()
	from, err := calendar.ParseDate("2024-11-01")
	if err != nil {
		t.Fatal(err)
	}
	return demo.Options{Seed: 1, Customers: 800, From: from, Days: 396, Dirty: 4000}
}

func write(t testing.TB, o demo.Options) ([]byte, *demo.Truth) {
	t.Helper()
	shop, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	truth, err := shop.WriteLines(context.Background(), &lines)
	if err != nil {
		t.Fatal(err)
	}
	return lines.Bytes(), truth
}

// goodRecord is a good line as a reader sees it.
type goodRecord struct {
	invoice, code, description, customer, country string
	quantity                                      int64
	price                                         money.Amount
	time                                          time.Time
}

// read parses lines with encoding/csv, each by itself, and tells good records from broken ones by the plainest means.
func read(t testing.TB, data []byte) (good []goodRecord, broken int) {
	t.Helper()
	for i, text := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if i == 0 {
			if text != "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country" {
				t.Fatalf("header %q", text)
			}
			continue
		}
		r, ok := readRecord(text)
		if !ok {
			broken++
			continue
		}
		good = append(good, r)
	}
	return good, broken
}

func readRecord(text string) (goodRecord, bool) {
	if len(text) > 1<<18 || !utf8.ValidString(text) {
		return goodRecord{}, false
	}
	f, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil || len(f) != 8 || f[0] == "" || f[1] == "" {
		return goodRecord{}, false
	}
	quantity, err1 := strconv.ParseInt(f[3], 10, 64)
	at, err2 := time.Parse("2006-01-02 15:04:05", f[4])
	price, err3 := money.Parse(f[5])
	if err1 != nil || err2 != nil || err3 != nil || quantity > 1e12 {
		return goodRecord{}, false
	}
	return goodRecord{f[0], f[1], f[2], f[6], f[7], quantity, price, at}, true
}

func TestLinesAreInOrderOfTime(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	good, _ := read(t, data)
	last := o.From + calendar.Date(o.Days-1)
	if truth.First != o.From || truth.Last != last {
		t.Errorf("truth runs from %s to %s, want %s to %s", truth.First, truth.Last, o.From, last)
	}
	for i, r := range good {
		if i > 0 && r.time.Before(good[i-1].time) {
			t.Fatalf("line %d at %s follows one at %s", i, r.time, good[i-1].time)
		}
		if d := calendar.DateOf(r.time.UnixMicro()); d < o.From || d > last {
			t.Fatalf("line %d lies on %s, outside the shop's time", i, d)
		}
	}
}

// The bytes are promised. If this fails because the shop was changed on purpose, say so in changelog/ and note the new sums.
func TestSameSeedSameBytes(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	before := runtime.GOMAXPROCS(1)
	again, _ := write(t, o)
	runtime.GOMAXPROCS(before)
	if !bytes.Equal(data, again) {
		t.Errorf("two runs of one seed differ, on %d cores and on one", before)
	}
	o.Seed = 2
	if other, _ := write(t, o); bytes.Equal(data, other) {
		t.Error("two seeds give the same lines")
	}
	var b bytes.Buffer
	if err := truth.Write(&b); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		got  []byte
		want string // sha256 of what this generator wrote when it was made, on amd64 with Go 1.26
	}{
		"lines": {data, linesSum},
		"truth": {b.Bytes(), truthSum},
	} {
		sum := sha256.Sum256(c.got)
		if got := hex.EncodeToString(sum[:8]); got != c.want {
			t.Errorf("%s: sha256 begins with %s, want %s", what, got, c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := demo.Options{
			Seed:      rapid.Uint64().Draw(r, "seed"),
			Customers: rapid.IntRange(demo.MinCustomers, 200).Draw(r, "customers"),
			From:      calendar.Date(rapid.IntRange(0, 30_000).Draw(r, "from")),
			Days:      rapid.IntRange(demo.MinDays, 800).Draw(r, "days"),
			Dirty:     rapid.IntRange(0, 20_000).Draw(r, "dirty"),
		}
		data, truth := write(t, o)
		p := plantedIn(t, truth)
		good, broken := read(t, data)
		if len(good) != p.Lines || len(good)+broken != p.Records {
			r.Fatalf("%d good and %d broken records; truth has %d lines of %d records", len(good), broken, p.Lines, p.Records)
		}
		seen, sum := map[string]bool{}, 0
		for _, g := range good {
			if g.customer != "" {
				seen[g.customer] = true
			}
		}
		for _, k := range p.Kinds {
			sum += k.Customers
			if k.Customers == 0 {
				r.Fatalf("no customer is %s", k.Kind)
			}
		}
		if len(seen) != o.Customers || sum != o.Customers || len(p.CustomerKinds) != o.Customers {
			r.Fatalf("%d customers seen, %d in kinds, %d named; want %d", len(seen), sum, len(p.CustomerKinds), o.Customers)
		}
	})
}

func TestValidateNamesEveryProblem(t *testing.T) {
	err := demo.Options{Customers: 29, Days: 59, Dirty: -1}.Validate()
	want := "customers: want 30 to 20000000 (got 29)\ndays: want 60 to 3660 (got 59)\ndirty: want 0 to 500000 (got -1)"
	if err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %q", err, want)
	}
}

// full is a disk that is full after n bytes.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestFailuresAreReported(t *testing.T) {
	shop, err := demo.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.WriteLines(context.Background(), &full{n: 100_000}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("writing to a full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := shop.WriteLines(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("writing after cancel: %v", err)
	}
}

func BenchmarkWriteLines(b *testing.B) {
	shop, err := demo.New(options(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	lines := 0
	for b.Loop() {
		truth, err := shop.WriteLines(context.Background(), io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		lines += truth.Lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}

func Example() {
	from, _ := calendar.ParseDate("2024-11-01")
	shop, _ := demo.New(demo.Options{Seed: 1, Customers: 30, From: from, Days: 60})
	truth, _ := shop.WriteLines(context.Background(), io.Discard)
	fmt.Println(truth.Customers, truth.Kinds[0].Kind, truth.Kinds[0].Customers)
	// Output: 30 loyal 6
}

const linesSum, truthSum = "90eb98487453f5a9", "3fe2fca0e1521d50"
