package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
)

// checked says what this run did, step by step, in sentences.
func (l *layout) checked() panel {
	said := func(title, text, tone string) check { return check{tone, title, text} }
	drift, model := "", "good"
	if l.Drift != nil {
		drift = tone(l.Drift.Verdict)
	}
	if l.Promote == nil || l.Promote.Action == contract.ActionHold {
		model = ""
	}
	scores := "good"
	if l.Scores == nil {
		scores = "warn"
	}
	return panel{Span: 12, Title: "What happened in this run", Blocks: []block{{Checks: []check{
		said("Delivery:", l.deliveryWords(), "good"), said("Drift:", l.driftWords(), drift), said("Model:", l.modelWords(), model), said("Scores:", l.scoreWords(), scores),
	}}}, Source: "the steps' results"}
}

func (l *layout) deliveryWords() string {
	in := l.Ingest
	if in == nil {
		return "none in this run. It uses lines ingested earlier."
	}
	if !in.New {
		return fmt.Sprintf("nothing new. All lines from %s were already stored.", in.Source)
	}
	text := fmt.Sprintf("%s of %s from %s accepted", count(in.RowsAccepted), many(in.RowsRead, "record"), in.Source)
	if in.First != nil && in.Last != nil {
		text += fmt.Sprintf(", %s from %s to %s", many(int64(in.Days), "trading day"), day(*in.First), day(*in.Last))
	}
	if in.RowsQuarantined > 0 {
		text += fmt.Sprintf("; %s rejected", count(in.RowsQuarantined))
	}
	return text + "."
}

func (l *layout) driftWords() string {
	d := l.Drift
	if d == nil {
		return "not checked in this run."
	}
	act := l.actText()
	switch d.Verdict {
	case contract.VerdictNone:
		return "none. Customers resemble the baseline: those that the current model was trained on. " + sentence(act)
	case contract.VerdictWarn, contract.VerdictAlert:
		word := map[string]string{contract.VerdictWarn: "warning", contract.VerdictAlert: "alert"}[d.Verdict]
		return fmt.Sprintf("%s. %s %s", word, capital(sentence(d.Cause)), sentence(act))
	case contract.VerdictInsufficientData:
		if d.Model == "" {
			return "not measured. There was no current model to compare with."
		}
		return "not measured. " + capital(sentence(d.Cause))
	}
	return sentence(plain(d.Verdict))
}

// actText says what drift asks for.
func (l *layout) actText() string {
	d := l.Drift
	if d.Act == contract.ActWait && l.promoted() {
		return "Drift alone asks for no new model, but a full run always trains one, and this one was promoted"
	}
	return cmp.Or(actWords[d.Act], plain(d.Act))
}

// promoted says whether this run has made its candidate the current model.
func (l *layout) promoted() bool {
	return l.Promote != nil && (l.Promote.Action == contract.ActionPromote || l.Promote.Action == contract.ActionBootstrap)
}

var actWords = map[string]string{
	contract.ActNone:    "No action is needed",
	contract.ActWait:    "Recommended: wait for the next run",
	contract.ActRefit:   "Recommended: fit new centres, with the same features and number of segments",
	contract.ActRetrain: "Recommended: train a new model from scratch",
	contract.ActFixData: "Required: correct the data. Until then, no model is promoted and no customer is scored",
}

func (l *layout) modelWords() string {
	p := l.Promote
	if p == nil {
		return "no decision in this run."
	}
	var text string
	switch p.Action {
	case contract.ActionBootstrap:
		text = fmt.Sprintf("%s is the first current model (revision %d)", brief(p.ModelID), p.Seq)
	case contract.ActionPromote:
		text = fmt.Sprintf("%s is now the current model (revision %d)", brief(p.ModelID), p.Seq)
		if p.Previous != "" {
			text += ", replacing " + brief(p.Previous)
		}
	case contract.ActionHold:
		text = "the candidate was not promoted, and there is no current model"
		if p.ModelID != "" {
			text = fmt.Sprintf("the candidate was not promoted; %s remains the current model (revision %d)", brief(p.ModelID), p.Seq)
		}
	case contract.ActionUnchanged:
		text = fmt.Sprintf("unchanged. Training produced the fit of the current model again, %s (revision %d)", brief(p.ModelID), p.Seq)
	default:
		text = fmt.Sprintf("%s; the current model is %s (revision %d)", plain(p.Action), brief(p.ModelID), p.Seq)
	}
	return strings.TrimSpace(text + ". " + capital(sentence(p.Why)))
}

func (l *layout) scoreWords() string {
	s := l.Scores
	switch {
	case s == nil:
		return "none in this run, so no customer has a segment."
	case s.First:
		text := fmt.Sprintf("%s assigned to segments. Who changed segment is unknown", people(s.Customers))
		if s.Why != "" {
			text += ": " + s.Why
		}
		return sentence(text)
	case s.Moved == 0:
		return fmt.Sprintf("%s assigned to segments; none changed segment.", people(s.Customers))
	}
	return fmt.Sprintf("%s assigned to segments; %s changed segment%s.", people(s.Customers), count(s.Moved), causes(s.Movement))
}
