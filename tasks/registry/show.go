package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
)

// ShowConfig is what show and verify are told.
type ShowConfig struct {
	task.Common
	Seq int
}

// ShowResult is what show reports.
type ShowResult struct {
	Revision *registry.Revision `json:"revision"`
	Manifest *model.Manifest    `json:"manifest"`
}

// Show shows a revision and the segments of its model.
var Show = task.Task[ShowConfig, ShowResult]{
	Name: "registry-show", Usage: "show the current model, or that of a revision",
	Description: "Shows when and why the model was promoted, and its segments.",
	Example:     "registry show --root=gs://shop/clientele\nregistry show --root=gs://shop/clientele --seq=3",
	Flags:       showFlags, Config: newShowConfig,
	Run: func(ctx context.Context, c ShowConfig, d task.Deps) (ShowResult, error) {
		return with(ctx, c.Common, d, func(home *run.Home, reg *registry.Registry) (ShowResult, error) {
			rev, err := at(ctx, home, reg, c.Seq)
			if err != nil {
				return ShowResult{}, err
			}
			m, err := model.ReadManifest(ctx, home.Registry, rev.ModelID)
			return ShowResult{Revision: rev, Manifest: m}, err
		})
	},
	Print: printShow,
}

func showFlags() []cli.Flag {
	return append(task.HomeFlags(), task.Int("seq", 0, "revision `SEQ` to look at; 0 is the current one"))
}

func newShowConfig(c *cli.Context) ShowConfig {
	return ShowConfig{Common: task.NewCommon(c), Seq: c.Int("seq")}
}

// Validate reports every problem at once.
func (c ShowConfig) Validate() error {
	var p task.Problems
	c.CheckHome(&p)
	if c.Seq < 0 {
		p.Add("seq", "want a revision of 1 or more, or 0 for the current one", c.Seq)
	}
	return p.Err()
}

func printShow(w io.Writer, r ShowResult) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	v := r.Revision
	for _, row := range [][2]string{
		{"revision", fmt.Sprint(v.Seq)}, {"model", v.ModelID}, {"fit", v.FitID}, {"action", v.Action}, {"as of", v.AsOf.String()},
		{"run", v.Run}, {"actor", v.Actor}, {"reason", v.Reason}, {"hold", v.Hold.Term()}, {"evaluation", v.Eval}, {"next segment", model.SegmentID(max(1, v.NextSegment))},
	} {
		if row[1] != "" {
			p.line("%s\t%s", row[0], row[1])
		}
	}
	for i := range v.Denied {
		p.line("denied\t%s since revision %d: %s", v.Denied[i].FitID, v.Denied[i].Since, v.Denied[i].Reason)
	}
	p.line("")
	p.line("segment\tname\tlineage")
	segments := slices.Clone(r.Manifest.Segments)
	slices.SortFunc(segments, func(a, b model.Segment) int { return strings.Compare(a.ID, b.ID) })
	for _, s := range segments {
		p.line("%s\t%s\t%s", s.ID, s.Name, strings.Join(append([]string{s.Lineage}, ancestors(s.Parents)...), " "))
	}
	return errors.Join(p.err, t.Flush())
}

// ancestors returns the ids of the segments that one grew out of.
func ancestors(all []model.Ancestor) []string {
	var ids []string
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	return ids
}
