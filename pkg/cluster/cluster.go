// Package cluster groups points by exact k-means and says how good a grouping is.
//
//	p := cluster.Points{N: len(x) / 3, D: 3, X: x}
//	fits, err := cluster.Sweep(ctx, p, []int{2, 3, 4, 5, 6, 7, 8, 9, 10}, cluster.Options{Seed: 1})
//	fmt.Println(fits[2].K, fits[2].Silhouette.Mean) // 4 0.37
//
// The method is Lloyd's (S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28,
// 1982): give each point to its nearest centroid, move each centroid to the mean of its points, until no label changes.
// Equal distance goes to the lower index. Starts are drawn by greedy k-means++ (D. Arthur and S. Vassilvitskii,
// "k-means++: the advantages of careful seeding", SODA 2007), and the lowest inertia wins.
//
// The result is a function of the points, k and the options alone. Every start has a random stream of its own, points are
// taken in the order of their coordinates, sums run over blocks of fixed length in a fixed order, and products are rounded before they are added, so that neither the
// number of cores nor a fused multiply-add moves a bit. Inputs stay untouched.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// The defaults of [Options].
const (
	// DefaultStarts makes the lowest inertia found reliable. Measured on the 4,334 customers of the UCI Online Retail data
	// in the default space, 8,000 single starts for each k: the share within 1e-4 of the lowest was 1 at k = 2 and 3, 0.9996
	// at 4, 0.42 at 5, 0.34 … 0.45 at 6 … 9 and 0.19 at 10. So 32 starts miss with a probability below 3e-8 up to k = 5,
	// below 2e-6 up to 9, and of 1e-3 at 10.
	DefaultStarts = 32
	// DefaultMaxIterations is far above what Lloyd's method takes on customer data (tens of passes, some hundreds on
	// millions of points); it only guards against going round in circles on rounding errors.
	DefaultMaxIterations = 1000
	// SampleAbove is the number of points past which starts run on a seeded sample of that many.
	SampleAbove = 50_000
)

// maxCoordinate bounds coordinates, so that no square and no sum of squares overflows.
const maxCoordinate = 1e140

// ErrEmpty says that there is no point.
var ErrEmpty = errors.New("no point to cluster")

// TooFewPointsError says that there are fewer distinct points than clusters asked for.
type TooFewPointsError struct{ K, Distinct int }

func (e *TooFewPointsError) Error() string {
	return fmt.Sprintf("%d clusters requested, but there are only %d distinct points", e.K, e.Distinct)
}

// CoordinateError names a coordinate that is not finite, or too large to be squared.
type CoordinateError struct {
	Row, Dim int
	Value    float64
}

func (e *CoordinateError) Error() string {
	return fmt.Sprintf("coordinate %d of point %d is %v, want a finite number in a reasonable range", e.Dim, e.Row, e.Value)
}

// Points is a table of N points with D coordinates each, row after row: X has length N·D.
type Points struct {
	N, D int
	X    []float64
}

// Row returns the coordinates of point i, without copying.
func (p Points) Row(i int) []float64 { return p.X[i*p.D : (i+1)*p.D : (i+1)*p.D] }

// take returns a copy of the points at the given rows.
func (p Points) take(rows []int) Points {
	q := Points{N: len(rows), D: p.D, X: make([]float64, 0, len(rows)*p.D)}
	for _, r := range rows {
		q.X = append(q.X, p.Row(r)...)
	}
	return q
}

func (p Points) check() error {
	if p.N < 0 || p.D < 1 || len(p.X) != p.N*p.D {
		return fmt.Errorf("%d coordinates for %d points of %d dimensions", len(p.X), p.N, p.D)
	}
	if p.N == 0 {
		return ErrEmpty
	}
	for i, v := range p.X {
		if !(math.Abs(v) <= maxCoordinate) {
			return &CoordinateError{i / p.D, i % p.D, v}
		}
	}
	return nil
}

// distinct counts distinct points, but no further than limit. Time O(N·D·limit).
func (p Points) distinct(limit int) int {
	var found []int
next:
	for i := 0; i < p.N && len(found) < limit; i++ {
		for _, f := range found {
			if squared(p.Row(i), p.Row(f)) == 0 {
				continue next
			}
		}
		found = append(found, i)
	}
	return len(found)
}

// Options are the knobs of [KMeans] and [Sweep]. The zero value means the defaults.
type Options struct {
	Starts        int    // starts for each k; 0: DefaultStarts
	Seed          uint64 // of every random stream
	MaxIterations int    // passes of one start; 0: DefaultMaxIterations

	sampleAbove int // SampleAbove, but in tests
}

func (o Options) withDefaults() Options {
	if o.Starts <= 0 {
		o.Starts = DefaultStarts
	}
	if o.MaxIterations <= 0 {
		o.MaxIterations = DefaultMaxIterations
	}
	if o.sampleAbove == 0 {
		o.sampleAbove = SampleAbove
	}
	return o
}

// Result is one grouping.
type Result struct {
	K          int
	Centroids  []float64 // K × D, row after row
	Labels     []int32   // for each point the index of its nearest centroid
	Sizes      []int     // for each centroid the number of its points
	Inertia    float64   // sum of squared distances to the nearest centroid
	Iterations int       // passes of the winning start; above SampleAbove points, with those of the finish
	Start      int       // the winning start, from 0
	Converged  bool      // false: MaxIterations came first
	// Agreement is the mean adjusted Rand index of the other starts' groupings with the winner's: 1 where every start ends in
	// the same one; NaN for a single start.
	Agreement float64
}

// each calls do for 0 … n−1, on as many goroutines as there are processors, and stops at the first error or when ctx
// ends. What do writes must belong to i alone.
func each(ctx context.Context, n int, do func(i int) error) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(n, runtime.GOMAXPROCS(0)) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
