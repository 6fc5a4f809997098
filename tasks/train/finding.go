package train

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/outlier"
)

// findings says in plain words what a person should know before they trust the segments.
func (c Config) findings(f *fitted, t *trained, up upstream) []string {
	out := append([]string{}, f.findings...)
	best := f.Best()
	if n := len(f.Candidates); n > 1 && f.recipe.K == 0 && (f.Choice.Index == 0 || f.Choice.Index == n-1) {
		out = append(out, fmt.Sprintf("k = %d is at the edge of the range that was tried: widen --k-min or --k-max", f.Choice.K))
	}
	if !f.Choice.Natural {
		out = append(out, fit.Constructed)
	}
	if f.Choice.BelowFloor {
		out = append(out, fmt.Sprintf("the smallest segment has %d customers, %.2f %%, below --min-customers or --smallest-share", best.Smallest, 100*best.SmallestShare))
	}
	if !best.Converged {
		out = append(out, "k-means reached its iteration limit before it converged")
	}
	for _, d := range t.result.Dominance {
		if d.ARI >= fit.Dominates {
			out = append(out, fmt.Sprintf("%s alone gives nearly the same segments (adjusted Rand index %.2f): the other features contribute little", d.Feature, d.ARI))
		}
	}
	if o := t.result.Outliers; o.Customers > 0 {
		out = append(out, fmt.Sprintf("%d customers are unlike all others (isolation score of %g or more); they stay in their segments", o.Customers, o.Threshold))
	}
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
		out = append(append(out, history(&t.bundle.Manifest)), t.renamed...)
	}
	return out
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

// outliers counts the customers that an isolation forest over the model's space flags.
func outliers(f *fitted) contract.OutlierResult {
	out := contract.OutlierResult{Threshold: outlier.Threshold}
	for _, s := range outlier.Scores(f.Points.X, f.Points.N, f.Points.D, outlier.Options{Seed: f.recipe.Seed}) {
		if s >= outlier.Threshold {
			out.Customers++
		}
	}
	return out
}

func resultOf(f *fitted, t *trained, parent string, dominance []fit.Dominant) contract.TrainResult {
	m := &t.bundle.Manifest
	r := contract.TrainResult{
		FitID: m.FitID, ModelID: m.ModelID, Parent: parent, K: f.Choice.K, Rule: f.Choice.Why,
		Sizes: f.Best().Sizes, Natural: f.Choice.Natural, Converged: f.Best().Converged,
	}
	for _, s := range m.Segments {
		r.Segments = append(r.Segments, s.ID)
	}
	for i := range f.Candidates {
		c := &f.Candidates[i]
		r.Sweep = append(r.Sweep, contract.SweepResult{
			K: c.K, Inertia: rounded(c.Inertia), Silhouette: orNull(c.Silhouette.Mean), DaviesBouldin: orNull(c.DaviesBouldin),
			CalinskiHarabasz: orNull(c.CalinskiHarabasz), Strength: orNull(c.Strength), StrengthError: orNull(c.StrengthError),
			Jaccard: orNull(c.WorstJaccard), Agreement: orNull(c.Agreement),
			SmallestShare: rounded(c.SmallestShare), Smallest: c.Smallest, Elbow: rounded(c.Depth), Qualifies: c.Qualifies(),
		})
	}
	for _, d := range dominance {
		r.Dominance = append(r.Dominance, contract.DominanceResult{Feature: d.Feature, ARI: d.ARI})
	}
	return r
}

// rounded keeps six significant digits: fifty k must fit into a result.
func rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// orNull makes what is undefined null: JSON has no NaN.
func orNull(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	v = rounded(v)
	return &v
}

func sweepTable(f *fitted) *frame.Frame {
	t := frame.New(contract.Sweep.Columns, len(f.Candidates))
	for i := range f.Candidates {
		c := &f.Candidates[i]
		t.Ints("k")[i] = int64(c.K)
		t.Floats("inertia")[i] = c.Inertia
		t.Floats("silhouette")[i] = c.Silhouette.Mean
		t.Ints("silhouette_points")[i] = int64(c.Silhouette.Used)
		t.Floats("davies_bouldin")[i] = c.DaviesBouldin
		t.Floats("calinski_harabasz")[i] = c.CalinskiHarabasz
		t.Floats("smallest_share")[i] = c.SmallestShare
		t.Floats("elbow")[i] = c.Depth
		t.Floats("strength")[i], t.Floats("strength_error")[i] = c.Strength, c.StrengthError
		t.Floats("jaccard")[i], t.Floats("agreement")[i] = c.WorstJaccard, c.Agreement
		t.Floats("smallest_customers")[i] = float64(c.Smallest)
		if c.Qualifies() {
			t.Floats("qualifies")[i] = 1
		}
		if i == f.Choice.Index {
			t.Ints("chosen")[i] = 1
		}
	}
	return t
}

// clustersTable has a row for every segment of every k that was tried.
func clustersTable(f *fitted, segments []model.Segment) *frame.Frame {
	n := 0
	for i := range f.Candidates {
		n += f.Candidates[i].K
	}
	t := frame.New(contract.SweepClusters.Columns, n)
	row := 0
	for i := range f.Candidates {
		c := &f.Candidates[i]
		for j, size := range c.Sizes {
			t.Ints("k")[row], t.Ints("cluster")[row], t.Ints("customers")[row] = int64(c.K), int64(j), int64(size)
			t.Floats("share")[row] = float64(size) / float64(f.Points.N)
			t.Floats("silhouette")[row], t.Floats("jaccard")[row] = c.Silhouette.Clusters[j], c.Jaccard[j]
			if i == f.Choice.Index {
				t.Ints("chosen")[row], t.Strings("segment")[row] = 1, segments[j].ID
			}
			for q, name := range []string{"p10", "p25", "median", "p75", "p90"} {
				t.Floats("silhouette_" + name)[row] = c.Silhouette.Spread[j][q]
				t.Floats("jaccard_" + name)[row] = c.Spread[j][q]
			}
			row++
		}
	}
	return t
}
