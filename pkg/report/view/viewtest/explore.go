package viewtest

import (
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// exploreResult is a part of what was measured on the UCI Online Retail file by other tools.
func exploreResult(t testing.TB) *contract.ExploreResult {
	t.Helper()
	return &contract.ExploreResult{
		Nature: contract.NatureResult{
			Personal:  contract.NatureClass{Lines: 166_673, Invoices: 3373, Customers: 755, MoneyShare: .0864, LineMoneyShare: .1147, InvoiceMoneyShare: .0969, WeekendShare: .232},
			Bulk:      contract.NatureClass{Lines: 205_114, Invoices: 11_563, Customers: 3294, MoneyShare: .5609, LineMoneyShare: .4867, InvoiceMoneyShare: .5063, WeekendShare: .103},
			Reseller:  contract.NatureClass{Lines: 21_657, Invoices: 3335, Customers: 274, MoneyShare: .3527, LineMoneyShare: .3985, InvoiceMoneyShare: .3968, WeekendShare: .072},
			PackWorth: ptr(14.94), CartonWorth: ptr(81.60), HalvesCut: Date(t, "2011-06-10"), HalvesCustomers: 1939, HalvesKappa: ptr(.642),
			Variants: []contract.NatureVariant{{Thresholds: "cartons × 1.25", Customers: 157, MoneyShare: .111}, {Thresholds: "packs + 1", Customers: 2037, MoneyShare: .299}},
		},
		Regions: []contract.RegionResult{
			{Region: "United Kingdom", Customers: 3908, Invoices: 16_464, Revenue: amount(t, "6843190.02"), AverageInvoice: 415.65, Effective: 251.9,
				IndexInvoices: ptr(100.4), IndexAverage: ptr(96.1), IndexRevenue: ptr(96.5), Growth: ptr(.905), GrowthLow: ptr(.729), GrowthHigh: ptr(1.099)},
			{Region: "Netherlands", Customers: 9, Invoices: 93, Revenue: amount(t, "283479.54"), AverageInvoice: 3048.17, Effective: 1.03, TooFew: true},
		},
		Lifts: []contract.LiftResult{{Region: "Germany", Code: "22331", Customers: 21, EBGM: 7.465, EB05: 5.149}},
		Tree: []contract.TreeResult{{Factor: "customers", Contribution: amount(t, "1006666.67")}, {Factor: "frequency", Contribution: amount(t, "238622.11")},
			{Factor: "lines", Contribution: amount(t, "448720.10")}, {Factor: "units", Contribution: amount(t, "-488380.56")},
			{Factor: "price", Contribution: amount(t, "166849.08")}},
		Change: &contract.ChangeResult{Before: amount(t, "1776704.21"), Now: amount(t, "3149181.61"), New: amount(t, "958182.95"),
			Lost: amount(t, "-254016.65"), Retained: amount(t, "668311.10")},
		CodesWithPack: 2333, CodesWithCarton: 1035,
		Statements: []string{"Nobody has said who resells: the classes follow from quantities alone and cannot be checked against a truth."},
	}
}
