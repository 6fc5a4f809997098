// Package publish copies the tables of a run to BigQuery, all of them or none.
package publish

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/warehouse"
)

// Task is publish as a program.
var Task = task.Task[Config, contract.PublishResult]{
	Name:  contract.Publish,
	Usage: contract.Does(contract.Publish),
	Description: `Loads the tables of the run into staging tables, checks their rows and sums, and makes them visible in one transaction: the rows of this
as-of date in every table, and <table>_current if no later date is published. The dataset must exist; tables and nullable columns that
are missing are added. Without --warehouse it publishes nothing. ` + warehouse.EmulatorVariable + ` names a local BigQuery.`,
	Example: "publish --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 --warehouse=my-project.clientele --location=EU",
	Flags:   Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.PublishResult) string {
		if !r.Published {
			return "nothing published: no --warehouse is set"
		}
		rows := int64(0)
		for _, t := range r.Tables {
			rows += t.Rows
		}
		return fmt.Sprintf("%s rows in %d tables of %s", task.Thousands(rows), len(r.Tables), r.Warehouse)
	},
}

// Config is what publish is told.
type Config struct {
	task.Common
	Warehouse      string // project.dataset, "" publishes nothing
	Location       string // of the dataset, "" is its own
	MaxBytesBilled int64  // 0 is the project's limit
}

// Flags declares publish's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.String("warehouse", "", "`DATASET` in BigQuery to publish to, as project.dataset; empty publishes nothing"),
		task.String("location", "", "`LOCATION` of the dataset, such as EU (default: the dataset's own)"),
		task.Int("max-bytes-billed", 0, "refuse a query that would bill more than this `NUMBER` of bytes; 0 is the project's own limit"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), Warehouse: c.String("warehouse"), Location: c.String("location"), MaxBytesBilled: int64(c.Int("max-bytes-billed"))}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.Warehouse != "" {
		if problem := warehouse.CheckName(c.Warehouse); problem != "" {
			p.Add("warehouse", problem, c.Warehouse)
		}
	}
	if c.MaxBytesBilled < 0 {
		p.Add("max-bytes-billed", "want 0 or more", c.MaxBytesBilled)
	}
	return p.Err()
}
