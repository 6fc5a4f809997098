package view

import (
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
)

// Tables are the tables of steps that a view reads, beside score's segments and movers: all are small, or read in part.
var Tables = map[string][]frame.Schema{
	contract.Preprocess: {contract.Products},
	contract.Drift:      {contract.Effects, contract.Features, contract.DriftBins},
	contract.Train:      {contract.SweepClusters},
	contract.Score:      {contract.SegmentGrid, contract.SegmentFeatures, contract.Migration},
	contract.Audience:   {contract.SegmentAudience, contract.Weeks, contract.History, contract.SegmentWeeks},
	contract.Explore: {contract.Times, contract.Distributions, contract.Top, contract.Gaps, contract.Correlations, contract.Cohorts, contract.Concentration,
		contract.Natures, contract.Regions, contract.Tree},
	contract.Recommend: {contract.Pairs},
}

// names are what products are called, by code.
func names(in Inputs) map[string]string {
	f := in.table(contract.Products)
	if f == nil {
		return nil
	}
	called := make(map[string]string, f.Rows())
	for i, code := range f.Strings("code") {
		called[code] = f.Strings("description")[i]
	}
	return called
}

func (in Inputs) table(s frame.Schema) *frame.Frame {
	f := in.Tables[s.Name]
	if f == nil || f.Rows() == 0 {
		return nil
	}
	return f
}
