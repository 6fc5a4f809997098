package contract

import (
	"encoding/json"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
)

// ResultLimit bounds the JSON of what a step reports, in bytes; a larger result is an error. Results have counts, metrics,
// verdicts and URIs, never data. Money is a decimal string with four decimals, shares are 0..1.
const ResultLimit = 16 << 10

// IngestResult is what ingest reports.
type IngestResult struct {
	New             bool           `json:"new"` // false only if the snapshot before this run had it all
	Snapshot        string         `json:"snapshot"`
	SHA256          string         `json:"sha256"` // of the source's bytes
	Source          string         `json:"source"` // --source-name
	Delivery        string         `json:"delivery"`
	RowsRead        int64          `json:"rows_read"`
	RowsAccepted    int64          `json:"rows_accepted"`
	RowsQuarantined int64          `json:"rows_quarantined"`
	RowsSuperseded  int64          `json:"rows_superseded"`     // lines of days that a later sheet of the workbook has too
	Lines           int64          `json:"lines"`               // physical lines of the source, without its header
	RejectedLines   int64          `json:"rejected_lines"`      // of them
	AcceptedMoney   money.Amount   `json:"accepted_money"`      // Σ|amount| of accepted lines
	AcceptedNet     money.Amount   `json:"accepted_net"`        // Σ amount of them
	RejectedMoney   money.Amount   `json:"rejected_money"`      // Σ|amount| of rejected records, as far as it can be read
	Currency        string         `json:"currency"`            // of all money here
	Converted       []Converted    `json:"converted,omitempty"` // into it, from others, by their codes
	Rates           string         `json:"rates,omitempty"`     // sha256 of the file of rates
	Days            int            `json:"days"`
	DaysKept        int            `json:"days_kept,omitempty"` // delivered days that stay as a later as-of delivered them
	First           *calendar.Date `json:"first"`
	Last            *calendar.Date `json:"last"`
	Quarantine      []RuleCount    `json:"quarantine"`        // by descending rows, at most 20
	Missing         []ColumnCount  `json:"missing,omitempty"` // accepted lines without a code, description, customer or country; of earlier programs none

	Reading  json.RawMessage   `json:"reading,omitempty"`  // how the delivery was read: what a profile's section read says
	Findings []finding.Finding `json:"findings,omitempty"` // of the delivery, as its sample shows them
}

// Converted is what lines in another currency came to in the shop's.
type Converted struct {
	Currency string       `json:"currency"`
	Records  int64        `json:"records"`
	Original money.Amount `json:"original"` // Σ amount in that currency
	Amount   money.Amount `json:"amount"`   // Σ amount in the shop's
}

// RuleCount is how many records broke a rule; a record can break several.
type RuleCount struct {
	Rule string `json:"rule"`
	Rows int64  `json:"rows"`
}

// ColumnCount is how many lines lack a column.
type ColumnCount struct {
	Column string `json:"column"`
	Rows   int64  `json:"rows"`
}

// PreprocessResult is what preprocess reports.
type PreprocessResult struct {
	Lines          int64             `json:"lines"` // kept
	Customers      int64             `json:"customers"`
	OnlyReturns    int64             `json:"only_returns"` // customers with returns and nothing kept
	Invoices       int64             `json:"invoices"`
	Products       int64             `json:"products"`
	Revenue        money.Amount      `json:"revenue"`         // over kept lines
	AverageInvoice float64           `json:"average_invoice"` // over kept sale lines
	AsOf           calendar.Date     `json:"as_of"`
	WindowStart    *calendar.Date    `json:"window_start"` // null for the window all
	Duplicates     int64             `json:"duplicates"`   // later copies that reached the rule, taken or not
	Ledger         []LedgerRow       `json:"ledger"`       // input, each rule, kept
	Cancellations  Cancellations     `json:"cancellations"`
	Discounts      Discounts         `json:"discounts"`
	Filled         int64             `json:"filled"`          // lines without a customer that got the one of their invoice
	Meaning        retail.Meaning    `json:"meaning"`         // what the lines were taken for
	Decisions      []retail.Decision `json:"decisions"`       // why, and what each is about
	MeaningChanged []string          `json:"meaning_changed"` // what would be decided otherwise now, and is not

	Converted []Converted `json:"converted,omitempty"` // lines of the window, from other currencies, by their codes

	Chain    []ChainRow        `json:"chain"`    // from what is delivered to what is kept
	Findings []finding.Finding `json:"findings"` // what to know before trusting what is made of the lines; those that stop first
}

// Stages of the chain. Delivered = rejected + superseded + in force; in force = outside the window + window; window = removed + kept.
const (
	ChainDelivered  = "delivered"
	ChainRejected   = "rejected"   // in quarantine
	ChainSuperseded = "superseded" // by a later delivery, or by a later sheet of the same
	ChainInForce    = "in_force"
	ChainOutside    = "outside_window"
	ChainWindow     = "window"
	ChainRemoved    = "removed" // by rules
	ChainKept       = "kept"
)

// ChainRow is one place on the way from the deliveries to the kept lines. Stages before in_force are left out where the
// snapshot does not know them.
type ChainRow struct {
	Stage   string        `json:"stage"`
	Records int64         `json:"records"`
	Lines   *int64        `json:"physical_lines"` // null where unknown, and from in_force on
	Amount  *money.Amount `json:"amount"`         // null where unknown
}

// Discounts are lines below zero that return nothing, and how much of them was taken off product lines.
type Discounts struct {
	Lines     int64        `json:"lines"`
	Amount    money.Amount `json:"amount"`
	Allocated money.Amount `json:"allocated"`
}

// LedgerRow says what one rule took.
type LedgerRow struct {
	Rule      string       `json:"rule"`
	Lines     int64        `json:"lines"`
	Invoices  int64        `json:"invoices"`
	Customers int64        `json:"customers"`
	Amount    money.Amount `json:"amount"`
}

// Cancellations counts cancellation lines by how much of them found its sale, and what they took back.
type Cancellations struct {
	Matched   int64        `json:"matched"`
	Partly    int64        `json:"partly"`
	Unmatched int64        `json:"unmatched"`
	Amount    money.Amount `json:"amount"` // of the matched parts, negative
}

// Verdicts and acts of drift.
const (
	VerdictNone             = "none"
	VerdictWarn             = "warn"
	VerdictAlert            = "alert"
	VerdictInsufficientData = "insufficient_data"

	ActNone    = "none"
	ActWait    = "wait"
	ActRefit   = "refit"
	ActRetrain = "retrain"
	ActFixData = "fix_data"
)

// DriftResult is what drift reports.
type DriftResult struct {
	Verdict  string         `json:"verdict"`
	Act      string         `json:"act"`
	Cause    string         `json:"cause"`
	Wanted   string         `json:"wanted"`  // the act that this run's evidence alone calls for
	Votes    int            `json:"votes"`   // of the last as-of dates a week apart, at most 3, that called for a new model
	Asked    *calendar.Date `json:"asked"`   // when the same was asked for last, within the cool-down; null otherwise
	Latched  bool           `json:"latched"` // two of the last three as-of dates called for a new model
	Model    string         `json:"model"`   // model_id compared with, "" without HEAD
	Seq      int64          `json:"seq"`     // revision of HEAD, 0 without
	AsOf     calendar.Date  `json:"as_of"`
	HeadAsOf *calendar.Date `json:"head_as_of"` // of that revision; an older run has nothing to ask of it. null without
	Hold     string         `json:"hold"`       // why a new model would not be promoted whatever the act; "" without a hold
	Features []DriftFeature `json:"features"`
	Effects  DriftEffects   `json:"effects"`
	Checks   []DriftCheck   `json:"checks"`
	// Age and Frozen are for the closing record: days since the model of HEAD was first promoted, and since promotions are on hold.
	// nil without a model or a hold, and where a step of before looked.
	Age    *int `json:"-"`
	Frozen *int `json:"-"`
	// Forward is what the customers of each segment did after they were assigned, for the runs to come.
	Forward []drift.Followed `json:"forward"`
	// Said are the features that have moved and of which it was said, for the runs to come.
	Said []drift.Said `json:"said,omitempty"`
}

// DriftFeature is the drift of one feature from the baseline. What does not apply is null.
type DriftFeature struct {
	Feature     string   `json:"feature"`
	PSI         float64  `json:"psi"`
	Threshold   float64  `json:"threshold"` // what this many customers stay below by chance, in 19 runs of 20
	P           float64  `json:"p"`         // adjusted for the number of features
	JS          *float64 `json:"js"`
	KS          *float64 `json:"ks"`
	Wasserstein *float64 `json:"wasserstein"`
	Verdict     string   `json:"verdict"`
}

// DriftEffects says how much of each kind moved; null where it was not measured.
type DriftEffects struct {
	Data       *float64 `json:"data"` // lines of the last days that a check calls broken, as a share
	Model      *float64 `json:"model"`
	Population *float64 `json:"population"`
}

// DriftCheck is what a check of the lines found: which column is broken on which day.
type DriftCheck struct {
	Check    string        `json:"check"` // the code to accept it by
	Column   string        `json:"column"`
	Day      calendar.Date `json:"day"`  // the first
	Days     int           `json:"days"` // how many
	Act      string        `json:"act"`
	Accepted bool          `json:"accepted"`
	Why      string        `json:"why"`
}

// TrainResult is what train reports.
type TrainResult struct {
	FitID    string   `json:"fit_id"`
	ModelID  string   `json:"model_id"`
	Parent   string   `json:"parent"` // model_id of HEAD before the run, "" without
	K        int      `json:"k"`
	Rule     string   `json:"rule"` // the sentence that says why this k
	Sizes    []int    `json:"sizes"`
	Segments []string `json:"segments"` // ids, in the order of sizes
	// Converged is false where k-means reached its iteration limit first.
	Converged bool          `json:"converged"`
	Natural   bool          `json:"natural"` // k meets every condition of the rule; else the segments are constructed
	Findings  []string      `json:"findings"`
	Sweep     []SweepResult `json:"sweep"`
	// Dominance says how nearly each feature of the space gives the same segments on its own.
	Dominance []DominanceResult `json:"dominance"`
	Outliers  OutlierResult     `json:"outliers"`
}

// DominanceResult is the adjusted Rand index of the segments with those of one feature alone.
type DominanceResult struct {
	Feature string  `json:"feature"`
	ARI     float64 `json:"ari"`
}

// OutlierResult says how many customers an isolation forest flags. None is removed.
type OutlierResult struct {
	Customers int     `json:"customers"`
	Threshold float64 `json:"threshold"` // score from which a customer is flagged, 0 … 1
}

// SweepResult is what one k gave, in six significant digits; the table sweep has all of them. Criteria are null where they are
// undefined (k = 1).
type SweepResult struct {
	K                int      `json:"k"`
	Inertia          float64  `json:"inertia"`
	Silhouette       *float64 `json:"silhouette"`
	DaviesBouldin    *float64 `json:"davies_bouldin"`
	CalinskiHarabasz *float64 `json:"calinski_harabasz"`
	Strength         *float64 `json:"strength"`       // prediction strength
	StrengthError    *float64 `json:"strength_error"` // its standard error
	Jaccard          *float64 `json:"jaccard"`        // of the segment that comes again least well in resamples
	Agreement        *float64 `json:"agreement"`      // mean adjusted Rand index of the starts with the best one
	SmallestShare    float64  `json:"smallest_share"`
	Smallest         int      `json:"smallest"` // customers in the smallest segment
	Elbow            float64  `json:"elbow"`    // distance below the elbow's chord, in the unit square
	Qualifies        bool     `json:"qualifies"`
}

// Verdicts of evaluate.
const (
	EvalPass       = "pass"
	EvalFail       = "fail"
	EvalUnverified = "unverified" // drift saw another HEAD
)

// EvaluateResult is what evaluate reports.
type EvaluateResult struct {
	Eval      string `json:"eval"` // eval-id
	Verdict   string `json:"verdict"`
	Candidate string `json:"candidate"` // model_id
	Champion  string `json:"champion"`  // model_id of HEAD, "" without
	Seq       int64  `json:"seq"`       // revision of HEAD, 0 without
	Gates     []Gate `json:"gates"`

	Reasons  []Reason         `json:"reasons"`  // to replace the champion; without one promote holds
	Audience []AudienceChange `json:"audience"` // of the champion's segments, if the candidate replaced it; empty without
}

// Reasons to replace a model.
const (
	ReasonDrift = "drift" // drift's act is refit or retrain
	ReasonAge   = "age"   // the champion is older than --max-age
	ReasonGain  = "gain"  // the candidate fits customers better that neither was fitted on
)

// Reason says why the champion should be replaced.
type Reason struct {
	Reason string `json:"reason"`
	Why    string `json:"why"`
}

// AudienceGate is the gate about who would change segments: the one gate that --promote=force passes over.
const AudienceGate = "audience"

// AudienceChange is how one of the champion's segments would change if the candidate replaced it today.
type AudienceChange struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Customers int     `json:"customers"` // by the champion
	Enter     int     `json:"enter"`
	Leave     int     `json:"leave"`
	Share     float64 `json:"share"` // the larger of the two, of Customers
}

// What promote is told by --promote.
const (
	PromoteAuto  = "auto"  // if there is a reason
	PromoteForce = "force" // a person wants it
)

// Gate is one condition of promotion. Value and Limit are null where it is not about a number.
type Gate struct {
	Gate    string   `json:"gate"`
	Verdict string   `json:"verdict"` // pass, fail
	Value   *float64 `json:"value"`
	Limit   *float64 `json:"limit"`
	Why     string   `json:"why"`
}

// Actions of promote.
const (
	ActionBootstrap = "bootstrap" // the first HEAD
	ActionPromote   = "promote"
	ActionHold      = "hold"
	ActionUnchanged = "unchanged" // the candidate's fit is HEAD's
	ActionRollback  = "rollback"  // by bin/registry
	// By bin/registry too; HEAD's model stays. Revisions of before have "release" for ActionUnfreeze.
	ActionFreeze   = "freeze"   // nothing is promoted
	ActionUnfreeze = "unfreeze" // candidates may be promoted again
	ActionDeny     = "deny"     // one fit is never promoted
	ActionAllow    = "allow"    // it may be again
	ActionErase    = "erase"    // HEAD's model without customers who are forgotten, with the same centres and segments
)

// Why a candidate is held back.
const (
	HeldFrozen  = "frozen"          // promotion is on hold, by a person or after a rollback
	HeldDenied  = "denied"          // a person has denied the fit
	HeldRefused = "refused"         // a gate was not passed
	HeldEarlier = "earlier_as_of"   // the current model is of a later as-of
	HeldMoved   = "head_moved"      // it was compared with another model than the current one
	HeldNoGain  = "nothing_to_gain" // no news: it is good, and no better than the current model
)

// PromoteResult is what promote reports.
type PromoteResult struct {
	Action   string `json:"action"`
	ModelID  string `json:"model_id"` // in force afterwards, "" if none
	Previous string `json:"previous"`
	Seq      int64  `json:"seq"`
	Cause    string `json:"cause,omitempty"` // of a hold: one of Held…
	Why      string `json:"why"`
}

// ScoreResult is what score reports.
type ScoreResult struct {
	ModelID   string          `json:"model_id"`
	Seq       int64           `json:"seq"`
	Customers int64           `json:"customers"`
	Segments  []SegmentResult `json:"segments"`
	Moved     int64           `json:"moved"`
	Movement  Movement        `json:"movement"`
	First     bool            `json:"first"` // nothing to compare with
	Why       string          `json:"why"`   // why there was nothing to compare with
}

// Movement counts who changed segment since the scores of the latest earlier as-of, by what caused it.
type Movement struct {
	Behaviour int64 `json:"behaviour"` // the model of those scores would have moved them too
	Model     int64 `json:"model"`     // by it they would have stayed
	Joined    int64 `json:"joined"`
	Left      int64 `json:"left"`
}

// SegmentResult is one segment's people and money.
type SegmentResult struct {
	ID           string       `json:"id"`
	Name         string       `json:"name"`
	Customers    int64        `json:"customers"`
	Share        float64      `json:"share"`
	Revenue      money.Amount `json:"revenue"`
	RevenueShare float64      `json:"revenue_share"`
}

// ReportResult is what report reports.
type ReportResult struct {
	Page    string  `json:"page"` // URI
	SHA256  string  `json:"sha256"`
	Size    int64   `json:"size"`
	Message Message `json:"message"`
}

// RollbackResult is what registry rollback reports.
type RollbackResult struct {
	ModelID  string `json:"model_id"`
	Previous string `json:"previous"`
	Seq      int64  `json:"seq"`
	Run      string `json:"run"`  // of the last scores: what the next score passes as --from-run
	Hold     string `json:"hold"` // how long no other model is promoted
}

// UsageResult is what registry usage reports: what steps have used, each in its last runs, newest first.
type UsageResult struct {
	Rows   []UsageRow `json:"rows"`
	Priced bool       `json:"priced"` // some price was given
	Money  float64    `json:"money"`  // of all rows, in the currency of the prices
}

// UsageRow is what a step has used in a run.
type UsageRow struct {
	Step         string  `json:"step"`
	Run          string  `json:"run"`
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	GiBHours     float64 `json:"gib_hours"`
	ReadBytes    int64   `json:"read_bytes"`
	WrittenBytes int64   `json:"written_bytes"`
	Money        float64 `json:"money"`
}

// PreflightResult is what registry preflight reports.
type PreflightResult struct {
	Checked []string `json:"checked"` // rights that are there, as "ROLE on OBJECT"
	Missing []string `json:"missing,omitempty"`
}

// SteerResult is what the commands of registry report that decide what may be promoted, and leave the model.
type SteerResult struct {
	Action  string `json:"action"`   // ActionFreeze, ActionUnfreeze, ActionDeny or ActionAllow
	ModelID string `json:"model_id"` // the current one
	Seq     int64  `json:"seq"`
	Changed bool   `json:"changed"` // false if it was so before
	Hold    string `json:"hold"`    // how long no other model is promoted, "" for no hold
	FitID   string `json:"fit_id"`  // that was denied or allowed, else ""
}

// NameResult is what registry name reports.
type NameResult struct {
	Segment string `json:"segment"`
	Name    string `json:"name"`  // that a person gave, "" for none
	Model   string `json:"model"` // the current model's own name for it
	Changed bool   `json:"changed"`
}

// PipelineResult is what pipeline reports.
type PipelineResult struct {
	Run     string         `json:"run"`
	ModelID string         `json:"model_id"`
	Report  string         `json:"report"` // URI
	New     bool           `json:"new"`    // false if every step had been done before
	Steps   map[string]any `json:"steps"`

	Practice *PracticeResult `json:"practice,omitempty"` // with --truth only
}

// PracticeResult says how the published segments agree with the kinds of customers that were planted in a demo shop.
type PracticeResult struct {
	ARI       *float64 `json:"ari"`                      // adjusted Rand index: 1 the same groups, about 0 no more than by chance; null without customers
	AMI       *float64 `json:"ami"`                      // adjusted mutual information: likewise
	Variation *float64 `json:"variation_of_information"` // in nats: 0 the same groups; null without customers
	Customers int64    `json:"customers"`                // that have a segment and a kind
	Kinds     int      `json:"kinds"`                    // planted ones among them
}
