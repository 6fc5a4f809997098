// Package promote makes a candidate that passed the gates the model in force.
package promote

import (
	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
)

// Task is promote as a program.
var Task = task.Task[Config, contract.PromoteResult]{
	Name:  contract.Promote,
	Usage: "make a candidate that passed the gates the model in force",
	Description: `Reads the verdict of evaluate in this run and swaps HEAD, or holds and says why: the candidate did not pass, HEAD has moved
since it was evaluated, or HEAD is of a later date. A candidate whose fit is HEAD's leaves it unchanged. All of these are exit code 0;
75 means that another run moved HEAD at the same moment. Started again after it was killed, it does what it did, once.`,
	Example: "promote --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   Flags, Config: NewConfig, Run: Run,
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
