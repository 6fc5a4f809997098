package pipeline_test

import (
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

// What was approved is done and nothing else: a request of another customer, or another object that holds the customer, is another plan.
// Killed on the way it is carried on, and when it is done it gives the same receipt, though the request is gone.
func TestEraseAnApprovedPlan(t *testing.T) {
	s := smallErasedShop(t)
	root := loaded(t, filepath.Join(s.dir, "root"))
	store, err := objstore.Open(t.Context(), root, nil)
	if err != nil {
		t.Fatal(err)
	}
	request := contract.RequestPath("ticket-1")
	ask := func(text string) {
		t.Helper()
		attrs, err := store.Stat(t.Context(), request)
		if err != nil && !errors.Is(err, objstore.ErrNotFound) {
			t.Fatal(err)
		}
		if _, err := store.Swap(t.Context(), request, attrs.Generation, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.erasing(root, nil, eraseWords{request: "ticket-1"}); fault.Judge(err).Code != fault.ExitMissing {
		t.Errorf("no request: %v", err)
	}
	ask(s.victim + "\n")
	before := stored(t, root)
	plan, err := s.erasing(root, nil, eraseWords{request: "ticket-1"})
	if err != nil || plan.Done || len(plan.Plan) != 64 || len(plan.Objects) == 0 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	if text, _ := json.Marshal(plan); strings.Contains(string(text), s.victim) {
		t.Errorf("the plan has the id: %s", text)
	}
	again, err := s.erasing(root, nil, eraseWords{request: "ticket-1"})
	if err != nil || again.Plan != plan.Plan {
		t.Errorf("the same plan has the digests %s and %s, %v", plan.Plan, again.Plan, err)
	}
	unchanged := func(what string) {
		t.Helper()
		now := stored(t, root, contract.ErasedPath(), request)
		for name, text := range now {
			if before[name] != text {
				t.Errorf("%s: %s has changed", what, name)
			}
		}
	}
	unchanged("a plan")

	approved := eraseWords{request: "ticket-1", approved: plan.Plan}
	refused := func(what string) {
		t.Helper()
		if _, err := s.erasing(root, nil, approved); fault.Judge(err).Code != fault.ExitBadData || !strings.Contains(err.Error(), "not the plan that was approved") {
			t.Errorf("%s: %v, want it to be refused", what, err)
		}
		unchanged(what)
	}
	ask("cu/somebody-else\n")
	refused("another customer")
	ask(s.victim + "\n")
	var held string
	for name := range before {
		if holds(t, name, []byte(before[name]), s.victim) == "customers" {
			held = name
		}
	}
	more := strings.TrimSuffix(held, ".arrow") + "-copy.arrow"
	attrs, err := store.CreateBytes(t.Context(), more, []byte(before[held]))
	if err != nil {
		t.Fatal(err)
	}
	before[more] = before[held]
	refused("one more object")
	if err := store.Delete(t.Context(), more, attrs.Generation); err != nil {
		t.Fatal(err)
	}
	if _, err := s.erasing(root, &killed{n: 30}, approved); !errors.Is(err, errKilled) {
		t.Fatalf("%v, want to be killed", err)
	}
	r, err := s.erasing(root, nil, approved)
	if err != nil || !r.Done || r.Plan != plan.Plan || r.Erasure != 1 || !slices.Equal(r.Objects, plan.Objects) {
		t.Errorf("done %+v, %v", r, err)
	}
	now := stored(t, root)
	if left := holders(t, now, s.victim); len(left) > 0 {
		t.Errorf("the customer is still in %v", left)
	}
	same, err := s.erasing(root, nil, approved)
	if err != nil || same.Erasure != 1 || !same.Done {
		t.Errorf("again: %+v, %v", same, err)
	}
	if !maps.Equal(stored(t, root), now) {
		t.Error("the same approved plan again has changed objects")
	}
}
