// Package predict says what every customer is expected to order and spend next, and how good such a forecast was last time.
package predict

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
)

// Task is predict as a program.
var Task = task.Task[Config, contract.PredictResult]{
	Name:  contract.Predict,
	Usage: contract.Does(contract.Predict),
	Description: `Fits a model of orders and spending to the window, and judges it by the last 90 days, as it would have been fitted before them,
next to the rule "the same as in the last 90 days". The one that ranks customers better is published. What the data cannot say is null,
with its reason.`,
	Example: "predict --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   task.CommonFlags, Config: NewConfig, Run: Run,
	Says: func(r contract.PredictResult) string {
		if r.Published == contract.MethodNone {
			return "no forecast: too little history"
		}
		return fmt.Sprintf("forecast by %s; %s", r.Published, r.Bias)
	},
}

// Config is what predict is told.
type Config struct{ task.Common }

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config { return Config{task.NewCommon(c)} }

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	return p.Err()
}
