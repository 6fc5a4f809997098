// Package lines keeps the stored lines of a root: immutable snapshots that say which object has the lines of each day of each
// source, and the pointer to the current one. It is for lines what package registry is for models.
package lines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
)

// SnapshotVersion is the version of the snapshot's JSON.
const SnapshotVersion = 1

// Snapshot says which object holds the lines of each day of each source. It is immutable and named by its content.
type Snapshot struct {
	Version    int         `json:"version"`
	Zone       string      `json:"zone"`     // IANA name of the zone that the local times are in
	Currency   string      `json:"currency"` // ISO 4217
	KeyMark    string      `json:"key_mark"` // identifies the customer key that hashed the ids, "" for none; not the key itself
	Parent     string      `json:"parent"`   // sha256 of the snapshot before, "" for the first
	Deliveries []Delivery  `json:"deliveries"`
	Partitions []Partition `json:"partitions"` // sorted by source, day, object
	// Readings say how the deliveries of each source are read: package reading knows the JSON. A source from before this field has none.
	Readings map[string]json.RawMessage `json:"readings,omitempty"`
}

// Partition is one day's accepted lines of one source from one delivery.
type Partition struct {
	Source   string        `json:"source"`
	Day      calendar.Date `json:"day"`
	Object   string        `json:"object"` // relative to the root
	Rows     int64         `json:"rows"`
	SHA256   string        `json:"sha256"`
	Delivery string        `json:"delivery"`
	// AsOf is the as-of day of the run that delivered these lines: a run of an earlier as-of does not replace them. Zero, in
	// snapshots from before this field, is unknown and earlier than any.
	AsOf calendar.Date `json:"as_of,omitzero"`
}

// Delivery is what one ingest read. Only deliveries that still have a partition are listed.
type Delivery struct {
	ID     string   `json:"id"` // the ingest's key
	Source string   `json:"source"`
	Files  []string `json:"files"` // sha256 of each file's bytes
}

// Sort puts partitions and deliveries into their one order.
func (s *Snapshot) Sort() {
	slices.SortFunc(s.Partitions, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Object, b.Object))
	})
	slices.SortFunc(s.Deliveries, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
}

// Objects returns the objects that have the lines of a source, in their order.
func (s *Snapshot) Objects(source string) []string {
	var objects []string
	for _, p := range s.Partitions {
		if p.Source == source {
			objects = append(objects, p.Object)
		}
	}
	return objects
}

// Last returns the latest day that has lines, 0 if there is none.
func (s *Snapshot) Last() (day calendar.Date) {
	for _, p := range s.Partitions {
		day = max(day, p.Day)
	}
	return day
}

// Window returns the partitions of days in [from, to), in their order.
func (s *Snapshot) Window(from, to calendar.Date) []Partition {
	var in []Partition
	for _, p := range s.Partitions {
		if p.Day >= from && p.Day < to {
			in = append(in, p)
		}
	}
	return in
}

// Write stores a snapshot under the hash of its content, which it returns. One that is there already is left.
func Write(ctx context.Context, root *objstore.Store, s *Snapshot) (sha256 string, err error) {
	s.Sort()
	text, err := contract.Canonical(s)
	if err != nil {
		return "", fmt.Errorf("encode snapshot: %w", err)
	}
	sum := contract.SHA256(text)
	if _, err := root.CreateBytes(ctx, contract.SnapshotPath(sum), text); err != nil && !errors.Is(err, objstore.ErrExists) {
		return "", err
	}
	return sum, nil
}

// Read returns the snapshot of that hash. A missing one is an error of class [fault.ErrMissing].
func Read(ctx context.Context, root *objstore.Store, sha256 string) (*Snapshot, error) {
	name := contract.SnapshotPath(sha256)
	text, _, err := root.ReadChecked(ctx, name, func(text []byte) error {
		if contract.SHA256(text) != sha256 {
			return fault.ErrBadData.Errorf("snapshot", root.URI(name), "snapshot %s: content does not match its name. To repair it, restore the object from a backup or an earlier generation", sha256)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, fault.ErrMissing.Errorf("snapshot", root.URI(name), "read snapshot: %w", err)
	}
	if err != nil {
		return nil, err
	}
	var s Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "parse snapshot %s: %w", sha256, err)
	}
	if s.Version > SnapshotVersion {
		return nil, fault.Newer("snapshot", root.URI(name), s.Version, SnapshotVersion)
	}
	return &s, nil
}
