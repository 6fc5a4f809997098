package report_test

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/report/view"
	"github.com/clientele/clientele/pkg/report/view/viewtest"
)

func TestSegmentsOfThePreviousModelAreExplained(t *testing.T) {
	const note = "An ID without a name is a segment of the previous model."
	d := viewtest.Sample(t)
	if strings.Contains(textOf(parse(t, render(t, d))), note) {
		t.Error("explained where all ids are known")
	}
	d.Movers[0].From = "seg-0099"
	if !strings.Contains(textOf(parse(t, render(t, d))), note) {
		t.Error("an unknown id is not explained")
	}
}

// What is doubtful is said on the first screen, before any figure, and explained where the data is accounted for.
func TestFindingsComeFirst(t *testing.T) {
	d := viewtest.Sample(t)
	d.Preprocess.Findings = append([]finding.Finding{{Code: finding.UnitChange, Sentence: "prices <b> are pence", Lines: 1234, Money: 99_000_000, What: "look", Stops: true}},
		d.Preprocess.Findings...)
	page := parse(t, render(t, d))
	today := find(page, "section")[0].text
	if says, figures := strings.Index(today, "Promotion is stopped by 1 finding"), strings.Index(today, "Average invoice"); says < 0 || says > figures {
		t.Errorf("the first section says it at %d, its figures are at %d", says, figures)
	}
	rows := table(t, page, "Findings about the lines")
	if got, want := strings.Join(rows[1], "|"), "Prices <b> are pence. unit_change|stops promotion|1,234|£9,900|Look."; len(rows) != 3 || got != want {
		t.Errorf("%d rows, the first %s; want %s", len(rows), got, want)
	}
	if rows[2][2] != "–" || rows[2][3] != "–" {
		t.Errorf("no lines and no money are shown as %v", rows[2])
	}
	d.Preprocess.Findings = nil
	if got := textOf(parse(t, render(t, d))); strings.Contains(got, "Before you trust this page") {
		t.Error("findings are shown where there are none")
	}
}

// What is missing is said, not hidden.
func TestMissingStepsAreNamed(t *testing.T) {
	d := view.Inputs{Run: "weekly/2011-12-10/x", AsOf: viewtest.Date(t, "2011-12-10"), Preprocess: viewtest.Sample(t).Preprocess}
	got := textOf(parse(t, render(t, d)))
	for _, want := range []string{
		"Steps without output in this run: ingest, drift, train, evaluate, promote, score, explore, recommend, predict, measure and audience", "This run has no scores", "No model was trained",
		"Drift was not checked", "No candidate was evaluated", "Delivery: none in this run", "Customers 4,323", "Segments – ", "No lists: audience did not run",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	d.Stale = []string{contract.Score}
	got = textOf(parse(t, render(t, d)))
	if !strings.Contains(got, "Outdated, so not shown: score ") || strings.Contains(got, "promote and score") {
		t.Error("an outdated step is called missing")
	}
	held := viewtest.Sample(t)
	held.Score, held.Segments, held.Movers = nil, nil, nil
	held.Promote = &contract.PromoteResult{Action: contract.ActionHold, Why: "silhouette below its floor"}
	held.Evaluate.Verdict = contract.EvalFail
	got = textOf(parse(t, render(t, held)))
	for _, want := range []string{"not promoted, and there is no current model. Silhouette below its floor.", "failed a gate", "4 segments with 1,521, 1,163, 913 and 726 customers"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page of a candidate that failed does not say %q", want)
		}
	}
}

// What a person must know first is on the first screen, before any figure.
func TestFirstScreen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *view.Inputs)
		want   string
	}{
		"first run": {func(d *view.Inputs) { d.Score.First, d.Score.Why, d.Movers = true, "", nil }, "This is the first run: there is nothing to compare with yet."},
		"refused": {func(d *view.Inputs) {
			d.Evaluate.Verdict = contract.EvalFail
			d.Promote.Action, d.Promote.Cause, d.Promote.Why = contract.ActionHold, contract.HeldRefused, "gate silhouette failed"
		}, "The new model was refused Gate silhouette failed."},
		"denied": {func(d *view.Inputs) {
			d.Promote.Action, d.Promote.Cause, d.Promote.Why = contract.ActionHold, contract.HeldDenied, "fit 4355a46b19d3 is denied since revision 3 of HEAD (odd); to let it be promoted: registry allow"
		}, "The new model was refused Fit 4355a46b19d3 is denied"},
		// In promote's words, and in drift's where the run only rescored.
		"frozen": {func(d *view.Inputs) {
			d.Promote.Action, d.Promote.Cause, d.Promote.Why = contract.ActionHold, contract.HeldFrozen, "promotion is on hold since revision 3 of HEAD, until it is lifted (audit); to lift it: registry unfreeze"
		}, "The registry is frozen: no model is promoted Promotion is on hold since revision 3 of HEAD"},
		"frozen, rescored": {func(d *view.Inputs) {
			d.Promote, d.Drift.Hold = nil, "promotion is on hold since revision 3 of HEAD, until it is lifted (audit)"
		},
			"The registry is frozen: no model is promoted"},
		"fix data": {func(d *view.Inputs) {
			d.Drift.Act, d.Drift.Cause, d.Score = contract.ActFixData, "prices are pence", nil
		}, "The data must be corrected Prices are pence."},
		"missing": {func(d *view.Inputs) { d.Predict = nil }, "Steps without output in this run: predict"},
		"stale":   {func(d *view.Inputs) { d.Predict, d.Stale = nil, []string{contract.Predict} }, "Outdated, so not shown: predict"},
	} {
		d := viewtest.Sample(t)
		calm := find(parse(t, render(t, d)), "section")[0].text
		c.change(&d)
		today := find(parse(t, render(t, d)), "section")[0].text
		at, figures := strings.Index(today, c.want), strings.Index(today, "Average invoice")
		if at < 0 || at > figures || strings.Contains(calm, c.want) {
			t.Errorf("%s: said at %d, figures at %d, without cause %v: %.400s", name, at, figures, strings.Contains(calm, c.want), today)
		}
	}
}

// Drift says wait, and the same page says that a new model was promoted: how that goes together.
func TestWaitBesidePromotedIsExplained(t *testing.T) {
	d := viewtest.Sample(t)
	d.Drift.Verdict, d.Drift.Act = contract.VerdictWarn, contract.ActWait
	const wait, why = "wait for the next run", "a full run always trains one, and this one was promoted"
	for action, want := range map[string]string{contract.ActionPromote: why, contract.ActionHold: wait} {
		d.Promote.Action = action
		got := textOf(parse(t, render(t, d)))
		for _, text := range []string{wait, why} {
			if strings.Contains(got, text) != (text == want) {
				t.Errorf("%s: the page says %q: %v", action, text, text != want)
			}
		}
	}
}

// A rollback after the run's own decision: page and scores must not be taken for the candidate's.
func TestAnotherCurrentModelIsSaid(t *testing.T) {
	d := viewtest.Sample(t)
	d.Score.ModelID, d.Score.Seq = d.Promote.Previous, 5
	got := textOf(parse(t, render(t, d)))
	for _, want := range []string{"The scores come from model 7d865e959b24 (revision 5)", "The segments on this page come from the current model, 7d865e959b24"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
