// Package report writes a web page that shows what the steps of a run found.
package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/task"
)

// Task is report as a program.
var Task = task.Task[Config, contract.ReportResult]{
	Name:  contract.Report,
	Usage: contract.Does(contract.Report),
	Description: `Reads the output of this run's steps and writes report.html, a single file that needs no network: segments, how customers buy,
what to offer, the choice of k, the ledger, drift, gates and provenance. Only preprocess is required; the page states which other steps are missing. Steps that did not
run in this run are read from --from-run, if given. --page-customers says whom the page holds by their number. message.txt and
message.json say what the run comes to in a few sentences, for chat programs.`,
	Example: `report --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 --title="Gifts and lamps"`,
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.ReportResult) string { return task.Link(r.Page) },
}

// Config is the configuration of report.
type Config struct {
	task.Common
	Title         string // of the page
	PageCustomers string // what it holds of customers: all, lists or none
}

// maxTitle bounds the title, in characters.
const maxTitle = 200

// Flags declares report's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(), task.String("title", "Customer segments", "`TITLE` of the page"),
		task.String("page-customers", view.CustomersAll, "`WHOM` the page holds by their number, to search and download: all (above 20,000 those on a list and a sample), lists (those on a list) or none"))
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Title: c.String("title"), PageCustomers: c.String("page-customers")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if n := utf8.RuneCountInString(c.Title); strings.TrimSpace(c.Title) == "" || n > maxTitle || !utf8.ValidString(c.Title) {
		p.Add("title", "want 1 to 200 characters of text", c.Title)
	}
	if !slices.Contains([]string{view.CustomersAll, view.CustomersLists, view.CustomersNone}, c.PageCustomers) {
		p.Add("page-customers", "want all, lists or none", c.PageCustomers)
	}
	return p.Err()
}
