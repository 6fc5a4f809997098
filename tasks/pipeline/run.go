package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/drift"
	"github.com/clientele/clientele/tasks/evaluate"
	"github.com/clientele/clientele/tasks/ingest"
	"github.com/clientele/clientele/tasks/preprocess"
	"github.com/clientele/clientele/tasks/promote"
	"github.com/clientele/clientele/tasks/report"
	"github.com/clientele/clientele/tasks/score"
	"github.com/clientele/clientele/tasks/train"
)

// step is one of the pipeline's: its name, and its Run function with its configuration.
type step struct {
	name string
	run  func(context.Context, task.Deps) (any, error)
}

// bind makes a step of a Run function.
func bind[C, R any](name string, run func(context.Context, C, task.Deps) (R, error), cfg C) step {
	return step{name, func(ctx context.Context, d task.Deps) (any, error) { return run(ctx, cfg, d) }}
}

// steps returns the pipeline's steps by the contract's names.
func steps(c Config) map[string]step {
	all := map[string]step{}
	for _, s := range []step{
		bind(contract.Ingest, ingest.Run, c.Ingest), bind(contract.Preprocess, preprocess.Run, c.Preprocess),
		bind(contract.Drift, drift.Run, c.Drift), bind(contract.Train, train.Run, c.Train),
		bind(contract.Evaluate, evaluate.Run, c.Evaluate), bind(contract.Promote, promote.Run, c.Promote),
		bind(contract.Score, score.Run, c.Score), bind(contract.Report, report.Run, c.Report),
	} {
		all[s.name] = s
	}
	return all
}

// Run runs the steps in the contract's order. Two things keep score from running: drift's act fix_data, and no model in force.
// The report is still written, and the error is a Fault of exit code 65.
func Run(ctx context.Context, c Config, d task.Deps) (contract.PipelineResult, error) {
	result := contract.PipelineResult{Steps: map[string]any{}}
	if err := checkTruth(c.Truth); err != nil {
		return result, err
	}
	if c.Common.AsOf == "" {
		last, err := ingest.Latest(ctx, c.Ingest, d)
		if err != nil {
			return result, fmt.Errorf("find the latest day: %w", err)
		}
		c.setAsOf(nextDay(last))
		d.Log.Info("as-of is the day after the latest line", "as_of", nextDay(last))
	}
	home, err := c.Common.Open(ctx, d)
	if err != nil {
		return result, err
	}
	defer func() { _ = home.Close() }()
	result.Run = c.Common.Run().String()

	var noModel error
	all := steps(c)
	for _, s := range contract.Steps {
		if s.Name == contract.Score && dataAreBroken(result) {
			d.Log.Warn("score does not run: drift asks for the act " + contract.ActFixData)
			continue
		}
		before := keyOf(ctx, home, c, s.Name)
		closing := task.Begin(s.Name, c.Common)
		r, err := all[s.Name].run(ctx, d)
		if s.Name == contract.Score && err != nil && fault.Judge(err).Cause == "head" {
			noModel = err
			d.Log.Warn("score has no model to work with: the report goes on without", "why", err.Error())
			continue
		}
		if err != nil {
			closing.Failed(ctx, d.Log, err)
			return result, fmt.Errorf("%s: %w", s.Name, err)
		}
		changed := keyOf(ctx, home, c, s.Name) != before
		result.New = result.New || changed
		result.Steps[s.Name] = r
		closing.Finished(d.Log, r, says(r), slog.Bool("new", changed))
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
			"drift asks for the act %s (%s): nothing was promoted or scored, the last segments remain. Correct the delivery, ingest it again and rerun; see %s",
			contract.ActFixData, drifted.Cause, link(result.Report))}
	}
	if noModel != nil {
		promoted, _ := result.Steps[contract.Promote].(contract.PromoteResult)
		return result, &fault.Fault{Code: fault.ExitBadData, Cause: "no_model", Object: result.Report, Whole: true, Err: fmt.Errorf(
			"there is no model to score with: %s: see %s: %w", promoted.Why, link(result.Report), noModel)}
	}
	if !result.New && c.ExitNothingNew {
		return result, fault.NothingNew("")
	}
	return result, nil
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

// says is what a step did, in a few words.
func says(result any) string {
	switch r := result.(type) {
	case contract.IngestResult:
		return fmt.Sprintf("%s records: %s accepted, %s quarantined, %d days", group(r.RowsRead), group(r.RowsAccepted), group(r.RowsQuarantined), r.Days)
	case contract.PreprocessResult:
		return fmt.Sprintf("%s lines kept: %s customers, %s invoices, revenue %s", group(r.Lines), group(r.Customers), group(r.Invoices), money(r.Revenue.Float()))
	case contract.DriftResult:
		return fmt.Sprintf("%s, act %s", r.Verdict, r.Act)
	case contract.TrainResult:
		return fmt.Sprintf("k = %d, model %.12s", r.K, r.ModelID)
	case contract.EvaluateResult:
		return fmt.Sprintf("%s (%d gates)", r.Verdict, len(r.Gates))
	case contract.PromoteResult:
		if r.Action == contract.ActionHold {
			return "hold: " + r.Why
		}
		return fmt.Sprintf("%s, model %.12s", r.Action, r.ModelID)
	case contract.ScoreResult:
		return fmt.Sprintf("%s customers in %d segments, %s moved", group(r.Customers), len(r.Segments), group(r.Moved))
	case contract.ReportResult:
		return link(r.Page)
	}
	return ""
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
			say(t, "%s\t%s\t%.1f %%\t%s\t%.1f %%\t  %s\n", g.ID, group(g.Customers), 100*g.Share, money(g.Revenue.Float()), 100*g.RevenueShare, g.Name)
		}
		errs = append(errs, t.Flush())
	}
	if p := r.Practice; p != nil && p.ARI != nil {
		say(w, "\npractice: the segments agree with the %d kinds planted among %s customers by an adjusted Rand index of %.3f\n"+
			"          (1: the same groups; 0: no more than by chance)\n", p.Kinds, group(p.Customers), *p.ARI)
	}
	if p, ok := r.Steps[contract.Promote].(contract.PromoteResult); ok && p.Action == contract.ActionHold {
		say(w, "\nHeld back: %s.\n", p.Why)
	}
	if !r.New {
		say(w, "\nNothing changed: every step had been done before on this input.\n")
	}
	say(w, "\nrun     %s\nmodel   %s\nreport  %s\n", r.Run, r.ModelID, link(r.Report))
	return errors.Join(errs...)
}

// link returns a page's URI as one that a terminal makes clickable: without spaces.
func link(uri string) string {
	if u, err := url.Parse(uri); err == nil {
		return u.String()
	}
	return uri
}

// group writes a whole number with its thousands apart.
func group(n int64) string {
	s := fmt.Sprint(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return "-" + s
	}
	return s
}

// money writes an amount to the unit: enough for a glance.
func money(v float64) string { return group(int64(v + 0.5)) }
