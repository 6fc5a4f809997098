package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/fit"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
)

// evidence is what the gates look at.
type evidence struct {
	limits    Config
	candidate *model.Bundle
	trained   contract.TrainResult
	customers *frame.Frame
	placed    *model.Assignment // nil where misplaced says why
	misplaced error
	drifted   contract.DriftResult
	findings  []finding.Finding  // of preprocess
	champion  *registry.Revision // nil without
	defender  *model.Manifest    // the champion's model, nil without
	veteran   bool               // the candidate itself has been champion
	unread    error              // why the champion's model cannot be read, nil where it can
	audience  []contract.AudienceChange
	duel      *duel // nil without a champion that can be read
	again     again
	volume    volume
	age       int // days since the champion was first promoted, to this run's as-of
}

// sizes returns how many customers each segment of the candidate has, or nil if they could not be placed.
func (e *evidence) sizes() []int {
	if e.placed == nil {
		return nil
	}
	out := make([]int, e.candidate.Model.K())
	for _, c := range e.placed.Nearest {
		out[c]++
	}
	return out
}

// gate is one condition of promotion. The name is filled in by ask.
type gate struct {
	name string
	ask  func(*evidence) contract.Gate
}

// gates lists the conditions in the order in which they are shown. Gates that compare the candidate with the champion on the
// same customers go here.
var gates = []gate{
	{"finite", finite},
	{"parity", parity},
	{"golden_replay", goldenReplay},
	{"no_empty_cluster", noEmptyCluster},
	{"smallest_share", smallestShare},
	{"silhouette", silhouette},
	{"converged", converged},
	{"jaccard", jaccard},
	{"dominance", dominance},
	{"data", data},
	{"findings", findings},
	{"drift_act", driftAct},
	{"drift_head", driftHead},
	{"segment_ids", segmentIDs},
	{contract.AudienceGate, audienceContract},
	{"champion", championGate},
	{"reproducibility", reproducible},
}

// ask puts every gate to the evidence.
func ask(e *evidence) []contract.Gate {
	out := make([]contract.Gate, len(gates))
	for i, g := range gates {
		out[i] = g.ask(e)
		out[i].Gate = g.name
	}
	return out
}

// verdict is fail if a gate failed, else unverified if one could not be asked, else pass.
func verdict(gates []contract.Gate) string {
	out := contract.EvalPass
	for _, g := range gates {
		switch g.Verdict {
		case contract.EvalFail:
			return contract.EvalFail
		case contract.EvalUnverified:
			out = contract.EvalUnverified
		}
	}
	return out
}

// judged makes a gate of a condition. value and limit are NaN where it is not about a number.
func judged(holds bool, value, limit float64, format string, args ...any) contract.Gate {
	g := contract.Gate{Verdict: contract.EvalFail, Value: number(value), Limit: number(limit), Why: fmt.Sprintf(format, args...)}
	if holds {
		g.Verdict = contract.EvalPass
	}
	return g
}

func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// unplaced is the answer of a gate that needs the customers' places where there are none.
func unplaced(e *evidence) contract.Gate {
	return judged(false, math.NaN(), math.NaN(), "customers cannot be assigned to segments: %v", e.misplaced)
}

// finite: a model whose numbers are not numbers puts customers anywhere.
func finite(e *evidence) contract.Gate {
	bad := 0
	count := func(values []float64) {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				bad++
			}
		}
	}
	for _, c := range e.candidate.Model.Centroids {
		count(c)
	}
	if e.placed == nil {
		return unplaced(e)
	}
	count(e.placed.Distance)
	return judged(bad == 0, float64(bad), 0, "%d centre coordinates or customer distances are infinite or not a number", bad)
}

// parity: the model that was read back puts the customers of this run where training put them.
func parity(e *evidence) contract.Gate {
	if e.placed == nil {
		if s, ok := errors.AsType[*model.SchemaError](e.misplaced); ok {
			return judged(false, math.NaN(), math.NaN(), "the model does not fit the customers' schema: %v", s)
		}
		return unplaced(e)
	}
	if got, want := e.customers.Hash(), e.candidate.Model.Customers.SHA256; got != want {
		return judged(false, math.NaN(), math.NaN(),
			"the model was trained on customers (%.12s) that are not those of this run (%.12s): run train again", want, got)
	}
	elsewhere := 0
	sizes := e.sizes()
	if len(sizes) != len(e.trained.Sizes) {
		return judged(false, math.NaN(), math.NaN(), "the model has %d segments, but training produced %d", len(sizes), len(e.trained.Sizes))
	}
	for i, n := range sizes {
		elsewhere += max(0, n-e.trained.Sizes[i])
	}
	return judged(elsewhere == 0, float64(elsewhere), 0, "%d of %d customers are assigned to a different segment than in training",
		elsewhere, e.customers.Rows())
}

// goldenReplay: customers whose answers were written down get the same answers.
func goldenReplay(e *evidence) contract.Gate {
	n := e.candidate.Golden.Rows()
	if err := e.candidate.Replay(); err != nil {
		return judged(false, math.NaN(), math.NaN(), "%v", err)
	}
	return judged(n > 0, float64(n), 1, "%d golden customers get their recorded results", n)
}

// noEmptyCluster: a segment that nobody is in cannot be acted on.
func noEmptyCluster(e *evidence) contract.Gate {
	sizes := e.sizes()
	if len(sizes) == 0 {
		return unplaced(e)
	}
	least := slices.Min(sizes)
	return judged(least > 0, float64(least), 1, "the smallest of %d segments has %d customers", len(sizes), least)
}

// smallestShare: a segment of a handful of people is an outlier, not a group.
func smallestShare(e *evidence) contract.Gate {
	sizes := e.sizes()
	if len(sizes) == 0 || e.customers.Rows() == 0 {
		return unplaced(e)
	}
	share, floor := float64(slices.Min(sizes))/float64(e.customers.Rows()), cluster.FloorOf(e.limits.SmallestShare, e.customers.Rows())
	return judged(share >= floor, share, floor,
		"the smallest segment has %.2f %% of %d customers; at least %.4g %% is required", 100*share, e.customers.Rows(), 100*floor)
}

// silhouette: customers must be nearer to their own segment than to the next one.
func silhouette(e *evidence) contract.Gate {
	for _, s := range e.trained.Sweep {
		if s.K != e.trained.K || s.Silhouette == nil {
			continue
		}
		return judged(*s.Silhouette >= e.limits.SilhouetteFloor, *s.Silhouette, e.limits.SilhouetteFloor,
			"the mean silhouette of the customers is %.3f; at least %.4g is required",
			*s.Silhouette, e.limits.SilhouetteFloor)
	}
	return judged(false, math.NaN(), e.limits.SilhouetteFloor, "the silhouette is undefined for %d segments", e.trained.K)
}

// converged: centroids that still moved when k-means stopped are not where the customers are.
func converged(e *evidence) contract.Gate {
	if !e.trained.Converged {
		return judged(false, math.NaN(), math.NaN(), "k-means reached its iteration limit before it converged")
	}
	return judged(true, math.NaN(), math.NaN(), "k-means converged")
}

// dissolved is the Jaccard index below which a segment is lost in a resample of the customers (Hennig 2007).
const dissolved = 0.5

// jaccard: a segment that does not come again on other customers of the same shop is none.
func jaccard(e *evidence) contract.Gate {
	for _, s := range e.trained.Sweep {
		if s.K == e.trained.K && s.Jaccard != nil {
			return judged(*s.Jaccard >= dissolved, *s.Jaccard, dissolved,
				"the segment that comes again least well in resamples has a mean Jaccard index of %.2f; at least %g is required", *s.Jaccard, dissolved)
		}
	}
	return judged(false, math.NaN(), dissolved, "no Jaccard index could be computed for %d segments", e.trained.K)
}

// valued are the features by which a shop tells what its customers are worth.
var valued = []string{"frequency", "monetary"}

// dominance: segments that one feature makes alone say no more than that feature does. Where it is how often or how much
// customers buy, train's finding is enough: many a small shop has frequent buyers and others, and no other groups.
func dominance(e *evidence) contract.Gate {
	others := slices.DeleteFunc(slices.Clone(e.trained.Dominance), func(d contract.DominanceResult) bool { return slices.Contains(valued, d.Feature) })
	if len(others) == 0 {
		return judged(true, math.NaN(), fit.Dominates, "training compared no feature alone but %s", strings.Join(valued, " and "))
	}
	most := slices.MaxFunc(others, func(a, b contract.DominanceResult) int { return cmp.Compare(a.ARI, b.ARI) })
	g := judged(most.ARI < fit.Dominates, most.ARI, fit.Dominates,
		"the segments of %s alone agree with an adjusted Rand index of %.2f; it must be below %g", most.Feature, most.ARI, fit.Dominates)
	if g.Verdict == contract.EvalPass {
		return g
	}
	if slices.Contains(e.limits.accepted(), finding.Dominance) {
		g.Verdict, g.Why = contract.EvalPass, g.Why+"; accepted"
		return g
	}
	g.Why += ". If that is meant, accept it: --accept=" + finding.Dominance
	return g
}

// findings: a model of lines that do not mean what they are taken for is about nobody, however well it fits.
func findings(e *evidence) contract.Gate {
	open := finding.Open(e.findings, e.limits.accepted())
	if len(open) == 0 {
		why := "preprocess found nothing that makes the lines doubtful"
		if all := finding.Open(e.findings, nil); len(all) > 0 {
			why = "accepted: " + strings.Join(codesOf(all), ", ")
		}
		return judged(true, 0, 0, "%s", why)
	}
	return judged(false, float64(len(open)), 0, "%s; to do: %s. If that is right, accept it: --accept=%s",
		open[0].Sentence, open[0].What, strings.Join(codesOf(open), ","))
}

// codesOf returns the findings' codes, each once.
func codesOf(findings []finding.Finding) []string {
	var codes []string
	for _, f := range findings {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// driftAct: where the input is broken, nothing that was made of it is promoted.
func driftAct(e *evidence) contract.Gate {
	return judged(e.drifted.Act != contract.ActFixData, math.NaN(), math.NaN(), "drift recommends: %s", e.drifted.Act)
}

// driftHead: drift's act counts only for the model that it compared with.
func driftHead(e *evidence) contract.Gate {
	seen, now := e.drifted.Seq, e.champion.Number()
	g := judged(seen == now, float64(seen), float64(now), "HEAD has not changed since drift ran: %s", revision(seen))
	if seen != now {
		g.Verdict = contract.EvalUnverified
		g.Why = fmt.Sprintf("HEAD has changed since drift ran, from %s to %s: start a new run, with its own --run-id", revision(seen), revision(now))
	}
	return g
}

func revision(seq int64) string {
	if seq == 0 {
		return "no model"
	}
	return fmt.Sprintf("revision %d of HEAD", seq)
}

// segmentIDs: an id that meant other people once is never given again. Ids that are new with the candidate are later than
// any that the history has given; those that it says to keep are the champion's.
func segmentIDs(e *evidence) contract.Gate {
	if e.veteran {
		return judged(true, 0, 0, "the segments are those that this model had when it was the current model")
	}
	next := int64(1)
	if e.champion != nil {
		next = e.champion.NextSegment
	}
	var used []string
	for _, s := range e.candidate.Manifest.Segments {
		n, err := model.SegmentNumber(s.ID)
		kept := s.Lineage != model.LineageNew && e.defender != nil && e.defender.Index(s.ID) >= 0
		if err != nil || !kept && n < next {
			used = append(used, s.ID)
		}
	}
	if len(used) > 0 {
		return judged(false, float64(len(used)), 0, "these IDs belonged to other segments before: %s; start a new run, with its own --run-id", strings.Join(used, ", "))
	}
	return judged(true, 0, 0, "no ID belonged to another segment before")
}
