package feature

import "github.com/clientele/clientele/pkg/frame"

// column declares a column of the customers table once: what it is, and where a [Table] keeps its values.
type column struct {
	frame.Spec
	at func(*Table) any // *[]string, *[]int64 or *[]float64
}

// columns are those of the customers table, in order. A purchase is an invoice with a kept sale line.
var columns = []column{
	{frame.Spec{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier, as delivered or hashed."},
		func(t *Table) any { return &t.Customer }},
	{frame.Spec{Name: "recency", Kind: frame.Int, Unit: "days", Meaning: "Days from the last purchase to as-of."},
		func(t *Table) any { return &t.Recency }},
	{frame.Spec{Name: "frequency", Kind: frame.Int, Unit: "invoices", Meaning: "Distinct invoices."},
		func(t *Table) any { return &t.Frequency }},
	{frame.Spec{Name: "monetary", Kind: frame.Money, Unit: "currency", Meaning: "Amount of all kept sale lines, less cancellations that found their sale."},
		func(t *Table) any { return &t.Monetary }},
	{frame.Spec{Name: "average_invoice", Kind: frame.Float, Unit: "currency", Meaning: "monetary / frequency."},
		func(t *Table) any { return &t.AverageInvoice }},
	{frame.Spec{Name: "units", Kind: frame.Quantity, Unit: "units", Meaning: "Units bought, less those cancelled."},
		func(t *Table) any { return &t.Units }},
	{frame.Spec{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Kept sale lines."},
		func(t *Table) any { return &t.Lines }},
	{frame.Spec{Name: "products", Kind: frame.Int, Unit: "products", Meaning: "Distinct product codes."},
		func(t *Table) any { return &t.Products }},
	{frame.Spec{Name: "lines_per_invoice", Kind: frame.Float, Unit: "lines", Meaning: "lines / frequency."},
		func(t *Table) any { return &t.LinesPerInvoice }},
	{frame.Spec{Name: "tenure", Kind: frame.Int, Unit: "days", Meaning: "Days from the first purchase in the window to as-of."},
		func(t *Table) any { return &t.Tenure }},
	{frame.Spec{Name: "gap_mean", Kind: frame.Float, Nullable: true, Unit: "days",
		Meaning: "Mean number of days between successive purchase dates. Null with fewer than 2 dates."},
		func(t *Table) any { return &t.GapMean }},
	{frame.Spec{Name: "gap_sd", Kind: frame.Float, Nullable: true, Unit: "days",
		Meaning: "Sample standard deviation of these gaps. Null with fewer than 3 dates."},
		func(t *Table) any { return &t.GapSD }},
	{frame.Spec{Name: "monthly_mean", Kind: frame.Float, Unit: "currency",
		Meaning: "Mean spending per block of 30 days. Blocks end at as-of and start with the one of the first purchase."},
		func(t *Table) any { return &t.MonthlyMean }},
	{frame.Spec{Name: "monthly_sd", Kind: frame.Float, Nullable: true, Unit: "currency",
		Meaning: "Sample standard deviation of spending per block. Null with fewer than 2 blocks."},
		func(t *Table) any { return &t.MonthlySD }},
	{frame.Spec{Name: "monthly_slope", Kind: frame.Float, Nullable: true, Unit: "currency per block",
		Meaning: "Least-squares slope of spending per block, forward in time. Null with fewer than 2 blocks."},
		func(t *Table) any { return &t.MonthlySlope }},
	{frame.Spec{Name: "return_value_rate", Kind: frame.Float, Unit: "share",
		Meaning: "Value of cancellation lines / (that value + monetary). 0 without cancellations."},
		func(t *Table) any { return &t.ReturnValueRate }},
	{frame.Spec{Name: "return_count_rate", Kind: frame.Float, Unit: "share",
		Meaning: "Cancellation invoices / (cancellation invoices + frequency). 0 without cancellations."},
		func(t *Table) any { return &t.ReturnCountRate }},
	{frame.Spec{Name: "weekend_share", Kind: frame.Float, Unit: "share", Meaning: "Share of invoices on a Saturday or Sunday."},
		func(t *Table) any { return &t.WeekendShare }},
	{frame.Spec{Name: "office_share", Kind: frame.Float, Unit: "share", Meaning: "Share of invoices from Monday to Friday, 09:00 to before 17:00."},
		func(t *Table) any { return &t.OfficeShare }},
	{frame.Spec{Name: "country", Kind: frame.Text, Nullable: true, Meaning: "Country with the largest amount; of equal ones the first in byte order."},
		func(t *Table) any { return &t.Country }},
	{frame.Spec{Name: "median_units", Kind: frame.Float, Unit: "units", Meaning: "Median quantity of the kept sale lines."},
		func(t *Table) any { return &t.MedianUnits }},
	{frame.Spec{Name: "rebought_share", Kind: frame.Float, Unit: "share", Meaning: "Share of products bought on more than one date."},
		func(t *Table) any { return &t.ReboughtShare }},
}

// Specs declares the customers table: the columns of [Table.Frame], in order.
var Specs = specs()

func specs() []frame.Spec {
	all := make([]frame.Spec, len(columns))
	for i, c := range columns {
		all[i] = c.Spec
	}
	return all
}
