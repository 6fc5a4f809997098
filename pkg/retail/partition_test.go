package retail_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// account is everything that the rules say of lines.
type account struct {
	Meaning   retail.Meaning
	Decisions []retail.Decision
	Totals    retail.Totals
	Rows      []string
	Returns   []string
}

// accountOf puts lines into a room, one part after the other into its shards, and asks the rules.
func accountOf(tb *rapid.T, parts [][]retailtest.Line, room retail.Room, rules retail.Rules, given retail.Meaning) (a account) {
	tb.Helper()
	l := retail.NewLines(room)
	for i, part := range parts {
		if err := l.Shard(i % max(room.Shards, 1)).Append(retailtest.Batch(part)); err != nil {
			tb.Fatal(err)
		}
	}
	var err error
	if a.Meaning, a.Decisions, err = retail.Decide(l, given, retail.Meaning{}); err != nil {
		tb.Fatal(err)
	}
	rules.Meaning = a.Meaning
	kept, err := rules.Apply(l)
	if err != nil {
		tb.Fatal(err)
	}
	a.Totals, a.Rows = kept.Totals, rowTexts(kept.Kept)
	a.Returns = returnTexts(kept.Kept)
	return a
}

func returnTexts(kept *retail.Kept) (all []string) {
	for at := range kept.Len() {
		if r := kept.Returns(at); r.Lines > 0 {
			all = append(all, fmt.Sprint(kept.Customers.String(kept.Customer(at)), r))
		}
	}
	return all
}

// memorySpill is a scratch file without a disk.
type memorySpill struct {
	mu   sync.Mutex
	data []byte
}

func (s *memorySpill) WriteAt(p []byte, at int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := int(at) + len(p); n > len(s.data) {
		s.data = append(s.data, make([]byte, n-len(s.data))...)
	}
	return copy(s.data[at:], p), nil
}

func (s *memorySpill) ReadAt(p []byte, at int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.NewReader(s.data).ReadAt(p, at)
}

// However lines are cut into partitions, in whatever order they come, from however many goroutines, spilled or not: nothing that is
// said of them changes.
func TestAnyPartitions(t *testing.T) {
	customers := []string{"", "0", "7", "70", "71", "8", "9"}
	rapid.Check(t, func(t *rapid.T) {
		lines := retailtest.Draw(t)
		rules, given := drawRules(t), retail.Meaning{
			Discounts: rapid.SampledFrom([]string{retail.DropDiscounts, retail.AllocateDiscounts}).Draw(t, "discounts"),
			Invoice:   rapid.SampledFrom([]string{"", retail.ByNumber, retail.ByNumberAndDay}).Draw(t, "invoice"),
		}
		want := accountOf(t, [][]retailtest.Line{lines}, retail.Room{}, rules, given)

		room := retail.Room{
			Shards: rapid.IntRange(1, 3).Draw(t, "shards"), Guests: rapid.IntRange(1, 3).Draw(t, "guests"),
			Bounds: rapid.SliceOfN(rapid.SampledFrom(customers), 0, 9).Draw(t, "bounds"),
		}
		slices.Sort(room.Bounds) // some are equal: a partition between them is empty
		if rapid.Bool().Draw(t, "spills") {
			room.Spill, room.Memory = &memorySpill{}, rapid.SampledFrom([]int64{0, 4096}).Draw(t, "memory")
			room.Texts = rapid.SampledFrom([]int64{0, 1, 20_000}).Draw(t, "texts") // 1: each batch is a generation
		}
		if len(lines) > 1 {
			lines = rapid.Permutation(lines).Draw(t, "order")
		}
		var parts [][]retailtest.Line
		for len(lines) > 0 {
			n := rapid.IntRange(1, len(lines)).Draw(t, "part")
			parts, lines = append(parts, lines[:n]), lines[n:]
		}
		if diff := cmp.Diff(want, accountOf(t, parts, room, rules, given)); diff != "" {
			t.Errorf("in %+v (-one partition +these):\n%s", room, diff)
		}
	})
}

// Partitions that are far from even: a customer with a million lines, an invoice with 100,000, and partitions without a line. Spilled, in a
// real file on two cores, they give what one partition in memory gives on one.
func TestUnevenPartitions(t *testing.T) {
	n := 1_250_000
	if testing.Short() {
		n = 50_000
	}
	lines := make([]retailtest.Line, n)
	for i := range lines {
		l := retailtest.Line{
			Invoice: strconv.Itoa(i / 5), Code: strconv.Itoa(10_000 + i%97), Quantity: money.Quantity(1+i%5) * money.QuantityScale, Price: "1.25",
			Time: fmt.Sprintf("2011-%02d-%02d %02d:%02d", 1+i/7%12, 1+i/7%28, i/7%24, i%60), Customer: strconv.Itoa(1000 + i%4999),
		}
		switch {
		case i%5 != 0:
			l.Customer = "5"
		case i < n*2/5:
			l.Invoice, l.Customer = "1", "6"
		case i%10 == 0:
			l.Customer = ""
		}
		if i%11 == 0 {
			l.Quantity = -l.Quantity
		}
		lines[i] = l
	}
	b := retailtest.Batch(lines)
	outcome := func(room retail.Room) (retail.Totals, []retail.Row) {
		l := retail.NewLines(room)
		if err := l.Append(b); err != nil {
			t.Fatal(err)
		}
		kept, err := retail.DefaultRules().Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		var rows []retail.Row
		for id := range kept.NumCustomers() {
			rows = append(rows, kept.Rows(uint32(id))...)
		}
		return kept.Totals, rows
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	totals, rows := outcome(retail.Room{})
	if totals.Ledger.Input().Lines != int64(n) || len(rows) == 0 {
		t.Fatalf("%+v", totals)
	}
	var bounds []string
	for i := range 1023 {
		bounds = append(bounds, fmt.Sprintf("%04d", i*5))
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	runtime.GOMAXPROCS(2)
	again, same := outcome(retail.Room{Bounds: bounds, Guests: 3, Memory: 1 << 18, Spill: file, Texts: 1 << 20})
	if diff := cmp.Diff(totals, again); diff != "" {
		t.Errorf("1,024 partitions (-one +these):\n%s", diff)
	}
	if !slices.Equal(rows, same) {
		t.Error("1,024 partitions: other rows")
	}
	if size, err := file.Stat(); err != nil || size.Size() < int64(n)*8 {
		t.Errorf("spilled %v bytes, %v", size.Size(), err)
	}
}

// broken fails to write, or to read.
type broken struct {
	memorySpill
	read, write error
}

func (b *broken) WriteAt(p []byte, at int64) (int, error) {
	if b.write != nil {
		return 0, b.write
	}
	return b.memorySpill.WriteAt(p, at)
}

func (b *broken) ReadAt(p []byte, at int64) (int, error) {
	if b.read != nil {
		return 0, b.read
	}
	return b.memorySpill.ReadAt(p, at)
}

// A disk that fails is an error wherever it does, and no account of a part of the lines.
func TestSpillFails(t *testing.T) {
	full := errors.New("no space left on device")
	for _, room := range []retail.Room{{}, {Texts: 1}, {Texts: 1, Memory: 1 << 20}} {
		for _, spill := range []*broken{{write: full}, {read: full}} {
			room.Spill = spill
			l := retail.NewLines(room)
			err := l.Append(retailtest.Batch(retailtest.CSV(t, "1,22,X,1,2011-01-03 10:00,1,7,UK")))
			if err == nil {
				_, err = retail.DefaultRules().Apply(l)
			}
			if !errors.Is(err, full) {
				t.Errorf("%+v: got %v, want %v", room, err, full)
			}
		}
	}
}

// A text that cannot be read any more is empty, and the lines say why.
func TestTextsThatCannotBeRead(t *testing.T) {
	spill := &broken{}
	l := retail.NewLines(retail.Room{Spill: spill, Texts: 1})
	if err := l.Append(retailtest.Batch(retailtest.CSV(t, "1,22,X,1,2011-01-03 10:00,1,7,UK"))); err != nil {
		t.Fatal(err)
	}
	if err := l.Seal(); err != nil || l.Customers.Len() != 2 {
		t.Fatalf("%d customers, %v", l.Customers.Len(), err)
	}
	spill.read = errors.New("input/output error")
	if text := l.Customers.String(1); text != "" || !errors.Is(l.Err(), spill.read) {
		t.Errorf("%q, %v", text, l.Err())
	}
	spill.read = nil
	if text := l.Customers.String(1); text != "7" || l.Err() == nil {
		t.Errorf("%q, %v", text, l.Err())
	}
}
