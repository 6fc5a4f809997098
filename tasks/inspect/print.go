package inspect

import (
	"fmt"
	"io"
	"strings"

	"github.com/clientele/clientele/pkg/task"
)

// Print writes the result as a page of text.
func Print(w io.Writer, r Result) error {
	p := &page{w: w}
	format := r.Format
	if r.Packing != "" {
		format += " in " + r.Packing
	}
	p.line("%s: %s", r.Source, format)
	if len(r.Sheets) > 1 {
		p.line("  sheets    %s", strings.Join(r.Sheets, ", "))
	}
	p.line("  records   %s, of which %s break a check", task.Thousands(r.Records), task.Thousands(r.Rejected))
	if r.First != nil {
		p.line("  days      %s to %s", r.First, r.Last)
	}
	p.line("  money     %s", r.Money)
	if r.Looked < r.Accepted {
		p.line("  what the lines mean was decided on the first %s of %s lines", task.Thousands(r.Looked), task.Thousands(r.Accepted))
	}
	if len(r.Columns) > 0 {
		p.line("\nColumns")
		for _, c := range r.Columns {
			field := c.Field
			if field == "" {
				field = "-"
			}
			p.line("  %-12s %s", field, c.Name)
		}
	}
	if len(r.Quarantine) > 0 {
		p.line("\nRecords that would be rejected")
		for _, q := range r.Quarantine {
			p.line("  %-22s %s, first %s", q.Rule, task.Thousands(q.Rows), q.Example)
		}
	}
	if len(r.Findings) > 0 {
		p.line("\nFindings")
		for _, f := range r.Findings {
			p.line("  %-12s %s", f.Code, f.Sentence)
			p.line("               %s", f.What)
		}
	}
	p.line("\nDecisions")
	for _, d := range r.Decisions {
		p.decision(d)
	}
	p.line("\nProfile%s\n", map[bool]string{true: ", written to " + r.WrittenTo}[r.WrittenTo != ""])
	p.line("%s", strings.TrimSpace(r.Profile))
	return p.err
}

// page writes lines and keeps the first error.
type page struct {
	w   io.Writer
	err error
}

func (p *page) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *page) decision(d Decision) {
	value := d.Value
	if value == "" {
		value = "-"
	}
	p.line("  %-12s %s (%s: %s)", d.Part, value, d.From, d.Why)
	p.line("               about %s lines, %s; %s changes it", task.Thousands(d.Lines), d.Money, d.Change)
	if len(d.Examples) > 0 {
		p.line("               such as %s", strings.Join(d.Examples, " · "))
	}
	for _, a := range d.Alternatives {
		if a.Why == "" {
			p.line("               else %s", a.Value)
		} else {
			p.line("               else %s: %s", a.Value, a.Why)
		}
	}
}
