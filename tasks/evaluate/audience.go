package evaluate

import (
	"fmt"
	"math"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
)

// audience says for each of the current model's segments how many customers would enter and leave it if the candidate replaced
// that model today. Both put the same customers, so what changes is the ruler alone. Rows are in the order of the current
// model's segments.
func audience(champion *model.Manifest, was *model.Assignment, candidate *model.Manifest, is *model.Assignment) []contract.AudienceChange {
	out := make([]contract.AudienceChange, len(champion.Segments))
	for i, s := range champion.Segments {
		out[i] = contract.AudienceChange{ID: s.ID, Name: s.Name}
	}
	now := make([]int, len(candidate.Segments)) // the segment of the champion with that id, or −1
	for i, s := range candidate.Segments {
		now[i] = champion.Index(s.ID)
	}
	for i, before := range was.Nearest {
		out[before].Customers++
		if after := now[is.Nearest[i]]; after != int(before) {
			out[before].Leave++
			if after >= 0 {
				out[after].Enter++
			}
		}
	}
	for i := range out {
		out[i].Share = changed(out[i])
	}
	return out
}

// changed is the larger of those who enter and those who leave, as a share of a segment's customers. A segment that nobody is in
// changes wholly if somebody enters.
func changed(a contract.AudienceChange) float64 {
	most := max(a.Enter, a.Leave)
	if a.Customers == 0 {
		return math.Min(1, float64(most))
	}
	return float64(most) / float64(a.Customers)
}

// audienceContract: a list that people work with does not change because the ruler did, unless drift asks for a new one, or the
// model is so old that it would otherwise stay for good: segments that do not come back, of a shop's first few customers for
// example, differ from those of every successor.
func audienceContract(e *evidence) contract.Gate {
	limit := e.limits.MaxAudience
	switch {
	case e.champion == nil:
		return judged(true, 0, limit, "there is no current model whose segments could change")
	case e.unread != nil:
		g := judged(false, math.NaN(), limit, "the current model cannot be read, so nobody knows who would change segments: %v", e.unread)
		g.Verdict = contract.EvalUnverified
		return g
	case e.placed == nil:
		return unplaced(e)
	}
	worst := contract.AudienceChange{}
	for _, a := range e.audience {
		if a.Share > worst.Share {
			worst = a
		}
	}
	text := "no customer would change segments"
	if worst.ID != "" {
		text = fmt.Sprintf("%s %s would change most: of its %d customers %d would leave and %d enter, by the model alone (%.1f %%; at most %.4g %% is allowed)",
			worst.ID, worst.Name, worst.Customers, worst.Leave, worst.Enter, 100*worst.Share, 100*limit)
	}
	if worst.Share > limit && asked(e) {
		return judged(true, worst.Share, limit, "%s; drift asks for it: %s", text, e.drifted.Act)
	}
	if worst.Share > limit && outlived(e) {
		return judged(true, worst.Share, limit, "%s; the current model is %d days old, over twice --max-age=%d", text, e.age, e.limits.MaxAge)
	}
	return judged(worst.Share <= limit, worst.Share, limit, "%s", text)
}

// asked reports whether drift asks for another model than the champion.
func asked(e *evidence) bool {
	return (e.drifted.Act == contract.ActRefit || e.drifted.Act == contract.ActRetrain) && e.drifted.Seq == e.champion.Number()
}

// outlived reports whether the champion is over twice the age at which it is due for a successor.
func outlived(e *evidence) bool { return e.limits.MaxAge > 0 && e.age > 2*e.limits.MaxAge }

// reasons lists why the champion should be replaced at all; without a champion none is needed.
func reasons(e *evidence) []contract.Reason {
	out := []contract.Reason{}
	if e.champion == nil {
		return out
	}
	if asked(e) {
		out = append(out, contract.Reason{Reason: contract.ReasonDrift, Why: "drift asks for a " + e.drifted.Act})
	}
	if age := e.age; e.limits.MaxAge > 0 && age > e.limits.MaxAge {
		out = append(out, contract.Reason{Reason: contract.ReasonAge,
			Why: fmt.Sprintf("the current model is %d days old, over --max-age=%d", age, e.limits.MaxAge)})
	}
	if e.duel.proven() {
		out = append(out, contract.Reason{Reason: contract.ReasonGain,
			Why: fmt.Sprintf("on %d customers that neither was fitted on its inertia is at least %.1f %% smaller", e.duel.gain.Customers, 100*e.duel.gain.Low)})
	}
	return out
}
