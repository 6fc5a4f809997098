// Package view has what a run found as typed values: everything a page shows, before it is put into words and pictures.
//
// [New] takes the results of a run's steps and small tables, and reads no store. A [View] is plain data with a JSON form, in
// which money is a decimal string, as in the steps' results. The same inputs make the same view.
//
//	v := view.New(view.Inputs{Title: "Segments", Run: "weekly/2011-12-10/…", AsOf: asOf, Preprocess: preprocess})
//
// In JSON customers are counted, never named: the columns of [Customers] are for the page alone.
package view

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// View is what a run found. What the run does not have is null.
type View struct {
	Title       string         `json:"title"`
	Name        string         `json:"name"` // of the registry
	Run         string         `json:"run"`
	AsOf        calendar.Date  `json:"as_of"`
	WindowStart *calendar.Date `json:"window_start"` // null: all purchases before AsOf
	Currency    string         `json:"currency"`     // ISO 4217, "" where unknown
	Zone        string         `json:"zone"`         // "" where unknown

	Missing []string `json:"missing"` // steps that wrote nothing in the run
	Stale   []string `json:"stale"`   // steps left out, because made from other inputs than the run has now

	Findings []finding.Finding `json:"findings"` // of the lines, those that stop first

	Totals        Totals                   `json:"totals"`
	Ingest        *contract.IngestResult   `json:"ingest"`
	Rejected      []Rejected               `json:"rejected"` // some of the records that ingest rejected
	Chain         []contract.ChainRow      `json:"chain"`
	Converted     []contract.Converted     `json:"converted,omitempty"` // lines of the window, from other currencies
	Ledger        Ledger                   `json:"ledger"`
	Cancellations contract.Cancellations   `json:"cancellations"`
	Decisions     []retail.Decision        `json:"decisions"` // what the lines were taken for
	Drift         *Drift                   `json:"drift"`
	Choice        *Choice                  `json:"choice"`
	Evaluate      *contract.EvaluateResult `json:"evaluate"`
	Promote       *contract.PromoteResult  `json:"promote"`
	Revisions     []Revision               `json:"revisions"` // of HEAD, the newest first
	Customers     *Customers               `json:"customers"` // how many the page holds
	Scores        *Scores                  `json:"scores"`
	Explore       *Explore                 `json:"explore"`
	Recommend     *Recommend               `json:"recommend"`
	Predict       *Predict                 `json:"predict"`
	Measure       *Measure                 `json:"measure"`
	Audience      *Audience                `json:"audience"`

	Products map[string]string `json:"-"` // what products are called, by code: as many as the shop has

	Codes []string `json:"codes"` // versions of the programs that ran, each once
	Steps []Step   `json:"steps"` // in the order in which they ran
}

// Totals are over the kept lines.
type Totals struct {
	Customers      int64        `json:"customers"`
	OnlyReturns    int64        `json:"only_returns"` // customers with returns and nothing kept
	Invoices       int64        `json:"invoices"`
	Revenue        money.Amount `json:"revenue"`
	AverageInvoice float64      `json:"average_invoice"`
}

// Ledger accounts for every line and all money.
type Ledger struct {
	Rows       []contract.LedgerRow `json:"rows"`       // input, each rule, kept
	Lines      int64                `json:"lines"`      // of all rows but the input
	Amount     money.Amount         `json:"amount"`     // of all rows but the input
	Balanced   bool                 `json:"balanced"`   // these are the input's
	Duplicates int64                `json:"duplicates"` // later copies that reached the rule, removed or not
}

// Drift is what drift found, and the PSI from which it warns and alerts; null where unknown.
type Drift struct {
	contract.DriftResult
	Measures []Effect `json:"measures"`
	Spread   []Moved  `json:"spread"` // by feature
	Warn     *float64 `json:"psi_warn"`
	Alert    *float64 `json:"psi_alert"`
}

// Choice is how the number of segments was chosen.
type Choice struct {
	ModelID   string                     `json:"model_id"`
	FitID     string                     `json:"fit_id"`
	Parent    string                     `json:"parent"`
	Scored    bool                       `json:"scored"` // the scores are by this model
	K         int                        `json:"k"`
	Rule      string                     `json:"rule"`
	Sizes     []int                      `json:"sizes"`
	Findings  []string                   `json:"findings"`
	Sweep     []Swept                    `json:"sweep"`
	Firm      []Firm                     `json:"firm"`    // by segment
	Natural   bool                       `json:"natural"` // k meets every condition of the rule
	Dominance []contract.DominanceResult `json:"dominance"`
}

// Swept is one k that was tried.
type Swept struct {
	contract.SweepResult
	Chosen bool   `json:"chosen"`
	Chord  Number `json:"chord"` // inertia on the elbow's chord, a straight line; the elbow is farthest below it
}

// Number is a value that can be undefined: in JSON, null.
type Number float64

// Undefined is no number.
func Undefined() Number { return Number(math.NaN()) }

// MarshalJSON writes the number, or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// New makes the view of a run.
func New(in Inputs) View {
	pre := in.Preprocess
	return View{
		Title: in.Title, Name: in.Name, Run: in.Run, AsOf: in.AsOf, WindowStart: pre.WindowStart, Currency: in.Currency, Zone: in.Zone,
		Missing: missing(in), Stale: in.Stale, Findings: pre.Findings,
		Totals: Totals{Customers: pre.Customers, OnlyReturns: pre.OnlyReturns, Invoices: pre.Invoices, Revenue: pre.Revenue,
			AverageInvoice: pre.AverageInvoice},
		Ingest: in.Ingest, Rejected: in.Rejected, Revisions: in.Revisions, Chain: pre.Chain, Converted: pre.Converted, Decisions: pre.Decisions, Ledger: newLedger(pre), Cancellations: pre.Cancellations, Drift: newDrift(in), Choice: newChoice(in),
		Evaluate: in.Evaluate, Promote: in.Promote, Customers: in.Customers, Scores: newScores(in), Explore: newExplore(in), Recommend: newRecommend(in), Predict: newPredict(in), Measure: newMeasure(in), Audience: newAudience(in), Products: names(in), Codes: codes(in.Steps), Steps: in.Steps,
	}
}

// missing returns the steps without a result, in their order.
func missing(in Inputs) []string {
	var names []string
	for _, step := range []struct {
		name   string
		absent bool
	}{
		{contract.Ingest, in.Ingest == nil}, {contract.Drift, in.Drift == nil}, {contract.Train, in.Train == nil},
		{contract.Evaluate, in.Evaluate == nil}, {contract.Promote, in.Promote == nil}, {contract.Score, in.Score == nil},
		{contract.Explore, in.Explore == nil}, {contract.Recommend, in.Recommend == nil}, {contract.Predict, in.Predict == nil}, {contract.Measure, in.Measure == nil},
		{contract.Audience, in.Audience == nil},
	} {
		if step.absent && !slices.Contains(in.Stale, step.name) {
			names = append(names, step.name)
		}
	}
	return names
}

func newLedger(pre contract.PreprocessResult) Ledger {
	l := Ledger{Rows: pre.Ledger, Duplicates: pre.Duplicates}
	if len(l.Rows) < 2 {
		return l
	}
	for _, r := range l.Rows[1:] {
		l.Lines += r.Lines
		l.Amount += r.Amount
	}
	l.Balanced = l.Lines == l.Rows[0].Lines && l.Amount == l.Rows[0].Amount
	return l
}

func newDrift(in Inputs) *Drift {
	if in.Drift == nil {
		return nil
	}
	d := &Drift{DriftResult: *in.Drift, Measures: effects(in), Spread: spreads(in)}
	for _, s := range in.Steps {
		warn, hasWarn := s.Params["psi_warn"].(float64)
		alert, hasAlert := s.Params["psi_alert"].(float64)
		if s.Name == contract.Drift && hasWarn && hasAlert {
			d.Warn, d.Alert = &warn, &alert
			break
		}
	}
	return d
}

func newChoice(in Inputs) *Choice {
	t := in.Train
	if t == nil {
		return nil
	}
	c := &Choice{ModelID: t.ModelID, FitID: t.FitID, Parent: t.Parent, K: t.K, Rule: t.Rule, Sizes: t.Sizes, Findings: t.Findings,
		Firm: firm(in), Natural: t.Natural, Dominance: t.Dominance, Scored: in.Score != nil && in.Score.ModelID == t.ModelID}
	if len(t.Sweep) == 0 {
		return c
	}
	// The chord's ends are those of k = 2 and 10 where both were tried.
	first, last := t.Sweep[0], t.Sweep[len(t.Sweep)-1]
	for _, r := range t.Sweep {
		switch r.K {
		case 2:
			first = r
		case 10:
			last = r
		}
	}
	for _, r := range t.Sweep {
		chord := first.Inertia + (last.Inertia-first.Inertia)*float64(r.K-first.K)/float64(last.K-first.K)
		c.Sweep = append(c.Sweep, Swept{SweepResult: r, Chosen: r.K == t.K, Chord: Number(chord)})
	}
	return c
}

func codes(steps []Step) []string {
	var codes []string
	for _, s := range steps {
		if s.Code != "" && !slices.Contains(codes, s.Code) {
			codes = append(codes, s.Code)
		}
	}
	return codes
}
