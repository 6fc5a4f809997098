package view

import "github.com/clientele/clientele/pkg/contract"

// Measure is what can be measured in the shop, and what was.
type Measure struct {
	contract.MeasureResult
}

func newMeasure(in Inputs) *Measure {
	if in.Measure == nil {
		return nil
	}
	return &Measure{*in.Measure}
}
