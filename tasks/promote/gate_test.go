package promote_test

import (
	"context"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/model/modeltest"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/promote"
)

// TestDeniedFit: a fit that was denied is held back though it passes every gate, until it is allowed again.
func TestDeniedFit(t *testing.T) {
	s := open(t)
	s.run(s.common("1", monday), modeltest.Customers(200, 1))
	c := s.common("2", nextDay)
	s.candidate(c, modeltest.Customers(200, 2), noLimits)
	head := s.history()[0]
	steer := func(id string, denied []registry.Denial) {
		t.Helper()
		_, err := registry.New(s.home).Move(t.Context(), registry.Move{Run: s.common(id, monday).Run(), Key: "k"}, func(*registry.Revision) (*registry.Revision, error) {
			return &registry.Revision{ModelID: head.ModelID, FitID: head.FitID, Action: contract.ActionDeny, Denied: denied}, nil
		})
		must(t, 0, err)
	}
	candidate := s.trained(c)
	steer("deny", []registry.Denial{{FitID: candidate.FitID, Reason: "nonsense"}})
	s.evaluate(c, noLimits)
	r := s.promote(c)
	expect(t, r, contract.ActionHold, 2, "is denied since revision 2 of HEAD (nonsense); to let it be promoted: registry allow")
	if r.Cause != contract.HeldDenied {
		t.Errorf("the cause is %q", r.Cause)
	}
}

// TestPromoteRefusesADamagedCandidate: a flipped bit in any part is refused by name before HEAD moves.
func TestPromoteRefusesADamagedCandidate(t *testing.T) {
	s := open(t)
	c := s.common("1", monday)
	s.candidate(c, modeltest.Customers(200, 1), noLimits)
	m, err := model.ReadManifest(t.Context(), s.home.Registry, s.trained(c).ModelID)
	must(t, 0, err)
	for _, blob := range []model.Blob{m.Blobs.Model, m.Blobs.Reference, m.Blobs.Golden} {
		name := contract.BlobPath(blob.SHA256)
		whole, attrs, err := s.home.Registry.Read(t.Context(), name)
		must(t, 0, err)
		bad := append([]byte{}, whole...)
		bad[len(bad)/2] ^= 1
		attrs, err = s.home.Registry.Swap(t.Context(), name, attrs.Generation, bad)
		must(t, 0, err)
		_, err = promote.Run(t.Context(), promote.Config{Common: c, Promote: s.when}, s.deps)
		if fault.CodeOf(err) != fault.ExitBadData || !strings.Contains(fault.Judge(err).Object, name) || len(s.history()) != 0 {
			t.Errorf("%s: %v; want exit code 65 and its name", name, err)
		}
		_, err = s.home.Registry.Swap(t.Context(), name, attrs.Generation, whole)
		must(t, 0, err)
	}
	expect(t, s.promote(c), contract.ActionBootstrap, 1, "")
}

// trained returns what train reported in a run.
func (s *shop) trained(c task.Common) contract.TrainResult {
	s.t.Helper()
	m, err := s.home.Current(context.Background(), c.Run(), contract.Train)
	must(s.t, 0, err)
	var r contract.TrainResult
	must(s.t, 0, m.Decode(&r))
	return r
}

// TestOneAxisIsNotPromoted: segments of recency alone, or of the days of purchase alone, never come into force, not even by a person.
func TestOneAxisIsNotPromoted(t *testing.T) {
	customers := modeltest.Customers(400, 1)
	// Whether people buy at the weekend says when they buy in the week too.
	for i, v := range customers.Floats("weekend_share") {
		v /= 1 + v
		customers.Floats("weekend_share")[i], customers.Floats("office_share")[i] = v, 1-v
	}
	for _, space := range []string{"recency", "weekend_share,office_share"} {
		s := open(t)
		s.space, s.when = space, contract.PromoteForce
		expect(t, s.run(s.common("1", monday), customers), contract.ActionHold, 0, "the candidate failed: dominance (the segments of ")
		if all := s.history(); len(all) != 0 {
			t.Errorf("%s: HEAD has %d revisions, want none", space, len(all))
		}
	}
}

// TestAPromotionNeedsAReason: a candidate that passes every gate is held back while drift is quiet and the model is young, and
// is promoted once the model is old.
func TestAPromotionNeedsAReason(t *testing.T) {
	s := open(t)
	s.when = contract.PromoteAuto
	expect(t, s.run(s.common("1", monday), modeltest.Customers(200, 1)), contract.ActionBootstrap, 1, "the first model")
	c := s.common("2", nextDay)
	r := s.run(c, modeltest.Customers(200, 2))
	expect(t, r, contract.ActionHold, 1, "nothing to gain")
	if r.Cause != contract.HeldNoGain {
		t.Errorf("the cause is %q", r.Cause)
	}
	// monday is 2011-12-12: 2012-03-11 is 90 days later, 2012-03-12 is 91.
	expect(t, s.run(s.common("3", "2012-03-11"), modeltest.Customers(200, 3)), contract.ActionHold, 1, "nothing to gain")
	expect(t, s.run(s.common("4", "2012-03-12"), modeltest.Customers(200, 4)), contract.ActionPromote, 2, "the current model is 91 days old, over --max-age=90")
}

// TestForcePassesOverTheAudienceAlone: a person may change whom a segment is about, and not what a broken model is.
func TestForcePassesOverTheAudienceAlone(t *testing.T) {
	s := open(t)
	s.run(s.common("1", monday), modeltest.Customers(200, 1))
	s.k = 3
	c := s.common("2", nextDay)
	s.candidate(c, modeltest.Customers(200, 2), noLimits)
	strict := func(silhouette float64) contract.EvaluateResult {
		r, err := evaluate.Run(context.Background(), evaluate.Config{Common: c, SilhouetteFloor: silhouette, MaxAudience: 0.15}, s.deps)
		return must(t, r, err)
	}
	if e := strict(noLimits); e.Verdict != contract.EvalFail || len(e.Audience) != 4 {
		t.Fatalf("four segments that become three change no audience: %+v", e)
	}
	s.when = contract.PromoteAuto
	expect(t, s.promote(c), contract.ActionHold, 1, "the candidate failed: audience (")
	s.when = contract.PromoteForce
	strict(tooStrict)
	expect(t, s.promote(c), contract.ActionHold, 1, "the candidate failed: silhouette (")
	strict(noLimits)
	expect(t, s.promote(c), contract.ActionPromote, 2, "but audience (")
	if why := s.history()[0].Reason; !strings.Contains(why, "a person wants it") {
		t.Errorf("reason %q", why)
	}
}
