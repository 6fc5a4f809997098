package fit

import (
	"context"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/space"
)

// Dominates is the adjusted Rand index from which one feature alone is said to make the segments.
const Dominates = 0.8

// dominanceStarts is enough for one dimension, where few optima are near each other.
const dominanceStarts = 8

// Dominant says how nearly one feature of the space gives the same segments on its own.
type Dominant struct {
	Feature string
	ARI     float64 // adjusted Rand index of the two groupings, at most 1
}

// Dominance compares a grouping of customers into k with one into as many on each single axis of the space: columns are the
// raw values of the axes. A space of one axis is dominated by it.
func Dominance(ctx context.Context, columns [][]float64, sp *space.Space, labels []int32, k int, seed uint64) ([]Dominant, error) {
	out := make([]Dominant, len(sp.Axes))
	for i, axis := range sp.Axes {
		one := space.Space{Axes: []space.Axis{axis}}
		x, err := one.ApplyColumns(nil, columns[i:i+1])
		if err != nil {
			return nil, fmt.Errorf("dominance of %s: %w", axis.Feature, err)
		}
		p := cluster.Points{N: len(x), D: 1, X: x}
		opts := cluster.Options{Starts: dominanceStarts, Seed: seed}
		r, err := cluster.KMeans(ctx, p, k, opts)
		if few, ok := errors.AsType[*cluster.TooFewPointsError](err); ok {
			r, err = cluster.KMeans(ctx, p, few.Distinct, opts)
		}
		if err != nil {
			return nil, fmt.Errorf("dominance of %s: %w", axis.Feature, err)
		}
		out[i] = Dominant{axis.Feature, cluster.AdjustedRand(r.Labels, labels)}
	}
	return out, nil
}
