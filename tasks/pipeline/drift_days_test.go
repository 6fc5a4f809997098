package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/tasks/pipeline"
)

// A year of daily runs of a small shop, of every kind that drift has to tell apart. The table of docs/drift.md is what it logs: by months
// of 30 days the questions for a model, the days with an alert and those with broken data.
func TestYearOfDays(t *testing.T) {
	if os.Getenv("CLIENTELE_CALIBRATE") == "" {
		t.Skip("five years of daily runs take some minutes: make calibrate")
	}
	change := func(on func(day calendar.Date) bool, to func(f [][]byte) [][]byte) func(calendar.Date, []byte) []byte {
		return func(day calendar.Date, line []byte) []byte {
			f := bytes.Split(line, []byte(","))
			if !on(day) || len(f) < 8 {
				return line
			}
			return bytes.Join(to(f), []byte(","))
		}
	}
	tenfold := func(f [][]byte) [][]byte { f[3] = fmt.Appendf(nil, "%s0", f[3]); return f }
	const start = firstDay + 730
	for name, of := range map[string]struct {
		change       func(calendar.Date, []byte) []byte
		faults       []demo.Fault
		asks, broken bool
	}{
		"quiet": {change: asIs},
		// A third of the customers stay away from the fifth day on, and who is left buys ten times as much. Of two thirds a gate would ask
		// whether a delivery is missing.
		"shift": {asks: true, change: change(func(day calendar.Date) bool { return day >= start+5 }, func(f [][]byte) [][]byte {
			if len(f[6]) == 0 || f[6][len(f[6])-1]%3 == 0 {
				return nil
			}
			return tenfold(f)
		})},
		// Four weeks of every year everybody buys ten times as much.
		"peak":   {change: change(func(day calendar.Date) bool { d := (day - firstDay) % 365; return d >= 280 && d < 308 }, tenfold)},
		"closed": {change: asIs, faults: []demo.Fault{{Name: demo.DeadTill, Days: demo.Days{First: start + 100, Last: start + 129}}}},
		"broken": {change: asIs, broken: true, faults: []demo.Fault{{Name: demo.PriceX100, Days: demo.Days{First: start + 100, Last: start + 106}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYear(t, of.change, of.faults...)
			y.days(name)
			if (len(y.asks) > 0) != of.asks || (len(y.broken) > 0) != of.broken {
				t.Errorf("asked for a model on %v, and for other data on %v", y.asks, y.broken)
			}
			for i := 1; i < len(y.asks); i++ {
				if y.asks[i] < y.asks[i-1]+90 {
					t.Errorf("asked for a model on %v: twice within 90 days", y.asks)
				}
			}
		})
	}
}

// days looks on every day of the year after the training, retrains whenever it is asked to, tries to publish what is broken, and logs a row a month.
func (y *year) days(name string) {
	const month = 30
	var asks, alerts, broken [13]int
	for n := 1; n <= 365; n++ {
		day, m := firstDay+730+calendar.Date(n), (n-1)/month
		r := y.look(day)
		if r.Verdict == contract.VerdictAlert {
			alerts[m]++
		}
		switch r.Act {
		case contract.ActFixData:
			if broken[m]++; len(y.broken) == 0 {
				y.refuses(day)
			}
			y.broken = append(y.broken, day)
		case contract.ActRefit, contract.ActRetrain:
			asks[m]++
			y.asks = append(y.asks, day)
			y.segment(day)
			y.t.Logf("%s: %s, %s; then %s: %s", day, r.Act, r.Cause, y.promoted.Action, y.promoted.Why)
		}
		// The last day without a sale: whoever trains then has the same segments.
		if ids := y.ids; name == "closed" && n == 129 {
			if y.segment(day); !slices.Equal(ids, y.ids) {
				y.t.Errorf("segments were %v, and as of %s are %v", ids, day, y.ids)
			}
		}
	}
	var row strings.Builder
	for m := range asks {
		fmt.Fprintf(&row, " %d/%d/%d |", asks[m], alerts[m], broken[m])
	}
	y.t.Logf("table | %s |%s", name, row.String())
}

// refuses runs everything as of a day on which data are broken: it fails, and HEAD and scores stay.
func (y *year) refuses(day calendar.Date) {
	y.t.Helper()
	c := config(y.t, "--source="+filepath.Join(y.dir, "lines.csv"), y.root, "--run-id=refused", "--as-of="+day.String())
	r, err := pipeline.Run(context.Background(), c, deps(y.t, io.Discard))
	if fault.CodeOf(err) != fault.ExitBadData || r.Steps[contract.Score] != nil {
		y.t.Errorf("%s: a run on broken data ended with %v, and scored %v", day, err, r.Steps[contract.Score])
	}
}
