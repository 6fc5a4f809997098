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
the evaluation, HEAD has a later as-of date, or there is no reason to replace the current model. Reasons are that drift asks for it, that
the model is older than evaluate's --max-age, and --promote=force, by which a person also passes over the audience gate. If the candidate's fit equals HEAD's, HEAD stays unchanged. All of these exit with 0;
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
type Config struct {
	task.Common
	Promote string // contract.PromoteAuto, contract.PromoteForce; "" is auto
}

// Flags declares promote's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(), task.String("promote", contract.PromoteAuto,
		"`WHEN` to replace the current model: auto (if there is a reason) or force (a person wants it, whoever changes segments)"))
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Promote: c.String("promote")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.Promote != "" && c.Promote != contract.PromoteAuto && c.Promote != contract.PromoteForce {
		p.Add("promote", "want auto or force", c.Promote)
	}
	return p.Err()
}
