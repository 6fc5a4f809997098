package lines

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/objstore"
)

// Partition is one day's accepted lines of one source from one delivery.
type Partition struct {
	Source string        `json:"-"` // its part's
	Day    calendar.Date `json:"day"`
	Object string        `json:"object,omitempty"` // relative to the root; in a part left out where source, day and hash name it
	Rows   int64         `json:"rows"`
	// Amount is the net money of the lines. Where it is not known, in snapshots that were of version 1, Unpriced is set.
	Amount   money.Amount `json:"amount"`
	Unpriced bool         `json:"unpriced,omitempty"`
	SHA256   string       `json:"sha256"`
	Delivery string       `json:"delivery"`
	// AsOf is the as-of day of the run that delivered these lines: a run of an earlier as-of does not replace them. Zero, in
	// snapshots from before this field, is unknown and earlier than any.
	AsOf calendar.Date `json:"as_of,omitzero"`
	// Converted is what was converted from other currencies, in the order of their codes.
	Converted []Converted `json:"converted,omitempty"`
	// Regional says that lines have a region.
	Regional bool `json:"regional,omitempty"`
}

// Schema is the table that the lines are in. The first columns of all of them are those of [contract.Lines].
func (p *Partition) Schema() frame.Schema { return Schema(len(p.Converted) > 0, p.Regional) }

// Schema is the table of lines some of which were converted, or have a region.
func Schema(converted, regional bool) frame.Schema {
	switch {
	case regional:
		return contract.RegionalLines
	case converted:
		return contract.ConvertedLines
	}
	return contract.Lines
}

// Converted is what lines in another currency came to.
type Converted struct {
	Currency string       `json:"currency"` // ISO 4217
	Records  int64        `json:"records"`
	Original money.Amount `json:"original"` // net, in that currency
	Amount   money.Amount `json:"amount"`   // net, in the snapshot's
}

// Delivery is what one ingest read. Only deliveries that still have a partition are listed.
//
// A part lists it with its share: the lines that came into force in the part, and the rejected records of its days. What
// cannot be put to a day goes to the first part that the delivery has lines in.
type Delivery struct {
	ID      string   `json:"id"` // the ingest's key
	Source  string   `json:"-"`  // its part's
	Files   []string `json:"files"`
	Records int64    `json:"records,omitempty"` // of the whole delivery, as it was read; 0 for unknown
	Lines   int64    `json:"lines,omitempty"`   // physical ones, likewise
	// Accepted is what came into force with it. A [Change] need not say it.
	Accepted   Tally `json:"accepted,omitzero"`
	Rejected   Tally `json:"rejected,omitzero"`
	Superseded Tally `json:"superseded,omitzero"` // by other lines of the delivery itself: of a later sheet
	// RejectedDays is what is rejected of each day, of records whose day can be read; in the order of days.
	RejectedDays []DayTally `json:"rejected_days,omitempty"`
	// Findings are what to know of the delivery, at most [MostFindings]. Each part lists them, until a later delivery has brought all days
	// again that the part has of this one.
	Findings []finding.Finding `json:"findings,omitempty"`
}

// MostFindings bounds what a snapshot keeps of a delivery: a shop of daily deliveries has hundreds of them in a part.
const MostFindings = 10

// DayTally is a tally of one day.
type DayTally struct {
	Day calendar.Date `json:"day"`
	Tally
}

// partFile is the content of a part.
type partFile struct {
	Version    int         `json:"version"`
	Source     string      `json:"source"`
	Year       int         `json:"year"`
	Deliveries []Delivery  `json:"deliveries"` // sorted by id
	Partitions []Partition `json:"partitions"` // sorted by day and object
}

// inForce is what the part has of each delivery that its partitions name.
func (f *partFile) inForce() map[string]Tally {
	by := map[string]Tally{}
	for _, p := range f.Partitions {
		by[p.Delivery] = by[p.Delivery].plus(Tally{p.Rows, p.Rows, p.Amount})
	}
	return by
}

// encode returns the text of a part, and what a snapshot says of it.
func (f *partFile) encode() (Part, []byte, error) {
	slices.SortFunc(f.Partitions, func(a, b Partition) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Object, b.Object))
	})
	slices.SortFunc(f.Deliveries, func(a, b Delivery) int { return cmp.Compare(a.ID, b.ID) })
	stored := *f
	if stored.Deliveries == nil {
		stored.Deliveries = []Delivery{}
	}
	stored.Partitions = slices.Clone(f.Partitions)
	for i := range stored.Partitions {
		if p := &stored.Partitions[i]; p.Object == contract.PartitionPath(f.Source, p.Day, p.SHA256) {
			p.Object = ""
		}
	}
	text, err := contract.Canonical(stored)
	if err != nil {
		return Part{}, nil, err
	}
	entry, err := f.entry()
	entry.SHA256 = contract.SHA256(text)
	return entry, text, err
}

// entry sums the part up.
func (f *partFile) entry() (Part, error) {
	e := Part{Source: f.Source, From: f.Partitions[0].Day, To: f.Partitions[len(f.Partitions)-1].Day}
	var inForce, accepted, superseded, rejected sum
	for _, p := range f.Partitions {
		inForce.add(Tally{Records: p.Rows, Lines: p.Rows, Amount: p.Amount})
		if p.Unpriced {
			e.Unpriced += p.Rows
		}
	}
	named, by := int64(0), f.inForce()
	for _, d := range f.Deliveries {
		accepted.add(d.Accepted)
		rejected.add(d.Rejected)
		superseded.add(d.Superseded)
		e.MoreLines += d.Accepted.Lines - d.Accepted.Records
		named += by[d.ID].Records
	}
	if named == inForce.Records { // else partitions name deliveries that are not listed: nothing can be said of what came before
		superseded.add(accepted.Tally)
		superseded.add(inForce.negated())
		superseded.Lines -= e.MoreLines
	} else {
		e.MoreLines = 0
	}
	e.Rows, e.Amount, e.Rejected, e.Superseded = inForce.Records, inForce.Amount, rejected.Tally, superseded.Tally
	for _, s := range []sum{inForce, accepted, superseded, rejected} {
		if s.err != nil {
			return e, fault.ErrBadData.Errorf("range", f.Source, "sum the money of %s in %d: %w", f.Source, f.Year, s.err)
		}
	}
	return e, nil
}

// readPart reads a part that a snapshot lists.
func readPart(ctx context.Context, root *objstore.Store, p Part) (*partFile, error) {
	name := p.Object()
	text, err := readNamed(ctx, root, name, p.SHA256)
	if err != nil {
		return nil, err
	}
	var f partFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "parse part %s: %w", name, err)
	}
	if f.Version > SnapshotVersion {
		return nil, fault.Newer("part of a snapshot", root.URI(name), f.Version, SnapshotVersion)
	}
	if f.Source != p.Source || f.Year != p.From.Year() || len(f.Partitions) == 0 {
		return nil, fault.ErrBadData.Errorf("snapshot", root.URI(name), "part %s: it is of %s in %d", name, f.Source, f.Year)
	}
	for i := range f.Partitions {
		q := &f.Partitions[i]
		q.Source = f.Source
		if q.Object == "" {
			q.Object = contract.PartitionPath(q.Source, q.Day, q.SHA256)
		}
	}
	for i := range f.Deliveries {
		f.Deliveries[i].Source = f.Source
	}
	return &f, nil
}
