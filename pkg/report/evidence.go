package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// drift shows how far each feature has moved from the baseline.
func (l *layout) drift() (section, error) {
	s := section{ID: "drift", Title: "Drift"}
	d := l.Drift
	if d == nil {
		s.Blocks = append(s.Blocks, block{Text: "Drift was not checked in this run."})
		return s, nil
	}
	s.Blocks = append(s.Blocks, block{Text: l.driftWords()})
	if len(d.Features) > 0 {
		picture, err := driftFigure(d)
		if err != nil {
			return s, err
		}
		t := &grid{Caption: "Drift by feature, compared with the customers that the current model was trained on", Head: heads("Feature", "#PSI", "#Explained by chance", "Verdict")}
		for _, f := range d.Features {
			t.Rows = append(t.Rows, []cell{name(plain(f.Feature)), number(decimal(f.PSI, 4)), number(decimal(f.Threshold, 4)), judged(f.Verdict)})
		}
		s.Blocks = append(s.Blocks, block{Figures: []figure{picture}}, block{Table: t})
		if d.Warn != nil && d.Alert != nil {
			s.Blocks = append(s.Blocks, block{Note: fmt.Sprintf("A feature raises a warning from a PSI of %s and an alert from %s, if the PSI is also larger than chance explains.",
				strconv.FormatFloat(*d.Warn, 'g', 4, 64), strconv.FormatFloat(*d.Alert, 'g', 4, 64))})
		}
	}
	if e := d.Effects; e.Data != nil || e.Model != nil || e.Population != nil {
		s.Blocks = append(s.Blocks, block{Table: &grid{
			Caption: "Effects: change in the data, in the model's fit, and in the sizes of segments", Head: heads("Effect", "#Size"),
			Rows: [][]cell{
				{name("data"), number(optional(e.Data))}, {name("model"), number(optional(e.Model))}, {name("population"), number(optional(e.Population))},
			}}})
	}
	return s, nil
}

// mostFeatures bounds the picture of drift.
const mostFeatures = 10

// driftFigure draws the features that moved most.
func driftFigure(d *view.Drift) (figure, error) {
	features := slices.Clone(d.Features)
	slices.SortStableFunc(features, func(a, b contract.DriftFeature) int {
		switch {
		case a.PSI > b.PSI:
			return -1
		case a.PSI < b.PSI:
			return 1
		}
		return 0
	})
	caption := "PSI measures how differently customers are spread over a feature's range. Up to the second bar, chance explains it with this many customers."
	if len(features) > mostFeatures {
		features = features[:mostFeatures]
		caption = fmt.Sprintf("The %d largest; the table lists all. ", mostFeatures) + caption
	}
	names := make([]string, len(features))
	psi, chance := bars{name: "PSI", colour: roleFirst, label: short}, bars{name: "explained by chance", colour: roleAxis, label: short}
	for i, f := range features {
		names[i] = plain(f.Feature)
		if f.Verdict != contract.VerdictNone {
			names[i] += " (" + plain(f.Verdict) + ")"
		}
		psi.values, chance.values = append(psi.values, f.PSI), append(chance.values, f.Threshold)
	}
	alt := fmt.Sprintf("PSI of %d features, compared with what chance explains; the largest is %s with %s.", len(d.Features), names[0], short(features[0].PSI))
	svg, err := barChart(names, []bars{psi, chance}, false, alt)
	return figure{Title: "Drift by feature", SVG: svg, Caption: caption}, err
}

// gates shows what evaluate asked of the candidate.
func (l *layout) gates() (section, error) {
	s := section{ID: "gates", Title: "Promotion gates"}
	e := l.Evaluate
	if e == nil {
		s.Blocks = append(s.Blocks, block{Text: "No candidate was evaluated in this run."})
		return s, nil
	}
	words := map[string]string{
		contract.EvalPass:       "The candidate passed every gate.",
		contract.EvalFail:       "The candidate failed a gate, so it is not promoted.",
		contract.EvalUnverified: "Not verified: the current model has changed since drift was measured.",
	}[e.Verdict]
	if words == "" {
		words = sentence(capital(plain(e.Verdict)))
	}
	champion := "There was no current model to compare with."
	if e.Champion != "" {
		champion = fmt.Sprintf("It was compared with the current model, %s (revision %d).", brief(e.Champion), e.Seq)
	}
	s.Blocks = append(s.Blocks, block{Text: words + " " + champion})
	if len(e.Gates) > 0 {
		t := &grid{Caption: "Gates", Head: heads("Gate", "Verdict", "#Value", "#Limit", "Reason")}
		for _, g := range e.Gates {
			t.Rows = append(t.Rows, []cell{name(plain(g.Gate)), judged(g.Verdict), number(optional(g.Value)), number(optional(g.Limit)), text(g.Why)})
		}
		s.Blocks = append(s.Blocks, block{Table: t})
	}
	return s, nil
}

// origin says where the numbers come from, so that they can be made again.
func (l *layout) origin() (section, error) {
	s := section{ID: "origin", Title: "Where this comes from"}
	t := &grid{Caption: "Identifiers to reproduce this page", Head: heads("Item", "Identifier")}
	add := func(what, id string) {
		if id != "" {
			t.Rows = append(t.Rows, []cell{name(what), code(id)})
		}
	}
	add("run", l.Run)
	if l.Ingest != nil {
		add("snapshot of lines", l.Ingest.Snapshot)
		add("delivery, sha256", l.Ingest.SHA256)
	}
	if l.Scores != nil {
		add("current model", l.Scores.ModelID)
		add("revision of HEAD", strconv.FormatInt(l.Scores.Seq, 10))
	}
	if l.Choice != nil {
		add("candidate, model id", l.Choice.ModelID)
		add("candidate, fit id", l.Choice.FitID)
		add("candidate, parent", l.Choice.Parent)
	}
	if l.Evaluate != nil {
		add("evaluation", l.Evaluate.Eval)
	}
	for i, c := range l.Codes {
		what := "code"
		if i > 0 {
			what = "code, also"
		}
		add(what, c)
	}
	s.Blocks = append(s.Blocks, block{Table: t})
	if len(l.Steps) == 0 {
		return s, nil
	}
	steps := &grid{Caption: "Steps of the run, with everything that their output depends on", Head: heads("Step", "Key", "Inputs", "Parameters", "#Seed")}
	for _, st := range l.Steps {
		inputs, err := json.Marshal(st.Inputs)
		if err != nil {
			return s, fmt.Errorf("inputs of %s: %w", st.Name, err)
		}
		params, err := json.Marshal(st.Params)
		if err != nil {
			return s, fmt.Errorf("parameters of %s: %w", st.Name, err)
		}
		seed := dash
		if st.Seed != nil {
			seed = strconv.FormatUint(*st.Seed, 10)
		}
		step := name(st.Name)
		if st.Run != "" && st.Run != l.Run {
			step.Note = "from run " + st.Run
		}
		steps.Rows = append(steps.Rows, []cell{step, code(st.Key), code(pairs(inputs)), code(pairs(params)), number(seed)})
	}
	s.Blocks = append(s.Blocks, block{Table: steps})
	return s, nil
}

// pairs shows an object's JSON without its braces, nothing as a dash.
func pairs(object []byte) string {
	switch s := string(object); s {
	case "null", "{}":
		return dash
	default:
		return s[1 : len(s)-1]
	}
}
