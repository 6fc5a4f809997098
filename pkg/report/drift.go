package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// drift says in one sentence whether customers still look as they did, and which features moved how far.
func (l *layout) drift() (tab, error) {
	t := tab{ID: "drift", Name: "Drift", Group: groupCheck, Kick: "Drift: do customers still look as they did when the model was made?", Mark: "warn"}
	d := l.Drift
	if d == nil {
		t.Heading = "Drift was not checked in this run"
		t.add(absent(12, "Why", "Drift did not run in this run, or its output is outdated. bin/pipeline runs it after preprocess."))
		return t, nil
	}
	t.Mark = tone(d.Verdict)
	switch d.Verdict {
	case contract.VerdictNone:
		t.Heading = "Customers look as they did"
	case contract.VerdictWarn:
		t.Heading = "Customers have begun to look different"
	case contract.VerdictAlert:
		t.Heading = "The model no longer fits these customers"
	default:
		t.Heading = "First model: nothing to compare with yet"
		if d.Model != "" {
			t.Heading = "Too little data to tell"
		}
	}
	if d.Act == contract.ActFixData {
		t.Heading, t.Mark = "The data is broken: correct it first", "bad"
	}
	t.Lead = capital(strings.TrimPrefix(l.driftWords(), "none. "))
	b := &banner{t.Mark, "Act: " + cmp.Or(plain(d.Act), "none"), sentence(l.actText()), ""}
	if d.Hold != "" {
		b.Text += " " + capital(sentence(d.Hold))
	}
	if d.Votes > 0 {
		b.Text += fmt.Sprintf(" Of the last as-of dates a week apart, at most 3, %s called for a new model.", count(int64(d.Votes)))
	}
	if d.Asked != nil {
		b.Text += fmt.Sprintf(" The same was asked for on %s.", day(*d.Asked))
	}
	t.add(panel{Banner: b})
	if len(d.Checks) > 0 {
		t.add(panel{Span: 12, Title: "What is broken in the lines", Blocks: []block{{Table: checkTable(d)}}, Source: "drift's result"})
	}
	if len(d.Features) == 0 {
		t.add(absent(12, "Features", "Nothing was compared: there was no current model."))
	} else {
		t.add(l.features(d))
		t.add(l.spreads(d)...)
	}
	t.add(panel{Span: 12, Title: "What it comes from", Lead: "Change in the data, in the model's fit, and in the sizes of segments.", Blocks: []block{{Table: effectTable(d)}}, Source: "effects.arrow"})
	t.add(l.earlier())
	t.add(panel{Span: 12, Title: "What the verdicts mean", Blocks: []block{{Table: &grid{ID: "verdicts", Caption: "Verdicts", Head: heads("Verdict", "What it says", "What happens"), Rows: [][]cell{
		{judgedHead(contract.VerdictNone), text("no more than chance gives with this many customers, or too small to matter"), text("nothing")},
		{judgedHead(contract.VerdictWarn), text("a visible shift"), text("wait for a second run before anything changes")},
		{judgedHead(contract.VerdictAlert), text("customers differ from those the model was trained on"), text("new centres or a new model; a fault of the data stops the new model instead")},
	}}}}})
	return t, nil
}

// middleOf are a feature's medians when the model was trained, and now.
func (l *layout) middleOf(d *view.Drift, feature string) (then, now cell) {
	write := few
	if t, ok := l.traits()[feature]; ok {
		write = t.write
	}
	for _, m := range d.Spread {
		if m.Feature == feature && !math.IsNaN(float64(m.Before)) && !math.IsNaN(float64(m.Now)) {
			return valued(write(float64(m.Before)), float64(m.Before)), valued(write(float64(m.Now)), float64(m.Now))
		}
	}
	return number(dash), number(dash)
}

// cause writes why drift said what it said in an earlier run.
func cause(s string) string {
	if s == "no_head" {
		return "there was no current model"
	}
	return cmp.Or(plain(s), dash)
}

// mostSpreads bounds the pictures of features.
const mostSpreads = 3

// spreads draws the features that moved most, then and now.
func (l *layout) spreads(d *view.Drift) []panel {
	psi := map[string]float64{}
	for _, f := range d.Features {
		psi[f.Feature] = f.PSI
	}
	ranked := slices.Clone(d.Spread)
	slices.SortStableFunc(ranked, func(a, b view.Moved) int { return cmp.Compare(psi[b.Feature], psi[a.Feature]) })
	var all []panel
	for _, m := range ranked {
		if len(m.Spread) < 2 || len(all) == mostSpreads {
			continue
		}
		before, now := series{Name: "When the model was trained", Colour: "neutral"}, series{Name: "Now", Colour: "accent"}
		t := &grid{ID: "spread-" + m.Feature, Caption: l.featureName(m.Feature) + ": customers by group, in %", Head: heads("Group", "#Then", "#Now")}
		for _, s := range m.Spread {
			before.Names, before.Y = append(before.Names, s.Label), append(before.Y, 100*float64(s.Before))
			now.Names, now.Y = append(now.Names, s.Label), append(now.Y, 100*float64(s.Now))
			t.Rows = append(t.Rows, []cell{name(s.Label), number(share(float64(s.Before))), number(share(float64(s.Now)))})
		}
		all = append(all, panel{Span: 4, Title: l.featureName(m.Feature), Lead: capital(sentence(m.Why)), Numbers: []*grid{t}, Source: "drift_bins.arrow",
			Blocks: []block{l.draw(chart{ID: "c-spread-" + m.Feature, Kind: "groups", Height: 190, Label: l.featureName(m.Feature) + ", customers by group then and now. " + capital(sentence(m.Why)),
				Y: axis{Label: "Customers, %"}, Series: []series{before, now}})}})
	}
	return all
}

// earlier are the verdicts of earlier runs.
func (l *layout) earlier() panel {
	const title = "Earlier runs"
	if l.Audience == nil || len(l.Audience.History) < 2 {
		return absent(12, title, "No earlier run is known: this shows verdicts and asks from the second run on.")
	}
	t := &grid{ID: "history", Caption: "Runs so far, the last of each week", Head: heads("As of", "Verdict", "Act", "#Customers", "#Revenue", "#Moved", "Model", "Why"), Sort: true, Page: 13, Download: "history"}
	for _, h := range slices.Backward(l.Audience.History) {
		verdict := text(dash)
		if h.Verdict != "" {
			verdict = judged(h.Verdict)
		}
		t.Rows = append(t.Rows, []cell{name(h.AsOf), verdict, text(cmp.Or(plain(h.Act), dash)), valued(count(h.Customers), float64(h.Customers)), valued(l.money.round(h.Revenue), h.Revenue.Float()),
			valued(count(h.Moved), float64(h.Moved)), code(brief(h.ModelID)), text(cause(h.Cause))})
	}
	return panel{Span: 12, Title: title, Blocks: []block{{Table: t}}, Source: "history.arrow"}
}

func judgedHead(verdict string) cell {
	c := judged(verdict)
	c.Head = true
	return c
}

func checkTable(d *view.Drift) *grid {
	t := &grid{ID: "checks", Caption: "Checks of the lines", Head: heads("Check", "Column", "From", "#Days", "Act", "Accepted", "Why")}
	for _, c := range d.Checks {
		accepted := "no"
		if c.Accepted {
			accepted = "yes"
		}
		t.Rows = append(t.Rows, []cell{name(c.Check), text(c.Column), text(c.Day.String()), number(count(int64(c.Days))), judged(c.Act), text(accepted), text(c.Why)})
	}
	return t
}

// features ranks the features by how far they moved.
func (l *layout) features(d *view.Drift) panel {
	ranked := slices.Clone(d.Features)
	slices.SortStableFunc(ranked, func(a, b contract.DriftFeature) int { return cmp.Compare(b.PSI, a.PSI) })
	t := &grid{ID: "features", Caption: "Features by how far they moved, compared with the customers that the current model was trained on", Sort: true, Download: "drift",
		Head: heads("Feature", "#Middle then", "#Middle now", "#Index (PSI)", "Against its limits", "#Explained by chance", "#Adjusted p", "Verdict")}
	most := .0
	for _, f := range ranked {
		if isDrawn(f.PSI) {
			most = max(most, f.PSI)
		}
	}
	if d.Alert != nil {
		most = max(most, *d.Alert)
	}
	at := func(v float64) float64 {
		if most <= 0 || !isDrawn(v) {
			return 2
		}
		return 2 + math.Round(1160*v/most)/10
	}
	for _, f := range ranked {
		r := &interval{Low: 2, High: at(f.PSI), At: at(f.PSI), Mark: at(f.Threshold)}
		then, now := l.middleOf(d, f.Feature)
		t.Rows = append(t.Rows, []cell{name(l.featureName(f.Feature)), then, now, valued(decimal(f.PSI, 4), f.PSI), {Range: r, Sort: strconv.FormatFloat(f.PSI, 'g', -1, 64)},
			valued(decimal(f.Threshold, 4), f.Threshold), valued(decimal(f.P, 3), f.P), judged(f.Verdict)})
	}
	p := panel{Span: 12, Title: "How far each feature moved", Lead: "The index (population stability index) adds up how much the shares of customers in equal groups changed: 0 is the same. " +
		"The dot is the index, the upright line what chance alone explains with this many customers.", Blocks: []block{{Table: t}}, Source: "features.arrow"}
	if d.Warn != nil && d.Alert != nil {
		p.Blocks = append(p.Blocks, block{Note: fmt.Sprintf("A feature raises a warning from %s and an alert from %s, if the index is also larger than chance explains.",
			strconv.FormatFloat(*d.Warn, 'g', 4, 64), strconv.FormatFloat(*d.Alert, 'g', 4, 64))})
	}
	return p
}

func effectTable(d *view.Drift) *grid {
	if len(d.Measures) == 0 {
		e := d.Effects
		return &grid{ID: "effects", Caption: "Effects", Head: heads("Effect", "#Size"), Rows: [][]cell{
			{name("Data"), number(optional(e.Data))}, {name("Model"), number(optional(e.Model))}, {name("Population"), number(optional(e.Population))},
		}}
	}
	t := &grid{ID: "effects", Caption: "Effects", Head: heads("Effect", "#Size", "#Limit", "Verdict", "Why")}
	for _, e := range d.Measures {
		t.Rows = append(t.Rows, []cell{name(capital(plain(e.Effect))), number(finite(float64(e.Value))), number(finite(float64(e.Limit))), judged(e.Verdict), text(e.Why)})
	}
	return t
}

func finite(v float64) string {
	if math.IsNaN(v) {
		return dash
	}
	return short(v)
}
