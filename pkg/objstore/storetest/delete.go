package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/objstore"
)

// listAndDelete expects a listing by prefix, in the order of names, and that a generation is deleted once and no other.
func listAndDelete(t *testing.T, s *objstore.Store) {
	list := func(prefix string, want ...string) []objstore.Item {
		t.Helper()
		items, err := s.List(t.Context(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, item := range items {
			names = append(names, item.Name)
			if !item.Live || item.Generation <= 0 || item.Size != int64(len(item.Name)) {
				t.Errorf("item %+v", item)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("list %q: %q, want %q", prefix, names, want)
		}
		return items
	}
	list("")
	for _, name := range []string{"b/two", "a/one", "b/deep/er", "bee"} {
		mustCreate(t, s, name, []byte(name))
	}
	all := list("", "a/one", "b/deep/er", "b/two", "bee")
	list("b/", "b/deep/er", "b/two")
	list("b/d", "b/deep/er")
	list("none/")

	one := all[0]
	if err := s.Delete(t.Context(), one.Name, one.Generation); err != nil {
		t.Fatal(err)
	}
	wantMissing(t, s, one.Name)
	list("", "b/deep/er", "b/two", "bee")
	if err := s.Delete(t.Context(), one.Name, one.Generation); err != nil {
		t.Errorf("what is gone already: %v", err)
	}
	two := all[2]
	now, err := s.Swap(t.Context(), two.Name, two.Generation, []byte("later"))
	if err != nil {
		t.Fatal(err)
	}
	// Another generation than the one in force: a store without old ones says so, and a bucket knows that it is gone.
	if err := s.Delete(t.Context(), two.Name, two.Generation); err != nil && !errors.Is(err, objstore.ErrConflict) {
		t.Errorf("delete of an old generation: %v", err)
	}
	wantContent(t, s, two.Name, []byte("later"))
	if err := s.Delete(t.Context(), two.Name, 0); err == nil {
		t.Error("a delete without a generation was taken")
	}
	if err := s.Delete(t.Context(), two.Name, now.Generation); err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, one.Name, []byte("free again"))
}
