package cluster

import (
	"math"
	"math/rand/v2"
	"sort"

	"github.com/clientele/clientele/pkg/cluster/internal/kernel"
)

// stream returns the random source of one start: a PCG generator whose state depends on seed, k and start alone.
func stream(seed uint64, k, start int) rand.Source {
	return rand.NewPCG(scramble(seed+uint64(k)), scramble(scramble(seed)+uint64(start)))
}

// scramble spreads neighbouring numbers over all bits: the finalizer of splitmix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", OOPSLA 2014).
func scramble(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// seedTrials are the candidates for every seed: 2 + ⌊ln k⌋ at k = 3 … 7 (Arthur and Vassilvitskii). They are the same for
// every k, so that the first seeds of many are the seeds of few.
const seedTrials = 3

// seedCentroids draws k points by greedy k-means++ and returns their coordinates, k × D. The first is uniform. For each
// further one it draws [seedTrials] candidates with probability proportional to the squared distance to the nearest point
// drawn so far, and keeps the one that lowers the sum of these distances most (equal: the first), as scikit-learn does;
// the paper mentions it at its end. Time O(N·D·k).
func seedCentroids(p Points, t *tiles, k int, src rand.Source) []float64 {
	rng := rand.New(src)
	centroids := make([]float64, 0, k*p.D)
	centroids = append(centroids, p.Row(rng.IntN(p.N))...)
	closest := make([]float64, p.N)
	for i := range closest {
		closest[i] = math.Inf(1)
	}
	potential := lower(closest, closest, p, t, centroids)
	cumulative := make([]float64, p.N)
	best, trial := make([]float64, p.N), make([]float64, p.N)
	for len(centroids) < k*p.D {
		sum := 0.0
		for i, s := range closest {
			sum += s
			cumulative[i] = sum
		}
		bestPotential, bestRow := math.Inf(1), 0
		for range seedTrials {
			row := draw(cumulative, rng.Float64()*potential)
			if got := lower(trial, closest, p, t, p.Row(row)); got < bestPotential {
				bestPotential, bestRow = got, row
				best, trial = trial, best
			}
		}
		closest, best = best, closest
		potential = bestPotential
		centroids = append(centroids, p.Row(bestRow)...)
	}
	return centroids
}

// draw returns the first row whose cumulative weight is above u: never one of weight zero, unless all are.
func draw(cumulative []float64, u float64) int {
	last := cumulative[len(cumulative)-1]
	i := sort.Search(len(cumulative), func(i int) bool { return cumulative[i] > u })
	if i == len(cumulative) {
		// Rounding put u at the very end: the last row that has a weight.
		i = sort.SearchFloat64s(cumulative, last)
	}
	return i
}

// lower writes to dst the smaller of closest and the squared distance to c, for every point, and returns their sum.
func lower(dst, closest []float64, p Points, t *tiles, c []float64) float64 {
	if t != nil {
		return lowerTiles(dst, closest, p, t, c)
	}
	sum := 0.0
	if p.D == 3 {
		c0, c1, c2 := c[0], c[1], c[2]
		for i, was := range closest {
			x := p.X[3*i : 3*i+3 : 3*i+3]
			d0, d1, d2 := x[0]-c0, x[1]-c1, x[2]-c2
			s := min(was, float64(d0*d0)+float64(d1*d1)+float64(d2*d2))
			dst[i] = s
			sum += s
		}
		return sum
	}
	for i, was := range closest {
		s := min(was, squared(p.Row(i), c))
		dst[i] = s
		sum += s
	}
	return sum
}

// lowerTiles is lower by package kernel: the same sum in the same order.
func lowerTiles(dst, closest []float64, p Points, t *tiles, c []float64) float64 {
	room := nearestRoom.Get().(*nearestOf)
	defer nearestRoom.Put(room)
	sum := 0.0
	for lo := 0; lo < p.N; lo += blockRows {
		hi := min(lo+blockRows, p.N)
		width := kernel.Width(hi - lo)
		t.tier.Nearest(t.block(lo, hi, p.D), p.D, c, room.best[:width], room.index[:width])
		for i, was := range closest[lo:hi] {
			s := min(was, room.best[i])
			dst[lo+i] = s
			sum += s
		}
	}
	return sum
}

// sampleRows draws m of the rows 0 … n−1 without replacement, ascending, every subset with equal probability (Knuth, The
// Art of Computer Programming 2, 3.4.2, algorithm S).
func sampleRows(n, m int, src rand.Source) []int {
	rng := rand.New(src)
	rows := make([]int, 0, m)
	for i := 0; len(rows) < m; i++ {
		if rng.IntN(n-i) < m-len(rows) {
			rows = append(rows, i)
		}
	}
	return rows
}
