// Package measure says what change of the average invoice value could be seen in a shop, assigns the customers of a campaign to
// arms, and reads what came of it.
package measure

import (
	"fmt"
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
)

// Program is measure's commands. Without one it is the step of the pipeline.
var Program = task.Group{
	Name:  contract.Measure,
	Usage: contract.Does(contract.Measure),
	Commands: []task.Command{
		{Name: "assign", Usage: "assign customers to the arms of a campaign, once", Program: Assign},
		{Name: "read", Usage: "read a campaign now, and add the look to its history", Program: ReadNow},
		{Name: "export", Usage: "write a list of customers for a marketing tool", Program: Export},
	},
	Default: Task,
}

// Task is the step.
var Task = task.Task[Config, contract.MeasureResult]{
	Name:  contract.Measure,
	Usage: contract.Does(contract.Measure),
	Description: `Says for several periods and caps which change of the average invoice value would be found four times in five, checks the test on
halves of the customers between which there is no difference, and reads the campaigns that are due: one of a fixed horizon once it is over,
one with an always-valid interval at every run.`,
	Example: "measure --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10\n" +
		"measure assign --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 --campaign=spring\n" +
		"measure read --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2012-03-09 --campaign=spring",
	Flags: Flags, Config: NewConfig, Run: Run,
	Says: func(r contract.MeasureResult) string { return r.Measurable },
}

// Config is what the step is told.
type Config struct {
	task.Common
	HoldOut float64 // share of customers who get nothing from any campaign, 0..1
	Splits  int     // of the A/A check
}

// Flags declares the step's flags.
func Flags() []cli.Flag {
	return append(task.CommonFlags(), holdOutFlag(),
		task.Int("splits", 2000, "compare halves without a difference this `NUMBER` of times"))
}

func holdOutFlag() cli.Flag {
	return task.Float("hold-out", 0.10, "`SHARE` of customers, 0 to 0.9, who are on no list and in no campaign; 0 holds nobody out")
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config {
	return Config{Common: task.NewCommon(c), HoldOut: c.Float64("hold-out"), Splits: c.Int("splits")}
}

// Validate reports every problem at once.
func (c Config) Validate() error {
	var p task.Problems
	c.Check(&p)
	checkHoldOut(&p, c.HoldOut)
	if c.Splits < 1 || c.Splits > 100_000 {
		p.Add("splits", "want a number from 1 to 100000", c.Splits)
	}
	return p.Err()
}

func checkHoldOut(p *task.Problems, share float64) {
	if !(share >= 0 && share <= .9) {
		p.Add("hold-out", "want a share from 0 to 0.9", share)
	}
}

var campaignID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func checkCampaign(p *task.Problems, id string) {
	if !campaignID.MatchString(id) || id == contract.HoldOut {
		p.Add("campaign", "want 1 to 40 of a-z, 0-9 and -, and not "+contract.HoldOut, id)
	}
}

// AssignConfig is what assign is told.
type AssignConfig struct {
	task.Common
	Campaign string
	Salt     string // "" means the campaign's id
	Start    string // YYYY-MM-DD, "" means as-of
	Days     int
	Control  float64
	HoldOut  float64
	Quantile float64
	Rise     float64
	Interval string
}

// Assign assigns the customers of a campaign.
var Assign = task.Task[AssignConfig, contract.AssignResult]{
	Name: "measure-assign", Usage: "assign customers to the arms of a campaign, once",
	Description: `Fixes a campaign before it starts: its period, arms, cap and target, in campaigns/<name>/<id>/plan.json, and who is in which arm, in
arms.arrow. An arm is a hash of salt and customer: the same on any day, for newcomers too. Nothing of it changes later. Assigning the same again
says so; with other values it is refused. Reads the output of preprocess and score of the run, or of --from-run.`,
	Example: "measure assign --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10 --campaign=spring",
	Flags:   assignFlags, Config: newAssignConfig, Run: runAssign,
	Says: func(r contract.AssignResult) string {
		return fmt.Sprintf("campaign %s from %s to before %s, %d customers", r.ID, r.Start, r.End, r.Arms.Rows)
	},
}

func assignFlags() []cli.Flag {
	return append(task.CommonFlags(), holdOutFlag(),
		task.Required(task.String("campaign", "", "`ID` of the campaign")),
		task.String("salt", "", "`SALT` of the hash that assigns arms (default: the campaign's id)"),
		task.String("start", "", "first `DATE` of the campaign, YYYY-MM-DD, not before as-of (default: as-of)"),
		task.Int("days", 90, "`DAYS` that the campaign lasts"),
		task.Float("control-share", 0.5, "`SHARE` of the others, 0 to 0.95, who are the control arm; 0 randomises nothing, and no read is causal"),
		task.Float("cap-quantile", 0.95, "`QUANTILE` of earlier invoice values at which values are capped; 1 caps none"),
		task.Float("rise", 0.10, "wanted `RISE` of the average invoice value"),
		task.String("interval", contract.FixedHorizon, "`KIND` of interval: fixed (one look, at the end) or always-valid (any number of looks)"),
	)
}

func newAssignConfig(c *cli.Context) AssignConfig {
	return AssignConfig{
		Common: task.NewCommon(c), Campaign: c.String("campaign"), Salt: c.String("salt"), Start: c.String("start"), Days: c.Int("days"),
		Control: c.Float64("control-share"), HoldOut: c.Float64("hold-out"), Quantile: c.Float64("cap-quantile"), Rise: c.Float64("rise"),
		Interval: c.String("interval"),
	}
}

// Validate reports every problem at once.
func (c AssignConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	checkHoldOut(&p, c.HoldOut)
	checkCampaign(&p, c.Campaign)
	if c.Start != "" {
		start, err := calendar.ParseDate(c.Start)
		if asOf, bad := calendar.ParseDate(c.AsOf); err != nil || bad == nil && start < asOf {
			p.Add("start", "want a calendar day written YYYY-MM-DD, not before as-of: who has bought already cannot be assigned by chance", c.Start)
		}
	}
	if c.Days < 7 || c.Days > 366 {
		p.Add("days", "want a number from 7 to 366", c.Days)
	}
	if !(c.Control >= 0 && c.Control <= .95) {
		p.Add("control-share", "want a share from 0 to 0.95", c.Control)
	}
	if !(c.Quantile >= .5 && c.Quantile <= 1) {
		p.Add("cap-quantile", "want a quantile from 0.5 to 1", c.Quantile)
	}
	if !(c.Rise > 0 && c.Rise <= 10) {
		p.Add("rise", "want a share above 0, such as 0.1", c.Rise)
	}
	if c.Interval != contract.FixedHorizon && c.Interval != contract.AlwaysValid {
		p.Add("interval", "want fixed or always-valid", c.Interval)
	}
	return p.Err()
}

// start returns the campaign's first day.
func (c AssignConfig) start() calendar.Date {
	if d, err := calendar.ParseDate(c.Start); err == nil {
		return d
	}
	return c.Run().AsOf
}

// ReadConfig is what read is told.
type ReadConfig struct {
	task.Common
	Campaign string
}

// ReadNow reads a campaign.
var ReadNow = task.Task[ReadConfig, contract.Read]{
	Name: "measure-read", Usage: "read a campaign now, and add the look to its history",
	Description: `Compares the arms by what was bought from the campaign's start to as-of, and writes campaigns/<name>/<id>/reads/<n>.json. Every look is
kept: one at a fixed horizon before its end, or a second one, says so in its verdict.`,
	Example: "measure read --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2012-03-09 --campaign=spring",
	Flags: func() []cli.Flag {
		return append(task.CommonFlags(), task.Required(task.String("campaign", "", "`ID` of the campaign")))
	},
	Config: func(c *cli.Context) ReadConfig { return ReadConfig{task.NewCommon(c), c.String("campaign")} },
	Run:    runRead,
	Says:   func(r contract.Read) string { return "campaign " + r.Campaign + ": " + r.Verdict },
}

// Validate reports every problem at once.
func (c ReadConfig) Validate() error {
	var p task.Problems
	c.Check(&p)
	checkCampaign(&p, c.Campaign)
	return p.Err()
}
