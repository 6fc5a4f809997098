package contract

import (
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/export"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Tables of measure.
var (
	Arms = frame.Schema{Name: "arms", Version: 1,
		Meaning: "The arm of every customer in each campaign, in byte order of campaign and customer. One row per customer and campaign. " +
			"The campaign hold-out is the permanent one: whoever is held out gets nothing from any campaign.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "campaign", Kind: frame.Text, Meaning: "Id of the campaign, or hold-out."},
			{Name: "arm", Kind: frame.Text, Meaning: "treatment, control or hold_out."},
		}}

	Reads = frame.Schema{Name: "reads", Version: 1,
		Meaning: "Every look at a campaign so far, in order. One row per read.",
		Columns: []frame.Spec{
			{Name: "campaign", Kind: frame.Text, Meaning: "Id of the campaign."},
			{Name: "read", Kind: frame.Int, Meaning: "Which look it was, from 1."},
			{Name: "as_of", Kind: frame.Text, Meaning: "Day of the look, YYYY-MM-DD."},
			{Name: "effect", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Relative change of the capped average invoice value. Null if it cannot be said."},
			{Name: "low", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Lower limit of its 95 % interval."},
			{Name: "high", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Upper limit."},
			{Name: "target", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "The wanted rise as it shows in capped values."},
			{Name: "verdict", Kind: frame.Text, Meaning: "reached, not reached, cannot say or not causal."},
			{Name: "why", Kind: frame.Text, Nullable: true, Meaning: "What limits the verdict. Null if nothing does."},
		}}
)

// Sent is the table of the send log.
var Sent = frame.Schema{Name: "sent", Version: 1, Meaning: "The customers of an exported list, in its order. One row per customer.",
	Columns: []frame.Spec{{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier, as in the store."}}}

// Arms of a campaign.
const (
	ArmTreatment = "treatment"
	ArmControl   = "control"
	ArmHoldOut   = "hold_out"
)

// HoldOut is the permanent hold-out: its name among the campaigns, and the salt of its hash.
const HoldOut = "hold-out"

// Intervals of a campaign.
const (
	FixedHorizon = "fixed"        // one look, when the campaign is over
	AlwaysValid  = "always-valid" // wider, and right at every look
)

// VerdictNotCausal is the verdict where nothing was randomised; the others are pkg/measure's.
const VerdictNotCausal = "not causal"

// Campaigns is the list of campaigns: state/<name>/campaigns.json. Nothing else says which there are.
type Campaigns struct {
	Version int             `json:"version"`
	List    []CampaignEntry `json:"campaigns"` // by id
}

// CampaignEntry is one campaign.
type CampaignEntry struct {
	ID     string        `json:"campaign"`
	AsOf   calendar.Date `json:"as_of"`
	SHA256 string        `json:"sha256"` // of plan.json
}

// Campaign is what is fixed when customers are assigned, and never changes: plan.json.
type Campaign struct {
	Version      int               `json:"version"`
	ID           string            `json:"campaign"`
	Salt         string            `json:"salt"`
	ControlShare float64           `json:"control_share"` // of those who are not held out; 0 randomises nothing
	HoldOutShare float64           `json:"hold_out_share"`
	Start        calendar.Date     `json:"start"`
	End          calendar.Date     `json:"end"` // the day after the last
	CapQuantile  float64           `json:"cap_quantile"`
	Cap          *float64          `json:"cap"`    // of one invoice; null for none
	Rise         float64           `json:"rise"`   // wanted
	Target       *float64          `json:"target"` // the rise through the cap, in the invoices of the last period
	Interval     string            `json:"interval"`
	PlannedEnd   int               `json:"planned_buyers"` // customers with an invoice by the end, as in the last period
	AsOf         calendar.Date     `json:"as_of"`
	Run          string            `json:"run"`
	Arms         StoredArms        `json:"arms"`
	Balance      []CampaignBalance `json:"balance"`
	// Erased is how many customers were taken out of each arm since, because they are forgotten.
	Erased map[string]int64 `json:"erased,omitempty"`
}

// StoredArms names the table of arms.
type StoredArms struct {
	Object string `json:"object"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"`
}

// CampaignBalance is what an arm's customers were before the start.
type CampaignBalance struct {
	Arm       string             `json:"arm"`
	Customers int64              `json:"customers"`
	Share     *float64           `json:"share"`
	PastMoney *float64           `json:"past_money"` // a customer, in the 180 days before
	Segments  map[string]float64 `json:"segments"`   // share of the arm by segment name
}

// Read is one look at a campaign: reads/<n>.json. Values that are undefined are null.
type Read struct {
	Version    int             `json:"version"`
	Campaign   string          `json:"campaign"`
	N          int             `json:"read"` // from 1
	Run        string          `json:"run"`
	Key        string          `json:"key"` // of the step; "" by hand
	AsOf       calendar.Date   `json:"as_of"`
	Until      calendar.Date   `json:"until"` // invoices before this day count
	Interval   string          `json:"interval"`
	Arms       []ReadArm       `json:"arms"`
	SampleP    *float64        `json:"sample_ratio_p"`
	Effect     EffectResult    `json:"effect"`   // capped, adjusted: the verdict is of this one
	Plain      EffectResult    `json:"plain"`    // capped
	Uncapped   EffectResult    `json:"uncapped"` // adjusted
	Target     *float64        `json:"target"`   // the rise through the cap, in the control arm
	Verdict    string          `json:"verdict"`
	BetterThan bool            `json:"better_than_nothing"` // the lower limit is above 0
	Causal     bool            `json:"causal"`
	Guards     []ReadGuard     `json:"guards"`
	Why        []string        `json:"why"`
	Earlier    []calendar.Date `json:"earlier_looks"`
}

// ReadArm is one arm at a look.
type ReadArm struct {
	Arm       string       `json:"arm"`
	Customers int64        `json:"customers"`
	Buyers    int64        `json:"buyers"`
	Invoices  int64        `json:"invoices"`
	Revenue   money.Amount `json:"revenue"`                // uncapped
	Average   *float64     `json:"average_invoice"`        // uncapped
	Capped    *float64     `json:"average_invoice_capped"` // what is judged
}

// EffectResult is a relative change with its 95 % interval.
type EffectResult struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// ReadGuard is a measure that must not suffer.
type ReadGuard struct {
	Guard string `json:"guard"`
	EffectResult
	Why string `json:"why"` // what it is, or why it cannot be said
}

// MeasureResult is what measure reports.
type MeasureResult struct {
	Plan       []MeasurePlan  `json:"plan"`
	Measurable string         `json:"measurable"` // what it takes to see the wanted rise, in words
	AA         MeasureAA      `json:"aa"`
	Levers     []Lever        `json:"levers"`
	LeverBase  LeverBase      `json:"lever_base"`
	HoldOut    MeasureHoldOut `json:"hold_out"`
	Campaigns  int            `json:"campaigns"`
	Running    string         `json:"running"`           // the campaign that runs on the as-of date; of several the one that started last; "" for none
	Reads      []Read         `json:"reads"`             // made by this run
	Verdict    string         `json:"verdict,omitempty"` // of the last of them
	Findings   []string       `json:"findings"`
}

// MeasurePlan says what could be seen in a period like the last one of that many days, with two halves.
type MeasurePlan struct {
	Days        int      `json:"days"`
	CapQuantile float64  `json:"cap_quantile"` // 1: none
	Cap         *float64 `json:"cap"`
	Customers   int64    `json:"customers"`
	Buyers      int64    `json:"buyers"`
	Average     *float64 `json:"average_invoice"` // uncapped
	Capped      *float64 `json:"average_invoice_capped"`
	MDE         *float64 `json:"mde"` // smallest change found four times in five
	R2          *float64 `json:"r2"`  // of the covariates
	Adjusted    *float64 `json:"mde_adjusted"`
	Target      *float64 `json:"target"`           // the wanted rise through the cap
	Needed      *float64 `json:"needed_customers"` // for the target
	Measurable  bool     `json:"measurable"`
}

// MeasureAA is the test on halves between which there is no difference.
type MeasureAA struct {
	Splits   int      `json:"splits"`
	Rejected *float64 `json:"rejected"` // share; 0.05 is promised
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	Plain    *float64 `json:"rejected_without_covariates"`
}

// Lever is what a change of purchases would do to the average invoice: arithmetic, no forecast.
type Lever struct {
	Lever  string   `json:"lever"`
	Change *float64 `json:"change"`
}

// LeverBase is what levers are counted on: the invoices of the last days.
type LeverBase struct {
	Days       int              `json:"days"`
	Invoices   int64            `json:"invoices"`
	Revenue    float64          `json:"revenue"` // of these invoices
	Lines      int64            `json:"lines"`
	Thresholds []LeverThreshold `json:"thresholds"` // ascending
	Pack       *float64         `json:"pack"`       // money that every line below its product's pack would add by rising to it; null without explore
}

// LeverThreshold is an invoice value that an offer could begin at.
type LeverThreshold struct {
	Threshold float64 `json:"threshold"`
	Invoices  int64   `json:"invoices"` // from 80 % of it to below it
	Raise     float64 `json:"raise"`    // money that lifts all of these to it
	Quartile  bool    `json:"quartile"` // a quarter of the invoices is above
}

// MeasureHoldOut is who gets nothing from any campaign.
type MeasureHoldOut struct {
	Share     float64           `json:"share"`
	Customers int64             `json:"customers"`
	Balance   []CampaignBalance `json:"balance"`
}

// AssignResult is what measure assign reports.
type AssignResult struct {
	Campaign
	Plan string `json:"plan"` // URI
	New  bool   `json:"new"`  // false if the same was assigned before
}

// Export is what measure export reports, and logs: export.json.
type Export struct {
	Version   int           `json:"version"`
	ID        string        `json:"id"` // of its content
	Tool      string        `json:"tool"`
	List      string        `json:"list"`    // segment, entrants or leavers
	Segment   string        `json:"segment"` // id
	Campaign  string        `json:"campaign,omitempty"`
	Run       string        `json:"run"`
	AsOf      calendar.Date `json:"as_of"`
	ModelID   string        `json:"model_id"`
	At        string        `json:"at"` // RFC 3339
	Customers int64         `json:"customers"`
	HeldOut   int64         `json:"held_out"` // of the list, and not in the file
	Control   int64         `json:"control"`  // likewise: not in the campaign's treatment arm
	Left      export.Left   `json:"left_out"`
	SHA256    string        `json:"sha256"` // of the file
	Sent      StoredArms    `json:"sent"`
}
