package demo_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	task_demo "github.com/clientele/clientele/tasks/demo"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/preprocess"
)

// truth is truth.json as a reader sees it.
type truth struct {
	demo.Truth
	Treated       []string          `json:"campaign_customers"`
	CustomerKinds map[string]string `json:"customer_kinds"`
}

// shop is a demo shop that ingest and preprocess have gone through.
type shop struct {
	truth      truth
	ingest     contract.IngestResult
	preprocess contract.PreprocessResult
	snapshot   *lines.Snapshot
	lines      map[calendar.Date]*frame.Frame // of the days asked for
	sales      *frame.Frame
	customers  *frame.Frame
}

// parse reads a configuration from flags, as the program does.
func parse[C task.Validator](t testing.TB, flags []cli.Flag, configure func(*cli.Context) C, args ...string) (c C) {
	t.Helper()
	app := &cli.App{Flags: flags, Action: func(ctx *cli.Context) error { c = configure(ctx); return nil }}
	if err := app.Run(append([]string{"test"}, args...)); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// roots tells the roots of the tests apart.
var roots atomic.Int64

// open writes a shop by these flags and takes it through ingest and preprocess, without a window. The lines of days are read
// back.
func open(t testing.TB, days demo.Days, flags ...string) *shop {
	t.Helper()
	ctx, s := context.Background(), &shop{lines: map[calendar.Date]*frame.Frame{}}
	deps := task.Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test"}
	files, err := task_demo.Run(ctx, parse(t, task_demo.Flags(), task_demo.NewConfig, append(flags, "--out-dir="+t.TempDir())...), deps)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files.TruthFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s.truth); err != nil {
		t.Fatal(err)
	}
	common := []string{
		"--root=mem://demo-" + strconv.FormatInt(roots.Add(1), 10), "--pipeline=test", "--run-id=r1", "--as-of=" + (s.truth.Last + 1).String(),
	}
	if s.ingest, err = ingest.Run(ctx, parse(t, ingest.Flags(), ingest.NewConfig, append(common, "--source="+files.LinesFile)...), deps); err != nil {
		t.Fatal(err)
	}
	cfg := parse(t, preprocess.Flags(), preprocess.NewConfig, append(common, "--window=all")...)
	if s.preprocess, err = preprocess.Run(ctx, cfg, deps); err != nil {
		t.Fatal(err)
	}
	home, err := work.Open(ctx, cfg.Common, deps)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = home.Close() }()
	s.read(ctx, t, home, cfg.Run(), days)
	return s
}

func (s *shop) read(ctx context.Context, t testing.TB, home *run.Home, of contract.Run, days demo.Days) {
	t.Helper()
	var err error
	if s.snapshot, err = lines.Read(ctx, home.Root, s.ingest.Snapshot); err != nil {
		t.Fatal(err)
	}
	partitions, err := s.snapshot.Window(ctx, days.First, days.Last+1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range partitions {
		part, err := home.ReadStored(ctx, run.Stored{Object: p.Object, SHA256: p.SHA256}, contract.Lines, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.lines[p.Day] = part
	}
	m, err := home.Current(ctx, of, contract.Preprocess)
	if err != nil {
		t.Fatal(err)
	}
	if s.sales, err = home.ReadTable(ctx, m, contract.Sales, table.Options{}); err != nil {
		t.Fatal(err)
	}
	if s.customers, err = home.ReadTable(ctx, m, contract.Customers, table.Options{}); err != nil {
		t.Fatal(err)
	}
}

// ledger returns what a rule took.
func (s *shop) ledger(rule string) demo.Tally {
	for _, row := range s.preprocess.Ledger {
		if row.Rule == rule {
			return demo.Tally{Lines: int(row.Lines), Amount: row.Amount}
		}
	}
	return demo.Tally{Lines: -1}
}

// saleDay returns the day of row i of the sales.
func (s *shop) saleDay(i int) calendar.Date { return calendar.DateOf(s.sales.Ints("time")[i]) }

// month returns the name of the day's month.
func month(d calendar.Date) string { return time.UnixMicro(d.Start()).UTC().Month().String() }
