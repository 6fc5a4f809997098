package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/fault"
)

// What --overlap says of a day that several files of a delivery have lines of.
const (
	overlapAdd    = "add"    // each file has lines of its own
	overlapRefuse = "refuse" // nothing is stored
)

// mostDays bounds how many days a message names.
const mostDays = 10

// overlap is a day that several files have lines of.
type overlap struct {
	day   calendar.Date
	files []string
}

func (o overlap) String() string {
	more := ""
	if n := len(o.files) - 3; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s (%s%s)", o.day, strings.Join(o.files[:min(3, len(o.files))], ", "), more)
}

// overlaps returns the days of several files, in order. Nothing may be joined yet.
func (s *spool) overlaps() []overlap {
	of := map[calendar.Date]map[int]bool{}
	for _, p := range s.before {
		if of[p.day] == nil {
			of[p.day] = map[int]bool{}
		}
		of[p.day][p.file] = true
	}
	var all []overlap
	for day, files := range of {
		if len(files) > 1 {
			o := overlap{day: day}
			for _, f := range slices.Sorted(maps.Keys(files)) {
				o.files = append(o.files, s.files[f])
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b overlap) int { return cmp.Compare(a.day, b.day) })
	return all
}

// checkOverlap lists the days that several files have, and the days between them that none has. It returns a Fault where such days
// are refused, or where an earlier chunk of the same delivery has stored one: what this chunk has of it would replace that.
func (j *job) checkOverlap() error {
	found := j.spool.overlap
	if j.c.Overlap == overlapRefuse && len(found) > 0 {
		return fault.Errorf(fault.ExitBadData, "overlap", j.src.Name, "%s; nothing of these files was stored. --overlap=add takes the lines of every file", days(found, "several files have lines of"))
	}
	if len(found) > 0 {
		j.d.Log.Warn(days(found, "several files have lines of") + ": the lines of each were added")
	}
	var twice []overlap
	for _, day := range j.spool.dates() {
		if at, ok := j.taken[day]; ok && j.c.Mode == modeReplace {
			twice = append(twice, overlap{day, []string{at, "this chunk"}})
		}
	}
	if len(twice) > 0 {
		return fault.Errorf(fault.ExitBadData, "overlap", j.src.Name, "%s, which this chunk would replace; the chunks before it are stored, nothing of this one. Without --chunk the lines of all files of a day are added",
			days(twice, "an earlier chunk has stored"))
	}
	if len(j.spool.files) > 1 {
		j.sayGaps()
	}
	return nil
}

func days(found []overlap, what string) string {
	var names []string
	for _, o := range found[:min(mostDays, len(found))] {
		names = append(names, o.String())
	}
	more := ""
	if n := len(found) - mostDays; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s %d days: %s%s", what, len(found), strings.Join(names, ", "), more)
}

// sayGaps logs the days between the first and the last that no file has a line of.
func (j *job) sayGaps() {
	dates := j.spool.dates()
	var gaps []string
	n := 0
	for i := 1; i < len(dates); i++ {
		for day := dates[i-1] + 1; day < dates[i]; day++ {
			if n++; n <= mostDays {
				gaps = append(gaps, day.String())
			}
		}
	}
	if n > 0 {
		j.d.Log.Info("between the first and the last day of the files some have no line", "days", n, "such_as", strings.Join(gaps, ", "))
	}
}
