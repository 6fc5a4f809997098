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

// AdjustedRand compares two groupings of the same points: 1 for the same groups under any names, about 0 for unrelated
// ones, below 0 for less than chance (L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2,
// 1985). Labels are any numbers. Where both groupings are all one group, or all single points, it is 1. It panics where
// the lengths differ.
func AdjustedRand(a, b []int32) float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("cluster: %d labels and %d", len(a), len(b)))
	}
	x, kx := ranked(a)
	y, ky := ranked(b)
	// Pairs are whole numbers, so the order in which they are added does not matter.
	pairs := func(n int) int { return n * (n - 1) / 2 }
	both, left, right := make(map[int]int), make([]int, kx), make([]int, ky)
	dense := make([]int, 0)
	if kx*ky <= 1<<16 {
		dense = make([]int, kx*ky)
	}
	for i := range x {
		left[x[i]]++
		right[y[i]]++
		if cell := x[i]*ky + y[i]; cell < len(dense) {
			dense[cell]++
		} else {
			both[cell]++
		}
	}
	var together, inA, inB int
	for _, n := range dense {
		together += pairs(n)
	}
	for _, n := range both {
		together += pairs(n)
	}
	for _, n := range left {
		inA += pairs(n)
	}
	for _, n := range right {
		inB += pairs(n)
	}
	all := pairs(len(a))
	if all == 0 || inA == inB && (inA == 0 || inA == all) {
		return 1
	}
	expected := float64(inA) * (float64(inB) / float64(all))
	most := (float64(inA) + float64(inB)) / 2
	return (float64(together) - expected) / (most - expected)
}

// ranked replaces labels by 0, 1, … in the order in which they come, and counts them.
func ranked(labels []int32) (out []int, k int) {
	out = make([]int, len(labels))
	known := map[int32]int{}
	var last int32
	at := -1
	small := make([]int, 256) // rank + 1 of small labels, without the map
	for i, l := range labels {
		if at < 0 || l != last {
			last = l
			switch {
			case l >= 0 && int(l) < len(small):
				if small[l] == 0 {
					k++
					small[l] = k
				}
				at = small[l] - 1
			default:
				r, ok := known[l]
				if !ok {
					r = k
					known[l] = r
					k++
				}
				at = r
			}
		}
		out[i] = at
	}
	return out, k
}
