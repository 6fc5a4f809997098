// Package lines keeps the stored lines of a root: immutable snapshots that say which object has the lines of each day of each
// source, and the pointer to the current one. It is for lines what package registry is for models.
//
// A snapshot is a root object and parts. A part has one source's days of one calendar year, and is shared by all snapshots in
// which they are the same; the root object lists the parts. So a delivery of a day writes one part and one root object,
// whatever else is stored, and who reads a window reads the parts of its years.
package lines

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
)

// SnapshotVersion is the version of the JSON of a snapshot and of its parts. Version 1 had no parts; [Read] makes them of it.
const SnapshotVersion = 2

// partsAtOnce is how many parts are read or written at a time: enough to hide a bucket's latency.
const partsAtOnce = 16

// Snapshot says which object holds the lines of each day of each source. It is immutable and named by its content.
type Snapshot struct {
	Version  int    `json:"version"`
	Zone     string `json:"zone"`     // IANA name of the zone that the local times are in
	Currency string `json:"currency"` // ISO 4217
	KeyMark  string `json:"key_mark"` // identifies the customer key that hashed the ids, "" for none; not the key itself
	Parent   string `json:"parent"`   // sha256 of the snapshot before, "" for the first
	// Erasures is how often customers of the root had been forgotten when the lines were read: [run.Erased].
	Erasures int64 `json:"erasures,omitempty"`
	// Replaces is the sha256 of the snapshot that [Current.Erase] has taken lines out of, "" for a delivery. Such a snapshot has no
	// parent, and nothing undoes it.
	Replaces string `json:"replaces,omitempty"`
	// Readings say how the deliveries of each source are read; package reading knows the JSON. A source from before this field
	// has none.
	Readings map[string]json.RawMessage `json:"readings,omitempty"`
	Parts    []Part                     `json:"parts"` // sorted by source and day

	root  *objstore.Store
	known *known
	made  map[string]madePart // by sha256: parts that are not known to be stored
}

// Part is what a snapshot says of one of its parts: the lines of a source in a calendar year.
type Part struct {
	Source string        `json:"source"`
	From   calendar.Date `json:"from"` // first day that has lines
	To     calendar.Date `json:"to"`   // last one
	SHA256 string        `json:"sha256"`
	Rows   int64         `json:"rows"`   // lines in force
	Amount money.Amount  `json:"amount"` // of them, net
	// What [Snapshot.Account] adds up besides.
	Unpriced   int64 `json:"unpriced,omitempty"`   // lines in force whose money is not known
	MoreLines  int64 `json:"more_lines,omitempty"` // physical lines of the records in force beyond one each
	Rejected   Tally `json:"rejected,omitzero"`    // by the deliveries that have lines in the part
	Superseded Tally `json:"superseded,omitzero"`  // of the same
}

// Object is where the part is stored, relative to the root.
func (p Part) Object() string { return contract.PartPath(p.Source, p.From.Year(), p.SHA256) }

// known holds the parts that have been read, for snapshots that share them.
type known struct {
	mu    sync.Mutex
	parts map[string]*partFile
}

func newKnown() *known { return &known{parts: map[string]*partFile{}} }

func (k *known) get(sha256 string) *partFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.parts[sha256]
}

func (k *known) put(sha256 string, f *partFile) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.parts[sha256] = f
}

// madePart is a part with its text.
type madePart struct {
	object string
	file   *partFile
	text   []byte
}

// New returns a snapshot of partitions and the deliveries that they name, to be stored by [Write]. It is for what is made
// without a [Change].
func New(zone, currency, keyMark string, partitions []Partition, deliveries ...Delivery) (*Snapshot, error) {
	s := &Snapshot{Version: SnapshotVersion, Zone: zone, Currency: currency, KeyMark: keyMark, known: newKnown()}
	type of struct {
		source string
		year   int
	}
	files := map[of]*partFile{}
	for _, p := range partitions {
		id := of{p.Source, p.Day.Year()}
		if files[id] == nil {
			files[id] = &partFile{Version: SnapshotVersion, Source: p.Source, Year: p.Day.Year()}
		}
		files[id].Partitions = append(files[id].Partitions, p)
	}
	bySource := map[string][]Delivery{}
	for _, d := range deliveries {
		bySource[d.Source] = append(bySource[d.Source], d)
	}
	for _, f := range files {
		inForce := f.inForce()
		for _, d := range bySource[f.Source] {
			t, ok := inForce[d.ID]
			if !ok {
				continue
			}
			if d.Accepted == (Tally{}) {
				d.Accepted = t
			}
			f.Deliveries = append(f.Deliveries, d)
		}
		if err := s.put(f); err != nil {
			return nil, err
		}
	}
	s.sort()
	return s, nil
}

// put makes a part of the snapshot of a file. One without lines is left out.
func (s *Snapshot) put(f *partFile) error {
	if len(f.Partitions) == 0 {
		return nil
	}
	entry, text, err := f.encode()
	if err != nil {
		return err
	}
	if s.made == nil {
		s.made = map[string]madePart{}
	}
	s.made[entry.SHA256] = madePart{object: entry.Object(), file: f, text: text}
	s.Parts = append(s.Parts, entry)
	return nil
}

func (s *Snapshot) sort() {
	slices.SortFunc(s.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.From, b.From))
	})
}

// Objects returns the parts that have the lines of a source, in their order: the same names are the same lines.
func (s *Snapshot) Objects(source string) []string {
	var objects []string
	for _, p := range s.Parts {
		if p.Source == source {
			objects = append(objects, p.Object())
		}
	}
	return objects
}

// Days returns the first and the latest day that have lines; ok is false if there is none.
func (s *Snapshot) Days() (first, last calendar.Date, ok bool) {
	for i, p := range s.Parts {
		if i == 0 {
			first, last = p.From, p.To
		}
		first, last = min(first, p.From), max(last, p.To)
	}
	return first, last, len(s.Parts) > 0
}

// Last returns the latest day that has lines, 0 if there is none.
func (s *Snapshot) Last() calendar.Date {
	_, last, _ := s.Days()
	return max(last, 0)
}

// Window returns the partitions of days in [from, to), by source, day and object. It reads the parts that have such days.
func (s *Snapshot) Window(ctx context.Context, from, to calendar.Date) ([]Partition, error) {
	files, err := s.files(ctx, false, func(p Part) bool { return p.From < to && p.To >= from })
	if err != nil {
		return nil, err
	}
	var in []Partition
	for _, f := range files {
		for _, p := range f.Partitions {
			if p.Day >= from && p.Day < to {
				in = append(in, p)
			}
		}
	}
	return in, nil
}

// All returns all partitions, by source, day and object, and all deliveries, by source and id. A delivery of several years is
// listed once, with what it has in all of them.
func (s *Snapshot) All(ctx context.Context) ([]Partition, []Delivery, error) {
	files, err := s.files(ctx, false, func(Part) bool { return true })
	if err != nil {
		return nil, nil, err
	}
	var partitions []Partition
	for _, f := range files {
		partitions = append(partitions, f.Partitions...)
	}
	deliveries, err := deliveriesOf(files)
	return partitions, deliveries, err
}

// Deliveries returns those that have lines in the calendar years of [from, to), by source and id. A delivery of several of these years is listed
// once, with what it has in them.
func (s *Snapshot) Deliveries(ctx context.Context, from, to calendar.Date) ([]Delivery, error) {
	files, err := s.files(ctx, false, func(p Part) bool { return p.From < to && p.To >= from })
	if err != nil {
		return nil, err
	}
	return deliveriesOf(files)
}

func deliveriesOf(files []*partFile) ([]Delivery, error) {
	var deliveries []Delivery
	listed := map[[2]string]int{}
	for _, f := range files {
		for _, d := range f.Deliveries {
			id := [2]string{d.Source, d.ID}
			if i, ok := listed[id]; !ok {
				listed[id] = len(deliveries)
				deliveries = append(deliveries, d)
			} else if err := deliveries[i].join(d); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(deliveries, func(a, b Delivery) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	return deliveries, nil
}

// files reads the parts that are wanted, in their order. Those of a change are kept: it may be tried again.
func (s *Snapshot) files(ctx context.Context, keep bool, wanted func(Part) bool) ([]*partFile, error) {
	var list []Part
	for _, p := range s.Parts {
		if wanted(p) {
			list = append(list, p)
		}
	}
	files := make([]*partFile, len(list))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for i, p := range list {
		g.Go(func() (err error) {
			files[i], err = s.file(ctx, p, keep)
			return err
		})
	}
	return files, g.Wait()
}

// file returns a part that the snapshot lists.
func (s *Snapshot) file(ctx context.Context, p Part, keep bool) (*partFile, error) {
	if m, ok := s.made[p.SHA256]; ok {
		return m.file, nil
	}
	if s.known == nil || s.root == nil {
		return nil, fmt.Errorf("read part %s: it is not stored", p.Object())
	}
	if f := s.known.get(p.SHA256); f != nil {
		return f, nil
	}
	f, err := readPart(ctx, s.root, p)
	if err == nil && keep {
		s.known.put(p.SHA256, f)
	}
	return f, err
}

// encode returns the text of the root object after checking that it, and each part to be stored, can be read again.
func (s *Snapshot) encode() ([]byte, error) {
	s.Version = SnapshotVersion
	if s.Parts == nil {
		s.Parts = []Part{}
	}
	s.sort()
	text, err := contract.Canonical(s)
	if err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	for _, m := range s.made {
		if err := objstore.CheckWhole(m.object, len(m.text)); err != nil {
			return nil, err
		}
	}
	return text, objstore.CheckWhole(contract.SnapshotPath("…"), len(text))
}

// Write stores a snapshot under the hash of its content, which it returns, after its parts. What is there already is left. A
// snapshot that could not be read again is an error of class [objstore.ErrTooLarge], and nothing is written.
func Write(ctx context.Context, root *objstore.Store, s *Snapshot) (sha256 string, err error) {
	text, err := s.encode()
	if err != nil {
		return "", err
	}
	g, part := errgroup.WithContext(ctx)
	g.SetLimit(partsAtOnce)
	for _, name := range slices.Sorted(maps.Keys(s.made)) {
		m := s.made[name]
		g.Go(func() error { return create(part, root, m.object, m.text) })
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	sum := contract.SHA256(text)
	return sum, create(ctx, root, contract.SnapshotPath(sum), text)
}

func create(ctx context.Context, root *objstore.Store, name string, text []byte) error {
	if _, err := root.CreateBytes(ctx, name, text); err != nil && !errors.Is(err, objstore.ErrExists) {
		return err
	}
	return nil
}

// Read returns the snapshot of that hash; its parts are read when they are asked for. A missing one is an error of class
// [fault.ErrMissing].
func Read(ctx context.Context, root *objstore.Store, sha256 string) (*Snapshot, error) {
	return read(ctx, root, sha256, newKnown())
}

func read(ctx context.Context, root *objstore.Store, sha256 string, parts *known) (*Snapshot, error) {
	name := contract.SnapshotPath(sha256)
	text, err := readNamed(ctx, root, name, sha256)
	if err != nil {
		return nil, err
	}
	var s Snapshot
	var first version1
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "parse snapshot %s: %w", sha256, err)
	}
	if s.Version > SnapshotVersion {
		return nil, fault.Newer("snapshot", root.URI(name), s.Version, SnapshotVersion)
	}
	for _, p := range s.Parts {
		if p.From > p.To {
			return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "snapshot %s: a part of source %q begins on %s and ends on %s", sha256, p.Source, p.From, p.To)
		}
	}
	s.root, s.known = root, parts
	if s.Version >= SnapshotVersion {
		return &s, nil
	}
	if err := json.Unmarshal(text, &first); err != nil {
		return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "parse snapshot %s: %w", sha256, err)
	}
	return &s, first.into(&s)
}

// readNamed reads an object that its hash names. A missing one is an error of class [fault.ErrMissing].
func readNamed(ctx context.Context, root *objstore.Store, name, sha256 string) ([]byte, error) {
	text, _, err := root.ReadChecked(ctx, name, func(text []byte) error {
		if contract.SHA256(text) != sha256 {
			return fault.ErrBadData.Errorf("snapshot", root.URI(name), "snapshot %s: content does not match its name. To repair it, restore the object from a backup or an earlier generation", name)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrNotFound) {
		return nil, fault.ErrMissing.Errorf("snapshot", root.URI(name), "read snapshot: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}
