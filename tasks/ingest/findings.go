package ingest

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
)

// rejectedPart is the limit of the finding about what was rejected, said in words by [finding.Specs].
const rejectedPart = 0.01

// findings is what a person should know of the delivery before they trust what is made of it.
func (j *job) findings(n record.Counts) []finding.Finding {
	var all []finding.Finding
	if j.found != nil {
		all = j.found.Findings()
	}
	if f, ok := j.c.rejected(n); ok {
		j.d.Log.Warn(f.Sentence, "finding", f.Code, "lines", f.Lines, "money", f.Money.String(), "what", f.What)
		all = append(all, f)
	}
	finding.Sort(all)
	return finding.First(all, lines.MostFindings)
}

// rejected finds that much of the delivery was rejected, by the measure by which it is most. Whether that is much of all lines is
// preprocess's to say.
func (c Config) rejected(n record.Counts) (finding.Finding, bool) {
	var most rejectedShare
	for _, s := range c.shares(n) {
		if s.share > most.share {
			most = s
		}
	}
	var checks []string // and no examples: they can have a customer in them
	for _, r := range ruleCounts(n)[:min(3, len(ruleCounts(n)))] {
		checks = append(checks, fmt.Sprintf("%s %d", r.Rule, r.Rows))
	}
	return finding.Finding{
		Code: finding.RejectedShare, Lines: n.Rejected, Money: n.RejectedAmount - n.ForgottenAmount,
		Sentence: fmt.Sprintf("%s of the delivery break a check and were not stored: %s", most, strings.Join(checks, ", ")),
		What:     "correct these records where they come from and deliver again; the table quarantine has each of them with the check",
	}, most.share > rejectedPart
}
