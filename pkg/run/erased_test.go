package run_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// The list knows its customers and has none of their ids; each erasure that adds one has a number of its own.
func TestErasedHasNoIds(t *testing.T) {
	h := home(t)
	for i, c := range []struct {
		who string
		seq int64
	}{{"17850", 1}, {"17850", 1}, {"13047", 2}} {
		list, err := run.ReadErased(t.Context(), h.Root)
		if err != nil {
			t.Fatal(err)
		}
		next := list.With([]string{c.who})
		if err := next.Write(t.Context(), h.Root); err != nil || next.Seq != c.seq || !next.Has(c.who) || next.Has("12345") {
			t.Errorf("step %d: %v, seq %d, want %d", i, err, next.Seq, c.seq)
		}
		if err := list.With([]string{"late"}).Write(t.Context(), h.Root); !errors.Is(err, objstore.ErrConflict) {
			t.Errorf("a list that has changed since is written: %v", err)
		}
	}
	text, _, err := h.Root.Read(t.Context(), contract.ErasedPath())
	if err != nil || strings.Contains(string(text), "17850") || strings.Contains(string(text), "13047") {
		t.Errorf("the list is %s, %v", text, err)
	}
	list, err := run.ReadErased(t.Context(), h.Root)
	if err != nil || !list.Has("17850") || !list.Has("13047") || list.Has("late") {
		t.Errorf("read again: %+v, %v", list, err)
	}
}

// A step during which a customer is forgotten does not commit, and has another key when it is run again.
func TestAStepAtWorkLosesAgainstAnErasure(t *testing.T) {
	h := home(t)
	s, err := h.Begin(t.Context(), aRun("r"), contract.Preprocess, inputs("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutBytes(t.Context(), "page.html", []byte("17850")); err != nil {
		t.Fatal(err)
	}
	list, err := run.ReadErased(t.Context(), h.Root)
	if err == nil {
		err = list.With([]string{"17850"}).Write(t.Context(), h.Root)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), "x"); fault.Judge(err).Code != fault.ExitTemporary {
		t.Errorf("commit: %v, want to be told to try again", err)
	}
	if _, err := h.Current(t.Context(), aRun("r"), contract.Preprocess); fault.CodeOf(err) != fault.ExitMissing {
		t.Errorf("the step's work is visible: %v", err)
	}
	again, err := h.Begin(t.Context(), aRun("r"), contract.Preprocess, inputs("a"))
	if err != nil || again.Key() == s.Key() {
		t.Fatalf("begun again with key %s, %v", again.Key(), err)
	}
	if err := again.PutBytes(t.Context(), "page.html", []byte("nobody")); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Commit(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}
