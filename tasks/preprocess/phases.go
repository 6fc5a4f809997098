package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// Program is the step, and its phases for an engine that moves the lines between machines:
//
//	plan       all lines                      → the plan: what partitions have to know of each other's lines
//	scatter    the plan, some day files       → their lines, by partition
//	partition  the plan, lines of a partition → its part of the tables, a receipt
//	commit     the plan, all receipts         → the tables, the manifest, current.json
//
// The outcome is that of the step in one process, to the byte.
var Program = task.Group{
	Name: contract.Preprocess, Usage: Task.Usage, Default: Task,
	Commands: []task.Command{
		{Name: "plan", Usage: "look at the whole of the lines, and write what the other phases need", Program: planPhase},
		{Name: "scatter", Usage: "send the lines of day files to partitions of customers", Program: scatterPhase},
		{Name: "partition", Usage: "work on the lines of one partition", Program: partitionPhase},
		{Name: "commit", Usage: "make the tables of all partitions' parts visible", Program: commitPhase},
	},
}

// phaseConfig is the configuration of a phase: the step's own, the same for all of them.
type phaseConfig struct {
	Config
	Plan string // its object's name; "" for the phase that makes it
}

var planName = regexp.MustCompile(`^plan-([0-9a-f]{64})\.json$`)

// Validate reports every problem at once.
func (c phaseConfig) Validate() error {
	var p task.Problems
	if c.partitions < 0 || c.partitions > mostParts {
		p.Add("partitions", fmt.Sprintf("want a number from 0 to %d", mostParts), c.partitions)
	}
	return errors.Join(c.Config.Validate(), p.Err())
}

// planned is the configuration of a phase after the plan.
type planned struct{ phaseConfig }

// Validate reports every problem at once.
func (c planned) Validate() error {
	var p task.Problems
	if !planName.MatchString(c.Plan) {
		p.Add("plan", "want plan-<sha256>.json, as the phase plan prints it", c.Plan)
	}
	return errors.Join(c.Config.Validate(), p.Err())
}

func planFlags() []cli.Flag {
	return append(Flags(), task.Int("partitions", 0, "`NUMBER` of partitions of customers; 0 is as many as suit the lines"))
}

func plannedFlags() []cli.Flag {
	return append(Flags(), task.String("plan", "", "`NAME` of the plan, as the phase plan prints it"))
}

func newPlanned(c *cli.Context) planned {
	return planned{phaseConfig{Config: NewConfig(c), Plan: c.String("plan")}}
}

// printLine prints a result as one line of JSON.
func printLine[R any](w io.Writer, r R) error { return json.NewEncoder(w).Encode(r) }

// division is what plan writes and the other phases read.
type division struct {
	Version int `json:"version"`
	told
	retail.Ranges
	Sources map[string]uint16     `json:"sources"` // numbers of them, for invoices
	Windows []divisionWindow      `json:"windows"` // the step's own, then drift's
	Objects []divisionObject      `json:"objects"` // day files
	Tables  map[string]run.Stored `json:"tables"`  // that are made already
}

const divisionVersion = 1

type divisionWindow struct {
	Name string `json:"name"` // "" for the step's own
	retail.Window
	Lines int64         `json:"lines"`
	Facts *retail.Facts `json:"facts"`
}

type divisionObject struct {
	Source string `json:"source"`
	lines.Partition
}

// facts returns those of all windows.
func (d *division) facts() (all []*retail.Facts) {
	for _, w := range d.Windows {
		all = append(all, w.Facts)
	}
	return all
}

// phase opens the stores and begins the step's session for a phase that does not end it.
func (c Config) phase(ctx context.Context, d task.Deps, do func(*job, *run.Session) error) (err error) {
	j, err := c.job(ctx, d)
	if err != nil {
		return err
	}
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	s, err := j.begin(ctx, home)
	if err != nil {
		return err
	}
	return do(j, s)
}

// division reads the plan of that name. One that is not there is of other inputs than those of now.
func (j *job) division(ctx context.Context, s *run.Session, name string) (*division, error) {
	d := &division{}
	st := run.Stored{Object: contract.OutputPath(s.Run(), contract.Preprocess, s.Key(), name), SHA256: planName.FindStringSubmatch(name)[1]}
	err := j.readJSON(ctx, st, d)
	if fault.CodeOf(err) == fault.ExitMissing {
		return nil, fault.ErrTemporary.Errorf("plan", j.home.Root.URI(st.Object), "the plan is not one of the inputs as they are now: plan again: %w", err)
	}
	if err == nil && d.Version != divisionVersion {
		err = fault.ErrTemporary.Errorf("plan", j.home.Root.URI(st.Object), "the plan has version %d, this program wants %d: plan again with it", d.Version, divisionVersion)
	}
	if err != nil {
		return nil, err
	}
	j.rules.Meaning = d.Meaning
	return d, nil
}

func (j *job) readJSON(ctx context.Context, st run.Stored, into any) error {
	return j.home.UseStored(ctx, st, func(src io.ReaderAt, size int64) error {
		if err := json.NewDecoder(io.NewSectionReader(src, 0, size)).Decode(into); err != nil {
			return fault.ErrBadData.Errorf("damaged", j.home.Root.URI(st.Object), "read %s: %w", st.Object, err)
		}
		return nil
	})
}
