package report

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// layout is the view on its way to a page.
type layout struct {
	view.View
	money currency
}

// newPage lays out the page. Its sections are in the order in which people ask: who are my customers, can I trust it, where
// does it come from.
func newPage(v view.View) (*page, error) {
	l := layout{View: v, money: currency(v.Currency)}
	p := &page{Title: v.Title, Lead: l.lead(), Facts: l.facts()}
	if p.Title == "" {
		p.Title = "Customer segments"
	}
	var errs []error
	if len(v.Findings) > 0 {
		p.Sections = append(p.Sections, l.findings())
	}
	for _, lay := range []func() (section, error){
		l.happened, l.segments, l.explore, l.places, l.recommend, l.predict, l.audience, l.measure, l.movement, l.choice, l.ledger, l.dropped, l.drift, l.gates, l.origin,
	} {
		s, err := lay()
		errs = append(errs, err)
		p.Sections = append(p.Sections, s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return p, nil
}

func (l *layout) lead() string {
	var b strings.Builder
	if l.WindowStart != nil {
		fmt.Fprintf(&b, "Purchases from %s to %s", day(*l.WindowStart), day(l.AsOf-1))
	} else {
		fmt.Fprintf(&b, "All purchases up to %s", day(l.AsOf-1))
	}
	fmt.Fprintf(&b, ", as of %s", day(l.AsOf))
	if l.Zone != "" {
		fmt.Fprintf(&b, " (%s)", l.Zone)
	}
	fmt.Fprintf(&b, ". Run %s.", l.Run)
	return b.String()
}

// day writes a date as 9 December 2011.
func day(d calendar.Date) string {
	t := time.Unix(d.Start()/1_000_000, 0).UTC()
	return t.Format("2 January 2006")
}

func (l *layout) facts() []fact {
	all := l.Totals
	f := []fact{
		{Label: "Customers", Value: count(all.Customers), Note: many(all.Invoices, "invoice")},
		{Label: "Revenue", Value: l.money.whole(all.Revenue), Note: "after rules and cancellations"},
		{Label: "Average invoice", Value: l.money.amount(all.AverageInvoice, 2), Note: "revenue per invoice"},
	}
	if l.Scores != nil {
		return append(f, fact{Label: "Segments", Value: count(int64(len(l.Scores.Segments))), Note: "model " + brief(l.Scores.ModelID)})
	}
	return append(f, fact{Label: "Segments", Value: dash, Note: "no scores in this run"})
}

// happened says what this run did, step by step, in sentences.
func (l *layout) happened() (section, error) {
	s := section{ID: "run", Title: "What happened in this run"}
	items := []string{l.deliveryWords(), l.driftWords(), l.modelWords(), l.scoreWords()}
	s.Blocks = append(s.Blocks, block{List: items})
	if len(l.Stale) > 0 {
		s.Blocks = append(s.Blocks, block{Warning: "Outdated, so not shown: " + list(l.Stale) + ". Their inputs have changed since they ran; run them again."})
	}
	if sc := l.Scores; sc != nil && !sc.Decided {
		s.Blocks = append(s.Blocks, block{Warning: fmt.Sprintf("The scores come from model %s (revision %d): the current model has changed since this run decided.", brief(sc.ModelID), sc.Seq)})
	}
	if len(l.Missing) > 0 {
		s.Blocks = append(s.Blocks, block{Warning: "Steps without output in this run: " + list(l.Missing) + ". The sections that need them are empty."})
	}
	return s, nil
}

func (l *layout) deliveryWords() string {
	in := l.Ingest
	if in == nil {
		return "Delivery: none in this run. It uses lines ingested earlier."
	}
	if !in.New {
		return fmt.Sprintf("Delivery: nothing new. All lines from %s were already stored.", in.Source)
	}
	text := fmt.Sprintf("Delivery: %s of %s from %s accepted", count(in.RowsAccepted), many(in.RowsRead, "record"), in.Source)
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
		return "Drift: not checked in this run."
	}
	act := actWords[d.Act]
	if act == "" {
		act = plain(d.Act)
	}
	switch d.Verdict {
	case contract.VerdictNone:
		return "Drift: none. Customers resemble the baseline: those that the current model was trained on. " + sentence(act)
	case contract.VerdictWarn, contract.VerdictAlert:
		if d.Act == contract.ActWait && l.promoted() {
			act = "Drift alone asks for no new model, but a full run always trains one, and this one was promoted"
		}
		word := map[string]string{contract.VerdictWarn: "warning", contract.VerdictAlert: "alert"}[d.Verdict]
		return fmt.Sprintf("Drift: %s. %s %s", word, capital(sentence(d.Cause)), sentence(act))
	case contract.VerdictInsufficientData:
		if d.Model == "" {
			return "Drift: not measured. There was no current model to compare with."
		}
		return "Drift: not measured. " + capital(sentence(d.Cause))
	}
	return "Drift: " + sentence(plain(d.Verdict))
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
		return "Model: no decision in this run."
	}
	var text string
	switch p.Action {
	case contract.ActionBootstrap:
		text = fmt.Sprintf("Model: %s is the first current model (revision %d)", brief(p.ModelID), p.Seq)
	case contract.ActionPromote:
		text = fmt.Sprintf("Model: %s is now the current model (revision %d)", brief(p.ModelID), p.Seq)
		if p.Previous != "" {
			text += ", replacing " + brief(p.Previous)
		}
	case contract.ActionHold:
		text = "Model: the candidate was not promoted, and there is no current model"
		if p.ModelID != "" {
			text = fmt.Sprintf("Model: the candidate was not promoted; %s remains the current model (revision %d)", brief(p.ModelID), p.Seq)
		}
	case contract.ActionUnchanged:
		text = fmt.Sprintf("Model: unchanged. Training produced the fit of the current model again, %s (revision %d)", brief(p.ModelID), p.Seq)
	default:
		text = fmt.Sprintf("Model: %s; the current model is %s (revision %d)", plain(p.Action), brief(p.ModelID), p.Seq)
	}
	return strings.TrimSpace(text + ". " + capital(sentence(p.Why)))
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func (l *layout) scoreWords() string {
	s := l.Scores
	switch {
	case s == nil:
		return "Scores: none in this run, so no customer has a segment."
	case s.First:
		text := fmt.Sprintf("Scores: %s assigned to segments. Who changed segment is unknown", people(s.Customers))
		if s.Why != "" {
			text += ": " + s.Why
		}
		return sentence(text)
	case s.Moved == 0:
		return fmt.Sprintf("Scores: %s assigned to segments; none changed segment.", people(s.Customers))
	}
	return fmt.Sprintf("Scores: %s assigned to segments; %s changed segment%s.", people(s.Customers), count(s.Moved), causes(s.Movement))
}

// causes splits who changed segment, where both causes took part or the model alone did.
func causes(m contract.Movement) string {
	switch {
	case m.Model == 0:
		return ""
	case m.Behaviour == 0:
		return ", all of them because the model changed"
	}
	return fmt.Sprintf(", %s by what they bought and %s because the model changed", count(m.Behaviour), count(m.Model))
}
