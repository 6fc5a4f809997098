package cluster

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

func checkLabels(p Points, labels []int32, k int) error {
	if err := p.check(); err != nil {
		return err
	}
	if len(labels) != p.N {
		return fmt.Errorf("%d labels for %d points", len(labels), p.N)
	}
	for i, c := range labels {
		if c < 0 || int(c) >= k {
			return fmt.Errorf("label %d of point %d is not below k = %d", c, i, k)
		}
	}
	return nil
}

// DaviesBouldin returns the mean over clusters of the largest (s_i + s_j) / d_ij: s is the mean distance of a cluster's
// points to its centroid, d the distance of two centroids, all Euclidean (D. L. Davies and D. W. Bouldin, "A cluster
// separation measure", IEEE Transactions on Pattern Analysis and Machine Intelligence 1, 1979, with q = 1, p = 2). Lower
// is better. NaN for one cluster, and where centroids coincide or a cluster is empty. Time O(N·D + K²·D).
func DaviesBouldin(p Points, r Result) float64 {
	if r.K < 2 {
		return math.NaN()
	}
	spread := make([]float64, r.K)
	for i, c := range r.Labels {
		spread[c] += math.Sqrt(squared(p.Row(i), r.centroid(int(c))))
	}
	for c, n := range r.Sizes {
		spread[c] /= float64(n)
	}
	worst := make([]float64, r.K)
	for i := range r.K {
		for j := range r.K {
			if i == j {
				continue
			}
			apart := math.Sqrt(squared(r.centroid(i), r.centroid(j)))
			if apart == 0 || r.Sizes[i] == 0 {
				return math.NaN()
			}
			worst[i] = max(worst[i], (spread[i]+spread[j])/apart)
		}
	}
	return floats.SumCompensated(worst) / float64(r.K)
}

// CalinskiHarabasz returns (B / (K−1)) / (W / (N−K)): B is the sum over clusters of size × squared distance of centroid
// to overall mean, W the inertia (T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications
// in Statistics 3, 1974). Higher is better. NaN for one cluster, for as many clusters as points, and where W is 0. Time
// O(N·D).
func CalinskiHarabasz(p Points, r Result) float64 {
	if r.K < 2 || r.K >= p.N || r.Inertia == 0 {
		return math.NaN()
	}
	mean := make([]float64, p.D)
	column := make([]float64, p.N)
	for t := range mean {
		for i := range column {
			column[i] = p.X[i*p.D+t]
		}
		mean[t] = floats.SumCompensated(column) / float64(p.N)
	}
	between := 0.0
	for c, n := range r.Sizes {
		between += float64(float64(n) * squared(r.centroid(c), mean))
	}
	return between / float64(r.K-1) / (r.Inertia / float64(p.N-r.K))
}

// SmallestShare returns the share of points in the smallest cluster, 0 … 1/K.
func (r Result) SmallestShare() float64 {
	least, all := math.MaxInt, 0
	for _, n := range r.Sizes {
		least, all = min(least, n), all+n
	}
	return float64(least) / float64(all)
}

func (r Result) centroid(c int) []float64 {
	d := len(r.Centroids) / r.K
	return r.Centroids[c*d : (c+1)*d]
}
