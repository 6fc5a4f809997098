package preprocess

import (
	"context"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
)

// year is how far a year ago is: as many weeks as fit, and one day, so that the date is the same.
const year = 365

// driftWindow is one of the windows that drift compares.
type driftWindow struct {
	name string
	retail.Window
	profile bool          // of its lines too
	since   calendar.Date // what the snapshot must reach back to, or the window is left out
}

// driftWindows are the windows of w days, in the order in which they are made: each day's prices are compared with those of before.
func (p plan) driftWindows() []driftWindow {
	asOf, w := p.window.AsOf, p.drift
	then := retail.Window{AsOf: asOf - calendar.Date(w), Days: p.window.Days}
	windows := []driftWindow{
		{name: contract.WindowBefore, Window: retail.Window{AsOf: asOf - calendar.Date(w), Days: w}, profile: true},
		{name: contract.WindowNow, Window: retail.Window{AsOf: asOf, Days: w}, profile: true},
		{name: contract.WindowYearAgo, Window: retail.Window{AsOf: asOf - year, Days: w}, profile: true},
		{name: contract.WindowThen, Window: then},
	}
	for i := range windows {
		windows[i].since = windows[i].Start()
	}
	windows[1].since = asOf                            // now is there whatever its length
	windows[3].since = asOf - 2*calendar.Date(p.drift) // who was a customer then had time to be one
	return windows
}

// driftTables makes the tables windows and profile, one window after the other: no more than one is in memory.
func (j *job) driftTables(ctx context.Context, s *run.Session, snapshot *lines.Snapshot) error {
	windows := frame.New(contract.Windows.Columns, 0)
	profile := newProfiler()
	if j.drift > 0 {
		if err := j.snapshotDays(ctx, snapshot, profile); err != nil {
			return err
		}
		first, _, _ := snapshot.Days()
		for _, w := range j.driftWindows() {
			if w.since < first {
				continue
			}
			err := j.driftWindow(ctx, snapshot, w, windows, profile)
			if fault.CodeOf(err) == fault.ExitMissing {
				j.deps.Log.Warn("a window of drift is left out: a day of it has expired, or it has no lines", "window", w.name, "error", err.Error())
				continue
			}
			if err != nil {
				return fmt.Errorf("drift window %s: %w", w.name, err)
			}
		}
	}
	if err := s.PutFrame(ctx, contract.Windows, windows, j.opts); err != nil {
		return err
	}
	return s.PutFrame(ctx, contract.Profile, profile.table(), j.opts)
}

// snapshotDays says on which days there are lines, for as long as customers are looked back on: two windows and a year.
func (j *job) snapshotDays(ctx context.Context, snapshot *lines.Snapshot, to *profiler) error {
	from := calendar.Date(0)
	if j.window.Days > 0 {
		from = j.window.AsOf - calendar.Date(j.window.Days+j.drift+year)
	}
	parts, err := snapshot.Window(ctx, from, j.window.AsOf)
	if err != nil {
		return err
	}
	rows := map[calendar.Date]int64{}
	var days []calendar.Date
	for _, p := range parts {
		if rows[p.Day] == 0 && p.Rows > 0 {
			days = append(days, p.Day)
		}
		rows[p.Day] += p.Rows
	}
	slices.Sort(days)
	for _, d := range days {
		to.rows = append(to.rows, profileRow{window: contract.WindowSnapshot, kind: contract.ProfileDay, day: d.String(), lines: rows[d]})
	}
	return nil
}

func (j *job) driftWindow(ctx context.Context, snapshot *lines.Snapshot, w driftWindow, windows *frame.Frame, profile *profiler) error {
	r := reader{home: j.home, window: w.Window, opts: j.opts, progress: j.deps.Progress}
	sold, err := r.read(ctx, snapshot)
	if err != nil {
		return err
	}
	sold.Seal()
	if w.profile {
		profile.add(w.name, sold)
	}
	kept, err := j.rules.Apply(sold)
	if err != nil {
		return fault.Errorf(fault.ExitBadData, "range", j.home.Root.URI(contract.SnapshotPath(j.snapshot)), "%w", err)
	}
	appendWindow(windows, w.name, feature.Build(kept, w.Window).Frame())
	return nil
}

// appendWindow adds a window's customers to the table.
func appendWindow(windows *frame.Frame, name string, customers *frame.Frame) {
	windows.Columns[0].Strings = append(windows.Columns[0].Strings, slices.Repeat([]string{name}, customers.Rows())...)
	for i := range customers.Columns {
		from, to := &customers.Columns[i], &windows.Columns[i+1]
		to.Strings = append(to.Strings, from.Strings...)
		to.Ints = append(to.Ints, from.Ints...)
		to.Floats = append(to.Floats, from.Floats...)
	}
}
