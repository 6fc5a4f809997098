package ingest

import (
	"maps"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
)

// delivered is what the snapshot keeps of the delivery. What a later sheet of the same delivery superseded has one line a record, and
// its money is not counted. Rejected records of days outside those of the accepted ones are of no day: their dates are as doubtful.
func (j *job) delivered(n record.Counts, found []finding.Finding) lines.Delivery {
	d := lines.Delivery{
		ID: j.s.Key(), Source: j.c.SourceName, Files: j.src.Hashes(), Records: n.Records, Lines: max(n.Lines, n.Records),
		Rejected:   lines.Tally{Records: n.Rejected, Lines: max(n.RejectedLines, n.Rejected), Amount: n.RejectedAmount},
		Superseded: lines.Tally{Records: j.spool.superseded, Lines: j.spool.superseded},
		Findings:   found,
	}
	for _, day := range slices.Sorted(maps.Keys(j.spool.rejectedDays)) {
		if day < calendar.DateOf(n.First) || day > calendar.DateOf(n.Last) {
			continue
		}
		d.RejectedDays = append(d.RejectedDays, lines.DayTally{Day: day, Tally: j.spool.rejectedDays[day]})
	}
	return d
}
