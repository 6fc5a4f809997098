package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// KMeans groups p into k clusters: the lowest inertia of opts.Starts starts, equal inertia to the lower start. Clusters
// are listed by descending size, equal sizes by their centroid's coordinates, so that labels do not depend on the start.
//
// A cluster that loses all its points takes the point farthest from its own centroid. Above [SampleAbove] points the
// starts run on a seeded sample of that many, and the best of them is finished by the same method on all points: exact
// in that no label changes any more, though another start might have ended lower.
//
// It returns [ErrEmpty], a [*CoordinateError], a [*TooFewPointsError], or ctx's error. Time O(N·k·D) for each pass of
// each start.
func KMeans(ctx context.Context, p Points, k int, opts Options) (Result, error) {
	results, err := fitAll(ctx, p, []int{k}, opts.withDefaults())
	if err != nil {
		return Result{}, fmt.Errorf("cluster %d points into %d: %w", p.N, k, err)
	}
	return results[0], nil
}

// Refit runs Lloyd's method from the given centroids, K × p.D, and keeps their order: cluster j of the result is what
// became of centroid j. opts.Starts and opts.Seed have no effect. The same errors as [KMeans].
func Refit(ctx context.Context, p Points, centroids []float64, opts Options) (Result, error) {
	fail := func(err error) (Result, error) { return Result{}, fmt.Errorf("refit %d points: %w", p.N, err) }
	if err := p.check(); err != nil {
		return fail(err)
	}
	k := len(centroids) / p.D
	start := Points{N: k, D: p.D, X: centroids}
	if err := start.check(); err != nil {
		return fail(fmt.Errorf("centroids: %w", err))
	}
	if got := p.distinct(k); got < k {
		return fail(&TooFewPointsError{k, got})
	}
	r, err := runFrom(ctx, p, p.tiled(), k, centroids, opts.withDefaults().MaxIterations)
	if err != nil {
		return fail(err)
	}
	return r, nil
}

// runFrom runs Lloyd's method from the given centroids and keeps their order.
func runFrom(ctx context.Context, p Points, t *tiles, k int, centroids []float64, limit int) (Result, error) {
	l := newLloyd(p, t, k, centroids, true)
	passes, converged, err := l.run(ctx, limit)
	if err != nil {
		return Result{}, err
	}
	return Result{
		K: k, Centroids: l.centroids, Labels: l.labels, Sizes: l.counts,
		Inertia: l.inertia, Iterations: passes, Converged: converged,
	}, nil
}

// outcome is what is kept of one start.
type outcome struct {
	centroids []float64
	sizes     []int
	inertia   float64
	passes    int
}

// fitAll returns the best result for each of ks, of which every (k, start) is one job.
func fitAll(ctx context.Context, p Points, ks []int, opts Options) ([]Result, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(ks) == 0 || slices.Min(ks) < 1 {
		return nil, fmt.Errorf("k = %v, want cluster counts of 1 or more", ks)
	}
	if most := slices.Max(ks); p.distinct(most) < most {
		return nil, &TooFewPointsError{most, p.distinct(most)}
	}
	seen, tiles := p, p.tiled()
	seenTiles := tiles
	if p.N > opts.sampleAbove {
		seen = p.take(sampleRows(p.N, opts.sampleAbove, stream(opts.Seed, 0, 0)))
		seenTiles = seen.tiled()
	}
	outcomes := make([]outcome, len(ks)*opts.Starts)
	err := each(ctx, len(outcomes), func(i int) error {
		k, start := ks[i/opts.Starts], i%opts.Starts
		l := newLloyd(seen, seenTiles, k, seedCentroids(seen, seenTiles, k, stream(opts.Seed, k, start)), false)
		passes, _, err := l.run(ctx, opts.MaxIterations)
		outcomes[i] = outcome{l.centroids, l.counts, l.inertia, passes}
		return err
	})
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(ks))
	for i, k := range ks {
		best := 0
		starts := outcomes[i*opts.Starts : (i+1)*opts.Starts]
		for s := range starts {
			if starts[s].inertia < starts[best].inertia {
				best = s
			}
		}
		r, err := finish(ctx, p, tiles, k, starts[best], opts.MaxIterations)
		if err != nil {
			return nil, err
		}
		r.Start = best
		if p.N == seen.N {
			r.Iterations = starts[best].passes
		} else {
			r.Iterations += starts[best].passes
		}
		results[i] = r
	}
	return results, nil
}

// finish lists the clusters of the winning start in the promised order and runs Lloyd's method on, over all points. Most
// often no label changes. But where a point lies at equal distance of two centroids the lower index has it, and that
// depends on the order: so it goes on until the order stands, which is at once in practice and bounded for certainty.
func finish(ctx context.Context, p Points, t *tiles, k int, won outcome, limit int) (r Result, err error) {
	centroids, sizes := won.centroids, won.sizes
	for range 10 {
		r, err = runFrom(ctx, p, t, k, reorder(centroids, sizes, p.D), limit)
		if err != nil {
			return r, err
		}
		centroids, sizes = r.Centroids, r.Sizes
		if slices.Equal(centroids, reorder(centroids, sizes, p.D)) {
			break
		}
	}
	return r, nil
}

// reorder returns the centroids by descending size, equal sizes by their coordinates.
func reorder(centroids []float64, sizes []int, d int) []float64 {
	row := func(j int) []float64 { return centroids[j*d : (j+1)*d] }
	order := make([]int, len(sizes))
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), slices.Compare(row(a), row(b)))
	})
	out := make([]float64, 0, len(centroids))
	for _, j := range order {
		out = append(out, row(j)...)
	}
	return out
}
