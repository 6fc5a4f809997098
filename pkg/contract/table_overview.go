package contract

import "github.com/clientele/clientele/pkg/frame"

// Tables of explore that show the lines as they are.
var (
	Gaps = frame.Schema{Name: "gaps", Version: 1,
		Meaning: "What is missing or was rejected. One row per check of the delivery that failed, rule that removed lines, and column that can be empty.",
		Columns: []frame.Spec{
			{Name: "kind", Kind: frame.Text, Meaning: "rejected: a check of the last delivery. removed: a rule of the ledger. delivered: a column that accepted lines of the last delivery lack. missing: a column that kept sale lines lack."},
			{Name: "name", Kind: frame.Text, Meaning: "Name of the check, the rule or the column."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Records or lines that it is about."},
			{Name: "share", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Their share of the records of the delivery, of the lines of the window, of the accepted lines of the delivery, or of the kept lines. Null where these are none."},
		}}

	Distributions = frame.Schema{Name: "distributions", Version: 1,
		Meaning: "How often quantities, prices and values of invoices of each size occur, in logarithmic bins. One row per measure and bin.",
		Columns: []frame.Spec{
			{Name: "measure", Kind: frame.Text, Meaning: "quantity or price (of lines), or invoice_value (of invoices)."},
			{Name: "low", Kind: frame.Float, Meaning: "Lower bound of the bin, in it."},
			{Name: "high", Kind: frame.Float, Meaning: "Upper bound, not in it."},
			{Name: "count", Kind: frame.Int, Meaning: "Lines or invoices in the bin."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their amount."},
		}}

	Times = frame.Schema{Name: "times", Version: 1,
		Meaning: "When people buy. One row per month, weekday and hour with an invoice.",
		Columns: []frame.Spec{
			{Name: "month", Kind: frame.Text, Meaning: "Month, such as 2011-01."},
			{Name: "weekday", Kind: frame.Int, Meaning: "1 for Monday to 7 for Sunday."},
			{Name: "hour", Kind: frame.Int, Meaning: "Hour of the day, 0 to 23, local to the shop."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices then."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their amount."},
		}}

	Concentration = frame.Schema{Name: "concentration", Version: 1,
		Meaning: "How much of the revenue the best customers bring. One row per share of customers.",
		Columns: []frame.Spec{
			{Name: "share", Kind: frame.Float, Unit: "share", Meaning: "The best 0.01, 0.05, 0.1, 0.2 and 0.5 of customers by revenue."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "How many these are, rounded up."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their revenue."},
			{Name: "revenue_share", Kind: frame.Float, Unit: "share", Meaning: "Its share of all revenue."},
		}}

	Top = frame.Schema{Name: "top", Version: 1,
		Meaning: "The 50 products, the 50 countries and, where the delivery names any, the 50 regions of most revenue. One row each.",
		Columns: []frame.Spec{
			{Name: "kind", Kind: frame.Text, Meaning: "product, country or region."},
			{Name: "rank", Kind: frame.Int, Meaning: "1 for the most revenue."},
			{Name: "name", Kind: frame.Text, Nullable: true, Meaning: "Product code, country or region. Null for lines without one."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers who bought it or there."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices with such a line."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Amount of these lines."},
			{Name: "revenue_share", Kind: frame.Float, Unit: "share", Meaning: "Its share of all revenue."},
		}}

	Correlations = frame.Schema{Name: "correlations", Version: 1,
		Meaning: "Spearman's rank correlation of every two features of the customers. One row per pair.",
		Columns: []frame.Spec{
			{Name: "feature", Kind: frame.Text, Meaning: "Column of the customers table."},
			{Name: "other", Kind: frame.Text, Meaning: "A later column of it."},
			{Name: "correlation", Kind: frame.Float, Nullable: true, Meaning: "-1 to 1. Null below 3 customers with both, or where a feature is the same for all."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers who have both."},
		}}
)
