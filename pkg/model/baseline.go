package model

import (
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
)

// BaselineOf bins every numeric feature of the customers that a model is trained on, by [drift.FitBins]: all of them, where the
// reference may be a sample.
func BaselineOf(customers *frame.Frame) *Baseline {
	b := &Baseline{Bins: []Bins{}}
	for i := range customers.Columns {
		c := &customers.Columns[i]
		if !c.IsNumeric() {
			continue
		}
		values := Numbers(c)
		bins := drift.FitBins(values)
		frozen := Bins{Feature: c.Name, Edges: append([]float64{}, bins.Edges...), Counts: make([]int64, len(bins.Edges)+1)}
		for i, n := range bins.Count(values) {
			if i < len(frozen.Counts) {
				frozen.Counts[i] = int64(n)
			} else {
				frozen.Nulls = int64(n)
			}
		}
		b.Bins = append(b.Bins, frozen)
	}
	return b
}

// BinsOf returns the frozen bins of a feature, nil where the model has none: of an earlier version, or of a feature that is newer.
func (m *Model) BinsOf(feature string) *drift.Bins {
	if m.Baseline == nil {
		return nil
	}
	for _, b := range m.Baseline.Bins {
		if b.Feature == feature {
			return &drift.Bins{Edges: b.Edges}
		}
	}
	return nil
}
