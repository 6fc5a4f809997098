package report

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
)

// today says what changed, what it is about in money, and whom to contact.
func (l *layout) today() (tab, error) {
	t := tab{ID: "today", Name: "Today", Group: groupAct, Kick: l.when()}
	t.Heading, t.Lead = l.answer()
	t.add(l.alarms()...)
	if w := l.weekly(); w != nil {
		t.Kick = fmt.Sprintf("Week of %s, against the weeks before", between(l.Audience.Weeks[len(l.Audience.Weeks)-1]))
		t.add(panel{Figures: w})
	} else {
		t.add(panel{Figures: l.figures()})
	}
	t.add(l.todo(), l.who(), l.checked())
	return t, nil
}

func (l *layout) when() string {
	from := "All purchases up to " + day(l.AsOf-1)
	if l.WindowStart != nil {
		from = fmt.Sprintf("Purchases from %s to %s", day(*l.WindowStart), day(l.AsOf-1))
	}
	if l.Zone != "" {
		from += " (" + l.Zone + ")"
	}
	return from
}

// answer is what the page has to say in two sentences.
func (l *layout) answer() (heading, lead string) {
	s, a := l.Scores, l.Audience
	switch {
	case s == nil && l.Drift != nil && l.Drift.Act == contract.ActFixData:
		return "Correct the data first: no customer was scored", "Drift found broken lines. Until they are corrected, no list and no segment is worth anything."
	case s == nil:
		return "No customer has a segment in this run", "There is no current model, or score did not run. What the lines themselves say is under Data."
	case a == nil:
		heading = fmt.Sprintf("%s in %s", capital(people(s.Customers)), many(int64(len(s.Segments)), "segment"))
	case a.Listed == 0:
		heading = "Nobody to contact this time"
	default:
		var stake money.Amount
		for _, v := range a.Lists {
			stake += v.AtStake
		}
		heading = fmt.Sprintf("%s to contact. They usually spend %s in 90 days.", capital(people(a.Listed)), l.money.round(stake))
	}
	return heading, l.changes()
}

// changes says in a sentence who moved.
func (l *layout) changes() string {
	s := l.Scores
	switch {
	case s.First:
		text := "This is the first run: there is nothing to compare with yet"
		if s.Why != "" {
			text += " (" + s.Why + ")"
		}
		return text + ". The next run says who moved and what changed."
	case s.Moved == 0 && s.Movement.Joined == 0 && s.Movement.Left == 0:
		return "Nobody changed segment since the last scores."
	}
	return fmt.Sprintf("%s changed segment since the last scores%s; %s joined and %s left.", capital(people(s.Moved)), causes(s.Movement), count(s.Movement.Joined), count(s.Movement.Left))
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

// alarms are what must be known before anything else.
func (l *layout) alarms() []panel {
	var all []panel
	say := func(tone, title, text, command string) {
		all = append(all, panel{Banner: &banner{tone, title, text, command}})
	}
	if d := l.Drift; d != nil && d.Act == contract.ActFixData {
		say("bad", "The data must be corrected", capital(sentence(d.Cause))+" No model is promoted and no customer is scored until then. What is broken is under Drift and Data.", "")
	}
	var stops int64
	for _, f := range l.Findings {
		if f.Stops {
			stops++
		}
	}
	switch {
	case stops > 0:
		say("bad", "Promotion is stopped by "+many(stops, "finding"), "No model of these lines becomes the current one until the delivery is corrected, or somebody accepts findings by their code (--accept). See Data.", "")
	case len(l.Findings) > 0:
		say("warn", capital(many(int64(len(l.Findings)), "finding"))+" about the lines", capital(sentence(l.Findings[0].Sentence))+" Read it all under Data before trusting these numbers.", "")
	}
	p := l.Promote
	switch frozen := l.frozen(); {
	case frozen != "":
		say("warn", "The registry is frozen: no model is promoted", capital(sentence(frozen)), "bin/registry unfreeze --help")
	case p != nil && (p.Cause == contract.HeldDenied || p.Cause == contract.HeldRefused):
		say("warn", "The new model was refused", capital(sentence(p.Why))+" The gates are under Model.", "")
	}
	if s := l.Scores; s != nil && !s.Decided {
		say("warn", "Another model is current now", fmt.Sprintf("The scores come from model %s (revision %d): the current model has changed since this run decided.", brief(s.ModelID), s.Seq), "")
	}
	if len(l.Stale) > 0 {
		say("warn", "Outdated, so not shown: "+list(l.Stale), "Their inputs have changed since they ran; run them again.", "")
	}
	if len(l.Missing) > 0 {
		say("warn", "Steps without output in this run: "+list(l.Missing), "The sections that need them say so. To fill them, run the whole pipeline on this root:", "bin/pipeline --root=… --as-of="+l.AsOf.String())
	}
	return all
}

// frozen says why no model is promoted, "" if one may be: in promote's words, and in drift's where the run only scored again.
func (l *layout) frozen() string {
	if p := l.Promote; p != nil && p.Cause == contract.HeldFrozen {
		return p.Why
	}
	if l.Drift != nil {
		return l.Drift.Hold
	}
	return ""
}

func (l *layout) figures() []kpi {
	all := l.Totals
	of := "in the window"
	if p := l.period(); p != "" {
		of = strings.TrimSpace(p)
	}
	k := []kpi{
		{Label: "Customers", Value: count(all.Customers), Note: many(all.Invoices, "invoice") + " " + of},
		{Label: "Revenue", Value: l.money.whole(all.Revenue), Note: "after rules and cancellations"},
		{Label: "Average invoice", Value: l.money.amount(all.AverageInvoice, 2), Note: "revenue per invoice"},
	}
	if l.Scores != nil {
		return append(k, kpi{Label: "Segments", Value: count(int64(len(l.Scores.Segments))), Note: "model " + brief(l.Scores.ModelID)})
	}
	return append(k, kpi{Label: "Segments", Value: dash, Note: "no scores in this run"})
}
