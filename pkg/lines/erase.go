package lines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/run"
)

// Rewrite makes of a partition the one that takes its place: an object of the same day that is stored already. One of no rows is
// left out; the partition itself means that it stays.
type Rewrite func(ctx context.Context, p Partition) (Partition, error)

// Erase makes a snapshot current in which rewrite has been at every partition, on behalf of the step of that key, and forgets all
// snapshots before it: nothing undoes it. erasures is the number of [run.Erased] that it is for. Where nothing is rewritten and
// before is false, the snapshot only says that number, and what was before it stays. It returns what is current then; no lines at all
// are no error. Whoever loses the swap to a delivery gets an error of class [objstore.ErrConflict], and may try again.
func (c *Current) Erase(ctx context.Context, key string, erasures int64, before bool, rewrite Rewrite) (current string, err error) {
	if c.SHA256 == "" {
		return "", nil
	}
	next := c.Snapshot.child(c.SHA256, func(Part) bool { return false })
	next.Zone, next.Currency, next.KeyMark, next.Readings = c.Snapshot.Zone, c.Snapshot.Currency, c.Snapshot.KeyMark, c.Snapshot.Readings
	next.Erasures = max(erasures, c.Snapshot.Erasures)
	changed := false
	for _, p := range c.Snapshot.Parts {
		f, err := c.Snapshot.file(ctx, p, false)
		if err != nil {
			return "", err
		}
		rewritten, err := f.rewrite(ctx, rewrite)
		if err != nil {
			return "", err
		}
		if rewritten == nil {
			next.Parts = append(next.Parts, p)
			if m, ok := c.Snapshot.made[p.SHA256]; ok {
				next.made[p.SHA256] = m
			}
			continue
		}
		changed = true
		if err := next.put(rewritten); err != nil {
			return "", err
		}
	}
	switch {
	case changed || before && c.Snapshot.Replaces == "":
		next.Parent, next.Replaces = "", c.SHA256
	case next.Erasures == c.Snapshot.Erasures:
		return c.SHA256, nil
	case c.Snapshot.Replaces != "":
		next.Parent, next.Replaces = "", c.SHA256
	}
	sha256, err := Write(ctx, c.root, next)
	if err != nil {
		return "", err
	}
	keep := remembered
	if next.Replaces != "" {
		keep = run.Keep{Entries: 1}
	}
	err = c.state.Swap(ctx, c.root, contract.LinesStatePath(), run.Entry[state]{
		Run: c.run.String(), AsOf: c.run.AsOf, Key: key, Value: state{Snapshot: sha256},
	}, keep)
	if errors.Is(err, objstore.ErrConflict) {
		return "", fmt.Errorf("move %s: a delivery was stored at the same moment: %w", contract.LinesStatePath(), err)
	}
	return sha256, err
}

// rewrite returns the part with its partitions rewritten, nil if all stay.
func (f *partFile) rewrite(ctx context.Context, rewrite Rewrite) (*partFile, error) {
	next := &partFile{Version: SnapshotVersion, Source: f.Source, Year: f.Year, Deliveries: f.Deliveries}
	changed := false
	for _, p := range f.Partitions {
		q, err := rewrite(ctx, p)
		if err != nil {
			return nil, err
		}
		if q.Object == p.Object {
			next.Partitions = append(next.Partitions, p)
			continue
		}
		changed = true
		if q.Rows > 0 {
			next.Partitions = append(next.Partitions, q)
		}
	}
	if !changed {
		return nil, nil
	}
	inForce := next.inForce()
	next.Deliveries = nil
	for _, d := range f.Deliveries {
		if _, ok := inForce[d.ID]; ok {
			next.Deliveries = append(next.Deliveries, d)
		}
	}
	return next, nil
}

// Names is what an object of a snapshot names: partitions and parts, by their paths. text is its content: that of a root object, of
// any version, or of a part.
func Names(path string, text []byte) ([]string, error) {
	var root Snapshot
	var first version1
	var part partFile
	names := []string{}
	fail := func(err error) ([]string, error) {
		return nil, fault.ErrBadData.Errorf("snapshot", path, "parse %s: %w", path, err)
	}
	if err := parse(text, &root, &first, &part); err != nil {
		return fail(err)
	}
	for _, p := range root.Parts {
		names = append(names, p.Object())
	}
	for _, p := range first.Partitions {
		if p.Object != "" {
			names = append(names, p.Object)
		}
	}
	for _, p := range part.Partitions {
		if p.Object == "" {
			p.Object = contract.PartitionPath(part.Source, p.Day, p.SHA256)
		}
		names = append(names, p.Object)
	}
	return names, nil
}

// parse reads one text into each shape that it may have.
func parse(text []byte, shapes ...any) error {
	for _, s := range shapes {
		if err := json.Unmarshal(text, s); err != nil {
			return err
		}
	}
	return nil
}
