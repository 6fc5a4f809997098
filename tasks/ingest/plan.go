package ingest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
)

// shrinkNum / shrinkDen is the least share of a day's lines that a new delivery of that day may have without --allow-shrink.
const shrinkNum, shrinkDen = 4, 5

// intake is a written delivery that is to come into force.
type intake struct {
	delivery   lines.Delivery
	partitions []lines.Partition
	zone       string
	currency   string
	keyMark    string
	append     bool
	shrink     bool // is allowed
	older      bool // may replace what a later as-of delivered
	asOf       calendar.Date
}

// replaces reports whether the delivery takes the place of a partition in force of a day that it delivers with other lines.
func (in *intake) replaces(p lines.Partition) bool {
	return !in.append && (in.older || p.AsOf <= in.asOf)
}

// kept returns the delivered days that stay as they are in force, because a later as-of delivered them.
func (in *intake) kept(base *lines.Snapshot) map[calendar.Date]bool {
	if in.append {
		return nil
	}
	delivered := map[calendar.Date]string{}
	for _, p := range in.partitions {
		delivered[p.Day] = p.Object
	}
	days := map[calendar.Date]bool{}
	for _, p := range base.Partitions {
		object, same := delivered[p.Day]
		if same && p.Source == in.delivery.Source && p.Object != object && !in.replaces(p) {
			days[p.Day] = true
		}
	}
	return days
}

// fits returns a Fault if the delivery must not come into force on top of the snapshot. own says that this step of this run
// has put the delivery into force before.
func (in *intake) fits(base *lines.Snapshot, own bool) error {
	if len(base.Partitions) == 0 {
		return nil
	}
	if base.Zone != in.zone {
		return fault.Errorf(fault.ExitConfig, "zone", in.zone, "the lines in force are in zone %s, this delivery is in %s: one root has one zone", base.Zone, in.zone)
	}
	if base.Currency != in.currency {
		return fault.Errorf(fault.ExitConfig, "currency", in.currency, "the lines in force are in %s, this delivery is in %s: one root has one currency", base.Currency, in.currency)
	}
	if base.KeyMark != in.keyMark {
		return fault.Errorf(fault.ExitConfig, "customer_key", "", "the lines in force have customers' ids hashed under %s, this delivery under %s: one customer would be two; take the same --customer-key, or another --root",
			keyName(base.KeyMark), keyName(in.keyMark))
	}
	switch {
	case own:
		return nil
	case in.append:
		return in.fitsAppend(base)
	case in.shrink:
		return nil
	}
	return in.fitsReplace(base)
}

// keyName says which customer key, by its mark.
func keyName(mark string) string {
	if mark == "" {
		return "no key"
	}
	return "the key of mark " + mark
}

// fitsAppend refuses lines that are in force already: the same file, or a day of the same content out of another file.
func (in *intake) fitsAppend(base *lines.Snapshot) error {
	for _, d := range base.Deliveries {
		if d.Source != in.delivery.Source {
			continue
		}
		for _, f := range in.delivery.Files {
			if slices.Contains(d.Files, f) {
				return fault.Errorf(fault.ExitBadData, "already_in_force", f,
					"the file (sha256 %s) is in force already, by delivery %s: appending it would count its lines twice", f, d.ID)
			}
		}
	}
	for _, p := range in.partitions {
		if slices.ContainsFunc(base.Partitions, func(q lines.Partition) bool { return q.Object == p.Object }) {
			return fault.Errorf(fault.ExitBadData, "already_in_force", p.Object,
				"the lines of %s are in force already, out of another file: appending them would count them twice", p.Day)
		}
	}
	return nil
}

// fitsReplace refuses days that lose more than a fifth of their lines.
func (in *intake) fitsReplace(base *lines.Snapshot) error {
	kept, before := in.kept(base), map[calendar.Date]int64{}
	for _, p := range base.Partitions {
		if p.Source == in.delivery.Source {
			before[p.Day] += p.Rows
		}
	}
	var days []string
	for _, p := range in.partitions {
		if !kept[p.Day] && shrinkDen*p.Rows < shrinkNum*before[p.Day] {
			days = append(days, fmt.Sprintf("%s (%d lines, in force %d)", p.Day, p.Rows, before[p.Day]))
		}
	}
	if len(days) == 0 {
		return nil
	}
	shown, more := days, ""
	if len(days) > 5 {
		shown, more = days[:5], fmt.Sprintf(" and %d more days", len(days)-5)
	}
	return fault.Errorf(fault.ExitBadData, "shrink", in.delivery.Source,
		"%d delivered days have over 20 %% fewer lines than in force: %s%s; if that is right, say --allow-shrink", len(days), strings.Join(shown, ", "), more)
}

// onto returns the snapshot with the delivery in force, whose parent is the base of that hash. changed is false if the base
// has it all: then it is the base. What a base holds of a delivered day with the same content stays, with its delivery; so does
// a day that a later as-of delivered.
func (in *intake) onto(base *lines.Snapshot, baseHash string) (next *lines.Snapshot, changed bool) {
	delivered := map[calendar.Date]lines.Partition{}
	for _, p := range in.partitions {
		delivered[p.Day] = p
	}
	next = &lines.Snapshot{Version: lines.SnapshotVersion, Zone: in.zone, Currency: in.currency, KeyMark: in.keyMark, Parent: baseHash}
	kept, there := in.kept(base), map[calendar.Date]bool{}
	for _, p := range base.Partitions {
		d, same := delivered[p.Day]
		switch same = same && p.Source == in.delivery.Source; {
		case same && p.Object == d.Object:
			there[p.Day] = true
		case same && !in.append && !kept[p.Day]:
			changed = true
			continue
		}
		next.Partitions = append(next.Partitions, p)
	}
	for _, p := range in.partitions {
		if !there[p.Day] && !kept[p.Day] {
			p.AsOf = in.asOf
			next.Partitions = append(next.Partitions, p)
			changed = true
		}
	}
	if !changed {
		return base, false
	}
	for _, d := range append(slices.Clone(base.Deliveries), in.delivery) {
		holds := func(p lines.Partition) bool { return p.Source == d.Source && p.Delivery == d.ID }
		listed := func(l lines.Delivery) bool { return l.Source == d.Source && l.ID == d.ID }
		if slices.ContainsFunc(next.Partitions, holds) && !slices.ContainsFunc(next.Deliveries, listed) {
			next.Deliveries = append(next.Deliveries, d)
		}
	}
	next.Sort()
	return next, true
}

// disjoint reports whether two snapshots hold the same of the days that are delivered: then what came between them does not
// touch this delivery.
func (in *intake) disjoint(a, b *lines.Snapshot) bool {
	days := map[calendar.Date]bool{}
	for _, p := range in.partitions {
		days[p.Day] = true
	}
	objects := func(s *lines.Snapshot) (list []string) {
		for _, p := range s.Partitions {
			if p.Source == in.delivery.Source && days[p.Day] {
				list = append(list, p.Object)
			}
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(objects(a), objects(b))
}
