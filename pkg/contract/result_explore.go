package contract

import "github.com/clientele/clientele/pkg/calendar"

// ExploreResult is what explore reports.
type ExploreResult struct {
	Nature          NatureResult `json:"nature"`
	CodesWithPack   int64        `json:"codes_with_pack"` // products with a pack found in their own lines
	CodesWithCarton int64        `json:"codes_with_carton"`
	Statements      []string     `json:"statements"` // what the lines cannot show, a sentence each
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
