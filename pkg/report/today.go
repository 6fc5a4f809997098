package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/report/view"
)

// The two parts of the navigation.
const (
	groupAct   = "Act"
	groupCheck = "Check"
)

// layout is the view on its way to a page.
type layout struct {
	view.View
	money  currency
	places map[string]segmentName // by segment id
	charts []chart
}

// newPage lays out the page: first what to do, then how far to trust it.
func newPage(v view.View) (*page, error) {
	l := layout{View: v, money: currency(v.Currency), places: map[string]segmentName{}}
	if v.Scores != nil {
		for i, g := range v.Scores.Segments {
			l.places[g.ID] = segmentName{i, g.Label}
		}
	}
	p := &page{Title: v.Title, Shop: []string{v.Title, "as of " + day(v.AsOf)}, Trace: []string{"Run " + v.Run}, Personal: l.personal()}
	if p.Title == "" {
		p.Title, p.Shop[0] = "Customer segments", "Customer segments"
	}
	if v.Zone != "" {
		p.Shop = append(p.Shop, v.Zone)
	}
	if v.Scores != nil {
		p.Trace = append(p.Trace, "model "+brief(v.Scores.ModelID))
	}
	var errs []error
	for _, lay := range []func() (tab, error){l.today, l.segments, l.customers, l.products, l.goal, l.drift, l.data, l.model} {
		t, err := lay()
		errs = append(errs, err)
		p.Tabs = append(p.Tabs, t)
	}
	p.Charts = l.charts
	var err error
	p.Pack, err = l.packed()
	errs = append(errs, err)
	return p, errors.Join(errs...)
}

// draw adds a chart to those that the script draws. What cannot be drawn is drawn as nothing: JSON has no such number.
func (l *layout) draw(c chart) block {
	for _, s := range c.Series {
		for i, v := range s.Y {
			if !isDrawn(v) {
				s.Y[i] = 0
			}
		}
	}
	l.charts = append(l.charts, c)
	return block{Chart: &c}
}

// day writes a date as 9 December 2011.
func day(d calendar.Date) string {
	t := time.Unix(d.Start()/1_000_000, 0).UTC()
	return t.Format("2 January 2006")
}

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
	frozen, denied := l.held()
	switch p := l.Promote; {
	case frozen != "":
		say("warn", "The registry is frozen: no model is promoted", capital(sentence(frozen)), "bin/registry unfreeze --help")
	case p == nil || p.Action != contract.ActionHold:
	case denied || l.Evaluate != nil && l.Evaluate.Verdict == contract.EvalFail:
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

// held says why no model is promoted, "" if one may be, and whether this run's candidate is denied by a person. What promote says
// names the command that lifts either.
func (l *layout) held() (frozen string, denied bool) {
	if d := l.Drift; d != nil && d.Hold != "" {
		frozen = d.Hold
	}
	if p := l.Promote; p != nil && p.Action == contract.ActionHold {
		if strings.Contains(p.Why, "registry unfreeze") {
			frozen = p.Why
		}
		denied = strings.Contains(p.Why, "registry allow")
	}
	return frozen, denied
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

// between writes the days of a week: 3 to 9 December 2011.
func between(w view.Week) string {
	from, err := calendar.ParseDate(w.Start)
	to, err2 := calendar.ParseDate(w.End)
	if err != nil || err2 != nil {
		return w.Start + " to " + w.End
	}
	a, b := day(from), day(to)
	for {
		i, j := strings.LastIndexByte(a, ' '), strings.LastIndexByte(b, ' ')
		if i < 0 || j < 0 || a[i:] != b[j:] && !strings.HasSuffix(b, a[i:]) {
			return a + " to " + day(to)
		}
		a, b = a[:i], b[:j]
	}
}

// mostWeeks are how many weeks a small picture shows.
const mostWeeks = 26

// weekly are the figures of the last week, each with its usual swing; nil without two weeks.
func (l *layout) weekly() []kpi {
	if l.Audience == nil || len(l.Audience.Weeks) < 2 {
		return nil
	}
	weeks := l.Audience.Weeks
	weeks = weeks[max(0, len(weeks)-mostWeeks):]
	average := func(w view.Week) view.Usual {
		return view.Usual{Value: w.Sales.Value / w.Invoices.Value, Low: view.Undefined(), High: view.Undefined()}
	}
	whole := func(v float64) string { return decimal(v, 0) }
	var all []kpi
	for _, f := range []struct {
		label string
		of    func(view.Week) view.Usual
		write func(float64) string
	}{
		{"Sales this week", func(w view.Week) view.Usual { return w.Sales }, func(v float64) string { return l.money.amount(v, 0) }},
		{"Customers who bought", func(w view.Week) view.Usual { return w.Customers }, whole},
		{"Average invoice", average, func(v float64) string { return l.money.amount(v, 2) }},
		{"First-time customers", func(w view.Week) view.Usual { return w.FirstTime }, whole},
	} {
		values := make([]float64, len(weeks))
		for i, w := range weeks {
			values[i] = float64(f.of(w).Value)
		}
		now, before := values[len(values)-1], values[len(values)-2]
		k := kpi{Label: f.label, Value: f.write(now), Note: change(now, before)}
		low, high := float64(f.of(weeks[len(weeks)-1]).Low), float64(f.of(weeks[len(weeks)-1]).High)
		if isDrawn(low) && isDrawn(high) {
			switch {
			case now < low:
				k.Note += "; less than usual"
			case now > high:
				k.Note += "; more than usual"
			default:
				k.Note += "; as usual"
			}
			k.Note += fmt.Sprintf(" (8 weeks in 10: %s to %s)", f.write(low), f.write(high))
		}
		k.Spark = sparkline(values, low, high, fmt.Sprintf("%s, %d weeks to %s: %s", f.label, len(values), weeks[len(weeks)-1].End, k.Note))
		all = append(all, k)
	}
	return all
}

// change says how a number of a week compares with that of the week before.
func change(now, before float64) string {
	switch r := now/before - 1; {
	case !isDrawn(r) || before == 0:
		return "nothing in the week before"
	case r >= 0:
		return "+" + decimal(100*r, 1) + nbsp + "% in a week"
	default:
		return decimal(100*r, 1) + nbsp + "% in a week"
	}
}

// sparkline draws values, and the band between low and high where there is one. It is nil where a value is none.
func sparkline(values []float64, low, high float64, label string) *spark {
	const width, height, edge = 216, 28, 3
	least, most := values[0], values[0]
	for _, v := range values {
		if !isDrawn(v) {
			return nil
		}
		least, most = min(least, v), max(most, v)
	}
	band := isDrawn(low) && isDrawn(high)
	if band {
		least, most = min(least, low), max(most, high)
	}
	y := func(v float64) float64 {
		if most == least {
			return edge + height/2
		}
		return edge + math.Round(10*height*(most-v)/(most-least))/10
	}
	s := &spark{Label: label}
	var xy []float64
	for i, v := range values {
		s.X, s.Y = 2+math.Round(10*width*float64(i)/float64(max(1, len(values)-1)))/10, y(v)
		xy = append(xy, s.X, s.Y)
	}
	s.Points = coordinates(xy...)
	if band {
		s.BandY, s.BandHeight = y(high), max(1, y(low)-y(high))
	}
	return s
}

// product names a product by what it is called, with its code below; by the code where it has no name.
func (l *layout) product(code string) cell {
	if called := l.Products[code]; called != "" {
		return cell{Text: called, Note: code}
	}
	return cell{Text: code}
}

// row makes a cell the row's name.
func row(c cell) cell {
	c.Head = true
	return c
}

// listWords say what to do with each list of audience.
var listWords = map[string]string{
	"late":           "Call those who are late",
	"slipped":        "Stop the slide",
	"one_order_away": "One order away from the top",
	"regulars":       "Offer what they buy regularly",
	"second_order":   "Win the second order",
}

// listName writes a list's name for people.
func listName(name string) string {
	if words, ok := listWords[name]; ok {
		return words
	}
	return capital(strings.ReplaceAll(name, "_", " "))
}

func (l *layout) todo() panel {
	a := l.Audience
	if a == nil {
		return absent(8, "What to do", "No lists: audience did not run in this run, or its output is outdated. It needs scores and sales; bin/pipeline runs it after measure.")
	}
	p := panel{Span: 8, Title: "What to do", Lead: "Each customer is on one list only: the first whose rule fits.", Source: "audience.arrow, lists.arrow"}
	var acts []action
	for i, v := range a.Lists {
		acts = append(acts, action{Rank: i + 1, Title: listName(v.List), Text: sentence(capital(v.Rule)) + " Purpose: " + v.Purpose + ".", Customers: count(v.Customers),
			Money: l.money.round(v.AtStake), Follow: sentence(capital(v.Says)), List: v.List, Primary: i == 0, Downloadable: l.saves(v.Customers)})
	}
	p.Blocks = append(p.Blocks, block{Actions: acts})
	note := fmt.Sprintf("In 90 days: what these customers usually spend. It is what is at stake, not what a list brings. %s are held out: they are on no list and in no file, so that an effect can be measured (see Goal).", capital(people(a.HeldOut)))
	p.Blocks = append(p.Blocks, block{Note: note})
	if l.saves(a.Listed) {
		p.Blocks = append(p.Blocks, block{Downloads: []download{{Of: "lists", Label: "All " + count(a.Listed), Says: "customers on a list, as CSV"}}})
	}
	p.Numbers = []*grid{l.listTable(a), followTable(a), limitTable(a)}
	return p
}

func (l *layout) who() panel {
	s := l.Scores
	p := panel{Span: 4, Title: "Who moved", Source: "movers.arrow"}
	switch {
	case s == nil:
		return absent(4, "Who moved", "Unknown: this run has no scores.")
	case s.First:
		return absent(4, "Who moved", "These are the first scores. From the next run on, this shows who joined, left or changed segment.")
	case len(s.Movers) == 0:
		return absent(4, "Who moved", "Nobody joined, left or changed segment since the previous scores.")
	}
	p.Lead = fmt.Sprintf("%s of %s changed segment since the last scores.", count(s.Moved), count(s.Customers))
	p.Blocks = append(p.Blocks, block{Moves: l.ways()})
	for _, m := range s.Movers {
		if l.unknown(m.From) || l.unknown(m.To) {
			p.Blocks = append(p.Blocks, block{Note: "An ID without a name is a segment of the previous model. Segments of a new model that have most of the customers of one before keep its ID."})
			break
		}
	}
	p.Numbers = []*grid{l.moverTable()}
	return p
}

func (l *layout) unknown(id string) bool { _, ok := l.places[id]; return id != "" && !ok }

func (l *layout) place(id string) segmentName {
	if s, ok := l.places[id]; ok || id == "" {
		return s
	}
	return segmentName{-1, id}
}

// mostWays bounds the ways that are drawn in each direction.
const mostWays = 8

// ways are the moves by direction: to a segment of more money a customer, to one of less, in and out.
func (l *layout) ways() []moves {
	s := l.Scores
	value := map[string]float64{}
	for _, g := range s.Segments {
		value[g.ID] = float64(g.RevenuePerCustomer)
	}
	groups := []struct {
		title string
		down  bool
		is    func(view.Move) bool
	}{
		{"To a segment of more spending", false, func(m view.Move) bool { return m.From != "" && m.To != "" && value[m.To] >= value[m.From] }},
		{"To a segment of less spending", true, func(m view.Move) bool { return m.From != "" && m.To != "" && value[m.To] < value[m.From] }},
		{"First purchases, or back again", false, func(m view.Move) bool { return m.From == "" }},
		{"No purchase in the window any more", true, func(m view.Move) bool { return m.To == "" }},
	}
	var all []moves
	for _, g := range groups {
		w := moves{Down: g.down}
		var n, most int64
		var sum money.Amount
		for _, m := range s.Movers {
			if g.is(m) {
				n, sum, most = n+m.Customers, sum+m.Amount, max(most, m.Customers)
			}
		}
		if n == 0 {
			continue
		}
		for _, m := range s.Movers {
			if g.is(m) && len(w.Rows) < mostWays {
				w.Rows = append(w.Rows, move{From: l.place(m.From), To: l.place(m.To), Customers: count(m.Customers), Money: l.money.round(m.Amount),
					Width: 100 * float64(m.Customers) / float64(most)})
			}
		}
		w.Title, w.Money = fmt.Sprintf("%s: %s", g.title, people(n)), l.money.round(sum)
		all = append(all, w)
	}
	return all
}

// mostMoves bounds the table of movers: ten segments have 90 ways between them.
const mostMoves = 30

func (l *layout) moverTable() *grid {
	t := &grid{ID: "movers", Caption: "Moves since the previous scores", Head: heads("Move", "From", "To", "#Customers", "#Spending")}
	var rest view.Move
	label := func(id string) cell {
		if id == "" {
			return text(dash)
		}
		return text(l.place(id).Name)
	}
	for i, m := range l.Scores.Movers {
		if i >= mostMoves {
			rest.Customers += m.Customers
			rest.Amount += m.Amount
			continue
		}
		t.Rows = append(t.Rows, []cell{name(capital(m.Kind)), label(m.From), label(m.To), number(count(m.Customers)), number(l.money.whole(m.Amount))})
	}
	if n := len(l.Scores.Movers) - mostMoves; n > 0 {
		t.Foot = []cell{name(many(int64(n), "more move")), text(""), text(""), number(count(rest.Customers)), number(l.money.whole(rest.Amount))}
	}
	return t
}

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

func (l *layout) listTable(a *view.Audience) *grid {
	t := &grid{ID: "lists", Caption: "The lists, in the order in which they take customers", Head: heads("List", "To", "#Customers", "#Usual spending in 90 days", "#Personal", "#Bulk", "#Reseller",
		"#On an earlier list", "#Held out")}
	for _, v := range a.Lists {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(v.Purpose), number(count(v.Customers)), number(l.money.amount(v.AtStake.Float(), 0)),
			nature(v.Nature, "personal"), nature(v.Nature, "bulk"), nature(v.Nature, "reseller"), number(count(v.Earlier)), number(count(v.HeldOut))})
	}
	return t
}

// nature writes how many customers are of a class, where any class is known.
func nature(of map[string]int64, class string) cell {
	if len(of) == 0 {
		return number(dash)
	}
	return number(count(of[class]))
}

func followTable(a *view.Audience) *grid {
	t := &grid{ID: "followed", Caption: fmt.Sprintf("What those whom the same rule took on %s did in the 90 days after it", day(a.Cut)),
		Head: heads("List", "#Taken", "#Of them bought", "#Others of their segments", "#Of these bought", "Difference")}
	for _, v := range a.Lists {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), number(customersOf(v.Then)), number(bought(v.Then)), number(customersOf(v.Others)),
			number(bought(v.Others)), text(sentence(capital(v.Says)))})
	}
	return t
}

func customersOf(g *contract.FollowedGroup) string {
	if g == nil {
		return dash
	}
	return count(g.Customers)
}

func bought(g *contract.FollowedGroup) string {
	if g == nil || g.Customers == 0 {
		return dash
	}
	return share(float64(g.Bought) / float64(g.Customers))
}

func limitTable(a *view.Audience) *grid {
	t := &grid{ID: "limits", Caption: "How many customers the rule takes with other limits, before order and hold-out",
		Head: heads("List", "Limit", "#Set to", "#Takes", "#Lower", "#Would take", "#Higher", "#Then takes")}
	for _, v := range a.Limits {
		t.Rows = append(t.Rows, []cell{name(listName(v.List)), text(plain(v.Name)), number(fmt.Sprint(v.Value)), number(count(v.Customers)),
			number(fmt.Sprint(v.Lower)), number(count(v.CustomersLower)), number(fmt.Sprint(v.Higher)), number(count(v.CustomersHigher))})
	}
	return t
}
