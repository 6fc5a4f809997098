package registry_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
)

func TestNames(t *testing.T) {
	h := homes(t)["mem"]
	reg, ctx := registry.New(h), t.Context()
	names, err := reg.Names(ctx)
	if ref, _ := names.Ref(); err != nil || ref != "" {
		t.Fatalf("no names yet: %q, %v", ref, err)
	}
	rename := func(id, name string) bool {
		t.Helper()
		changed, err := reg.Rename(ctx, id, name)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if !rename("seg-0001", "Stars") || rename("seg-0001", "Stars") || rename("seg-0002", "") {
		t.Error("what changes is not what was said")
	}
	if _, err := reg.Rename(ctx, "seg-0002", "Stars"); fault.CodeOf(err) != fault.ExitUsage {
		t.Errorf("a second segment of the name: %v", err)
	}
	own := []model.Segment{{ID: "seg-0001", Name: "Champions"}, {ID: "seg-0002", Name: "Stars"}, {ID: "seg-0003", Name: "New"}}
	if names, err = reg.Names(ctx); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range names.Apply(own) {
		got = append(got, s.Name)
	}
	if fmt.Sprint(got) != "[Stars Stars (seg-0002) New]" || own[0].Name != "Champions" {
		t.Errorf("names %q of %v", got, own)
	}
	if !rename("seg-0001", "") {
		t.Error("a name that is taken away changes nothing")
	}
	// A flipped bit is refused, and nothing is written over it.
	path := contract.NamesPath("segments")
	text, attrs, err := h.Registry.Read(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if _, err := h.Registry.Swap(ctx, path, attrs.Generation, text); err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Rename(ctx, "seg-0003", "Fresh"); fault.CodeOf(err) != fault.ExitBadData {
		t.Errorf("damaged names: %v", err)
	}
}

// Of people who rename at the same moment each gets her name or is told to try again: none is lost silently.
func TestNamesRace(t *testing.T) {
	h := homes(t)["mem"]
	won := make([]bool, 8)
	var all sync.WaitGroup
	for i := range won {
		all.Go(func() {
			_, err := registry.New(h).Rename(t.Context(), model.SegmentID(int64(i+1)), fmt.Sprint("Name ", i))
			if won[i] = err == nil; err != nil && !errors.Is(err, fault.ErrTemporary) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	names, err := registry.New(h).Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range won {
		id := model.SegmentID(int64(i + 1))
		if got := names.Apply([]model.Segment{{ID: id, Name: "own"}})[0].Name; (got == fmt.Sprint("Name ", i)) != s {
			t.Errorf("%s is %s, won %v", id, got, s)
		}
	}
}
