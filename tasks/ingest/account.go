package ingest

import (
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/lines"
)

// delivered is what the snapshot keeps of the delivery. What the readers do not count is 0, except for physical lines: a record
// has one at least.
func (j *job) delivered(n record.Counts) lines.Delivery {
	return lines.Delivery{
		ID: j.s.Key(), Source: j.c.SourceName, Files: j.src.Hashes(), Records: n.Records, Lines: n.Records,
		Rejected:   lines.Tally{Records: n.Rejected, Lines: n.Rejected},
		Superseded: lines.Tally{Records: j.spool.superseded, Lines: j.spool.superseded},
	}
}
