package contract

import (
	"slices"

	"github.com/clientele/clientele/pkg/frame"
)

// Tables of audience that say what was before.
var (
	Weeks = frame.Schema{Name: "weeks", Version: 1,
		Meaning: "What was sold in every whole week of seven days, counted back from as-of, with its usual swing: between which limits the 26 weeks before it " +
			"were in 8 of 10. One row per week, the earliest first; the first begins with or after the first purchase in the window.",
		Columns: slices.Concat([]frame.Spec{
			{Name: "start", Kind: frame.Text, Meaning: "First day of the week, YYYY-MM-DD."},
			{Name: "last_day", Kind: frame.Text, Meaning: "Last day of it."},
		},
			swinging("sales", frame.Spec{Kind: frame.Money, Unit: "currency", Meaning: "Amount of the invoices of these days, those of guests too."}),
			swinging("invoices", frame.Spec{Kind: frame.Int, Unit: "invoices", Meaning: "These invoices."}),
			swinging("customers", frame.Spec{Kind: frame.Int, Unit: "customers", Meaning: "Customers with one of them, without guests."}),
			swinging("first_time", frame.Spec{Kind: frame.Int, Unit: "customers",
				Meaning: "Of the customers, those whose first purchase in the window it was. Early in the window these are nearly all."}))}

	History = frame.Schema{Name: "history", Version: 1,
		Meaning: "What the last run of every earlier calendar week came to, at most 52, and this run. One row per run, the earliest first.",
		Columns: []frame.Spec{
			{Name: "run", Kind: frame.Text, Meaning: "The run."},
			{Name: "as_of", Kind: frame.Text, Meaning: "Its as-of date, YYYY-MM-DD."},
			{Name: "before", Kind: frame.Text, Nullable: true, Meaning: "The run whose scores it was compared with. Null for none, or one that is not known any more."},
			{Name: "model_id", Kind: frame.Text, Meaning: "The model that scored."},
			{Name: "seq", Kind: frame.Int, Meaning: "Revision of HEAD."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in the window."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature."},
			{Name: "moved", Kind: frame.Int, Unit: "customers", Meaning: "Customers in another segment than in the scores before."},
			{Name: "verdict", Kind: frame.Text, Nullable: true, Meaning: "Drift's verdict. Null if drift did not run."},
			{Name: "act", Kind: frame.Text, Nullable: true, Meaning: "What drift asked for. Null if drift did not run."},
			{Name: "cause", Kind: frame.Text, Nullable: true, Meaning: "Why, in drift's words. Null without a cause."},
			{Name: "week_sales", Kind: frame.Money, Nullable: true, Unit: "currency", Meaning: "Sales of the seven days before the as-of date, as the run saw them. Null where its window does not cover them."},
			{Name: "week_invoices", Kind: frame.Float, Nullable: true, Unit: "invoices", Meaning: "Their invoices. Null likewise."},
			{Name: "week_customers", Kind: frame.Float, Nullable: true, Unit: "customers", Meaning: "Their customers. Null likewise."},
			{Name: "week_first_time", Kind: frame.Float, Nullable: true, Unit: "customers", Meaning: "Of these, those whose first purchase in the window it was. Null likewise."},
		}}

	SegmentWeeks = frame.Schema{Name: "segment_weeks", Version: 1,
		Meaning: "The segments of the runs in history. One row per run and segment, in the order of the runs.",
		Columns: []frame.Spec{
			{Name: "run", Kind: frame.Text, Meaning: "The run."},
			{Name: "as_of", Kind: frame.Text, Meaning: "Its as-of date, YYYY-MM-DD."},
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment."},
			{Name: "name", Kind: frame.Text, Meaning: "Its name then."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in it."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Sum of their monetary feature."},
		}}
)

// swinging declares a number with its usual swing.
func swinging(name string, s frame.Spec) []frame.Spec {
	s.Name = name
	return []frame.Spec{s,
		{Name: name + "_low", Kind: frame.Float, Nullable: true, Unit: s.Unit, Meaning: "The 10 % quantile of " + name + " in the 26 weeks before. Null with fewer than 8."},
		{Name: name + "_high", Kind: frame.Float, Nullable: true, Unit: s.Unit, Meaning: "The 90 % quantile likewise."},
	}
}
