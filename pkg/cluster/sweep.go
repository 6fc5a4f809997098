package cluster

import (
	"context"
	"fmt"
	"slices"
)

// Fit is the grouping for one k with every criterion. NaN where a criterion is undefined: all three indices at k = 1.
type Fit struct {
	Result
	Silhouette       Silhouette
	DaviesBouldin    float64
	CalinskiHarabasz float64
	SmallestShare    float64 // of points, 0 … 1
}

// Sweep groups p for every k of ks, which ascend, by [KMeans], and takes all criteria. Equal options give every k the
// result that KMeans alone gives. The same errors as KMeans.
func Sweep(ctx context.Context, p Points, ks []int, opts Options) ([]Fit, error) {
	for i := 1; i < len(ks); i++ {
		if ks[i] <= ks[i-1] {
			return nil, fmt.Errorf("sweep %v: want cluster counts in ascending order", ks)
		}
	}
	results, err := fitAll(ctx, p, slices.Clone(ks), opts.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("sweep %v over %d points: %w", ks, p.N, err)
	}
	fits := make([]Fit, len(results))
	for i, r := range results {
		if fits[i], err = Judge(ctx, p, r, opts.Seed); err != nil {
			return nil, fmt.Errorf("sweep %v over %d points: %w", ks, p.N, err)
		}
	}
	return fits, nil
}

// Judge takes all criteria of one grouping of p. seed draws the silhouette's sample, where there is one.
func Judge(ctx context.Context, p Points, r Result, seed uint64) (Fit, error) {
	if err := checkLabels(p, r.Labels, r.K); err != nil {
		return Fit{}, fmt.Errorf("judge k = %d: %w", r.K, err)
	}
	// In the order of coordinates no sum depends on how the points are listed.
	order := p.order()
	return judge(ctx, p.take(order), r, takeLabels(r.Labels, order), seed)
}

// judge is Judge for points in order and their labels.
func judge(ctx context.Context, p Points, r Result, labels []int32, seed uint64) (Fit, error) {
	given := r.Labels
	r.Labels = labels
	s, err := MeanSilhouette(ctx, p, r.Labels, r.K, seed)
	if err != nil {
		return Fit{}, fmt.Errorf("judge k = %d: %w", r.K, err)
	}
	f := Fit{
		Result: r, Silhouette: s,
		DaviesBouldin:    DaviesBouldin(p, r),
		CalinskiHarabasz: CalinskiHarabasz(p, r),
		SmallestShare:    r.SmallestShare(),
	}
	f.Labels = given
	return f, nil
}
