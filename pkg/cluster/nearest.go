package cluster

import (
	"fmt"
	"math"
)

// Near says which centroids a point is nearest to.
type Near struct {
	Index          int     // the nearest centroid; equal distance goes to the lower index
	Distance       float64 // Euclidean
	Second         int     // the second nearest; −1 where there is one centroid only
	SecondDistance float64 // NaN where there is one centroid only
}

// Nearest returns the two centroids nearest to x. centroids holds them row after row, each of len(x) coordinates. It is
// the very comparison that [KMeans] makes, so a training point gets its training label. It panics where the lengths do
// not fit.
func Nearest(centroids, x []float64) Near {
	d := len(x)
	if d == 0 || len(centroids) == 0 || len(centroids)%d != 0 {
		panic(fmt.Sprintf("cluster: %d centroid coordinates for a point of %d dimensions", len(centroids), d))
	}
	n := Near{Index: -1, Distance: math.Inf(1), Second: -1, SecondDistance: math.Inf(1)}
	for j := 0; j*d < len(centroids); j++ {
		switch s := squared(x, centroids[j*d:(j+1)*d]); {
		case n.Index < 0 || s < n.Distance:
			n.Second, n.SecondDistance = n.Index, n.Distance
			n.Index, n.Distance = j, s
		case n.Second < 0 || s < n.SecondDistance:
			n.Second, n.SecondDistance = j, s
		}
	}
	n.Distance = math.Sqrt(n.Distance)
	n.SecondDistance = math.Sqrt(n.SecondDistance)
	if n.Second < 0 {
		n.SecondDistance = math.NaN()
	}
	return n
}

// squared returns the squared Euclidean distance of two points of one dimension, added up in the order of coordinates.
func squared(a, b []float64) float64 {
	b = b[:len(a)]
	s := 0.0
	for i, v := range a {
		d := v - b[i]
		s += float64(d * d)
	}
	return s
}

// nearest is the inner loop of Lloyd's method for any number of dimensions.
func nearest(centroids, x []float64) (index int32, best float64) {
	best = math.Inf(1)
	d := len(x)
	for j := 0; (j+1)*d <= len(centroids); j++ {
		if s := squared(x, centroids[j*d:(j+1)*d]); s < best {
			index, best = int32(j), s
		}
	}
	return index, best
}
