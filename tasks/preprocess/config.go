// Package preprocess cleans a window's lines by rules, accounts for every line and every penny, and builds customers out of
// what is kept.
package preprocess

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// Task is preprocess as a program.
var Task = task.Task[Config, contract.PreprocessResult]{
	Name:  contract.Preprocess,
	Usage: contract.Does(contract.Preprocess),
	Description: `Reads the lines of the window [as-of − window, as-of) from the snapshot that ingest wrote in this run. Rules apply in order; each
line counts under the first rule that removes it, so the ledger adds up to the penny. Cancellations are matched with the sales they
reverse. Writes the cleaned sales, the ledger and one row per customer.`,
	Example: "preprocess --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10\n" +
		"preprocess --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --window=all --rules=+duplicate,-guest",
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.PreprocessResult) string {
		return fmt.Sprintf("%s lines kept: %s customers, %s invoices, revenue %s",
			task.Thousands(r.Lines), task.Thousands(r.Customers), task.Thousands(r.Invoices), task.Whole(r.Revenue))
	},
}

// Config is what preprocess is told.
type Config struct {
	task.Common
	Window      string // days, or all
	Rules       string // switches on top of the defaults, as retail.Rules.Set reads them
	NonProducts string // as retail.ParseNonProducts reads it
}

// Flags declares preprocess' flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.String("window", "365", "length of the window before the as-of date in `DAYS`, or all"),
		task.String("rules", "", "rule `SWITCHES`, applied to "+retail.DefaultRules().String()+", such as +duplicate,-guest"),
		task.String("non-product", retail.DefaultNonProducts().String(),
			"`LIST` of codes that are not products, separated by semicolons: digits<N (codes with fewer digits), code=…, description=…; "+
				"a trailing * matches any suffix"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), Window: c.String("window"), Rules: c.String("rules"), NonProducts: c.String("non-product"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if _, err := retail.ParseWindow(0, c.Window); err != nil {
		p.Add("window", err.Error(), c.Window)
	}
	rules := retail.DefaultRules()
	if err := rules.Set(c.Rules); err != nil {
		p.Add("rules", err.Error(), c.Rules)
	}
	if _, err := retail.ParseNonProducts(c.NonProducts); err != nil {
		p.Add("non-product", err.Error(), c.NonProducts)
	}
	return p.Err()
}

// plan is the configuration with its texts understood.
type plan struct {
	window retail.Window
	rules  retail.Rules
}

func (c Config) plan() (plan, error) {
	var p plan
	var err error
	if p.window, err = retail.ParseWindow(c.Run().AsOf, c.Window); err != nil {
		return p, err
	}
	p.rules = retail.DefaultRules()
	if err := p.rules.Set(c.Rules); err != nil {
		return p, err
	}
	p.rules.NonProducts, err = retail.ParseNonProducts(c.NonProducts)
	return p, err
}

// parameters are the flags that change the content, each in its one spelling.
func (p plan) parameters() map[string]any {
	return map[string]any{
		"as_of": p.window.AsOf, "window": p.window.Length(),
		"rules": p.rules.String(), "non_product": p.rules.NonProducts.String(),
	}
}
