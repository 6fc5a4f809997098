package cluster

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/clientele/clientele/pkg/cluster/internal/kernel"
)

// SilhouetteExact is the number of points up to which the silhouette uses all of them.
const SilhouetteExact = 50_000

// SilhouetteSample is how many points it uses above that.
const SilhouetteSample = 20_000

// Silhouette is the mean silhouette of a grouping.
type Silhouette struct {
	Mean float64 // −1 … 1; NaN with fewer than two clusters
	// Error is the standard error of Mean, taking the points used as drawn from a larger crowd, with the clusters as
	// given: the deviation of the single silhouettes over √Used. It is no error of computation: with every point used,
	// Mean is exact for them.
	Error float64
	Used  int // points it was computed on, and among
	// Clusters is the mean over each cluster's points; NaN for one without any among those used.
	Clusters []float64
	// Spread has the quantiles 0.1, 0.25, 0.5, 0.75 and 0.9 (type 7) of each cluster's points; NaN likewise.
	Spread [][5]float64
}

// MeanSilhouette returns the mean over the points of (b − a) / max(a, b): a is the mean Euclidean distance to the other
// points of the own cluster, b the smallest mean distance to the points of another; 0 for a point alone in its cluster
// (P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", Journal of
// Computational and Applied Mathematics 20, 1987). A point whose a and b are both 0 counts as 0 too.
//
// labels are 0 … k−1, one a point. Up to [SilhouetteExact] points it is exact; above, points are replaced by a sample of
// [SilhouetteSample] drawn from seed. Time O(n²·D) for n points used.
func MeanSilhouette(ctx context.Context, p Points, labels []int32, k int, seed uint64) (Silhouette, error) {
	return meanSilhouette(ctx, p, labels, k, seed, SilhouetteExact, SilhouetteSample)
}

func meanSilhouette(ctx context.Context, p Points, labels []int32, k int, seed uint64, exact, sample int) (Silhouette, error) {
	if err := checkLabels(p, labels, k); err != nil {
		return Silhouette{}, fmt.Errorf("silhouette: %w", err)
	}
	if p.N > exact {
		rows := sampleRows(p.N, sample, stream(seed, 0, 1))
		drawn := make([]int32, len(rows))
		for i, r := range rows {
			drawn[i] = labels[r]
		}
		p, labels = p.take(rows), drawn
	}
	sorted, start := sortByLabel(p, labels, k)
	values := make([]float64, p.N)
	tier := vectors()
	const rows = 4 * kernel.Lanes
	err := each(ctx, (p.N+rows-1)/rows, func(b int) error {
		for lo := b * rows; lo < min((b+1)*rows, p.N); lo += kernel.Lanes {
			silhouettesOf(values[lo:min(lo+kernel.Lanes, p.N)], tier, sorted, start, lo)
		}
		return nil
	})
	if err != nil {
		return Silhouette{}, fmt.Errorf("silhouette: %w", err)
	}
	s := Silhouette{Used: p.N}
	n := float64(p.N)
	s.Mean = floats.SumCompensated(values) / n
	s.Clusters, s.Spread = byCluster(values, labels, k)
	for i, v := range values {
		d := v - s.Mean
		values[i] = float64(d * d)
	}
	s.Error = math.Sqrt(floats.SumCompensated(values)/math.Max(n-1, 1)) / math.Sqrt(n)
	return s, nil
}

// byCluster returns the mean and the quantiles of each cluster's values, which lie cluster after cluster.
func byCluster(values []float64, labels []int32, k int) (means []float64, spread [][5]float64) {
	sizes := make([]int, k)
	for _, c := range labels {
		sizes[c]++
	}
	means, spread = make([]float64, k), make([][5]float64, k)
	for c, n := range sizes {
		means[c] = math.NaN()
		if n > 0 {
			means[c] = floats.SumCompensated(values[:n]) / float64(n)
		}
		spread[c] = spreadOf(values[:n])
		values = values[n:]
	}
	return means, spread
}

// spreadOf returns the type-7 quantiles 0.1, 0.25, 0.5, 0.75 and 0.9; NaN of none.
func spreadOf(values []float64) (out [5]float64) {
	values = slices.Clone(values)
	slices.Sort(values)
	for i, q := range [...]float64{.1, .25, .5, .75, .9} {
		out[i] = math.NaN()
		if n := len(values); n > 0 {
			at := q * float64(n-1)
			low := int(at)
			out[i] = values[low] + float64((at-float64(low))*(values[min(low+1, n-1)]-values[low]))
		}
	}
	return out
}

// sortByLabel returns the points cluster after cluster, each cluster's in their given order; those of cluster c are rows
// start[c] … start[c+1]−1. Clusters without points are left out.
func sortByLabel(p Points, labels []int32, k int) (sorted Points, start []int) {
	first := make([]int, k+1)
	for _, c := range labels {
		first[c+1]++
	}
	start = append(start, 0)
	for c := range k {
		if first[c+1] > 0 {
			start = append(start, start[len(start)-1]+first[c+1])
		}
		first[c+1] += first[c]
	}
	rows := make([]int, p.N)
	for i, c := range labels {
		rows[first[c]] = i
		first[c]++
	}
	return p.take(rows), start
}

// silhouettesOf writes the silhouettes of the points from lo on, of points sorted by cluster, to dst, which has at most
// [kernel.Lanes]. NaN with fewer than two clusters.
func silhouettesOf(dst []float64, tier kernel.Tier, p Points, start []int, lo int) {
	type nearer struct{ own, other float64 }
	var mean [kernel.Lanes]nearer
	for i := range mean {
		mean[i].other = math.Inf(1)
	}
	rows := p.X[lo*p.D : (lo+len(dst))*p.D]
	var tile []float64
	if tier != kernel.None {
		tile = make([]float64, p.D*kernel.Lanes)
		kernel.Transpose(tile, rows, p.D, kernel.Lanes)
	}
	for c := 0; c+1 < len(start); c++ {
		from, to := start[c], start[c+1]
		var sums [kernel.Lanes]float64
		if others := p.X[from*p.D : to*p.D]; tile != nil {
			sums = tier.Distances(tile, p.D, others)
		} else {
			for i := range dst {
				sums[i] = distances(others, rows[i*p.D:(i+1)*p.D])
			}
		}
		for i := range dst {
			if own := from <= lo+i && lo+i < to; own {
				mean[i].own = sums[i] / float64(to-from-1) // NaN for a point alone
			} else {
				mean[i].other = min(mean[i].other, sums[i]/float64(to-from))
			}
		}
	}
	for i, m := range mean[:len(dst)] {
		switch {
		case len(start) < 3:
			dst[i] = math.NaN()
		case math.IsNaN(m.own) || m.own == m.other:
			dst[i] = 0
		default:
			dst[i] = (m.other - m.own) / max(m.own, m.other)
		}
	}
}

// distances returns the sum of Euclidean distances from x to the points of xs.
func distances(xs, x []float64) float64 {
	sum := 0.0
	if len(x) == 3 {
		x0, x1, x2 := x[0], x[1], x[2]
		for ; len(xs) >= 3; xs = xs[3:] {
			d0, d1, d2 := xs[0]-x0, xs[1]-x1, xs[2]-x2
			sum += math.Sqrt(float64(d0*d0) + float64(d1*d1) + float64(d2*d2))
		}
		return sum
	}
	for d := len(x); len(xs) >= d; xs = xs[d:] {
		sum += math.Sqrt(squared(x, xs[:d]))
	}
	return sum
}
