//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// Best is the widest tier of this processor.
var Best = func() Tier {
	switch {
	case cpu.X86.HasAVX512F:
		return AVX512
	case cpu.X86.HasAVX2:
		return AVX2
	}
	return None
}()

// Nearest finds for every point of a tile of d coordinates the nearest of the centroids, which are rows: best gets the squared
// distance, index which one it is; of equal distances the lower index. best and index have the tile's width. The tier must not be
// None, nor above [Best].
func (t Tier) Nearest(tile []float64, d int, centroids []float64, best []float64, index []int64) {
	width := len(best)
	_, _ = tile[d*width-1], index[width-1]
	if t == AVX512 {
		nearestAVX512(&tile[0], width, width, d, &centroids[0], len(centroids)/d, &best[0], &index[0])
		return
	}
	nearestAVX2(&tile[0], width, width, d, &centroids[0], len(centroids)/d, &best[0], &index[0])
}

// Distances returns for each of the [Lanes] points of a tile the sum of its Euclidean distances to others, which are rows, added up in
// their order. The tier must not be None, nor above [Best].
func (t Tier) Distances(tile []float64, d int, others []float64) (sums [Lanes]float64) {
	_ = tile[d*Lanes-1]
	n := len(others) / d
	if n == 0 {
		return sums
	}
	if t == AVX512 {
		distancesAVX512(&tile[0], Lanes, d, &others[0], n, &sums[0])
		return sums
	}
	distancesAVX2(&tile[0], Lanes, d, &others[0], n, &sums[0])
	distancesAVX2(&tile[Lanes/2], Lanes, d, &others[0], n, &sums[Lanes/2])
	return sums
}
