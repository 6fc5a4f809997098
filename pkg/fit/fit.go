package fit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/space"
)

// TooFewError says that there are too few customers for two segments, or for those asked for.
type TooFewError struct {
	Customers, K, Each int // Each: customers that a segment needs
}

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d customers are too few for %d segments of at least %d each", e.Customers, e.K, e.Each)
}

// Candidate is one k with all its evidence.
type Candidate struct {
	cluster.Fit
	cluster.Stable
	Depth      float64  // distance of the inertia below the elbow's chord, in the unit square
	Smallest   int      // customers in the smallest segment
	Floors     bool     // the smallest segment has MinShare and MinCustomers
	Weaknesses []string // what keeps it from qualifying, for people; empty: it qualifies
}

// Qualifies reports whether the k meets every condition of the rule.
func (c *Candidate) Qualifies() bool { return len(c.Weaknesses) == 0 }

// Fit is what a recipe makes of customers.
type Fit struct {
	Space      *space.Space
	Points     cluster.Points // the customers' places in Space
	Candidates []Candidate    // by ascending k
	Choice     Choice
	Most       int // the largest k that was tried; below KMax where there are fewer distinct customers
}

// Best returns the candidate in use.
func (f *Fit) Best() *Candidate { return &f.Candidates[f.Choice.Index] }

// Of fits a recipe to customers: columns[i] holds the raw values of r.Space[i], NaN for null. keep is the current model's k, 0
// without one. It is pure: no order of customers and no number of cores moves a bit.
//
// It returns a [*TooFewError], the errors of [space.Fit], and a [*cluster.TooFewPointsError] where fewer distinct customers
// than KMin or K are left.
func Of(ctx context.Context, columns [][]float64, r Recipe, keep int) (*Fit, error) {
	if len(columns) == 0 {
		return nil, space.ErrEmpty
	}
	n := len(columns[0])
	if k := max(r.KMin, r.K); n < 2*k {
		return nil, &TooFewError{n, k, 2}
	}
	if r.K != 1 && n < 2*r.Rule.MinCustomers {
		return nil, &TooFewError{n, 2, r.Rule.MinCustomers}
	}
	f := &Fit{}
	var err error
	if f.Space, f.Points, err = Place(columns, r); err != nil {
		return nil, err
	}
	if err := f.sweep(ctx, r); err != nil {
		return nil, err
	}
	f.Choice, err = choose(f.Candidates, r, keep)
	return f, err
}

// Place fits the recipe's space to customers and places them in it.
func Place(columns [][]float64, r Recipe) (*space.Space, cluster.Points, error) {
	sp, err := space.Fit(columns, r.Space)
	if err != nil {
		return nil, cluster.Points{}, err
	}
	x, err := sp.ApplyColumns(nil, columns)
	if err != nil {
		return nil, cluster.Points{}, err
	}
	n := len(columns[0])
	if r.PCA > 0 {
		if sp, err = sp.Rotate(x, n, r.PCA); err == nil {
			x, err = sp.ApplyColumns(nil, columns)
		}
		if err != nil {
			return nil, cluster.Points{}, err
		}
	}
	return sp, cluster.Points{N: n, D: sp.Dim(), X: x}, nil
}

// sweep fits every k, and the ends of the elbow's chord. Where there are fewer distinct places than KMax, it goes as far as
// they reach.
func (f *Fit) sweep(ctx context.Context, r Recipe) error {
	f.Most = r.KMax
	to := r.Rule.ElbowTo
	var fits []cluster.Fit
	var tried []int
	for {
		tried = r.tries(f.Most)
		all := append(slices.Clone(tried), r.Rule.ElbowFrom, to)
		slices.Sort(all)
		all = slices.DeleteFunc(slices.Compact(all), func(k int) bool { return k < 1 })
		var err error
		fits, err = cluster.Sweep(ctx, f.Points, all, cluster.Options{Starts: r.Starts, Seed: r.Seed})
		few, ok := errors.AsType[*cluster.TooFewPointsError](err)
		if !ok || few.Distinct < r.KMin || few.Distinct < r.K || few.Distinct >= max(f.Most, to) {
			if err != nil {
				return err
			}
			break
		}
		f.Most, to = min(f.Most, few.Distinct), min(to, few.Distinct)
	}
	var results []cluster.Result
	inertia := map[int]float64{}
	for _, fit := range fits {
		inertia[fit.K] = fit.Inertia
		if slices.Contains(tried, fit.K) {
			f.Candidates = append(f.Candidates, Candidate{Fit: fit})
			results = append(results, fit.Result)
		}
	}
	stable, err := cluster.Resample(ctx, f.Points, results, cluster.Stability{
		Resamples: r.Rule.Resamples, Splits: r.Rule.Splits, Seed: r.Seed,
	})
	if err != nil {
		return err
	}
	from := r.Rule.ElbowFrom
	for i := range f.Candidates {
		c := &f.Candidates[i]
		c.Stable = stable[i]
		c.Depth = depth(c.K, c.Inertia, from, to, inertia[from], inertia[to])
		c.judge(f.Points.N, r.Rule)
	}
	return nil
}

// tries returns the k that are tried, up to most.
func (r Recipe) tries(most int) []int {
	var ks []int
	for k := r.KMin; k <= most; k++ {
		ks = append(ks, k)
	}
	if r.K != 0 && !slices.Contains(ks, r.K) {
		ks = append(ks, r.K)
		slices.Sort(ks)
	}
	return ks
}

// Refit keeps a fitted space and moves the given centroids, k rows, to where the customers are now. columns are as in [Of], for
// the axes of sp; the recipe is the one that sp was fitted by.
func Refit(ctx context.Context, columns [][]float64, sp *space.Space, centroids []float64, r Recipe) (*Fit, error) {
	x, err := sp.ApplyColumns(nil, columns)
	if err != nil {
		return nil, err
	}
	f := &Fit{Space: sp, Points: cluster.Points{N: len(columns[0]), D: sp.Dim(), X: x}}
	moved, err := cluster.Refit(ctx, f.Points, centroids, cluster.Options{})
	if err != nil {
		return nil, err
	}
	judged, err := cluster.Judge(ctx, f.Points, moved, r.Seed)
	if err != nil {
		return nil, err
	}
	stable, err := cluster.Resample(ctx, f.Points, []cluster.Result{moved}, cluster.Stability{
		Resamples: r.Rule.Resamples, Splits: r.Rule.Splits, Seed: r.Seed,
	})
	if err != nil {
		return nil, err
	}
	c := Candidate{Fit: judged, Stable: stable[0]}
	c.judge(f.Points.N, r.Rule)
	f.Candidates, f.Most = []Candidate{c}, moved.K
	f.Choice = Choice{K: moved.K, Natural: c.Qualifies(), BelowFloor: !c.Floors,
		Why: fmt.Sprintf("k = %d is kept: drift asks to refit the current model in its own feature space", moved.K)}
	return f, nil
}
