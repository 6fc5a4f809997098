package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/space"
)

// fitted is what the mathematics found.
type fitted struct {
	recipe   fit.Recipe
	method   string
	space    *space.Space
	points   cluster.Points
	fits     []cluster.Fit
	choice   cluster.Choice
	findings []string
}

// best returns the fit in use.
func (f *fitted) best() *cluster.Fit { return &f.fits[f.choice.Index] }

// checkSpace returns an error unless text is a space over numeric features of the customers table.
func checkSpace(text string) error {
	specs, err := space.ParseSpecs(text)
	if err != nil {
		return err
	}
	customers := frame.New(contract.Customers.Columns, 0)
	for _, s := range specs {
		if c := customers.Column(s.Feature); c == nil || !c.IsNumeric() {
			return fmt.Errorf("%s is not a numeric feature of the customers table", s.Feature)
		}
	}
	return nil
}

// canonicalSpace writes the space so that one space has one text. The text has passed checkSpace.
func canonicalSpace(text string) string {
	specs, err := space.ParseSpecs(text)
	if err != nil {
		return text
	}
	return spaceText(specs)
}

// recipe is what the flags ask for. The space has passed checkSpace.
func (c Config) recipe() fit.Recipe {
	specs, _ := space.ParseSpecs(c.Space)
	return fit.Recipe{
		Space: specs, K: c.K, KMin: c.KMin, KMax: c.KMax, Starts: c.Starts, Seed: uint64(c.Seed), Rule: fit.Rule{MinShare: c.SmallestShare},
	}
}

// badData says that the customers cannot be fitted; an ended context and a Fault keep their own meaning.
func badData(ctx context.Context, err error) error {
	if ctx.Err() != nil || fault.CodeOf(err) != 0 {
		return err
	}
	return &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
}

// fit runs what drift asks for: a refit of HEAD, or the full sweep.
func (c Config) fit(ctx context.Context, customers *frame.Frame, act string, head *model.Bundle) (*fitted, error) {
	if act == contract.ActRefit && head != nil {
		return c.refit(ctx, customers, head)
	}
	if n := customers.Rows(); n < 2*c.KMin || n < 2*c.K {
		return nil, fault.Errorf(fault.ExitBadData, "too_few_customers", "",
			"%d customers are too few for %d segments: at least two customers per segment are needed", n, max(c.K, c.KMin))
	}
	specs, err := space.ParseSpecs(c.Space)
	if err != nil {
		return nil, err
	}
	columns := make([][]float64, len(specs))
	for i, s := range specs {
		columns[i] = model.Numbers(customers.Column(s.Feature))
	}
	f := &fitted{recipe: c.recipe(), method: model.MethodSweep}
	if f.space, err = space.Fit(columns, specs); err != nil {
		return nil, badData(ctx, err)
	}
	x, err := f.space.ApplyColumns(nil, columns)
	if err != nil {
		return nil, badData(ctx, err)
	}
	f.points = cluster.Points{N: customers.Rows(), D: f.space.Dim(), X: x}
	if err := c.sweep(ctx, f); err != nil {
		return nil, badData(ctx, err)
	}
	rule := cluster.Rule{K: c.K, Floor: cluster.FloorOf(c.SmallestShare, f.points.N)}
	if c.SmallestShare == 0 {
		rule.Floor = -1 // the rule takes 0 for its default
	}
	if f.choice, err = cluster.Choose(f.fits, rule); err != nil {
		return nil, err
	}
	return f, nil
}

// sweep fits every k. Where there are fewer distinct places than --k-max, it goes as far as they reach.
func (c Config) sweep(ctx context.Context, f *fitted) error {
	most := c.KMax
	for {
		var ks []int
		for k := c.KMin; k <= most; k++ {
			ks = append(ks, k)
		}
		if c.K != 0 && !slices.Contains(ks, c.K) {
			ks = append(ks, c.K)
			slices.Sort(ks)
		}
		fits, err := cluster.Sweep(ctx, f.points, ks, c.options())
		few, ok := errors.AsType[*cluster.TooFewPointsError](err)
		if !ok || few.Distinct < c.KMin || few.Distinct < c.K || few.Distinct >= most {
			f.fits = fits
			return err
		}
		f.findings = append(f.findings, fmt.Sprintf(
			"only %d distinct customers in the feature space: k was swept up to %d, not %d", few.Distinct, few.Distinct, c.KMax))
		most = few.Distinct
	}
}

func (c Config) options() cluster.Options {
	return cluster.Options{Starts: c.Starts, Seed: uint64(c.Seed)}
}

// refit keeps HEAD's space and k, and moves its centroids to where the customers are now.
func (c Config) refit(ctx context.Context, customers *frame.Frame, head *model.Bundle) (*fitted, error) {
	a, err := head.Assign(customers)
	if err != nil {
		return nil, badData(ctx, err)
	}
	sp := head.Model.Space
	f := &fitted{recipe: head.Model.Recipe, method: model.MethodRefit, space: &sp, points: a.Points()}
	var start []float64
	for _, row := range head.Model.Centroids {
		start = append(start, row...)
	}
	r, err := cluster.Refit(ctx, f.points, start, c.options())
	if err != nil {
		return nil, badData(ctx, err)
	}
	judged, err := cluster.Judge(ctx, f.points, r, uint64(c.Seed))
	if err != nil {
		return nil, err
	}
	f.fits = []cluster.Fit{judged}
	if f.choice, err = cluster.Choose(f.fits, cluster.Rule{K: r.K, Floor: cluster.FloorOf(c.SmallestShare, f.points.N)}); err != nil {
		return nil, err
	}
	f.choice.Why = fmt.Sprintf("k = %d is kept: drift asks to refit the current model in its own feature space", r.K)
	return f, nil
}

// train fits a model and gives it its identity.
func (c Config) train(ctx context.Context, customers *frame.Frame, up upstream, head *model.Bundle) (trained, error) {
	f, err := c.fit(ctx, customers, up.act, head)
	if err != nil {
		return trained{}, err
	}
	best := f.best()
	grid, err := rfm.Fit(model.Numbers(customers.Column("recency")), model.Numbers(customers.Column("frequency")),
		model.Numbers(customers.Column("monetary")))
	if err != nil {
		return trained{}, badData(ctx, err)
	}
	bundle, err := model.Build(model.Model{
		Prepared: prepared(up.preprocess), Schema: contract.Customers.Version,
		Space: *f.space, Centroids: model.Centroids(best.Centroids, f.space.Dim()), Grid: grid,
		Recipe: f.recipe, Method: f.method,
	}, customers)
	if err != nil {
		return trained{}, badData(ctx, err)
	}
	t := trained{bundle: bundle}
	if err := t.identify(customers, best.Labels, up, head); err != nil {
		return trained{}, err
	}
	found, err := c.findings(ctx, f, &t, up)
	if err != nil {
		return trained{}, err
	}
	t.sweep = sweepTable(f)
	t.result = resultOf(f, &t, up.head.Model(), found)
	return t, nil
}

// prepared returns the parameters of preprocess that go into the model. The as-of date is not among them: what it changes,
// the customers show.
func prepared(m *run.Manifest) map[string]any {
	out := map[string]any{}
	for name, v := range m.Params {
		if name != "as_of" {
			out[name] = v
		}
	}
	return out
}
