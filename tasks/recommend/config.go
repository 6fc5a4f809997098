// Package recommend lists what to offer to every customer, and judges such lists on the shop's own last month.
package recommend

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/recommend"
	"github.com/clientele/clientele/pkg/task"
)

// Task is recommend as a program.
var Task = task.Task[Config, contract.RecommendResult]{
	Name:  contract.Recommend,
	Usage: contract.Does(contract.Recommend),
	Description: `Reads the sales and segments of this run. Several methods rank what customers bought in the last 30 days and had not bought
before; their parameters are chosen on the 30 days before those. The best one makes the lists only if it beats the popularity of the
last 60 days. Of more than 10,000 customers, or baskets, a sample of 10,000 is judged. Every customer gets a list of products new to
her, one of products to buy again, and one that goes with her latest basket. Filters apply before ranking: --sold-within,
--exclude-products, --include-products, and one of a set of variants on a list.`,
	Example: `recommend --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10
recommend --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --exclude-products=sold-out.txt`,
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.RecommendResult) string {
		return fmt.Sprintf("lists of %s for %s customers, judged on %s", r.Served.Method, task.Thousands(r.Listed), task.Thousands(int64(r.Judged)))
	},
}

// Config is the configuration of recommend.
type Config struct {
	task.Common
	MaxProducts int
	SoldWithin  int    // days, 0 is no condition
	Exclude     string // locations of files of codes, "" for none
	Include     string
	AllVariants bool
}

// Flags declares recommend's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(),
		task.Int("max-products", 10_000, "largest `NUMBER` of products for which EASE is fitted; it takes 16 bytes times its square of --memory. "+
			"Above it, Jaccard similarity with 50 neighbours takes its place"),
		task.Int("sold-within", recommend.Window, "list only products sold in this many `DAYS` before the as-of date; 0 lists all"),
		task.String("exclude-products", "", "`FILE` of product codes that are never listed, one a line: a path or a file://, gs:// or https:// URL"),
		task.String("include-products", "", "`FILE` of the only product codes that are listed, one a line, such as those in stock"),
		task.Bool("all-variants", "allow several variants of one product on a list; a code of digits and then letters, such as 85123A, is a variant of its digits"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), MaxProducts: c.Int("max-products"), SoldWithin: c.Int("sold-within"),
		Exclude: c.String("exclude-products"), Include: c.String("include-products"), AllVariants: c.Bool("all-variants"),
	}
}

// largestMatrix keeps a matrix within what can be addressed.
const largestMatrix = 100_000

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if c.MaxProducts < 0 || c.MaxProducts > largestMatrix {
		p.Add("max-products", fmt.Sprintf("want a number of products from 0 to %d", largestMatrix), c.MaxProducts)
	}
	if c.SoldWithin < 0 || c.SoldWithin > 100_000 {
		p.Add("sold-within", "want a number of days from 0 to 100000", c.SoldWithin)
	}
	for _, f := range []struct{ flag, where string }{{"exclude-products", c.Exclude}, {"include-products", c.Include}} {
		if f.where == "" {
			continue
		}
		if at, err := source.Parse(f.where); err != nil || len(at) != 1 {
			p.Add(f.flag, "want one path or URL", source.Redact(f.where))
		}
	}
	return p.Err()
}

// codesOf reads a list of codes: one a line; blank lines and lines that begin with # say nothing.
func codesOf(text string) map[string]bool {
	codes := map[string]bool{}
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if line = strings.ToUpper(strings.TrimSpace(line)); line != "" && line[0] != '#' {
			codes[line] = true
		}
	}
	return codes
}
