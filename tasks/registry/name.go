package registry

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// maxName bounds a segment's name: it stands in tables and on a page.
const maxName = 60

// NameConfig is what name is told.
type NameConfig struct {
	task.Common
	Segment string
	To      string // "" for the model's own name
}

// Name gives a segment a name.
var Name = task.Task[NameConfig, contract.NameResult]{
	Name: "registry-name", Usage: "give a segment a name, or the model's own again",
	Description: `Writes the name to names.json, which every later score puts in the place of the model's. The segment keeps its id, and every later model
that has the id shows the name. Without --to the segment has the model's own name again.`,
	Example: "registry name --root=gs://shop/clientele --segment=seg-0003 --to='First-time buyers'\nregistry name --root=gs://shop/clientele --segment=seg-0003",
	Flags: func() []cli.Flag {
		return append(task.HomeFlags(),
			task.Required(task.String("segment", "", "`ID` of the segment, such as seg-0003: see registry show")),
			task.String("to", "", "`NAME` of the segment (default: the model's own)"))
	},
	Config: func(c *cli.Context) NameConfig {
		return NameConfig{Common: task.NewCommon(c), Segment: c.String("segment"), To: strings.TrimSpace(c.String("to"))}
	},
	Run: func(ctx context.Context, c NameConfig, d task.Deps) (contract.NameResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (contract.NameResult, error) {
			return c.name(ctx, home, reg)
		})
	},
	Print: func(w io.Writer, r contract.NameResult) error {
		p := printer{w: w}
		said := map[bool]string{true: "is now", false: "was already"}[r.Changed]
		if r.Name == "" {
			p.line("%s %s named by the model: %s", r.Segment, said, r.Model)
		} else {
			p.line("%s %s named %s (by the model: %s); the next score shows it", r.Segment, said, r.Name, r.Model)
		}
		return p.err
	},
}

// Validate reports every problem at once.
func (c NameConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if _, err := model.SegmentNumber(c.Segment); err != nil {
		p.Add("segment", "want a segment's id, such as seg-0003: see registry show", c.Segment)
	}
	if len([]rune(c.To)) > maxName || strings.ContainsFunc(c.To, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		p.Add("to", fmt.Sprintf("want at most %d characters on one line", maxName), c.To)
	}
	return p.Err()
}

func (c NameConfig) name(ctx context.Context, home *run.Home, reg *registry.Registry) (contract.NameResult, error) {
	r := contract.NameResult{Segment: c.Segment, Name: c.To}
	head, err := at(ctx, home, reg, 0)
	if err != nil {
		return r, err
	}
	m, err := model.ReadManifest(ctx, home.Registry, head.ModelID)
	if err != nil {
		return r, err
	}
	at := m.Index(c.Segment)
	if at < 0 {
		var ids []string
		for _, s := range m.Segments {
			ids = append(ids, s.ID)
		}
		return r, fault.Errorf(fault.ExitUsage, "segment", c.Segment, "the current model has no segment %s: it has %s", c.Segment, strings.Join(ids, ", "))
	}
	r.Model = m.Segments[at].Name
	for _, s := range m.Segments {
		if s.ID != c.Segment && s.Name == c.To {
			return r, fault.Errorf(fault.ExitUsage, "name", c.To, "%s is called %q by the model: choose another name", s.ID, c.To)
		}
	}
	r.Changed, err = reg.Rename(ctx, c.Segment, c.To)
	return r, err
}
