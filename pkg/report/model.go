package report

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/report/view"
)

// model says which model is current and why, what was checked, and how to go back.
func (l *layout) model() (tab, error) {
	t := tab{ID: "model", Name: "Model", Group: groupCheck, Kick: "Model", Mark: "good"}
	t.Heading, t.Mark = l.modelHeading()
	t.Lead = capital(l.modelWords())
	t.add(l.back(), l.history(), l.gates())
	t.add(l.choice()...)
	o, err := l.origin()
	t.add(o...)
	return t, err
}

func (l *layout) modelHeading() (heading, mark string) {
	p := l.Promote
	switch {
	case p == nil && l.Scores == nil:
		return "No model in this run", "warn"
	case p == nil:
		return fmt.Sprintf("Model %s scored this run", brief(l.Scores.ModelID)), "good"
	}
	switch p.Action {
	case contract.ActionBootstrap:
		return "This run made the first current model", "good"
	case contract.ActionPromote:
		return "A new model is current since this run", "good"
	case contract.ActionHold:
		if p.ModelID == "" {
			return "There is no current model", "bad"
		}
		if l.Evaluate != nil && l.Evaluate.Verdict == contract.EvalFail {
			return "The new model was refused; the old one stays", "warn"
		}
		return "The current model stays", "good"
	case contract.ActionUnchanged:
		return "The current model stays: training gave the same again", "good"
	}
	return capital(plain(p.Action)), "warn"
}

// gates shows what evaluate asked of the candidate.
func (l *layout) gates() panel {
	e := l.Evaluate
	if e == nil {
		return absent(12, "Gates", "No candidate was evaluated in this run.")
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
	p := panel{Span: 12, Title: "Gates", Lead: words + " " + champion, Source: "evaluate's result"}
	if len(e.Gates) > 0 {
		t := &grid{ID: "gates", Caption: "Gates", Head: heads("Gate", "Verdict", "#Value", "#Limit", "Reason")}
		for _, g := range e.Gates {
			t.Rows = append(t.Rows, []cell{name(capital(plain(g.Gate))), judged(g.Verdict), number(optional(g.Value)), number(optional(g.Limit)), text(g.Why)})
		}
		p.Blocks = append(p.Blocks, block{Table: t})
	}
	for _, r := range e.Reasons {
		p.Blocks = append(p.Blocks, block{Note: "Reason to replace the current model: " + sentence(r.Why)})
	}
	if len(e.Audience) > 0 {
		t := &grid{ID: "swap", Caption: "Who would change segment if the candidate became current", Head: heads("Segment", "#Customers", "#Enter", "#Leave", "#Larger of the two")}
		for _, a := range e.Audience {
			t.Rows = append(t.Rows, []cell{name(a.Name), number(count(int64(a.Customers))), number(count(int64(a.Enter))), number(count(int64(a.Leave))), number(share(a.Share))})
		}
		p.Numbers = append(p.Numbers, t)
	}
	return p
}

// back says what is current and how to roll back.
func (l *layout) back() panel {
	p := panel{Span: 5, Title: "What is current, and how to go back"}
	var facts []fact
	add := func(label, value string) {
		if value != "" {
			facts = append(facts, fact{label, value})
		}
	}
	if q := l.Promote; q != nil {
		add("Current model", brief(q.ModelID))
		add("Revision of HEAD", strconv.FormatInt(q.Seq, 10))
		add("Before this run", brief(q.Previous))
		add("Decided", moveWords(q.Action))
		add("Why", q.Why)
	} else if s := l.Scores; s != nil {
		add("Scored by", brief(s.ModelID))
		add("Revision of HEAD", strconv.FormatInt(s.Seq, 10))
	}
	if len(facts) == 0 {
		facts = []fact{{"Current model", "none known to this run"}}
	}
	p.Blocks = []block{{Facts: facts}}
	if to := l.modelBefore(); to != nil {
		p.Blocks = append(p.Blocks, block{Heading: fmt.Sprintf("Back to %s, the model before", brief(to.ModelID))},
			block{Command: fmt.Sprintf("bin/registry rollback %s --to-seq=%d --reason='why'", l.root(), to.Seq)},
			block{Note: "No new model replaces it until bin/registry unfreeze says so, or until the day that --hold-until names. Add --registry where the registry has a root of its own."})
	} else if len(l.Revisions) > 0 {
		p.Blocks = append(p.Blocks, block{Note: "There is no other model to go back to."})
	}
	p.Blocks = append(p.Blocks, block{Heading: "All that happened to it"}, block{Command: "bin/registry history " + l.root()})
	p.Source = "promote's result, the registry"
	return p
}

// moveWords say what was done to HEAD.
func moveWords(action string) string {
	words := map[string]string{
		contract.ActionBootstrap: "first model", contract.ActionPromote: "new model", contract.ActionHold: "current model kept", contract.ActionUnchanged: "trained the same again",
		contract.ActionRollback: "rolled back", contract.ActionFreeze: "put on hold", contract.ActionUnfreeze: "hold lifted", contract.ActionDeny: "fit denied",
		contract.ActionAllow: "fit allowed again", contract.ActionErase: "customers forgotten",
	}[action]
	if words == "" {
		words = plain(action)
	}
	return words
}

// root is how commands find the run: the page fills in where it lies, if it lies where it was written.
func (l *layout) root() string {
	if l.Name == "" || l.Name == "segments" {
		return "--root=…"
	}
	return "--root=… --name=" + l.Name
}

// modelBefore is the latest revision of another model than the current one, nil without one.
func (l *layout) modelBefore() *view.Revision {
	for i := range l.Revisions {
		if l.Revisions[i].ModelID != l.Revisions[0].ModelID && l.Revisions[i].ModelID != "" {
			return &l.Revisions[i]
		}
	}
	return nil
}

// history says who made which model the current one, when and why.
func (l *layout) history() panel {
	const title = "Who changed it, when and why"
	if len(l.Revisions) == 0 {
		return absent(7, title, "No model has ever been current, or this run knows no history.")
	}
	t := &grid{ID: "revisions", Caption: "Revisions of HEAD, the pointer to the current model, the newest first", Head: heads("Revision", "As of", "What", "Model", "By", "Why"), Download: "revisions"}
	for i, r := range l.Revisions {
		n := name(strconv.FormatInt(r.Seq, 10))
		if i == 0 {
			n.Note = "of this run"
		}
		by := text(dash)
		if r.Actor != "" {
			by = text(r.Actor)
		}
		t.Rows = append(t.Rows, []cell{n, text(day(r.AsOf)), text(moveWords(r.Action)), code(brief(r.ModelID)), by, text(capital(sentence(r.Reason)))})
	}
	return panel{Span: 7, Title: title, Blocks: []block{{Table: t}}, Source: "the registry"}
}

// choice shows how the number of segments was chosen: the rule's sentence, elbow and silhouette, every criterion.
func (l *layout) choice() []panel {
	c := l.Choice
	if c == nil {
		return []panel{absent(12, "Number of segments", "No model was trained in this run.")}
	}
	p := panel{Span: 12, Title: "Number of segments", Lead: sentence(c.Rule), Source: "sweep.arrow"}
	if l.Scores != nil && !c.Scored {
		p.Blocks = append(p.Blocks, block{Warning: fmt.Sprintf("This part describes the candidate, %s. The segments on this page come from the current model, %s.",
			brief(c.ModelID), brief(l.Scores.ModelID))})
	}
	for _, f := range c.Findings {
		p.Blocks = append(p.Blocks, block{Note: capital(sentence(f))})
	}
	if len(c.Sweep) == 0 {
		return []panel{p}
	}
	p.Blocks = append(p.Blocks, block{Table: sweepTable(c)}, block{Note: "Inertia is the sum of squared distances to the segment centres; it always falls " +
		"as k grows. Silhouette (−1 to 1) and Calinski–Harabasz: higher is better. Davies–Bouldin: lower is better. Prediction strength is how well one half " +
		"of the customers predicts the segments of the other; Jaccard is how well the least stable segment comes again in resamples; both are 1 at best. They often disagree."})
	all := []panel{p}
	if len(c.Sweep) < 2 {
		return all
	}
	first, last := c.Sweep[0], c.Sweep[len(c.Sweep)-1]
	inertia, chord := series{Name: "Inertia", Colour: "ink2"}, series{Name: "Chord", Colour: "edge", Dashed: true}
	width := series{Name: "Silhouette", Colour: "ink2"}
	chosen := float64(c.K)
	for _, r := range c.Sweep {
		if isDrawn(r.Inertia) && isDrawn(float64(r.Chord)) {
			inertia.X, inertia.Y = append(inertia.X, float64(r.K)), append(inertia.Y, r.Inertia)
			chord.X, chord.Y = append(chord.X, float64(r.K)), append(chord.Y, float64(r.Chord))
		}
		if r.Silhouette != nil && isDrawn(*r.Silhouette) {
			width.X, width.Y = append(width.X, float64(r.K)), append(width.Y, *r.Silhouette)
		}
	}
	marks := []mark{{X: &chosen, Text: "chosen"}}
	all = append(all, panel{Span: 6, Title: "Elbow", Lead: "The elbow is the point of the curve farthest below the chord, the straight line between its ends.", Source: "sweep.arrow",
		Blocks: []block{l.draw(chart{ID: "c-elbow", Kind: "lines", Height: 230, Label: fmt.Sprintf("Inertia falls from %s at k = %d to %s at k = %d; k = %d is chosen.", short(first.Inertia), first.K, short(last.Inertia), last.K, c.K),
			X: axis{Label: "Segments (k)"}, Y: axis{Label: "Inertia", Zero: true}, Series: []series{inertia, chord}, Marks: marks})}})
	if len(width.Y) > 0 {
		all = append(all, panel{Span: 6, Title: "Silhouette", Lead: "How much closer customers are to their own segment than to the next one; 1 is best.", Source: "sweep.arrow",
			Blocks: []block{l.draw(chart{ID: "c-silhouette", Kind: "lines", Height: 230, Label: fmt.Sprintf("Silhouette by k from %d to %d; k = %d is chosen.", first.K, last.K, c.K),
				X: axis{Label: "Segments (k)"}, Y: axis{Label: "Silhouette", Zero: true}, Series: []series{width}, Marks: marks})}})
	}
	return all
}

func sweepTable(t *view.Choice) *grid {
	g := &grid{ID: "sweep", Caption: "Every k tried", Head: heads("k", "#Inertia", "#Silhouette", "#Davies–Bouldin", "#Calinski–Harabasz", "#Prediction strength", "#Worst Jaccard", "#Smallest share", "#Below the chord")}
	for _, r := range t.Sweep {
		k := name(strconv.Itoa(r.K))
		if r.Chosen {
			k.Note = "chosen"
		}
		g.Rows = append(g.Rows, []cell{k, number(short(r.Inertia)), number(optional(r.Silhouette)), number(optional(r.DaviesBouldin)),
			number(optional(r.CalinskiHarabasz)), number(strength(r.SweepResult)), number(optional(r.Jaccard)), number(share(r.SmallestShare)), number(decimal(r.Elbow, 3))})
	}
	return g
}

// strength writes a prediction strength with its standard error.
func strength(r contract.SweepResult) string {
	if r.Strength == nil || r.StrengthError == nil {
		return optional(r.Strength)
	}
	return decimal(*r.Strength, 3) + " ± " + decimal(*r.StrengthError, 3)
}

// origin says where the numbers come from, so that they can be made again.
func (l *layout) origin() ([]panel, error) {
	t := &grid{ID: "ids", Caption: "Identifiers to reproduce this page", Head: heads("Item", "Identifier")}
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
	all := []panel{{Span: 12, Title: "Versions and hashes", Blocks: []block{{Table: t}}}}
	if len(l.Steps) == 0 {
		return all, nil
	}
	steps := &grid{ID: "steps", Caption: "Steps of the run, with everything that their output depends on", Head: heads("Step", "Key", "Inputs", "Parameters", "#Seed")}
	for _, st := range l.Steps {
		inputs, err := json.Marshal(st.Inputs)
		if err != nil {
			return nil, fmt.Errorf("inputs of %s: %w", st.Name, err)
		}
		params, err := json.Marshal(st.Params)
		if err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", st.Name, err)
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
	all[0].Numbers = []*grid{steps}
	return all, nil
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
