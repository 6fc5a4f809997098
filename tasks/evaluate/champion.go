package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/space"
)

// The limits of the comparison with the champion, as shares of its inertia on customers that neither model was fitted on.
const (
	// worse is how much more inertia a challenger may have at the lower end of the interval: noise, and what its audience gains by
	// segments that have not moved.
	worse = 0.02
	// blurred is the half-width of the interval from which the customers are too few to show that the challenger is not worse. Then it
	// is refused only if it is shown to be.
	blurred = 0.05
	// gained is how much less it must have at the lower end for that to be a reason to replace the champion. Weekly fits of the Online
	// Retail file gain less (docs/segments.md).
	gained = 0.05
	// leastHeldOut is how many customers must judge.
	leastHeldOut = 20
)

// duel is the challenger against the champion. Unasked says why they could not be compared; then the absolute gates decide.
type duel struct {
	gain     fit.Gain
	k        [2]int // segments of champion and challenger
	champion string // what stands for the champion
	unasked  string
}

// fought compares the champion's shadow with the challenger's by today's customers that are held out, in the champion's space. Where the
// champion has no shadow it stands for itself: it has seen these customers, which favours it.
func fought(customers *frame.Frame, champion, challenger *model.Model, prepared []string, seed uint64) (duel, error) {
	d := duel{k: [2]int{champion.K(), challenger.K()}, champion: "shadow"}
	switch {
	case prepared != nil:
		d.unasked = "the champion's customers were prepared in another way (" + strings.Join(prepared, ", ") + ")"
		return d, nil
	case challenger.Shadow == nil:
		d.unasked = "the candidate has too few customers for a shadow fit"
		return d, nil
	}
	was := champion.Shadow
	if was == nil {
		d.champion = "model, as it has no shadow"
		was = &model.Shadow{Space: champion.Space, Centroids: champion.Centroids}
	}
	place := func(m *model.Model, sp *space.Space) (cluster.Points, error) {
		b := model.Bundle{Model: *m}
		columns, err := b.Columns(customers)
		if err != nil {
			return cluster.Points{}, err
		}
		x, err := sp.ApplyColumns(nil, columns)
		return cluster.Points{N: customers.Rows(), D: sp.Dim(), X: x}, err
	}
	before, err := place(champion, &was.Space)
	if err != nil {
		return d, err
	}
	after, err := place(challenger, &challenger.Shadow.Space)
	if err != nil {
		return d, err
	}
	old := slices.Concat(was.Centroids...)
	translated := translate(customers, before, after, slices.Concat(challenger.Shadow.Centroids...))
	var a, b []float64
	for i, key := range customers.Strings("customer") {
		if model.HeldOut(key) {
			one, other := cluster.Nearest(old, before.Row(i)).Distance, cluster.Nearest(translated, before.Row(i)).Distance
			a, b = append(a, one*one), append(b, other*other)
		}
	}
	if len(a) < leastHeldOut {
		d.unasked = fmt.Sprintf("only %d customers are held out, %d are needed", len(a), leastHeldOut)
		return d, nil
	}
	d.gain = fit.Compare(a, b, fit.DefaultDraws, seed)
	return d, nil
}

// translate returns centroids, which are of the space of after, in that of before: the means there of the customers nearest to each, of
// those that are not held out. For a fit of these customers in a space of the same axes that is where the centroids are.
func translate(customers *frame.Frame, before, after cluster.Points, centroids []float64) []float64 {
	k := len(centroids) / after.D
	sums, counts := make([]float64, k*before.D), make([]float64, k)
	for i, key := range customers.Strings("customer") {
		if model.HeldOut(key) {
			continue
		}
		c := cluster.Nearest(centroids, after.Row(i)).Index
		counts[c]++
		for j, v := range before.Row(i) {
			sums[c*before.D+j] += v
		}
	}
	var out []float64
	for c, n := range counts {
		if n == 0 {
			continue
		}
		for _, v := range sums[c*before.D : (c+1)*before.D] {
			out = append(out, v/n)
		}
	}
	return out
}

// proven reports whether the challenger is better beyond doubt.
func (d *duel) proven() bool {
	return d != nil && d.unasked == "" && d.k[0] == d.k[1] && d.gain.Low >= gained
}

// championGate: what replaces a model must not fit customers worse that neither has seen.
func championGate(e *evidence) contract.Gate {
	switch d := e.duel; {
	case e.champion == nil:
		return judged(true, math.NaN(), -worse, "there is no current model to compare with: the absolute gates decide")
	case e.unread != nil:
		return judged(true, math.NaN(), -worse, "the current model cannot be read: the absolute gates decide")
	case e.placed == nil:
		return unplaced(e)
	case d.unasked != "":
		return judged(true, math.NaN(), -worse, "%s: the absolute gates decide", d.unasked)
	default:
		text := fmt.Sprintf("on %d customers that neither was fitted on the candidate's inertia is %.4g, the current %s's %.4g: a gain of %.1f %% (%.1f to %.1f %%)",
			d.gain.Customers, d.gain.After, d.champion, d.gain.Before, 100*d.gain.Share, 100*d.gain.Low, 100*d.gain.High)
		if d.k[0] != d.k[1] {
			return judged(true, d.gain.Low, -worse, "%s; as the current model has %d segments and the candidate %d, the absolute gates decide", text, d.k[0], d.k[1])
		}
		if (d.gain.High-d.gain.Low)/2 > blurred {
			return judged(d.gain.High >= 0, d.gain.High, 0, "%s; these customers are too few to tell a small loss, so only a proven one counts", text)
		}
		return judged(d.gain.Low >= -worse, d.gain.Low, -worse, "%s; at worst it may be %.4g %% worse", text, 100*worse)
	}
}

// reproducible: the recipe makes the same fit of the same customers again.
func reproducible(e *evidence) contract.Gate {
	switch {
	case e.again.err != nil:
		g := judged(false, math.NaN(), math.NaN(), "the candidate cannot be fitted again: %v", e.again.err)
		g.Verdict = contract.EvalUnverified
		return g
	case e.again.earlier:
		return judged(true, math.NaN(), math.NaN(), "an earlier version of the program made this model; it is the current one already")
	}
	want := e.candidate.Manifest.FitID
	return judged(e.again.fitID == want, math.NaN(), math.NaN(), "the recipe gives fit %.12s for the customers of this run, the candidate is fit %.12s", e.again.fitID, want)
}

// again is what a second fit by the candidate's recipe gave.
type again struct {
	fitID   string
	earlier bool // an earlier version wrote the candidate, whose recipe is not whole
	err     error
}

// fitAgain fits the candidate once more. A candidate that cannot be is a gate's matter.
func (j *job) fitAgain(ctx context.Context, e *evidence) (again, error) {
	m := &e.candidate.Model
	if m.Version < model.Version {
		return again{earlier: true}, nil
	}
	var parent *model.Model
	if m.Method == model.MethodRefit {
		b, err := model.Load(ctx, j.home.Registry, e.candidate.Manifest.Parent, j.opts)
		if err != nil {
			return again{err: err}, nil
		}
		parent = &b.Model
	}
	id, err := m.Again(ctx, e.customers, parent)
	if ctx.Err() != nil {
		return again{}, ctx.Err()
	}
	return again{fitID: id, err: err}, nil
}
