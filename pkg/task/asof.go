package task

import (
	"context"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
)

// CheckAsOf refuses, with exit code 64, an as-of that is after today in the zone and after the day that follows the last line:
// it is mistyped, and if its model were promoted, every run until that day would count as an older one. last is the day of that
// line, 0 if it is not known; without a zone, today is the latest day that it is anywhere.
func (c Common) CheckAsOf(d Deps, zone string, last calendar.Date) error {
	today, asOf := d.Today(zone), c.Run().AsOf
	if c.AllowFutureAsOf || asOf <= max(today, last+1) {
		return nil
	}
	known := ""
	if last > 0 {
		known = ", and the last line is of " + last.String()
	}
	return fault.Errorf(fault.ExitUsage, "as_of", "", "--as-of: %s is in the future: today is %s%s; correct it, or allow it with --allow-future-as-of",
		asOf, today, known)
}

// checkRun is [Common.CheckAsOf] for a step that reads what ingest has stored.
func (c Common) checkRun(ctx context.Context, d Deps, home *run.Home) error {
	if c.CheckAsOf(d, "", 0) == nil {
		return nil
	}
	last, err := c.lastLine(ctx, home)
	if err != nil {
		return err
	}
	return c.CheckAsOf(d, "", last)
}

// lastLine returns the day of the last line of the snapshot that the run reads, 0 if there is none.
func (c Common) lastLine(ctx context.Context, home *run.Home) (calendar.Date, error) {
	m, err := home.Current(ctx, c.ReadRun(), contract.Ingest)
	var ingest contract.IngestResult
	if err == nil {
		err = m.Decode(&ingest)
	}
	var snapshot *lines.Snapshot
	if err == nil {
		snapshot, err = lines.Read(ctx, home.Root, ingest.Snapshot)
	}
	switch {
	case fault.CodeOf(err) == fault.ExitMissing:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return snapshot.Last(), nil
}
