// Package drift compares this run's customers with those that the model in force was trained on, and says what to do.
package drift

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/task"
)

// Task is drift as a program.
var Task = task.Task[Config, contract.DriftResult]{
	Name:  contract.Drift,
	Usage: contract.Does(contract.Drift),
	Description: `Compares the customers of this run with the reference sample of the model that was HEAD before this run. A feature has drifted if
its population stability index (PSI) exceeds both the limit and what chance explains at this number of customers. Without a current
model, the verdict is insufficient_data and the act none. Drift is not a failure: the exit code is 0.`,
	Example: "drift --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.DriftResult) string { return fmt.Sprintf("%s, act %s", r.Verdict, r.Act) },
}

// defaultAlpha is strict: a pipeline asks every night.
const defaultAlpha = 0.001

// Config is what drift is told.
type Config struct {
	task.Common
	Warn, Alert float64 // PSI
	Alpha       float64 // chance of a false finding in a quiet run, 0..1
}

// Flags declares drift's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Float("psi-warn", drift.DefaultWarn, "`PSI` of a feature at which to warn"),
		task.Float("psi-alert", drift.DefaultAlert, "`PSI` of a feature at which the model no longer fits"),
		task.Float("alpha", defaultAlpha, "`PROBABILITY`, 0 to 1, of any false finding in a run without drift"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Warn: c.Float64("psi-warn"), Alert: c.Float64("psi-alert"), Alpha: c.Float64("alpha")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !(c.Warn > 0) {
		p.Add("psi-warn", "want a number above 0", c.Warn)
	}
	if !(c.Alert >= c.Warn) {
		p.Add("psi-alert", "want at least --psi-warn", c.Alert)
	}
	if !(c.Alpha > 0 && c.Alpha < 1) {
		p.Add("alpha", "want a probability above 0 and below 1", c.Alpha)
	}
	return p.Err()
}
