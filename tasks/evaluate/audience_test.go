package evaluate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
)

// TestAudience counts by hand: ten customers, 6 in A and 4 in B by the champion, who has nobody in C. The candidate, whose
// centres are in another order, has 1 of A in B, 1 of B in C and 1 of B in a segment that is new.
func TestAudience(t *testing.T) {
	champion := &model.Manifest{Segments: []model.Segment{{ID: "seg-0001", Name: "A"}, {ID: "seg-0002", Name: "B"}, {ID: "seg-0003", Name: "C"}}}
	candidate := &model.Manifest{Segments: []model.Segment{{ID: "seg-0003"}, {ID: "seg-0001"}, {ID: "seg-0004"}, {ID: "seg-0002"}}}
	was := &model.Assignment{Nearest: []int32{0, 0, 0, 0, 0, 0, 1, 1, 1, 1}}
	is := &model.Assignment{Nearest: []int32{1, 1, 1, 1, 1, 3, 3, 3, 0, 2}}
	want := []contract.AudienceChange{
		{ID: "seg-0001", Name: "A", Customers: 6, Enter: 0, Leave: 1, Share: 1.0 / 6},
		{ID: "seg-0002", Name: "B", Customers: 4, Enter: 1, Leave: 2, Share: 0.5},
		{ID: "seg-0003", Name: "C", Customers: 0, Enter: 1, Leave: 0, Share: 1},
	}
	if diff := cmp.Diff(want, audience(champion, was, candidate, is)); diff != "" {
		t.Error(diff)
	}
}

func TestReasons(t *testing.T) {
	e := &evidence{limits: Config{MaxAge: 90}, champion: &registry.Revision{Seq: 2}, age: 90}
	count := func(want ...string) {
		t.Helper()
		got := []string{}
		for _, r := range reasons(e) {
			got = append(got, r.Reason)
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Error(diff)
		}
	}
	count()
	e.age = 91
	count(contract.ReasonAge)
	e.drifted = contract.DriftResult{Act: contract.ActRefit, Seq: 1} // asked of another model
	count(contract.ReasonAge)
	e.drifted.Seq = 2
	count(contract.ReasonDrift, contract.ReasonAge)
	e.limits.MaxAge = 0
	count(contract.ReasonDrift)
	e.drifted.Act = contract.ActWait
	count()
	e.limits.MaxAudience = 0.15
	e.placed = &model.Assignment{}
	e.audience = []contract.AudienceChange{{ID: "seg-0001", Customers: 10, Leave: 9, Share: 0.9}}
	if g := audienceContract(e); g.Verdict != contract.EvalFail {
		t.Errorf("%+v", g)
	}
	e.drifted.Act = contract.ActRetrain
	if g := audienceContract(e); g.Verdict != contract.EvalPass {
		t.Errorf("drift asks for it: %+v", g)
	}
	e.drifted.Act = contract.ActWait
	e.limits.MaxAge, e.age = 90, 180
	if g := audienceContract(e); g.Verdict != contract.EvalFail {
		t.Errorf("at twice the age: %+v", g)
	}
	e.age = 181
	if g := audienceContract(e); g.Verdict != contract.EvalPass || !strings.Contains(g.Why, "181 days old") {
		t.Errorf("after twice the age: %+v", g)
	}
	e.champion = nil
	count()
}
