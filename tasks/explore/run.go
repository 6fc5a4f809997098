package explore

import (
	"context"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home       *run.Home
	deps       task.Deps
	opts       table.Options
	preprocess *run.Manifest
	score      *run.Manifest
	says       contract.PreprocessResult
}

// Run describes the shop and writes the tables. The same sales, segments and flags give the same bytes, on any number of
// cores and whatever the order of the lines.
func Run(ctx context.Context, c Config, d task.Deps) (contract.ExploreResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.ExploreResult]{Begin: j.begin, Make: j.describe})
}

func (j *job) begin(ctx context.Context, home *run.Home) (_ *run.Session, err error) {
	j.home = home
	if j.preprocess, err = home.Current(ctx, j.ReadRun(), contract.Preprocess); err != nil {
		return nil, err
	}
	if j.score, err = home.Current(ctx, j.ReadRun(), contract.Score); err != nil {
		return nil, err
	}
	if err := j.preprocess.Decode(&j.says); err != nil {
		return nil, err
	}
	rule := j.rule()
	return home.Begin(ctx, j.Run(), contract.Explore, contract.Inputs{
		Refs: map[string]string{"preprocess": j.preprocess.Key, "score": j.score.Key},
		Params: map[string]any{"pack_ratio": rule.SpikeRatio, "pack_floor": rule.SpikeFloor, "carton_score": rule.CartonScore,
			"thresholds": spelled(rule.Fixed)},
		Code: j.deps.Code,
	})
}

// options say what the sales are of, as preprocess saw them.
func (j *job) options() explore.Options {
	o := explore.Options{AsOf: j.says.AsOf, ByDay: j.says.Meaning.Invoice == retail.ByNumberAndDay}
	if start := j.says.WindowStart; start != nil {
		o.Days = int(j.says.AsOf - *start)
	}
	return o
}

// describe makes the tables.
func (j *job) describe(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	bar := j.deps.Progress.Bar("explore", -1)
	defer bar.Done()
	sales, err := j.home.ReadTable(ctx, j.preprocess, contract.Sales, j.opts)
	if err != nil {
		return nil, err
	}
	shop := explore.New(sales, j.options())
	if len(shop.Lines) == 0 {
		return nil, fault.Errorf(fault.ExitMissing, "customers", "", "no kept sale line has a customer: there is nobody to describe")
	}
	nature := shop.Nature(j.rule())
	result := contract.ExploreResult{
		Nature: natureResult(nature), CodesWithPack: nature.OwnPacks, CodesWithCarton: nature.OwnCarton,
		Statements: statements(shop, nature),
	}
	for _, t := range []struct {
		schema frame.Schema
		rows   *frame.Frame
	}{
		{contract.Natures, natureFrame(shop, nature)},
		{contract.CustomerNatures, customerFrame(shop, nature)},
	} {
		if err := s.PutFrame(ctx, t.schema, t.rows, j.opts); err != nil {
			return nil, err
		}
	}
	return s.Commit(ctx, result)
}
