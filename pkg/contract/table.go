package contract

import (
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/frame"
)

// Tables that pass between steps. A change of a column's name, kind or nullability raises the version; a reader takes its own
// and the one before.
var (
	Lines = frame.Schema{Name: "lines", Version: 2,
		Meaning: "The accepted lines of one source on one day, in the order of the delivery. One row per line.",
		Columns: []frame.Spec{
			{Name: "invoice", Kind: frame.Text, Meaning: "Invoice number. C… is a cancellation, A… an adjustment."},
			{Name: "code", Kind: frame.Text, Nullable: true, Meaning: "Product code. Null where the delivery has one line per order."},
			{Name: "description", Kind: frame.Text, Nullable: true, Meaning: "Product description."},
			{Name: "quantity", Kind: frame.Quantity, Unit: "units", Meaning: "Items, kilograms, metres; negative in cancellations and write-offs."},
			{Name: "time", Kind: frame.Time, Meaning: "Time of the invoice, local to the shop."},
			{Name: "price", Kind: frame.Price, Unit: "currency", Meaning: "Price of one unit."},
			{Name: "amount", Kind: frame.Money, Nullable: true, Unit: "currency",
				Meaning: "Line total, where the delivery has a column of them. Null where it is quantity × price."},
			{Name: "customer", Kind: frame.Text, Nullable: true, Meaning: "Customer identifier, as delivered or hashed. Null for a guest."},
			{Name: "country", Kind: frame.Text, Nullable: true, Meaning: "Country of the customer."},
			{Name: "status", Kind: frame.Text, Nullable: true, Meaning: "Status of the order or kind of the line, as delivered."},
			{Name: "record", Kind: frame.Int, Meaning: "Position of the record in the delivery, from 1."},
		}, Coded: []string{"invoice", "code", "description", "quantity", "time", "price", "amount", "customer", "country", "status"}}

	// ConvertedLines is Lines of a day that has lines in other currencies than the shop's.
	ConvertedLines = frame.Schema{Name: "converted_lines", Version: 1,
		Meaning: "The same as lines, of a day on which lines were converted from another currency. Price and amount are in the shop's.",
		Columns: append(slices.Clone(Lines.Columns),
			frame.Spec{Name: "original_currency", Kind: frame.Text, Nullable: true, Meaning: "ISO 4217 code of the currency of the delivery. Null where the line was in the shop's."},
			frame.Spec{Name: "original_amount", Kind: frame.Money, Nullable: true, Unit: "original currency", Meaning: "Line total in that currency, as delivered. Null where the line was in the shop's."}),
		Coded: append(slices.Clone(Lines.Coded), "original_currency", "original_amount")}

	// RegionalLines is Lines of a day on which lines have a region.
	RegionalLines = frame.Schema{Name: "regional_lines", Version: 1,
		Meaning: "The same as converted_lines, of a day on which lines have a region, whatever their currency.",
		Columns: append(slices.Clone(ConvertedLines.Columns),
			frame.Spec{Name: "region", Kind: frame.Text, Nullable: true, Meaning: "What the column says that --columns names as the region: a county, a state, a store."}),
		Coded: append(slices.Clone(ConvertedLines.Coded), "region")}

	Quarantine = frame.Schema{Name: "quarantine", Version: 1,
		Meaning: "The rejected records of one delivery. One row per record.",
		Columns: []frame.Spec{
			{Name: "delivery", Kind: frame.Text, Meaning: "Key of the ingest step that read the delivery."},
			{Name: "record", Kind: frame.Int, Meaning: "Position of the record in the delivery, from 1."},
			{Name: "raw", Kind: frame.Text, Nullable: true, Meaning: "Text of the record as it was read, cut to 4096 bytes, with the customer identifier hashed if a key is set."},
			{Name: "rules", Kind: frame.Text, Meaning: "Names of the checks that the record failed, separated by commas."},
		}}

	Sales = frame.Schema{Name: "sales", Version: 3,
		Meaning: "The kept lines of the window, customer by customer. One row per line.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Nullable: true, Meaning: "Customer identifier. Null for a guest."},
			{Name: "invoice", Kind: frame.Text, Meaning: "Invoice number."},
			{Name: "code", Kind: frame.Text, Nullable: true, Meaning: "Product code. Null where the delivery has one line per order."},
			{Name: "time", Kind: frame.Time, Meaning: "Time of the invoice, local to the shop."},
			{Name: "quantity", Kind: frame.Quantity, Unit: "units", Meaning: "Units left after cancellations."},
			{Name: "price", Kind: frame.Price, Unit: "currency", Meaning: "Price of one unit."},
			{Name: "amount", Kind: frame.Money, Unit: "currency",
				Meaning: "What these units are worth: quantity × price, rounded to the ten-thousandth, or their share of the line total."},
			{Name: "country", Kind: frame.Text, Nullable: true, Meaning: "Country of the customer."},
			{Name: "region", Kind: frame.Text, Nullable: true, Meaning: "Region of the line: a county, a state, a store. Null where no column of the delivery is named for it."},
		}, Coded: []string{"customer", "invoice", "code", "time", "quantity", "price", "amount", "country", "region"}}

	Ledger = frame.Schema{Name: "ledger", Version: 1,
		Meaning: "The account of every line and amount in the window. One row for the input, one per rule in order, one for what is kept. " +
			"Lines and amounts of the rules and of kept add up to the input.",
		Columns: []frame.Spec{
			{Name: "rule", Kind: frame.Text, Meaning: "input, the name of a rule, or kept."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines that the rule removed. A line counts for the first rule that removes it."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Distinct invoices among them. An invoice can count in several rows."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Distinct customers among them, without guests. A customer can count in several rows."},
			{Name: "amount", Kind: frame.Money, Unit: "currency", Meaning: "sales + returns."},
			{Name: "sales", Kind: frame.Money, Unit: "currency", Meaning: "Sum of the positive amounts."},
			{Name: "returns", Kind: frame.Money, Unit: "currency", Meaning: "Sum of the negative amounts."},
		}}

	Customers = frame.Schema{Name: "customers", Version: 2,
		Meaning: "The features of every customer with a kept sale line in the window, in byte order of the identifier. One row per customer. " +
			"The time of an invoice is the earliest of its kept sale lines.",
		Columns: feature.Specs}

	Returns = frame.Schema{Name: "returns", Version: 1,
		Meaning: "What customers of the window gave back or were let off, day by day, whether or not a return found its sale. " +
			"One row per customer, day and kind, in byte order of the customer. Lines of no product, of guests and of void orders do not count.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "day", Kind: frame.Text, Meaning: "The day, as 2011-12-09."},
			{Name: "kind", Kind: frame.Text, Meaning: "return, or discount: a line below zero that returns nothing."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines of it."},
			{Name: "amount", Kind: frame.Money, Unit: "currency", Meaning: "Their amount, below zero."},
		}}

	Products = frame.Schema{Name: "products", Version: 1,
		Meaning: "What products are called: the description that most lines of the window with an amount above zero have. One row per product code, in byte order.",
		Columns: []frame.Spec{
			{Name: "code", Kind: frame.Text, Meaning: "Product code, trimmed and in upper case."},
			{Name: "description", Kind: frame.Text, Nullable: true, Meaning: "The most frequent description; of equally frequent ones the first in byte order. Null without any."},
			{Name: "described", Kind: frame.Int, Unit: "lines", Meaning: "Lines with this description."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines of the product with an amount above zero, before any rule."},
			{Name: "descriptions", Kind: frame.Int, Meaning: "Distinct descriptions among them."},
		}}

	Windows = frame.Schema{Name: "windows", Version: 1,
		Meaning: "The features of the customers of other windows than the run's, by which drift tells what moved: now (the days before as-of), " +
			"before (as many days before those), year_ago (the same days a year earlier) and then (the run's window with an as-of that many days earlier). " +
			"One row per window and customer. Empty with --drift-window=0.",
		Columns: append([]frame.Spec{{Name: "window", Kind: frame.Text, Meaning: "now, before, year_ago or then."}}, feature.Specs...)}

	Profile = frame.Schema{Name: "profile", Version: 1,
		Meaning: "What was delivered in these windows, before any rule: one row per window and day with sales, hour of the week, product code, and day and country or hour. " +
			"Of the windows now and before there is a row per day and one per delivery with what ingest rejected, and one with what the delivery had. Of the window snapshot there is one row per day of the snapshot, with its lines alone. Empty with --drift-window=0.",
		Columns: []frame.Spec{
			{Name: "window", Kind: frame.Text, Meaning: "now, before, year_ago or snapshot."},
			{Name: "kind", Kind: frame.Text, Meaning: "day, hour_of_week, code, country, hour, rejected or delivery."},
			{Name: "day", Kind: frame.Text, Nullable: true, Meaning: "The day, as 2011-12-09; with a delivery, the last in the windows that it has lines of. Null for hour_of_week and code."},
			{Name: "item", Kind: frame.Text, Nullable: true, Meaning: "The product code, the country, the hour of the day, the hour of the week from Sunday 00:00, or the delivery, by its ingest's key. Null for day and what was rejected of it, and for lines without a code or country."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines. For rejected, rejected records: of the day, or those of the delivery whose day cannot be read. For delivery, all of its records."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Distinct invoices, at the hour of their first line. 0 for code."},
			{Name: "guests", Kind: frame.Int, Unit: "invoices", Meaning: "Of them, without a customer. 0 for code, country and hour."},
			{Name: "returns", Kind: frame.Int, Unit: "lines", Meaning: "Lines with an amount below zero."},
			{Name: "repeated", Kind: frame.Int, Unit: "lines", Meaning: "Lines that repeat another line of the day in every field. 0 for other kinds than day."},
			{Name: "quantity", Kind: frame.Quantity, Unit: "units", Meaning: "Units of the lines with an amount above zero."},
			{Name: "money", Kind: frame.Money, Unit: "currency", Meaning: "Amount of the lines with an amount above zero."},
			{Name: "price_index", Kind: frame.Float, Nullable: true, Meaning: "Fisher index of the day's prices over those of the window before. Null for other rows, and without a product in common."},
			{Name: "priced_codes", Kind: frame.Int, Unit: "products", Meaning: "Products that the index rests on."},
		}}

	Sweep = frame.Schema{Name: "sweep", Version: 2,
		Meaning: "How well each number of segments fits. One row per number that was tried.",
		Columns: []frame.Spec{
			{Name: "k", Kind: frame.Int, Unit: "segments", Meaning: "Number of segments."},
			{Name: "inertia", Kind: frame.Float, Meaning: "Sum of squared distances to the nearest centre, in the model's space."},
			{Name: "silhouette", Kind: frame.Float, Nullable: true, Meaning: "Mean silhouette, -1 to 1. Null for one segment."},
			{Name: "silhouette_points", Kind: frame.Int, Unit: "customers", Meaning: "Customers that the silhouette was computed over."},
			{Name: "davies_bouldin", Kind: frame.Float, Nullable: true, Meaning: "Davies-Bouldin index; lower is better. Null for one segment."},
			{Name: "calinski_harabasz", Kind: frame.Float, Nullable: true, Meaning: "Calinski-Harabasz index; higher is better. Null for one segment."},
			{Name: "smallest_share", Kind: frame.Float, Unit: "share", Meaning: "Share of customers in the smallest segment."},
			{Name: "elbow", Kind: frame.Float, Meaning: "Distance below the chord of the inertia curve from k = 2 to 10, scaled to the unit square."},
			{Name: "chosen", Kind: frame.Int, Meaning: "1 for the number that the model uses, else 0."},
			{Name: "strength", Kind: frame.Float, Nullable: true, Meaning: "Prediction strength over random halves, 0 to 1. Null if undefined."},
			{Name: "strength_error", Kind: frame.Float, Nullable: true, Meaning: "Standard error of the prediction strength. Null if undefined."},
			{Name: "jaccard", Kind: frame.Float, Nullable: true, Meaning: "Mean Jaccard index over bootstrap resamples of the segment that comes again least well. Null if undefined."},
			{Name: "agreement", Kind: frame.Float, Nullable: true, Meaning: "Mean adjusted Rand index of the starts' segments with those of the best start. Null without other starts."},
			{Name: "smallest_customers", Kind: frame.Float, Nullable: true, Unit: "customers", Meaning: "Customers in the smallest segment. Never null."},
			{Name: "qualifies", Kind: frame.Float, Nullable: true, Meaning: "1 if the number meets every condition of the rule, else 0. Never null."},
		}}

	SweepClusters = frame.Schema{Name: "sweep_clusters", Version: 2,
		Meaning: "Every segment of each number of segments. One row per number and segment, by descending size.",
		Columns: slices.Concat([]frame.Spec{
			{Name: "k", Kind: frame.Int, Unit: "segments", Meaning: "Number of segments."},
			{Name: "cluster", Kind: frame.Int, Meaning: "Index of the segment among them, from 0."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in it."},
			{Name: "share", Kind: frame.Float, Unit: "share", Meaning: "Their share of all customers."},
			{Name: "silhouette", Kind: frame.Float, Nullable: true, Meaning: "Mean silhouette of its customers. Null for one segment."},
			{Name: "jaccard", Kind: frame.Float, Nullable: true, Meaning: "Mean over bootstrap resamples of the largest Jaccard index with a segment of the resample. Null if undefined."},
			{Name: "chosen", Kind: frame.Int, Meaning: "1 for the number that the model uses, else 0."},
			{Name: "segment", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment in the candidate. Null for the numbers that the model does not use."},
		},
			spread("silhouette", "the silhouettes of its customers"),
			spread("jaccard", "these largest Jaccard indices over the resamples"))}

	Assignments = frame.Schema{Name: "assignments", Version: 2,
		Meaning: "The segment of every customer. One row per customer, in byte order of the identifier.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "nearest", Kind: frame.Text, Meaning: "Id of the segment with the nearest centre."},
			{Name: "distance", Kind: frame.Float, Meaning: "Distance to that centre, in the model's space."},
			{Name: "second", Kind: frame.Float, Nullable: true, Meaning: "Distance to the second nearest centre. Null for one segment."},
			{Name: "margin", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "(second - distance) / second. Null without a second centre, or if both distances are 0."},
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment that the customer is in. It differs from nearest if the customer stays in the last one by hysteresis."},
			{Name: "segment_name", Kind: frame.Text, Meaning: "Name of that segment."},
			{Name: "r", Kind: frame.Int, Meaning: "Recency score, 1 (worst) to 5 (best)."},
			{Name: "f", Kind: frame.Int, Meaning: "Frequency score, 1 (worst) to 5 (best)."},
			{Name: "m", Kind: frame.Int, Meaning: "Monetary score, 1 (worst) to 5 (best)."},
			{Name: "rfm_name", Kind: frame.Text, Meaning: "Name of the customer's cell in the grid of r and f."},
			{Name: "monetary", Kind: frame.Money, Unit: "currency", Meaning: "The customer's monetary feature."},
			{Name: "previous", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment in the previous scores. Null if the customer was not in them."},
			{Name: "why", Kind: frame.Text, Meaning: "One sentence with the numbers behind the assignment."},
			{Name: "history", Kind: frame.Text, Nullable: true, Meaning: "The segments that the customer was in, up to the present one: the as-of date from which, and the name then, such as 2011-06-01 New; 2011-09-01 Regular. " +
				"At most the last 12, and none from before a time without a purchase in the window. Null in tables of version 1."},
		}}

	Segments = frame.Schema{Name: "segments", Version: 1,
		Meaning: "The segments of the champion, by descending revenue. One row per segment; a segment without customers has one too.",
		Columns: append([]frame.Spec{
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment. It is never reused."},
			{Name: "name", Kind: frame.Text, Meaning: "Name of the segment."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in it."},
			{Name: "share", Kind: frame.Float, Unit: "share", Meaning: "Their share of all customers."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature."},
			{Name: "revenue_share", Kind: frame.Float, Unit: "share", Meaning: "Its share of the revenue of all customers."},
		}, profile()...)}

	SegmentGrid = frame.Schema{Name: "segment_grid", Version: 1,
		Meaning: "Segments against the cells of the RFM grid. One row per segment and cell name with a customer, in byte order of both.",
		Columns: []frame.Spec{
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment."},
			{Name: "rfm_name", Kind: frame.Text, Meaning: "Name of the cells in the grid of recency and frequency scores."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in both."},
			{Name: "share", Kind: frame.Float, Unit: "share", Meaning: "Their share of the segment's customers."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature."},
		}}

	SegmentFeatures = frame.Schema{Name: "segment_features", Version: 1,
		Meaning: "How every numeric feature is spread in each segment, and over all customers. One row per segment and feature, those over all customers first, " +
			"then segments by descending revenue. Quantiles are of type 7.",
		Columns: []frame.Spec{
			{Name: "segment", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment. Null for all customers."},
			{Name: "feature", Kind: frame.Text, Meaning: "Column of the customers table. The numbers of the row are in its unit."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers who have the feature."},
			{Name: "mean", Kind: frame.Float, Nullable: true, Meaning: "Mean over them. Null without any."},
			{Name: "p10", Kind: frame.Float, Nullable: true, Meaning: "10 % quantile. Null likewise."},
			{Name: "p25", Kind: frame.Float, Nullable: true, Meaning: "25 % quantile. Null likewise."},
			{Name: "median", Kind: frame.Float, Nullable: true, Meaning: "Median: the middle customer. Null likewise."},
			{Name: "p75", Kind: frame.Float, Nullable: true, Meaning: "75 % quantile. Null likewise."},
			{Name: "p90", Kind: frame.Float, Nullable: true, Meaning: "90 % quantile. Null likewise."},
		}}

	Migration = frame.Schema{Name: "migration", Version: 1,
		Meaning: "Segments of the previous scores against those of now, in customers and money. One row per pair with a customer, in byte order of both. " +
			"For a segment, the rows to it less the rows from it are the change of its customers, and now of the former less before of the latter that of its money, " +
			"to the last digit. Empty if there are no previous scores.",
		Columns: []frame.Spec{
			{Name: "from_segment", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment in the previous scores. Null for those who joined."},
			{Name: "to_segment", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment now. Null for those who left."},
			{Name: "kind", Kind: frame.Text, Meaning: "stayed, moved, joined or left."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "These customers."},
			{Name: "behaviour", Kind: frame.Int, Unit: "customers", Meaning: "Of those who moved, whom the model of the previous scores would have moved too; else 0."},
			{Name: "before", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature in the previous scores; 0 for those who joined."},
			{Name: "now", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature now; 0 for those who left."},
		}}

	Movers = frame.Schema{Name: "movers", Version: 2,
		Meaning: "Customers who joined, left or changed segment since the previous scores, in byte order of the identifier. One row per customer. " +
			"Empty if there are no previous scores.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "from", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment in the previous scores. Null for one who joined."},
			{Name: "to", Kind: frame.Text, Nullable: true, Meaning: "Id of the segment now. Null for one who left."},
			{Name: "kind", Kind: frame.Text, Meaning: "joined, left or moved."},
			{Name: "cause", Kind: frame.Text, Nullable: true, Meaning: "Of one who moved: behaviour, if the model of the previous scores would also have moved the customer, " +
				"else model. Null for others."},
			{Name: "amount", Kind: frame.Money, Unit: "currency", Meaning: "The customer's monetary feature; for one who left, in the previous scores."},
		}}

	Features = frame.Schema{Name: "features", Version: 3,
		Meaning: "The drift of every feature. One row per comparison and feature, in the order of the customers table. Empty without a champion.",
		Columns: []frame.Spec{
			{Name: "against", Kind: frame.Text, Meaning: "model for the champion's baseline; model_now for its own drift window, the last one at training; before or year_ago for an earlier window of the same length."},
			{Name: "feature", Kind: frame.Text, Meaning: "Column of the customers table."},
			{Name: "psi", Kind: frame.Float, Meaning: "Population stability index between the baseline and today's customers."},
			{Name: "js", Kind: frame.Float, Nullable: true, Meaning: "Jensen-Shannon distance to base 2, 0 to 1. Null without customers."},
			{Name: "ks", Kind: frame.Float, Nullable: true, Meaning: "Kolmogorov-Smirnov statistic. Null for a text."},
			{Name: "ks_p", Kind: frame.Float, Nullable: true, Meaning: "Its p-value by Kolmogorov's limit with Stephens' correction. Null while customers are on both sides."},
			{Name: "wasserstein", Kind: frame.Float, Nullable: true, Meaning: "Wasserstein distance over scale; of money and counts on ln(1 + x/m). Null for a text."},
			{Name: "scale", Kind: frame.Text, Meaning: "What it is divided by: iqr, p90, sd or none."},
			{Name: "largest", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Largest difference of a level's share. Null for a number."},
			{Name: "chi2", Kind: frame.Float, Nullable: true, Meaning: "Pearson's two-sample statistic. Null for a number."},
			{Name: "unseen", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Share of today's customers at levels that the baseline does not have. Null for a number."},
			{Name: "p", Kind: frame.Float, Meaning: "Chance of such an index if nothing had moved."},
			{Name: "p_name", Kind: frame.Text, Meaning: "How it was found: permutation or chi_squared."},
			{Name: "adjusted", Kind: frame.Float, Meaning: "p adjusted for the number of tests by Benjamini and Hochberg."},
			{Name: "threshold", Kind: frame.Float, Meaning: "Index that this many customers stay below by chance in 19 runs of 20."},
			{Name: "draws", Kind: frame.Int, Meaning: "Permutations that were drawn."},
			{Name: "missing_reference", Kind: frame.Float, Unit: "share", Meaning: "Share of the baseline without a value."},
			{Name: "missing_current", Kind: frame.Float, Unit: "share", Meaning: "Share of today's customers without a value."},
			{Name: "missing_adjusted", Kind: frame.Float, Nullable: true, Meaning: "Adjusted p-value of their difference. Null where no value is missing."},
			{Name: "bins", Kind: frame.Int, Unit: "bins", Meaning: "Bins with a value on either side."},
			{Name: "reference_rows", Kind: frame.Int, Unit: "customers", Meaning: "Customers in the baseline."},
			{Name: "current_rows", Kind: frame.Int, Unit: "customers", Meaning: "Customers today."},
			{Name: "overlap", Kind: frame.Int, Unit: "customers", Meaning: "Customers on both sides."},
			{Name: "verdict", Kind: frame.Text, Meaning: "none, warn, alert or insufficient_data."},
			{Name: "median_reference", Kind: frame.Float, Nullable: true, Meaning: "Median of the baseline, in the feature's unit. Null for a text, and without a value."},
			{Name: "median_current", Kind: frame.Float, Nullable: true, Meaning: "Median of today's customers. Null likewise."},
			{Name: "why", Kind: frame.Text, Nullable: true, Meaning: "The largest difference in words. Never null."},
		}}

	DriftBins = frame.Schema{Name: "drift_bins", Version: 1,
		Meaning: "How customers were spread over the bins of a feature, and how they are now. One row per comparison, feature and bin, in their order. " +
			"Bins of the champion's baseline are those frozen in the model. Empty without a champion.",
		Columns: []frame.Spec{
			{Name: "against", Kind: frame.Text, Meaning: "model, model_now, before or year_ago, as in features."},
			{Name: "feature", Kind: frame.Text, Meaning: "Column of the customers table."},
			{Name: "bin", Kind: frame.Int, Meaning: "Place of the bin, from 0."},
			{Name: "kind", Kind: frame.Text, Meaning: "range, missing (no value), and of texts level (one of them), rare (those that fewer than one in 200 had) or unseen (those that nobody had)."},
			{Name: "low", Kind: frame.Float, Nullable: true, Meaning: "Values of a range are above it. Null where it is open, and for other kinds."},
			{Name: "high", Kind: frame.Float, Nullable: true, Meaning: "Values of a range are not above it. Null likewise."},
			{Name: "level", Kind: frame.Text, Nullable: true, Meaning: "The text of a level. Null for other kinds."},
			{Name: "reference", Kind: frame.Int, Unit: "customers", Meaning: "Customers of the baseline in the bin."},
			{Name: "current", Kind: frame.Int, Unit: "customers", Meaning: "Today's customers in it."},
			{Name: "reference_share", Kind: frame.Float, Unit: "share", Meaning: "reference / customers of the baseline."},
			{Name: "current_share", Kind: frame.Float, Unit: "share", Meaning: "current / today's customers."},
		}}

	Effects = frame.Schema{Name: "effects", Version: 2,
		Meaning: "What the drift comes from. One row for the data, one for the population, and one for each measure of how the champion fits.",
		Columns: []frame.Spec{
			{Name: "effect", Kind: frame.Text, Meaning: "Name of the effect, such as data, population, model, novelty or forward."},
			{Name: "value", Kind: frame.Float, Nullable: true, Meaning: "Size of the effect; why says of what. Null if it was not measured."},
			{Name: "limit", Kind: frame.Float, Nullable: true, Meaning: "Limit that the value is judged by. Null if there is none."},
			{Name: "p", Kind: frame.Float, Nullable: true, Meaning: "Adjusted chance of such a value if nothing had moved. Null if it is not judged."},
			{Name: "low", Kind: frame.Float, Nullable: true, Meaning: "Lower end of the 95 % interval. Null without one."},
			{Name: "high", Kind: frame.Float, Nullable: true, Meaning: "Upper end of the 95 % interval. Null without one."},
			{Name: "verdict", Kind: frame.Text, Meaning: "none, warn, alert or insufficient_data; not_judged for an effect without a limit."},
			{Name: "why", Kind: frame.Text, Meaning: "One sentence that says what was measured, or why not."},
		}}
)

// The windows of the tables windows and profile, and the kinds of the profile's rows.
const (
	WindowNow      = "now"
	WindowBefore   = "before"
	WindowYearAgo  = "year_ago"
	WindowThen     = "then"
	WindowSnapshot = "snapshot"

	ProfileDay        = "day"
	ProfileHourOfWeek = "hour_of_week"
	ProfileCode       = "code"
	ProfileCountry    = "country"
	ProfileHour       = "hour"
	ProfileRejected   = "rejected" // of a day, or of a delivery without a day that can be read
	ProfileDelivery   = "delivery"
)

// RefDriftWindow is the length of drift's windows in days, among preprocess' inputs.
const RefDriftWindow = "drift_window"

// DriftWindow returns that length, 0 where inputs do not have it.
func DriftWindow(refs map[string]string) int {
	days, _ := strconv.Atoi(refs[RefDriftWindow])
	return days
}

// spread declares the quantiles of a number; a reader of the version before has them as null.
func spread(name, of string) []frame.Spec {
	var specs []frame.Spec
	for _, q := range []struct{ name, text string }{{"p10", "10 %"}, {"p25", "25 %"}, {"median", "50 %"}, {"p75", "75 %"}, {"p90", "90 %"}} {
		specs = append(specs, frame.Spec{Name: name + "_" + q.name, Kind: frame.Float, Nullable: true,
			Meaning: "The " + q.text + " quantile (type 7) of " + of + ". Null if undefined."})
	}
	return specs
}

// The kinds of the table returns.
const (
	KindReturn   = "return"
	KindDiscount = "discount"
)

// ProfilePrefix begins the names of the segments table's profile columns: the rest is the name of a feature.
const ProfilePrefix = "mean_"

// profile declares a column for the mean of every numeric feature.
func profile() []frame.Spec {
	var specs []frame.Spec
	for _, s := range feature.Specs {
		if s.Kind == frame.Text {
			continue
		}
		mean := "Mean of " + s.Name + " over the segment's customers."
		if s.Nullable {
			mean = "Mean of " + s.Name + " over the segment's customers that have one."
		}
		specs = append(specs, frame.Spec{
			Name: ProfilePrefix + s.Name, Kind: frame.Float, Nullable: true, Unit: s.Unit, Meaning: mean + " Null without any.",
		})
	}
	return specs
}
