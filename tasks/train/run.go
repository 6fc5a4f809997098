package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// job is one run of the step, with what it reads.
type job struct {
	Config
	home *run.Home
	deps task.Deps
	opts table.Options
	up   upstream
}

// upstream is what train reads, as it stood before this run wrote anything.
type upstream struct {
	preprocess *run.Manifest
	act        string // that drift asks for
	head       *registry.Revision
	damaged    error // why the model of head cannot be read, nil where it can
}

// Run fits a model and writes its bundle. The bundle is in the registry before the step's manifest is: who reads the
// manifest finds the model.
func Run(ctx context.Context, c Config, d task.Deps) (contract.TrainResult, error) {
	j := &job{Config: c, deps: d, opts: work.Tables(d)}
	return work.Do(ctx, c.Common, d, work.Job[contract.TrainResult]{Begin: j.begin, Make: j.work})
}

func (j *job) begin(ctx context.Context, home *run.Home) (s *run.Session, err error) {
	j.home = home
	if j.up, err = j.read(ctx, home); err != nil {
		return nil, err
	}
	return home.Begin(ctx, j.Run(), contract.Train, j.inputs(j.up, j.deps.Code))
}

// work fits, stores the bundle and commits.
func (j *job) work(ctx context.Context, s *run.Session) (*run.Manifest, error) {
	customers, err := readCustomers(ctx, j.home, j.up.preprocess, j.opts)
	if err != nil {
		return nil, err
	}
	var head *model.Bundle
	if j.up.head != nil {
		head, err = model.Load(ctx, j.home.Registry, j.up.head.ModelID, j.opts)
		if code := fault.CodeOf(err); (code == fault.ExitBadData || code == fault.ExitMissing) && !errors.Is(err, fault.ErrNewer) {
			// It cannot be scored with, so a successor is what is needed most. Its ids follow those that HEAD has given.
			j.deps.Log.Warn("the current model cannot be read: training goes on without it", "error", err, "object", fault.Judge(err).Object)
			head, j.up.damaged, err = nil, err, nil
		}
		if err != nil {
			return nil, fmt.Errorf("load HEAD, revision %d: %w", j.up.head.Seq, err)
		}
	}
	bar := j.deps.Progress.Bar("train", -1)
	defer bar.Done()
	t, err := j.train(ctx, customers, j.up, head)
	if err != nil {
		return nil, err
	}
	return j.commit(ctx, s, t)
}

// read looks up what the key is made of.
func (c Config) read(ctx context.Context, home *run.Home) (upstream, error) {
	var up upstream
	var err error
	if up.preprocess, err = home.Current(ctx, c.ReadRun(), contract.Preprocess); err != nil {
		return up, err
	}
	m, err := home.Current(ctx, c.ReadRun(), contract.Drift)
	if err != nil {
		return up, err
	}
	var found contract.DriftResult
	if err := m.Decode(&found); err != nil {
		return up, err
	}
	up.act = found.Act
	up.head, _, err = registry.New(home).View(c.Run(), c.Head).Before(ctx)
	return up, err
}

// inputs are what the content depends on: of drift the act alone.
func (c Config) inputs(up upstream, code string) contract.Inputs {
	seed := uint64(c.Seed)
	return contract.Inputs{
		Refs:   map[string]string{"preprocess": up.preprocess.Key, "act": up.act, "head": up.head.Ref()},
		Params: c.parameters(),
		Seed:   &seed,
		Code:   code,
	}
}

// parameters are the flags that change what is fitted.
func (c Config) parameters() map[string]any {
	return map[string]any{
		"k": c.K, "k_min": c.KMin, "k_max": c.KMax, "starts": c.Starts,
		"smallest_share": c.SmallestShare, "min_customers": c.MinCustomers, "space": canonicalSpace(c.Space), "pca": c.PCA,
	}
}

// readCustomers returns the customers in byte order of their key, each once: then nothing depends on the order of lines.
func readCustomers(ctx context.Context, home *run.Home, m *run.Manifest, opts table.Options) (*frame.Frame, error) {
	customers, err := home.ReadTable(ctx, m, contract.Customers, opts)
	if err != nil {
		return nil, err
	}
	customers.SortByText("customer")
	keys := customers.Strings("customer")
	if len(slices.Compact(slices.Clone(keys))) != len(keys) {
		return nil, fault.Errorf(fault.ExitBadData, "customers", home.Root.URI(m.Objects[contract.Customers.Name].Object),
			"the customers table of run %s has a duplicate customer", m.Run)
	}
	return customers, nil
}

// trained is a model with what there is to say about it.
type trained struct {
	bundle *model.Bundle
	result contract.TrainResult
	sweep  *frame.Frame
	// clusters are the segments of every k of the sweep.
	clusters *frame.Frame
	known    bool     // the fit is HEAD's: bundle is HEAD's
	renamed  []string // which segments go on under another name, and why
}

func (j *job) commit(ctx context.Context, s *run.Session, t trained) (*run.Manifest, error) {
	if !t.known {
		p := model.Provenance{Run: s.Run().String(), AsOf: s.Run().AsOf.String(), Key: s.Key(), Code: j.deps.Code}
		var err error
		if p.Forward, err = j.follow(ctx, t.bundle); err != nil {
			return nil, err
		}
		if err := model.Write(ctx, j.home.Registry, t.bundle, p, j.opts); err != nil {
			return nil, err
		}
	}
	if err := s.PutFrame(ctx, contract.Sweep, t.sweep, j.opts); err != nil {
		return nil, err
	}
	if err := s.PutFrame(ctx, contract.SweepClusters, t.clusters, j.opts); err != nil {
		return nil, err
	}
	return s.Commit(ctx, t.result)
}

// follow says what customers did in the last window since they were assigned, and keeps with the model what they did in it, without
// holding the windows as a whole; nil where preprocess has made none.
func (j *job) follow(ctx context.Context, b *model.Bundle) ([]drift.Followed, error) {
	st, ok := j.up.preprocess.Objects[contract.Windows.Name]
	if !ok {
		return nil, nil
	}
	o, err := j.home.OpenStored(ctx, st)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	r, err := table.Open(o, o.Size, contract.Windows, j.opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	asOf, days := j.Run().AsOf, contract.DriftWindow(j.up.preprocess.Refs)
	now := b.Keep(model.Window{Start: asOf - calendar.Date(days), End: asOf})
	forward, err := b.Follow(func(visit func(*frame.Frame) error) error {
		return r.Each(func(part *frame.Frame) error {
			now.Add(part)
			return visit(part)
		})
	})
	now.Done()
	return forward, err
}
