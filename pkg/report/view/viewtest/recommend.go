package viewtest

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// recommendResult is a part of what was measured on the UCI Online Retail file by other tools.
func recommendResult(t testing.TB) *contract.RecommendResult {
	t.Helper()
	won := contract.Served{Method: "ease_pop60", Lambda: 200, Exponent: .25}
	return &contract.RecommendResult{
		Cut: Date(t, "2011-11-10"), Customers: 4072, Candidates: 3063, Pairs: 229_394, Judged: 1257, Unreachable: .027, Served: won, Chosen: won,
		Why: "In the last 30 days it ranked 1257 customers' new purchases better than popularity of the last 60 days did.",
		Methods: []contract.MethodResult{
			{Method: "pop60", HR3: .1846, HR10: .3572, Recall10: .0368, NDCG10: .0693, Coverage10: .015},
			{Method: "ease_pop60", HR3: .2562, HR10: .4869, Recall10: .0709, NDCG10: .1077, Coverage10: .267, Gain: .0385, GainLow: .029, GainHigh: .048},
		},
		Baskets:        []contract.BasketResult{{Method: "pop60", HR10: .0538}, {Method: "jaccard_max", HR10: .2912}},
		BasketsTrained: 15_608, BasketsJudged: 2460,
		BuyAgain: contract.BuyAgain{Customers: 1276, HR3: .6254, HR10: .8519, Latest3: .5008, Latest10: .7970, Expected: 15_900, Came: 19_490,
			Calibration: []contract.Calibration{{Dates: "1", Pairs: 183_577, Predicted: .0419, Bought: .0535}}},
		Products: 2880, Listed: 4323, Suggestions: 126_070, Filled: 10,
		Statements: []string{"In the last 30 days it ranked 1257 customers' new purchases better than popularity of the last 60 days did."},
	}
}
