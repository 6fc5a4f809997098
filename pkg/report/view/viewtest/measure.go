package viewtest

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// measureResult is a part of what was measured on the UCI Online Retail file by other tools.
func measureResult(t testing.TB) *contract.MeasureResult {
	t.Helper()
	return &contract.MeasureResult{
		Plan: []contract.MeasurePlan{{Days: 90, CapQuantile: .95, Cap: ptr(1105.10), Customers: 4323, Buyers: 2876, Average: ptr(482.49),
			MDE: ptr(.1088), R2: ptr(.560), Adjusted: ptr(.0722), Target: ptr(.0798), Measurable: true}},
		Measurable: "a rise of 10 % can be measured in 90 days with invoices capped at 1105.10 of the shop's currency",
		AA:         contract.MeasureAA{Splits: 2000, Rejected: ptr(.053), Low: ptr(.044), High: ptr(.064)},
		Levers:     []contract.Lever{{Lever: "a line more of mean value on every invoice", Change: ptr(.0408)}},
		LeverBase: contract.LeverBase{Days: 90, Invoices: 6000, Revenue: 2_850_000, Lines: 147_000, Pack: ptr(190_000.5),
			Thresholds: []contract.LeverThreshold{{Threshold: 300, Invoices: 700, Raise: 21_000}, {Threshold: 466.81, Invoices: 650, Raise: 29_400.25, Quartile: true}}},
		HoldOut: contract.MeasureHoldOut{Share: .1, Customers: 432},
	}
}
