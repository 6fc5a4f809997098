package contract

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/retail"
)

// SnapshotVersion is the version of the snapshot's JSON.
const SnapshotVersion = 1

// Snapshot says which object holds the lines of each day of each source. It is immutable and named by its content.
type Snapshot struct {
	Version    int         `json:"version"`
	Zone       string      `json:"zone"`     // IANA name of the zone that the local times are in
	Currency   string      `json:"currency"` // ISO 4217
	KeyMark    string      `json:"key_mark"` // tells which customer key hashed the ids, "" for none; not the key
	Parent     string      `json:"parent"`   // sha256 of the snapshot before, "" for the first
	Deliveries []Delivery  `json:"deliveries"`
	Partitions []Partition `json:"partitions"` // sorted by source, day, object
}

// Partition is one day's accepted lines of one source from one delivery.
type Partition struct {
	Source   string      `json:"source"`
	Day      retail.Date `json:"day"`
	Object   string      `json:"object"` // relative to the root
	Rows     int64       `json:"rows"`
	SHA256   string      `json:"sha256"`
	Delivery string      `json:"delivery"`
}

// Delivery is what one ingest took in. Only deliveries that still hold a partition are listed.
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

// Window returns the partitions of days in [from, to), in their order.
func (s *Snapshot) Window(from, to retail.Date) []Partition {
	var in []Partition
	for _, p := range s.Partitions {
		if p.Day >= from && p.Day < to {
			in = append(in, p)
		}
	}
	return in
}

// WriteSnapshot stores a snapshot under the hash of its content, which it returns. One that is there already is left.
func (h *Home) WriteSnapshot(ctx context.Context, s *Snapshot) (sha256 string, err error) {
	s.Sort()
	text, err := Canonical(s)
	if err != nil {
		return "", fmt.Errorf("encode snapshot: %w", err)
	}
	sum := SHA256(text)
	if _, err := h.Root.CreateBytes(ctx, SnapshotPath(sum), text); err != nil && !errors.Is(err, objstore.ErrExists) {
		return "", err
	}
	return sum, nil
}

// ReadSnapshot returns the snapshot of that hash. A missing one is a Fault of [ExitMissing].
func (h *Home) ReadSnapshot(ctx context.Context, sha256 string) (*Snapshot, error) {
	name := SnapshotPath(sha256)
	text, _, err := h.Root.Read(ctx, name)
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, Faultf(ExitMissing, "snapshot", h.Root.URI(name), "read snapshot: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if SHA256(text) != sha256 {
		return nil, Faultf(ExitBadData, "snapshot", h.Root.URI(name), "snapshot %s: content does not match its name", sha256)
	}
	var s Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, Faultf(ExitBadData, "snapshot", h.Root.URI(name), "parse snapshot %s: %w", sha256, err)
	}
	if s.Version > SnapshotVersion {
		return nil, newer("snapshot", h.Root.URI(name), s.Version, SnapshotVersion)
	}
	return &s, nil
}

// newer is the Fault of reading what a later program wrote.
func newer(what, object string, found, known int) *Fault {
	return Faultf(ExitBadData, "newer_version", object,
		"%s %s has version %d, this program knows up to %d: run a newer program", what, object, found, known)
}
