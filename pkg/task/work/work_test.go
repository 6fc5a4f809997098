package work

import (
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// TestTables: tables are buffered within the step's budget, in its scratch folder.
func TestTables(t *testing.T) {
	d := task.Deps{Scratch: "/scratch", Memory: 1 << 20}
	if o := Tables(d); o.Scratch != d.Scratch || o.Memory != d.Memory.Table() {
		t.Errorf("options %+v", o)
	}
}

// TestFutureAsOf: what every step does before it reads anything: as-of against the clock, and against the lines that it reads.
func TestFutureAsOf(t *testing.T) {
	c := task.Common{Root: "mem://" + t.Name(), Name: "segments", Pipeline: "p", RunID: "r", AsOf: "2027-03-01"}
	d := task.Deps{Now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	home, err := Open(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	refused := func(what string, c task.Common, texts ...string) {
		t.Helper()
		err := checkAsOf(t.Context(), c, d, home)
		if fault.CodeOf(err) != fault.ExitUsage {
			t.Errorf("%s: %v, want exit code 64", what, err)
		}
		for _, text := range texts {
			if err != nil && !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v lacks %q", what, err, text)
			}
		}
	}
	passes := func(what string, c task.Common) {
		t.Helper()
		if err := checkAsOf(t.Context(), c, d, home); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("without lines", c, "2027-03-01", "--allow-future-as-of")
	past, allowed := c, c
	past.AsOf, allowed.AllowFutureAsOf = "2026-11-28", true
	passes("today", past)
	passes("allowed", allowed)

	ingested(t, home, c.Run(), "2027-02-27")
	refused("two days after the last line", c, "2027-02-27")
	ingested(t, home, c.Run(), "2027-02-28")
	passes("the day after the last line", c)
	other := c
	other.RunID = "other"
	refused("another run", other)
	other.FromRun = c.Run().String()
	passes("another run that reads this one", other)
}

// ingested stores what ingest leaves of lines until that day.
func ingested(t *testing.T, home *run.Home, of contract.Run, last string) {
	t.Helper()
	day, err := calendar.ParseDate(last)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := lines.New("Europe/London", "GBP", "", []lines.Partition{{Source: "shop", Day: day}, {Source: "shop", Day: day - 9}})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := lines.Write(t.Context(), home.Root, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	s, err := home.Begin(t.Context(), of, contract.Ingest, contract.Inputs{Refs: map[string]string{"source": last}})
	if err == nil {
		_, err = s.Commit(t.Context(), contract.IngestResult{Snapshot: hash})
	}
	if err != nil {
		t.Fatal(err)
	}
}
