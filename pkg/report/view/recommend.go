package view

import "github.com/clientele/clientele/pkg/contract"

// Recommend is what is offered to customers, and how well such lists did on the last month.
type Recommend struct {
	contract.RecommendResult
	ServedRow *contract.MethodResult `json:"served_row"` // of Methods; null where nobody could be judged
	Together  []Pair                 `json:"together"`   // the most often bought together
	CameShare Number                 `json:"came_share"` // products bought again / predicted
}

func newRecommend(in Inputs) *Recommend {
	if in.Recommend == nil {
		return nil
	}
	r := &Recommend{RecommendResult: *in.Recommend, CameShare: Undefined(), Together: pairs(in)}
	for i := range r.Methods {
		if r.Methods[i].Method == r.Served.Method {
			r.ServedRow = &r.Methods[i]
		}
	}
	if e := r.BuyAgain.Expected; e > 0 {
		r.CameShare = Number(float64(r.BuyAgain.Came) / e)
	}
	return r
}
