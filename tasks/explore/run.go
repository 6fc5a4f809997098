package explore

import (
	"context"
	"encoding/json"
	"fmt"

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
	ingest     *run.Manifest // nil where it has expired
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
	refs := map[string]string{"preprocess": j.preprocess.Key, "score": j.score.Key}
	switch j.ingest, err = home.Current(ctx, j.ReadRun(), contract.Ingest); {
	case err == nil:
		refs["ingest"] = j.ingest.Key
	case fault.CodeOf(err) != fault.ExitMissing:
		return nil, err
	}
	rule := j.rule()
	return home.Begin(ctx, j.Run(), contract.Explore, contract.Inputs{
		Refs: refs,
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
	lines := explore.NewBuilder(int(j.preprocess.Objects[contract.Sales.Name].Rows), j.options())
	var empty missing
	err := j.home.EachOfTable(ctx, j.preprocess, contract.Sales, explore.LineBytes, j.opts, func(sales *frame.Frame) {
		lines.Add(sales)
		empty.add(sales)
	})
	if err != nil {
		return nil, err
	}
	customers, err := j.home.ReadTable(ctx, j.preprocess, contract.Customers, j.opts)
	if err != nil {
		return nil, err
	}
	assignments, err := j.home.ReadTable(ctx, j.score, contract.Assignments, j.opts)
	if err != nil {
		return nil, err
	}
	var in *contract.IngestResult
	if j.ingest != nil {
		in = &contract.IngestResult{}
		if err := j.ingest.Decode(in); err != nil {
			return nil, err
		}
	}
	shop := lines.Shop()
	if len(shop.Lines) == 0 {
		return nil, fault.Errorf(fault.ExitMissing, "customers", "", "no kept sale line has a customer: there is nobody to describe")
	}
	f := find(shop, j.rule(), assignments)
	tables := append(f.tables(),
		output{contract.Gaps, gapsFrame(&empty, in, &j.says)},
		output{contract.Correlations, correlationsFrame(customers)})
	for _, t := range tables {
		if err := s.PutFrame(ctx, t.schema, t.rows, j.opts); err != nil {
			return nil, err
		}
	}
	return s.Commit(ctx, f.result())
}

// output is a table that explore writes.
type output struct {
	schema frame.Schema
	rows   *frame.Frame
}

// found is what explore found in a shop.
type found struct {
	shop     *explore.Shop
	nature   *explore.Nature
	places   []place         // countries, then regions if there are any
	whole    *explore.Branch // nil where the lines do not reach back so far
	tree     *frame.Frame
	segments []string
	of       []int32 // segment of each customer
}

// find does the arithmetic.
func find(shop *explore.Shop, rule explore.Rule, assignments *frame.Frame) *found {
	f := &found{shop: shop, nature: shop.Nature(rule), places: placesOf(shop)}
	f.segments, f.of = segmentsOf(shop, assignments)
	f.tree, f.whole = treeFrame(groupings(shop, f.nature, f.segments, f.of, f.places))
	return f
}

func (f *found) tables() []output {
	s := f.shop
	return []output{
		{contract.Natures, natureFrame(s, f.nature)},
		{contract.CustomerNatures, customerFrame(s, f.nature)},
		{contract.NatureShares, sharesFrame(s, f.nature, f.segments, f.of, f.places)},
		{contract.Regions, regionsFrame(f.places)},
		{contract.ProductLifts, liftsFrame(f.places)},
		{contract.Tree, f.tree},
		{contract.Cohorts, cohortsFrame(s)},
		{contract.Distributions, distributionsFrame(s)},
		{contract.Times, timesFrame(s)},
		{contract.Concentration, concentrationFrame(s)},
		{contract.Top, topFrame(s, f.places)},
	}
}

func (f *found) result() contract.ExploreResult {
	r := contract.ExploreResult{
		Nature: natureResult(f.nature), CodesWithPack: f.nature.OwnPacks, CodesWithCarton: f.nature.OwnCarton,
		Regions: f.places[0].results(mostRegions), Lifts: f.places[0].preferences(),
		Tree: treeResult(f.whole), Change: changeResult(f.whole), Statements: f.statements(),
	}
	if len(f.places) > 1 {
		r.ByRegion, r.RegionLifts = f.places[1].results(mostPlaces), f.places[1].preferences()
	}
	return bounded(r)
}

// bounded leaves out of a result as many countries, regions and their products as it takes to be small enough: their names may be long.
func bounded(r contract.ExploreResult) contract.ExploreResult {
	said := len(r.Statements)
	for {
		text, err := json.Marshal(r)
		places, products := len(r.Regions)+len(r.ByRegion), len(r.Lifts)+len(r.RegionLifts)
		if err != nil || len(text) <= contract.ResultLimit || places+products == 0 {
			return r
		}
		switch {
		case products > places && len(r.RegionLifts) > len(r.Lifts):
			r.RegionLifts = r.RegionLifts[:len(r.RegionLifts)-1]
		case products > places:
			r.Lifts = r.Lifts[:len(r.Lifts)-1]
		case len(r.ByRegion) > len(r.Regions):
			r.ByRegion = r.ByRegion[:len(r.ByRegion)-1]
		default:
			r.Regions = r.Regions[:len(r.Regions)-1]
		}
		of := fmt.Sprintf("%d countries", len(r.Regions))
		if len(r.ByRegion) > 0 {
			of += fmt.Sprintf(", %d regions", len(r.ByRegion))
		}
		r.Statements = append(r.Statements[:said:said], fmt.Sprintf(
			"Names are long: the result has %s and %d of their products, the tables have all.", of, len(r.Lifts)+len(r.RegionLifts)))
	}
}
