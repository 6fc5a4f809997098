package audience

import (
	"context"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// followedDays is how long those whom a rule took are followed.
const followedDays = 90

// job is one run of the step, with what it reads.
type job struct {
	Config
	home   *run.Home
	deps   task.Deps
	opts   table.Options
	made   map[string]*run.Manifest // by step; explore, recommend and predict may be absent
	scores contract.ScoreResult
	before string                     // the run whose scores these were compared with, "" for none
	weeks  []run.Entry[run.WeekState] // of earlier calendar weeks, newest first
	since  int                        // days from the last scores, if they are of the same model; else 0
}

// Run puts customers on lists. The same input and flags give the same bytes, on any number of cores and whatever the order of lines.
func Run(ctx context.Context, c Config, d task.Deps) (contract.AudienceResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.AudienceResult]{Begin: j.begin, Make: j.write, Finish: j.advance})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	var stale []string
	var err error
	if j.made, stale, err = home.Made(ctx, j.Run(), j.ReadRun(), contract.Audience, contract.Publish, contract.Report); err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for _, step := range []string{contract.Preprocess, contract.Drift, contract.Score, contract.Measure, contract.Explore, contract.Recommend, contract.Predict} {
		m := j.made[step]
		required := step == contract.Score || step == contract.Measure
		switch {
		case m != nil:
			refs[step] = m.Key
		case required && slices.Contains(stale, step):
			return nil, fault.Errorf(fault.ExitMissing, "stale", "", "the output of %s is from other input than the run has now: run %s again", step, step)
		case required:
			_, err := home.Current(ctx, j.Run(), step)
			return nil, err
		}
	}
	if err := j.made[contract.Score].Decode(&j.scores); err != nil {
		return nil, err
	}
	if j.since, err = j.sinceScores(ctx); err != nil {
		return nil, err
	}
	if refs["history"], err = j.readHistory(ctx); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Audience, contract.Inputs{
		Refs: refs, Params: map[string]any{"lists": spelled(j.rules()), "since": j.since, "before": j.before}, Code: j.deps.Code,
	})
}

// sinceScores returns how many days before the as-of the scores are from that these were compared with, 0 where they are of another
// model, or not known any more, and keeps their run.
func (j *job) sinceScores(ctx context.Context) (int, error) {
	state, err := run.ReadState[run.ScoreState](ctx, j.home.Root, contract.ScoreStatePath(j.Name))
	if err != nil {
		return 0, err
	}
	for _, e := range state.Entries { // newest first
		if e.AsOf < j.Run().AsOf && e.Value.SHA256 == j.made[contract.Score].Refs["scores"] {
			if j.before = e.Run; e.Value.Model != j.scores.ModelID {
				return 0, nil
			}
			return int(j.Run().AsOf - e.AsOf), nil
		}
	}
	return 0, nil
}

func (j *job) write(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	bar := j.deps.Progress.Bar("audience", -1)
	defer bar.Done()
	a, err := j.gather(ctx)
	if err != nil {
		return nil, err
	}
	lists, limits, result := a.lists()
	result.Before = j.before
	weeks := weeksTable(a.weeks)
	history, segments, err := j.historyTables(weeks)
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		schema frame.Schema
		rows   *frame.Frame
	}{{contract.Audiences, a.table()}, {contract.Lists, lists}, {contract.ListLimits, limits},
		{contract.SegmentAudience, a.segmentsTable(result.Segments)},
		{contract.Weeks, weeks}, {contract.History, history}, {contract.SegmentWeeks, segments}} {
		if err := s.PutFrame(ctx, t.schema, t.rows, j.opts); err != nil {
			return nil, err
		}
	}
	return s.Commit(ctx, result)
}

// gather reads what the steps made and asks the rules.
func (j *job) gather(ctx context.Context) (*shop, error) {
	a := &shop{rules: j.rules(), asOf: j.Run().AsOf, cut: j.Run().AsOf - followedDays, since: j.since, first: j.scores.First}
	for _, from := range []struct {
		step   string
		schema frame.Schema
		to     **frame.Frame
	}{
		{contract.Preprocess, contract.Customers, &a.customers}, {contract.Score, contract.Assignments, &a.assignments},
		{contract.Measure, contract.Arms, &a.arms}, {contract.Explore, contract.CustomerNatures, &a.natures},
		{contract.Predict, contract.Predictions, &a.predictions},
	} {
		m := j.made[from.step]
		if m == nil {
			continue
		}
		f, err := j.home.ReadTable(ctx, m, from.schema, j.opts)
		if err != nil {
			return nil, err
		}
		*from.to = f
	}
	a.customers.SortByText("customer")
	if m := j.made[contract.Recommend]; m != nil {
		a.offers = map[string]*[offers]string{}
		if err := j.home.EachOfTable(ctx, m, contract.Suggestions, 0, j.opts, a.offer); err != nil {
			return nil, err
		}
	}
	var measured contract.MeasureResult
	if err := j.made[contract.Measure].Decode(&measured); err != nil {
		return nil, err
	}
	a.campaign = measured.Running

	sales, err := j.home.ReadTable(ctx, j.made[contract.Preprocess], contract.Sales, j.opts, "customer", "invoice", "code", "time", "amount")
	if err != nil {
		return nil, err
	}
	a.book, err = audience.New(sales.Strings("customer"), sales.Strings("invoice"), sales.Strings("code"), sales.Ints("time"), sales.Ints("amount"))
	if err != nil {
		return nil, fault.Errorf(fault.ExitBadData, "sales", "", "the lines of run %s: %w", j.made[contract.Preprocess].Run, err)
	}
	if a.weeks, err = weeksOf(sales, a.book.Book, a.asOf); err != nil {
		return nil, fault.Errorf(fault.ExitBadData, "sales", "", "the lines of run %s: %w", j.made[contract.Preprocess].Run, err)
	}
	if a.bundle, err = model.Load(ctx, j.home.Registry, j.scores.ModelID, j.opts); err != nil {
		return nil, fmt.Errorf("load the model of the scores: %w", err)
	}
	return a, a.ask()
}

// shop is what the step knows, and what it finds.
type shop struct {
	customers, assignments, arms *frame.Frame
	natures, predictions         *frame.Frame               // nil where their step did not run
	offers                       map[string]*[offers]string // the first codes of the list for_you, by customer; likewise
	book                         *audience.Book
	weeks                        []audience.Week
	bundle                       *model.Bundle
	rules                        []audience.Rule
	asOf, cut                    calendar.Date
	since                        int
	first                        bool // nothing to compare the scores with
	campaign                     string
	now, then                    *audience.Shop
	held                         []bool // by the book's customers: on no list
	on                           []int  // list by the book's customers, [audience.None]
	unknown                      string // why the segments of the cut are not known, "" if they are
	arm, permanent, nature       map[string]string
}
