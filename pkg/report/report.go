// Package report writes one page for people: what a run found, for a marketer and for a data engineer.
//
// [Page] takes plain data, the results of a run's steps and small tables, and reads no store. The page is one HTML file that
// needs no network and no script, shows in light and dark, on paper and on a phone. The same data make the same bytes. What
// a run does not have, such as scores where no model is in force, the page says plainly.
//
//	err := report.Page(w, report.Data{Title: "Segments", Run: "weekly/2011-12-10/…", AsOf: asOf, Preprocess: preprocess})
//
// Customers are counted, never named: [Data] has no place for a customer's id.
package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Data is what the page shows. Only Preprocess is needed; a nil result is a step that has made nothing in the run.
type Data struct {
	Title    string
	Run      string
	AsOf     calendar.Date
	Currency string // ISO 4217, "" where unknown
	Zone     string // of the shop's local time, "" where unknown

	Ingest     *contract.IngestResult
	Preprocess contract.PreprocessResult
	Drift      *contract.DriftResult
	Train      *contract.TrainResult
	Evaluate   *contract.EvaluateResult
	Promote    *contract.PromoteResult
	Score      *contract.ScoreResult

	// Segments is score's table of that name, with its profile columns, one row a segment; nil without scores.
	Segments *frame.Frame
	// Movers are score's movers, counted.
	Movers []Move
	// Stale names steps whose work is left out because it was made from other input than the run has now.
	Stale []string
	// Steps says where the numbers come from, in the order in which they ran.
	Steps []Step
}

// Move counts customers who went the same way between the previous scores and these.
type Move struct {
	Kind      string // joined, left, moved
	From, To  string // segment ids; "" for none
	Customers int64
	Amount    money.Amount
}

// Step is one step's origin.
type Step struct {
	Name   string
	Run    string // "" means Data.Run
	Key    string
	Code   string
	Seed   *uint64
	Inputs map[string]string
	Params map[string]any
}

//go:embed page.html page.css
var files embed.FS

var pageTemplate = template.Must(template.ParseFS(files, "page.html"))

// Page writes the page of d as one HTML file. Everything in d is escaped. It fails only where a chart cannot be drawn or w
// cannot be written.
func Page(w io.Writer, d Data) error {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("read style: %w", err)
	}
	p, err := newPage(d)
	if err != nil {
		return fmt.Errorf("lay out page: %w", err)
	}
	p.CSS = template.CSS(css)
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
