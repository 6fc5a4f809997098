// Package report writes one page for people: what a run found, for a marketer and for a data engineer.
//
// [Page] puts a [view.View] into words, tables and pictures. The page is one HTML file that needs no network and shows in light
// and dark, on paper and on a phone. Its words and tables are read without its scripts, which draw the charts, sort, search and
// save lists. The same view makes the same bytes. What a run does not have, such as scores without a model, the page says plainly.
//
//	err := report.Page(w, view.New(inputs))
package report

import (
	"bufio"
	_ "embed" // the template
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/clientele/clientele/pkg/report/assets"
	"github.com/clientele/clientele/pkg/report/view"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"shape":  func(place int) string { return shapes[place%len(shapes)] },
	"groups": func() []string { return []string{groupAct, groupCheck} },
	"nb":     func(s string) string { return strings.ReplaceAll(s, " %", nbsp+"%") }, // a number keeps its unit
	"two":    func(a, b any) [2]any { return [2]any{a, b} },
	"colour": func(token string) template.CSS { return template.CSS("--" + token) }, // of the program, not of the run
}).Parse(pageHTML))

// shapes tell segments apart without colour, in a box of 12 by 12: assets/page.css has as many colours.
var shapes = []string{
	"M6 .5 11.5 11H.5z", "M6 0a6 6 0 1 0 0 12A6 6 0 0 0 6 0z", "M1 1h10v10H1z", "M6 0 12 6 6 12 0 6z", "M.5 1h11L6 11.5z",
	"M6 .5 11.7 4.6 9.5 11.3h-7L.3 4.6z", "M4 0h4v4h4v4H8v4H4V8H0V4h4z", "M3 .8h6L12 6 9 11.2H3L0 6z", "M0 3h12v6H0z", "M3 0h6v12H3z",
}

// Page writes the page of v as one HTML file. Everything in v is escaped. It fails only where w cannot be written.
func Page(w io.Writer, v view.View) error {
	p, err := newPage(v)
	if err != nil {
		return fmt.Errorf("lay out page: %w", err)
	}
	p.CSS, p.Policy = template.CSS(assets.CSS), assets.Policy(assets.Scripts...)
	for _, s := range assets.Scripts {
		p.Scripts = append(p.Scripts, template.JS(s))
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := errors.Join(p.write(out), out.Flush()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// write writes what is read without scripts, then the customers, and then the scripts.
func (p *page) write(w *bufio.Writer) (err error) {
	if err = pageTemplate.ExecuteTemplate(w, "top", p); err != nil {
		return err
	}
	if p.layout.inlined() {
		_, _ = w.WriteString(`<script type="text/plain" id="columns">`) // the writer keeps its error for later
		if p.Pack, err = p.layout.pack(w); err != nil {
			return err
		}
		_, _ = w.WriteString("</script>\n")
	}
	return pageTemplate.ExecuteTemplate(w, "bottom", p)
}
