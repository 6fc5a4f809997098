package contract

import "github.com/clientele/clientele/pkg/frame"

// Publication is a table that is published to the warehouse, with the step that made it.
type Publication struct {
	Step   string
	Schema frame.Schema
}

// private are the tables that stay in the store: lines and returns, of which the warehouse gets what is made of them, and what only drift needs.
var private = []string{Lines.Name, Quarantine.Name, Sales.Name, Returns.Name, Windows.Name}

// Publications lists the published tables, in the order of the steps.
func Publications() []Publication {
	var all []Publication
	for _, s := range Steps {
		for _, t := range s.Writes {
			if !isPrivate(t.Name) {
				all = append(all, Publication{s.Name, t})
			}
		}
	}
	return all
}

func isPrivate(table string) bool {
	for _, p := range private {
		if p == table {
			return true
		}
	}
	return false
}

// Tables that publish makes of the results of a run.
var (
	Runs = frame.Schema{Name: "runs", Version: 1, Meaning: "What a run came to. One row per run.",
		Columns: []frame.Spec{
			{Name: "window_start", Kind: frame.Text, Nullable: true, Meaning: "First day of the window, YYYY-MM-DD. Null where the window is all lines before the as-of date."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Kept lines."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers with a kept sale line."},
			{Name: "invoices", Kind: frame.Int, Unit: "invoices", Meaning: "Invoices of the kept lines."},
			{Name: "products", Kind: frame.Int, Unit: "products", Meaning: "Distinct product codes of the kept lines."},
			{Name: "revenue", Kind: frame.Money, Unit: "currency", Meaning: "Sum of the kept lines."},
			{Name: "average_invoice", Kind: frame.Float, Unit: "currency", Meaning: "Revenue of the kept sale lines per invoice."},
			{Name: "segments", Kind: frame.Int, Unit: "segments", Meaning: "Segments of the model that scored; 0 without scores."},
			{Name: "moved", Kind: frame.Int, Unit: "customers", Meaning: "Customers in another segment than in the previous scores; 0 without scores."},
			{Name: "verdict", Kind: frame.Text, Nullable: true, Meaning: "Drift's verdict. Null if drift did not run."},
			{Name: "act", Kind: frame.Text, Nullable: true, Meaning: "What drift asks for. Null if drift did not run."},
			{Name: "evaluation", Kind: frame.Text, Nullable: true, Meaning: "Verdict on the candidate: pass, fail or unverified. Null if evaluate did not run."},
			{Name: "action", Kind: frame.Text, Nullable: true, Meaning: "What promote did: bootstrap, promote, hold or unchanged. Null if promote did not run."},
			{Name: "why", Kind: frame.Text, Nullable: true, Meaning: "Why promote did it. Null if promote did not run."},
		}}

	Gates = frame.Schema{Name: "gates", Version: 1, Meaning: "The promotion gates of the run's candidate. One row per gate.",
		Columns: []frame.Spec{
			{Name: "gate", Kind: frame.Text, Meaning: "Name of the gate."},
			{Name: "verdict", Kind: frame.Text, Meaning: "pass, fail or unverified."},
			{Name: "value", Kind: frame.Float, Nullable: true, Meaning: "What was found. Null where the gate is not about a number."},
			{Name: "limit", Kind: frame.Float, Nullable: true, Meaning: "What is allowed. Null where the gate is not about a number."},
			{Name: "why", Kind: frame.Text, Nullable: true, Meaning: "One sentence."},
		}}

	Findings = frame.Schema{Name: "findings", Version: 1, Meaning: "What to know about the lines before trusting the results. One row per finding.",
		Columns: []frame.Spec{
			{Name: "code", Kind: frame.Text, Meaning: "Code of the finding."},
			{Name: "sentence", Kind: frame.Text, Meaning: "What was found, with its numbers."},
			{Name: "lines", Kind: frame.Int, Unit: "lines", Meaning: "Lines that it is about; 0 where it is not about lines that are there."},
			{Name: "money", Kind: frame.Money, Unit: "currency", Meaning: "Money of these lines; 0 where unknown."},
			{Name: "what", Kind: frame.Text, Nullable: true, Meaning: "What to do about it."},
			{Name: "stops", Kind: frame.Int, Meaning: "1 if no model is promoted until the finding is accepted, else 0."},
		}}
)

// PublishResult is what publish reports.
type PublishResult struct {
	Published bool             `json:"published"` // false if no warehouse is set
	Warehouse string           `json:"warehouse"` // project.dataset, "" if none is set
	ModelID   string           `json:"model_id"`  // "" without scores
	Tables    []PublishedTable `json:"tables"`
	Bytes     int64            `json:"bytes"` // of the files that were loaded
	Jobs      int              `json:"jobs"`
}

// PublishedTable is one table in the warehouse.
type PublishedTable struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Money string `json:"money"` // sum over its money columns, a decimal
}
