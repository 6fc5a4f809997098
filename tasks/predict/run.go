package predict

import (
	"context"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/invoice"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home              *run.Home
	deps              task.Deps
	preprocess, score *run.Manifest
}

// Run makes the forecasts, and judges them.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PredictResult, error) {
	j := &job{Config: c, deps: d}
	return work.Do(ctx, c.Common, d, work.Job[contract.PredictResult]{Begin: j.begin, Make: j.write})
}

func (j *job) begin(ctx context.Context, home *run.Home) (_ *run.Session, err error) {
	j.home = home
	if j.preprocess, err = home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return nil, err
	}
	if j.score, err = j.scores(ctx); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Predict, contract.Inputs{
		Refs: map[string]string{contract.Preprocess: j.preprocess.Key, contract.Score: j.score.Key}, Params: map[string]any{}, Code: j.deps.Code,
	})
}

// scores looks for the scores in this run, and else in --from-run: after a rollback the one has them and the other the customers.
func (j *job) scores(ctx context.Context) (*run.Manifest, error) {
	m, err := j.home.Current(ctx, j.Run(), contract.Score)
	if fault.CodeOf(err) == fault.ExitMissing && j.FromRun != "" {
		m, err = j.home.Current(ctx, j.ReadRun(), contract.Score)
	}
	return m, err
}

func (j *job) write(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	var tables [3]*frame.Frame
	opts := work.Tables(j.deps)
	for i, from := range []struct {
		of      *run.Manifest
		schema  frame.Schema
		columns []string
	}{{j.preprocess, contract.Sales, []string{"customer", "invoice", "time", "amount"}},
		{j.preprocess, contract.Customers, []string{"customer", "monetary"}}, {j.score, contract.Assignments, nil}} {
		var err error
		if tables[i], err = j.home.ReadTable(ctx, from.of, from.schema, opts, from.columns...); err != nil {
			return nil, err
		}
	}
	sales, customers, assignments := tables[0], tables[1], tables[2]
	bar := j.deps.Progress.Bar("predict", -1)
	defer bar.Done()
	book, err := invoice.New(sales.Strings("customer"), sales.Strings("invoice"), sales.Ints("time"), sales.Ints("amount"))
	if err != nil {
		return nil, fault.Errorf(fault.ExitBadData, "sales", "", "the lines of run %s: %w", j.preprocess.Run, err)
	}
	customers.SortByText("customer")
	f := newForecast(book, customers, j.Run().AsOf)
	if err := s.PutFrame(ctx, contract.Predictions, f.table(), opts); err != nil {
		return nil, err
	}
	return s.Commit(ctx, f.result(assignments))
}
