// Package preprocess cleans a window's lines by rules, accounts for every line and every penny, and builds customers out of
// what is kept.
package preprocess

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/task"
)

// Task is preprocess as a program.
var Task = task.Task[Config, contract.PreprocessResult]{
	Name:  contract.Preprocess,
	Usage: contract.Does(contract.Preprocess),
	Description: `Reads the lines of the window [as-of − window, as-of) from the snapshot that ingest wrote in this run. Rules apply in order; each
line counts under the first rule that removes it, so the ledger adds up to the penny. Returns are matched with the sales they reverse.
What a return, an invoice and a product are is decided from the lines, unless a profile or a flag says so, and stays decided for the
root. Writes the cleaned sales, the ledger and one row per customer.`,
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
	Drift       int    // days of the windows that drift compares; 0 for none
	Rules       string // switches on top of the defaults, as retail.Rules.Set reads them
	Profile     string // see profile.Load
	NonProducts string // as retail.ParseNonProducts reads it; auto: see retail.Decide
	Discounts   string // drop or allocate; auto: the profile's, or drop
	Invoice     string // number or number_day; auto
	Returns     string // a pattern of invoice numbers; auto

	partitions int // of customers, for tests: 0 is as many as suit the lines
}

// defaultDrift is a quarter, as everywhere.
const defaultDrift = 90

// Flags declares preprocess' flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.String("window", "365", "length of the window before the as-of date in `DAYS`, or all"),
		task.Int("drift-window", defaultDrift, "length of the windows that drift compares in `DAYS`; 0 makes none"),
		task.String("rules", "", "rule `SWITCHES`, applied to "+retail.DefaultRules().String()+", such as +duplicate,-guest"),
		task.String("profile", "", "`FILE` with the shop's profile (TOML): a path or a file://, gs:// or https:// URL; flags win over it"),
		task.String("non-product", auto,
			"`LIST` of what is not a product, separated by semicolons: services (known words), digits<N (codes with fewer digits), code=…, description=…; "+
				"a trailing * matches any suffix; auto decides from the shop's own codes"),
		task.String("discounts", auto, "what becomes of discount `LINES`: drop (their amount is not taken off) or allocate (it is taken off the invoice's product lines); auto is the profile's, or drop"),
		task.String("invoice", auto, "what an `INVOICE` is: number, or number_day where numbers are used again; auto decides from the lines"),
		task.String("returns", auto, "regular `EXPRESSION` of the numbers of invoices that are returns whatever their sign, such as CN-[0-9]+; auto is the profile's, or none"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), Window: c.String("window"), Drift: c.Int("drift-window"), Rules: c.String("rules"), Profile: c.String("profile"),
		NonProducts: c.String("non-product"), Discounts: c.String("discounts"), Invoice: c.String("invoice"), Returns: c.String("returns"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if _, err := retail.ParseWindow(0, c.Window); err != nil {
		p.Add("window", err.Error(), c.Window)
	}
	if c.Drift < 0 || c.Drift > year {
		p.Add("drift-window", "want a number of days from 0 to 365", c.Drift)
	}
	rules := retail.DefaultRules()
	if err := rules.Set(c.Rules); err != nil {
		p.Add("rules", err.Error(), c.Rules)
	}
	if _, err := retail.ParseNonProducts(c.NonProducts); c.NonProducts != auto && err != nil {
		p.Add("non-product", err.Error(), c.NonProducts)
	}
	for _, f := range []struct {
		flag, value string
		meaning     retail.Meaning
	}{
		{"discounts", c.Discounts, retail.Meaning{Discounts: stated(c.Discounts)}},
		{"invoice", c.Invoice, retail.Meaning{Invoice: stated(c.Invoice)}},
		{"returns", c.Returns, retail.Meaning{ReturnInvoices: stated(c.Returns)}},
	} {
		for _, why := range f.meaning.Problems() {
			p.Add(f.flag, why, f.value)
		}
	}
	return p.Err()
}

// auto is the value of flags that leave a decision to the profile, or to the lines.
const auto = "auto"

// stated returns what a flag says, "" where it leaves the decision.
func stated(flag string) string {
	if flag == auto {
		return ""
	}
	return flag
}

// meaning returns what the flags say of what lines mean, and then the profile.
func (c Config) meaning(p profile.Profile) retail.Meaning {
	return retail.Meaning{
		NonProducts: stated(c.NonProducts), Discounts: stated(c.Discounts), Invoice: stated(c.Invoice), ReturnInvoices: stated(c.Returns),
	}.Or(p.Meaning)
}

// plan is the configuration with its texts understood.
type plan struct {
	window retail.Window
	drift  int // days
	rules  retail.Rules
	given  retail.Meaning // what flags and profile say
}

func (c Config) plan(ctx context.Context) (plan, error) {
	var p plan
	var err error
	if p.window, err = retail.ParseWindow(c.Run().AsOf, c.Window); err != nil {
		return p, err
	}
	p.drift = c.Drift
	p.rules = retail.DefaultRules()
	if err := p.rules.Set(c.Rules); err != nil {
		return p, err
	}
	file, err := profile.Load(ctx, c.Profile, source.Options{})
	if err != nil {
		return p, err
	}
	p.given = c.meaning(file)
	if n, err := retail.ParseNonProducts(p.given.NonProducts); err == nil {
		p.given.NonProducts = n.String() // its one spelling
	}
	return p, nil
}

// parameters are the flags that change the content, each in its one spelling.
func (p plan) parameters() map[string]any {
	return map[string]any{
		"as_of": p.window.AsOf, "window": p.window.Length(),
		"rules": p.rules.String(), "meaning": p.given,
	}
}
