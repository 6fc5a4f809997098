package preprocess

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

const asOf = "2011-03-02"

// shop has a customer with a return in part, one with returns only, a guest, a fee, and lines outside a window of 95 days.
const shop = `
1,22,X,10,2010-11-28 12:00,1,7,UK
2,22,X,2,2010-12-02 10:00,10,7,UK
3,23,X,4,2011-01-30 08:59,5,8,
C4,23,X,-6,2011-02-02 09:00,5,8,
C5,99,X,-1,2011-02-03 09:00,6,9,EIRE
6,POST,POSTAGE,1,2011-02-04 09:00,18,7,UK
7,22,X,1,2011-02-04 09:00,1,,UK
8,22,X,3,2011-02-05 09:00,0.0001,8,UK
9,22,X,1,2010-11-26 23:59,1,7,UK
10,22,X,1,2011-03-02 00:00,1,7,UK`

// stage is a root in which ingest has worked.
type stage struct {
	t    testing.TB
	cfg  Config
	home *run.Home
	deps task.Deps
}

var stages int

// newStage puts lines into day files, in the given order, and a snapshot of them into this run's ingest. spoil may change
// the snapshot's partitions before.
func newStage(t testing.TB, root string, sold []retailtest.Line, spoil func(*stage, []lines.Partition)) *stage {
	t.Helper()
	if root == "" {
		stages++
		root = fmt.Sprintf("mem://%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), stages)
	}
	s := &stage{t: t, cfg: Config{
		Common: task.Common{Root: root, Name: "segments", Pipeline: "test", RunID: "r1", AsOf: asOf},
		Window: "95", NonProducts: retail.DefaultNonProducts().String(),
	}}
	if err := s.cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	s.deps = task.Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	home, err := work.Open(t.Context(), s.cfg.Common, s.deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = home.Close() })
	s.home = home
	parts := s.partitions(sold)
	if spoil != nil {
		spoil(s, parts)
	}
	s.ingested(parts)
	return s
}

// ingested makes the run's ingest one that has left these partitions of these deliveries.
func (s *stage) ingested(parts []lines.Partition, deliveries ...lines.Delivery) {
	s.t.Helper()
	snapshot, err := lines.New("Europe/London", "GBP", "", parts, deliveries...)
	if err != nil {
		s.t.Fatal(err)
	}
	sum, err := lines.Write(s.t.Context(), s.home.Root, snapshot)
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := s.home.Begin(s.t.Context(), s.cfg.Run(), contract.Ingest, contract.Inputs{Code: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := in.Commit(s.t.Context(), contract.IngestResult{Snapshot: sum}); err != nil {
		s.t.Fatal(err)
	}
}

// partitions writes the lines of each day into a file of its own.
func (s *stage) partitions(sold []retailtest.Line) []lines.Partition {
	byDay := map[calendar.Date][]retailtest.Line{}
	for _, l := range sold {
		day := calendar.DateOf(l.Micros())
		byDay[day] = append(byDay[day], l)
	}
	var parts []lines.Partition
	for day, lines := range byDay {
		parts = append(parts, s.partition(day, lines))
	}
	slices.SortFunc(parts, func(a, b lines.Partition) int { return int(a.Day - b.Day) })
	return parts
}

func (s *stage) partition(day calendar.Date, sold []retailtest.Line) lines.Partition {
	s.t.Helper()
	schema := contract.Lines
	if slices.ContainsFunc(sold, func(l retailtest.Line) bool { return l.Region != "" }) {
		schema = contract.RegionalLines
	}
	f := frame.New(schema.Columns, len(sold))
	for i, l := range sold {
		if schema.Name == contract.RegionalLines.Name {
			f.Strings("region")[i] = l.Region
		}
		for name, v := range map[string]string{"invoice": l.Invoice, "code": l.Code, "description": l.Description, "customer": l.Customer, "country": l.Country, "status": l.Status} {
			f.Strings(name)[i] = v
		}
		for name, v := range map[string]int64{"quantity": int64(l.Quantity), "time": l.Micros(), "price": int64(l.UnitPrice()), "amount": l.DeliveredTotal(), "record": int64(i)} {
			f.Ints(name)[i] = v
		}
	}
	return s.store(schema, day, f)
}

func (s *stage) store(schema frame.Schema, day calendar.Date, f *frame.Frame) lines.Partition {
	s.t.Helper()
	w := table.NewWriter(schema, table.Options{Scratch: s.deps.Scratch})
	defer w.Abort()
	if err := w.WriteFrame(f); err != nil {
		s.t.Fatal(err)
	}
	file, err := w.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	p := lines.Partition{Source: "test", Day: day, Object: contract.PartitionPath("test", day, file.SHA256), Rows: file.Rows, Unpriced: true, SHA256: file.SHA256, Regional: schema.Name == contract.RegionalLines.Name}
	if _, err := s.home.Root.Create(s.t.Context(), p.Object, file, file.Size); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *stage) run() (contract.PreprocessResult, error) { return Run(s.t.Context(), s.cfg, s.deps) }

// tables reads what the run made.
func (s *stage) tables() (m *run.Manifest, sales, ledger, customers *frame.Frame) {
	s.t.Helper()
	m, err := s.home.Current(s.t.Context(), s.cfg.Run(), contract.Preprocess)
	if err != nil {
		s.t.Fatal(err)
	}
	read := func(schema frame.Schema) *frame.Frame {
		f, err := s.home.ReadTable(s.t.Context(), m, schema, checked(s.t))
		if err != nil {
			s.t.Fatal(err)
		}
		return f
	}
	return m, read(contract.Sales), read(contract.Ledger), read(contract.Customers)
}

// checked returns options whose allocator must be empty when the test ends.
func checked(t testing.TB) table.Options {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return table.Options{Allocator: mem, Scratch: t.TempDir()}
}

func amount(s string) money.Amount {
	m, err := money.Parse(s)
	if err != nil {
		panic(err)
	}
	return m
}
