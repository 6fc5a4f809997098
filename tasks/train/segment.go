package train

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/segment"
)

// identify gives the segments their identities. A fit that is HEAD's keeps HEAD's identities, and nothing is minted: then
// HEAD's bundle is the answer. Otherwise today's customers are put into segments by both models, and a segment that is one of
// HEAD's goes on with its id ([segment.Trace]); the others get new ids, counted on from HEAD's next number by descending
// revenue. It is a function of HEAD's bundle, its next number, and the customers.
func (t *trained) identify(customers *frame.Frame, labels []int32, up upstream, head *model.Bundle) error {
	a, err := t.bundle.Assign(customers)
	if err != nil {
		return err
	}
	if !slices.Equal(a.Nearest, labels) {
		return fault.Errorf(fault.ExitInternal, "parity", "", "training and scoring assign customers differently")
	}
	if head != nil && head.Manifest.FitID == t.bundle.Manifest.FitID {
		t.bundle, t.known = head, true
		return nil
	}
	scores, err := t.bundle.RFM(customers)
	if err != nil {
		return err
	}
	k := t.bundle.Model.K()
	spent := customers.Ints("monetary")
	names := segmentNames(labels, scores.Names, spent, k)
	next, parent := int64(1), model.Parent{}
	if up.head != nil {
		next, parent = up.head.NextSegment, model.Parent{ModelID: up.head.ModelID, FitID: up.head.FitID}
	}
	segments, left := make([]model.Segment, k), []segment.Gone(nil)
	if head != nil {
		if segments, left, err = t.follow(customers, labels, head); err != nil {
			return err
		}
	}
	for _, c := range byRevenue(labels, spent, k) {
		s := &segments[c]
		if s.Name = names[c]; s.Lineage == "" {
			s.Lineage = model.LineageNew
		}
		if s.ID == "" {
			s.ID = model.SegmentID(next)
			next++
		}
	}
	var gone []model.Gone
	for _, g := range left {
		s := head.Manifest.Segments[g.Segment]
		out := model.Gone{ID: s.ID, Name: s.Name}
		for _, h := range g.Heirs {
			out.Heirs = append(out.Heirs, model.Ancestor{ID: segments[h.Segment].ID, Share: h.Share})
		}
		gone = append(gone, out)
	}
	return t.bundle.Identify(segments, gone, parent)
}

// lineages are the words of a manifest.
var lineages = map[segment.Lineage]string{
	segment.Survived: model.LineageSurvived, segment.Split: model.LineageSplit,
	segment.Merged: model.LineageMerged, segment.Emerged: model.LineageEmerged,
}

// follow returns the segments with the ids that go on, and those of HEAD that are gone.
func (t *trained) follow(customers *frame.Frame, labels []int32, head *model.Bundle) ([]model.Segment, []segment.Gone, error) {
	was, err := head.Assign(customers)
	if err != nil {
		return nil, nil, fmt.Errorf("put the customers into HEAD's segments: %w", err)
	}
	old := head.Manifest.Segments
	origins, left, err := segment.Trace(was.Nearest, labels, len(old), t.bundle.Model.K())
	if err != nil {
		return nil, nil, err
	}
	segments := make([]model.Segment, len(origins))
	for c, o := range origins {
		segments[c].Lineage = lineages[o.Lineage]
		if o.Keeps >= 0 {
			segments[c].ID = old[o.Keeps].ID
		}
		for _, p := range o.Parents {
			segments[c].Parents = append(segments[c].Parents, model.Ancestor{ID: old[p.Segment].ID, Share: p.Share})
		}
	}
	return segments, left, nil
}

// byRevenue lists the centroids by descending revenue of their customers; equal revenue goes by index.
func byRevenue(labels []int32, spent []int64, k int) []int {
	revenue := make([]int64, k)
	for i, c := range labels {
		revenue[c] += spent[i]
	}
	order := make([]int, k)
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(revenue[b], revenue[a]) })
	return order
}

// segmentNames names each segment by the cell of the RFM grid that most of its customers are in; of cells that are equally
// frequent the one first in the alphabet. Segments of the same cell are told apart by what a customer of theirs spends on
// average: "Champions, high spend", "Champions, lower spend"; three are high, middle and lower; more are numbered from the
// highest.
func segmentNames(labels []int32, cells []string, spent []int64, k int) []string {
	counts := make([]map[string]int, k)
	mean, size := make([]float64, k), make([]int, k)
	for c := range counts {
		counts[c] = map[string]int{}
	}
	for i, c := range labels {
		counts[c][cells[i]]++
		mean[c] += float64(spent[i])
		size[c]++
	}
	names, alike := make([]string, k), map[string][]int{}
	for c := range names {
		names[c] = "Nobody" // a centroid without customers: evaluate's gates refuse such a model
		most := 0
		for cell, n := range counts[c] {
			if n > most || n == most && cell < names[c] {
				names[c], most = cell, n
			}
		}
		mean[c] /= max(1, float64(size[c]))
		alike[names[c]] = append(alike[names[c]], c)
	}
	for name, group := range alike {
		if len(group) == 1 {
			continue
		}
		slices.SortStableFunc(group, func(a, b int) int { return cmp.Compare(mean[b], mean[a]) })
		for rank, c := range group {
			names[c] = name + ", " + spendWord(rank, len(group))
		}
	}
	return names
}

// spendWord says which of n segments of one name this is, rank 0 spending most.
func spendWord(rank, n int) string {
	switch {
	case n > 3:
		return fmt.Sprintf("spend %d of %d", rank+1, n)
	case rank == 0:
		return "high spend"
	case rank == n-1:
		return "lower spend"
	}
	return "middle spend"
}
