package contract

import "github.com/clientele/clientele/pkg/frame"

// Tables of explore.
var (
	Natures = frame.Schema{Name: "nature", Version: 1,
		Meaning: "From which quantity on a purchase of a product is bulk or a reseller's, with the evidence. One row per product code, in byte order.",
		Columns: append([]frame.Spec{
			{Name: "code", Kind: frame.Text, Nullable: true, Meaning: "Product code, trimmed and in upper case. Null for lines without one."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Kept sale lines of customers."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers who bought it."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Amount of these lines."},
			{Name: "median_price", Kind: frame.Float, Unit: "currency", Meaning: "Median price of one unit over these lines."},
			{Name: "pack", Kind: frame.Quantity, Nullable: true, Unit: "units", Meaning: "Quantity from which a line is bulk. Null for none."},
			{Name: "pack_from", Kind: frame.Text, Meaning: "Where the pack comes from: own (the product's quantities), value (worth as much as packs of other products), given (configuration) or none."},
			{Name: "pack_lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines of exactly that quantity, for a pack of its own; else 0."},
			{Name: "pack_ratio", Kind: frame.Float, Nullable: true, Meaning: "How many times as often as its neighbours that quantity occurs. Null unless the pack is its own and a neighbour occurs."},
			{Name: "carton", Kind: frame.Quantity, Nullable: true, Unit: "units", Meaning: "Quantity from which a line is a reseller's. Null for none."},
			{Name: "carton_from", Kind: frame.Text, Meaning: "Where the carton comes from: own (the product's prices fall there), value, given or none."},
			{Name: "price_below", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Median price below the carton. Null unless the carton is its own."},
			{Name: "price_from", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Median price from the carton on. Null unless the carton is its own."},
			{Name: "carton_score", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Share of lines whose price tells which side of the carton they are on, the mean of the two sides. Null unless the carton is its own."},
		}, byNature("lines", "lines")...)}

	CustomerNatures = frame.Schema{Name: "customer_nature", Version: 1,
		Meaning: "How every customer buys. One row per customer, in byte order of the identifier.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "nature", Kind: frame.Text, Meaning: "personal, bulk or reseller: the class of line that holds the middle of the customer's money. A reseller has bought as one on two dates or more."},
			{Name: "personal_money_share", Kind: frame.Float, Unit: "share", Meaning: "Share of the customer's money in personal lines."},
			{Name: "bulk_money_share", Kind: frame.Float, Unit: "share", Meaning: "Share in bulk lines."},
			{Name: "reseller_money_share", Kind: frame.Float, Unit: "share", Meaning: "Share in lines of a reseller's quantity."},
			{Name: "reseller_dates", Kind: frame.Int, Unit: "days", Meaning: "Distinct dates of invoices of the class reseller."},
			{Name: "break_taken", Kind: frame.Float, Nullable: true, Unit: "share",
				Meaning: "Share of the money in products with a carton of their own that was paid at the carton's price. Null without such products."},
			{Name: "before", Kind: frame.Text, Nullable: true, Meaning: "The class by the lines of the first half of the window. Null without any."},
			{Name: "after", Kind: frame.Text, Nullable: true, Meaning: "The class by the lines of the second half. Null without any."},
		}}
)

// byNature declares what lines of each class have.
func byNature(counted, unit string) []frame.Spec {
	var specs []frame.Spec
	for _, class := range []string{"personal", "bulk", "reseller"} {
		specs = append(specs,
			frame.Spec{Name: class + "_" + counted, Kind: frame.Int, Unit: unit, Meaning: "Of these, " + class + "."},
			frame.Spec{Name: class + "_money_share", Kind: frame.Float, Unit: "share", Meaning: "Share of the revenue in them."})
	}
	return specs
}
