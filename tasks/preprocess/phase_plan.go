package preprocess

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// PlanResult is what the phase plan prints.
type PlanResult struct {
	Key        string   `json:"key"`
	Done       bool     `json:"done"` // this run has the same work already: no other phase is needed
	Plan       string   `json:"plan"`
	Partitions int      `json:"partitions"`
	Objects    []string `json:"objects"` // day files, in their order
}

var planPhase = task.Task[phaseConfig, PlanResult]{
	Name: contract.Preprocess + "-plan", Usage: "look at the whole of the lines, and write what the other phases need",
	Description: `Reads every line once, decides what lines mean, makes the tables that need the whole of the lines (returns, products, profile), and
writes the plan beside them. Prints a line of JSON: the plan's name, how many partitions there are, and the day files to scatter.`,
	Example: "preprocess plan --root=gs://shop/clientele --pipeline=clientele --run-id=manual --as-of=2011-12-10",
	Flags:   planFlags, Large: true, Print: printLine[PlanResult],
	Config: func(c *cli.Context) phaseConfig {
		config := NewConfig(c)
		config.partitions = c.Int("partitions")
		return phaseConfig{Config: config}
	},
	Run: func(ctx context.Context, c phaseConfig, d task.Deps) (r PlanResult, err error) {
		err = c.phase(ctx, d, func(j *job, s *run.Session) error {
			if r.Key, r.Done = s.Key(), s.Done() != nil; r.Done {
				return nil
			}
			r, err = j.divide(ctx, s)
			return err
		})
		return r, err
	},
}

// How many lines a partition has on an engine, each of which is a process and some objects.
const (
	partLines = 256 << 10
	mostParts = 4096
)

// divide looks at the whole of the lines and writes the plan.
func (j *job) divide(ctx context.Context, s *run.Session) (PlanResult, error) {
	defer task.Ballast(j.deps.Memory.Ballast(), 25)()
	r := j.reader()
	r.partitions = 0 // those of the engine are not those in here
	defer r.close()
	v, err := j.survey(ctx, &r)
	if err != nil {
		return PlanResult{}, err
	}
	defer v.plan.Free()
	d := &division{Version: divisionVersion, told: v.told, Sources: r.sources}
	if d.Ranges, err = j.ranges(ctx, &r, v.days); err != nil {
		return PlanResult{}, err
	}
	add := func(name string, w retail.Window, p *retail.Plan) error {
		facts, err := p.Facts(d.Ranges)
		d.Windows = append(d.Windows, divisionWindow{name, w, p.Lines(), facts})
		return err
	}
	if err := add("", j.window, v.plan); err != nil {
		return PlanResult{}, err
	}
	if err := j.wholeTables(ctx, s, v, r.lines); err != nil {
		return PlanResult{}, err
	}
	v.plan.Free()
	err = j.driftWindows(ctx, s, v, r.lines, func(w driftWindow) error {
		p, err := j.rules.Plan(r.lines)
		if err != nil {
			return err
		}
		defer p.Free()
		return add(w.name, w.Window, p)
	})
	if err != nil {
		return PlanResult{}, err
	}
	d.Tables = s.Objects()
	distinct := map[day]bool{}
	for _, days := range append([][]lines.Partition{v.days}, daysOf(v.windows)...) {
		for _, p := range days {
			if !distinct[dayOf(p)] {
				d.Objects = append(d.Objects, divisionObject{p.Source, p})
			}
			distinct[dayOf(p)] = true
		}
	}
	return j.writePlan(ctx, s, d)
}

func daysOf(windows []driftWindow) (all [][]lines.Partition) {
	for _, w := range windows {
		all = append(all, w.days)
	}
	return all
}

// ranges cuts the customers into as many partitions as are asked for, or suit the lines.
func (j *job) ranges(ctx context.Context, r *reader, typical []lines.Partition) (of retail.Ranges, err error) {
	n := j.partitions
	if n == 0 {
		n = min(1+r.lines.Len()/partLines, mostParts)
	}
	of = retail.Ranges{Guests: 1, Bounds: []string{}} // where they are kept they have one order
	if j.rules.On(retail.RuleGuest) {
		of.Guests = (n + 3) / 4
	}
	bounds, err := r.bounds(ctx, typical, n)
	of.Bounds = append(of.Bounds, bounds...)
	return of, err
}

func (j *job) writePlan(ctx context.Context, s *run.Session, d *division) (PlanResult, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return PlanResult{}, fmt.Errorf("encode the plan: %w", err)
	}
	st := run.Stored{Size: int64(len(text)), SHA256: contract.SHA256(text)}
	name := "plan-" + st.SHA256 + ".json"
	if _, err := s.Create(ctx, name, bytes.NewReader(text), st); err != nil {
		return PlanResult{}, err
	}
	r := PlanResult{Key: s.Key(), Plan: name, Partitions: d.Partitions()}
	for _, o := range d.Objects {
		r.Objects = append(r.Objects, o.Object)
	}
	return r, nil
}
