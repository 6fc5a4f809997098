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
limit and the reason. The audience gate compares where both models put the customers of this run. The verdict is pass, fail, or unverified if drift compared with a different model from the current one. A rejected
candidate is not a failure: the exit code is 0, and promote holds. The result also lists the reasons to replace the current model: drift
asks for it, or it is older than --max-age.`,
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
	MaxAudience     float64 // 0..1
	MaxAge          int     // days, 0 for no limit
	Accept          string  // codes of findings, as finding.ParseCodes reads them
}

// Flags declares evaluate's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Float("smallest-share", cluster.DefaultFloor, "minimum `SHARE` of customers in the smallest segment, 0 to 1"),
		task.Float("silhouette-floor", defaultSilhouette, "minimum mean silhouette `WIDTH`, -1 to 1"),
		task.Float("max-audience-change", 0.15, "maximum `SHARE` of a segment's customers, 0 to 1, who may enter or leave it because of the model alone, unless drift asks for a new one or the model is older than twice --max-age"),
		task.Int("max-age", 90, "`DAYS` after which a model may be replaced without another reason; 0 is never"),
		task.String("accept", "", "`CODES` of preprocess's findings to accept, separated by commas, such as rule_share: a finding that stops otherwise "+
			"keeps every candidate from being promoted"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), SmallestShare: c.Float64("smallest-share"), SilhouetteFloor: c.Float64("silhouette-floor"),
		MaxAudience: c.Float64("max-audience-change"), MaxAge: c.Int("max-age"), Accept: c.String("accept"),
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
	if !(c.MaxAudience >= 0 && c.MaxAudience <= 1) {
		p.Add("max-audience-change", "want a share from 0 to 1", c.MaxAudience)
	}
	if c.MaxAge < 0 {
		p.Add("max-age", "want a number of days, or 0 for never", c.MaxAge)
	}
	if _, err := finding.ParseCodes(c.Accept); err != nil {
		p.Add("accept", err.Error(), c.Accept)
	}
	return p.Err()
}
