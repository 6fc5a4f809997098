package lines

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// maxSwaps bounds how often a lost swap is tried again on what the winner left: so many deliveries of other days at one moment
// are no accident.
const maxSwaps = 20

// state is what state/lines.json holds in each entry.
type state struct {
	Snapshot string `json:"snapshot"` // sha256
}

// remembered is how much that pointer remembers: a night of reruns.
var remembered = run.Keep{Entries: 20}

// Current is the current snapshot of a root as one run reads it. It is replaced by compare-and-swap only: a delivery, or an
// undo, is visible as a whole or not at all.
//
//	now, err := lines.Open(ctx, home.Root, run)
//	err = now.Check(change)              // before anything is written
//	outcome, err := now.Put(ctx, change) // when its partitions are
type Current struct {
	SHA256   string    // of the snapshot, "" for none
	Snapshot *Snapshot // has no lines where there is none yet

	root  *objstore.Store
	run   contract.Run
	state run.State[state]
}

// Outcome is what came of a change.
type Outcome struct {
	Snapshot string          // that is current now
	New      bool            // not all of it was current before the first try of this run: a run never sees itself
	Kept     []calendar.Date // delivered days that stay as they are, because a run of a later as-of delivered them
}

// Open reads the current snapshot of a root. Whoever only looks needs no run.
func Open(ctx context.Context, root *objstore.Store, of contract.Run) (*Current, error) {
	c := &Current{root: root, run: of}
	return c, c.read(ctx)
}

func (c *Current) read(ctx context.Context) (err error) {
	if c.state, err = run.ReadState[state](ctx, c.root, contract.LinesStatePath()); err != nil {
		return err
	}
	c.SHA256, c.Snapshot, err = c.snapshotOf(ctx, c.state)
	return err
}

func (c *Current) snapshotOf(ctx context.Context, s run.State[state]) (string, *Snapshot, error) {
	head := s.Head()
	if head == nil {
		return "", &Snapshot{Version: SnapshotVersion}, nil
	}
	snapshot, err := Read(ctx, c.root, head.Value.Snapshot)
	return head.Value.Snapshot, snapshot, err
}

// Moved reports whether the run has made a snapshot current, whatever came after it.
func (c *Current) Moved() bool {
	return slices.ContainsFunc(c.state.Entries, func(e run.Entry[state]) bool { return e.Run == c.run.String() })
}

// has reports whether the step of that key, of this run, has moved the pointer before: it was stopped right after that.
func (c *Current) has(key string) bool {
	return slices.ContainsFunc(c.state.Entries, func(e run.Entry[state]) bool { return e.Run == c.run.String() && e.Key == key })
}

// swap makes a snapshot current on behalf of the step of that key.
func (c *Current) swap(ctx context.Context, key, snapshot string) error {
	return c.state.Swap(ctx, c.root, contract.LinesStatePath(), run.Entry[state]{
		Run: c.run.String(), AsOf: c.run.AsOf, Key: key, Value: state{Snapshot: snapshot},
	}, remembered)
}

// Check returns an error of [ErrZone], [ErrCurrency], [ErrCustomerKey], [ErrStored] or [ErrShrunk] if the change must not be
// made.
func (c *Current) Check(d *Change) error { return d.check(c.Snapshot, c.has(d.Delivery.ID)) }

// Put makes the change current by one swap. Whoever loses the swap tries again on what the winner left, unless that has touched
// the delivered days: then the error is of class [fault.ErrLostSwap]. Other errors are those of [Current.Check].
func (c *Current) Put(ctx context.Context, d *Change) (out Outcome, err error) {
	if err := c.Check(d); err != nil {
		return out, err
	}
	hash, before, err := c.snapshotOf(ctx, c.state.Before(c.run))
	if err != nil {
		return out, err
	}
	_, out.New = d.onto(before, hash)
	if out.Snapshot, err = c.put(ctx, d); err != nil {
		return out, err
	}
	out.Kept = slices.Sorted(maps.Keys(d.kept(c.Snapshot)))
	return out, nil
}

func (c *Current) put(ctx context.Context, d *Change) (sha256 string, err error) {
	for range maxSwaps {
		next, changed := d.onto(c.Snapshot, c.SHA256)
		if !changed {
			return c.SHA256, nil
		}
		sha256, err := Write(ctx, c.root, next)
		if err != nil {
			return "", err
		}
		if err = c.swap(ctx, d.Delivery.ID, sha256); !errors.Is(err, objstore.ErrConflict) {
			return sha256, err
		}
		before := c.Snapshot
		if err = c.read(ctx); err != nil {
			return "", err
		}
		done := c.has(d.Delivery.ID)
		if _, changed := d.onto(c.Snapshot, c.SHA256); !changed && (done || !d.Append) {
			return c.SHA256, nil // a copy of this step, or a delivery of the same lines
		}
		if !d.disjoint(before, c.Snapshot) {
			break
		}
		if err := d.check(c.Snapshot, done); err != nil {
			return "", err
		}
	}
	path := contract.LinesStatePath()
	return "", fault.ErrLostSwap.Errorf("lost_swap", c.root.URI(path), "move %s: another delivery of the same days was stored at the same moment", path)
}

// Undo makes the parent of a snapshot current if the snapshot is, on behalf of the step of that key; the parent of the first
// one has no lines. Where another snapshot is current it changes nothing, and undone is false. It returns what is current then.
// A root without any snapshot is an error of class [fault.ErrMissing].
func (c *Current) Undo(ctx context.Context, key, snapshot string) (current string, undone bool, err error) {
	if c.SHA256 == "" {
		return "", false, fault.ErrMissing.Errorf("snapshot", c.root.URI(contract.LinesStatePath()), "undo %s: no lines are stored", snapshot)
	}
	if c.has(key) || c.SHA256 != snapshot {
		return c.SHA256, c.has(key), nil
	}
	parent := c.Snapshot.Parent
	if parent == "" {
		empty := &Snapshot{Version: SnapshotVersion, Zone: c.Snapshot.Zone, Currency: c.Snapshot.Currency, KeyMark: c.Snapshot.KeyMark}
		if parent, err = Write(ctx, c.root, empty); err != nil {
			return "", false, err
		}
	} else if _, err := Read(ctx, c.root, parent); err != nil {
		return "", false, fmt.Errorf("undo %s: %w", snapshot, err)
	}
	swapErr := c.swap(ctx, key, parent)
	if swapErr == nil {
		return parent, true, nil
	}
	if err := c.read(ctx); err != nil {
		return "", false, errors.Join(swapErr, err)
	}
	if c.has(key) { // a copy of this step did it
		return c.SHA256, true, nil
	}
	return "", false, fmt.Errorf("undo %s: %w", snapshot, swapErr)
}

// Restore makes a snapshot current again that the step of that key made current, where somebody has removed the pointer since.
// It reports whether it was removed.
func Restore(ctx context.Context, root *objstore.Store, of contract.Run, key, snapshot string) (removed bool, err error) {
	c := &Current{root: root, run: of}
	if c.state, err = run.ReadState[state](ctx, root, contract.LinesStatePath()); err != nil || c.state.Head() != nil {
		return false, err
	}
	if err := c.swap(ctx, key, snapshot); err != nil && !errors.Is(err, objstore.ErrConflict) { // else a copy of this step was faster
		return false, err
	}
	return true, nil
}
