// Package demo writes a shop for those who have no data at hand: lines.csv, which bin/ingest takes as it is, and
// truth.json, which says what was planted.
package demo

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
)

// Task is the demo shop as a program.
var Task = task.Task[Config, Result]{
	Name:  "demo",
	Usage: "generate a demo shop with known ground truth: lines.csv and truth.json",
	Description: `Generates a shop with seven types of customers, seasons, product pairs, returns, guests, fees and a few broken records; optionally
with data faults and a campaign. The same flags give the same bytes, and a fault changes only the lines it affects. A customer has
about 65 lines in 13 months, so 1,550,000 customers give 100 million lines; memory does not grow with lines.`,
	Example: "demo --out-dir=/tmp/shop\ndemo --out-dir=/tmp/large --customers=155000 --seed=7\n" +
		"demo --out-dir=/tmp/bad --fault=price_x100@2025-09-05,lost_country:France@2025-09-08..2025-09-14",
	Flags: Flags, Config: NewConfig, Run: Run, Print: Print,
}

// Config is what the flags say.
type Config struct {
	OutDir    string
	Seed      string
	Customers int
	From      string
	Days      int
	Dirty     float64
	Fault     string
	Campaign  string
}

// Flags declares the flags.
func Flags() []cli.Flag {
	return []cli.Flag{
		task.Required(task.String("out-dir", "", "output `FOLDER`, created if it does not exist")),
		task.String("seed", "1", "random seed, a `NUMBER`"),
		task.Int("customers", 800, "`NUMBER` of customers; each has about 65 lines in 13 months"),
		task.String("from", "2024-11-01", "first `DATE`, YYYY-MM-DD"),
		task.Int("days", 396, "`NUMBER` of days"),
		task.Float("dirty", 0.004, "`SHARE` of broken records, 0 or from 0.000001 to 0.5; above 0, there are at least 13 broken records, so that every check that a csv can fail fails at least once; with fewer than 650 records in total, that is more than ingest accepts by default"),
		task.String("fault", "", "data `FAULTS` by day, comma separated, each FAULT@DAY or FAULT@FIRST..LAST: "+
			strings.Join(demo.Faults, ", ")+"; lost_country:COUNTRY names a country other than "+demo.DefaultLostCountry),
		task.String("campaign", "", "`OFFER` by which orders grow, EFFECT[:SHARE]@FIRST..LAST: 0.10:0.5@2025-06-02..2025-06-29 makes "+
			"those of half of the customers a tenth larger for four weeks"),
	}
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{
		OutDir: c.String("out-dir"), Seed: c.String("seed"), Customers: c.Int("customers"),
		From: c.String("from"), Days: c.Int("days"), Dirty: c.Float64("dirty"),
		Fault: c.String("fault"), Campaign: c.String("campaign"),
	}
}

// Validate reports every problem of the configuration.
func (c Config) Validate() error {
	_, err := c.options()
	return err
}

// options returns the shop that the flags describe, or every problem of them.
func (c Config) options() (demo.Options, error) {
	var p task.Problems
	o := demo.Options{Customers: c.Customers, Days: c.Days}
	if strings.TrimSpace(c.OutDir) == "" {
		p.Add("out-dir", "needs a value", c.OutDir)
	}
	var err error
	if o.Seed, err = strconv.ParseUint(c.Seed, 10, 64); err != nil {
		p.Add("seed", "want a whole number, 0 or more", c.Seed)
	}
	if o.From, err = calendar.ParseDate(c.From); err != nil {
		p.Add("from", "want a calendar day written YYYY-MM-DD", c.From)
	}
	if c.Dirty == 0 || c.Dirty >= 1e-6 && c.Dirty <= demo.MaxDirty/1e6 {
		o.Dirty = int(c.Dirty*1e6 + 0.5)
	} else { // NaN too
		p.Add("dirty", "want 0 or a share from 0.000001 to 0.5", c.Dirty)
	}
	if c.Customers < demo.MinCustomers || c.Customers > demo.MaxCustomers {
		p.Add("customers", fmt.Sprintf("want %d to %d", demo.MinCustomers, demo.MaxCustomers), c.Customers)
	}
	if c.Days < demo.MinDays || c.Days > demo.MaxDays {
		p.Add("days", fmt.Sprintf("want %d to %d", demo.MinDays, demo.MaxDays), c.Days)
	}
	if o.Faults, err = demo.ParseFaults(c.Fault); err != nil {
		p.Add("fault", err.Error(), c.Fault)
	}
	if c.Campaign != "" {
		planted, err := demo.ParseCampaign(c.Campaign)
		if err != nil {
			p.Add("campaign", err.Error(), c.Campaign)
		}
		o.Campaign = &planted
	}
	if err := p.Err(); err != nil {
		return o, err
	}
	if err := o.Validate(); err != nil { // what only days and faults together can show
		return o, &fault.Fault{Code: fault.ExitUsage, Cause: "flags", Err: err}
	}
	return o, nil
}

// Print says what was written.
func Print(w io.Writer, r Result) error {
	_, err := fmt.Fprintf(w, "a shop of %d customers, %s to %s: %d lines, %d of them broken on purpose\n  %s\n  %s\n",
		r.Customers, r.First, r.Last, r.Records, r.Records-r.Lines, r.LinesFile, r.TruthFile)
	return err
}
