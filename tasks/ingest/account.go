package ingest

import (
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/lines"
)

// delivered is what the snapshot keeps of the delivery. What a later sheet of the same delivery superseded has one line a record, and
// its money is not counted.
func (j *job) delivered(n record.Counts) lines.Delivery {
	return lines.Delivery{
		ID: j.s.Key(), Source: j.c.SourceName, Files: j.src.Hashes(), Records: n.Records, Lines: max(n.Lines, n.Records),
		Rejected:   lines.Tally{Records: n.Rejected, Lines: max(n.RejectedLines, n.Rejected), Amount: n.RejectedAmount},
		Superseded: lines.Tally{Records: j.spool.superseded, Lines: j.spool.superseded},
	}
}
