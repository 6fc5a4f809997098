package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
)

// DiffConfig is what diff is told.
type DiffConfig struct {
	task.Common
	From, To int // revisions; 0: the one before To, and the current one
}

// DiffResult is what diff reports.
type DiffResult struct {
	From      DiffSide      `json:"from"`
	To        DiffSide      `json:"to"`
	Run       string        `json:"run"` // whose customers both models put into segments
	Customers int64         `json:"customers"`
	Changed   int64         `json:"changed"` // of them, in a segment of another id
	Money     money.Amount  `json:"money"`   // that these spent
	Segments  []DiffSegment `json:"segments"`
}

// DiffSide is one of the two models.
type DiffSide struct {
	Seq     int64  `json:"seq"`
	ModelID string `json:"model_id"`
}

// DiffSegment is a segment of either model, by its id. Name and counts of a model that does not have it are empty and 0.
type DiffSegment struct {
	ID    string       `json:"id"`
	From  DiffPart     `json:"from"`
	To    DiffPart     `json:"to"`
	Enter int64        `json:"enter"` // customers who are in it by the second model only
	Leave int64        `json:"leave"` // by the first only
	Moved money.Amount `json:"moved"` // that those who enter spent, less what those who leave did
}

// DiffPart is what a model has in a segment.
type DiffPart struct {
	Name      string       `json:"name"`
	Customers int64        `json:"customers"`
	Money     money.Amount `json:"money"`
}

// Diff compares the segments of two revisions.
var Diff = task.Task[DiffConfig, DiffResult]{
	Large: true, // two rows a segment
	Name:  "registry-diff", Usage: "compare the segments of two models, and who would change",
	Description: `Puts the customers of the last scores into segments by the models of two revisions, and shows the segments side by side: how many customers
and how much money each has, and who would enter and leave. Nothing is written.`,
	Example: "registry diff --root=gs://shop/clientele\nregistry diff --root=gs://shop/clientele --from=3 --to=5",
	Flags: func() []cli.Flag {
		return append(task.HomeFlags(),
			task.Int("from", 0, "revision `SEQ` to compare; 0 is the last one with another model"),
			task.Int("to", 0, "revision `SEQ` to compare it with; 0 is the current one"))
	},
	Config: func(c *cli.Context) DiffConfig {
		return DiffConfig{Common: task.NewCommon(c), From: c.Int("from"), To: c.Int("to")}
	},
	Run: func(ctx context.Context, c DiffConfig, d task.Deps) (DiffResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (DiffResult, error) {
			return c.diff(ctx, home, reg, d)
		})
	},
	Print: printDiff,
}

// Validate reports every problem at once.
func (c DiffConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if c.From < 0 {
		p.Add("from", "want a revision of 1 or more, or 0 for the last one with another model", c.From)
	}
	if c.To < 0 {
		p.Add("to", "want a revision of 1 or more, or 0 for the current one", c.To)
	}
	return p.Err()
}

func (c DiffConfig) diff(ctx context.Context, home *run.Home, reg *registry.Registry, d task.Deps) (DiffResult, error) {
	var r DiffResult
	to, err := at(ctx, home, reg, c.To)
	if err != nil {
		return r, err
	}
	from, err := c.other(ctx, home, reg, to)
	if err != nil {
		return r, err
	}
	r.From, r.To = DiffSide{from.Seq, from.ModelID}, DiffSide{to.Seq, to.ModelID}
	customers, name, err := lastCustomers(ctx, home, d)
	if err != nil {
		return r, err
	}
	r.Run, r.Customers = name, int64(customers.Rows())
	sides := [2]side{}
	for i, rev := range []*registry.Revision{from, to} {
		if sides[i], err = place(ctx, home, rev, customers, d); err != nil {
			return r, err
		}
	}
	r.fill(sides[0], sides[1], customers.Ints("monetary"))
	return r, nil
}

// other returns the revision that to is compared with.
func (c DiffConfig) other(ctx context.Context, home *run.Home, reg *registry.Registry, to *registry.Revision) (*registry.Revision, error) {
	if c.From != 0 {
		return at(ctx, home, reg, c.From)
	}
	all, err := reg.History(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, rev := range all {
		if rev.Seq < to.Seq && rev.ModelID != to.ModelID {
			return rev, nil
		}
	}
	return nil, fault.Errorf(fault.ExitMissing, "revision", home.Registry.URI(contract.HeadPath(home.Name)),
		"no revision before %d has another model: there is nothing to compare with", to.Seq)
}

// lastCustomers returns the customers of the last scores, sorted, and their run.
func lastCustomers(ctx context.Context, home *run.Home, d task.Deps) (*frame.Frame, string, error) {
	path := contract.ScoreStatePath(home.Name)
	state, err := run.ReadState[run.ScoreState](ctx, home.Root, path)
	if err != nil {
		return nil, "", err
	}
	last := state.Head()
	if last == nil {
		return nil, "", fault.Errorf(fault.ExitMissing, "scores", home.Root.URI(path), "no customers have been scored yet: run score first")
	}
	name := cmp.Or(last.Value.From, last.Run)
	of, err := contract.ParseRun(name)
	if err != nil {
		return nil, "", err
	}
	m, err := home.Current(ctx, of, contract.Preprocess)
	if err != nil {
		return nil, "", err
	}
	customers, err := home.ReadTable(ctx, m, contract.Customers, work.Tables(d))
	if err != nil {
		return nil, "", err
	}
	customers.SortByText("customer")
	return customers, name, nil
}

// side is where a model puts the customers.
type side struct {
	segments []model.Segment
	nearest  []int32
}

func place(ctx context.Context, home *run.Home, rev *registry.Revision, customers *frame.Frame, d task.Deps) (side, error) {
	b, err := model.Load(ctx, home.Registry, rev.ModelID, work.Tables(d))
	if err != nil {
		return side{}, fmt.Errorf("load revision %d: %w", rev.Seq, err)
	}
	a, err := b.Assign(customers)
	if err != nil {
		return side{}, fault.Errorf(fault.ExitBadData, "customers", home.Registry.URI(contract.ModelPath(rev.ModelID)), "revision %d: %w", rev.Seq, err)
	}
	return side{b.Manifest.Segments, a.Nearest}, nil
}

// fill counts customers and money by segment.
func (r *DiffResult) fill(from, to side, spent []int64) {
	rows := map[string]*DiffSegment{}
	row := func(s model.Segment) *DiffSegment {
		if rows[s.ID] == nil {
			rows[s.ID] = &DiffSegment{ID: s.ID}
		}
		return rows[s.ID]
	}
	for _, s := range from.segments {
		row(s).From.Name = s.Name
	}
	for _, s := range to.segments {
		row(s).To.Name = s.Name
	}
	for i, v := range spent {
		was, is := row(from.segments[from.nearest[i]]), row(to.segments[to.nearest[i]])
		was.From.Customers++
		was.From.Money += money.Amount(v)
		is.To.Customers++
		is.To.Money += money.Amount(v)
		if was == is {
			continue
		}
		r.Changed++
		r.Money += money.Amount(v)
		was.Leave++
		was.Moved -= money.Amount(v)
		is.Enter++
		is.Moved += money.Amount(v)
	}
	for _, s := range rows {
		r.Segments = append(r.Segments, *s)
	}
	slices.SortFunc(r.Segments, func(a, b DiffSegment) int { return cmp.Compare(a.ID, b.ID) })
}

func printDiff(w io.Writer, r DiffResult) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	p.line("revision\t%d\t%d", r.From.Seq, r.To.Seq)
	p.line("model\t%s\t%s", short(r.From.ModelID), short(r.To.ModelID))
	p.line("")
	p.line("segment\tname\tname\tcustomers\tcustomers\tmoney\tmoney\tenter\tleave\tmoney moved")
	for _, s := range r.Segments {
		p.line("%s\t%s\t%s\t%d\t%d\t%s\t%s\t%d\t%d\t%s", s.ID, cmp.Or(s.From.Name, "-"), cmp.Or(s.To.Name, "-"), s.From.Customers, s.To.Customers,
			s.From.Money, s.To.Money, s.Enter, s.Leave, s.Moved)
	}
	p.line("")
	p.line("%d of %d customers of run %s would change, with %s", r.Changed, r.Customers, r.Run, r.Money)
	return errors.Join(p.err, t.Flush())
}
