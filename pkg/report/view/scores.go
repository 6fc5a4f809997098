package view

import (
	"cmp"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
)

// Scores are the segments that customers have, and who moved.
type Scores struct {
	ModelID   string            `json:"model_id"`
	Seq       int64             `json:"seq"`
	Decided   bool              `json:"decided"` // this run's decision was for the same model, or there was none
	Customers int64             `json:"customers"`
	Moved     int64             `json:"moved"`
	Movement  contract.Movement `json:"movement"`
	First     bool              `json:"first"` // nothing to compare with
	Why       string            `json:"why"`   // there is nothing to compare with
	Segments  []Segment         `json:"segments"`
	All       Segment           `json:"all"` // the sum of Segments
	Profile   []Trait           `json:"profile"`
	Middles   []Trait           `json:"middles"`   // medians
	Trend     [][]Then          `json:"trend"`     // by segment, the earliest run first
	Migration []Way             `json:"migration"` // since the previous scores
	Grid      []Cross           `json:"grid"`      // against the named grid
	Movers    []Move            `json:"movers"`    // the most first
}

// Segment is one segment's people and money.
type Segment struct {
	contract.SegmentResult
	Label              string `json:"label"` // the name, with the id where another segment has the same name; the id where it has none
	RevenuePerCustomer Number `json:"revenue_per_customer"`
}

// Trait is the mean, or the median, of a customer feature.
type Trait struct {
	Feature string   `json:"feature"`
	Means   []Number `json:"means"` // by segment, in the order of Scores.Segments
	All     Number   `json:"all"`   // over all customers; undefined where that says nothing
}

// Middle returns the feature's median in a segment by its position, and over all customers.
func (s *Scores) Middle(feature string, segment int) (median, all float64) {
	for _, t := range s.Middles {
		if t.Feature == feature {
			return float64(t.Means[segment]), float64(t.All)
		}
	}
	return math.NaN(), math.NaN()
}

// Mean returns the feature's mean in a segment by its position, and over all customers.
func (s *Scores) Mean(feature string, segment int) (mean, all float64) {
	for _, t := range s.Profile {
		if t.Feature == feature {
			return float64(t.Means[segment]), float64(t.All)
		}
	}
	return math.NaN(), math.NaN()
}

// traits are the features that describe a segment, in the order of the profile.
var traits = []struct {
	feature string
	alone   bool // has no mean over all customers: only some have it, or a ratio of its two signs says nothing
}{
	{"recency", false}, {"tenure", false}, {"frequency", false}, {"monetary", false}, {"average_invoice", false},
	{"lines_per_invoice", false}, {"products", false}, {"gap_mean", true}, {"monthly_slope", true}, {"rebought_share", false},
	{"return_value_rate", false}, {"weekend_share", false},
}

func newScores(in Inputs) *Scores {
	r := in.Score
	if r == nil {
		return nil
	}
	s := &Scores{ModelID: r.ModelID, Seq: r.Seq, Customers: r.Customers, Moved: r.Moved, Movement: r.Movement, First: r.First, Why: r.Why, Movers: in.Movers,
		Decided: in.Promote == nil || in.Promote.ModelID == r.ModelID}
	for _, g := range r.Segments {
		s.Segments = append(s.Segments, Segment{SegmentResult: g, Label: label(g, r.Segments), RevenuePerCustomer: each(g)})
		s.All.Customers += g.Customers
		s.All.Revenue += g.Revenue
		s.All.Share += g.Share
		s.All.RevenueShare += g.RevenueShare
	}
	s.All.RevenuePerCustomer = each(s.All.SegmentResult)
	s.Grid, s.Middles, s.Trend, s.Migration = grid(in, s.Segments), middles(in, s.Segments), trend(in, s.Segments), migration(in)
	for _, t := range traits {
		by, all := means(in.Segments, t.feature)
		if by == nil {
			continue
		}
		trait := Trait{Feature: t.feature, All: all}
		if t.alone {
			trait.All = Undefined()
		}
		for _, g := range r.Segments {
			mean, ok := by[g.ID]
			if !ok {
				mean = Undefined()
			}
			trait.Means = append(trait.Means, mean)
		}
		s.Profile = append(s.Profile, trait)
	}
	return s
}

func each(g contract.SegmentResult) Number { return Number(g.Revenue.Float() / float64(g.Customers)) }

func label(g contract.SegmentResult, among []contract.SegmentResult) string {
	if g.Name == "" {
		return g.ID
	}
	for _, other := range among {
		if other.Name == g.Name && other.ID != g.ID {
			return g.Name + " (" + g.ID + ")"
		}
	}
	return g.Name
}

// means returns a feature's mean by segment id, and over all customers. It is nil without the column.
func means(f *frame.Frame, feature string) (by map[string]Number, all Number) {
	if f == nil || f.Column("segment") == nil || f.Column("customers") == nil {
		return nil, Undefined()
	}
	c := f.Column(contract.ProfilePrefix + feature)
	if c == nil || !c.IsNumeric() {
		return nil, Undefined()
	}
	ids, customers := f.Strings("segment"), f.Ints("customers")
	by = map[string]Number{}
	sum, n := 0.0, 0.0
	for i := range c.Len() {
		if _, ok := by[ids[i]]; !ok {
			by[ids[i]] = Number(c.Float(i))
		}
		sum += float64(c.Float(i) * float64(customers[i])) // not fused: the same bits everywhere
		n += float64(customers[i])
	}
	return by, Number(sum / n)
}

// Firm says how firmly a segment of the candidate keeps together.
type Firm struct {
	ID         string `json:"id"` // of the segment
	Customers  int64  `json:"customers"`
	Silhouette Number `json:"silhouette"`
	Jaccard    Number `json:"jaccard"` // with the segment of resamples
}

// Cross counts the customers of a segment in the named grid of recency and frequency.
type Cross struct {
	Name      string  `json:"name"`      // of the cell
	Customers []int64 `json:"customers"` // in the order of Scores.Segments
	All       int64   `json:"all"`
}

// middles are the medians of the features, in the order of traits.
func middles(in Inputs, segments []Segment) []Trait {
	f := in.table(contract.SegmentFeatures)
	if f == nil {
		return nil
	}
	var rows []Trait
	for _, t := range traits {
		row, known := Trait{Feature: t.feature, All: Undefined(), Means: slices.Repeat([]Number{Undefined()}, len(segments))}, false
		for i, feature := range f.Strings("feature") {
			if feature != t.feature {
				continue
			}
			known = true
			if id := f.Strings("segment")[i]; id == "" {
				row.All = Number(f.Floats("median")[i])
			} else if k := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == id }); k >= 0 {
				row.Means[k] = Number(f.Floats("median")[i])
			}
		}
		if known {
			rows = append(rows, row)
		}
	}
	return rows
}

func firm(in Inputs) []Firm {
	f := in.table(contract.SweepClusters)
	if f == nil || in.Train == nil {
		return nil
	}
	var rows []Firm
	for i, chosen := range f.Ints("chosen") {
		if c := f.Ints("cluster")[i]; chosen == 1 && c < int64(len(in.Train.Segments)) {
			rows = append(rows, Firm{in.Train.Segments[c], f.Ints("customers")[i], Number(f.Floats("silhouette")[i]), Number(f.Floats("jaccard")[i])})
		}
	}
	return rows
}

// grid is the cross table, the most customers first.
func grid(in Inputs, segments []Segment) []Cross {
	f := in.table(contract.SegmentGrid)
	if f == nil {
		return nil
	}
	at, rows := map[string]int{}, []Cross{}
	for i, name := range f.Strings("rfm_name") {
		k, ok := at[name]
		if !ok {
			k, at[name] = len(rows), len(rows)
			rows = append(rows, Cross{Name: name, Customers: make([]int64, len(segments))})
		}
		n := f.Ints("customers")[i]
		rows[k].All += n
		if s := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == f.Strings("segment")[i] }); s >= 0 {
			rows[k].Customers[s] += n
		}
	}
	slices.SortFunc(rows, func(a, b Cross) int { return cmp.Or(cmp.Compare(b.All, a.All), cmp.Compare(a.Name, b.Name)) })
	return rows
}
