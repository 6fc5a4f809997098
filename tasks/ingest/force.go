package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/task"
)

// maxSwaps bounds how often a lost swap is tried on what the winner left: so many deliveries of other days at one moment are
// no accident.
const maxSwaps = 20

// lines is the pointer to the lines in force, and what it names.
type lines struct {
	state    contract.State[contract.LinesState]
	hash     string // of the snapshot, "" for none
	snapshot *contract.Snapshot
}

// readLines reads the pointer and the snapshot that it names. Where there is none yet, the snapshot is empty.
func readLines(ctx context.Context, home *contract.Home) (lines, error) {
	state, err := contract.ReadState[contract.LinesState](ctx, home.Root, contract.LinesStatePath())
	if err != nil {
		return lines{}, err
	}
	l := lines{state: state}
	l.hash, l.snapshot, err = snapshotOf(ctx, home, state)
	return l, err
}

func snapshotOf(ctx context.Context, home *contract.Home, state contract.State[contract.LinesState]) (string, *contract.Snapshot, error) {
	head := state.Head()
	if head == nil {
		return "", &contract.Snapshot{Version: contract.SnapshotVersion}, nil
	}
	s, err := home.ReadSnapshot(ctx, head.Value.Snapshot)
	return head.Value.Snapshot, s, err
}

// has reports whether this very step of this run put its delivery into force before: it was stopped behind that.
func (l *lines) has(run contract.Run, key string) bool {
	return slices.ContainsFunc(l.state.Entries, func(e contract.Entry[contract.LinesState]) bool {
		return e.Run == run.String() && e.Key == key
	})
}

// check returns a Fault if the delivery must not come into force now. It is asked before anything is written.
func (l *lines) check(in *intake, run contract.Run) error {
	return in.fits(l.snapshot, l.has(run, in.delivery.ID))
}

// force puts the delivery into force by one swap, and returns the hash of the snapshot that has it. Who loses the swap
// tries again on what the winner left, unless that has touched the delivered days.
func (l *lines) force(ctx context.Context, home *contract.Home, run contract.Run, in *intake) (string, error) {
	for range maxSwaps {
		next, changed := in.onto(l.snapshot, l.hash)
		if !changed {
			return l.hash, nil
		}
		hash, err := home.WriteSnapshot(ctx, next)
		if err != nil {
			return "", err
		}
		err = l.state.Swap(ctx, home.Root, contract.LinesStatePath(), contract.Entry[contract.LinesState]{
			Run: run.String(), AsOf: run.AsOf, Key: in.delivery.ID, Value: contract.LinesState{Snapshot: hash},
		}, contract.KeepLines)
		if !errors.Is(err, objstore.ErrConflict) {
			return hash, err
		}
		before := l.snapshot
		if *l, err = readLines(ctx, home); err != nil {
			return "", err
		}
		own := l.has(run, in.delivery.ID)
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
	return "", contract.Faultf(contract.ExitTemporary, "lost_swap", home.Root.URI(path),
		"move %s: another delivery of the same days came into force at the same moment", path)
}

// complete puts the pointer to the lines back where somebody has removed it after this delivery came into force.
func complete(ctx context.Context, d task.Deps, home *contract.Home, run contract.Run, r contract.IngestResult) error {
	path := contract.LinesStatePath()
	state, err := contract.ReadState[contract.LinesState](ctx, home.Root, path)
	if err != nil || state.Head() != nil {
		return err
	}
	d.Log.Warn("the pointer to the lines was gone and is put back to this delivery's: what came after it is not in force",
		"object", home.Root.URI(path), "snapshot", r.Snapshot)
	err = state.Swap(ctx, home.Root, path, contract.Entry[contract.LinesState]{
		Run: run.String(), AsOf: run.AsOf, Key: r.Delivery, Value: contract.LinesState{Snapshot: r.Snapshot},
	}, contract.KeepLines)
	if errors.Is(err, objstore.ErrConflict) {
		return nil // a copy of this step was faster
	}
	return err
}

// isNew reports whether the delivery was not all in force before this run: a run never sees itself.
func (l *lines) isNew(ctx context.Context, home *contract.Home, run contract.Run, in *intake) (bool, error) {
	hash, snapshot, err := snapshotOf(ctx, home, l.state.Before(run))
	if err != nil {
		return false, err
	}
	_, changed := in.onto(snapshot, hash)
	return changed, nil
}
