package contract

import (
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Tables of audience.
var (
	Audiences = frame.Schema{Name: "audience", Version: 1,
		Meaning: "Who every customer is, and the list that the customer is on. One row per customer, in byte order of the identifier.",
		Columns: []frame.Spec{
			{Name: "customer", Kind: frame.Text, Meaning: "Customer identifier."},
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment."},
			{Name: "segment_name", Kind: frame.Text, Meaning: "Name of the segment."},
			{Name: "nature", Kind: frame.Text, Nullable: true, Meaning: "personal, bulk or reseller. Null if explore did not run."},
			{Name: "campaign", Kind: frame.Text, Nullable: true, Meaning: "Id of the campaign that runs on the as-of date; of several the one that started last. Null without one."},
			{Name: "arm", Kind: frame.Text, Nullable: true, Meaning: "The customer's arm in it: treatment, control or hold_out. Null without a campaign."},
			{Name: "hold_out", Kind: frame.Int, Meaning: "1 for a customer who is permanently held out and on no list, else 0."},
			{Name: "list", Kind: frame.Text, Nullable: true, Meaning: "The list that the customer is on. Null for none."},
			{Name: "list_code", Kind: frame.Text, Nullable: true, Meaning: "Product that the list is about, for this customer. Null where it is about none."},
			{Name: "usual_90", Kind: frame.Money, Unit: "currency", Meaning: "Usual spending in 90 days: monetary / max(tenure, 90) · 90."},
			{Name: "predicted_90", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Predicted spending in the next 90 days. Null where predict gives none."},
			{Name: "predicted_365", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Predicted spending in the next 365 days. Null where predict gives none."},
			{Name: "offer_1", Kind: frame.Text, Nullable: true, Meaning: "First product to offer, of the list for_you. Null without one."},
			{Name: "offer_2", Kind: frame.Text, Nullable: true, Meaning: "Second product to offer. Null without one."},
			{Name: "offer_3", Kind: frame.Text, Nullable: true, Meaning: "Third product to offer. Null without one."},
		}}

	Lists = frame.Schema{Name: "lists", Version: 1,
		Meaning: "The lists of customers, in the order in which they take them. One row per list.",
		Columns: slices.Concat([]frame.Spec{
			{Name: "list", Kind: frame.Text, Meaning: "Name of the list."},
			{Name: "rank", Kind: frame.Int, Meaning: "Place in the order, from 1: a customer is on the first list whose rule takes the customer."},
			{Name: "rule", Kind: frame.Text, Meaning: "The rule in words, with its limits."},
			{Name: "purpose", Kind: frame.Text, Meaning: "What the list is for."},
			{Name: "taken", Kind: frame.Int, Unit: "customers", Meaning: "Customers whom the rule takes, before order and hold-out."},
			{Name: "held_out", Kind: frame.Int, Unit: "customers", Meaning: "Of these, permanently held out."},
			{Name: "earlier", Kind: frame.Int, Unit: "customers", Meaning: "Of the others, on an earlier list."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers on the list."},
			{Name: "at_stake", Kind: frame.Money, Unit: "currency", Meaning: "Their usual spending in 90 days. It is not what the list earns."},
			{Name: "personal", Kind: frame.Int, Unit: "customers", Meaning: "Of the customers on the list, those who buy for themselves. 0 if explore did not run."},
			{Name: "bulk", Kind: frame.Int, Unit: "customers", Meaning: "Those who buy in bulk."},
			{Name: "reseller", Kind: frame.Int, Unit: "customers", Meaning: "Those who buy to resell."},
			{Name: "followed_from", Kind: frame.Text, Meaning: "Day 90 days before as-of, YYYY-MM-DD. What follows is of the customers of that day."},
		},
			followed("followed", "Customers whom the same rule took on that day"),
			followed("others", "Other customers of the same segments on that day"),
			[]frame.Spec{
				{Name: "difference", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Share of those taken who bought within 90 days, less that of the others. Null where one is empty."},
				{Name: "difference_low", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Lower limit of its 95 % interval."},
				{Name: "difference_high", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Upper limit."},
				{Name: "says", Kind: frame.Text, Meaning: "What came of those taken, in words."},
			})}

	SegmentAudience = frame.Schema{Name: "segment_audience", Version: 1,
		Meaning: "Segments by nature and lists, and what those who were in them 90 days before as-of did since. One row per segment of the model, in byte order of the id.",
		Columns: slices.Concat([]frame.Spec{
			{Name: "segment", Kind: frame.Text, Meaning: "Id of the segment."},
			{Name: "name", Kind: frame.Text, Meaning: "Its name."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers in it with a purchase in the window."},
			{Name: "usual_90", Kind: frame.Money, Unit: "currency", Meaning: "Their usual spending in 90 days."},
			{Name: "personal", Kind: frame.Int, Unit: "customers", Meaning: "Of them, those who buy for themselves. 0 if explore did not run."},
			{Name: "bulk", Kind: frame.Int, Unit: "customers", Meaning: "Those who buy in bulk."},
			{Name: "reseller", Kind: frame.Int, Unit: "customers", Meaning: "Those who buy to resell."},
			{Name: "listed", Kind: frame.Int, Unit: "customers", Meaning: "Those on a list."},
			{Name: "held_out", Kind: frame.Int, Unit: "customers", Meaning: "Those permanently held out."},
			{Name: "followed_from", Kind: frame.Text, Meaning: "Day 90 days before as-of, YYYY-MM-DD. What follows is of the customers of that day, put into segments by the present model."},
		},
			followed("followed", "Customers of the segment on that day"),
			[]frame.Spec{
				{Name: "bought_share", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "followed_bought / followed. Null without customers then."},
				{Name: "bought_low", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Lower limit of its 95 % interval (Wilson)."},
				{Name: "bought_high", Kind: frame.Float, Nullable: true, Unit: "share", Meaning: "Upper limit."},
				{Name: "spent_each", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "followed_spent / followed, of all of them, buyers or not. Null likewise."},
				{Name: "spent_low", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Lower limit of its 95 % interval: the mean less 1.96 standard errors, 0 at least. Null with fewer than 2 customers."},
				{Name: "spent_high", Kind: frame.Float, Nullable: true, Unit: "currency", Meaning: "Upper limit. Null likewise."},
			})}

	ListLimits = frame.Schema{Name: "list_limits", Version: 1,
		Meaning: "What each limit in a list's rule does: how many customers the rule takes today, before order and hold-out. One row per limit.",
		Columns: []frame.Spec{
			{Name: "list", Kind: frame.Text, Meaning: "Name of the list."},
			{Name: "name", Kind: frame.Text, Meaning: "Name of the limit."},
			{Name: "value", Kind: frame.Float, Meaning: "The limit."},
			{Name: "customers", Kind: frame.Int, Unit: "customers", Meaning: "Customers whom the rule takes."},
			{Name: "lower", Kind: frame.Float, Meaning: "A lower limit."},
			{Name: "customers_lower", Kind: frame.Int, Unit: "customers", Meaning: "Customers whom the rule would take with it."},
			{Name: "higher", Kind: frame.Float, Meaning: "A higher limit."},
			{Name: "customers_higher", Kind: frame.Int, Unit: "customers", Meaning: "Customers whom the rule would take with it."},
		}}
)

// followed declares what a group of customers did in the 90 days after a day.
func followed(name, who string) []frame.Spec {
	return []frame.Spec{
		{Name: name, Kind: frame.Float, Nullable: true, Unit: "customers", Meaning: who + ". Null where it cannot be said."},
		{Name: name + "_bought", Kind: frame.Float, Nullable: true, Unit: "customers", Meaning: "Of these, who bought within 90 days."},
		{Name: name + "_spent", Kind: frame.Money, Nullable: true, Unit: "currency", Meaning: "What they spent in these days."},
	}
}

// AudienceResult is what audience reports.
type AudienceResult struct {
	Customers  int64           `json:"customers"`
	HeldOut    int64           `json:"held_out"`
	Listed     int64           `json:"listed"` // on a list
	Campaign   string          `json:"campaign"`
	Rules      string          `json:"rules"`    // lists in order with their limits, as --lists reads them
	Lists      []ListResult    `json:"lists"`    // in order
	Segments   []ListedSegment `json:"segments"` // in the order of their ids
	Limits     []LimitResult   `json:"limits"`
	Before     string          `json:"before"`    // the run whose scores these were compared with, "" for none
	Cut        calendar.Date   `json:"cut"`       // the follow-up is of the 90 days from here
	Everybody  *FollowedGroup  `json:"everybody"` // who had bought before the cut
	Statements []string        `json:"statements"`
}

// ListResult is one list. Then and Others are null where the rule could not be asked of the customers of that day.
type ListResult struct {
	List      string           `json:"list"`
	Rule      string           `json:"rule"`
	Purpose   string           `json:"purpose"`
	Taken     int64            `json:"taken"` // by the rule, before order and hold-out
	HeldOut   int64            `json:"held_out"`
	Earlier   int64            `json:"earlier"`
	Customers int64            `json:"customers"`
	AtStake   money.Amount     `json:"at_stake"` // usual spending in 90 days
	Nature    map[string]int64 `json:"nature"`   // customers by nature; empty if explore did not run
	Then      *FollowedGroup   `json:"then"`
	Others    *FollowedGroup   `json:"others"`
	Low       *float64         `json:"difference_low"` // of the shares who bought
	High      *float64         `json:"difference_high"`
	Differs   bool             `json:"differs"`
	Says      string           `json:"says"`
}

// ListedSegment is a segment by nature and lists.
type ListedSegment struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Customers int64            `json:"customers"`
	Usual     money.Amount     `json:"usual"`  // spending in 90 days
	Nature    map[string]int64 `json:"nature"` // customers by nature; empty if explore did not run
	Listed    int64            `json:"listed"`
	HeldOut   int64            `json:"held_out"`
}

// FollowedGroup is what customers did in the 90 days after a day.
type FollowedGroup struct {
	Customers int64        `json:"customers"`
	Bought    int64        `json:"bought"`
	Spent     money.Amount `json:"spent"`
}

// LimitResult is what a limit does: customers whom the rule takes with it, and with a lower and a higher one.
type LimitResult struct {
	List            string  `json:"list"`
	Name            string  `json:"name"`
	Value           float64 `json:"value"`
	Customers       int64   `json:"customers"`
	Lower           float64 `json:"lower"`
	CustomersLower  int64   `json:"customers_lower"`
	Higher          float64 `json:"higher"`
	CustomersHigher int64   `json:"customers_higher"`
}
