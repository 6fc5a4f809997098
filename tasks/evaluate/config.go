// Package evaluate holds the candidate that train made against the gates of promotion.
package evaluate

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/cluster"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/task"
)

// Task is evaluate as a program.
var Task = task.Task[Config, contract.EvaluateResult]{
	Name:  contract.Evaluate,
	Usage: contract.Does(contract.Evaluate),
	Description: `Reads the candidate model, the customers and drift's act from this run, and the current model. Every gate reports its value, its
limit and the reason. The verdict is pass, fail, or unverified if drift compared with a different model from the current one. A rejected
candidate is not a failure: the exit code is 0, and promote holds.`,
	Example: "evaluate --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.EvaluateResult) string { return fmt.Sprintf("%s (%d gates)", r.Verdict, len(r.Gates)) },
}

// defaultSilhouette is low: it refuses segments that are no groups at all, and leaves the rest to people.
const defaultSilhouette = 0.2

// Config is what evaluate is told.
type Config struct {
	task.Common
	SmallestShare   float64 // 0..1
	SilhouetteFloor float64 // -1..1
	Accept          string  // codes of findings, as finding.ParseCodes reads them
}

// Flags declares evaluate's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Float("smallest-share", cluster.DefaultFloor, "minimum `SHARE` of customers in the smallest segment, 0 to 1"),
		task.Float("silhouette-floor", defaultSilhouette, "minimum mean silhouette `WIDTH`, -1 to 1"),
		task.String("accept", "", "`CODES` of preprocess's findings to accept, separated by commas, such as rule_share: a finding that stops otherwise "+
			"keeps every candidate from being promoted"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), SmallestShare: c.Float64("smallest-share"), SilhouetteFloor: c.Float64("silhouette-floor"), Accept: c.String("accept"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !(c.SmallestShare >= 0 && c.SmallestShare <= 1) {
		p.Add("smallest-share", "want a share from 0 to 1", c.SmallestShare)
	}
	if !(c.SilhouetteFloor >= -1 && c.SilhouetteFloor <= 1) {
		p.Add("silhouette-floor", "want a width from -1 to 1", c.SilhouetteFloor)
	}
	if _, err := finding.ParseCodes(c.Accept); err != nil {
		p.Add("accept", err.Error(), c.Accept)
	}
	return p.Err()
}
