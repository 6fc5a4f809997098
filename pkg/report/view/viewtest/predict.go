package viewtest

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// predictResult is a part of what was measured on the UCI Online Retail file by other tools.
func predictResult(t testing.TB) *contract.PredictResult {
	t.Helper()
	return &contract.PredictResult{
		Cut: Date(t, "2011-09-11"), Days: 90, Customers: 3362,
		Model: &contract.PredictModel{R: .7165, Alpha: 66.53, P: ptr(2.4265), Q: ptr(3.3159), V: ptr(381.5), LogLikelihood: -37002.39},
		Backtest: []contract.Backtest{
			{Method: contract.MethodNBD, OrdersRMSE: ptr(1.524), OrdersRatio: ptr(.734), AUC: ptr(.730), Spearman: ptr(.497)},
			{Method: contract.MethodSame, OrdersRMSE: ptr(1.483), OrdersRatio: ptr(.794), AUC: ptr(.682), Spearman: ptr(.437)},
		},
		Calibration: []contract.PredictCalibration{{Decile: 1, Customers: 336, OrdersMean: .2, OrdersActual: .49, Buys: .16, Bought: .32}},
		Published:   contract.MethodNBD, Bias: "90 days ago it would have predicted 73 % of the orders that came",
		Due:      contract.DueResult{Why: "no due date: of customers near their own average gap 56 % came within 30 days, of those early in it 41 %"},
		Segments: []contract.PredictedSegment{{ID: "seg-0001", Name: "Champions", Customers: 700, Orders: ptr(1800.5), Money: ptr(900_000.), Buyers: ptr(650.), Unsaid: 1}},
	}
}
