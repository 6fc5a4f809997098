package preprocess

import (
	"os"
	"strconv"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// BenchmarkReal is the step on UCI Online Retail, window all: 305 day files on a disk in, three tables out.
func BenchmarkReal(b *testing.B) {
	batches := retailtest.RealBatches(b, os.Getenv("CLIENTELE_TESTDATA"))
	s := newStage(b, "file://"+b.TempDir(), nil, nil)
	days := map[calendar.Date]*frame.Frame{}
	for _, batch := range batches {
		for i, t := range batch.Time {
			day := calendar.DateOf(t)
			if days[day] == nil {
				days[day] = frame.New(contract.Lines.Columns, 0)
			}
			appendLine(days[day], batch, i)
		}
	}
	var parts []lines.Partition
	for day, f := range days {
		parts = append(parts, s.store(contract.Lines, day, f))
	}
	snapshot, err := lines.New("Europe/London", "GBP", "", parts)
	if err != nil {
		b.Fatal(err)
	}
	sum, err := lines.Write(b.Context(), s.home.Root, snapshot)
	if err != nil {
		b.Fatal(err)
	}
	in, err := s.home.Begin(b.Context(), s.cfg.Run(), contract.Ingest, contract.Inputs{Code: "real"})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := in.Commit(b.Context(), contract.IngestResult{Snapshot: sum}); err != nil {
		b.Fatal(err)
	}
	s.cfg.AsOf, s.cfg.FromRun, s.cfg.Window = "2011-12-10", s.cfg.Run().String(), "all"
	for i := 0; b.Loop(); i++ {
		s.deps.Code = strconv.Itoa(i) // another key: the work is done anew
		r, err := s.run()
		if err != nil || r.Lines != 393_444 {
			b.Fatalf("kept %d lines, %v", r.Lines, err)
		}
	}
}

func appendLine(f *frame.Frame, b retail.LineBatch, i int) {
	for name, c := range map[string]retail.TextColumn{
		"customer": b.Customer, "invoice": b.Invoice, "code": b.Code, "description": b.Description, "country": b.Country, "status": b.Status,
	} {
		v := f.Column(name)
		v.Strings = append(v.Strings, string(c.Data[c.Offsets[i]:c.Offsets[i+1]]))
	}
	for name, c := range map[string]int64{"time": b.Time[i], "quantity": b.Quantity[i], "price": b.Price[i], "amount": frame.NullInt, "record": int64(i)} {
		v := f.Column(name)
		v.Ints = append(v.Ints, c)
	}
}
