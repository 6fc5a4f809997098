package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	*fit.Fit
	recipe   fit.Recipe
	method   string
	columns  [][]float64 // raw values of the space's axes
	findings []string
}

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
	rule := fit.DefaultRule()
	rule.MinShare, rule.MinCustomers = c.SmallestShare, c.MinCustomers
	return fit.Recipe{
		Space: specs, PCA: c.PCA, K: c.K, KMin: c.KMin, KMax: c.KMax, Starts: c.Starts, Seed: uint64(c.Seed), Rule: rule,
	}
}

// badData says that the customers cannot be fitted; an ended context and a Fault keep their own meaning.
func badData(ctx context.Context, err error) error {
	if ctx.Err() != nil || fault.CodeOf(err) != 0 {
		return err
	}
	if few, ok := errors.AsType[*fit.TooFewError](err); ok {
		return fault.Errorf(fault.ExitBadData, "too_few_customers", "", "%w", few)
	}
	return &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
}

// fit runs what drift asks for: a refit of HEAD by its own recipe, or the full sweep by the flags'.
func (c Config) fit(ctx context.Context, customers *frame.Frame, act string, head *model.Bundle) (*fitted, error) {
	if act == contract.ActRefit && head != nil {
		return refit(ctx, customers, head)
	}
	f := &fitted{recipe: c.recipe(), method: model.MethodSweep}
	for _, s := range f.recipe.Space {
		f.columns = append(f.columns, model.Numbers(customers.Column(s.Feature)))
	}
	keep := 0
	if head != nil {
		keep = head.Model.K()
	}
	var err error
	if f.Fit, err = fit.Of(ctx, f.columns, f.recipe, keep); err != nil {
		return nil, badData(ctx, err)
	}
	if f.Most < c.KMax {
		f.findings = append(f.findings, fmt.Sprintf(
			"only %d distinct customers in the feature space: k was swept up to %d, not %d", f.Most, f.Most, c.KMax))
	}
	return f, nil
}

// refit keeps HEAD's recipe, space and k, and moves its centroids to where the customers are now.
func refit(ctx context.Context, customers *frame.Frame, head *model.Bundle) (*fitted, error) {
	columns, err := head.Columns(customers)
	if err != nil {
		return nil, badData(ctx, err)
	}
	f := &fitted{recipe: head.Model.Recipe, method: model.MethodRefit, columns: columns}
	if f.recipe.Rule == (fit.Rule{MinShare: f.recipe.Rule.MinShare}) { // version 1 knew no other condition
		share := f.recipe.Rule.MinShare
		f.recipe.Rule = fit.DefaultRule()
		f.recipe.Rule.MinShare = share
	}
	if f.Fit, err = fit.Refit(ctx, columns, &head.Model.Space, slices.Concat(head.Model.Centroids...), f.recipe); err != nil {
		return nil, badData(ctx, err)
	}
	return f, nil
}

// shadow fits the same once more, without the customers that are held out to judge it.
func (f *fitted) shadow(ctx context.Context, customers *frame.Frame) (*model.Shadow, error) {
	var start *model.Start
	if f.method == model.MethodRefit {
		start = &model.Start{Space: f.Space, Centroids: f.Best().Centroids}
	}
	return model.ShadowOf(ctx, customers, f.columns, f.recipe, f.Choice.K, start)
}

// train fits a model and gives it its identity.
func (c Config) train(ctx context.Context, customers *frame.Frame, up upstream, head *model.Bundle) (trained, error) {
	f, err := c.fit(ctx, customers, up.act, head)
	if err != nil {
		return trained{}, err
	}
	best := f.Best()
	grid, err := rfm.Fit(model.Numbers(customers.Column("recency")), model.Numbers(customers.Column("frequency")),
		model.Numbers(customers.Column("monetary")))
	if err != nil {
		return trained{}, badData(ctx, err)
	}
	shadow, err := f.shadow(ctx, customers)
	if err != nil {
		return trained{}, err
	}
	bundle, err := model.Build(model.Model{
		Prepared: prepared(up.preprocess), Schema: contract.Customers.Version,
		Space: *f.Space, Centroids: model.Centroids(best.Centroids, f.Space.Dim()), Grid: grid, Shadow: shadow,
		Recipe: f.recipe, Method: f.method, Baseline: model.BaselineOf(customers),
	}, customers)
	if err != nil {
		return trained{}, badData(ctx, err)
	}
	t := trained{bundle: bundle}
	if err := t.identify(customers, best.Labels, up, head); err != nil {
		return trained{}, err
	}
	dominance, err := fit.Dominance(ctx, f.columns, f.Space, best.Labels, f.Choice.K, f.recipe.Seed)
	if err != nil {
		return trained{}, badData(ctx, err)
	}
	t.sweep, t.clusters = sweepTable(f), clustersTable(f, t.bundle.Manifest.Segments)
	t.result = resultOf(f, &t, up.head.Model(), dominance)
	t.result.Outliers = outliers(f)
	t.result.Findings = c.findings(f, &t, up)
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
