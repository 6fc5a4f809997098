package preprocess

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
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
	days    []lines.Partition
}

// comparedWindows are the windows of w days, in the order in which they are made: each day's prices are compared with those of before.
func (p plan) comparedWindows() []driftWindow {
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

// driftDays returns drift's windows that the snapshot reaches back to, with their days.
func (j *job) driftDays(ctx context.Context, snapshot *lines.Snapshot) ([]driftWindow, error) {
	if j.drift == 0 {
		return nil, nil
	}
	var windows []driftWindow
	first, _, _ := snapshot.Days()
	for _, w := range j.comparedWindows() {
		if w.since < first {
			continue
		}
		var err error
		if w.days, err = snapshot.Window(ctx, w.Start(), w.AsOf); err != nil {
			return nil, fmt.Errorf("drift window %s: %w", w.name, err)
		}
		windows = append(windows, w)
	}
	return windows, nil
}

// driftWindows makes the table profile, and has the customers of each window made, with the lines cut to it.
func (j *job) driftWindows(ctx context.Context, s *run.Session, v *surveyed, l *retail.Lines, each func(driftWindow) error) error {
	profile := &profiler{}
	if j.drift > 0 {
		if err := j.snapshotDays(ctx, v.snapshot, profile); err != nil {
			return err
		}
		if err := j.rejections(ctx, v, profile); err != nil {
			return fmt.Errorf("rejected records: %w", err)
		}
	}
	for _, window := range v.windows {
		l.Cut(window.Window)
		if window.profile {
			if err := profile.add(window.name, l); err != nil {
				return fmt.Errorf("drift window %s: %w", window.name, err)
			}
		}
		if err := each(window); err != nil {
			return fmt.Errorf("drift window %s: %w", window.name, j.ranged(err))
		}
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
		to.rows = append(to.rows, profileRow{window: contract.WindowSnapshot, kind: contract.ProfileDay, day: d.String(), counts: counts{lines: rows[d]}})
	}
	return nil
}

// rejections says what was rejected of the days of the last window and the one before, and of the deliveries: each counts where its last
// lines are. Of a day that another delivery has replaced nothing counts.
func (j *job) rejections(ctx context.Context, v *surveyed, to *profiler) error {
	type of struct{ source, delivery string }
	var windows []driftWindow
	last, from := map[of]calendar.Date{}, map[day]map[string]bool{} // from: by source and day, without the object
	for _, w := range v.windows {
		if w.name != contract.WindowBefore && w.name != contract.WindowNow {
			continue
		}
		windows = append(windows, w)
		for _, p := range w.days {
			id := of{p.Source, p.Delivery}
			last[id] = max(last[id], p.Day)
			on := day{source: p.Source, day: p.Day}
			if from[on] == nil {
				from[on] = map[string]bool{}
			}
			from[on][p.Delivery] = true
		}
	}
	for _, w := range windows {
		deliveries, err := v.snapshot.Deliveries(ctx, w.Start(), w.AsOf)
		if err != nil {
			return err
		}
		row := func(kind string, d calendar.Date, item string, n int64) {
			to.rows = append(to.rows, profileRow{window: w.name, kind: kind, day: d.String(), item: item, counts: counts{lines: n}})
		}
		rejected := map[calendar.Date]int64{}
		for _, d := range deliveries {
			undated := d.Rejected.Records
			for _, r := range d.RejectedDays {
				undated -= r.Records
				if by := from[day{source: d.Source, day: r.Day}]; r.Day >= w.Start() && r.Day < w.AsOf && (by == nil || by[d.ID]) {
					rejected[r.Day] += r.Records
				}
			}
			if at := last[of{d.Source, d.ID}]; at >= w.Start() && at < w.AsOf && at > 0 {
				row(contract.ProfileDelivery, at, d.ID, cmp.Or(d.Records, d.Accepted.Records+d.Rejected.Records))
				row(contract.ProfileRejected, at, d.ID, undated)
			}
		}
		for _, d := range slices.Sorted(maps.Keys(rejected)) {
			row(contract.ProfileRejected, d, "", rejected[d])
		}
	}
	return nil
}

// windowFrame returns customers with the name of their window before them. It shares their memory.
func windowFrame(name string, customers *frame.Frame) *frame.Frame {
	f := &frame.Frame{Columns: make([]frame.Column, 0, len(contract.Windows.Columns))}
	f.Columns = append(f.Columns, frame.Column{Spec: contract.Windows.Columns[0], Strings: slices.Repeat([]string{name}, customers.Rows())})
	for i, c := range customers.Columns {
		c.Spec = contract.Windows.Columns[i+1]
		f.Columns = append(f.Columns, c)
	}
	return f
}
