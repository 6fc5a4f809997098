package cluster

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// The defaults of [Stability].
const (
	DefaultResamples = 50 // as Hennig (2007) proposes
	DefaultSplits    = 10
	// DefaultTries are the starts of each clustering of a resample. Fewer than the sweep's: a local optimum that a start falls
	// into is part of the instability that is measured.
	DefaultTries = 2
	// ResampleAbove is the number of points past which resamples and splits are drawn from a seeded sample of that many.
	ResampleAbove = 10_000
)

// Stability are the knobs of [Resample]. The zero value means the defaults.
type Stability struct {
	Resamples int // bootstrap resamples for Jaccard
	Splits    int // random halves for prediction strength
	Tries     int // starts of every clustering
	Seed      uint64
}

func (o Stability) withDefaults() Stability {
	if o.Resamples <= 0 {
		o.Resamples = DefaultResamples
	}
	if o.Splits <= 0 {
		o.Splits = DefaultSplits
	}
	if o.Tries <= 0 {
		o.Tries = DefaultTries
	}
	return o
}

// Stable says how well a grouping comes again on other points of the same kind. NaN where nothing could be compared.
type Stable struct {
	// Jaccard is for each cluster the mean over the resamples of its largest Jaccard index with a cluster of the resample,
	// both restricted to the points drawn (C. Hennig, "Cluster-wise assessment of cluster stability", Computational
	// Statistics & Data Analysis 52, 2007): below 0.5 the cluster dissolves, from 0.75 it is a valid pattern, from 0.85
	// highly stable.
	Jaccard      []float64
	WorstJaccard float64      // the least of them
	Spread       [][5]float64 // for each cluster the quantiles 0.1, 0.25, 0.5, 0.75 and 0.9 (type 7) of these largest indices
	// Strength is the prediction strength: cut the points into halves and cluster either; of each cluster of the one half
	// take the share of its pairs that the centroids of the other put together; the least over the clusters, averaged over
	// both directions and the splits (R. Tibshirani and G. Walther, "Cluster validation by prediction strength", Journal of
	// Computational and Graphical Statistics 14, 2005). 1 for one cluster; clusters of a single point have no pair and are
	// left out.
	Strength float64
	// StrengthError is its standard error, √(1/splits + 1) of the deviation over the splits: all splits are of the same points, so
	// more of them say no more about other customers, and the error does not go to 0 with their number. For halves that is the
	// correction of C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52, 2003.
	StrengthError float64
}

// Resample measures the stability of groupings of p, one for each k, in the order of results. Every resample and every split
// has a random stream of its own and serves all k. A resample with too few distinct points for a k does not count for it.
// Above [ResampleAbove] points it works on a sample of that many, drawn by the seed.
func Resample(ctx context.Context, p Points, results []Result, opts Stability) ([]Stable, error) {
	fail := func(err error) ([]Stable, error) {
		return nil, fmt.Errorf("resample %d points: %w", p.N, err)
	}
	if err := p.check(); err != nil {
		return fail(err)
	}
	opts = opts.withDefaults()
	labels := make([][]int32, len(results))
	for i, r := range results {
		if len(r.Labels) != p.N {
			return fail(fmt.Errorf("%d labels of k = %d", len(r.Labels), r.K))
		}
		labels[i] = r.Labels
	}
	order := p.order()
	if p.N > ResampleAbove {
		rows := sampleRows(p.N, ResampleAbove, stream(opts.Seed, 1, 0))
		for i, r := range rows {
			rows[i] = order[r]
		}
		order = rows
	}
	p = p.take(order)
	for i := range labels {
		labels[i] = takeLabels(labels[i], order)
	}
	s := resampler{p: p, results: results, labels: labels, opts: opts}
	jaccards, strengths := make([][][]float64, opts.Resamples), make([][]float64, opts.Splits)
	err := each(ctx, opts.Resamples+opts.Splits, func(i int) (err error) {
		if i < opts.Splits { // the longer jobs first
			strengths[i], err = s.split(ctx, i)
		} else {
			jaccards[i-opts.Splits], err = s.bootstrap(ctx, i-opts.Splits)
		}
		return err
	})
	if err != nil {
		return fail(err)
	}
	out := make([]Stable, len(results))
	for i, r := range results {
		out[i] = stableOf(r.K, i, jaccards, strengths)
	}
	return out, nil
}

// stableOf averages what the jobs found for the grouping at index i.
func stableOf(k, i int, jaccards [][][]float64, strengths [][]float64) Stable {
	out := Stable{Jaccard: make([]float64, k), WorstJaccard: math.NaN(), Spread: make([][5]float64, k)}
	for c := range k {
		var values []float64
		for _, j := range jaccards {
			if j[i] != nil && !math.IsNaN(j[i][c]) {
				values = append(values, j[i][c])
			}
		}
		out.Spread[c] = spreadOf(values)
		out.Jaccard[c], _ = meanError(values)
		if !(out.WorstJaccard <= out.Jaccard[c]) {
			out.WorstJaccard = out.Jaccard[c]
		}
	}
	var values []float64
	for _, s := range strengths {
		if !math.IsNaN(s[i]) {
			values = append(values, s[i])
		}
	}
	out.Strength, out.StrengthError = meanError(values)
	out.StrengthError *= math.Sqrt(1 + float64(len(values)))
	return out
}

// meanError returns the mean and its standard error; NaN without a value, and an error of 0 for one.
func meanError(values []float64) (mean, se float64) {
	n := float64(len(values))
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	mean = floats.SumCompensated(values) / n
	if n == 1 {
		return mean, 0
	}
	for i, v := range values {
		d := v - mean
		values[i] = float64(d * d)
	}
	return mean, math.Sqrt(floats.SumCompensated(values)/(n-1)) / math.Sqrt(n)
}

type resampler struct {
	p       Points
	results []Result
	labels  [][]int32 // of each result, for the points of p
	opts    Stability
}

// group clusters points into every k, on this goroutine. The centroids of a k with too few distinct points are nil.
func (s *resampler) group(ctx context.Context, p Points, job int) ([][]float64, error) {
	most := 1
	for _, r := range s.results {
		most = max(most, r.K)
	}
	most = min(most, p.distinct(most))
	t := p.tiled()
	best := make([]outcome, len(s.results))
	for try := range s.opts.Tries {
		seeds := seedCentroids(p, t, most, stream(s.opts.Seed, 2+job, try))
		for i, r := range s.results {
			if r.K > most {
				continue
			}
			l := newLloyd(p, t, r.K, seeds[:r.K*p.D], false)
			if _, _, err := l.run(ctx, DefaultMaxIterations); err != nil {
				return nil, err
			}
			if best[i].centroids == nil || l.inertia < best[i].inertia {
				best[i] = outcome{centroids: l.centroids, inertia: l.inertia}
			}
		}
	}
	out := make([][]float64, len(best))
	for i := range best {
		out[i] = best[i].centroids
	}
	return out, nil
}

// bootstrap returns for every grouping the Jaccard index of each of its clusters on one resample: nil where it has too few
// distinct points, NaN for a cluster of which no point was drawn.
func (s *resampler) bootstrap(ctx context.Context, job int) ([][]float64, error) {
	rng := rand.New(stream(s.opts.Seed, 2+2*job, 1<<20))
	drawn := make([]int, s.p.N)
	for range drawn {
		drawn[rng.IntN(s.p.N)]++
	}
	rows, once := make([]int, 0, s.p.N), make([]int, 0, s.p.N)
	for r, n := range drawn {
		if n > 0 {
			once = append(once, r)
		}
		for range n {
			rows = append(rows, r)
		}
	}
	centroids, err := s.group(ctx, s.p.take(rows), 2*job)
	if err != nil {
		return nil, err
	}
	points := s.p.take(once)
	t := points.tiled()
	out := make([][]float64, len(s.results))
	for i, r := range s.results {
		if centroids[i] != nil {
			out[i] = jaccards(takeLabels(s.labels[i], once), nearestLabels(points, t, centroids[i]), r.K)
		}
	}
	return out, nil
}

// jaccards returns for each of the k clusters of a its largest Jaccard index with a cluster of b; NaN for an empty one.
func jaccards(a, b []int32, k int) []float64 {
	both, inA, inB := make([]int, k*k), make([]int, k), make([]int, k)
	for i := range a {
		both[int(a[i])*k+int(b[i])]++
		inA[a[i]]++
		inB[b[i]]++
	}
	out := make([]float64, k)
	for c := range k {
		if inA[c] == 0 {
			out[c] = math.NaN()
			continue
		}
		for o := range k {
			n := both[c*k+o]
			out[c] = max(out[c], float64(n)/float64(inA[c]+inB[o]-n))
		}
	}
	return out
}

// split returns the prediction strength of every k on one cut into halves; NaN where a half has too few distinct points, or
// no cluster has a pair.
func (s *resampler) split(ctx context.Context, job int) ([]float64, error) {
	in := sampleRows(s.p.N, s.p.N/2, stream(s.opts.Seed, 3+2*job, 1<<20))
	first, second := make([]int, 0, len(in)), make([]int, 0, s.p.N-len(in))
	for r := range s.p.N {
		if len(first) < len(in) && in[len(first)] == r {
			first = append(first, r)
		} else {
			second = append(second, r)
		}
	}
	out := make([]float64, len(s.results))
	if len(first) == 0 {
		for i := range out {
			out[i] = math.NaN()
		}
		return out, nil
	}
	halves := [2]Points{s.p.take(first), s.p.take(second)}
	var centroids [2][][]float64
	for h := range halves {
		var err error
		if centroids[h], err = s.group(ctx, halves[h], 1+2*job); err != nil {
			return nil, err
		}
	}
	for i, r := range s.results {
		out[i] = math.NaN()
		if centroids[0][i] == nil || centroids[1][i] == nil {
			continue
		}
		sum := 0.0
		for h := range halves {
			t := halves[h].tiled()
			own := nearestLabels(halves[h], t, centroids[h][i])
			sum += strength(own, nearestLabels(halves[h], t, centroids[1-h][i]), r.K)
		}
		out[i] = sum / 2
	}
	return out, nil
}

// strength returns the least, over the clusters of own, of the share of their pairs that given puts together.
func strength(own, given []int32, k int) float64 {
	both, size := make([]int, k*k), make([]int, k)
	for i := range own {
		both[int(own[i])*k+int(given[i])]++
		size[own[i]]++
	}
	least := math.NaN()
	for c, n := range size {
		if n < 2 {
			continue
		}
		pairs := 0
		for _, m := range both[c*k : (c+1)*k] {
			pairs += m * (m - 1)
		}
		if share := float64(pairs) / float64(n*(n-1)); !(least <= share) {
			least = share
		}
	}
	return least
}

func takeLabels(labels []int32, rows []int) []int32 {
	out := make([]int32, len(rows))
	for i, r := range rows {
		out[i] = labels[r]
	}
	return out
}

// nearestLabels returns the index of the nearest centroid of every point.
func nearestLabels(p Points, t *tiles, centroids []float64) []int32 {
	l := newLloyd(p, t, len(centroids)/p.D, centroids, false)
	for b := range l.blocks {
		l.assign(b)
	}
	return l.labels
}
