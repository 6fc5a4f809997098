package registry

import (
	"context"
	"errors"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// UsageConfig is what usage is told.
type UsageConfig struct {
	task.Common
	Prices [4]float64 // in the order of priceNames; all 0 shows no money
}

// priceNames are the flags of prices, which are of one hour, one hour of one GiB, and one GiB moved.
var priceNames = [4]string{"price-cpu-hour", "price-gib-hour", "price-read-gib", "price-written-gib"}

// Usage lists what runs have used.
var Usage = task.Task[UsageConfig, contract.UsageResult]{
	Large: true, // a row a step and run
	Name:  "registry-usage", Usage: "list what the last runs of each step have used, and what that comes to at your prices",
	Description: `Reads what steps with --record-use (all that Airflow starts) have kept below state/: seconds, processor seconds, GiB-hours, and bytes
read and written, of the last 53 runs of each step. With prices of your own contract it adds money: CPU hours, GiB-hours and GiB
moved, each times its price. There is no price in this program.`,
	Example: "registry usage --root=gs://shop/clientele\nregistry usage --root=gs://shop/clientele --price-cpu-hour=P --price-gib-hour=P",
	Flags: func() []cli.Flag {
		flags := task.HomeFlags()
		for i, what := range [4]string{"an hour of one processor", "an hour of one GiB of memory", "one GiB read", "one GiB written"} {
			flags = append(flags, task.Float(priceNames[i], 0, "your `PRICE` of "+what+", in any currency"))
		}
		return flags
	},
	Config: func(c *cli.Context) UsageConfig {
		u := UsageConfig{Common: task.NewCommon(c)}
		for i, name := range priceNames {
			u.Prices[i] = c.Float64(name)
		}
		return u
	},
	Run: func(ctx context.Context, c UsageConfig, d task.Deps) (contract.UsageResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, _ *registry.Registry) (contract.UsageResult, error) {
			return c.list(ctx, home)
		})
	},
	Print: printUsage,
}

// Validate reports every problem at once.
func (c UsageConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	for i, price := range c.Prices {
		if price < 0 {
			p.Add(priceNames[i], "want 0 or more", price)
		}
	}
	return p.Err()
}

func (c UsageConfig) list(ctx context.Context, home *run.Home) (contract.UsageResult, error) {
	r := contract.UsageResult{Rows: []contract.UsageRow{}, Priced: c.Prices != [4]float64{}}
	for _, s := range contract.Steps {
		state, err := run.ReadState[task.Used](ctx, home.Root, contract.UsedPath(home.Name, s.Name))
		if err != nil {
			return r, err
		}
		for _, e := range state.Entries {
			row := contract.UsageRow{Step: s.Name, Run: e.Run, Seconds: e.Value.Seconds, CPUSeconds: e.Value.CPUSeconds, GiBHours: e.Value.GiBHours,
				ReadBytes: e.Value.ReadBytes, WrittenBytes: e.Value.WrittenBytes}
			row.Money = c.money(row)
			r.Money += row.Money
			r.Rows = append(r.Rows, row)
		}
	}
	return r, nil
}

// money is the formula of docs/deploy.md for what a step has used.
func (c UsageConfig) money(r contract.UsageRow) float64 {
	const gib = 1 << 30
	return r.CPUSeconds/3600*c.Prices[0] + r.GiBHours*c.Prices[1] + float64(r.ReadBytes)/gib*c.Prices[2] + float64(r.WrittenBytes)/gib*c.Prices[3]
}

func printUsage(w io.Writer, r contract.UsageResult) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	if len(r.Rows) == 0 {
		p.line("nothing is recorded: steps record with --record-use, as Airflow starts them")
	} else {
		p.line("step\trun\tseconds\tCPU seconds\tGiB-hours\tbytes read\tbytes written\tmoney")
	}
	for _, u := range r.Rows {
		money := "" // no price, no money
		if r.Priced {
			money = strconv.FormatFloat(u.Money, 'f', 4, 64)
		}
		p.line("%s\t%s\t%.1f\t%.1f\t%.4f\t%d\t%d\t%s", u.Step, u.Run, u.Seconds, u.CPUSeconds, u.GiBHours, u.ReadBytes, u.WrittenBytes, money)
	}
	if r.Priced {
		p.line("all\t\t\t\t\t\t\t%.4f", r.Money)
	}
	return errors.Join(p.err, t.Flush())
}
