package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
)

// StateVersion is the version of the pointers' JSON.
const StateVersion = 1

// State is the content of a pointer: what is in force, and what was before it, newest first. It is replaced only by
// compare-and-swap.
type State[T any] struct {
	Version    int        `json:"version"`
	Entries    []Entry[T] `json:"entries"`
	generation int64
}

// Entry is one revision of a pointer.
type Entry[T any] struct {
	Run   string        `json:"run"`
	AsOf  calendar.Date `json:"as_of"`
	Key   string        `json:"key"` // of the step that wrote it
	Value T             `json:"value"`
}

// ScoreState is what state/<name>/score.json holds in each entry.
type ScoreState struct {
	Model       string `json:"model"`       // model_id that scored
	Seq         int64  `json:"seq"`         // revision of HEAD
	Assignments string `json:"assignments"` // object, relative to the root
	SHA256      string `json:"sha256"`
	From        string `json:"from,omitempty"` // the run whose customers were scored, where that is another
}

// DriftState is what state/<name>/drift.json holds in each entry: one entry an as-of, the later replaces.
type DriftState struct {
	Verdict string `json:"verdict"`
	Act     string `json:"act"`
	Model   string `json:"model"`
	Seq     int64  `json:"seq"`               // revision of HEAD, 0 for none or unknown
	Wanted  string `json:"wanted,omitempty"`  // the act that the evidence alone called for; "" from earlier programs, which did not tell
	Latched bool   `json:"latched,omitempty"` // the evidence had been confirmed on other as-of dates
	Cause   string `json:"cause,omitempty"`
	// Forward is what customers of each segment did after they were assigned, when the model was first looked at.
	Forward []drift.Followed `json:"forward,omitempty"`
	// Said are the model's features that have moved, as they were said.
	Said []drift.Said `json:"said,omitempty"`
}

// WeekState is what state/<name>/history.json holds in each entry: what the last run in a calendar week came to.
type WeekState struct {
	Model     string        `json:"model"`  // model_id that scored
	Seq       int64         `json:"seq"`    // revision of HEAD
	Before    string        `json:"before"` // the run whose scores these were compared with, "" for none
	Customers int64         `json:"customers"`
	Revenue   money.Amount  `json:"revenue"`
	Moved     int64         `json:"moved"`
	Verdict   string        `json:"verdict"` // of drift, "" if it did not run
	Act       string        `json:"act"`
	Cause     string        `json:"cause"`
	Segments  []WeekSegment `json:"segments"`
	Week      *WeekSales    `json:"week,omitempty"` // the seven days before the as-of date; nil where lines do not cover them
}

// WeekSegment is a segment's people and money in a week.
type WeekSegment struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Customers int64        `json:"customers"`
	Revenue   money.Amount `json:"revenue"`
}

// WeekSales is what was sold in seven days.
type WeekSales struct {
	Sales     money.Amount `json:"sales"`
	Invoices  int64        `json:"invoices"`
	Customers int64        `json:"customers"`
	First     int64        `json:"first"` // of the customers, whose first purchase in the window it was
}

// Keep says how much a pointer remembers.
type Keep struct {
	Entries   int  // at most
	OneAnAsOf bool // a later entry replaces the one of the same as-of
	Weekly    bool // an entry of a later as-of replaces that of the same calendar week
}

// HistoryWeeks is how many earlier weeks a run shows. The pointer remembers a quarter more, so that a rerun of one of the last
// thirteen weeks finds the weeks that it found before.
const HistoryWeeks = 52

// What each pointer remembers. The score's covers twenty as-ofs; the drift's a year of weeks.
var (
	KeepScore   = Keep{Entries: 20, OneAnAsOf: true}
	KeepDrift   = Keep{Entries: 53, OneAnAsOf: true}
	KeepUsed    = Keep{Entries: 53}
	KeepHistory = Keep{Entries: HistoryWeeks + 1 + 13, OneAnAsOf: true, Weekly: true}
)

// slot says which entries take one another's place.
func (k Keep) slot(day calendar.Date) calendar.Date {
	if k.Weekly {
		return day.Monday()
	}
	return day
}

// ReadState returns the pointer at path; one that is not there yet has no entry.
func ReadState[T any](ctx context.Context, store *objstore.Store, path string) (State[T], error) {
	s := State[T]{Version: StateVersion}
	_, attrs, err := store.ReadChecked(ctx, path, func(text []byte) error {
		s = State[T]{Version: StateVersion}
		if err := cmp.Or(contract.CheckSeal(text), json.Unmarshal(text, &s)); err != nil {
			return fault.ErrBadData.Errorf("state", store.URI(path), "%s is damaged: %w. To repair it, restore it from a backup or an earlier generation", path, err)
		}
		if s.Version > StateVersion {
			return fault.Newer("state", store.URI(path), s.Version, StateVersion)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return s, nil
	}
	s.generation = attrs.Generation
	return s, err
}

// Head returns the entry in force, or nil.
func (s State[T]) Head() *Entry[T] {
	if len(s.Entries) == 0 {
		return nil
	}
	return &s.Entries[0]
}

// Before returns the state as it stood before the first revision that run wrote: a run never sees itself.
func (s State[T]) Before(run contract.Run) State[T] {
	for i := len(s.Entries) - 1; i >= 0; i-- {
		if s.Entries[i].Run == run.String() {
			return State[T]{Version: s.Version, Entries: s.Entries[i+1:]}
		}
	}
	return s
}

// Swap writes the pointer with e in force, unless it has changed since it was read ([objstore.ErrConflict]). An entry in
// force that the same run wrote is replaced, so that reruns do not push out what was before.
func (s State[T]) Swap(ctx context.Context, store *objstore.Store, path string, e Entry[T], keep Keep) error {
	next := State[T]{Version: StateVersion, Entries: []Entry[T]{e}}
	for i, old := range s.Entries {
		replaced := i == 0 && old.Run == e.Run || keep.OneAnAsOf && old.AsOf == e.AsOf
		if !replaced && len(next.Entries) < keep.Entries {
			next.Entries = append(next.Entries, old)
		}
	}
	text, err := contract.Sealed(next)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	_, err = store.Swap(ctx, path, s.generation, text)
	return err
}

// has reports whether the run's key is among the entries: then this revision was made, whatever came after it.
func (s State[T]) has(e Entry[T]) bool {
	for _, old := range s.Entries {
		if old.Run == e.Run && old.Key == e.Key {
			return true
		}
	}
	return false
}

// Lower takes entries of a later as-of than day out of the pointer, if out says so of their value: then runs of that day are
// no older runs any more. Whoever loses the swap gets an error of class [fault.ErrTemporary].
func Lower[T any](ctx context.Context, store *objstore.Store, path string, day calendar.Date, out func(T) bool) error {
	s, err := ReadState[T](ctx, store, path)
	if err != nil {
		return err
	}
	next := State[T]{Version: StateVersion, Entries: []Entry[T]{}}
	for _, e := range s.Entries {
		if e.AsOf <= day || !out(e.Value) {
			next.Entries = append(next.Entries, e)
		}
	}
	if len(next.Entries) == len(s.Entries) {
		return nil
	}
	next.generation = s.generation
	return next.swap(ctx, store, path, "lower")
}

// swap makes the pointer what s says, unless it has changed since its generation was read.
func (s State[T]) swap(ctx context.Context, store *objstore.Store, path, verb string) error {
	text, err := contract.Sealed(s)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	_, err = store.Swap(ctx, path, s.generation, text)
	if errors.Is(err, objstore.ErrConflict) {
		return fault.ErrLostSwap.Errorf("lost_swap", store.URI(path), "%s %s: another run moved it at the same moment: %w", verb, path, err)
	}
	return err
}

// Revise changes the entries of the pointer where change does and reports it. Whoever loses the swap gets an error of class
// [fault.ErrTemporary].
func Revise[T any](ctx context.Context, store *objstore.Store, path string, change func(*Entry[T]) (bool, error)) error {
	s, err := ReadState[T](ctx, store, path)
	if err != nil {
		return err
	}
	changed := false
	for i := range s.Entries {
		c, err := change(&s.Entries[i])
		if err != nil {
			return err
		}
		changed = changed || c
	}
	if !changed {
		return nil
	}
	return s.swap(ctx, store, path, "revise")
}

// Earlier returns the latest entry of an earlier as-of than day, or nil: what a run of that day compares itself with, whatever
// was run since, and however often.
func (s State[T]) Earlier(day calendar.Date) *Entry[T] {
	var found *Entry[T]
	for i := range s.Entries {
		if e := &s.Entries[i]; e.AsOf < day && (found == nil || e.AsOf > found.AsOf) {
			found = e
		}
	}
	return found
}

// Insert puts e into the pointer, which has one entry an as-of, the latest first, or one a calendar week. Of two of one as-of the
// one with the higher seq stays, the revision of HEAD that its scores rest on, and of equal ones the later; of two of one week the
// one with the later as-of. So what the pointer holds does not depend on the order in which as-ofs were run. It reports whether the pointer changed. Whoever loses the swap to another
// content gets an error of class [fault.ErrTemporary].
func Insert[T any](ctx context.Context, store *objstore.Store, path string, e Entry[T], keep Keep, seq func(T) int64) (bool, error) {
	s, err := ReadState[T](ctx, store, path)
	if err != nil || s.has(e) {
		return false, err
	}
	next := State[T]{Version: StateVersion, Entries: []Entry[T]{e}}
	for _, old := range s.Entries {
		switch {
		case keep.slot(old.AsOf) != keep.slot(e.AsOf):
			next.Entries = append(next.Entries, old)
		case old.AsOf > e.AsOf || old.AsOf == e.AsOf && seq(old.Value) > seq(e.Value):
			return false, nil
		}
	}
	slices.SortStableFunc(next.Entries, func(a, b Entry[T]) int { return cmp.Compare(b.AsOf, a.AsOf) })
	// What earlier versions wrote may have several of one as-of, the later first.
	next.Entries = slices.CompactFunc(next.Entries, func(a, b Entry[T]) bool { return a.AsOf == b.AsOf })
	next.Entries = next.Entries[:min(len(next.Entries), keep.Entries)]
	if !next.has(e) {
		return false, nil // older than all that is remembered
	}
	text, err := contract.Sealed(next)
	if err != nil {
		return false, fmt.Errorf("encode %s: %w", path, err)
	}
	_, err = store.Swap(ctx, path, s.generation, text)
	if !errors.Is(err, objstore.ErrConflict) {
		return err == nil, err
	}
	now, readErr := ReadState[T](ctx, store, path)
	if readErr != nil || now.has(e) {
		return false, readErr
	}
	return false, fault.ErrLostSwap.Errorf("lost_swap", store.URI(path), "move %s: another run moved it at the same moment: %w", path, err)
}

// Advance moves the pointer to e, unless that was done before or the pointer names a later as-of: an older run leaves
// state alone. It reports whether it moved. Whoever loses the swap to another content gets an error of class [fault.ErrTemporary].
func Advance[T any](ctx context.Context, store *objstore.Store, path string, e Entry[T], keep Keep) (bool, error) {
	s, err := ReadState[T](ctx, store, path)
	if err != nil {
		return false, err
	}
	if h := s.Head(); s.has(e) || h != nil && h.AsOf > e.AsOf {
		return false, nil
	}
	err = s.Swap(ctx, store, path, e, keep)
	if !errors.Is(err, objstore.ErrConflict) {
		return err == nil, err
	}
	s, readErr := ReadState[T](ctx, store, path)
	if readErr != nil {
		return false, readErr
	}
	if s.has(e) {
		return false, nil
	}
	return false, fault.ErrLostSwap.Errorf("lost_swap", store.URI(path), "move %s: another run moved it at the same moment: %w", path, err)
}
