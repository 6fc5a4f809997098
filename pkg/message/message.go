// Package message puts a run into a few sentences: what changed in people and money, who is on which list, what is doubtful, and
// what the gates said. It is for people who have not opened the page, and for chat programs.
//
//	m := message.New(view.New(inputs))
//	fmt.Print(message.Text(m, "https://…/report.html"))
//
// A message counts customers and names none: it is made of a [view.View], which has no customer's id. The same view makes the
// same message.
package message

import (
	"fmt"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// most bounds how many lists, findings and gates are named one by one.
const most = 5

// longest bounds a sentence in characters: a gate's reason or a finding can be long, and the page has all of it.
const longest = 400

// New puts a run into sentences.
func New(v view.View) contract.Message {
	w := writer{View: v, money: currency(v.Currency)}
	m := contract.Message{Version: contract.MessageVersion, Kind: w.kind(), Title: v.Title, Run: v.Run, AsOf: v.AsOf}
	m.Headline = w.headline(m.Kind)
	for _, s := range []string{w.model(m.Kind), w.gates(), w.people(), w.revenue(), w.segments(), w.lists(), w.delivery()} {
		if s != "" {
			m.Sentences = append(m.Sentences, short(s))
		}
	}
	for _, s := range w.findings() {
		m.Sentences = append(m.Sentences, short(s))
	}
	return m
}

// Text writes a message as plain text, a sentence a line. link is where the page is, "" to say nothing of it.
func Text(m contract.Message, link string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", m.Headline)
	for _, s := range m.Sentences {
		fmt.Fprintf(&b, "%s\n", s)
	}
	if link != "" {
		fmt.Fprintf(&b, "\nThe page with all of it: %s\n", link)
	}
	return b.String()
}

// writer is a view on its way to a message.
type writer struct {
	view.View
	money currency
}

// kind says which news it is. What drift says of the data comes first: nothing was done with them.
func (w *writer) kind() string {
	p := w.Promote
	switch {
	case w.Drift != nil && w.Drift.Act == contract.ActFixData:
		return contract.MessageFixData
	case p == nil && w.Scores == nil, p != nil && p.ModelID == "":
		return contract.MessageNoModel
	case p == nil:
		return contract.MessageRescored
	case p.Action == contract.ActionBootstrap:
		return contract.MessageFirst
	case p.Action == contract.ActionPromote:
		return contract.MessagePromotion
	case p.Action == contract.ActionHold && p.Cause != contract.HeldNoGain:
		return contract.MessageHeld
	}
	return contract.MessageQuiet
}

// headline is the news in one line that can be read alone.
func (w *writer) headline(kind string) string {
	return fmt.Sprintf("%s, %s: %s.", w.Title, day(w.AsOf), map[string]string{
		contract.MessageFirst:     "the first segments are ready",
		contract.MessagePromotion: "a new model sorts customers into segments from now on",
		contract.MessageQuiet:     "nothing has changed in how customers are sorted into segments",
		contract.MessageHeld:      "a new model was trained, but the current one stays",
		contract.MessageFixData:   "the sales data look wrong, so nothing was updated",
		contract.MessageNoModel:   "there are no segments yet",
		contract.MessageRescored:  "customers were sorted into segments again, without a new model",
	}[kind])
}

// model says what was decided, and why.
func (w *writer) model(kind string) string {
	why := ""
	if w.Promote != nil {
		why = sentence(w.Promote.Why)
	}
	switch kind {
	case contract.MessageFirst:
		if w.Scores == nil {
			return ""
		}
		return fmt.Sprintf("Model: the first one is in use. It sorts customers into %s by how they buy.", many(int64(len(w.Scores.Segments)), "segment"))
	case contract.MessagePromotion:
		moved := ""
		if s := w.Scores; s != nil && !s.First {
			moved = fmt.Sprintf(" Because of it %s changed segment.", people(s.Movement.Model))
		}
		return "Model: the new one replaces the one before, because " + list(w.reasons()) + "." + moved
	case contract.MessageHeld:
		if w.Evaluate != nil && w.Evaluate.Verdict != contract.EvalPass {
			why = "" // it is that of the checks
		}
		return strings.TrimSpace("Model: the new one is not used. Customers were sorted by the current one. " + capital(why))
	case contract.MessageFixData:
		return "Data: " + capital(sentence(w.Drift.Cause)) + " No model was replaced and no customer was sorted: segments and lists are those of the run before. Please have the delivery of sales corrected and sent again."
	case contract.MessageNoModel:
		if w.Evaluate != nil {
			why = ""
		}
		return strings.TrimSpace("Model: none has passed the checks yet, so no customer has a segment. " + capital(why))
	case contract.MessageRescored:
		return "Model: no decision in this run, as after a rollback."
	}
	return "Model: the current one stays. A new one would bring no gain."
}

// reasons says why a model was replaced. Without one a person asked for it.
func (w *writer) reasons() []string {
	words := map[string]string{
		contract.ReasonDrift: "customers no longer buy as they did when that was made",
		contract.ReasonAge:   "that had become old",
		contract.ReasonGain:  "it puts customers together who are more alike",
	}
	var all []string
	if w.Evaluate != nil {
		for _, r := range w.Evaluate.Reasons {
			text, ok := words[r.Reason]
			if !ok {
				text = r.Why
			}
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return []string{"somebody asked for it"}
	}
	return all
}

// gates says how many checks of the new model were passed, and names those that were not. Where the lines are broken, that is all
// there is to say.
func (w *writer) gates() string {
	if w.Evaluate == nil || len(w.Evaluate.Gates) == 0 || w.kind() == contract.MessageFixData {
		return ""
	}
	var failed []string
	for _, g := range w.Evaluate.Gates {
		if g.Verdict != contract.EvalPass {
			failed = append(failed, fmt.Sprintf("%s (%s)", plain(g.Gate), g.Why))
		}
	}
	all := int64(len(w.Evaluate.Gates))
	if len(failed) == 0 {
		return fmt.Sprintf("Checks: the new model passed all %d.", all)
	}
	text := fmt.Sprintf("Checks: the new model failed %d of %d: %s.", len(failed), all, list(limited(failed)))
	if w.kind() == contract.MessagePromotion {
		text += " Somebody decided to use it all the same."
	}
	return text
}

// people says how many customers there are, and how that changed.
func (w *writer) people() string {
	if w.kind() == contract.MessageFixData {
		return "" // what broken lines add up to is nothing to pass on
	}
	text := fmt.Sprintf("People: %s bought %s", people(w.Totals.Customers), w.window())
	s := w.Scores
	switch {
	case s == nil:
		return text + "."
	case s.First:
		return text + ". There is no earlier run to compare with."
	case s.Movement.Joined == 0 && s.Movement.Left == 0:
		return text + ", the same people as in the run before."
	}
	return fmt.Sprintf("%s. Since the run before %s joined and %s left.", text, people(s.Movement.Joined), count(s.Movement.Left))
}

// window says of which purchases the run is.
func (w *writer) window() string {
	if w.WindowStart == nil {
		return "up to " + day(w.AsOf-1)
	}
	return fmt.Sprintf("from %s to %s", day(*w.WindowStart), day(w.AsOf-1))
}

// revenue says what they spent, and how the last 90 days compare with those before.
func (w *writer) revenue() string {
	if w.kind() == contract.MessageFixData {
		return ""
	}
	text := fmt.Sprintf("Money: they spent %s", w.money.whole(w.Totals.Revenue))
	if w.Explore == nil || w.Explore.Change == nil {
		return text + "."
	}
	c := *w.Explore.Change
	if c.Before <= 0 || c.Now < 0 {
		return fmt.Sprintf("%s, %s of it in the last 90 days.", text, w.money.whole(c.Now))
	}
	change := 100 * (c.Now.Float()/c.Before.Float() - 1)
	word := "more"
	if change < 0 {
		change, word = -change, "less"
	}
	return fmt.Sprintf("%s. The last 90 days brought %s, which is %s %% %s than the 90 days before.", text, w.money.whole(c.Now), decimal(change, 1), word)
}

// segments says who changed segment by what they bought, and the commonest way.
func (w *writer) segments() string {
	s := w.Scores
	if s == nil {
		return ""
	}
	if s.First {
		var all []string
		for _, g := range s.Segments {
			all = append(all, fmt.Sprintf("%s (%s)", g.Label, people(g.Customers)))
		}
		return "Segments: " + list(limited(all)) + "."
	}
	if s.Movement.Behaviour == 0 {
		return "Segments: nobody changed segment by what they bought."
	}
	text := fmt.Sprintf("Segments: %s changed segment by what they bought.", people(s.Movement.Behaviour))
	for _, m := range s.Movers {
		if m.Kind == "moved" && s.Movement.Model == 0 { // else the ways are those of the model too
			return fmt.Sprintf("%s The commonest change was from %s to %s: %s, who spent %s.", text, w.segment(m.From), w.segment(m.To), people(m.Customers), w.money.whole(m.Amount))
		}
	}
	return text
}

// segment is a segment's name. One that is gone has only an id, which says nothing.
func (w *writer) segment(id string) string {
	for _, g := range w.Scores.Segments {
		if g.ID == id {
			return g.Label
		}
	}
	return "a segment that is gone"
}

// lists says who is on which list.
func (w *writer) lists() string {
	a := w.Audience
	if a == nil {
		return ""
	}
	var all []string
	for _, l := range a.Lists {
		if l.Customers > 0 {
			all = append(all, fmt.Sprintf("%s %s (%s)", plain(l.List), count(l.Customers), l.Purpose))
		}
	}
	if len(all) == 0 {
		return "Lists: no customer is on a list."
	}
	held := ""
	if a.HeldOut > 0 {
		held = fmt.Sprintf(" %s are left out of all lists, to see what the lists are worth.", count(a.HeldOut))
	}
	return fmt.Sprintf("Lists: %s to contact: %s.%s", people(a.Listed), list(limited(all)), held)
}

// delivery says what came. Rejected records are said, since somebody may want to send them again.
func (w *writer) delivery() string {
	in := w.Ingest
	switch {
	case in == nil:
		return ""
	case !in.New:
		return "Delivery: no new sales since the run before."
	}
	text := fmt.Sprintf("Delivery: %s of sales", many(in.RowsAccepted, "line"))
	if in.First != nil && in.Last != nil {
		if text += " of " + day(*in.Last); *in.First != *in.Last {
			text = fmt.Sprintf("Delivery: %s of sales from %s to %s", many(in.RowsAccepted, "line"), day(*in.First), day(*in.Last))
		}
	}
	if in.RowsQuarantined > 0 {
		text += fmt.Sprintf("; %s could not be read and did not count", many(in.RowsQuarantined, "record"))
	}
	return text + "."
}

// findings are what is doubtful about the lines, each with what to do.
func (w *writer) findings() []string {
	var all []string
	for i, f := range w.Findings {
		if i == most {
			all = append(all, fmt.Sprintf("To check: %s on the page.", many(int64(len(w.Findings)-most), "more finding")))
			break
		}
		stops := ""
		if f.Stops {
			stops = " Until then no new model is used."
		}
		all = append(all, "To check: "+sentence(f.Sentence)+" "+capital(sentence(f.What))+stops)
	}
	return all
}
