package lines

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/fault"
)

// Classes of changes that are refused.
var (
	ErrZone        = fault.ErrConfig.New("zone", "another time zone")
	ErrCurrency    = fault.ErrConfig.New("currency", "another currency")
	ErrCustomerKey = fault.ErrConfig.New("customer_key", "another customer key")
	// ErrStored says that the lines to append are stored already.
	ErrStored = fault.ErrBadData.New("already_in_force", "the lines are stored already")
	// ErrShrunk says that days lose too many lines.
	ErrShrunk = fault.ErrBadData.New("shrink", "days have far fewer lines")
)

// shrinkNum / shrinkDen is the least share of a day's lines that a new delivery of that day may have.
const shrinkNum, shrinkDen = 4, 5

// Change is a delivery that is to become part of the current snapshot.
type Change struct {
	Delivery   Delivery
	Partitions []Partition // one a day. For [Current.Check] they need no names yet
	Zone       string
	Currency   string
	KeyMark    string
	AsOf       calendar.Date // of the run that delivers
	Append     bool          // the lines are added to their days; else they replace those that the source delivered before
	AllowOlder bool          // replaces days that a run of a later as-of delivered, too
	AllowLess  bool          // replaces days by ones of far fewer lines, too
	Reading    []byte        // how the delivery was read, in JSON, for the next one of its source; nil keeps what is there
}

// check returns an error if the change must not be made to a snapshot. done says that this step of this run has made it
// before: then it is not new to the snapshot.
func (d *Change) check(base *Snapshot, done bool) error {
	if len(base.Partitions) == 0 {
		return nil
	}
	switch {
	case base.Zone != d.Zone:
		return ErrZone.Errorf("zone", d.Zone, "the stored lines are in zone %s, this delivery is in %s: one root has one zone", base.Zone, d.Zone)
	case base.Currency != d.Currency:
		return ErrCurrency.Errorf("currency", d.Currency, "the stored lines are in %s, this delivery is in %s: one root has one currency", base.Currency, d.Currency)
	case base.KeyMark != d.KeyMark:
		return ErrCustomerKey.Errorf("customer_key", "", "customer ids of the stored lines are hashed with %s, those of this delivery with %s: one customer would become two",
			keyName(base.KeyMark), keyName(d.KeyMark))
	case done:
		return nil
	case d.Append:
		return d.checkAppend(base)
	case d.AllowLess:
		return nil
	}
	return d.checkReplace(base)
}

// keyName says which customer key, by its mark.
func keyName(mark string) string {
	if mark == "" {
		return "no key"
	}
	return "the key of mark " + mark
}

// checkAppend refuses lines that are stored already: the same file, or a day of the same content from another file.
func (d *Change) checkAppend(base *Snapshot) error {
	for _, other := range base.Deliveries {
		if other.Source != d.Delivery.Source {
			continue
		}
		for _, f := range d.Delivery.Files {
			if slices.Contains(other.Files, f) {
				return ErrStored.Errorf("already_in_force", f,
					"the file (sha256 %s) is stored already, by delivery %s: appending it would count its lines twice", f, other.ID)
			}
		}
	}
	for _, p := range d.Partitions {
		if slices.ContainsFunc(base.Partitions, func(q Partition) bool { return q.Object == p.Object }) {
			return ErrStored.Errorf("already_in_force", p.Object,
				"the lines of %s are stored already, from another file: appending them would count them twice", p.Day)
		}
	}
	return nil
}

// checkReplace refuses days that lose more than a fifth of their lines.
func (d *Change) checkReplace(base *Snapshot) error {
	kept, before := d.kept(base), map[calendar.Date]int64{}
	for _, p := range base.Partitions {
		if p.Source == d.Delivery.Source {
			before[p.Day] += p.Rows
		}
	}
	var days []string
	for _, p := range d.Partitions {
		if !kept[p.Day] && shrinkDen*p.Rows < shrinkNum*before[p.Day] {
			days = append(days, fmt.Sprintf("%s (%d lines, stored %d)", p.Day, p.Rows, before[p.Day]))
		}
	}
	if len(days) == 0 {
		return nil
	}
	shown, more := days, ""
	if len(days) > 5 {
		shown, more = days[:5], fmt.Sprintf(" and %d more days", len(days)-5)
	}
	return ErrShrunk.Errorf("shrink", d.Delivery.Source,
		"%d delivered days have over 20 %% fewer lines than stored: %s%s", len(days), strings.Join(shown, ", "), more)
}

// kept returns the delivered days that stay as they are, because a run of a later as-of delivered them.
func (d *Change) kept(base *Snapshot) map[calendar.Date]bool {
	if d.Append || d.AllowOlder {
		return nil
	}
	delivered := map[calendar.Date]string{}
	for _, p := range d.Partitions {
		delivered[p.Day] = p.Object
	}
	days := map[calendar.Date]bool{}
	for _, p := range base.Partitions {
		object, same := delivered[p.Day]
		if same && p.Source == d.Delivery.Source && p.Object != object && p.AsOf > d.AsOf {
			days[p.Day] = true
		}
	}
	return days
}

// onto returns the snapshot with the change made, whose parent is the base of that hash. changed is false if the base has it
// all: then it is the base. What a base has of a delivered day with the same content stays, with its delivery; so does a day
// that a run of a later as-of delivered.
func (d *Change) onto(base *Snapshot, baseHash string) (next *Snapshot, changed bool) {
	delivered := map[calendar.Date]Partition{}
	for _, p := range d.Partitions {
		delivered[p.Day] = p
	}
	next = &Snapshot{Version: SnapshotVersion, Zone: d.Zone, Currency: d.Currency, KeyMark: d.KeyMark, Parent: baseHash}
	kept, there := d.kept(base), map[calendar.Date]bool{}
	for _, p := range base.Partitions {
		n, same := delivered[p.Day]
		switch same = same && p.Source == d.Delivery.Source; {
		case same && p.Object == n.Object:
			there[p.Day] = true
		case same && !d.Append && !kept[p.Day]:
			changed = true
			continue
		}
		next.Partitions = append(next.Partitions, p)
	}
	for _, p := range d.Partitions {
		if !there[p.Day] && !kept[p.Day] {
			p.AsOf = d.AsOf
			next.Partitions = append(next.Partitions, p)
			changed = true
		}
	}
	if !changed {
		return base, false
	}
	next.Readings = maps.Clone(base.Readings)
	if d.Reading != nil {
		if next.Readings == nil {
			next.Readings = map[string]json.RawMessage{}
		}
		next.Readings[d.Delivery.Source] = d.Reading
	}
	for _, listed := range append(slices.Clone(base.Deliveries), d.Delivery) {
		holds := func(p Partition) bool { return p.Source == listed.Source && p.Delivery == listed.ID }
		same := func(l Delivery) bool { return l.Source == listed.Source && l.ID == listed.ID }
		if slices.ContainsFunc(next.Partitions, holds) && !slices.ContainsFunc(next.Deliveries, same) {
			next.Deliveries = append(next.Deliveries, listed)
		}
	}
	next.Sort()
	return next, true
}

// disjoint reports whether two snapshots have the same of the delivered days: then what came between them does not touch this
// change.
func (d *Change) disjoint(a, b *Snapshot) bool {
	days := map[calendar.Date]bool{}
	for _, p := range d.Partitions {
		days[p.Day] = true
	}
	objects := func(s *Snapshot) (list []string) {
		for _, p := range s.Partitions {
			if p.Source == d.Delivery.Source && days[p.Day] {
				list = append(list, p.Object)
			}
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(objects(a), objects(b))
}
