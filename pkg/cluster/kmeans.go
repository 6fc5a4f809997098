package cluster

import (
	"cmp"
	"context"
	"fmt"
	"math"
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
// became of centroid j. There are no starts to compare: Agreement is NaN. opts.Starts and opts.Seed have no effect. The same errors as [KMeans].
func Refit(ctx context.Context, given Points, centroids []float64, opts Options) (Result, error) {
	fail := func(err error) (Result, error) { return Result{}, fmt.Errorf("refit %d points: %w", given.N, err) }
	if err := given.check(); err != nil {
		return fail(err)
	}
	order := given.order()
	p := given.take(order)
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
	r.Labels, r.Agreement = unordered(r.Labels, order), math.NaN()
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

// fitAll returns the best result for each of ks, of which every (k, start) is one job. The points are taken in the order of
// their coordinates, so that the results do not depend on how they are listed, and a start draws its seeds once: those of k
// are the first k of them.
func fitAll(ctx context.Context, given Points, ks []int, opts Options) ([]Result, error) {
	if err := given.check(); err != nil {
		return nil, err
	}
	if len(ks) == 0 || slices.Min(ks) < 1 {
		return nil, fmt.Errorf("k = %v, want cluster counts of 1 or more", ks)
	}
	most := slices.Max(ks)
	if got := given.distinct(most); got < most {
		return nil, &TooFewPointsError{most, got}
	}
	order := given.order()
	p := given.take(order)
	seen, tiles := p, p.tiled()
	seenTiles := tiles
	if p.N > opts.sampleAbove {
		seen = p.take(sampleRows(p.N, opts.sampleAbove, stream(opts.Seed, 0, 0)))
		seenTiles = seen.tiled()
	}
	seeds := make([][]float64, opts.Starts)
	err := each(ctx, len(seeds), func(start int) error {
		seeds[start] = seedCentroids(seen, seenTiles, min(most, seen.distinct(most)), stream(opts.Seed, 1, start))
		return nil
	})
	if err != nil {
		return nil, err
	}
	outcomes := make([]outcome, len(ks)*opts.Starts)
	err = each(ctx, len(outcomes), func(i int) error {
		// Large k first: what takes long must not come last.
		k, start := ks[len(ks)-1-i/opts.Starts], i%opts.Starts
		l := newLloyd(seen, seenTiles, k, seeds[start][:min(k*p.D, len(seeds[start]))], false)
		passes, _, err := l.run(ctx, opts.MaxIterations)
		outcomes[(len(ks)-1-i/opts.Starts)*opts.Starts+start] = outcome{l.centroids, l.counts, l.inertia, passes}
		return err
	})
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(ks))
	for i, k := range ks {
		starts := outcomes[i*opts.Starts : (i+1)*opts.Starts]
		r, err := pick(ctx, p, tiles, k, starts, p.N == seen.N, opts.MaxIterations)
		if err != nil {
			return nil, err
		}
		if r.Agreement, err = agreement(ctx, seen, seenTiles, starts, r.Start); err != nil {
			return nil, err
		}
		r.Labels = unordered(r.Labels, order)
		results[i] = r
	}
	return results, nil
}

// pick finishes the start of the lowest inertia.
func pick(ctx context.Context, p Points, t *tiles, k int, starts []outcome, all bool, limit int) (Result, error) {
	best := 0
	for s := range starts {
		if starts[s].inertia < starts[best].inertia {
			best = s
		}
	}
	r, err := finish(ctx, p, t, k, starts[best], limit)
	if err != nil {
		return r, err
	}
	r.Start = best
	if all {
		r.Iterations = starts[best].passes
	} else {
		r.Iterations += starts[best].passes
	}
	return r, nil
}

// agreement returns the mean adjusted Rand index of the other starts' groupings with the best one's; NaN for one start.
func agreement(ctx context.Context, p Points, t *tiles, starts []outcome, best int) (float64, error) {
	want := nearestLabels(p, t, starts[best].centroids)
	values := make([]float64, len(starts))
	err := each(ctx, len(starts), func(s int) error {
		switch {
		case s == best:
		case slices.Equal(starts[s].centroids, starts[best].centroids):
			values[s] = 1
		default:
			values[s] = AdjustedRand(want, nearestLabels(p, t, starts[s].centroids))
		}
		return nil
	})
	mean, _ := meanError(slices.Delete(values, best, best+1))
	return mean, err
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
