package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
)

// weeks without an order are how far the page looks ahead.
const weeks = 26

// customers gathers those that the page may hold, from tables of the same customers in the same order.
func (j *job) customers(ctx context.Context, pre contract.PreprocessResult, score contract.ScoreResult, movers *frame.Frame) (*view.Customers, error) {
	t := view.CustomerTables{Mode: j.PageCustomers, Movers: movers}
	var err error
	if t.Assignments, err = j.home.ReadTable(ctx, j.steps[contract.Score], contract.Assignments, j.opts); err != nil {
		return nil, err
	}
	if t.Features, err = j.home.ReadTable(ctx, j.steps[contract.Preprocess], contract.Customers, j.opts); err != nil {
		return nil, err
	}
	if m := j.steps[contract.Audience]; m != nil {
		if t.Audience, err = j.home.ReadTable(ctx, m, contract.Audiences, j.opts); err != nil {
			return nil, err
		}
	}
	for name, f := range map[string]*frame.Frame{contract.Customers.Name: t.Features, contract.Audiences.Name: t.Audience} {
		if f != nil && !slices.Equal(f.Strings("customer"), t.Assignments.Strings("customer")) {
			return nil, fault.Errorf(fault.ExitBadData, "customers", "", "the tables %s and %s are of different customers: run score and audience again", name, contract.Assignments.Name)
		}
	}
	rows, c := t.Choose()
	if len(rows) == 0 {
		return c, nil
	}
	c.Take(t, rows, score.Segments)
	row := make(map[string]int, len(c.ID))
	for i, id := range c.ID {
		row[id] = i
	}
	if err := j.offers(ctx, c, row); err != nil {
		return nil, err
	}
	if err := j.months(ctx, c, row, pre.WindowStart); err != nil {
		return nil, err
	}
	return c, j.moved(ctx, c, t.Features.Take(rows), score)
}

// offers fills what recommend suggests. Its table has many rows a customer, so it is read batch by batch.
func (j *job) offers(ctx context.Context, c *view.Customers, row map[string]int) error {
	m := j.steps[contract.Recommend]
	if m == nil {
		return nil
	}
	s := contract.Suggestions
	customer, kind, rank, code, because, probability := s.Index("customer"), s.Index("kind"), s.Index("rank"), s.Index("code"), s.Index("because"), s.Index("probability")
	both, of := s.Index("both"), s.Index("out_of")
	var ranks []int64
	return j.batches(ctx, m, s, func(batch *table.Record) {
		ids, kinds, codes, reasons, chances := batch.Text(customer), batch.Text(kind), batch.Text(code), batch.Text(because), batch.Floats(probability)
		shared, all := batch.Floats(both), batch.Floats(of)
		ranks = batch.Ints(ranks[:0], rank)
		for i, n := range ranks {
			at, ok := row[string(ids.Bytes(i))]
			if !ok || n < 1 || n > view.Offers {
				continue
			}
			switch string(kinds.Bytes(i)) {
			case "for_you":
				c.New[n-1][at], c.Because[n-1][at] = string(codes.Bytes(i)), string(reasons.Bytes(i))
				c.Both[n-1][at], c.OutOf[n-1][at] = shared[i], all[i]
			case "again":
				c.Again[n-1][at], c.AgainShare[n-1][at] = string(codes.Bytes(i)), chances[i]
			}
		}
	})
}

// batches reads a step's table batch by batch.
func (j *job) batches(ctx context.Context, m *run.Manifest, s frame.Schema, use func(*table.Record)) error {
	return j.home.UseStored(ctx, m.Objects[s.Name], func(src io.ReaderAt, size int64) error {
		r, err := table.Open(src, size, s, j.opts)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		for k := range r.NumRecords() {
			batch, err := r.Record(k)
			if err != nil {
				return err
			}
			use(batch)
			batch.Release()
		}
		return nil
	})
}

// months sums up what the customers spent by calendar month. The table of sales is as large as the window, so it is read batch by batch.
func (j *job) months(ctx context.Context, c *view.Customers, row map[string]int, start *calendar.Date) error {
	m := j.steps[contract.Preprocess]
	if m.Objects[contract.Sales.Name].Object == "" {
		return nil
	}
	last := month(j.Run().AsOf - 1)
	first := last - view.MostMonths + 1
	if start != nil {
		first = max(first, month(*start))
	}
	for k := first; k <= last; k++ {
		c.Months = append(c.Months, fmt.Sprintf("%04d-%02d", k/12, k%12+1))
	}
	c.Spent = make([]money.Amount, len(c.Months)*len(c.ID))
	s := contract.Sales
	customer, at, amount := s.Index("customer"), s.Index("time"), s.Index("amount")
	var times, amounts []int64
	return j.batches(ctx, m, s, func(batch *table.Record) {
		ids := batch.Text(customer)
		times, amounts = batch.Ints(times[:0], at), batch.Ints(amounts[:0], amount)
		for i := range times {
			k := month(calendar.DateOf(times[i]))
			if of, ok := row[string(ids.Bytes(i))]; ok && k >= first && k <= last {
				c.Spent[of*len(c.Months)+k-first] += money.Amount(amounts[i])
			}
		}
	})
}

// month counts calendar months.
func month(d calendar.Date) int {
	t := time.Unix(int64(d)*24*60*60, 0).UTC()
	return 12*t.Year() + int(t.Month()) - 1
}

// moved asks the model of the scores what would move the customers: one more average order today, or weeks without one.
func (j *job) moved(ctx context.Context, c *view.Customers, features *frame.Frame, score contract.ScoreResult) error {
	none := func() []int8 { return slices.Repeat([]int8{-1}, len(c.ID)) }
	c.Next, c.Later, c.LaterWeeks = none(), none(), make([]int64, len(c.ID))
	b, err := model.Load(ctx, j.home.Registry, score.ModelID, j.opts)
	if fault.CodeOf(err) == fault.ExitMissing {
		j.deps.Log.Warn("the model of the scores is gone, so the page does not say what would move customers", "model_id", score.ModelID)
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the model of the scores: %w", err)
	}
	place := make([]int8, len(b.Manifest.Segments)) // by the model's own order
	for i, g := range b.Manifest.Segments {
		place[i] = int8(slices.IndexFunc(score.Segments, func(s contract.SegmentResult) bool { return s.ID == g.ID }))
	}
	recency := slices.Clone(features.Ints("recency"))
	for week := range int64(weeks) {
		for i := range recency {
			features.Ints("recency")[i] = recency[i] + 7*(week+1)
		}
		near, err := b.Assign(features)
		if err != nil {
			return err
		}
		for i, k := range near.Nearest {
			if c.LaterWeeks[i] == 0 && place[k] != c.Segment[i] {
				c.Later[i], c.LaterWeeks[i] = place[k], week+1
			}
		}
	}
	for i, average := range features.Floats("average_invoice") {
		features.Ints("recency")[i] = 1
		features.Ints("frequency")[i]++
		features.Ints("monetary")[i] += int64(average * money.Scale)
	}
	near, err := b.Assign(features)
	if err != nil {
		return err
	}
	for i, k := range near.Nearest {
		c.Next[i] = place[k]
	}
	return nil
}
