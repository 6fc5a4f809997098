// Package score gives every customer a segment by the model in force, and says who moved.
package score

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/task"
)

// Task is score as a program.
var Task = task.Task[Config, contract.ScoreResult]{
	Name:  contract.Score,
	Usage: contract.Does(contract.Score),
	Description: `Reads the customers of this run (or of --from-run, after a rollback) and the model at HEAD. A customer stays in the previous segment
unless another is clearly nearer: by more than --hysteresis of the old distance. Without a current model it exits with 66.`,
	Example: "score --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10\n" +
		"score --root=gs://shop/clientele --pipeline=rollback --run-id=manual --as-of=2011-12-10 --from-run=clientele/2011-12-10/manual-1b2c3d4e",
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.ScoreResult) string {
		return fmt.Sprintf("%s customers in %d segments, %s moved", task.Thousands(r.Customers), len(r.Segments), task.Thousands(r.Moved))
	},
}

// Config is what score is told.
type Config struct {
	task.Common
	Hysteresis float64 // share of the old distance by which another segment must be nearer, 0..1
	Grid       string  // location of a file, "" for none
}

// Flags declares score's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Float("hysteresis", 0.10, "`SHARE` of the old distance, 0 to 1, by which another segment must be nearer for a customer to move"),
		task.String("rfm-grid", "", "`FILE` with an RFM grid of the shop's own (TOML), thresholds and names of cells: a path or a file://, gs:// or https:// URL; "+
			"without, the model's quantiles and the usual names"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Hysteresis: c.Float64("hysteresis"), Grid: c.String("rfm-grid")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !(c.Hysteresis >= 0 && c.Hysteresis <= 1) {
		p.Add("hysteresis", "want a share from 0 to 1", c.Hysteresis)
	}
	if c.Grid != "" {
		if at, err := source.Parse(c.Grid); err != nil || len(at) != 1 {
			p.Add("rfm-grid", "want one path or URL", source.Redact(c.Grid))
		}
	}
	return p.Err()
}
