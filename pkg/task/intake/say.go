package intake

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/clientele/clientele/pkg/delivery/detect"
)

// Say logs in three lines what was assumed of a delivery: how it is written, how its dates are, and which of its columns are read.
// What was stated or decided before is no assumption.
func Say(log *slog.Logger, found *detect.Found) {
	var how, dates []string
	assumed := false
	for _, d := range found.Decisions {
		if d.From != detect.FromSample {
			continue
		}
		assumed = true
		text := strings.ReplaceAll(d.Part, "_", " ") + " " + d.Value
		if d.Part == "date_layout" {
			dates = append(dates, fmt.Sprintf("%q: %s", d.Value, d.Why))
		} else {
			how = append(how, text)
		}
	}
	for _, f := range found.Findings() {
		log.Warn(f.Sentence, "finding", f.Code, "lines", f.Lines, "money", f.Money.String(), "what", f.What)
	}
	if !assumed {
		return
	}
	log.Info("assumed of the delivery: it is "+found.Format, "with", strings.Join(how, ", "))
	log.Info("assumed of its dates", "layout", strings.Join(dates, ", "))
	var columns, ignored []string
	for _, c := range found.Columns {
		if c.Field == "" {
			ignored = append(ignored, c.Name)
		} else {
			columns = append(columns, c.Field+"="+c.Name)
		}
	}
	log.Info("assumed of its columns; bin/inspect shows all of it, flags and --profile change it", "read", strings.Join(columns, ", "), "ignored", len(ignored))
}
