package publish

import (
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/pkg/warehouse"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home *run.Home
	deps task.Deps
	opts table.Options
	made map[string]*run.Manifest // by step
}

// Run publishes the tables of a run. A run whose tables are published already does nothing.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PublishResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.PublishResult]{Begin: j.begin, Make: j.publish})
}

func (j *job) begin(ctx context.Context, home *run.Home) (*run.Session, error) {
	j.home = home
	var err error
	if j.made, _, err = home.Made(ctx, j.Run(), j.ReadRun(), contract.Publish, contract.Report); err != nil {
		return nil, err
	}
	in := contract.Inputs{Refs: map[string]string{}, Params: map[string]any{"warehouse": j.Warehouse}, Code: j.deps.Code}
	for name, m := range j.made {
		in.Refs[name] = m.Key
	}
	if err = j.replaces(ctx, in); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Publish, in)
}

// replaces adds to the inputs what this run published last, if that was of other inputs: after a rollback and back, the first
// inputs are to be published again. A rerun finds its own, and keeps what that replaced.
func (j *job) replaces(ctx context.Context, in contract.Inputs) error {
	const ref = "replaces"
	last, err := j.home.Current(ctx, j.Run(), contract.Publish)
	if err != nil {
		if fault.CodeOf(err) == fault.ExitMissing {
			return nil
		}
		return err
	}
	before := maps.Clone(last.Refs)
	delete(before, ref)
	same := maps.Equal(before, in.Refs) && reflect.DeepEqual(last.Params, in.Params) && last.Code == in.Code
	if !same {
		in.Refs[ref] = last.Key
	} else if key, ok := last.Refs[ref]; ok {
		in.Refs[ref] = key
	}
	return nil
}

// publish makes the tables of results, copies all tables, and commits what became visible.
func (j *job) publish(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	result := contract.PublishResult{Warehouse: j.Warehouse, Tables: []contract.PublishedTable{}}
	if err := j.results(ctx, s, &result); err != nil {
		return nil, err
	}
	if j.Warehouse == "" {
		return s.Commit(ctx, result)
	}
	opts := warehouse.Options{
		Location: j.Location, MaxBytesBilled: j.MaxBytesBilled, Scratch: j.deps.Scratch, Tables: j.opts,
		Now: func() time.Time { return j.deps.Now }, // when the step began: a staging table need not live a day to the second
	}
	if strings.HasPrefix(j.Root, "gs://") {
		opts.Upload = func(ctx context.Context, name string, src io.ReaderAt, size int64) (string, error) {
			return j.upload(ctx, s.Key(), name, src, size)
		}
	}
	w, err := warehouse.Open(ctx, j.Warehouse, opts)
	if err != nil {
		return nil, err
	}
	p := j.publication(s, result.ModelID)
	if p.ModelID != "" {
		if p.Model, err = model.Load(ctx, j.home.Registry, p.ModelID, j.opts); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	receipt, err := w.Publish(ctx, p)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	result.Published, result.Bytes, result.Jobs = true, receipt.Bytes, receipt.Jobs
	for _, t := range receipt.Tables {
		result.Tables = append(result.Tables, contract.PublishedTable(t))
	}
	return s.Commit(ctx, result)
}

// upload puts a file into the run's folder, which expires with the run. One that is there is of an earlier try of the same key.
func (j *job) upload(ctx context.Context, key, name string, src io.ReaderAt, size int64) (string, error) {
	path := contract.OutputPath(j.Run(), contract.Publish, key, name)
	if _, err := j.home.Root.Create(ctx, path, src, size); err != nil && !errors.Is(err, objstore.ErrExists) {
		return "", err
	}
	return j.home.Root.URI(path), nil
}

// publication lists the files of the run's tables; those of the session are its own.
func (j *job) publication(s *run.Session, modelID string) warehouse.Publication {
	// Jobs are named by the run too: the same tables from another run are published again, over whatever came in between.
	key := contract.SHA256([]byte(j.Run().String() + " " + s.Key()))[:12]
	p := warehouse.Publication{Key: key, AsOf: j.Run().AsOf, Run: j.Run().String(), ModelID: modelID}
	for _, pub := range contract.Publications() {
		objects := s.Objects()
		if pub.Step != contract.Publish {
			objects = nil
			if m := j.made[pub.Step]; m != nil {
				objects = m.Objects
			}
		}
		st, ok := objects[pub.Schema.Name]
		if !ok {
			continue // its step did not run, or an earlier version of it had no such table
		}
		p.Tables = append(p.Tables, warehouse.Source{Schema: pub.Schema, SHA256: st.SHA256,
			Use: func(ctx context.Context, use func(io.ReaderAt, int64) error) error {
				return j.home.UseStored(ctx, st, use)
			}})
	}
	return p
}

// results writes the tables that are made of the steps' results.
func (j *job) results(ctx context.Context, s *run.Session, result *contract.PublishResult) error {
	var (
		pre      contract.PreprocessResult
		drift    contract.DriftResult
		evaluate contract.EvaluateResult
		promote  contract.PromoteResult
		score    contract.ScoreResult
	)
	for step, r := range map[string]any{contract.Preprocess: &pre, contract.Drift: &drift, contract.Evaluate: &evaluate, contract.Promote: &promote, contract.Score: &score} {
		if m := j.made[step]; m != nil {
			if err := m.Decode(r); err != nil {
				return err
			}
		}
	}
	result.ModelID = score.ModelID
	runs := frame.New(contract.Runs.Columns, 1)
	if pre.WindowStart != nil {
		runs.Strings("window_start")[0] = pre.WindowStart.String()
	}
	for name, v := range map[string]int64{"lines": pre.Lines, "customers": pre.Customers, "invoices": pre.Invoices, "products": pre.Products,
		"revenue": int64(pre.Revenue), "segments": int64(len(score.Segments)), "moved": score.Moved} {
		runs.Ints(name)[0] = v
	}
	runs.Floats("average_invoice")[0] = pre.AverageInvoice
	for name, v := range map[string]string{"verdict": drift.Verdict, "act": drift.Act, "evaluation": evaluate.Verdict, "action": promote.Action, "why": promote.Why} {
		runs.Strings(name)[0] = v
	}
	gates := frame.New(contract.Gates.Columns, len(evaluate.Gates))
	for i, g := range evaluate.Gates {
		gates.Strings("gate")[i], gates.Strings("verdict")[i], gates.Strings("why")[i] = g.Gate, g.Verdict, g.Why
		gates.Floats("value")[i], gates.Floats("limit")[i] = orNull(g.Value), orNull(g.Limit)
	}
	found := frame.New(contract.Findings.Columns, len(pre.Findings))
	for i, f := range pre.Findings {
		found.Strings("code")[i], found.Strings("sentence")[i], found.Strings("what")[i] = f.Code, f.Sentence, f.What
		found.Ints("lines")[i], found.Ints("money")[i] = f.Lines, int64(f.Money)
		if f.Stops {
			found.Ints("stops")[i] = 1
		}
	}
	return errors.Join(
		s.PutFrame(ctx, contract.Runs, runs, j.opts), s.PutFrame(ctx, contract.Gates, gates, j.opts), s.PutFrame(ctx, contract.Findings, found, j.opts))
}

// orNull returns what a nullable column of floats holds.
func orNull(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
