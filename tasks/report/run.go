package report

import (
	"context"
	"fmt"
	"io"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/message"
	"github.com/clientele/clientele/pkg/report"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Files among what the step makes: the page, and what it comes to in a few sentences.
const (
	pageName    = "report.html"
	textName    = "message.txt"
	messageName = "message.json"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home  *run.Home
	deps  task.Deps
	opts  table.Options
	steps map[string]*run.Manifest // what each step made; a step that made nothing is not there
	stale []string                 // steps whose work is from other input than the run has now, left out
	shop  lines.Snapshot           // zone and currency; empty where it has expired
}

// Run writes the page of a run. The same steps make the same bytes.
func Run(ctx context.Context, c Config, d task.Deps) (contract.ReportResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.ReportResult]{Begin: j.begin, Make: j.write, Finish: j.address})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	if err := j.read(ctx); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Report, j.inputs())
}

// address names the page by the root as it is called today: the manifest knows no root.
func (j *job) address(_ context.Context, m *run.Manifest, r contract.ReportResult) (contract.ReportResult, error) {
	r.Page = j.home.Root.URI(m.Objects[pageName].Object)
	return r, nil
}

// read looks up what the steps made.
func (j *job) read(ctx context.Context) error {
	var err error
	if j.steps, j.stale, err = j.home.Made(ctx, j.Run(), j.ReadRun(), contract.Report, contract.Publish); err != nil {
		return err
	}
	snapshot, err := lines.Read(ctx, j.home.Root, j.steps[contract.Preprocess].Refs["snapshot"])
	switch {
	case err == nil:
		j.shop = *snapshot
	case fault.CodeOf(err) == fault.ExitMissing:
		j.deps.Log.Warn("the snapshot has expired, so the page shows amounts without a currency")
	default:
		return err
	}
	return nil
}

// inputs are what the page depends on.
func (j *job) inputs() contract.Inputs {
	in := contract.Inputs{
		Refs:   map[string]string{},
		Params: map[string]any{"title": j.Title, "name": j.Name, "from_run": j.FromRun, "page_customers": j.PageCustomers, "currency": j.shop.Currency, "zone": j.shop.Zone, "stale": j.stale},
		Code:   j.deps.Code,
	}
	for name, m := range j.steps {
		in.Refs[name] = m.Key
	}
	return in
}

// write makes the page and stores it.
func (j *job) write(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	in, err := j.view(ctx)
	if err != nil {
		return nil, err
	}
	v := view.New(in)
	page, err := s.PutWritten(ctx, pageName, j.deps.Scratch, func(w io.Writer) error { return report.Page(w, v) })
	if err != nil {
		return nil, err
	}
	object := contract.OutputPath(s.Run(), contract.Report, s.Key(), pageName)
	said := message.New(v)
	if err := put(ctx, s, said, object); err != nil {
		return nil, err
	}
	j.deps.Log.Info("wrote the page", "page", j.home.Root.URI(object), "bytes", page.Size)
	// The manifest does not contain the root: it has the same bytes in every store.
	return s.Commit(ctx, contract.ReportResult{
		Page: object, SHA256: page.SHA256, Size: page.Size, Message: said,
	})
}

// put stores the message beside the page.
func put(ctx context.Context, s *run.Session, m contract.Message, page string) error {
	text, err := contract.Canonical(m)
	if err != nil {
		return fmt.Errorf("encode the message: %w", err)
	}
	if err := s.PutBytes(ctx, messageName, text); err != nil {
		return err
	}
	return s.PutBytes(ctx, textName, []byte(message.Text(m, page)))
}

// view gathers what the page shows.
func (j *job) view(ctx context.Context) (view.Inputs, error) {
	d := view.Inputs{Title: j.Title, Name: j.Name, Run: j.Run().String(), AsOf: j.Run().AsOf, Currency: j.shop.Currency, Zone: j.shop.Zone, Stale: j.stale}
	var err error
	decode := func(step string, v any) bool {
		m := j.steps[step]
		if m == nil || err != nil {
			return false
		}
		err = m.Decode(v)
		return err == nil
	}
	decode(contract.Preprocess, &d.Preprocess)
	d.Ingest = optional[contract.IngestResult](decode, contract.Ingest)
	d.Drift = optional[contract.DriftResult](decode, contract.Drift)
	d.Train = optional[contract.TrainResult](decode, contract.Train)
	d.Evaluate = optional[contract.EvaluateResult](decode, contract.Evaluate)
	d.Promote = optional[contract.PromoteResult](decode, contract.Promote)
	d.Score = optional[contract.ScoreResult](decode, contract.Score)
	d.Explore = optional[contract.ExploreResult](decode, contract.Explore)
	d.Recommend = optional[contract.RecommendResult](decode, contract.Recommend)
	d.Predict = optional[contract.PredictResult](decode, contract.Predict)
	d.Measure = optional[contract.MeasureResult](decode, contract.Measure)
	d.Audience = optional[contract.AudienceResult](decode, contract.Audience)
	if err != nil {
		return d, err
	}
	if d.Revisions, err = j.revisions(ctx, d); err != nil {
		return d, err
	}
	if d.Rejected, err = j.rejected(ctx, d.Ingest); err != nil {
		return d, err
	}
	for _, step := range contract.Steps {
		if m := j.steps[step.Name]; m != nil {
			d.Steps = append(d.Steps, view.Step{Name: m.Step, Run: m.Run, Key: m.Key, Code: m.Code, Seed: m.Seed, Inputs: m.Refs, Params: m.Params})
		}
	}
	d.Tables = map[string]*frame.Frame{}
	for _, of := range contract.Steps { // in their order: so is the first error
		step, schemas := of.Name, view.Tables[of.Name]
		for _, s := range schemas {
			if m := j.steps[step]; m != nil && m.Objects[s.Name].Object != "" {
				f, err := j.home.ReadTable(ctx, m, s, j.opts)
				if fault.CodeOf(err) == fault.ExitMissing {
					j.deps.Log.Warn("a table has expired, so the page does without it", "table", s.Name)
					continue
				}
				if err != nil {
					return d, err
				}
				d.Tables[s.Name] = f
			}
		}
	}
	score := j.steps[contract.Score]
	if score == nil {
		return d, nil
	}
	if d.Segments, err = j.home.ReadTable(ctx, score, contract.Segments, j.opts); err != nil {
		return d, err
	}
	movers, err := j.home.ReadTable(ctx, score, contract.Movers, j.opts)
	if err != nil {
		return d, err
	}
	if d.Movers, err = view.CountMovers(movers); err != nil {
		return d, err
	}
	d.Customers, err = j.customers(ctx, d.Preprocess, *d.Score, movers)
	return d, err
}

// optional returns a step's result, or nil if there is none.
func optional[R any](decode func(string, any) bool, step string) *R {
	var r R
	if !decode(step, &r) {
		return nil
	}
	return &r
}
