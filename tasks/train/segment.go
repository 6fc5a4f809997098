package train

import (
	"cmp"
	"fmt"
	"math"
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
	k := t.bundle.Model.K()
	spent := customers.Ints("monetary")
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
	t.name(segments, customers, labels, head)
	for _, c := range byRevenue(labels, spent, k) {
		s := &segments[c]
		if s.Lineage == "" {
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

// measures returns what segments are named by, as [segment.Profiles] takes it.
func measures(customers *frame.Frame) (values [len(segment.Measures)][]float64) {
	read := func(name string) []float64 { return model.Numbers(customers.Column(name)) }
	values[segment.Recency], values[segment.Tenure] = read("recency"), read("tenure")
	values[segment.Frequency], values[segment.Money] = read("frequency"), read("monetary")
	values[segment.Trend] = read("monthly_slope")
	mean := read("monthly_mean")
	for i := range mean {
		values[segment.Recency][i] = math.Log1p(values[segment.Recency][i])
		values[segment.Frequency][i] = math.Log(values[segment.Frequency][i])
		values[segment.Money][i] = math.Log1p(values[segment.Money][i])
		if values[segment.Trend][i] /= mean[i]; !(mean[i] > 0) {
			values[segment.Trend][i] = math.NaN()
		}
	}
	return values
}

// name names the segments, keeps the names that HEAD gave to those that go on, and says which are re-made.
func (t *trained) name(segments []model.Segment, customers *frame.Frame, labels []int32, head *model.Bundle) {
	k := len(segments)
	kept, spent, size := make([]string, k), make([]float64, k), make([]float64, k)
	for c := range segments {
		if head != nil && segments[c].ID != "" {
			kept[c] = head.Manifest.Segments[head.Manifest.Index(segments[c].ID)].Name
		}
	}
	for i, v := range customers.Ints("monetary") {
		spent[labels[i]] += float64(v)
		size[labels[i]]++
	}
	for c := range spent {
		spent[c] /= max(1, size[c])
	}
	profiles := segment.Profiles(measures(customers), labels, k)
	for c, name := range segment.Names(profiles, kept, spent) {
		segments[c].Name = name
		if kept[c] != "" && kept[c] != name {
			t.renamed = append(t.renamed, fmt.Sprintf("%s is %s now, no longer %s: from the shop's median it is at %s robust deviations", segments[c].ID, name, kept[c], profiles[c]))
		}
	}
}
