package lines

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
)

// effect is what a change makes of a snapshot.
type effect struct {
	next    *Snapshot       // the base itself if nothing is changed
	changed bool            // next is another snapshot
	lines   bool            // it has other lines
	kept    []calendar.Date // days that stay, because a run of a later as-of delivered them
}

// whole reports whether the change is about all that its source has, and not about the years of its days alone.
func (d *Change) whole() bool { return d.Append || d.Everything }

// years returns the years of the delivered days.
func (d *Change) years() map[int]bool {
	years := map[int]bool{}
	for _, p := range d.Partitions {
		years[p.Day.Year()] = true
	}
	return years
}

// concerns reports whether the change can touch a part.
func (d *Change) concerns() func(Part) bool {
	years := d.years()
	return func(p Part) bool {
		return p.Source == d.Delivery.Source && (d.whole() || years[p.From.Year()])
	}
}

// parts reads what the change can touch.
func (d *Change) parts(ctx context.Context, base *Snapshot) ([]*partFile, error) {
	return base.files(ctx, true, d.concerns())
}

// onto returns what the change makes of the base of that hash, which becomes the parent. What a base has of a delivered day with
// the same content stays, with its delivery; so does a day that a run of a later as-of delivered.
func (d *Change) onto(ctx context.Context, base *Snapshot, baseHash string) (*effect, error) {
	files, err := d.parts(ctx, base)
	if err != nil {
		return nil, err
	}
	byYear, years := map[int]*partFile{}, d.years()
	for _, f := range files {
		byYear[f.Year], years[f.Year] = f, true
	}
	var turns []*turn
	brings := map[int]bool{} // years that the delivery brings lines
	stays := map[calendar.Date]bool{}
	for _, year := range slices.Sorted(maps.Keys(years)) {
		t := d.turn(byYear[year], year)
		turns = append(turns, t)
		maps.Copy(stays, t.there)
		maps.Copy(stays, t.kept)
		if t.accepted != (Tally{}) {
			brings[year] = true
		}
	}
	e := &effect{next: base}
	for _, t := range turns {
		e.lines = e.lines || t.changed
		e.kept = append(e.kept, slices.Sorted(maps.Keys(t.kept))...)
	}
	readings, read := d.readings(base)
	if e.changed = e.lines || read; !e.changed {
		return e, nil
	}
	e.next = base.child(baseHash, func(p Part) bool { return !years[p.From.Year()] || p.Source != d.Delivery.Source })
	e.next.Zone, e.next.Currency, e.next.KeyMark, e.next.Readings = d.Zone, d.Currency, d.KeyMark, readings
	e.next.Erasures = max(base.Erasures, d.Erasures)
	first := true
	for _, t := range turns {
		if t.accepted != (Tally{}) {
			share := d.Delivery.share(t.next.Year, first, t.accepted, stays, brings)
			if err := t.next.list(share); err != nil {
				return nil, fmt.Errorf("sum the money of delivery %s: %w", d.Delivery.ID, err)
			}
			first = false
		}
		if err := e.next.put(t.next); err != nil {
			return nil, err
		}
	}
	for _, p := range base.Parts { // what is the same again is stored, unless it was made of a snapshot without parts
		if _, unstored := base.made[p.SHA256]; !unstored {
			delete(e.next.made, p.SHA256)
		}
	}
	e.next.sort()
	return e, nil
}

// readings returns how sources are read after the change, and whether that is another way than before.
func (d *Change) readings(base *Snapshot) (map[string]json.RawMessage, bool) {
	before := base.Readings[d.Delivery.Source]
	if d.Reading == nil || bytes.Equal(compact(before), compact(d.Reading)) {
		return base.Readings, false
	}
	next := maps.Clone(base.Readings)
	if next == nil {
		next = map[string]json.RawMessage{}
	}
	next[d.Delivery.Source] = compact(d.Reading)
	return next, true
}

// compact is JSON without white space.
func compact(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text
	}
	return b.Bytes()
}

// child returns a snapshot with those parts of s that stay, whose parent is s.
func (s *Snapshot) child(hash string, stays func(Part) bool) *Snapshot {
	next := &Snapshot{Version: SnapshotVersion, Parent: hash, Erasures: s.Erasures, root: s.root, known: s.known, made: map[string]madePart{}}
	for _, p := range s.Parts {
		if !stays(p) {
			continue
		}
		next.Parts = append(next.Parts, p)
		if m, ok := s.made[p.SHA256]; ok {
			next.made[p.SHA256] = m
		}
	}
	return next
}

// turn is what a change makes of a year of its source.
type turn struct {
	next     *partFile
	changed  bool
	accepted Tally // that comes into force
	there    map[calendar.Date]bool
	kept     map[calendar.Date]bool
}

// stays reports whether a delivered day stays as it is.
func (t *turn) stays(day calendar.Date) bool { return t.there[day] || t.kept[day] }

// turn makes the lines of a year from those that the base has, nil for none. The delivery is not listed yet.
func (d *Change) turn(base *partFile, year int) *turn {
	t := &turn{next: &partFile{Version: SnapshotVersion, Source: d.Delivery.Source, Year: year}, there: map[calendar.Date]bool{}}
	var had []Partition
	if base != nil {
		had, t.next.Deliveries = base.Partitions, base.Deliveries
	}
	delivered := map[calendar.Date]Partition{}
	for _, p := range d.Partitions {
		if p.Day.Year() == year {
			delivered[p.Day] = p
		}
	}
	t.kept = d.kept(had)
	for _, p := range had {
		n, same := delivered[p.Day]
		switch {
		case same && p.Object == n.Object:
			t.there[p.Day] = true
		case !d.Append && !t.kept[p.Day] && (same || d.Everything):
			t.changed = true
			continue
		}
		t.next.Partitions = append(t.next.Partitions, p)
	}
	for _, day := range slices.Sorted(maps.Keys(delivered)) {
		if t.stays(day) {
			continue
		}
		p := delivered[day]
		p.Source, p.AsOf, p.Delivery = d.Delivery.Source, d.AsOf, d.Delivery.ID
		t.next.Partitions = append(t.next.Partitions, p)
		t.accepted = t.accepted.plus(Tally{p.Rows, p.Rows, p.Amount})
		t.changed = true
	}
	inForce := t.next.inForce()
	t.next.Deliveries = slices.DeleteFunc(slices.Clone(t.next.Deliveries), func(l Delivery) bool {
		_, ok := inForce[l.ID]
		return !ok
	})
	t.settle(d.Delivery.ID, delivered)
	return t
}

// settle drops the findings of earlier deliveries whose days have all been delivered again, those that stay as they are with the same
// content: what was found then is corrected, or a finding of this delivery too.
func (t *turn) settle(by string, delivered map[calendar.Date]Partition) {
	stand := map[string]bool{by: true}
	for _, p := range t.next.Partitions {
		if n, again := delivered[p.Day]; !again || n.Object != p.Object {
			stand[p.Delivery] = true
		}
	}
	for i := range t.next.Deliveries {
		if l := &t.next.Deliveries[i]; !stand[l.ID] {
			l.Findings = nil
		}
	}
}

// list adds a share of a delivery, which may be listed.
func (f *partFile) list(share Delivery) error {
	for i := range f.Deliveries {
		if f.Deliveries[i].ID == share.ID {
			return f.Deliveries[i].join(share)
		}
	}
	f.Deliveries = append(f.Deliveries, share)
	return nil
}

// kept returns the days that stay as they are, because a run of a later as-of delivered them.
func (d *Change) kept(had []Partition) map[calendar.Date]bool {
	if d.Append || d.AllowOlder {
		return nil
	}
	delivered := map[calendar.Date]string{}
	for _, p := range d.Partitions {
		delivered[p.Day] = p.Object
	}
	days := map[calendar.Date]bool{}
	for _, p := range had {
		object, same := delivered[p.Day]
		if (same || d.Everything) && p.Object != object && p.AsOf > d.AsOf {
			days[p.Day] = true
		}
	}
	return days
}

// disjoint reports whether two snapshots have the same of what the change touches: then what came between them does not touch
// it.
func (d *Change) disjoint(ctx context.Context, a, b *Snapshot) (bool, error) {
	concerns := d.concerns()
	parts := func(s *Snapshot) (list []string) {
		for _, p := range s.Parts {
			if concerns(p) {
				list = append(list, p.SHA256)
			}
		}
		return list
	}
	if slices.Equal(parts(a), parts(b)) {
		return true, nil
	}
	if d.Everything {
		return false, nil
	}
	days := map[calendar.Date]bool{}
	for _, p := range d.Partitions {
		days[p.Day] = true
	}
	var objects [2][]string
	for i, s := range []*Snapshot{a, b} {
		files, err := d.parts(ctx, s)
		if err != nil {
			return false, err
		}
		for _, f := range files {
			for _, p := range f.Partitions {
				if days[p.Day] {
					objects[i] = append(objects[i], p.Object)
				}
			}
		}
	}
	return slices.Equal(objects[0], objects[1]), nil
}
