package fit

import (
	"github.com/clientele/clientele/pkg/space"
)

// Recipe is all that a fit depends on besides the customers: the same recipe and customers give the same fit. How the
// customers were prepared (window and rules) is kept beside it, in the model.
type Recipe struct {
	Space  []space.Spec `json:"space"`         // in the order of the axes
	PCA    float64      `json:"pca,omitempty"` // share of variance that the principal components kept must hold; 0: no rotation
	K      int          `json:"k"`             // asked for; 0: chosen by the criteria
	KMin   int          `json:"k_min"`
	KMax   int          `json:"k_max"`
	Starts int          `json:"starts"`
	Seed   uint64       `json:"seed"`
	Rule   Rule         `json:"rule"`
}

// Rule says which k qualify, and how one of them is chosen.
type Rule struct {
	MinShare     float64 `json:"min_share"`     // of customers in the smallest segment, 0 … 1
	MinCustomers int     `json:"min_customers"` // in the smallest segment
	MinJaccard   float64 `json:"min_jaccard"`   // of the segment that comes again least well in resamples
	MinStrength  float64 `json:"min_strength"`  // of prediction, less one standard error
	// The chord that the elbow lies farthest below goes from the inertia at ElbowFrom to that at ElbowTo, whatever range of k is
	// tried: neither --k-max nor --k moves it. With fewer distinct customers than ElbowTo it goes as far as they reach.
	ElbowFrom int `json:"elbow_from"`
	ElbowTo   int `json:"elbow_to"`
	// KeepMargin is by how much farther below the chord another k must lie than the current model's, of the height of the unit
	// square, to take its place.
	KeepMargin float64 `json:"keep_margin"`
	Resamples  int     `json:"resamples"` // for Jaccard
	Splits     int     `json:"splits"`    // for prediction strength
}

// DefaultRule is the rule of the documentation. 0.75 is what Hennig (2007) asks of a valid cluster, 0.8 what Tibshirani and
// Walther (2005) ask of a prediction strength.
func DefaultRule() Rule {
	return Rule{
		MinShare: 0.01, MinCustomers: 10, MinJaccard: 0.75, MinStrength: 0.8, ElbowFrom: 2, ElbowTo: 10, KeepMargin: 0.05,
		Resamples: 50, Splits: 10,
	}
}
