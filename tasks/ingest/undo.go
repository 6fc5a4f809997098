package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// undo goes back to the parent of a snapshot that is in force; where another one is, it changes nothing. Either way the
// run's manifest names the snapshot in force, for the steps behind. The parent of the first snapshot is one without lines.
func undo(ctx context.Context, c Config, d task.Deps, home *run.Home) (*run.Manifest, error) {
	now, err := readLines(ctx, home)
	if err != nil {
		return nil, err
	}
	s, err := home.Begin(ctx, c.Run(), contract.Ingest, contract.Inputs{
		Refs: map[string]string{"undo": c.Undo}, Params: map[string]any{}, Code: d.Code,
	})
	if err != nil {
		return nil, err
	}
	if m := s.Done(); m != nil {
		d.Log.Info("undone before, in this run", "key", s.Key())
		return m, s.Point(ctx)
	}
	if now.hash == "" {
		return nil, fault.Errorf(fault.ExitMissing, "snapshot", home.Root.URI(contract.LinesStatePath()), "undo %s: no lines are in force", c.Undo)
	}
	result := contract.IngestResult{Snapshot: now.hash, Source: c.SourceName, Delivery: s.Key(), Quarantine: []contract.RuleCount{}}
	undone := now.has(s.Run(), s.Key())
	if now.hash == c.Undo && !undone {
		if result.Snapshot, err = back(ctx, home, s, now); err != nil {
			return nil, err
		}
		undone = true
	}
	result.New = undone
	d.Log.Info("undo", "undone", undone, "snapshot", result.Snapshot)
	return s.Commit(context.WithoutCancel(ctx), result)
}

// back swaps the pointer to the parent of the snapshot in force.
func back(ctx context.Context, home *run.Home, s *run.Session, now inForce) (string, error) {
	parent := now.snapshot.Parent
	if parent == "" {
		empty := &lines.Snapshot{Version: lines.SnapshotVersion, Zone: now.snapshot.Zone, Currency: now.snapshot.Currency, KeyMark: now.snapshot.KeyMark}
		var err error
		if parent, err = lines.Write(ctx, home.Root, empty); err != nil {
			return "", err
		}
	} else if _, err := lines.Read(ctx, home.Root, parent); err != nil {
		return "", fmt.Errorf("undo %s: %w", now.hash, err)
	}
	err := now.state.Swap(ctx, home.Root, contract.LinesStatePath(), run.Entry[lines.State]{
		Run: s.Run().String(), AsOf: s.Run().AsOf, Key: s.Key(), Value: lines.State{Snapshot: parent},
	}, lines.Keep)
	if err == nil {
		return parent, nil
	}
	again, readErr := readLines(ctx, home)
	if readErr != nil {
		return "", errors.Join(err, readErr)
	}
	if again.has(s.Run(), s.Key()) { // a copy of this step did it
		return again.hash, nil
	}
	return "", fmt.Errorf("undo %s: %w", now.hash, err)
}
