package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
)

// dominance is the adjusted Rand index from which one feature alone is said to make the segments.
const dominance = 0.8

// dominanceStarts is enough for one dimension, where few optima are near each other.
const dominanceStarts = 8

// findings says in plain words what a person should know before they trust the segments.
func (c Config) findings(ctx context.Context, f *fitted, t *trained, up upstream) ([]string, error) {
	out := append([]string{}, f.findings...)
	best := f.best()
	if n := len(f.fits); n > 1 && (f.choice.Index == 0 || f.choice.Index == n-1) {
		out = append(out, fmt.Sprintf("k = %d is at the edge of the range that was tried: widen --k-min or --k-max", f.choice.K))
	}
	if f.choice.BelowFloor {
		out = append(out, fmt.Sprintf("the smallest segment has %.2f %% of customers, below --smallest-share", 100*best.SmallestShare))
	}
	if !best.Converged {
		out = append(out, "k-means reached its iteration limit before it converged")
	}
	single, err := c.dominated(ctx, f)
	if err != nil {
		return nil, err
	}
	out = append(out, single...)
	for _, u := range t.bundle.Model.Grid.Unused() {
		out = append(out, fmt.Sprintf("no customer can have %s score %d: many customers share a value, so that two thresholds coincide", u.Measure, u.Score))
	}
	switch {
	case t.known:
		out = append(out, "the fit is the same as the current model's: segments keep their IDs and names")
	case up.damaged != nil:
		out = append(out, fmt.Sprintf("the current model, revision %d of HEAD, cannot be read (%v): all segment IDs are new, starting at %s",
			up.head.Seq, up.damaged, model.SegmentID(up.head.NextSegment)))
	case up.head != nil:
		out = append(out, history(&t.bundle.Manifest))
	}
	return out, nil
}

// history says in one sentence what became of the current model's segments.
func history(m *model.Manifest) string {
	var text []string
	for _, s := range m.Segments {
		if n := len(s.Parents); s.Lineage != model.LineageSurvived || n > 0 && s.Parents[0].ID != s.ID {
			var from []string
			for _, p := range s.Parents {
				from = append(from, fmt.Sprintf("%.0f %% from %s", 100*p.Share, p.ID))
			}
			text = append(text, strings.TrimSpace(s.ID+" "+s.Lineage+" "+strings.Join(from, ", ")))
		}
	}
	for _, g := range m.Gone {
		text = append(text, g.ID+" is gone")
	}
	if len(text) == 0 {
		return "every segment goes on with its ID from the current model"
	}
	return "segments since the current model: " + strings.Join(text, "; ")
}

// dominated compares the segments with those that each feature of the space gives on its own.
func (c Config) dominated(ctx context.Context, f *fitted) ([]string, error) {
	var out []string
	if f.points.D < 2 {
		return nil, nil
	}
	for i, axis := range f.space.Axes {
		one := cluster.Points{N: f.points.N, D: 1, X: make([]float64, f.points.N)}
		for r := range one.X {
			one.X[r] = f.points.Row(r)[i]
		}
		opts := cluster.Options{Starts: dominanceStarts, Seed: uint64(c.Seed)}
		r, err := cluster.KMeans(ctx, one, f.choice.K, opts)
		if few, ok := errors.AsType[*cluster.TooFewPointsError](err); ok {
			r, err = cluster.KMeans(ctx, one, few.Distinct, opts)
		}
		if err != nil {
			return nil, fmt.Errorf("check the dominance of %s: %w", axis.Feature, err)
		}
		if ari := cluster.AdjustedRand(r.Labels, f.best().Labels); ari >= dominance {
			out = append(out, fmt.Sprintf("%s alone gives nearly the same segments (adjusted Rand index %.2f): the other features contribute little", axis.Feature, ari))
		}
	}
	return out, nil
}

func resultOf(f *fitted, t *trained, parent string, findings []string) contract.TrainResult {
	m := &t.bundle.Manifest
	r := contract.TrainResult{
		FitID: m.FitID, ModelID: m.ModelID, Parent: parent, K: f.choice.K, Rule: f.choice.Why,
		Sizes: f.best().Sizes, Findings: findings,
	}
	for _, s := range m.Segments {
		r.Segments = append(r.Segments, s.ID)
	}
	for i := range f.fits {
		fit := &f.fits[i]
		r.Sweep = append(r.Sweep, contract.SweepResult{
			K: fit.K, Inertia: fit.Inertia, Silhouette: orNull(fit.Silhouette.Mean), DaviesBouldin: orNull(fit.DaviesBouldin),
			CalinskiHarabasz: orNull(fit.CalinskiHarabasz), SmallestShare: fit.SmallestShare, Elbow: f.choice.Depths[i],
		})
	}
	return r
}

// orNull makes what is undefined null: JSON has no NaN.
func orNull(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func sweepTable(f *fitted) *frame.Frame {
	t := frame.New(contract.Sweep.Columns, len(f.fits))
	for i := range f.fits {
		fit := &f.fits[i]
		t.Ints("k")[i] = int64(fit.K)
		t.Floats("inertia")[i] = fit.Inertia
		t.Floats("silhouette")[i] = fit.Silhouette.Mean
		t.Ints("silhouette_points")[i] = int64(fit.Silhouette.Used)
		t.Floats("davies_bouldin")[i] = fit.DaviesBouldin
		t.Floats("calinski_harabasz")[i] = fit.CalinskiHarabasz
		t.Floats("smallest_share")[i] = fit.SmallestShare
		t.Floats("elbow")[i] = f.choice.Depths[i]
		if i == f.choice.Index {
			t.Ints("chosen")[i] = 1
		}
	}
	return t
}
