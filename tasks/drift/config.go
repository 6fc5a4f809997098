// Package drift compares this run's customers with those that the model in force was trained on, checks the lines that they are
// made of, and says what to do.
package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/task"
)

// Task is drift as a program.
var Task = task.Task[Config, contract.DriftResult]{
	Name:  contract.Drift,
	Usage: contract.Does(contract.Drift),
	Description: `Compares the customers of this run with the reference sample of the model that was HEAD before this run, and how well that model
fits them. A feature has drifted if its population stability index (PSI) reaches --materiality and chance is ruled out, given that
most customers are on both sides. Only evidence that the model no longer fits asks for another one, once it was seen on two of three
as-of dates a week apart, and not again of the same model within --cool-down days. Days on which the shop was closed are no drift.
Lines that are broken (prices a hundredfold, a shifted clock, a doubled day, …) give the act fix_data, with or without a model. Without
one, the verdict is else insufficient_data and the act none. Drift is not a failure: the exit code is 0.`,
	Example: "drift --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.DriftResult) string { return fmt.Sprintf("%s, act %s", r.Verdict, r.Act) },
}

// Config is what drift is told.
type Config struct {
	task.Common
	Materiality float64 // PSI
	Alpha       float64 // share of false findings, 0..1
	CoolDown    int     // days
	Accept      string  // codes of checks, as finding.ParseCodes reads them
}

// Flags declares drift's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Float("materiality", drift.DefaultMateriality, "`PSI` from which a shift matters; half of it is worth a warning"),
		task.Float("alpha", drift.DefaultAlpha, "`SHARE` of false findings among a run's findings, 0 to 1"),
		task.Int("cool-down", drift.CoolDown, "`DAYS` for which a new model is not asked for again while the current one stays"),
		task.String("accept", "", "`CODES` of findings to accept, separated by commas, such as "+drift.CheckHours+": those of preprocess and drift's checks of the lines"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), Materiality: c.Float64("materiality"), Alpha: c.Float64("alpha"), CoolDown: c.Int("cool-down"), Accept: c.String("accept"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !(c.Materiality > 0) {
		p.Add("materiality", "want a number above 0", c.Materiality)
	}
	if !(c.Alpha > 0 && c.Alpha < 1) {
		p.Add("alpha", "want a share above 0 and below 1", c.Alpha)
	}
	if c.CoolDown < 0 {
		p.Add("cool-down", "want a number of days, 0 or more", c.CoolDown)
	}
	if _, err := finding.ParseCodes(c.Accept); err != nil {
		p.Add("accept", err.Error(), c.Accept)
	}
	return p.Err()
}

// accepted are the checks that a person accepts. Other codes are evaluate's.
func (c Config) accepted() []string {
	var out []string
	for _, code := range strings.Split(c.Accept, ",") {
		if slices.Contains(drift.CheckNames, code) {
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
