package segment

import (
	"cmp"
	"fmt"
	"slices"
)

// The thresholds of a segment's history.
const (
	// KeepsFrom is the least Jaccard index at which a segment goes on with the id of before. Two segments of equal size that
	// share half of their customers have ⅓.
	KeepsFrom = 0.3
	// absorbed is the share of a segment's customers from which it is said to have gone into another, and part the share from
	// which it is said to have gone there in part. They are the τ and τ_split of M. Spiliopoulou, I. Ntoutsi, Y. Theodoridis and
	// R. Schult, "MONIC: modeling and monitoring cluster transitions", KDD 2006, at its values ½ and ¼.
	absorbed, part = 0.5, 0.25
	// named is the least share of a segment's customers from which one of before is named as its parent.
	named = 0.05
)

// Lineage says where a segment comes from.
type Lineage int

// The ways a segment can come about. The first that holds counts: merged, split, survived, emerged.
const (
	Emerged  Lineage = iota // none of before is like it
	Survived                // it goes on with an id
	Split                   // at least half of a segment of before went to several, at least a quarter to each, and half of it comes from there
	Merged                  // at least half of each of several segments of before went to it
)

// Origin is where a segment comes from.
type Origin struct {
	Keeps   int     // the segment of before whose id it goes on with, −1 for none
	Jaccard float64 // with that one, 0 without
	Lineage Lineage
	Parents []Share // segments of before that at least 5 % of its customers were in, by descending share
}

// Share is a part of a segment's customers.
type Share struct {
	Segment int     // of the other model
	Share   float64 // 0 … 1
}

// Gone is a segment of before whose id no segment goes on with.
type Gone struct {
	Segment int
	Heirs   []Share // segments that at least 5 % of its customers went to, by descending share
}

// Trace compares what two models make of the same customers: before[i] and after[i] are the segments of customer i, of
// kBefore and kAfter. Pairs are the optimal assignment on 1 − Jaccard index of their customers; a pair below [KeepsFrom] is no
// pair. origins has one entry for each segment of after. Shares that are equal go by segment.
//
// The result depends on how many customers each two segments share, so neither on the order of customers nor on their names.
func Trace(before, after []int32, kBefore, kAfter int) (origins []Origin, gone []Gone, err error) {
	shared, err := overlap(before, after, kBefore, kAfter)
	if err != nil {
		return nil, nil, err
	}
	was, is := make([]int, kBefore), make([]int, kAfter)
	for b := range shared {
		for a, n := range shared[b] {
			was[b] += n
			is[a] += n
		}
	}
	cost := make([][]float64, kAfter)
	for a := range cost {
		cost[a] = make([]float64, kBefore)
		for b := range cost[a] {
			cost[a][b] = 1 - jaccard(shared[b][a], was[b], is[a])
		}
	}
	pairs, err := Match(cost)
	if err != nil {
		return nil, nil, err
	}
	kept := make([]bool, kBefore)
	origins = make([]Origin, kAfter)
	for a := range origins {
		o := Origin{Keeps: -1}
		if b := pairs[a]; b >= 0 {
			if j := jaccard(shared[b][a], was[b], is[a]); j >= KeepsFrom {
				o.Keeps, o.Jaccard, kept[b] = b, j, true
			}
		}
		o.Lineage = lineage(shared, was, is, a, o.Keeps)
		o.Parents = shares(kBefore, is[a], func(b int) int { return shared[b][a] })
		origins[a] = o
	}
	for b := range kept {
		if !kept[b] {
			gone = append(gone, Gone{Segment: b, Heirs: shares(kAfter, was[b], func(a int) int { return shared[b][a] })})
		}
	}
	return origins, gone, nil
}

// overlap counts the customers that each two segments share: rows are segments of before.
func overlap(before, after []int32, kBefore, kAfter int) ([][]int, error) {
	if len(before) != len(after) {
		return nil, fmt.Errorf("trace segments: %d customers before, %d after: they must be the same", len(before), len(after))
	}
	shared := make([][]int, kBefore)
	for b := range shared {
		shared[b] = make([]int, kAfter)
	}
	for i, b := range before {
		a := after[i]
		if b < 0 || int(b) >= kBefore || a < 0 || int(a) >= kAfter {
			return nil, fmt.Errorf("trace segments: customer %d is in segment %d of %d before and %d of %d after", i, b, kBefore, a, kAfter)
		}
		shared[b][a]++
	}
	return shared, nil
}

// jaccard is |both| / |either|, 0 for two empty segments.
func jaccard(both, one, other int) float64 {
	if either := one + other - both; either > 0 {
		return float64(both) / float64(either)
	}
	return 0
}

func lineage(shared [][]int, was, is []int, a, keeps int) Lineage {
	into := 0 // segments that went to a
	split := false
	for b := range shared {
		if was[b] == 0 {
			continue
		}
		if atLeast(shared[b][a], was[b], absorbed) {
			into++
		}
		pieces, went := 0, 0
		for _, n := range shared[b] {
			if atLeast(n, was[b], part) {
				pieces++
				went += n
			}
		}
		split = split || pieces > 1 && atLeast(went, was[b], absorbed) && atLeast(shared[b][a], was[b], part) && atLeast(shared[b][a], is[a], absorbed)
	}
	switch {
	case into > 1:
		return Merged
	case split:
		return Split
	case keeps >= 0:
		return Survived
	}
	return Emerged
}

func atLeast(n, of int, share float64) bool { return float64(n) >= float64(share*float64(of)) }

func shares(k, of int, n func(int) int) []Share {
	var out []Share
	for i := range k {
		if n(i) > 0 && atLeast(n(i), of, named) {
			out = append(out, Share{Segment: i, Share: float64(n(i)) / float64(of)})
		}
	}
	slices.SortStableFunc(out, func(a, b Share) int { return cmp.Compare(b.Share, a.Share) })
	return out
}
