// Package explore describes a shop by its kept sale lines: how people buy, where, and where the revenue comes from.
package explore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/task"
)

// Task is explore as a program.
var Task = task.Task[Config, contract.ExploreResult]{
	Name:  contract.Explore,
	Usage: contract.Does(contract.Explore),
	Description: `Reads the sales and customers of this run and their segments. Every line, invoice and customer is personal, bulk or reseller by
thresholds for each product, found in the shop's own quantities and prices: a pack is a quantity that occurs far more often than its neighbours, a carton the
quantity from which the price falls. --thresholds fixes them. There is no truth to check the classes against: the result says how
many customers change class under neighbouring thresholds.`,
	Example: `explore --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10
explore --root=file:///tmp/shop --pipeline=local --run-id=local --as-of=2011-12-10 --thresholds="85123A=6/32;*=/100"`,
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.ExploreResult) string {
		return fmt.Sprintf("%s customers buy for themselves, %s in bulk, %s to resell", task.Thousands(r.Nature.Personal.Customers),
			task.Thousands(r.Nature.Bulk.Customers), task.Thousands(r.Nature.Reseller.Customers))
	},
}

// Config is the configuration of explore.
type Config struct {
	task.Common
	PackRatio   float64
	PackFloor   float64
	CartonScore float64
	Thresholds  string
}

// Flags declares explore's flags.
func Flags() []cli.Flag {
	d := explore.DefaultRule()
	return append(task.CommonFlags(),
		task.Float("pack-ratio", d.SpikeRatio, "how many `TIMES` as often as its neighbours a quantity must occur to be a pack"),
		task.Float("pack-floor", d.SpikeFloor, "`SHARE` of a product's lines, 0 to 1, that must have a quantity for it to be a pack"),
		task.Float("carton-score", d.CartonScore, "`SHARE` of a product's lines, 0.5 to 1, that the price must tell apart at a quantity for it to be a carton"),
		task.String("thresholds", "", "`LIST` of thresholds that are given, not found: code=pack/carton, separated by semicolons; either may be "+
			"empty; the code * means all others; such as 85123A=6/32;*=/100"),
	)
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		Common: task.NewCommon(c), PackRatio: c.Float64("pack-ratio"), PackFloor: c.Float64("pack-floor"),
		CartonScore: c.Float64("carton-score"), Thresholds: c.String("thresholds"),
	}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	if !(c.PackRatio >= 1 && c.PackRatio <= 1000) {
		p.Add("pack-ratio", "want a number from 1 to 1000", c.PackRatio)
	}
	if !(c.PackFloor >= 0 && c.PackFloor <= 1) {
		p.Add("pack-floor", "want a share from 0 to 1", c.PackFloor)
	}
	if !(c.CartonScore >= 0.5 && c.CartonScore <= 1) {
		p.Add("carton-score", "want a share from 0.5 to 1", c.CartonScore)
	}
	if _, err := parseThresholds(c.Thresholds); err != nil {
		p.Add("thresholds", err.Error(), c.Thresholds)
	}
	return p.Err()
}

// rule is the configuration as pkg/explore takes it. It has been validated.
func (c Config) rule() explore.Rule {
	fixed, _ := parseThresholds(c.Thresholds)
	return explore.Rule{SpikeRatio: c.PackRatio, SpikeFloor: c.PackFloor, CartonScore: c.CartonScore, Fixed: fixed}
}

// parseThresholds reads a list such as 85123A=6/32;*=/100.
func parseThresholds(list string) (map[string]explore.Fixed, error) {
	fixed := map[string]explore.Fixed{}
	for item := range strings.SplitSeq(list, ";") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		code, pair, found := strings.Cut(item, "=")
		pack, carton, both := strings.Cut(pair, "/")
		name := explore.Compared(code)
		if !found || !both || name == "" {
			return nil, fmt.Errorf("want code=pack/carton, not %q", item)
		}
		if _, twice := fixed[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		var f explore.Fixed
		for _, side := range []struct {
			text string
			to   *int64
		}{{pack, &f.Pack}, {carton, &f.Carton}} {
			text := strings.TrimSpace(side.text)
			if text == "" {
				continue
			}
			q, err := money.ParseQuantity(text)
			if err != nil || q <= 0 {
				return nil, fmt.Errorf("want a quantity above 0, not %q", text)
			}
			*side.to = int64(q)
		}
		if f.Pack > 0 && f.Carton > 0 && f.Carton < f.Pack {
			return nil, fmt.Errorf("the carton of %s is smaller than its pack", name)
		}
		fixed[name] = f
	}
	return fixed, nil
}

// spelled is the one spelling of given thresholds.
func spelled(fixed map[string]explore.Fixed) string {
	var items []string
	for code, f := range fixed {
		items = append(items, fmt.Sprintf("%s=%s/%s", code, given(f.Pack), given(f.Carton)))
	}
	slices.Sort(items)
	return strings.Join(items, ";")
}

func given(q int64) string {
	if q == 0 {
		return ""
	}
	return money.Quantity(q).String()
}
