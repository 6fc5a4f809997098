package contract

import (
	"slices"

	"github.com/clientele/clientele/pkg/frame"
)

// Tables of recommend.
var (
	Suggestions = frame.Schema{Name: "suggestions", Version: 2,
		Meaning: "What to offer: at most ten products per customer and list, best first. One row per entry.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Nullable: true, Meaning: "Customer identifier. Null on the list for everybody."},
			{Name: "kind", Kind: frame.Text, Meaning: "for_you (products new to the customer), together (what goes with the latest basket), again (products bought before) or popular (for everybody)."},
			{Name: "rank", Kind: frame.Int, Meaning: "Place on the list, from 1."},
			{Name: "code", Kind: frame.Text, Meaning: "Product code."},
			{Name: "score", Kind: frame.Float, Meaning: "What the list is ordered by. It compares entries of one method only; again is ordered by dates, then the latest."},
			{Name: "method", Kind: frame.Text, Meaning: "How the entry was found. pop60 is the popularity of the last 60 days."},
			{Name: "because", Kind: frame.Text, Nullable: true, Meaning: "Code of the customer's product that speaks most for it. Null where none does."},
			{Name: "probability", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Probability that the customer buys it again within 30 days. Null on other lists."},
			{Name: "rests_on", Kind: frame.Time, Meaning: "Day of the latest purchase that the entry rests on."},
			{Name: "evidence", Kind: frame.Text, Meaning: "The reason in words, with its numbers."},
			{Name: "both", Kind: frame.Float, Nullable: true, Meaning: "Customers who bought code and because; for together, baskets with both. Null without because."},
			{Name: "out_of", Kind: frame.Float, Nullable: true, Meaning: "Of so many: customers who bought because, or baskets with it. Null without because."},
		}, Coded: []string{"customer", "kind", "rank", "code", "method", "because", "rests_on"}}

	Pairs = frame.Schema{Name: "pairs", Version: 1,
		Meaning: "Products that are bought together: at most ten per product, in at least five baskets each. One row per pair.",
		Columns: []frame.Spec{
			{Name: "code", Kind: frame.Text, Meaning: "Product code."},
			{Name: "with", Kind: frame.Text, Meaning: "Code of the product bought together with it."},
			{Name: "rank", Kind: frame.Int, Meaning: "Place among the code's pairs, from 1, by descending jaccard."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices with code."},
			{Name: "both", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices with both."},
			{Name: "jaccard", Kind: frame.Float, Unit: "share", Meaning: "Invoices with both / invoices with either."},
			{Name: "rests_on", Kind: frame.Time, Meaning: "Last day of the invoices."},
			{Name: "evidence", Kind: frame.Text, Meaning: "The numbers in words."},
		}, Coded: []string{"code", "with", "rank", "rests_on"}}

	Methods = frame.Schema{Name: "methods", Version: 1,
		Meaning: "How well each method did on the last 30 days. One row per list and method. Limits are of 95 % intervals over resampled customers.",
		Columns: slices.Concat([]frame.Spec{
			{Name: "list", Kind: frame.Text, Meaning: "for_you, or together: baskets with one product hidden."},
			{Name: "method", Kind: frame.Text, Meaning: "Name of the method."},
			{Name: "served", Kind: frame.Int, Meaning: "1 for the method that makes the lists, else 0."},
		},
			scored("hr_3", "Share of customers with a hit among the first 3."),
			scored("hr_10", "Share with a hit among the first 10: of customers, or of hidden products."),
			scored("recall_10", "Mean share of the new products bought that are among the first 10."),
			scored("ndcg_3", "Mean normalized discounted cumulative gain of the first 3."),
			scored("ndcg_10", "The same of the first 10."),
			scored("novelty_10", "Mean of -log2 of the share of customers who had bought the listed product."),
			scored("gain", "ndcg_10 less that of pop60, over the same customers."),
			[]frame.Spec{{Name: "coverage_10", Kind: frame.Float, Nullable: true, Unit: "share",
				Meaning: "Share of the candidates on any list. It has no interval: fewer customers always cover fewer."}},
		)}
)

// scored declares a number with its limits.
func scored(name, meaning string) []frame.Spec {
	return []frame.Spec{
		{Name: name, Kind: frame.Float, Nullable: true, Meaning: meaning + " Null where it was not measured."},
		{Name: name + "_low", Kind: frame.Float, Nullable: true, Meaning: "Lower limit of " + name + ". Null where it was not measured."},
		{Name: name + "_high", Kind: frame.Float, Nullable: true, Meaning: "Upper limit of " + name + ". Null where it was not measured."},
	}
}
