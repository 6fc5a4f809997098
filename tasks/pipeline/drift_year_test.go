package pipeline_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/pipeline"
	"github.com/clientele/clientele/tasks/preprocess"
)

// firstDay of the shop, whose third year is looked at week by week.
const firstDay calendar.Date = 20_000

// year is a shop whose drift is looked at.
type year struct {
	t            *testing.T
	dir          string
	root         string
	ingest       []string               // its further flags
	promoted     contract.PromoteResult // of the last training
	ids          []string               // of the segments of the last training
	asks, broken []calendar.Date
}

// newYear makes three years of a shop with these faults, changed line by line, and trains a model at the end of the second.
func newYear(t *testing.T, change func(day calendar.Date, line []byte) []byte, faults ...demo.Fault) *year {
	t.Helper()
	if testing.Short() {
		t.Skip("-short looks at no year of a shop")
	}
	s, err := demo.New(demo.Options{Seed: 3, Customers: 200, From: firstDay, Days: 730 + 7*53, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	var lines, out bytes.Buffer
	if _, err := s.WriteLines(t.Context(), &lines); err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(lines.Bytes()) {
		day := firstDay
		for part := range bytes.SplitSeq(line, []byte(",")) {
			if len(part) > 10 {
				if d, err := calendar.ParseDate(string(part[:10])); err == nil {
					day = d
				}
			}
		}
		out.Write(change(day, line))
	}
	y := &year{t: t, dir: t.TempDir(), root: "--root=mem://" + strings.ReplaceAll(t.Name(), "/", "-")}
	if err := os.WriteFile(filepath.Join(y.dir, "lines.csv"), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	y.segment(firstDay + 730)
	return y
}

func asIs(_ calendar.Date, line []byte) []byte { return line }

// segment trains and promotes as of a day.
func (y *year) segment(day calendar.Date) {
	y.t.Helper()
	c := config(y.t, "--source="+filepath.Join(y.dir, "lines.csv"), y.root, "--run-id=segment", "--as-of="+day.String())
	r, err := pipeline.Run(context.Background(), c, deps(y.t, io.Discard))
	if err != nil {
		y.t.Fatal(err)
	}
	y.ids, y.promoted = nil, r.Steps[contract.Promote].(contract.PromoteResult)
	for _, s := range r.Steps[contract.Score].(contract.ScoreResult).Segments {
		y.ids = append(y.ids, s.ID)
	}
	slices.Sort(y.ids)
}

// look looks for drift as of a day.
func (y *year) look(day calendar.Date) contract.DriftResult {
	y.t.Helper()
	args := []string{y.root, "--pipeline=look", "--run-id=look", "--as-of=" + day.String()}
	d := deps(y.t, io.Discard)
	_, err := ingest.Run(context.Background(), parsed(y.t, ingest.Flags(), ingest.NewConfig, append(append(args, "--source="+filepath.Join(y.dir, "lines.csv")), y.ingest...)), d)
	if err == nil {
		_, err = preprocess.Run(context.Background(), parsed(y.t, preprocess.Flags(), preprocess.NewConfig, args), d)
	}
	var r contract.DriftResult
	if err == nil {
		r, err = drift.Run(context.Background(), parsed(y.t, drift.Flags(), drift.NewConfig, args), d)
	}
	if err != nil {
		y.t.Fatal(err)
	}
	return r
}

func parsed[C any](t *testing.T, flags []cli.Flag, build func(*cli.Context) C, args []string) (c C) {
	t.Helper()
	app := &cli.App{Flags: flags, Action: func(ctx *cli.Context) error { c = build(ctx); return nil }}
	if err := app.Run(append([]string{"step"}, args...)); err != nil {
		t.Fatal(err)
	}
	return c
}

// weeks looks every week from the day after the training, retrains whenever it is asked to, and returns the days of the asks and of fix_data.
func (y *year) weeks(n int) (asks, broken []calendar.Date) {
	for w := 1; w <= n; w++ {
		day := firstDay + 730 + calendar.Date(7*w)
		r := y.look(day)
		y.t.Logf("%s: %s, %s: %.160s", day, r.Verdict, r.Act, r.Cause)
		switch r.Act {
		case contract.ActFixData:
			broken = append(broken, day)
		case contract.ActRefit, contract.ActRetrain:
			asks = append(asks, day)
			y.segment(day)
		}
	}
	return asks, broken
}

// A year of weekly runs in which nothing moves asks for nothing.
func TestQuietYear(t *testing.T) {
	t.Parallel()
	if asks, broken := newYear(t, asIs).weeks(52); len(asks)+len(broken) > 0 {
		t.Errorf("asked for a model on %v, and for other data on %v", asks, broken)
	}
}

// A week of broken data is told as long as it is in the last window, and asks for no model.
func TestBrokenWeek(t *testing.T) {
	t.Parallel()
	day := firstDay + 750
	y := newYear(t, asIs, demo.Fault{Name: demo.PriceX100, Days: demo.Days{First: day, Last: day + 4}})
	r := y.look(day + 7)
	if r.Act != contract.ActFixData || len(r.Checks) == 0 || r.Checks[0].Check != "price_level" || r.Checks[0].Day != day || r.Checks[0].Column != "price" {
		t.Errorf("%s, %s, %+v; want fix_data because of the prices of %s", r.Act, r.Cause, r.Checks, day)
	}
}
