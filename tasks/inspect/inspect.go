// Package inspect shows how a delivery would be read, what its lines would mean and what that is worth, without storing
// anything. It ends with a profile: the decisions as a file that ingest and preprocess take.
package inspect

import (
	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
)

// Task is inspect as a program.
var Task = task.Task[Config, Result]{
	Name:  "inspect",
	Usage: "show how a delivery would be read and what its lines would mean; store nothing",
	Description: `Reads a delivery as ingest would and shows what was decided: its format, encoding, separators, columns and dates, and what in it is a
return, an invoice, a customer and a product. For each decision it says why, how many lines and how much money it is about, three
examples, what could hold instead, and the flag or the key of a profile that changes it. With --profile=FILE it starts from that
profile if there is one, and else writes what it decided to FILE.`,
	Example: "inspect --source=orders_export.csv\ninspect --source=Rechnungen.csv --zone=Europe/Berlin --currency=EUR --profile=shop.toml",
	Flags:   Flags, Config: NewConfig, Run: Run, Print: Print, Large: true,
}

// Config is what the flags say.
type Config struct {
	intake.Config
}

// Flags declares the flags.
func Flags() []cli.Flag {
	return append(append(intake.SourceFlags(),
		task.String("as-of", "", "`DATE` for {as_of} in --source, YYYY-MM-DD"),
		task.String("profile", "", "`FILE` with the shop's profile, in TOML, to start from; if there is none, it is written with what was decided"),
	), intake.ReadFlags()...)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config { return Config{intake.NewConfig(c)} }

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p, true)
	if c.Day != "" {
		if _, err := calendar.ParseDate(c.Day); err != nil {
			p.Add("as-of", "want a calendar day written YYYY-MM-DD", c.Day)
		}
	}
	return p.Err()
}

// Result is what inspect reports.
type Result struct {
	Source     string            `json:"source"`
	Format     string            `json:"format"`
	Packing    string            `json:"packing,omitempty"`
	Sheets     []string          `json:"sheets,omitempty"`
	Columns    []detect.Column   `json:"columns"` // in the order of the header; nil where the header is not to be shown
	Records    int64             `json:"records"`
	Accepted   int64             `json:"accepted"`
	Rejected   int64             `json:"rejected"`
	First      *calendar.Date    `json:"first"`
	Last       *calendar.Date    `json:"last"`
	Money      money.Amount      `json:"money"` // Σ of the accepted lines' amounts
	Looked     int64             `json:"looked"`
	Quarantine []Rejects         `json:"quarantine"` // by descending rows
	Decisions  []Decision        `json:"decisions"`
	Findings   []finding.Finding `json:"findings,omitempty"`
	Profile    string            `json:"profile"`                // the decisions, in TOML
	WrittenTo  string            `json:"profile_file,omitempty"` // where the profile was written, "" for nowhere
}

// Rejects are the records that broke one check.
type Rejects struct {
	Rule    string `json:"rule"`
	Rows    int64  `json:"rows"`
	Example string `json:"example"`
}

// Decision is one thing that was decided.
type Decision struct {
	Part         string               `json:"part"`  // a key of the profile, or customer, invoice and the like
	Value        string               `json:"value"` // "" where nothing needs a decision
	From         string               `json:"from"`  // stated, found or default
	Why          string               `json:"why"`
	Lines        int64                `json:"lines"` // that it is about: with another one they would be read, or count, as something else
	Money        money.Amount         `json:"money"` // Σ |amount| of these lines
	Examples     []string             `json:"examples,omitempty"`
	Alternatives []detect.Alternative `json:"alternatives,omitempty"`
	Change       string               `json:"change"` // the flag, or the key of the profile, that changes it
}
