package view

import (
	"cmp"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
)

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

// Pair are products bought together.
type Pair struct {
	Code     string  `json:"code"`
	With     string  `json:"with"`
	Invoices int64   `json:"invoices"`
	Both     int64   `json:"both"`
	Jaccard  float64 `json:"jaccard"`
}

// mostPairs bounds the pairs of products that are shown.
const mostPairs = 40

// pairs are the products most often bought together, each pair once, from its product of more invoices.
func pairs(in Inputs) []Pair {
	f := in.table(contract.Pairs)
	if f == nil {
		return nil
	}
	seen := map[[2]string]int{}
	var rows []Pair
	for i, code := range f.Strings("code") {
		p := Pair{code, f.Strings("with")[i], f.Ints("invoices")[i], f.Ints("both")[i], f.Floats("jaccard")[i]}
		key := [2]string{min(p.Code, p.With), max(p.Code, p.With)}
		k, ok := seen[key]
		switch {
		case !ok:
			seen[key] = len(rows)
			rows = append(rows, p)
		case p.Invoices > rows[k].Invoices:
			rows[k] = p
		}
	}
	slices.SortFunc(rows, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Both, a.Both), cmp.Compare(a.Code, b.Code), cmp.Compare(a.With, b.With))
	})
	return rows[:min(mostPairs, len(rows))]
}
