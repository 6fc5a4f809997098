// Package promote makes a candidate that passed the gates the model in force.
package promote

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
)

// Task is promote as a program.
var Task = task.Task[Config, contract.PromoteResult]{
	Name:  contract.Promote,
	Usage: contract.Does(contract.Promote),
	Description: `Reads the verdict of evaluate from this run and swaps HEAD, or holds and reports why: the candidate failed, HEAD has moved since
the evaluation, or HEAD has a later as-of date. If the candidate's fit equals HEAD's, HEAD stays unchanged. All of these exit with 0;
75 means that another run moved HEAD at the same time. Idempotent: a rerun after a kill promotes once.`,
	Example: "promote --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.PromoteResult) string {
		if r.Action == contract.ActionHold {
			return "hold: " + r.Why
		}
		return fmt.Sprintf("%s, model %.12s", r.Action, r.ModelID)
	},
}

// Config is what promote is told.
type Config struct{ task.Common }

// Flags declares promote's flags.
func Flags() []cli.Flag { return task.CommonFlags() }

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config { return Config{task.NewCommon(c)} }

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	return p.Err()
}
