package fit

import (
	"fmt"

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
}

// Range writes the k that are tried, as people read it.
func (r Recipe) Range() string {
	if r.K != 0 {
		return fmt.Sprintf("k = %d", r.K)
	}
	return fmt.Sprintf("k = %d … %d", r.KMin, r.KMax)
}
