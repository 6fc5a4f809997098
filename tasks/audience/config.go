// Package audience puts customers on lists, and says what came of whom the same rules took before.
package audience

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
)

// Task is audience as a program.
var Task = task.Task[Config, contract.AudienceResult]{
	Name:  contract.Audience,
	Usage: contract.Does(contract.Audience),
	Description: `Joins what the steps say of every customer: segment, nature, arm, usual and predicted spending, what to offer. A customer is on the
first list of --lists whose rule takes the customer, and on none if permanently held out. For each list the step says what became of the customers
whom the same rule took 90 days ago, next to others of the same segments; a list that made no difference says so.`,
	Example: `audience --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10
audience --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --lists="second_order to=90; late deviations=2"`,
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.AudienceResult) string {
		return fmt.Sprintf("%s of %s customers on %d lists, %s held out", task.Thousands(r.Listed), task.Thousands(r.Customers), len(r.Lists), task.Thousands(r.HeldOut))
	},
}

// Config is what audience is told.
type Config struct {
	task.Common
	Lists string
}

// Flags declares audience's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(), task.String("lists", "", "`LISTS` in the order in which they take customers, each with its limits, separated by "+
		"semicolons; a limit that is left out has its default; a list that is left out is not made (default: "+audience.Default+")"))
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Lists: c.String("lists")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if _, err := audience.Parse(c.Lists); err != nil {
		p.Add("lists", err.Error(), c.Lists)
	}
	return p.Err()
}

// rules are the lists. They have been validated.
func (c Config) rules() []audience.Rule {
	rules, _ := audience.Parse(c.Lists)
	return rules
}

// spelled is the one spelling of rules.
func spelled(rules []audience.Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.String())
	}
	return strings.Join(all, "; ")
}
