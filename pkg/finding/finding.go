// Package finding has what a step noticed about a shop's lines and a person should know before they trust what is made of
// them: a code, one sentence, the lines and the money it is about, and what to do.
//
// A finding that stops says that a model made of these lines would be meaningless. Evaluate's gate fails on it, until
// somebody accepts its code.
package finding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/money"
)

// Finding is one thing that was noticed. The same lines give the same findings. None names a customer.
type Finding struct {
	Code     string       `json:"code"`     // one of [Specs]
	Sentence string       `json:"sentence"` // what was found, with its numbers
	Lines    int64        `json:"lines"`    // that it is about; 0 where it is not about lines that are there
	Money    money.Amount `json:"money"`    // of these lines; 0 where unknown
	What     string       `json:"what"`     // what to do about it
	Stops    bool         `json:"stops"`    // no model is promoted until it is accepted
}

// Codes of findings.
const (
	RuleShare       = "rule_share"
	DayShare        = "day_share"
	CustomerShare   = "customer_share"
	ProductShare    = "product_share"
	GapDays         = "gap_days"
	FutureDates     = "future_dates"
	FarDates        = "far_dates"
	UnitChange      = "unit_change"
	Duplicates      = "duplicates"
	SharedNumbers   = "shared_numbers"
	UnmarkedReturns = "unmarked_returns"
	MeaningChanged  = "meaning_changed"
	Discounts       = "discounts"
	OrderTotalsOnly = "order_totals_only"
	UnreadMoney     = "unread_money"   // of inspect and ingest
	RejectedShare   = "rejected_share" // of ingest
	TotalRepeats    = "total_repeats"  // of inspect and ingest
	PriceIsTotal    = "price_is_total"
	Dominance       = "dominance" // of train: a gate of its own judges it
)

// Codes of drift's checks of the lines: pkg/drift has them too. Each is accepted as a finding is.
const (
	PriceLevel     = "price_level"
	DoubledDay     = "doubled_day"
	ShiftedClock   = "shifted_clock"
	DeadHours      = "dead_hours"
	LostCountry    = "lost_country"
	MissingCountry = "missing_country"
	LostCustomers  = "lost_customers"
	RejectedMany   = "rejected_records"
)

// Spec declares a code, for flags and docs.
type Spec struct {
	Code    string
	Meaning string // when it is found
	Stops   string // when it stops promotion; "" for never
}

// Specs declares every code, in the order in which findings are shown.
var Specs = []Spec{
	{MeaningChanged, "what the lines mean would now be decided otherwise than for earlier runs", "always"},
	{RuleShare, "one rule removes over 10 % of the revenue (guest and cancellation_matched: over 50 %)",
		"over a third, by void, adjustment, non_product, price or quantity"},
	{UnitChange, "from one day on, prices are about 100 times as high or as low as before", "always"},
	{PriceIsTotal, "prices grow with quantities (100 lines of products sold in several quantities, by a power near 1), as line totals do", "always"},
	{TotalRepeats, "inspect, ingest: a column of totals has the same on all lines of 95 % of the orders of several lines, and of at least 20", "always"},
	{FarDates, "at most 1 % of the lines are over a year away from all others", ""},
	{FutureDates, "lines are dated after the as-of day", ""},
	{GapDays, "no sales for over two weeks, in a shop that sells on most days", ""},
	{DayShare, "one day has over a third of the revenue", "over a half"},
	{CustomerShare, "one customer has over a third of the revenue or over a fifth of the invoices", "over half of the invoices"},
	{ProductShare, "one product has over a third of the revenue", ""},
	{Duplicates, "over 1 % of the lines repeat another one", "over a third"},
	{RejectedShare, "ingest: over 1 % of a delivery's records, physical lines or money broke a check and was not stored", "over a tenth of the records or the money of the window's deliveries"},
	{UnmarkedReturns, "invoices of one form are above zero, and 80 % of their lines repeat an earlier sale to the same customer; or a column of words such as sale and return marks lines above zero",
		"over a third of the money, by a column of words"},
	{SharedNumbers, "1 % of the invoice numbers, and at least 10, name several customers on one day", ""},
	{Discounts, "discount lines are not taken off", ""},
	{UnreadMoney, "inspect, ingest: a column of discounts, refunds, taxes, shipping, fees, deposits or returned quantities is not read",
		"over a third of the money, where another column has what is left of a line"},
	{OrderTotalsOnly, "the lines have no product codes: each is an order", ""},
	{Dominance, "one feature alone gives nearly the same segments (adjusted Rand index of at least 0.8)", "unless it is frequency or monetary"},
	{PriceLevel, "drift: a day's prices are 5 times those of the drift window before, or a fifth", "always: drift's act is fix_data"},
	{DoubledDay, "drift: over 30 % of a day's lines repeat another line of the day", "always: drift's act is fix_data"},
	{ShiftedClock, "drift: a day's invoices fit the usual hours only by another clock", "always: drift's act is fix_data"},
	{DeadHours, "drift: no invoice in an hour of the day in which about 30 were to be expected", "always: drift's act is fix_data"},
	{LostCountry, "drift: a country has stopped from which about 30 invoices were to be expected", "always: drift's act is fix_data"},
	{MissingCountry, "drift: over half of a day's lines have no country, where nearly all had one", "always: drift's act is fix_data"},
	{LostCustomers, "drift: 90 % of a day's invoices have no customer, where most had one", "always: drift's act is fix_data"},
	{RejectedMany, "drift: a tenth of a day's records were rejected, or of a delivery's for an unreadable time, and ten times the usual share", "always: drift's act is fix_data"},
}

// Known reports whether there is such a code.
func Known(code string) bool {
	return slices.ContainsFunc(Specs, func(s Spec) bool { return s.Code == code })
}

// ParseCodes reads codes separated by commas, and returns them sorted, each once. An unknown code is an error.
func ParseCodes(s string) ([]string, error) {
	var codes []string
	for code := range strings.SplitSeq(s, ",") {
		code = strings.TrimSpace(code)
		if code == "" {
			continue
		}
		if !Known(code) {
			var known []string
			for _, spec := range Specs {
				known = append(known, spec.Code)
			}
			return nil, fmt.Errorf("no finding %q: there are %s", code, strings.Join(known, ", "))
		}
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// Sort puts findings into their one order: those that stop first, then by [Specs], then by money, lines and sentence.
func Sort(findings []Finding) {
	rank := func(code string) int {
		return slices.IndexFunc(Specs, func(s Spec) bool { return s.Code == code })
	}
	slices.SortFunc(findings, func(a, b Finding) int {
		switch {
		case a.Stops != b.Stops && a.Stops:
			return -1
		case a.Stops != b.Stops:
			return 1
		case a.Code != b.Code:
			return rank(a.Code) - rank(b.Code)
		case a.Money != b.Money && a.Money > b.Money:
			return -1
		case a.Money != b.Money:
			return 1
		}
		return strings.Compare(a.Sentence, b.Sentence)
	})
}

// Open returns the findings that stop and are not accepted.
func Open(findings []Finding, accepted []string) []Finding {
	var open []Finding
	for _, f := range findings {
		if f.Stops && !slices.Contains(accepted, f.Code) {
			open = append(open, f)
		}
	}
	return open
}

// First returns the first of findings in their order, at most most of them. The last says how many are left out.
func First(findings []Finding, most int) []Finding {
	if len(findings) <= most {
		return findings
	}
	first := slices.Clone(findings[:most])
	first[most-1].Sentence += fmt.Sprintf("; not shown: %d more", len(findings)-most)
	return first
}

// Join makes one of findings that ask for the same thing, such as those of one column in a year of daily deliveries: with the
// sentence of the one that is about most money, and the sums of all. It stops where those that stop have half of the money.
func Join(findings []Finding) []Finding {
	type same struct{ code, what string }
	at, count := map[same]int{}, []int{}
	var joined, largest []Finding
	var stopped []money.Amount
	for _, f := range findings {
		i, ok := at[same{f.Code, f.What}]
		if !ok {
			at[same{f.Code, f.What}] = len(joined)
			joined, largest, count, stopped = append(joined, f), append(largest, f), append(count, 1), append(stopped, 0)
			i = len(joined) - 1
		} else {
			count[i]++
			joined[i].Lines += f.Lines
			joined[i].Money += f.Money
		}
		if f.Stops {
			joined[i].Stops = true
			stopped[i] += f.Money
		}
		if f.Money > largest[i].Money {
			largest[i] = f
		}
	}
	for i := range joined {
		joined[i].Stops = joined[i].Stops && 2*stopped[i] >= joined[i].Money
		if joined[i].Sentence = largest[i].Sentence; count[i] > 1 {
			joined[i].Sentence += fmt.Sprintf("; %d deliveries have that, %.2f together", count[i], joined[i].Money.Float())
		}
	}
	return joined
}
