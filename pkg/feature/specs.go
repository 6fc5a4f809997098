package feature

import "github.com/clientele/clientele/pkg/frame"

// Specs declares the customers table: the columns of [Table.Frame], in order.
var Specs = []frame.Spec{
	{Name: "customer", Kind: frame.Text},
	{Name: "recency", Kind: frame.Int, Unit: "days"},
	{Name: "frequency", Kind: frame.Int, Unit: "invoices"},
	{Name: "monetary", Kind: frame.Money, Unit: "money"},
	{Name: "average_invoice", Kind: frame.Float, Unit: "money"},
	{Name: "units", Kind: frame.Int, Unit: "units"},
	{Name: "lines", Kind: frame.Int, Unit: "lines"},
	{Name: "products", Kind: frame.Int, Unit: "codes"},
	{Name: "lines_per_invoice", Kind: frame.Float, Unit: "lines"},
	{Name: "tenure", Kind: frame.Int, Unit: "days"},
	{Name: "gap_mean", Kind: frame.Float, Nullable: true, Unit: "days"},
	{Name: "gap_sd", Kind: frame.Float, Nullable: true, Unit: "days"},
	{Name: "monthly_mean", Kind: frame.Float, Unit: "money"},
	{Name: "monthly_sd", Kind: frame.Float, Nullable: true, Unit: "money"},
	{Name: "monthly_slope", Kind: frame.Float, Nullable: true, Unit: "money a block of 30 days"},
	{Name: "return_value_rate", Kind: frame.Float, Unit: "0..1"},
	{Name: "return_count_rate", Kind: frame.Float, Unit: "0..1"},
	{Name: "weekend_share", Kind: frame.Float, Unit: "0..1"},
	{Name: "office_share", Kind: frame.Float, Unit: "0..1"},
	{Name: "country", Kind: frame.Text, Nullable: true},
	{Name: "median_units", Kind: frame.Float, Unit: "units"},
	{Name: "rebought_share", Kind: frame.Float, Unit: "0..1"},
}
