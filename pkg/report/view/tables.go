package view

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Tables are the tables of steps that a view reads, beside score's segments and movers: all are small, or read in part.
var Tables = map[string][]frame.Schema{
	contract.Preprocess: {contract.Products},
	contract.Drift:      {contract.Effects, contract.Features, contract.DriftBins},
	contract.Train:      {contract.SweepClusters},
	contract.Score:      {contract.SegmentGrid, contract.SegmentFeatures, contract.Migration},
	contract.Audience:   {contract.SegmentAudience, contract.Weeks, contract.History, contract.SegmentWeeks},
	contract.Explore:    {contract.Times, contract.Distributions, contract.Top, contract.Gaps, contract.Correlations, contract.Cohorts, contract.Concentration},
	contract.Recommend:  {contract.Pairs},
}

// Effect is one measure of drift.
type Effect struct {
	Effect  string `json:"effect"`
	Value   Number `json:"value"`
	Limit   Number `json:"limit"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
}

// Firm says how firmly a segment of the candidate keeps together.
type Firm struct {
	ID         string `json:"id"` // of the segment
	Customers  int64  `json:"customers"`
	Silhouette Number `json:"silhouette"`
	Jaccard    Number `json:"jaccard"` // with the segment of resamples
}

// Cross counts the customers of a segment in the named grid of recency and frequency.
type Cross struct {
	Name      string  `json:"name"`      // of the cell
	Customers []int64 `json:"customers"` // in the order of Scores.Segments
	All       int64   `json:"all"`
}

// Month is what a calendar month sold.
type Month struct {
	Month    string       `json:"month"` // 2011-01
	Invoices int64        `json:"invoices"`
	Revenue  money.Amount `json:"revenue"`
	Partial  bool         `json:"partial"` // the window begins or ends within it
}

// Hour counts the invoices of an hour of the day, by weekday from Monday on.
type Hour struct {
	Hour     int      `json:"hour"`
	Invoices [7]int64 `json:"invoices"`
}

// Distribution is how often values of each size occur.
type Distribution struct {
	Measure string `json:"measure"` // quantity, price, invoice_value
	Bins    []Bin  `json:"bins"`
}

// Bin is one range of a distribution.
type Bin struct {
	Low     float64      `json:"low"`
	High    float64      `json:"high"`
	Count   int64        `json:"count"`
	Revenue money.Amount `json:"revenue"`
}

// Best is a product of most revenue.
type Best struct {
	Name      string       `json:"name"`
	Customers int64        `json:"customers"`
	Invoices  int64        `json:"invoices"`
	Revenue   money.Amount `json:"revenue"`
	Share     float64      `json:"revenue_share"`
}

// Gap is what is missing.
type Gap struct {
	Name  string `json:"name"`
	Lines int64  `json:"lines"`
	Share Number `json:"share"`

	Delivered bool `json:"delivered"` // of the accepted lines of the delivery, not of the kept lines
}

// Related are two features that rise together, or against each other.
type Related struct {
	Feature     string `json:"feature"`
	Other       string `json:"other"`
	Correlation Number `json:"correlation"`
}

// Cohort are the customers of one month, followed.
type Cohort struct {
	Cohort    string   `json:"cohort"`
	Customers int64    `json:"customers"`
	Retention []Number `json:"retention"` // by months later, from 0
	Censored  bool     `json:"censored"`  // the customers may have bought before the window
}

// Concentration is what the best customers bring.
type Concentration struct {
	Share        float64 `json:"share"`
	Customers    int64   `json:"customers"`
	RevenueShare float64 `json:"revenue_share"`
}

// Pair are products bought together.
type Pair struct {
	Code     string  `json:"code"`
	With     string  `json:"with"`
	Invoices int64   `json:"invoices"`
	Both     int64   `json:"both"`
	Jaccard  float64 `json:"jaccard"`
}

// Moved is how customers are spread over the bins of a feature, then and now.
type Moved struct {
	Feature string `json:"feature"`
	Before  Number `json:"before"` // median of those that the model was trained on
	Now     Number `json:"now"`
	Why     string `json:"why"` // the largest difference
	Spread  []Side `json:"spread"`
}

// Side is one bin: shares of customers then and now.
type Side struct {
	Label  string `json:"label"`
	Before Number `json:"before"`
	Now    Number `json:"now"`
}

// againstModel is drift's comparison with the customers that the model was trained on.
const againstModel = "model"

func spreads(in Inputs) []Moved {
	f := in.table(contract.Features)
	if f == nil {
		return nil
	}
	var rows []Moved
	for i, against := range f.Strings("against") {
		if against == againstModel {
			rows = append(rows, Moved{Feature: f.Strings("feature")[i], Before: Number(f.Floats("median_reference")[i]), Now: Number(f.Floats("median_current")[i]), Why: f.Strings("why")[i]})
		}
	}
	b := in.table(contract.DriftBins)
	if b == nil {
		return rows
	}
	for i, against := range b.Strings("against") {
		k := slices.IndexFunc(rows, func(m Moved) bool { return m.Feature == b.Strings("feature")[i] })
		if against == againstModel && k >= 0 {
			rows[k].Spread = append(rows[k].Spread, Side{binLabel(b, i), Number(b.Floats("reference_share")[i]), Number(b.Floats("current_share")[i])})
		}
	}
	return rows
}

// binLabel says what is in bin i.
func binLabel(b *frame.Frame, i int) string {
	low, high := b.Floats("low")[i], b.Floats("high")[i]
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	switch kind := b.Strings("kind")[i]; {
	case kind == "level":
		return b.Strings("level")[i]
	case kind != "range":
		return kind
	case math.IsNaN(low) && math.IsNaN(high):
		return "any"
	case math.IsNaN(low):
		return "to " + number(high)
	case math.IsNaN(high):
		return "above " + number(low)
	default:
		return number(low) + " to " + number(high)
	}
}

// names are what products are called, by code.
func names(in Inputs) map[string]string {
	f := in.table(contract.Products)
	if f == nil {
		return nil
	}
	called := make(map[string]string, f.Rows())
	for i, code := range f.Strings("code") {
		called[code] = f.Strings("description")[i]
	}
	return called
}

// Week is what was sold in seven days.
type Week struct {
	Start     string `json:"start"`
	End       string `json:"end"`
	Sales     Usual  `json:"sales"`
	Invoices  Usual  `json:"invoices"`
	Customers Usual  `json:"customers"`
	FirstTime Usual  `json:"first_time"` // customers whose first purchase it was
}

// Usual is a number with the limits between which 8 of 10 weeks before it were; undefined without enough of them.
type Usual struct {
	Value Number `json:"value"`
	Low   Number `json:"low"`
	High  Number `json:"high"`
}

// Past is what a run came to.
type Past struct {
	Run       string       `json:"run"`
	AsOf      string       `json:"as_of"`
	ModelID   string       `json:"model_id"`
	Customers int64        `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
	Moved     int64        `json:"moved"`
	Verdict   string       `json:"verdict"` // of drift, "" if it did not run
	Act       string       `json:"act"`
	Cause     string       `json:"cause"` // in drift's words
}

// Then is a segment in one of the runs of the history.
type Then struct {
	AsOf      string       `json:"as_of"`
	Customers int64        `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
}

// After is what the customers who were in a segment 90 days before as-of did since.
type After struct {
	ID         string `json:"id"`
	From       string `json:"from"`
	Followed   Number `json:"followed"`
	Bought     Number `json:"bought"` // share
	BoughtLow  Number `json:"bought_low"`
	BoughtHigh Number `json:"bought_high"`
	Spent      Number `json:"spent"` // each, buyers or not
	SpentLow   Number `json:"spent_low"`
	SpentHigh  Number `json:"spent_high"`
}

// Way is how many customers went from a segment to another, or stayed; "" is none.
type Way struct {
	From      string       `json:"from"`
	To        string       `json:"to"`
	Customers int64        `json:"customers"`
	Before    money.Amount `json:"before"`
	Now       money.Amount `json:"now"`
}

func weeks(in Inputs) []Week {
	f := in.table(contract.Weeks)
	if f == nil {
		return nil
	}
	usual := func(name string, i int) Usual {
		return Usual{Number(f.Column(name).Float(i)), Number(f.Floats(name + "_low")[i]), Number(f.Floats(name + "_high")[i])}
	}
	rows := make([]Week, f.Rows())
	for i := range rows {
		rows[i] = Week{f.Strings("start")[i], f.Strings("last_day")[i], usual("sales", i), usual("invoices", i), usual("customers", i), usual("first_time", i)}
	}
	return rows
}

func history(in Inputs) []Past {
	f := in.table(contract.History)
	if f == nil {
		return nil
	}
	rows := make([]Past, f.Rows())
	for i := range rows {
		rows[i] = Past{f.Strings("run")[i], f.Strings("as_of")[i], f.Strings("model_id")[i], f.Ints("customers")[i], money.Amount(f.Ints("revenue")[i]), f.Ints("moved")[i],
			f.Strings("verdict")[i], f.Strings("act")[i], f.Strings("cause")[i]}
	}
	return rows
}

// trend is the history of each segment that there is now.
func trend(in Inputs, segments []Segment) [][]Then {
	f := in.table(contract.SegmentWeeks)
	if f == nil {
		return nil
	}
	all := make([][]Then, len(segments))
	for i, id := range f.Strings("segment") {
		if k := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == id }); k >= 0 {
			all[k] = append(all[k], Then{f.Strings("as_of")[i], f.Ints("customers")[i], money.Amount(f.Ints("revenue")[i])})
		}
	}
	return all
}

func after(in Inputs) []After {
	f := in.table(contract.SegmentAudience)
	if f == nil {
		return nil
	}
	rows := make([]After, f.Rows())
	for i := range rows {
		at := func(name string) Number { return Number(f.Floats(name)[i]) }
		rows[i] = After{f.Strings("segment")[i], f.Strings("followed_from")[i], at("followed"), at("bought_share"), at("bought_low"), at("bought_high"), at("spent_each"), at("spent_low"), at("spent_high")}
	}
	return rows
}

func migration(in Inputs) []Way {
	f := in.table(contract.Migration)
	if f == nil {
		return nil
	}
	rows := make([]Way, f.Rows())
	for i := range rows {
		rows[i] = Way{f.Strings("from_segment")[i], f.Strings("to_segment")[i], f.Ints("customers")[i], money.Amount(f.Ints("before")[i]), money.Amount(f.Ints("now")[i])}
	}
	return rows
}

// middles are the medians of the features, in the order of traits.
func middles(in Inputs, segments []Segment) []Trait {
	f := in.table(contract.SegmentFeatures)
	if f == nil {
		return nil
	}
	var rows []Trait
	for _, t := range traits {
		row, known := Trait{Feature: t.feature, All: Undefined(), Means: slices.Repeat([]Number{Undefined()}, len(segments))}, false
		for i, feature := range f.Strings("feature") {
			if feature != t.feature {
				continue
			}
			known = true
			if id := f.Strings("segment")[i]; id == "" {
				row.All = Number(f.Floats("median")[i])
			} else if k := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == id }); k >= 0 {
				row.Means[k] = Number(f.Floats("median")[i])
			}
		}
		if known {
			rows = append(rows, row)
		}
	}
	return rows
}

func (in Inputs) table(s frame.Schema) *frame.Frame {
	f := in.Tables[s.Name]
	if f == nil || f.Rows() == 0 {
		return nil
	}
	return f
}

func effects(in Inputs) []Effect {
	f := in.table(contract.Effects)
	if f == nil {
		return nil
	}
	rows := make([]Effect, f.Rows())
	for i := range rows {
		rows[i] = Effect{f.Strings("effect")[i], Number(f.Floats("value")[i]), Number(f.Floats("limit")[i]), f.Strings("verdict")[i], f.Strings("why")[i]}
	}
	return rows
}

func firm(in Inputs) []Firm {
	f := in.table(contract.SweepClusters)
	if f == nil || in.Train == nil {
		return nil
	}
	var rows []Firm
	for i, chosen := range f.Ints("chosen") {
		if c := f.Ints("cluster")[i]; chosen == 1 && c < int64(len(in.Train.Segments)) {
			rows = append(rows, Firm{in.Train.Segments[c], f.Ints("customers")[i], Number(f.Floats("silhouette")[i]), Number(f.Floats("jaccard")[i])})
		}
	}
	return rows
}

// grid is the cross table, the most customers first.
func grid(in Inputs, segments []Segment) []Cross {
	f := in.table(contract.SegmentGrid)
	if f == nil {
		return nil
	}
	at, rows := map[string]int{}, []Cross{}
	for i, name := range f.Strings("rfm_name") {
		k, ok := at[name]
		if !ok {
			k, at[name] = len(rows), len(rows)
			rows = append(rows, Cross{Name: name, Customers: make([]int64, len(segments))})
		}
		n := f.Ints("customers")[i]
		rows[k].All += n
		if s := slices.IndexFunc(segments, func(g Segment) bool { return g.ID == f.Strings("segment")[i] }); s >= 0 {
			rows[k].Customers[s] += n
		}
	}
	slices.SortFunc(rows, func(a, b Cross) int { return cmp.Or(cmp.Compare(b.All, a.All), cmp.Compare(a.Name, b.Name)) })
	return rows
}

func months(in Inputs) []Month {
	f := in.table(contract.Times)
	if f == nil {
		return nil
	}
	at, rows := map[string]int{}, []Month{}
	for i, m := range f.Strings("month") {
		k, ok := at[m]
		if !ok {
			k, at[m] = len(rows), len(rows)
			rows = append(rows, Month{Month: m})
		}
		rows[k].Invoices += f.Ints("invoices")[i]
		rows[k].Revenue += money.Amount(f.Ints("revenue")[i])
	}
	slices.SortFunc(rows, func(a, b Month) int { return cmp.Compare(a.Month, b.Month) })
	rows[len(rows)-1].Partial = in.AsOf.String()[:7] == rows[len(rows)-1].Month
	if s := in.Preprocess.WindowStart; s != nil && s.String()[8:] != "01" {
		rows[0].Partial = rows[0].Partial || rows[0].Month == s.String()[:7]
	}
	return rows
}

// hours are those with an invoice, in order.
func hours(in Inputs) []Hour {
	f := in.table(contract.Times)
	if f == nil {
		return nil
	}
	var all [24]Hour
	for i, h := range f.Ints("hour") {
		if d := f.Ints("weekday")[i]; h >= 0 && h < 24 && d >= 1 && d <= 7 {
			all[h].Invoices[d-1] += f.Ints("invoices")[i]
		}
	}
	var rows []Hour
	for h, row := range all {
		if row.Hour = h; row.Invoices != [7]int64{} {
			rows = append(rows, row)
		}
	}
	return rows
}

func distributions(in Inputs) []Distribution {
	f := in.table(contract.Distributions)
	if f == nil {
		return nil
	}
	var rows []Distribution
	for i, m := range f.Strings("measure") {
		if len(rows) == 0 || rows[len(rows)-1].Measure != m {
			rows = append(rows, Distribution{Measure: m})
		}
		d := &rows[len(rows)-1]
		d.Bins = append(d.Bins, Bin{f.Floats("low")[i], f.Floats("high")[i], f.Ints("count")[i], money.Amount(f.Ints("revenue")[i])})
	}
	return rows
}

func best(in Inputs) []Best {
	f := in.table(contract.Top)
	if f == nil {
		return nil
	}
	var rows []Best
	for i, kind := range f.Strings("kind") {
		if kind == "product" {
			rows = append(rows, Best{f.Strings("name")[i], f.Ints("customers")[i], f.Ints("invoices")[i], money.Amount(f.Ints("revenue")[i]), f.Floats("revenue_share")[i]})
		}
	}
	return rows
}

// gaps are the columns with missing values: of the delivery where they are known of it, else of the kept lines.
func gaps(in Inputs) []Gap {
	f := in.table(contract.Gaps)
	if f == nil {
		return nil
	}
	rows := []Gap{}
	for _, wanted := range []string{"delivered", "missing"} {
		for i, kind := range f.Strings("kind") {
			if kind == wanted {
				rows = append(rows, Gap{f.Strings("name")[i], f.Ints("lines")[i], Number(f.Floats("share")[i]), wanted == "delivered"})
			}
		}
		if len(rows) > 0 {
			break
		}
	}
	return rows
}

// mostRelated bounds the pairs of features that are shown.
const mostRelated = 12

// related are the pairs of features of the strongest correlation.
func related(in Inputs) []Related {
	f := in.table(contract.Correlations)
	if f == nil {
		return nil
	}
	var rows []Related
	for i, r := range f.Floats("correlation") {
		if !math.IsNaN(r) {
			rows = append(rows, Related{f.Strings("feature")[i], f.Strings("other")[i], Number(r)})
		}
	}
	slices.SortStableFunc(rows, func(a, b Related) int {
		return cmp.Compare(math.Abs(float64(b.Correlation)), math.Abs(float64(a.Correlation)))
	})
	return rows[:min(mostRelated, len(rows))]
}

func cohorts(in Inputs) []Cohort {
	f := in.table(contract.Cohorts)
	if f == nil {
		return nil
	}
	var rows []Cohort
	for i, c := range f.Strings("cohort") {
		if len(rows) == 0 || rows[len(rows)-1].Cohort != c {
			rows = append(rows, Cohort{Cohort: c, Customers: f.Ints("customers")[i], Censored: f.Ints("censored")[i] == 1})
		}
		g := &rows[len(rows)-1]
		for later := f.Ints("later")[i]; int64(len(g.Retention)) <= later; {
			g.Retention = append(g.Retention, Undefined())
		}
		g.Retention[f.Ints("later")[i]] = Number(f.Floats("retention")[i])
	}
	return rows
}

func concentration(in Inputs) []Concentration {
	f := in.table(contract.Concentration)
	if f == nil {
		return nil
	}
	rows := make([]Concentration, f.Rows())
	for i := range rows {
		rows[i] = Concentration{f.Floats("share")[i], f.Ints("customers")[i], f.Floats("revenue_share")[i]}
	}
	return rows
}

// mostPairs bounds the pairs of products that are shown.
const mostPairs = 40

// pairs are the products most often bought together, each pair once, from its product of more invoices.
func pairs(in Inputs) []Pair {
	f := in.table(contract.Pairs)
	if f == nil {
		return nil
	}
	seen := map[[2]string]int{}
	var rows []Pair
	for i, code := range f.Strings("code") {
		p := Pair{code, f.Strings("with")[i], f.Ints("invoices")[i], f.Ints("both")[i], f.Floats("jaccard")[i]}
		key := [2]string{min(p.Code, p.With), max(p.Code, p.With)}
		k, ok := seen[key]
		switch {
		case !ok:
			seen[key] = len(rows)
			rows = append(rows, p)
		case p.Invoices > rows[k].Invoices:
			rows[k] = p
		}
	}
	slices.SortFunc(rows, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Both, a.Both), cmp.Compare(a.Code, b.Code), cmp.Compare(a.With, b.With))
	})
	return rows[:min(mostPairs, len(rows))]
}
