package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// Version is the version of HEAD.json and of a history object.
const Version = 1

// Revision is one state of HEAD: the model in force and how it came to be.
type Revision struct {
	Version     int           `json:"version"`
	Seq         int64         `json:"seq"` // 1, 2, 3, …
	ModelID     string        `json:"model_id"`
	FitID       string        `json:"fit_id"`
	Action      string        `json:"action"` // contract.ActionBootstrap, ActionPromote, ActionRollback, ActionErase, …
	Run         string        `json:"run"`    // that wrote it
	AsOf        calendar.Date `json:"as_of"`  // of that run, or of the revision before where that is later; see [Move.Lower]
	Eval        string        `json:"eval"`   // eval-id that it rests on, "" for a rollback
	Decision    string        `json:"decision"`
	NextSegment int64         `json:"next_segment"` // number of the segment id to give next; the maximum over the history
	Reason      string        `json:"reason"`
	Previous    *Previous     `json:"previous"` // nil for the first
	// Hold keeps promote from replacing the model; nil for none.
	Hold *Hold `json:"hold,omitempty"`
	// LatestAsOf is the latest as-of in the history where a rollback has lowered AsOf below it, else zero.
	LatestAsOf calendar.Date `json:"latest_as_of,omitzero"`

	// Actor is who moved HEAD: the pipeline's name, or a person's for a command by hand. "" in revisions of before.
	Actor string `json:"actor,omitempty"`
	// Denied are the fits that are never promoted, in the order in which they were denied. Like the hold they are part of the
	// revision, so that denying a fit and promoting it exclude each other by the same compare-and-swap.
	Denied []Denial `json:"denied,omitempty"`

	sha256     string // of the history object
	generation int64  // of HEAD.json when it was read from there, else 0
}

// Previous names the revision before.
type Previous struct {
	Seq     int64  `json:"seq"`
	SHA256  string `json:"sha256"`
	ModelID string `json:"model_id"`
}

// SHA256 returns the hash of the revision's history object.
func (r *Revision) SHA256() string { return r.sha256 }

// Ref returns <seq>-<sha256>, which a step puts among its inputs, or "none" for nil.
func (r *Revision) Ref() string {
	if r == nil {
		return "none"
	}
	return strconv.FormatInt(r.Seq, 10) + "-" + r.sha256
}

// Number returns the revision's seq, 0 for nil.
func (r *Revision) Number() int64 {
	if r == nil {
		return 0
	}
	return r.Seq
}

// latest returns the latest as-of of this revision and all before it.
func (r *Revision) latest() calendar.Date { return max(r.AsOf, r.LatestAsOf) }

// Held returns the hold that keeps a run of that as-of from replacing the model, nil for none.
func (r *Revision) Held(asOf calendar.Date) *Hold {
	if r == nil || r.Hold == nil || r.Hold.Until != 0 && r.Hold.Until <= asOf {
		return nil
	}
	return r.Hold
}

// Denial keeps one fit from being promoted.
type Denial struct {
	FitID  string `json:"fit_id"`
	Since  int64  `json:"since"` // revision that denied it
	Reason string `json:"reason"`
}

// String says since when and why.
func (d *Denial) String() string {
	return fmt.Sprintf("fit %.12s is denied since revision %d of HEAD (%s)", d.FitID, d.Since, d.Reason)
}

// Denies returns why a fit is never promoted, nil if it may be.
func (r *Revision) Denies(fitID string) *Denial {
	if r == nil {
		return nil
	}
	for i := range r.Denied {
		if r.Denied[i].FitID == fitID {
			return &r.Denied[i]
		}
	}
	return nil
}

// Model returns the revision's model id, "" for nil.
func (r *Revision) Model() string {
	if r == nil {
		return ""
	}
	return r.ModelID
}

// Hold keeps the model of HEAD in force. It is part of HEAD's revision, so that setting or lifting it and promoting a model
// exclude each other by the same compare-and-swap.
type Hold struct {
	Since  int64         `json:"since"`          // revision that set it
	Until  calendar.Date `json:"until,omitzero"` // runs of this as-of or later are free again; zero: until a person lifts it
	Reason string        `json:"reason"`
}

// Term says how long the hold lasts, "" for nil.
func (h *Hold) Term() string {
	switch {
	case h == nil:
		return ""
	case h.Until == 0:
		return "until it is lifted"
	}
	return "until " + h.Until.String()
}

// String says since when, why and how long.
func (h *Hold) String() string {
	return fmt.Sprintf("promotion is on hold since revision %d of HEAD, %s (%s)", h.Since, h.Term(), h.Reason)
}

// pointer is the content of HEAD.json. The revision is kept as it was written, so that its hash can be checked.
type pointer struct {
	Version  int             `json:"version"`
	SHA256   string          `json:"sha256"`
	Revision json.RawMessage `json:"revision"`
}

// Registry is the models of one name. It is safe for use by many goroutines.
type Registry struct {
	store *objstore.Store
	name  string
}

// New returns the registry of the home's name.
func New(home *run.Home) *Registry { return &Registry{store: home.Registry, name: home.Name} }

// Head returns the revision in force, nil if there is none yet. A damaged or newer HEAD is a Fault of exit code 65.
func (r *Registry) Head(ctx context.Context) (*Revision, error) {
	path := contract.HeadPath(r.name)
	var rev *Revision
	_, attrs, err := r.store.ReadChecked(ctx, path, func(text []byte) (err error) {
		var p pointer
		if err := json.Unmarshal(text, &p); err != nil {
			return r.damaged(path, "parse %s: %w", path, err)
		}
		if p.Version > Version {
			return r.damaged(path, "%s is of version %d, this program reads up to %d: use the program that wrote it, or a newer one", path, p.Version, Version)
		}
		rev, err = r.decode(path, append(bytes.Clone(p.Revision), '\n'), p.SHA256)
		return err
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read HEAD: %w", err)
	}
	rev.generation = attrs.Generation
	return rev, nil
}

// parent returns the revision before rev, nil for the first.
func (r *Registry) parent(ctx context.Context, rev *Revision) (*Revision, error) {
	if rev.Previous == nil {
		return nil, nil
	}
	path := contract.HistoryPath(r.name, rev.Previous.Seq, rev.Previous.SHA256)
	var before *Revision
	_, _, err := r.store.ReadChecked(ctx, path, func(text []byte) (err error) {
		before, err = r.decode(path, text, rev.Previous.SHA256)
		return err
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, r.damaged(path, "revision %d of HEAD names a history that is not there: %w", rev.Seq, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	if before.Seq != rev.Seq-1 {
		return nil, r.damaged(path, "history is out of order: revision %d follows revision %d", rev.Seq, before.Seq)
	}
	return before, nil
}

// decode reads the bytes of a history object and holds them against their hash.
func (r *Registry) decode(path string, text []byte, sha256 string) (*Revision, error) {
	if got := contract.SHA256(text); got != sha256 {
		return nil, r.damaged(path, "%s is damaged: sha256 of the revision is %s, want %s", path, got, sha256)
	}
	rev := &Revision{sha256: sha256}
	if err := json.Unmarshal(text, rev); err != nil {
		return nil, r.damaged(path, "parse %s: %w", path, err)
	}
	if rev.Version > Version {
		return nil, r.damaged(path, "revision in %s is of version %d, this program reads up to %d", path, rev.Version, Version)
	}
	if rev.Seq < 1 || (rev.Previous == nil) != (rev.Seq == 1) || rev.ModelID == "" {
		return nil, r.damaged(path, "revision in %s makes no sense: seq %d, model %q", path, rev.Seq, rev.ModelID)
	}
	return rev, nil
}

func (r *Registry) damaged(path, format string, args ...any) error {
	return fault.ErrBadData.Errorf("head", r.store.URI(path), format, args...)
}

// walk calls visit with each revision from HEAD backwards until visit returns false.
func (r *Registry) walk(ctx context.Context, visit func(*Revision) bool) error {
	rev, err := r.Head(ctx)
	for err == nil && rev != nil && visit(rev) {
		rev, err = r.parent(ctx, rev)
	}
	return err
}

// At returns the revision of that number. One that does not exist is a Fault of exit code 66.
func (r *Registry) At(ctx context.Context, seq int64) (*Revision, error) {
	var at *Revision
	last := int64(0)
	err := r.walk(ctx, func(rev *Revision) bool {
		last = max(last, rev.Seq)
		if rev.Seq == seq {
			at = rev
		}
		return rev.Seq > seq
	})
	if err != nil {
		return nil, err
	}
	if at == nil {
		return nil, fault.ErrMissing.Errorf("head", r.store.URI(contract.HeadPath(r.name)),
			"no revision %d of %s: there are %d", seq, r.name, last)
	}
	return at, nil
}

// Since returns the as-of of the first revision up to rev that has rev's model: how old the model is. Revisions that only
// freeze or deny, and a rollback, do not make it younger; nor does one that takes a forgotten customer out of it.
func (r *Registry) Since(ctx context.Context, rev *Revision) (calendar.Date, error) {
	since, models := rev.AsOf, map[string]bool{rev.ModelID: true}
	at := rev
	for at != nil {
		if models[at.ModelID] {
			since = min(since, at.AsOf)
			if at.Action == contract.ActionErase && at.Previous != nil {
				models[at.Previous.ModelID] = true
			}
		}
		before, err := r.parent(ctx, at)
		if err != nil {
			return 0, err
		}
		at = before
	}
	return since, nil
}

// History returns the latest revisions, newest first: at most limit, or all for limit ≤ 0.
func (r *Registry) History(ctx context.Context, limit int) ([]*Revision, error) {
	var all []*Revision
	if limit <= 0 {
		limit = int(^uint(0) >> 1)
	}
	err := r.walk(ctx, func(rev *Revision) bool {
		all = append(all, rev)
		return len(all) < limit
	})
	return all, err
}

// Recorded returns an error unless the revision's own history object is there and is what was written: the next revision is
// going to rest on it. A revision that [Registry.Head] or [Registry.History] has returned is known to be whole itself.
func (r *Registry) Recorded(ctx context.Context, rev *Revision) error {
	path := contract.HistoryPath(r.name, rev.Seq, rev.sha256)
	_, _, err := r.store.ReadChecked(ctx, path, func(text []byte) error {
		_, err := r.decode(path, text, rev.sha256)
		return err
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return r.damaged(path, "the history of revision %d is not there: %w", rev.Seq, err)
	}
	return err
}
