// Package viewtest has a run to test views and pages with.
package viewtest

import (
	"math"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

func ptr[T any](v T) *T { return &v }

func amount(t testing.TB, s string) money.Amount {
	t.Helper()
	m, err := money.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Date reads a date.
func Date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Sample is a later run on the UCI Online Retail shop. The ledger's lines and amounts, customers, invoices and average
// invoice are those of an independent count by the default rules; inertia and silhouette at k = 3, 4 and 5 are those of an
// independent search of that data for the best of 500 starts. The rest (other k, segments, profiles, drift) is made up.
func Sample(t testing.TB) view.Inputs {
	t.Helper()
	asOf := Date(t, "2011-12-10")
	d := view.Inputs{
		Title: "Customer segments", Run: "weekly/2011-12-10/scheduled-2011-12-10-1f2e3d4c", AsOf: asOf, Currency: "GBP", Zone: "Europe/London",
		Ingest: &contract.IngestResult{New: true, Snapshot: "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
			SHA256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", Source: "online-retail", Delivery: "0a1b2c3d4e5f",
			RowsRead: 541_921, RowsAccepted: 541_909, RowsQuarantined: 12, Days: 305, First: ptr(Date(t, "2010-12-01")), Last: ptr(Date(t, "2011-12-09")),
			Quarantine: []contract.RuleCount{{Rule: "bad_time", Rows: 9}, {Rule: "fractional_quantity", Rows: 4}}},
		Preprocess: contract.PreprocessResult{Lines: 393_444, Customers: 4323, OnlyReturns: 34, Invoices: 18_271, Products: 3657,
			Revenue: amount(t, "8309328.59"), AverageInvoice: 454.78, AsOf: asOf, Duplicates: 5192,
			Ledger: []contract.LedgerRow{
				{Rule: "input", Lines: 541_909, Invoices: 25_900, Customers: 4372, Amount: amount(t, "9747747.934")},
				{Rule: "guest", Lines: 135_080, Invoices: 3710, Amount: amount(t, "1447682.12")},
				{Rule: "adjustment"},
				{Rule: "non_product", Lines: 2003, Invoices: 1500, Customers: 520, Amount: amount(t, "14614.494")},
				{Rule: "price", Lines: 33, Invoices: 33, Customers: 30},
				{Rule: "quantity"}, {Rule: "duplicate"},
				{Rule: "cancellation_matched", Lines: 10_292, Invoices: 5000, Customers: 1500, Amount: amount(t, "-55.72")},
				{Rule: "cancellation_unmatched", Lines: 1057, Invoices: 700, Customers: 500, Amount: amount(t, "-23821.55")},
				{Rule: "kept", Lines: 393_444, Invoices: 18_271, Customers: 4323, Amount: amount(t, "8309328.59")},
			},
			Chain: []contract.ChainRow{
				{Stage: contract.ChainDelivered, Records: 541_921}, {Stage: contract.ChainRejected, Records: 12}, {Stage: contract.ChainSuperseded},
				{Stage: contract.ChainInForce, Records: 541_909}, {Stage: contract.ChainOutside},
				{Stage: contract.ChainWindow, Records: 541_909, Amount: ptr(amount(t, "9747747.934"))},
				{Stage: contract.ChainRemoved, Records: 148_465, Amount: ptr(amount(t, "1438419.344"))},
				{Stage: contract.ChainKept, Records: 393_444, Amount: ptr(amount(t, "8309328.59"))},
			},
			Findings: []finding.Finding{{Code: finding.GapDays, Sentence: "11 days without a line in a shop that sells on most days: 2010-12-24 to 2011-01-03",
				What: "if these days had sales, deliver them; if the shop was closed, nothing is wrong"}},
			Cancellations: contract.Cancellations{Matched: 7431, Partly: 50, Unmatched: 1057, Amount: amount(t, "-572988.84")}},
		Drift: &contract.DriftResult{Verdict: contract.VerdictWarn, Act: contract.ActWait, Cause: "recency moved more than chance explains",
			Model: "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730", Seq: 3, Features: driftFeatures(),
			Effects: contract.DriftEffects{Model: ptr(0.021), Population: ptr(0.014)}},
		Train: &contract.TrainResult{FitID: "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
			ModelID: "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3", Parent: "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
			K: 4, Rule: "k = 4 by the elbow: among k = 2..10 it is farthest below the chord, and its smallest segment has 16.8 % of customers. The silhouette alone would say 2.",
			Sizes: []int{1521, 1163, 913, 726}, Segments: []string{"seg-0001", "seg-0002", "seg-0003", "seg-0004"},
			Findings: []string{"every segment goes on with its ID from the current model"}, Sweep: sweep()},
		Evaluate: &contract.EvaluateResult{Eval: "ab12", Verdict: contract.EvalPass, Candidate: "53c234e5e8472b6a", Champion: "7d865e959b246691", Seq: 3,
			Gates: []contract.Gate{
				{Gate: "finite", Verdict: "pass", Why: "every centre and distance is a number"},
				{Gate: "smallest_share", Verdict: "pass", Value: ptr(0.168), Limit: ptr(0.01), Why: "the smallest segment has 726 customers"},
				{Gate: "silhouette", Verdict: "pass", Value: ptr(0.3724), Limit: ptr(0.2), Why: "customers are nearer to their own segment"},
				{Gate: "golden_replay", Verdict: "pass", Why: "all golden customers get the answers of training"},
			},
			Reasons:  []contract.Reason{{Reason: contract.ReasonDrift, Why: "drift asks for a retrain"}},
			Audience: []contract.AudienceChange{{ID: "seg-0001", Name: "Champions", Customers: 700, Enter: 40, Leave: 14, Share: 40. / 700}}},
		Promote: &contract.PromoteResult{Action: contract.ActionPromote, ModelID: "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3",
			Previous: "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730", Seq: 4, Why: "the candidate passed every gate"},
		Explore: exploreResult(t), Recommend: recommendResult(t), Predict: predictResult(t), Measure: measureResult(t), Audience: audienceResult(t),
		Score: &contract.ScoreResult{ModelID: "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3", Seq: 4, Customers: 4323, Moved: 161,
			Movement: contract.Movement{Behaviour: 97, Model: 64, Joined: 58, Left: 31},
			Segments: []contract.SegmentResult{
				{ID: "seg-0001", Name: "Champions", Customers: 726, Share: 726. / 4323, Revenue: amount(t, "5612403.17"), RevenueShare: 5612403.17 / 8309328.59},
				{ID: "seg-0002", Name: "Loyal", Customers: 1163, Share: 1163. / 4323, Revenue: amount(t, "1803577.95"), RevenueShare: 1803577.95 / 8309328.59},
				{ID: "seg-0003", Name: "Hibernating", Customers: 1521, Share: 1521. / 4323, Revenue: amount(t, "502331.4"), RevenueShare: 502331.4 / 8309328.59},
				{ID: "seg-0004", Name: "Promising", Customers: 913, Share: 913. / 4323, Revenue: amount(t, "391016.07"), RevenueShare: 391016.07 / 8309328.59},
			}},
		Movers: []view.Move{
			{Kind: "moved", From: "seg-0002", To: "seg-0001", Customers: 74, Amount: amount(t, "201344.1")},
			{Kind: "moved", From: "seg-0002", To: "seg-0003", Customers: 61, Amount: amount(t, "40211.9")},
			{Kind: "joined", To: "seg-0004", Customers: 48, Amount: amount(t, "15873.2")},
			{Kind: "left", From: "seg-0003", Customers: 26},
		},
	}
	for i, name := range []string{contract.Ingest, contract.Preprocess, contract.Drift, contract.Train, contract.Score} {
		s := view.Step{Name: name, Key: "0123456789a" + string(rune('a'+i)), Code: "90bcafe1f1d5a7b0c5f2b6e0b1c2d3e4f5061728",
			Inputs: map[string]string{"preprocess": "6f2d3c4b5a69"}, Params: map[string]any{"window": "all", "rules": "+guest,+adjustment,-duplicate"}}
		if name == contract.Train {
			s.Seed = ptr(uint64(1))
		}
		d.Steps = append(d.Steps, s)
	}
	d.Segments = Profile(d.Score.Segments)
	return d
}

func sweep() []contract.SweepResult {
	var rows []contract.SweepResult
	inertia := []float64{6441.9, 4268.1157, 3243.5075, 2785.62, 2431.7, 2168.4, 1966.2, 1808.9, 1680.5}
	silhouette := []float64{0.4391, 0.4092, 0.3724, 0.3426, 0.3347, 0.3202, 0.3141, 0.3066, 0.3010}
	for i, v := range inertia {
		rows = append(rows, contract.SweepResult{K: i + 2, Inertia: v, Silhouette: ptr(silhouette[i]), DaviesBouldin: ptr(0.8483 + 0.01*float64(i)),
			CalinskiHarabasz: ptr(4431.28 - 50*float64(i)), Strength: ptr(0.95 - 0.03*float64(i)), StrengthError: ptr(0.05), Jaccard: ptr(0.98 - 0.02*float64(i)), SmallestShare: 0.42 / float64(i+2), Elbow: []float64{0, .33, .42, .39, .34, .27, .19, .10, 0}[i]})
	}
	return rows
}

func driftFeatures() []contract.DriftFeature {
	var features []contract.DriftFeature
	psi := map[string]float64{"recency": 0.1312, "frequency": 0.0104, "monetary": 0.0093}
	for _, s := range feature.Specs {
		if s.Kind == frame.Text {
			continue
		}
		f := contract.DriftFeature{Feature: s.Name, PSI: 0.004, Threshold: 0.0131, Verdict: contract.VerdictNone}
		if v, ok := psi[s.Name]; ok {
			f.PSI = v
		}
		if f.PSI > 0.1 {
			f.Verdict = contract.VerdictWarn
		}
		features = append(features, f)
	}
	return features
}

// Profile is score's table of segments with made-up means.
func Profile(segments []contract.SegmentResult) *frame.Frame {
	f := frame.New(contract.Segments.Columns, len(segments))
	means := map[string][]float64{
		"recency": {11.8, 53.2, 211.4, 28.9}, "tenure": {334.1, 278.8, 240.2, 71.5}, "frequency": {13.7, 4.21, 1.31, 1.63},
		"average_invoice": {548.2, 381.6, 247.9, 262.7}, "lines_per_invoice": {27.6, 22.1, 17.9, 21.2}, "products": {172.4, 66.3, 20.6, 27.4},
		"gap_mean": {28.4, 61.9, 58.8, math.NaN()}, "monthly_slope": {12.9, -1.8, -3.1, 21.7}, "rebought_share": {0.312, 0.141, 0.018, 0.023},
		"return_value_rate": {0.031, 0.026, 0.034, 0.012}, "weekend_share": {0.14, 0.15, 0.17, 0.16},
	}
	for i, g := range segments {
		f.Strings("segment")[i], f.Strings("name")[i] = g.ID, g.Name
		f.Ints("customers")[i], f.Ints("revenue")[i] = g.Customers, int64(g.Revenue)
		f.Floats("share")[i], f.Floats("revenue_share")[i] = g.Share, g.RevenueShare
		f.Floats(contract.ProfilePrefix + "monetary")[i] = g.Revenue.Float() / float64(g.Customers)
		for name, values := range means {
			if i < len(values) {
				f.Floats(contract.ProfilePrefix + name)[i] = values[i]
			}
		}
	}
	return f
}
