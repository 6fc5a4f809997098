package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// wanted is the rise of the average invoice that a shop wants to see.
const wanted = .1

// goal says whether a rise of the average invoice by 10 % can be shown here, and what it would take.
func (l *layout) goal() (tab, error) {
	t := tab{ID: "goal", Name: "Goal", Group: groupAct, Kick: "Goal: average invoice +10 %"}
	m := l.Measure
	if m == nil {
		t.Heading = "What a campaign could prove is unknown in this run"
		t.add(absent(12, "Why", "Measure did not run in this run, or its output is outdated. bin/pipeline runs it after explore."))
		return t, nil
	}
	var first *contract.MeasurePlan
	for i := range m.Plan {
		if m.Plan[i].Measurable && first == nil {
			first = &m.Plan[i]
		}
	}
	switch {
	case first != nil:
		t.Heading = fmt.Sprintf("+10 %% can be shown here in %d days, if half the customers get no offer", first.Days)
	case len(m.Plan) > 0:
		t.Heading = "+10 % cannot be measured here"
	default:
		t.Heading = "What a campaign could prove"
	}
	now := l.Totals.AverageInvoice
	t.Lead = fmt.Sprintf("From %s to %s an invoice. %s", l.money.amount(now, 2), l.money.amount((1+wanted)*now, 2), capital(sentence(m.Measurable)))
	t.add(panel{Banner: l.measured(m)})
	t.add(l.wait(m), l.hold(m))
	t.add(l.levers(m))
	for _, d := range l.bins("invoice_value") {
		t.add(l.distribution(d, 6, "Where the average comes from", "Invoices by value, on an axis where each step multiplies. Few large ones decide the plain average.", "Invoice value", "invoices"))
	}
	if len(m.Reads) > 0 {
		t.add(panel{Span: 12, Title: "Campaigns read in this run", Lead: "A range that holds 0 says nothing is shown. The upright line is no change.", Blocks: []block{{Table: readTable(m)}}, Source: "reads.arrow"})
	}
	t.add(panel{Span: 6, Title: "How a test is run", Lead: "Fixed before it starts, so that nobody can choose the reading afterwards.", Blocks: []block{{Facts: []fact{
		{"Who is counted", "customers, not invoices: one customer's invoices resemble each other"},
		{"Measure", "money divided by invoices, with large invoices capped; uncapped beside it"},
		{"Taken into account", "spending in the 180 days before, never anything from the test"},
		{"Must not fall", "revenue and invoices a customer: the average rises by itself when small orders are put off"},
		{"Reached", "the whole 95 % range is at or above the target"},
		{"Cannot say", "the range holds the target: test longer or with more customers"},
	}}, {Heading: "To start one"}, {Command: "bin/measure assign --help"}}})
	honest := panel{Span: 6, Title: "Is the test honest?", Source: "measure's result"}
	if aa := m.AA; aa.Rejected != nil {
		honest.Blocks = append(honest.Blocks, block{Text: fmt.Sprintf("Between halves of the customers that were treated alike, the test finds a difference in %s of %s splits; 5 %% is promised.", share(*aa.Rejected), count(int64(aa.Splits)))})
		if aa.Low != nil && aa.High != nil {
			honest.Blocks = append(honest.Blocks, block{Note: fmt.Sprintf("95 %% interval of that share: %s to %s.", share(*aa.Low), share(*aa.High))})
		}
	} else {
		honest.Blocks = append(honest.Blocks, block{Note: "Too few customers to split them again and again."})
	}
	for _, text := range m.Findings {
		honest.Blocks = append(honest.Blocks, block{Note: capital(sentence(text))})
	}
	t.add(honest)
	return t, nil
}

// levers lets a reader try what would raise the average invoice.
func (l *layout) levers(m *view.Measure) panel {
	b := m.LeverBase
	p := panel{Span: 6, Title: "What would it take?", Lead: fmt.Sprintf("Arithmetic on the last %d days, not a forecast.", max(b.Days, 90)), Source: "measure's result"}
	if b.Invoices == 0 || b.Lines == 0 || !(b.Revenue > 0) {
		p.Blocks = []block{{Table: leverTable(m)}}
		return p
	}
	now := b.Revenue / float64(b.Invoices)
	p.Lead += fmt.Sprintf(" Their average invoice is %s; over the whole window it is %s. Move the levers.", l.money.amount(now, 2), l.money.amount(l.Totals.AverageInvoice, 2))
	v := &levers{Invoices: b.Invoices, Lines: b.Lines, Revenue: b.Revenue, Pack: b.Pack, Days: b.Days, Goal: wanted, Line: l.money.amount(b.Revenue/float64(b.Lines), 2),
		Now: l.money.amount(now, 2), Goes: l.money.amount((1+wanted)*now, 2)}
	for _, t := range b.Thresholds {
		label := fmt.Sprintf("%s: %s up to 20"+nbsp+"%% below", l.money.amount(t.Threshold, 0), many(t.Invoices, "invoice"))
		v.Thresholds = append(v.Thresholds, threshold{Label: label, Raise: t.Raise, Chosen: t.Quartile})
	}
	p.Blocks, p.Numbers = []block{{Levers: v}}, []*grid{leverTable(m)}
	return p
}

func (l *layout) bins(measure string) []view.Distribution {
	if l.Explore == nil {
		return nil
	}
	for _, d := range l.Explore.Distributions {
		if d.Measure == measure && len(d.Bins) > 0 {
			return []view.Distribution{d}
		}
	}
	return nil
}

// measured is the verdict on the goal today.
func (l *layout) measured(m *view.Measure) *banner {
	if n := len(m.Reads); n > 0 {
		r := m.Reads[n-1]
		text := fmt.Sprintf("Campaign %s: change of the average invoice %s, 95 %% interval %s to %s.", r.Campaign, changed(r.Effect.Value), changed(r.Effect.Low), changed(r.Effect.High))
		if !r.Causal {
			text += " Nothing was randomised, so this is not causal."
		}
		return &banner{tone(plain(r.Verdict)), capital(plain(r.Verdict)), text, ""}
	}
	text := fmt.Sprintf("%s are permanently held out: they are on no list and in no campaign.", capital(people(m.HoldOut.Customers)))
	switch {
	case m.Running != "":
		return &banner{"", "Campaign " + m.Running + " is running", text + " It is read once its end is past.", ""}
	case m.Campaigns > 0:
		return &banner{"", "No campaign to read in this run", text, ""}
	}
	return &banner{"warn", "Not measured yet: no campaign has been started", text + " Until a campaign with a control arm is read, no claim here is causal.", ""}
}

// wait shows the smallest change that would be found, by the days of a test.
func (l *layout) wait(m *view.Measure) panel {
	p := panel{Span: 6, Title: "How long until we know?", Lead: "The smallest change that a test with two halves finds four times in five, by days and by the cap on invoices, with earlier spending taken into account. At or below the target is good enough.", Source: "measure's result"}
	if len(m.Plan) == 0 {
		p.Blocks = []block{{Note: "Too few customers to plan a test."}}
		return p
	}
	var lines []series
	colours, at := []string{"neutral", "seg-2", "accent", "seg-3"}, map[float64]int{}
	for _, q := range m.Plan {
		k, ok := at[q.CapQuantile]
		if !ok {
			k, at[q.CapQuantile] = len(lines), len(lines)
			label := "As it is"
			if q.CapQuantile < 1 {
				label = fmt.Sprintf("Capped at the %s %% point", decimal(100*q.CapQuantile, 0))
			}
			lines = append(lines, series{Name: label, Colour: colours[k%len(colours)]})
		}
		if q.Adjusted != nil {
			lines[k].X, lines[k].Y = append(lines[k].X, float64(q.Days)), append(lines[k].Y, 100**q.Adjusted)
		}
	}
	goal := 10.0
	p.Blocks = []block{l.draw(chart{ID: "c-power", Kind: "lines", Height: 270, Label: "Smallest change found, in %, by days of the test; the goal is 10 %.", X: axis{Label: "Days of the test"},
		Y: axis{Label: "Smallest change found, %", Zero: true}, Series: lines, Marks: []mark{{Y: &goal, Text: "goal 10 %"}}})}
	p.Numbers = []*grid{l.planTable(m)}
	return p
}

// hold says whether who is held out resembles the others.
func (l *layout) hold(m *view.Measure) panel {
	p := panel{Span: 6, Title: "Is the hold-out fair?", Lead: fmt.Sprintf("%s of customers, drawn by a hash of the number: the same at every run.", share(m.HoldOut.Share)), Source: "arms.arrow"}
	b := m.HoldOut.Balance
	if len(b) == 0 {
		p.Blocks = []block{{Note: "Nobody is held out, or the run does not say how they compare."}}
		return p
	}
	t := &grid{ID: "balance", Caption: "Held out against the others", Head: heads("Measure")}
	rows := [][]cell{{name("Customers")}, {name("Spent in the 180 days before")}}
	var names []string
	if l.Scores != nil {
		for _, g := range l.Scores.Segments {
			names = append(names, g.Name)
			rows = append(rows, []cell{name(g.Label + ", share")})
		}
	}
	for _, arm := range b {
		t.Head = append(t.Head, cell{Text: capital(plain(arm.Arm)), Class: "num"})
		rows[0] = append(rows[0], number(count(arm.Customers)))
		rows[1] = append(rows[1], number(maybe(arm.PastMoney, l.money.average)))
		for i, n := range names {
			rows[2+i] = append(rows[2+i], number(share(arm.Segments[n])))
		}
	}
	t.Rows = rows
	p.Blocks = []block{{Table: t}}
	return p
}

func (l *layout) planTable(m *view.Measure) *grid {
	t := &grid{ID: "plan", Caption: "The smallest change of the average invoice that is found four times in five, with two halves",
		Head: heads("#Days", "#Cap of an invoice", "#Customers", "#Buyers", "#Average invoice", "#Found", "#Found with covariates", "#10 % shows as")}
	for _, p := range m.Plan {
		t.Rows = append(t.Rows, []cell{number(fmt.Sprint(p.Days)), number(maybe(p.Cap, l.money.average)), number(count(p.Customers)), number(count(p.Buyers)),
			number(maybe(p.Average, l.money.average)), number(maybe(p.MDE, share)), number(maybe(p.Adjusted, share)), number(maybe(p.Target, share))})
	}
	return t
}

func leverTable(m *view.Measure) *grid {
	t := &grid{ID: "levers", Caption: "Each lever at its full strength, as arithmetic on the last 90 days", Head: heads("If", "#Average invoice")}
	for _, v := range m.Levers {
		t.Rows = append(t.Rows, []cell{name(capital(v.Lever)), number(maybe(v.Change, share))})
	}
	return t
}

func readTable(m *view.Measure) *grid {
	t := &grid{ID: "reads", Caption: "Campaigns read in this run", Head: heads("Campaign", "#Look", "#Change", "#Low", "#High", "#Target", "Verdict", "Limited by")}
	for _, r := range m.Reads {
		why := dash
		if len(r.Why) > 0 {
			why = list(r.Why)
		}
		t.Rows = append(t.Rows, []cell{name(r.Campaign), number(fmt.Sprint(r.N)), number(changed(r.Effect.Value)), number(changed(r.Effect.Low)),
			number(changed(r.Effect.High)), number(changed(r.Target)), judged(r.Verdict), text(why)})
	}
	return t
}

func changed(v *float64) string { return maybe(v, share) }
