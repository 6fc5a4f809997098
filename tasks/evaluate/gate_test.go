package evaluate

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
)

const rows, segments = 200, 4

// good returns evidence that passes every gate: a second model, with ids from 5, against a champion with ids 1 to 4.
func good(t *testing.T) *evidence {
	t.Helper()
	customers := modeltest.Customers(rows, 1)
	e := &evidence{
		limits:    Config{SmallestShare: 0.01, SilhouetteFloor: 0.2},
		candidate: modeltest.Bundle(t, customers, segments, 5),
		customers: customers,
		drifted:   contract.DriftResult{Verdict: contract.VerdictNone, Act: contract.ActNone, Seq: 1},
		champion:  &registry.Revision{Seq: 1, ModelID: "champion", NextSegment: 5},
		defender:  &model.Manifest{ModelID: "champion", Segments: []model.Segment{{ID: "seg-0001"}, {ID: "seg-0004"}}},
	}
	place(e)
	width := 0.5
	e.trained = contract.TrainResult{K: segments, Sizes: e.sizes(), Converged: true, Sweep: []contract.SweepResult{{K: segments, Silhouette: &width, Jaccard: &width}}}
	e.duel = &duel{k: [2]int{segments, segments}, gain: fit.Gain{Customers: 900, Before: 1, After: 1, Low: -0.01, High: 0.01}}
	e.again.fitID = e.candidate.Manifest.FitID
	return e
}

func place(e *evidence) { e.placed, e.misplaced = e.candidate.Assign(e.customers) }

func TestGatesPass(t *testing.T) {
	all := ask(good(t))
	if len(all) != len(gates) || verdict(all) != contract.EvalPass {
		t.Errorf("verdict %s of %+v, want pass", verdict(all), all)
	}
	for _, g := range all {
		if g.Gate == "" || g.Why == "" {
			t.Errorf("gate %+v does not say what and why", g)
		}
	}
}

func TestGatesWithoutChampion(t *testing.T) {
	e := good(t)
	e.champion, e.defender, e.drifted.Seq = nil, nil, 0
	if all := ask(e); verdict(all) != contract.EvalPass {
		t.Errorf("first model: %+v, want pass", all)
	}
}

// TestGatesRefuse changes one thing at a time, and names the gates that must see it.
func TestGatesRefuse(t *testing.T) {
	tests := map[string]struct {
		change  func(*evidence)
		gates   []string
		verdict string
		why     string
	}{
		"a centroid that is no number": {func(e *evidence) {
			e.candidate.Model.Centroids[0][0] = math.NaN()
		}, []string{"finite", "golden_replay"}, contract.EvalFail, "infinite or not a number"},
		"a centroid far from everyone": {func(e *evidence) {
			e.candidate.Model.Centroids[0][0] = 1e9
			place(e)
		}, []string{"parity", "golden_replay", "no_empty_cluster", "smallest_share"}, contract.EvalFail, "has 0 customers"},
		"segments of one feature": {func(e *evidence) {
			e.trained.Dominance = []contract.DominanceResult{{Feature: "frequency", ARI: 0.3}, {Feature: "recency", ARI: 0.8}}
		}, []string{"dominance"}, contract.EvalFail, "recency alone agree with an adjusted Rand index of 0.80"},
		"a challenger that may be worse": {func(e *evidence) {
			e.duel.gain.Low = -0.021
		}, []string{"champion"}, contract.EvalFail, "at worst it may be 2 % worse"},
		"a challenger that is worse, by few customers": {func(e *evidence) {
			e.duel.gain.Low, e.duel.gain.High = -0.3, -0.01
		}, []string{"champion"}, contract.EvalFail, "only a proven one counts"},
		"a fit that does not come again": {func(e *evidence) {
			e.again.fitID = "other"
		}, []string{"reproducibility"}, contract.EvalFail, "the recipe gives fit other"},
		"a fit that cannot be made again": {func(e *evidence) {
			e.again.err = errors.New("the parent is gone")
		}, []string{"reproducibility"}, contract.EvalUnverified, "the parent is gone"},
		"k-means that has not converged": {func(e *evidence) {
			e.trained.Converged = false
		}, []string{"converged"}, contract.EvalFail, "iteration limit"},
		"a segment that dissolves": {func(e *evidence) {
			index := 0.49
			e.trained.Sweep[0].Jaccard = &index
		}, []string{"jaccard"}, contract.EvalFail, "index of 0.49"},
		"no Jaccard index": {func(e *evidence) {
			e.trained.Sweep[0].Jaccard = nil
		}, []string{"jaccard"}, contract.EvalFail, "no Jaccard index"},
		"a golden customer with another answer": {func(e *evidence) {
			e.candidate.Golden.Floats("golden_distance")[0] += 1
		}, []string{"golden_replay"}, contract.EvalFail, "golden_distance"},
		"no golden customer": {func(e *evidence) {
			e.candidate.Golden = e.candidate.Golden.Take(nil)
		}, []string{"golden_replay"}, contract.EvalFail, "0 golden customers"},
		"other customers": {func(e *evidence) {
			e.customers = modeltest.Customers(rows, 2)
			place(e)
		}, []string{"parity"}, contract.EvalFail, "not those of this run"},
		"sizes that training did not report": {func(e *evidence) {
			e.trained.Sizes = slices.Clone(e.trained.Sizes)
			e.trained.Sizes[0] -= 3
			e.trained.Sizes[1] += 3
		}, []string{"parity"}, contract.EvalFail, "3 of 200 customers"},
		"another number of segments": {func(e *evidence) {
			e.trained.Sizes = e.trained.Sizes[1:]
		}, []string{"parity"}, contract.EvalFail, "training produced 3"},
		"a customers table without recency": {func(e *evidence) {
			e.customers.Columns = slices.Delete(e.customers.Columns, 1, 2)
			place(e)
		}, []string{"finite", "parity", "no_empty_cluster", "smallest_share", "audience", "champion"}, contract.EvalFail, "no column recency"},
		"no customer": {func(e *evidence) {
			e.customers = e.customers.Take(nil)
			place(e)
		}, []string{"parity", "no_empty_cluster", "smallest_share"}, contract.EvalFail, "has 0 customers"},
		"a segment that is too small": {func(e *evidence) {
			e.limits.SmallestShare = 0.5
		}, []string{"smallest_share"}, contract.EvalFail, "smallest segment has"},
		"a silhouette below the floor": {func(e *evidence) {
			e.limits.SilhouetteFloor = 0.51
		}, []string{"silhouette"}, contract.EvalFail, "0.500"},
		"no silhouette": {func(e *evidence) {
			e.trained.Sweep[0].Silhouette = nil
		}, []string{"silhouette"}, contract.EvalFail, "undefined"},
		"an audience that changes": {func(e *evidence) {
			e.limits.MaxAudience = 0.15
			e.audience = []contract.AudienceChange{{ID: "seg-0001", Customers: 100, Leave: 15, Share: 0.15}, {ID: "seg-0004", Customers: 100, Enter: 16, Share: 0.16}}
		}, []string{"audience"}, contract.EvalFail, "seg-0004  would change most: of its 100 customers 0 would leave and 16 enter"},
		"a champion that cannot be read": {func(e *evidence) {
			e.unread = errors.New("a blob is damaged")
		}, []string{"audience"}, contract.EvalUnverified, "a blob is damaged"},
		"broken input": {func(e *evidence) {
			e.drifted.Act = contract.ActFixData
		}, []string{"drift_act"}, contract.EvalFail, "fix_data"},
		"a finding that stops": {func(e *evidence) {
			e.findings = []finding.Finding{{Code: "rule_share", Sentence: "half is gone", What: "look", Stops: true}, {Code: "unit_change", Stops: true}}
			e.limits.Accept = "duplicates"
		}, []string{"findings"}, contract.EvalFail, "half is gone; to do: look. If that is right, accept it: --accept=rule_share,unit_change"},
		"a finding accepted, another not": {func(e *evidence) {
			e.findings = []finding.Finding{{Code: "rule_share", Stops: true}, {Code: "unit_change", Sentence: "pence", Stops: true}}
			e.limits.Accept = "rule_share"
		}, []string{"findings"}, contract.EvalFail, "--accept=unit_change"},
		"drift against another HEAD": {func(e *evidence) {
			e.drifted.Seq = 7
		}, []string{"drift_head"}, contract.EvalUnverified, "revision 7"},
		"drift against no HEAD": {func(e *evidence) {
			e.drifted.Seq = 0
		}, []string{"drift_head"}, contract.EvalUnverified, "no model"},
		"ids that were given": {func(e *evidence) {
			e.champion.NextSegment = 7
		}, []string{"segment_ids"}, contract.EvalFail, "seg-0005, seg-0006"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := good(t)
			test.change(e)
			all := ask(e)
			var failed []string
			var why strings.Builder
			for _, g := range all {
				if g.Verdict != contract.EvalPass {
					failed = append(failed, g.Gate)
					why.WriteString(g.Why + "\n")
				}
			}
			if !slices.Equal(failed, test.gates) || verdict(all) != test.verdict || !strings.Contains(why.String(), test.why) {
				t.Errorf("gates %v, verdict %s, why:\n%swant %v, %s and %q", failed, verdict(all), why.String(), test.gates, test.verdict, test.why)
			}
			if _, err := contract.Canonical(all); err != nil {
				t.Errorf("the gates cannot be written: %v", err)
			}
		})
	}
}

// What does not stop, or is accepted, is said and lets a candidate pass.
func TestGateLetsFindingsStand(t *testing.T) {
	e := good(t)
	e.findings = []finding.Finding{{Code: "gap_days"}}
	if g := findings(e); g.Verdict != contract.EvalPass {
		t.Errorf("a finding that does not stop: %+v", g)
	}
	e.findings = append(e.findings, finding.Finding{Code: "unit_change", Stops: true}, finding.Finding{Code: "unit_change", Stops: true})
	e.limits.Accept = "unit_change"
	if g := findings(e); g.Verdict != contract.EvalPass || g.Why != "accepted: unit_change" {
		t.Errorf("an accepted finding: %+v", g)
	}
}

func TestGatesLetKeptIDsBe(t *testing.T) {
	veteran := good(t)
	veteran.champion.NextSegment, veteran.veteran = 20, true
	kept := good(t)
	kept.champion.NextSegment = 20
	kept.defender.Segments = slices.Clone(kept.candidate.Manifest.Segments)
	for i := range kept.candidate.Manifest.Segments {
		kept.candidate.Manifest.Segments[i].Lineage = "continued"
	}
	for name, e := range map[string]*evidence{"a model that was in force": veteran, "ids carried over": kept} {
		if g := segmentIDs(e); g.Verdict != contract.EvalPass {
			t.Errorf("%s: %+v, want pass", name, g)
		}
	}
}

// TestVerdict: a failure weighs more than what could not be verified, in any order.
func TestVerdict(t *testing.T) {
	pass, fail, unverified := contract.Gate{Verdict: contract.EvalPass}, contract.Gate{Verdict: contract.EvalFail}, contract.Gate{Verdict: contract.EvalUnverified}
	tests := []struct {
		gates []contract.Gate
		want  string
	}{
		{[]contract.Gate{pass, pass}, contract.EvalPass},
		{[]contract.Gate{unverified, pass}, contract.EvalUnverified},
		{[]contract.Gate{unverified, fail}, contract.EvalFail},
		{[]contract.Gate{fail, unverified, pass}, contract.EvalFail},
	}
	for _, test := range tests {
		if got := verdict(test.gates); got != test.want {
			t.Errorf("verdict of %v = %s, want %s", test.gates, got, test.want)
		}
	}
}

// TestLimits: what decides is part of the eval-id, by way of the limits.
func TestLimits(t *testing.T) {
	base := Config{SmallestShare: 0.01}.limits()
	for _, c := range []Config{{SmallestShare: 0.02}, {SmallestShare: 0.01, Accept: "rule_share"}} {
		if reflect.DeepEqual(base, c.limits()) {
			t.Errorf("%+v has the limits of the base", c)
		}
	}
}

func TestUnplacedSaysWhy(t *testing.T) {
	e := good(t)
	e.placed, e.misplaced = nil, errors.New("feature monetary, row 3: not above 0")
	for _, ask := range []func(*evidence) contract.Gate{finite, parity, noEmptyCluster, smallestShare} {
		if g := ask(e); g.Verdict != contract.EvalFail || !strings.Contains(g.Why, "row 3") {
			t.Errorf("gate %+v; want fail, with the reason", g)
		}
	}
}

// Dominance just below the limit passes, and so does that of what customers are worth, and what somebody accepts.
func TestDominanceAccepted(t *testing.T) {
	e := good(t)
	e.trained.Dominance = []contract.DominanceResult{{Feature: "recency", ARI: 0.7999}, {Feature: "frequency", ARI: 1}, {Feature: "monetary", ARI: 1}}
	if all := ask(e); verdict(all) != contract.EvalPass {
		t.Errorf("0.7999: %+v", all)
	}
	e.trained.Dominance[0].ARI, e.limits.Accept = 1, "dominance"
	if all := ask(e); verdict(all) != contract.EvalPass {
		t.Errorf("accepted: %+v", all)
	}
}
