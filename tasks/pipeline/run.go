package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/message"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/ingest"
)

// Run runs the steps in the contract's order. Two things keep score from running: drift's act fix_data, and no model in force.
// A step that reads a skipped one is skipped too. The report is still written, and the error is a Fault of exit code 65.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PipelineResult, error) {
	result := contract.PipelineResult{Steps: map[string]any{}}
	if err := checkTruth(c.Truth); err != nil {
		return result, err
	}
	if c.Common.AsOf == "" {
		last, err := ingest.Latest(ctx, c.Ingest, d)
		if err != nil {
			return result, fmt.Errorf("find the last day: %w", err)
		}
		c.Common.AsOf = (last + 1).String()
		d.Log.Info("as-of is set to the day after the last line", "as_of", c.Common.AsOf)
	}
	home, err := work.Open(ctx, c.Common, d)
	if err != nil {
		return result, err
	}
	defer func() { _ = home.Close() }()
	result.Run = c.Common.Run().String()

	var noModel error
	skipped := map[string]bool{}
	for _, s := range c.steps {
		if s.name == contract.Score && dataAreBroken(result) {
			d.Log.Warn("score is skipped: drift asks for the act " + contract.ActFixData)
			skipped[s.name] = true
			continue
		}
		if reads := s.needs(skipped); reads != "" {
			d.Log.Warn(s.name + " is skipped: it reads " + reads + ", which did not run")
			skipped[s.name] = true
			continue
		}
		before := keyOf(ctx, home, c, s.name)
		closing := task.Begin(s.name, c.Common)
		d.Use = closing.Use(d.Use != nil && d.Use.Record)
		r, says, err := s.Run(ctx, c.Common, d)
		if fault.CodeOf(err) == fault.ExitNothingNew {
			err = nil // that one step found nothing new says nothing of the steps after it
		}
		if s.name == contract.Score && err != nil && fault.Judge(err).Cause == "head" {
			noModel = err
			d.Log.Warn("score is skipped because there is no model; the report is still written", "why", err.Error())
			skipped[s.name] = true
			continue
		}
		if err != nil {
			closing.Failed(ctx, d.Log, err)
			return result, fmt.Errorf("%s: %w", s.name, err)
		}
		changed := keyOf(ctx, home, c, s.name) != before
		result.New = result.New || changed
		result.Steps[s.name] = r
		closing.Finished(d.Log, r, says, slog.Bool("new", changed))
	}
	if r, ok := result.Steps[contract.Report].(contract.ReportResult); ok {
		result.Report = r.Page
	}
	if r, ok := result.Steps[contract.Score].(contract.ScoreResult); ok {
		result.ModelID = r.ModelID
		if c.Truth != "" {
			if result.Practice, err = practise(ctx, c, home, d); err != nil {
				return result, err
			}
		}
	}
	if dataAreBroken(result) {
		drifted, _ := result.Steps[contract.Drift].(contract.DriftResult)
		return result, &fault.Fault{Code: fault.ExitBadData, Cause: contract.ActFixData, Object: result.Report, Whole: true, Err: fmt.Errorf(
			"drift asks for the act %s (%s): nothing was promoted or scored; segments of earlier runs, if any, remain. Correct the delivery, ingest it again and rerun; see %s",
			contract.ActFixData, drifted.Cause, task.Link(result.Report))}
	}
	if noModel != nil {
		promoted, _ := result.Steps[contract.Promote].(contract.PromoteResult)
		return result, &fault.Fault{Code: fault.ExitBadData, Cause: "no_model", Object: result.Report, Whole: true, Err: fmt.Errorf(
			"there is no model to score with: %s: see %s: %w", promoted.Why, task.Link(result.Report), noModel)}
	}
	if !result.New && c.ExitNothingNew {
		return result, fault.NothingNew("")
	}
	return result, nil
}

// needs returns a skipped step that this one cannot do without, or "". The report shows what there is.
func (b bound) needs(skipped map[string]bool) string {
	if b.name == contract.Report {
		return ""
	}
	for _, step := range b.reads {
		if skipped[step] {
			return step
		}
	}
	return ""
}

// dataAreBroken says whether drift found that the data changed and not the customers: such customers are not published.
func dataAreBroken(r contract.PipelineResult) bool {
	drifted, ok := r.Steps[contract.Drift].(contract.DriftResult)
	return ok && drifted.Act == contract.ActFixData
}

// keyOf returns the key of what the step made last in this run, or "".
func keyOf(ctx context.Context, home *run.Home, c Config, step string) string {
	m, err := home.Current(ctx, c.Common.Run(), step)
	if err != nil {
		return ""
	}
	return m.Key
}

// promoted says whether the run has made its candidate the champion.
func promoted(r contract.PipelineResult) bool {
	p, ok := r.Steps[contract.Promote].(contract.PromoteResult)
	return ok && p.Action == contract.ActionPromote
}

// Print shows the segments as a small table, whether anything changed, and where the page is.
func Print(w io.Writer, r contract.PipelineResult) error {
	var errs []error
	say := func(w io.Writer, format string, args ...any) {
		_, err := fmt.Fprintf(w, format, args...)
		errs = append(errs, err)
	}
	if s, ok := r.Steps[contract.Score].(contract.ScoreResult); ok {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		say(t, "\nsegment\tcustomers\tshare\trevenue\tshare\t  name\n")
		for _, g := range s.Segments {
			say(t, "%s\t%s\t%.1f %%\t%s\t%.1f %%\t  %s\n", g.ID, task.Thousands(g.Customers), 100*g.Share, task.Whole(g.Revenue), 100*g.RevenueShare, g.Name)
		}
		errs = append(errs, t.Flush())
	}
	errs = append(errs, printAssumed(w, r))
	if p := r.Practice; p != nil && p.ARI != nil {
		say(w, "\npractice: agreement of the segments with the %d planted types of %s customers: adjusted Rand index %.3f, adjusted mutual information %.3f\n"+
			"          (both: 1 identical groups, 0 chance level), variation of information %.3f nats (0: identical groups)\n",
			p.Kinds, task.Thousands(p.Customers), *p.ARI, *p.AMI, *p.Variation)
	}
	if p, ok := r.Steps[contract.Promote].(contract.PromoteResult); ok && p.Action == contract.ActionHold {
		say(w, "\nHeld back: %s.\n", p.Why)
	}
	if d, ok := r.Steps[contract.Drift].(contract.DriftResult); ok && d.Act == contract.ActWait && promoted(r) {
		say(w, "\nDrift alone asks for no new model (act %s), but a full run always trains one, and this one was promoted.\n", d.Act)
	}
	if p, ok := r.Steps[contract.Report].(contract.ReportResult); ok && p.Message.Kind != "" {
		say(w, "\n%s", message.Text(p.Message, ""))
	}
	if !r.New {
		say(w, "\nNothing changed: every step was already done for this input.\n")
	}
	say(w, "\nrun     %s\nmodel   %s\nreport  %s\n", r.Run, r.ModelID, task.Link(r.Report))
	return errors.Join(errs...)
}
