package report

import (
	"fmt"

	"github.com/clientele/clientele/pkg/report/view"
)

// measure shows which change of the average invoice could be seen, and what campaigns came to.
func (l *layout) measure() (section, error) {
	s := section{ID: "measure", Title: "What a campaign could prove"}
	m := l.Measure
	if m == nil {
		s.Blocks = append(s.Blocks, block{Text: "Measure did not run in this run, or it is outdated."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: sentence(capital(m.Measurable)) + fmt.Sprintf(" %s are permanently held out: they are in no campaign.", people(m.HoldOut.Customers))})
	if len(m.Plan) > 0 {
		s.Blocks = append(s.Blocks, block{Table: l.planTable(m)})
	}
	if aa := m.AA; aa.Rejected != nil {
		s.Blocks = append(s.Blocks, block{Note: fmt.Sprintf("Between halves of the customers that were treated alike, the test finds a difference in %s of %s splits; 5 %% is promised.",
			share(*aa.Rejected), count(int64(aa.Splits)))})
	}
	s.Blocks = append(s.Blocks, block{Table: leverTable(m)})
	if len(m.Reads) > 0 {
		s.Blocks = append(s.Blocks, block{Table: readTable(m)})
	}
	for _, text := range m.Findings {
		s.Blocks = append(s.Blocks, block{Note: sentence(text)})
	}
	return s, nil
}

func (l *layout) planTable(m *view.Measure) *grid {
	t := &grid{Caption: "The smallest change of the average invoice that is found four times in five, with two halves",
		Head: heads("#Days", "#Cap of an invoice", "#Customers", "#Buyers", "#Average invoice", "#Found", "#Found with covariates", "#10 % shows as")}
	for _, p := range m.Plan {
		t.Rows = append(t.Rows, []cell{number(fmt.Sprint(p.Days)), number(maybe(p.Cap, l.money.average)), number(count(p.Customers)), number(count(p.Buyers)),
			number(maybe(p.Average, l.money.average)), number(maybe(p.MDE, share)), number(maybe(p.Adjusted, share)), number(maybe(p.Target, share))})
	}
	return t
}

func leverTable(m *view.Measure) *grid {
	t := &grid{Caption: "What would raise the average invoice, as arithmetic on the last 90 days", Head: heads("If", "#Average invoice")}
	for _, v := range m.Levers {
		t.Rows = append(t.Rows, []cell{name(v.Lever), number(maybe(v.Change, share))})
	}
	return t
}

func readTable(m *view.Measure) *grid {
	t := &grid{Caption: "Campaigns read in this run", Head: heads("Campaign", "#Look", "#Change", "#Low", "#High", "#Target", "Verdict", "Limited by")}
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
