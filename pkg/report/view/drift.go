package view

import (
	"math"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
)

// Effect is one measure of drift.
type Effect struct {
	Effect  string `json:"effect"`
	Value   Number `json:"value"`
	Limit   Number `json:"limit"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// Moved is how customers are spread over the bins of a feature, then and now.
type Moved struct {
	Feature string `json:"feature"`
	Before  Number `json:"before"` // median of those that the model was trained on
	Now     Number `json:"now"`
	Why     string `json:"why"` // the largest difference
	Spread  []Side `json:"spread"`
}

// Side is one bin: shares of customers then and now.
type Side struct {
	Label  string `json:"label"`
	Before Number `json:"before"`
	Now    Number `json:"now"`
}

// againstModel is drift's comparison with the customers that the model was trained on.
const againstModel = "model"

func spreads(in Inputs) []Moved {
	f := in.table(contract.Features)
	if f == nil {
		return nil
	}
	var rows []Moved
	for i, against := range f.Strings("against") {
		if against == againstModel {
			rows = append(rows, Moved{Feature: f.Strings("feature")[i], Before: Number(f.Floats("median_reference")[i]), Now: Number(f.Floats("median_current")[i]), Why: f.Strings("why")[i]})
		}
	}
	b := in.table(contract.DriftBins)
	if b == nil {
		return rows
	}
	for i, against := range b.Strings("against") {
		k := slices.IndexFunc(rows, func(m Moved) bool { return m.Feature == b.Strings("feature")[i] })
		if against == againstModel && k >= 0 {
			rows[k].Spread = append(rows[k].Spread, Side{binLabel(b, i), Number(b.Floats("reference_share")[i]), Number(b.Floats("current_share")[i])})
		}
	}
	return rows
}

// binLabel says what is in bin i.
func binLabel(b *frame.Frame, i int) string {
	low, high := b.Floats("low")[i], b.Floats("high")[i]
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	switch kind := b.Strings("kind")[i]; {
	case kind == "level":
		return b.Strings("level")[i]
	case kind != "range":
		return kind
	case math.IsNaN(low) && math.IsNaN(high):
		return "any"
	case math.IsNaN(low):
		return "to " + number(high)
	case math.IsNaN(high):
		return "above " + number(low)
	default:
		return number(low) + " to " + number(high)
	}
}

func effects(in Inputs) []Effect {
	f := in.table(contract.Effects)
	if f == nil {
		return nil
	}
	rows := make([]Effect, f.Rows())
	for i := range rows {
		rows[i] = Effect{f.Strings("effect")[i], Number(f.Floats("value")[i]), Number(f.Floats("limit")[i]), f.Strings("verdict")[i], f.Strings("why")[i]}
	}
	return rows
}
