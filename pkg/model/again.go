package model

import (
	"context"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/rfm"
	"github.com/clientele/clientele/pkg/space"
)

// Start is where a refit begins: the space that it keeps, and centroids in it, row after row.
type Start struct {
	Space     *space.Space
	Centroids []float64
}

// fitOnce fits k centroids by the recipe, or moves those of start where it is not nil.
func fitOnce(ctx context.Context, columns [][]float64, r fit.Recipe, k int, start *Start) (*space.Space, cluster.Result, error) {
	if start == nil {
		sp, points, err := fit.Place(columns, r)
		if err != nil {
			return nil, cluster.Result{}, err
		}
		out, err := cluster.KMeans(ctx, points, k, cluster.Options{Starts: r.Starts, Seed: r.Seed})
		return sp, out, err
	}
	x, err := start.Space.ApplyColumns(nil, columns)
	if err != nil {
		return nil, cluster.Result{}, err
	}
	out, err := cluster.Refit(ctx, cluster.Points{N: len(columns[0]), D: start.Space.Dim(), X: x}, start.Centroids, cluster.Options{})
	return start.Space, out, err
}

// ShadowOf fits the recipe once more without the customers that are held out to judge it ([HeldOut]). columns are the raw values of its
// axes for all of the customers; start is that of a refit, else nil. Nil where too few customers are left, or a feature is constant
// among them.
func ShadowOf(ctx context.Context, customers *frame.Frame, columns [][]float64, r fit.Recipe, k int, start *Start) (*Shadow, error) {
	part := make([][]float64, len(columns))
	n := 0
	for i, key := range customers.Strings("customer") {
		if HeldOut(key) {
			continue
		}
		n++
		for c := range columns {
			part[c] = append(part[c], columns[c][i])
		}
	}
	if n < 2*k {
		return nil, nil
	}
	sp, out, err := fitOnce(ctx, part, r, k, start)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil
	}
	return &Shadow{Customers: n, Space: *sp, Centroids: Centroids(out.Centroids, sp.Dim())}, nil
}

// Again fits the model once more to the customers that it was trained on, sorted by customer, and returns the fit_id that comes out: the
// same, or something else than recipe and customers has made the model. parent is the model that a refit moved on, nil for a sweep.
func (m *Model) Again(ctx context.Context, customers *frame.Frame, parent *Model) (fitID string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("fit again: %w", err) }
	var start, moved *Start
	if m.Method == MethodRefit {
		if parent == nil {
			return fail(fmt.Errorf("the model that it was refitted from is not known"))
		}
		start = &Start{&parent.Space, slices.Concat(parent.Centroids...)}
	}
	columns, err := m.columns(customers, m.Space.Features())
	if err != nil {
		return fail(err)
	}
	sp, out, err := fitOnce(ctx, columns, m.Recipe, m.K(), start)
	if err != nil {
		return fail(err)
	}
	if start != nil {
		moved = &Start{sp, out.Centroids}
	}
	again := Model{
		Prepared: m.Prepared, Schema: m.Schema, Recipe: m.Recipe, Method: m.Method, Baseline: m.Baseline,
		Space: *sp, Centroids: Centroids(out.Centroids, sp.Dim()),
	}
	if again.Shadow, err = ShadowOf(ctx, customers, columns, m.Recipe, m.K(), moved); err != nil {
		return fail(err)
	}
	if again.Grid, err = m.grid(customers); err != nil {
		return fail(err)
	}
	b, err := Build(again, customers)
	if err != nil {
		return fail(err)
	}
	return b.Manifest.FitID, nil
}

// grid fits the grid again.
func (m *Model) grid(customers *frame.Frame) (rfm.Grid, error) {
	columns, err := m.columns(customers, []string{"recency", "frequency", "monetary"})
	if err != nil {
		return rfm.Grid{}, err
	}
	return rfm.Fit(columns[0], columns[1], columns[2])
}
