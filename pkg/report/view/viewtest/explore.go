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
		CodesWithPack: 2333, CodesWithCarton: 1035,
		Statements: []string{"Nobody has said who resells: the classes follow from quantities alone and cannot be checked against a truth."},
	}
}
