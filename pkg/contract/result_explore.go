package contract

import (
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// ExploreResult is what explore reports.
type ExploreResult struct {
	Nature          NatureResult `json:"nature"`
	CodesWithPack   int64        `json:"codes_with_pack"` // products with a pack found in their own lines
	CodesWithCarton int64        `json:"codes_with_carton"`
	// Regions are the 20 countries of most revenue; the table has all.
	Regions []RegionResult `json:"regions"`
	Lifts   []LiftResult   `json:"lifts"` // up to three products, the surest first, of the first eight countries that have any
	// ByRegion are the 10 regions of most revenue that the delivery names, RegionLifts products of theirs; absent where it names none.
	ByRegion    []RegionResult `json:"by_region,omitempty"`
	RegionLifts []LiftResult   `json:"region_lifts,omitempty"`
	// Tree is the change of the last 90 days' revenue against the 90 days before, by factor; empty where it has none.
	Tree       []TreeResult  `json:"tree"`
	Change     *ChangeResult `json:"change"`     // null where the lines do not reach back so far
	Statements []string      `json:"statements"` // what the lines cannot show, a sentence each
}

// NatureResult says how people buy. Lines, invoices and customers each have a class of their own.
type NatureResult struct {
	Personal NatureClass `json:"personal"`
	Bulk     NatureClass `json:"bulk"`
	Reseller NatureClass `json:"reseller"`

	PackWorth   *float64 `json:"pack_worth"` // for products without a pack of their own; null if too few have one
	CartonWorth *float64 `json:"carton_worth"`

	Variants        []NatureVariant `json:"variants"`
	HalvesCut       calendar.Date   `json:"halves_cut"`       // first day of the second half of the window
	HalvesCustomers int64           `json:"halves_customers"` // with lines in both halves
	HalvesKappa     *float64        `json:"halves_kappa"`     // Cohen's kappa between their classes in the two halves
}

// NatureClass is what one class has. Shares of money are of all revenue.
type NatureClass struct {
	Lines             int64   `json:"lines"`
	Invoices          int64   `json:"invoices"`
	Customers         int64   `json:"customers"`
	MoneyShare        float64 `json:"money_share"` // of the class's customers
	LineMoneyShare    float64 `json:"line_money_share"`
	InvoiceMoneyShare float64 `json:"invoice_money_share"`
	WeekendShare      float64 `json:"weekend_share"` // of the invoices of the class's customers
	BreakTaken        float64 `json:"break_taken"`   // share of their money at a carton's price, in products with a carton of their own
}

// NatureVariant is who has another class under neighbouring thresholds.
type NatureVariant struct {
	Thresholds string  `json:"thresholds"`
	Customers  int64   `json:"customers"`
	MoneyShare float64 `json:"money_share"`
}

// RegionResult is one country or region. Indices are null where too few customers say anything.
type RegionResult struct {
	Region         string       `json:"region"`
	Customers      int64        `json:"customers"`
	Invoices       int64        `json:"invoices"`
	Revenue        money.Amount `json:"revenue"`
	AverageInvoice float64      `json:"average_invoice"`
	Effective      float64      `json:"n_eff"` // effective number of customers
	TooFew         bool         `json:"too_few"`
	IndexInvoices  *float64     `json:"index_invoices"` // 100: all customers
	IndexAverage   *float64     `json:"index_average"`
	IndexRevenue   *float64     `json:"index_revenue"`
	Growth         *float64     `json:"growth"` // of the last 90 days
	GrowthLow      *float64     `json:"growth_low"`
	GrowthHigh     *float64     `json:"growth_high"`
}

// LiftResult is a product that a country or region prefers.
type LiftResult struct {
	Region    string  `json:"region"`
	Code      string  `json:"code"`
	Customers int64   `json:"customers"`
	EBGM      float64 `json:"ebgm"` // times as many as expected
	EB05      float64 `json:"eb05"` // its 5 % quantile
}

// TreeResult is a factor's part of the change of revenue.
type TreeResult struct {
	Factor       string       `json:"factor"` // customers, frequency, lines, units, price
	Contribution money.Amount `json:"contribution"`
}

// ChangeResult is the change of revenue by customers: new + lost + retained = now − before.
type ChangeResult struct {
	Before   money.Amount `json:"before"`
	Now      money.Amount `json:"now"`
	New      money.Amount `json:"new"`
	Lost     money.Amount `json:"lost"`
	Retained money.Amount `json:"retained"`
}
