// Package pipeline runs the steps in the contract's order in one process: the same Run functions that the containers run,
// on the same objects.
package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
	"github.com/clientele/clientele/tasks/ingest"
)

// Program is the pipeline, and `pipeline contract`, which prints the wiring.
var Program = task.Group{
	Name:     "pipeline",
	Usage:    "run every step in one process",
	Commands: []task.Command{{Name: "contract", Usage: "print steps, tables and flags as JSON", Program: describe}},
	Default:  Task,
}

// Task is the pipeline as a program.
var Task = task.Task[Config, contract.PipelineResult]{
	Name:  "pipeline",
	Usage: "run every step in one process, from raw lines to scored segments and a page",
	Description: `Runs ingest, preprocess, drift, train, evaluate, promote, score, explore, recommend, predict, measure, audience, publish and report on one root. Accepts the flags
of every step. A second run on the same input reports that nothing changed.`,
	Example: "pipeline --source=online-retail.csv.gz --root=file:///tmp/shop --result=/tmp/shop/result.json\npipeline contract",
	Flags:   Flags, Config: NewConfig, Run: Run, Print: Print, Large: true,
}

// local stands for pipeline and run id on a laptop.
const local = "local"

// Config holds the configuration of every step.
type Config struct {
	task.Common
	Ingest ingest.Config // finds the latest day
	Truth  string        // a demo shop's truth.json, "" without

	ExitNothingNew bool
	steps          []bound
}

// Flags declares the flags of every step, each once. What a laptop need not say has a default here.
func Flags() []cli.Flag { return flagsOf(steps) }

func flagsOf(steps []step) []cli.Flag {
	flags := append(task.HomeFlags(),
		task.String("pipeline", local, "`NAME` of the pipeline that the run belongs to"),
		task.String("run-id", "", "`ID` of the run (default: local; with other step flags, local- and a hash of them)"),
		task.String("as-of", "", "`DATE` to use as today, YYYY-MM-DD (default: the day after the last line)"),
		task.String("truth", "", "compare the segments with the customer types planted in a demo shop; `FILE` is its truth.json"),
	)
	seen := map[string]bool{"undo": true} // of no use here: a pipeline ingests a delivery
	for _, f := range flags {
		seen[f.Names()[0]] = true
	}
	for _, step := range steps {
		for _, f := range step.program.OwnFlags() {
			if name := f.Names()[0]; !seen[name] {
				seen[name] = true
				flags = append(flags, f)
			}
		}
	}
	return flags
}

// NewConfig reads the flags.
func NewConfig(c *cli.Context) Config { return configOf(steps, c) }

func configOf(steps []step, c *cli.Context) Config {
	cfg := Config{
		Common: task.NewCommon(c), Ingest: ingest.NewConfig(c), Truth: c.String("truth"), ExitNothingNew: c.Bool("exit-nothing-new"),
	}
	if cfg.Common.RunID == "" {
		cfg.Common.RunID = defaultRunID(steps, c)
	}
	cfg.Ingest.Common = cfg.Common
	for _, s := range steps {
		cfg.steps = append(cfg.steps, bound{s.Name, s.Reads, s.program.Bind(c)})
	}
	return cfg
}

// defaultRunID is local, and another id for each set of flags that a person tries: what one run has promoted it cannot
// take back for another fit, because a run never sees itself.
func defaultRunID(steps []step, c *cli.Context) string {
	same := map[string]bool{"source": true, "from": true, "to": true, "allow-missing": true, "chunk": true, "overlap": true, "customer-key": true, "truth": true, "exit-nothing-new": true}
	for _, name := range intake.ReachFlags {
		same[name] = true
	}
	for _, f := range append(task.CommonFlags(), task.String("result", "", "")) {
		same[f.Names()[0]] = true
	}
	var set []string
	for _, f := range flagsOf(steps) {
		if name := f.Names()[0]; !same[name] && c.IsSet(name) {
			set = append(set, fmt.Sprintf("%s=%v", name, c.Value(name)))
		}
	}
	if len(set) == 0 {
		return local
	}
	slices.Sort(set)
	return local + "-" + contract.SHA256([]byte(strings.Join(set, "\n")))[:8]
}

// Validate reports every problem of every step, each once.
func (c Config) Validate() error {
	common := c.Common
	if common.AsOf == "" {
		common.AsOf = "1970-01-01" // known only when the source has been read
	}
	var lines []string
	seen := map[string]bool{}
	for _, step := range c.steps {
		err := step.Validate(common)
		if err == nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !seen[line] {
				seen[line] = true
				lines = append(lines, line)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &fault.Fault{Code: fault.ExitUsage, Cause: "flags", Err: errors.New(strings.Join(lines, "\n"))}
}
