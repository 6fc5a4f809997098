package lines

import (
	"context"
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
	Everything bool          // the delivery is all that its source has: days that it has not are not in force any more
	AllowOlder bool          // replaces days that a run of a later as-of delivered, too
	AllowLess  bool          // replaces days by ones of far fewer lines, too
	Erasures   int64         // of customers, when the delivery was read: it has none of those who were forgotten by then
	Reading    []byte        // how the delivery was read, in JSON, for the next one of its source; nil keeps what is there
}

// check returns an error if the change must not be made to a snapshot. done says that this step of this run has made it
// before: then it is not new to the snapshot.
func (d *Change) check(ctx context.Context, base *Snapshot, done bool) error {
	if d.Erasures < base.Erasures {
		return fault.ErrLostSwap.Errorf("erased", d.Delivery.Source, "a customer was forgotten while the delivery was read: it has to be read again, without that customer")
	}
	if len(base.Parts) == 0 {
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
	case done, d.AllowLess && !d.Append:
		return nil
	}
	files, err := d.parts(ctx, base)
	if err != nil {
		return err
	}
	switch {
	case d.Append:
		return d.checkAppend(files)
	case d.Everything:
		return d.checkEverything(files)
	}
	return d.checkReplace(files)
}

// keyName says which customer key, by its mark.
func keyName(mark string) string {
	if mark == "" {
		return "no key"
	}
	return "the key of mark " + mark
}

// checkAppend refuses lines that are stored already: the same file, or a day of the same content from another file.
func (d *Change) checkAppend(files []*partFile) error {
	stored := map[string]bool{}
	for _, f := range files {
		for _, other := range f.Deliveries {
			for _, file := range d.Delivery.Files {
				if slices.Contains(other.Files, file) {
					return ErrStored.Errorf("already_in_force", file,
						"the file (sha256 %s) is stored already, by delivery %s: appending it would count its lines twice", file, other.ID)
				}
			}
		}
		for _, p := range f.Partitions {
			stored[p.Object] = true
		}
	}
	for _, p := range d.Partitions {
		if stored[p.Object] {
			return ErrStored.Errorf("already_in_force", p.Object,
				"the lines of %s are stored already, from another file: appending them would count them twice", p.Day)
		}
	}
	return nil
}

// checkEverything refuses to let go of more than a fifth of a source's lines, or of its days. Single days may lose more: who
// asks to be forgotten can be all that a day has.
func (d *Change) checkEverything(files []*partFile) error {
	var before, after int64
	had, has := map[calendar.Date]bool{}, map[calendar.Date]bool{}
	for _, p := range d.Partitions {
		has[p.Day] = true
		after += p.Rows
	}
	for _, f := range files {
		kept := d.kept(f.Partitions)
		for _, p := range f.Partitions {
			before += p.Rows
			had[p.Day] = true
			if kept[p.Day] {
				has[p.Day] = true
				after += p.Rows
			}
		}
	}
	if shrinkDen*after >= shrinkNum*before && shrinkDen*len(has) >= shrinkNum*len(had) {
		return nil
	}
	return ErrShrunk.Errorf("shrink", d.Delivery.Source, "the delivery is to be everything, and has %d lines of %d days, where %d lines of %d days are stored: over 20 %% fewer",
		after, len(has), before, len(had))
}

// checkReplace refuses days that lose more than a fifth of their lines.
func (d *Change) checkReplace(files []*partFile) error {
	kept, before := map[calendar.Date]bool{}, map[calendar.Date]int64{}
	for _, f := range files {
		maps.Copy(kept, d.kept(f.Partitions))
		for _, p := range f.Partitions {
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
