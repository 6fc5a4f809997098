package pipeline_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/tasks/measure"
	"github.com/clientele/clientele/tasks/registry"
)

// After an erasure nothing below the root holds the customer, whatever it is decoded by, and the search finds each kind that is left out.
func TestErase(t *testing.T) {
	s := newErasedShop(t, 150, 396)
	root := filepath.Join(s.dir, "root")
	before := holding(t, root, s.victim)
	kinds := map[string]string{}
	content := map[string][]byte{}
	for name, kind := range before {
		kinds[kind] = name
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		content[name] = text
	}
	for _, want := range []string{"lines", "quarantine", "campaigns", "registry", "sent", "sales", "customers", "windows", "assignments", "arms", "audience",
		"customer_nature", "predictions", "suggestions", "text .html"} {
		if kinds[want] == "" {
			t.Errorf("no object of kind %s holds the customer before: the test proves nothing of it", want)
		}
	}
	segments := s.segments("2025-11-04")
	delete(segments, s.victim)

	r := s.erase(0, s.victim)
	if !r.Done || r.Customers != 1 || r.Seq != 1 || r.Erasure != 1 || len(r.Exports) != 1 || r.Exports[0].Tool != "klaviyo" || len(r.Left) != 0 {
		t.Errorf("result %+v", r)
	}
	if left := holding(t, root, s.victim); len(left) != 0 {
		t.Errorf("the customer is still in %v", left)
	}
	receipt, err := os.ReadFile(filepath.Join(root, "erasures", "1.json"))
	if err != nil || !bytes.Contains(receipt, []byte("request 4711")) || !bytes.Contains(receipt, []byte(`"actor":"officer"`)) {
		t.Errorf("receipt %s, %v", receipt, err)
	}
	for kind, name := range kinds { // one kind left out on purpose
		if got := holds(t, name, content[name], s.victim); got != kind {
			t.Errorf("with %s left out the search finds %q", name, got)
		}
	}
	if got := s.segments("2025-11-04"); !maps.Equal(got, segments) {
		t.Errorf("segments of others have changed")
	}

	// The registry can be verified, and says what cannot; nobody gets back over the gap.
	s.program(registry.Program, 0, "history")
	s.program(registry.Program, 0, "verify")
	var v registry.VerifyResult
	decode(t, s.result, &v)
	if v.Erased < 1 || v.Golden == 0 {
		t.Errorf("verify: %+v", v)
	}
	s.program(registry.Program, fault.ExitMissing, "rollback")
	s.program(registry.Program, fault.ExitMissing, "rollback", "--to-seq=1")

	// The campaign's read says that n fell by one.
	s.program(measure.Program, 0, "read", "--pipeline=hand", "--run-id=read", "--as-of=2025-11-04", "--from-run="+s.run("2025-11-04"), "--campaign=spring")
	var read contract.Read
	decode(t, s.result, &read)
	if !slices.ContainsFunc(read.Why, func(w string) bool { return strings.Contains(w, "n fell by 1: ") }) {
		t.Errorf("the read says %q", read.Why)
	}

	// The same file again: the customer's records are rejected, counted and not kept, and everybody else is where they were.
	again := s.pipeline("fourth", "2025-11-04")
	ingest := result[contract.IngestResult](t, again, contract.Ingest)
	if i := slices.IndexFunc(ingest.Quarantine, func(c contract.RuleCount) bool { return c.Rule == "forgotten" }); i < 0 || ingest.Quarantine[i].Rows < 16 || ingest.New {
		t.Errorf("ingest: new %v, %+v", ingest.New, ingest.Quarantine)
	}
	if left := holding(t, root, s.victim); len(left) != 0 {
		t.Errorf("after the next run the customer is in %v", left)
	}
	var promoted = result[contract.PromoteResult](t, again, contract.Promote)
	if promoted.Action == contract.ActionPromote {
		t.Errorf("promote: %+v", promoted)
	}

	// The same command again, somebody unknown, and both at once with a customer who is there.
	state := objectsBut(t, root, "state/erased.json", "erasures/")
	if r := s.erase(0, s.victim); len(r.Objects) != 0 || r.Seq != 1 {
		t.Errorf("again: %+v", r)
	}
	if now := objectsBut(t, root, "state/erased.json", "erasures/"); !maps.Equal(now, state) {
		t.Error("the same erasure again has changed objects")
	}
	if r := s.erase(0, "cu/nobody"); len(r.Objects) != 0 || r.Seq != 2 {
		t.Errorf("somebody unknown: %+v", r)
	}
}

// On a bucket that keeps old generations these go too.
func TestEraseOnABucketThatKeepsGenerations(t *testing.T) {
	url := gcstest.StartVersioned(t) + "/shop"
	s := smallErasedShop(t)
	store := s.upload(url)
	before := stored(t, url)
	old := ""
	for name, text := range before {
		if holds(t, name, []byte(text), s.victim) == "lines" {
			old = max(old, name)
		}
	}
	text, attrs, err := store.Read(t.Context(), old)
	if err == nil {
		_, err = store.Swap(t.Context(), old, attrs.Generation, text) // overwritten since: the bucket keeps what it was
	}
	if err != nil {
		t.Fatal(err)
	}
	before = stored(t, url)
	kept := 0
	for _, name := range holders(t, before, s.victim) {
		if strings.HasPrefix(name, old+"#") {
			kept++
		}
	}
	if kept != 1 {
		t.Fatalf("the bucket keeps %d old generations of %s, want 1", kept, old)
	}
	r, err := s.erasedBy(url, nil, s.victim)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Objects, func(o contract.ErasedKind) bool { return o.Kind == "lines" })
	if i < 0 || r.Objects[i].Old != 1 {
		t.Errorf("receipt %+v", r.Objects)
	}
	if left := holders(t, stored(t, url), s.victim); len(left) > 0 {
		t.Errorf("the customer is still in %v", left)
	}
}

// With a customer key the ids are as the shop writes them, with the key, or as they are stored; with another key, or plain ones without
// the key, nobody would be found, and that is said.
func TestEraseWithACustomerKey(t *testing.T) {
	const key = "sixteen bytes or more"
	t.Setenv("CLIENTELE_CUSTOMER_KEY", key)
	s := newDelivery(t, 60, 60)
	s.pipeline("first", "2025-11-04")
	var plain []string
	for c, lines := range s.lines() {
		if len(lines) > 15 && strings.HasPrefix(c, "cu/") {
			plain = append(plain, c)
		}
	}
	slices.Sort(plain)
	stored := record.StoredCustomers([]byte(key))
	root := filepath.Join(s.dir, "root")
	if held := holding(t, root, stored(plain[0])); len(held) < 10 {
		t.Fatalf("only %v hold the customer before", held)
	}
	t.Setenv("CLIENTELE_CUSTOMER_KEY", "another key of sixteen bytes")
	s.erase(fault.ExitConfig, plain[0])
	t.Setenv("CLIENTELE_CUSTOMER_KEY", "")
	s.erase(fault.ExitConfig, plain[0])
	s.erase(0, stored(plain[1]))
	t.Setenv("CLIENTELE_CUSTOMER_KEY", key)
	s.erase(0, plain[0]+".0")
	for _, c := range plain[:2] {
		if left := holding(t, root, stored(c)); len(left) > 0 {
			t.Errorf("%s is still in %v", c, left)
		}
	}
	r := s.pipeline("second", "2025-11-04")
	ingest := result[contract.IngestResult](t, r, contract.Ingest)
	if i := slices.IndexFunc(ingest.Quarantine, func(c contract.RuleCount) bool { return c.Rule == "forgotten" }); i < 0 || ingest.Quarantine[i].Rows < 30 {
		t.Errorf("ingest: %+v", ingest.Quarantine)
	}
}

// A segment of which everybody is forgotten stays, without customers; the next run goes on.
func TestEraseEverybodyOfASegment(t *testing.T) {
	s := smallErasedShop(t)
	members := map[string][]string{}
	for c, segment := range s.segments("2025-11-04") {
		members[segment] = append(members[segment], c)
	}
	smallest := ""
	for segment, all := range members {
		if smallest == "" || len(all) < len(members[smallest]) {
			smallest = segment
		}
	}
	r := s.erase(0, members[smallest]...)
	if !r.Done || r.Customers != len(members[smallest]) {
		t.Errorf("result %+v", r)
	}
	for _, c := range members[smallest] {
		if left := holding(t, filepath.Join(s.dir, "root"), c); len(left) > 0 {
			t.Errorf("%s is still in %v", c, left)
		}
	}
	s.program(registry.Program, 0, "verify")
	again := result[contract.ScoreResult](t, s.pipeline("after", "2025-11-04"), contract.Score)
	i := slices.IndexFunc(again.Segments, func(g contract.SegmentResult) bool { return g.ID == smallest })
	if i < 0 || again.Segments[i].Customers != 0 || len(again.Segments) != len(members) {
		t.Errorf("segments %+v, want %s without customers", again.Segments, smallest)
	}
}
