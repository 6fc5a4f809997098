// Package report writes one page for people: what a run found, for a marketer and for a data engineer.
//
// [Page] puts a [view.View] into words, tables and pictures. The page is one HTML file that needs no network, reads well
// without its script, and shows in light and dark, on paper and on a phone. The same view makes the same bytes. What a run does
// not have, such as scores without a model, the page says plainly.
//
//	err := report.Page(w, view.New(inputs))
package report

import (
	_ "embed" // the template
	"fmt"
	"html/template"
	"io"

	"github.com/clientele/clientele/pkg/report/assets"
	"github.com/clientele/clientele/pkg/report/view"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// Page writes the page of v as one HTML file. Everything in v is escaped. It fails only where a chart cannot be drawn or w
// cannot be written.
func Page(w io.Writer, v view.View) error {
	p, err := newPage(v)
	if err != nil {
		return fmt.Errorf("lay out page: %w", err)
	}
	p.CSS, p.Script, p.Policy = template.CSS(assets.CSS), template.JS(assets.Script), assets.Policy(assets.Script)
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
