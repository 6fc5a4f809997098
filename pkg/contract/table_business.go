package contract

import "github.com/clientele/clientele/pkg/frame"

// Tables of explore about money: by nature, by region, by period, by cohort.
var (
	NatureShares = frame.Schema{Name: "nature_shares", Version: 1,
		Meaning: "How purchases divide by nature, over all customers, by segment, by country and, where the delivery names one, by region. One row per group and nature.",
		Columns: []frame.Spec{
			{Name: "by", Kind: frame.Text, Meaning: "all, segment, country or region."},
			{Name: "name", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment, the country, or the region. Null for all, for no country and for no region."},
			{Name: "nature", Kind: frame.Text, Meaning: "personal, bulk or reseller. Lines, invoices and customers each have a nature of their own."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines of this nature."},
			{Name: "line_revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their amount."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices of this nature."},
			{Name: "invoice_revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their amount."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers of this nature. By country and region each counts once, where the largest amount is."},
			{Name: "customer_revenue", Kind: frame.Money, Unit: "currency", Meaning: "Their amount."},
		}}

	Regions = frame.Schema{Name: "regions", Version: 2,
		Meaning: "What customers bought by country and, where the delivery names one, by region, in the whole window and month by month. One row per country or region and month, and one for the window. An invoice counts where most of its amount is.",
		Columns: []frame.Spec{
			{Name: "by", Kind: frame.Text, Nullable: true, Meaning: "country or region. The rows of each are all of the revenue. Null in tables of version 1, which have countries only."},
			{Name: "region", Kind: frame.Text, Nullable: true, Meaning: "Country or region. Null for lines without one."},
			{Name: "month", Kind: frame.Text, Nullable: true, Meaning: "Month of the invoice, such as 2011-01. Null for the whole window."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers with an invoice there."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Their invoices there."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Amount of these invoices."},
			{Name: "average_invoice", Kind: frame.Float, Unit: "currency", Meaning: "revenue / invoices."},
			{Name: "n_eff", Kind: frame.Float, Unit: "customers", Meaning: "Effective number of customers: the square of the sum of their revenue / the sum of its squares."},
			{Name: "too_few", Kind: frame.Int, Meaning: "1 for fewer than 10 customers or 5 effective ones, which are too few to say more than sums; else 0."},
			index("index_invoices", "Invoices per customer"), low("index_invoices"), high("index_invoices"),
			index("index_average", "Average invoice per customer"), low("index_average"), high("index_average"),
			index("index_revenue", "Revenue per customer"), low("index_revenue"), high("index_revenue"),
			{Name: "growth", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Revenue of the last 90 days / that of the 90 days before, less 1. Null by month, for too few customers, and without revenue in either."},
			{Name: "growth_low", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Lower limit of its 95 % interval; the customer is the unit. Null without growth."},
			{Name: "growth_high", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Upper limit of its 95 % interval. Null without growth."},
		}}

	ProductLifts = frame.Schema{Name: "lifts", Version: 2,
		Meaning: "Products that more customers of a country or region buy than its share of all purchases lets expect, by DuMouchel's gamma-Poisson shrinker. One row per country or region and product with 5 customers or more and eb05 above 1, by descending eb05.",
		Columns: []frame.Spec{
			{Name: "by", Kind: frame.Text, Nullable: true, Meaning: "country or region. Null in tables of version 1, which have countries only."},
			{Name: "region", Kind: frame.Text, Nullable: true, Meaning: "Country or region of the customers; each counts once, where the largest amount is."},
			{Name: "code", Kind: frame.Text, Meaning: "Product code, trimmed and in upper case."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers there who bought it."},
			{Name: "expected", Kind: frame.Float, Unit: "customers", Meaning: "Customers who would have, if preferences were alike everywhere."},
			{Name: "ebgm", Kind: frame.Float, Meaning: "How many times as many as expected: geometric mean of the posterior distribution."},
			{Name: "eb05", Kind: frame.Float, Meaning: "Its 5 % quantile: with a probability of 95 % the lift is larger."},
		}}

	Tree = frame.Schema{Name: "tree", Version: 1,
		Meaning: "Where a change of revenue comes from: the last 90 days against an earlier period of 90 days. Five rows per group for the factors that multiply to its revenue, three for its new, lost and retained customers, and one for the revenue. Each set of contributions adds up to the change.",
		Columns: []frame.Spec{
			{Name: "against", Kind: frame.Text, Meaning: "previous: the 90 days before. year_ago: the 90 days a year earlier, if the window reaches back so far."},
			{Name: "by", Kind: frame.Text, Meaning: "all, segment, nature, country or region."},
			{Name: "name", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment, nature of the customer, or country or region of the invoice. Null for all, for no country and for no region."},
			{Name: "factor", Kind: frame.Text, Meaning: "revenue; customers, frequency (invoices per customer), lines (per invoice), units (per line), price (per unit); new, lost or retained (customers)."},
			{Name: "before", Kind: frame.Float, Nullable: true, Meaning: "Value in the earlier period; for new, lost and retained their number of customers there. Null for a factor of an empty period."},
			{Name: "now", Kind: frame.Float, Nullable: true, Meaning: "Value in the last 90 days, likewise."},
			{Name: "contribution", Kind: frame.Money, Nullable: true, Unit: "currency", Meaning: "Part of the change of revenue, by the logarithmic mean Divisia index (LMDI-I). Null for factors where a period is empty."},
		}}

	Cohorts = frame.Schema{Name: "cohorts", Version: 1,
		Meaning: "Customers by the month of their first purchase in the window, followed month by month. One row per cohort and month.",
		Columns: []frame.Spec{
			{Name: "cohort", Kind: frame.Text, Meaning: "Month of the first purchase in the window, such as 2011-01."},
			{Name: "later", Kind: frame.Int, Unit: "months", Meaning: "Months after it."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers of the cohort who bought in that month."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "What they spent in it."},
			{Name: "retention", Kind: frame.Float, Unit: "share", Meaning: "customers / customers of the cohort."},
			{Name: "censored", Kind: frame.Int, Meaning: "1 for the first cohort of the window, whose customers may have bought before it; else 0."},
			{Name: "partial", Kind: frame.Int, Meaning: "1 for the month of as-of, which is not over; else 0."},
		}}
)

func index(name, what string) frame.Spec {
	return frame.Spec{Name: name, Kind: frame.Float, Nullable: true,
		Meaning: what + " against all customers, whose geometric mean is 100, shrunk towards it by how little the country or region says. A customer counts in one. Null for too few customers or fewer than 3 of them."}
}

func low(name string) frame.Spec {
	return frame.Spec{Name: name + "_low", Kind: frame.Float, Nullable: true, Meaning: "Lower limit of the 95 % interval of " + name + ". Null without one."}
}

func high(name string) frame.Spec {
	return frame.Spec{Name: name + "_high", Kind: frame.Float, Nullable: true, Meaning: "Upper limit of the 95 % interval of " + name + ". Null without one."}
}
