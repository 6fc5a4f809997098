package lines

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// How long a change goes on trying after it has lost a swap to deliveries that do not touch it, and the longest pause between two
// tries. A bucket takes about one new version of an object a second, so a hundred deliveries at once take minutes.
const (
	patience     = 5 * time.Minute
	longestPause = 2 * time.Second
	firstPause   = 20 * time.Millisecond
)

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
	parts *known

	patience time.Duration
}

// Outcome is what came of a change.
type Outcome struct {
	Snapshot string          // that is current now
	New      bool            // not all of it was current before the first try of this run: a run never sees itself
	Kept     []calendar.Date // delivered days that stay as they are, because a run of a later as-of delivered them
}

// Open reads the current snapshot of a root. Whoever only looks needs no run.
func Open(ctx context.Context, root *objstore.Store, of contract.Run) (*Current, error) {
	c := &Current{root: root, run: of, parts: newKnown(), patience: patience}
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
		return "", &Snapshot{Version: SnapshotVersion, root: c.root, known: c.parts}, nil
	}
	if c.Snapshot != nil && c.SHA256 == head.Value.Snapshot {
		return c.SHA256, c.Snapshot, nil
	}
	snapshot, err := read(ctx, c.root, head.Value.Snapshot, c.parts)
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
// made, and one of [objstore.ErrTooLarge] if what it makes could not be read again.
func (c *Current) Check(ctx context.Context, d *Change) error {
	if err := d.check(ctx, c.Snapshot, c.has(d.Delivery.ID)); err != nil {
		return err
	}
	sized := *d // with names as long as those to come
	sized.Partitions = slices.Clone(d.Partitions)
	for i := range sized.Partitions {
		if p := &sized.Partitions[i]; p.Object == "" {
			p.SHA256 = strings.Repeat("0", 64)
			p.Object = contract.PartitionPath(d.Delivery.Source, p.Day, p.SHA256)
		}
	}
	e, err := sized.onto(ctx, c.Snapshot, c.SHA256)
	if err == nil && e.changed {
		_, err = e.next.encode()
	}
	return err
}

// Put makes the change current by one swap. Whoever loses the swap tries again on what the winner left, unless that has touched
// the delivered days: then the error is of class [fault.ErrLostSwap]. So it is when others were faster for minutes on end. Other
// errors are those of [Current.Check].
func (c *Current) Put(ctx context.Context, d *Change) (out Outcome, err error) {
	if err := d.check(ctx, c.Snapshot, c.has(d.Delivery.ID)); err != nil {
		return out, err
	}
	e, err := d.onto(ctx, c.Snapshot, c.SHA256)
	if err != nil {
		return out, err
	}
	hash, before, err := c.snapshotOf(ctx, c.state.Before(c.run))
	if err != nil {
		return out, err
	}
	out.New = e.lines
	if hash != c.SHA256 { // this run has moved the pointer before
		first, err := d.onto(ctx, before, hash)
		if err != nil {
			return out, err
		}
		out.New = first.lines
	}
	out.Snapshot, out.Kept, err = c.put(ctx, d, e)
	return out, err
}

// put swaps until it has won, or must not win any more. e is what the change makes of the snapshot as it was read.
func (c *Current) put(ctx context.Context, d *Change, e *effect) (sha256 string, kept []calendar.Date, err error) {
	path := contract.LinesStatePath()
	patient, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if !e.changed {
			return c.SHA256, e.kept, nil
		}
		sha256, err := Write(ctx, c.root, e.next)
		if err != nil {
			return "", nil, err
		}
		if err = c.swap(ctx, d.Delivery.ID, sha256); !errors.Is(err, objstore.ErrConflict) {
			return sha256, e.kept, err
		}
		if err := sleep(patient, rand.N(pause)); err != nil {
			break
		}
		before := c.Snapshot
		if err = c.read(ctx); err != nil {
			return "", nil, err
		}
		if e, err = d.onto(ctx, c.Snapshot, c.SHA256); err != nil {
			return "", nil, err
		}
		if !e.changed && (c.has(d.Delivery.ID) || !d.Append) { // a copy of this step, or a delivery of the same lines, has made it
			return c.SHA256, e.kept, nil
		}
		if alone, err := d.disjoint(ctx, before, c.Snapshot); err != nil {
			return "", nil, err
		} else if !alone {
			return "", nil, fault.ErrLostSwap.Errorf("lost_swap", c.root.URI(path), "move %s: another delivery of the same days was stored at the same moment", path)
		}
		if err := d.check(ctx, c.Snapshot, c.has(d.Delivery.ID)); err != nil {
			return "", nil, err
		}
	}
	if ctx.Err() != nil {
		return "", nil, fmt.Errorf("move %s: %w", path, ctx.Err())
	}
	return "", nil, fault.ErrLostSwap.Errorf("lost_swap", c.root.URI(path), "move %s: other deliveries were stored again and again for %v, each just before this one; no one of them has its days", path, c.patience)
}

// sleep returns an error if the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
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
	if c.Snapshot.Replaces != "" {
		return "", false, fault.ErrConfig.Errorf("erased", c.root.URI(contract.SnapshotPath(snapshot)),
			"undo %s: customers were forgotten in it, and what was before still had them: it cannot be made current again. To replace the days of a wrong delivery, deliver them again", snapshot)
	}
	parent := c.Snapshot.Parent
	if parent == "" {
		empty := &Snapshot{Version: SnapshotVersion, Zone: c.Snapshot.Zone, Currency: c.Snapshot.Currency, KeyMark: c.Snapshot.KeyMark}
		if parent, err = Write(ctx, c.root, empty); err != nil {
			return "", false, err
		}
	} else if before, err := Read(ctx, c.root, parent); err != nil {
		return "", false, fmt.Errorf("undo %s: %w", snapshot, err)
	} else if before.Erasures < c.Snapshot.Erasures {
		return "", false, fault.ErrConfig.Errorf("erased", c.root.URI(contract.SnapshotPath(snapshot)),
			"undo %s: a customer was forgotten since the snapshot before it, which could have that customer. To replace the days of a wrong delivery, deliver them again", snapshot)
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
