package view

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Inputs are what the steps of a run wrote. Only Preprocess is required; a nil result is a step that wrote nothing in the run.
type Inputs struct {
	Title    string
	Name     string // of the registry
	Run      string
	AsOf     calendar.Date
	Currency string // ISO 4217, "" where unknown
	Zone     string // of the shop's local time, "" where unknown

	Ingest     *contract.IngestResult
	Preprocess contract.PreprocessResult
	Drift      *contract.DriftResult
	Train      *contract.TrainResult
	Evaluate   *contract.EvaluateResult
	Promote    *contract.PromoteResult
	Score      *contract.ScoreResult
	Explore    *contract.ExploreResult
	Recommend  *contract.RecommendResult
	Predict    *contract.PredictResult
	Measure    *contract.MeasureResult
	Audience   *contract.AudienceResult

	// Segments is score's table of that name, with its profile columns, one row per segment; nil without scores.
	Segments *frame.Frame
	// Tables are those of [Tables] that the steps wrote, by name.
	Tables map[string]*frame.Frame
	// Movers are score's movers, as [CountMovers] counts them.
	Movers []Move
	// Customers are those that the page may hold; nil without scores.
	Customers *Customers
	// Revisions are those of HEAD up to the one of the run, the newest first: at most [MostRevisions].
	Revisions []Revision
	// Rejected are some of the records that ingest rejected.
	Rejected []Rejected
	// Stale names steps whose output is left out because it was made from other inputs than the run has now.
	Stale []string
	// Steps are where the numbers come from, in the order in which they ran.
	Steps []Step
}

// MostRevisions bounds the revisions of HEAD that a page shows.
const MostRevisions = 20

// Revision is one state of HEAD, the pointer to the current model.
type Revision struct {
	Seq     int64         `json:"seq"`
	Action  string        `json:"action"`
	ModelID string        `json:"model_id"`
	AsOf    calendar.Date `json:"as_of"`
	Actor   string        `json:"actor"` // who moved HEAD: a pipeline or a person; "" where it was not kept
	Reason  string        `json:"reason"`
}

// MostRejected bounds the rejected records of one check that a page shows, MostRaw their bytes.
const (
	MostRejected = 3
	MostRaw      = 300
)

// Rejected is one record that ingest rejected. Its text names people, so it is in no JSON.
type Rejected struct {
	Record int64    `json:"record"` // position in the delivery, from 1
	Rules  []string `json:"rules"`  // checks that it failed
	Raw    string   `json:"-"`      // "" where the page holds no customers
}

// Move counts the customers who went the same way between the previous scores and these.
type Move struct {
	Kind      string       `json:"kind"` // joined, left, moved
	From      string       `json:"from"` // segment id, "" for none
	To        string       `json:"to"`
	Customers int64        `json:"customers"`
	Amount    money.Amount `json:"amount"`
}

// Step is one step's origin.
type Step struct {
	Name   string            `json:"name"`
	Run    string            `json:"run"` // "" means the view's
	Key    string            `json:"key"`
	Code   string            `json:"code"`
	Seed   *uint64           `json:"seed"`
	Inputs map[string]string `json:"inputs"`
	Params map[string]any    `json:"params"`
}

// CountMovers counts score's table of movers by where customers went: the most first, then by name.
func CountMovers(movers *frame.Frame) ([]Move, error) {
	type way struct{ kind, from, to string }
	kinds, froms, tos, amounts := movers.Strings("kind"), movers.Strings("from"), movers.Strings("to"), movers.Ints("amount")
	at := map[way]int{}
	var moves []Move
	for i := range kinds {
		w := way{kinds[i], froms[i], tos[i]}
		k, ok := at[w]
		if !ok {
			k = len(moves)
			at[w] = k
			moves = append(moves, Move{Kind: w.kind, From: w.from, To: w.to})
		}
		sum, err := moves[k].Amount.Plus(money.Amount(amounts[i]))
		if err != nil {
			return nil, fmt.Errorf("sum spending of customers who %s: %w", w.kind, err)
		}
		moves[k].Amount = sum
		moves[k].Customers++
	}
	slices.SortFunc(moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(b.Customers, a.Customers), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return moves, nil
}
