package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// maxSwaps bounds how often a lost swap is tried on what the winner left: so many deliveries of other days at one moment are
// no accident.
const maxSwaps = 20

// inForce is the pointer to the lines in force, and what it names.
type inForce struct {
	state    run.State[lines.State]
	hash     string // of the snapshot, "" for none
	snapshot *lines.Snapshot
}

// readLines reads the pointer and the snapshot that it names. Where there is none yet, the snapshot is empty.
func readLines(ctx context.Context, home *run.Home) (inForce, error) {
	state, err := run.ReadState[lines.State](ctx, home.Root, contract.LinesStatePath())
	if err != nil {
		return inForce{}, err
	}
	l := inForce{state: state}
	l.hash, l.snapshot, err = snapshotOf(ctx, home, state)
	return l, err
}

func snapshotOf(ctx context.Context, home *run.Home, state run.State[lines.State]) (string, *lines.Snapshot, error) {
	head := state.Head()
	if head == nil {
		return "", &lines.Snapshot{Version: lines.SnapshotVersion}, nil
	}
	s, err := lines.Read(ctx, home.Root, head.Value.Snapshot)
	return head.Value.Snapshot, s, err
}

// has reports whether this very step of this run put its delivery into force before: it was stopped behind that.
func (l *inForce) has(of contract.Run, key string) bool {
	return slices.ContainsFunc(l.state.Entries, func(e run.Entry[lines.State]) bool {
		return e.Run == of.String() && e.Key == key
	})
}

// check returns a Fault if the delivery must not come into force now. It is asked before anything is written.
func (l *inForce) check(in *intake, of contract.Run) error {
	return in.fits(l.snapshot, l.has(of, in.delivery.ID))
}

// force puts the delivery into force by one swap, and returns the hash of the snapshot that has it. Who loses the swap
// tries again on what the winner left, unless that has touched the delivered days.
func (l *inForce) force(ctx context.Context, home *run.Home, of contract.Run, in *intake) (string, error) {
	for range maxSwaps {
		next, changed := in.onto(l.snapshot, l.hash)
		if !changed {
			return l.hash, nil
		}
		hash, err := lines.Write(ctx, home.Root, next)
		if err != nil {
			return "", err
		}
		err = l.state.Swap(ctx, home.Root, contract.LinesStatePath(), run.Entry[lines.State]{
			Run: of.String(), AsOf: of.AsOf, Key: in.delivery.ID, Value: lines.State{Snapshot: hash},
		}, lines.Keep)
		if !errors.Is(err, objstore.ErrConflict) {
			return hash, err
		}
		before := l.snapshot
		if *l, err = readLines(ctx, home); err != nil {
			return "", err
		}
		own := l.has(of, in.delivery.ID)
		if _, changed := in.onto(l.snapshot, l.hash); !changed && (own || !in.append) {
			return l.hash, nil // a copy of this step, or a delivery of the same lines
		}
		if !in.disjoint(before, l.snapshot) {
			break
		}
		if err := in.fits(l.snapshot, own); err != nil {
			return "", err
		}
	}
	path := contract.LinesStatePath()
	return "", fault.Errorf(fault.ExitTemporary, "lost_swap", home.Root.URI(path),
		"move %s: another delivery of the same days came into force at the same moment", path)
}

// complete puts the pointer to the lines back where somebody has removed it after this delivery came into force.
func complete(ctx context.Context, d task.Deps, home *run.Home, of contract.Run, r contract.IngestResult) error {
	path := contract.LinesStatePath()
	state, err := run.ReadState[lines.State](ctx, home.Root, path)
	if err != nil || state.Head() != nil {
		return err
	}
	d.Log.Warn("the pointer to the lines was gone and is put back to this delivery's: what came after it is not in force",
		"object", home.Root.URI(path), "snapshot", r.Snapshot)
	err = state.Swap(ctx, home.Root, path, run.Entry[lines.State]{
		Run: of.String(), AsOf: of.AsOf, Key: r.Delivery, Value: lines.State{Snapshot: r.Snapshot},
	}, lines.Keep)
	if errors.Is(err, objstore.ErrConflict) {
		return nil // a copy of this step was faster
	}
	return err
}

// isNew reports whether the delivery was not all in force before this run: a run never sees itself.
func (l *inForce) isNew(ctx context.Context, home *run.Home, of contract.Run, in *intake) (bool, error) {
	hash, snapshot, err := snapshotOf(ctx, home, l.state.Before(of))
	if err != nil {
		return false, err
	}
	_, changed := in.onto(snapshot, hash)
	return changed, nil
}
