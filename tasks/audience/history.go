package audience

import (
	"context"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/run"
)

// readHistory keeps what runs of earlier calendar weeks came to, and returns a hash of it: this week's run is in the history itself, and
// a rerun finds what it found before.
func (j *job) readHistory(ctx context.Context) (string, error) {
	state, err := run.ReadState[run.WeekState](ctx, j.home.Root, contract.HistoryStatePath(j.Name))
	if err != nil {
		return "", err
	}
	for _, e := range state.Entries {
		if e.AsOf < j.Run().AsOf.Monday() && len(j.weeks) < run.HistoryWeeks {
			j.weeks = append(j.weeks, e)
		}
	}
	if len(j.weeks) == 0 {
		return "none", nil
	}
	text, err := contract.Canonical(j.weeks)
	return contract.SHA256(text), err
}

// advance puts this run into the history.
func (j *job) advance(ctx context.Context, m *run.Manifest, r contract.AudienceResult) (contract.AudienceResult, error) {
	weeks, err := j.home.ReadTable(ctx, m, contract.Weeks, j.opts)
	if err != nil {
		return r, err
	}
	w, err := j.summary(weeks)
	if err != nil {
		return r, err
	}
	moved, err := run.Insert(ctx, j.home.Root, contract.HistoryStatePath(j.Name),
		run.Entry[run.WeekState]{Run: j.Run().String(), AsOf: j.Run().AsOf, Key: m.Key, Value: w},
		run.KeepHistory, func(s run.WeekState) int64 { return s.Seq })
	if err == nil && !moved {
		j.deps.Log.Info("the history stays: it has this run, or another of the same week with a later as-of")
	}
	return r, err
}

// summary is what this run came to.
func (j *job) summary(weeks *frame.Frame) (run.WeekState, error) {
	s := j.scores
	w := run.WeekState{Model: s.ModelID, Seq: s.Seq, Before: j.before, Customers: s.Customers, Moved: s.Moved, Segments: []run.WeekSegment{}}
	for _, g := range s.Segments {
		w.Revenue += g.Revenue
		w.Segments = append(w.Segments, run.WeekSegment{ID: g.ID, Name: g.Name, Customers: g.Customers, Revenue: g.Revenue})
	}
	if m := j.made[contract.Drift]; m != nil {
		var d contract.DriftResult
		if err := m.Decode(&d); err != nil {
			return w, err
		}
		w.Verdict, w.Act, w.Cause = d.Verdict, d.Act, d.Cause
	}
	if last := weeks.Rows() - 1; last >= 0 {
		w.Week = &run.WeekSales{Sales: money.Amount(weeks.Ints("sales")[last]), Invoices: weeks.Ints("invoices")[last],
			Customers: weeks.Ints("customers")[last], First: weeks.Ints("first_time")[last]}
	}
	return w, nil
}

// guests is whom the invoices of all guests are of, in a book of their own.
const guests = "guests"

// weeksOf adds up the sales by week: the book's, and those of guests.
func weeksOf(sales *frame.Frame, book *invoice.Book, asOf calendar.Date) ([]audience.Week, error) {
	var rows []int
	for i, c := range sales.Strings("customer") {
		if c == "" {
			rows = append(rows, i)
		}
	}
	if rows == nil {
		return audience.Weeks(book, nil, asOf), nil
	}
	of := sales.Take(rows)
	for i := range rows {
		of.Strings("customer")[i] = guests
	}
	other, err := invoice.New(of.Strings("customer"), of.Strings("invoice"), of.Ints("time"), of.Ints("amount"))
	if err != nil {
		return nil, err
	}
	return audience.Weeks(book, other, asOf), nil
}

func weeksTable(weeks []audience.Week) *frame.Frame {
	t := frame.New(contract.Weeks.Columns, len(weeks))
	values := map[string][]float64{}
	for i, w := range weeks {
		t.Strings("start")[i], t.Strings("last_day")[i] = w.Start.String(), (w.Start + 6).String()
		t.Ints("sales")[i], t.Ints("invoices")[i] = int64(w.Sales), int64(w.Invoices)
		t.Ints("customers")[i], t.Ints("first_time")[i] = int64(w.Customers), int64(w.First)
		for _, name := range []string{"sales", "invoices", "customers", "first_time"} {
			t.Floats(name + "_low")[i], t.Floats(name + "_high")[i] = audience.Swing(values[name])
			values[name] = append(values[name], t.Column(name).Float(i))
		}
	}
	return t
}

// historyTables are the runs of earlier weeks and this one, and their segments.
func (j *job) historyTables(weeks *frame.Frame) (history, segments *frame.Frame, err error) {
	now, err := j.summary(weeks)
	if err != nil {
		return nil, nil, err
	}
	all := slices.Clone(j.weeks)
	slices.Reverse(all)
	all = append(all, run.Entry[run.WeekState]{Run: j.Run().String(), AsOf: j.Run().AsOf, Value: now})
	n := 0
	for _, e := range all {
		n += len(e.Value.Segments)
	}
	history, segments = frame.New(contract.History.Columns, len(all)), frame.New(contract.SegmentWeeks.Columns, n)
	row := 0
	for i, e := range all {
		v, t := e.Value, history
		t.Strings("run")[i], t.Strings("as_of")[i], t.Strings("before")[i], t.Strings("model_id")[i] = e.Run, e.AsOf.String(), v.Before, v.Model
		t.Strings("verdict")[i], t.Strings("act")[i], t.Strings("cause")[i] = v.Verdict, v.Act, v.Cause
		t.Ints("seq")[i], t.Ints("customers")[i], t.Ints("revenue")[i], t.Ints("moved")[i] = v.Seq, v.Customers, int64(v.Revenue), v.Moved
		sales, invoices, customers, first := int64(frame.NullInt), math.NaN(), math.NaN(), math.NaN()
		if w := v.Week; w != nil {
			sales, invoices, customers, first = int64(w.Sales), float64(w.Invoices), float64(w.Customers), float64(w.First)
		}
		t.Ints("week_sales")[i], t.Floats("week_invoices")[i], t.Floats("week_customers")[i], t.Floats("week_first_time")[i] = sales, invoices, customers, first
		for _, s := range v.Segments {
			segments.Strings("run")[row], segments.Strings("as_of")[row] = e.Run, e.AsOf.String()
			segments.Strings("segment")[row], segments.Strings("name")[row] = s.ID, s.Name
			segments.Ints("customers")[row], segments.Ints("revenue")[row] = s.Customers, int64(s.Revenue)
			row++
		}
	}
	return history, segments, nil
}
