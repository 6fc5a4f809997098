package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

// Move is one intention to move HEAD. Its id is written into the revision, so that a try that was killed after the swap,
// or whose answer was lost, is recognised by the next one.
type Move struct {
	Run contract.Run
	Key string // of the step that decides

	// Lower makes the revision's as-of that of the run even where HEAD's is later. Without it HEAD's as-of never goes back: an
	// older run must not let older ones in.
	Lower bool
	// Actor is who moves HEAD, "" for the run's pipeline. It is not part of the decision.
	Actor string
}

// Decision returns the move's id: hex sha256 over run and key.
func (m Move) Decision() string { return contract.SHA256([]byte(m.Run.String() + "\n" + m.Key + "\n")) }

// Move swaps HEAD, unless this very move was made before: then it returns the revision that it made, wherever that stands
// in the history by now.
//
// build gets the revision in force (nil: none) and returns the next one with ModelID, FitID, Action, Eval, NextSegment, Reason
// and Hold; the rest is filled in. Denied is carried over where build leaves it nil; an empty one clears it. It may return nil to leave HEAD alone; Move then returns nil. build is called at most
// once. A HEAD that somebody else moves in the meantime is a Fault of exit code 75: what build decided no longer holds.
func (r *Registry) Move(ctx context.Context, m Move, build func(head *Revision) (*Revision, error)) (*Revision, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, err
	}
	made, err := r.find(ctx, head, m)
	if err != nil || made != nil {
		return made, err
	}
	next, err := build(head)
	if err != nil || next == nil {
		return nil, err
	}
	if head != nil {
		if err := r.Recorded(ctx, head); err != nil {
			return nil, err
		}
	}
	complete(next, head, m)
	text, err := contract.Canonical(next)
	if err != nil {
		return nil, fmt.Errorf("encode revision %d: %w", next.Seq, err)
	}
	next.sha256 = contract.SHA256(text)
	history := contract.HistoryPath(r.name, next.Seq, next.sha256)
	// The name is the content's: one that exists was written by a try that did not come to its swap.
	if _, err := r.store.CreateBytes(ctx, history, text); err != nil && !errors.Is(err, objstore.ErrExists) {
		return nil, fmt.Errorf("write history: %w", err)
	}
	return r.swap(ctx, m, head, next, text)
}

// complete fills in what every revision carries over from the one before.
func complete(next, head *Revision, m Move) {
	next.Version, next.Seq, next.Previous = Version, 1, nil
	next.Run, next.AsOf, next.Decision = m.Run.String(), m.Run.AsOf, m.Decision()
	next.Actor = cmp.Or(m.Actor, m.Run.Pipeline)
	if head != nil {
		next.Seq = head.Seq + 1
		if next.Denied == nil {
			next.Denied = head.Denied
		}
		if !m.Lower {
			next.AsOf = max(next.AsOf, head.AsOf)
		}
		if latest := head.latest(); latest > next.AsOf {
			next.LatestAsOf = latest
		}
		next.NextSegment = max(next.NextSegment, head.NextSegment)
		next.Previous = &Previous{Seq: head.Seq, SHA256: head.sha256, ModelID: head.ModelID}
	}
	if next.Hold != nil {
		next.Hold.Since = cmp.Or(next.Hold.Since, next.Seq)
	}
	for i := range next.Denied {
		next.Denied[i].Since = cmp.Or(next.Denied[i].Since, next.Seq)
	}
}

// swap writes HEAD.json over the generation that head was read at.
func (r *Registry) swap(ctx context.Context, m Move, head, next *Revision, text []byte) (*Revision, error) {
	path, generation := contract.HeadPath(r.name), int64(0)
	if head != nil {
		generation = head.generation
	}
	content, err := contract.Canonical(pointer{
		Version: Version, SHA256: next.sha256, Revision: json.RawMessage(text[:len(text)-1]),
	})
	if err != nil {
		return nil, fmt.Errorf("encode HEAD: %w", err)
	}
	attrs, err := r.store.Swap(ctx, path, generation, content)
	if err == nil {
		next.generation = attrs.Generation
		return next, nil
	}
	if !errors.Is(err, objstore.ErrConflict) {
		return nil, fmt.Errorf("swap HEAD: %w", err)
	}
	// A copy of this step, or the store's own second try of a write whose answer was lost, may have made this very move.
	now, readErr := r.Head(ctx)
	if readErr != nil {
		return nil, readErr
	}
	made, readErr := r.find(ctx, now, m)
	if readErr != nil || made != nil {
		return made, readErr
	}
	return nil, fault.ErrLostSwap.Errorf("lost_swap", r.store.URI(path),
		"swap HEAD: another run moved it from revision %d to %d at the same moment: %w", head.Number(), now.Number(), err)
}

// find looks for the move in the history from head backwards, as far as the move's as-of, and returns nil if it was not
// made.
func (r *Registry) find(ctx context.Context, head *Revision, m Move) (*Revision, error) {
	id := m.Decision()
	for rev := head; rev != nil && rev.latest() >= m.Run.AsOf; {
		if rev.Decision == id {
			return rev, nil
		}
		before, err := r.parent(ctx, rev)
		if err != nil {
			return nil, err
		}
		rev = before
	}
	return nil, nil
}
