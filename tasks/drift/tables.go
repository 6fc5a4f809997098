package drift

import (
	"math"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
)

// documentName is the file that has every number of a run.
const documentName = "drift.json"

// documentVersion is the version of its JSON.
const documentVersion = 2

// document is drift.json: every number, also those below their limits. What does not apply is null.
type document struct {
	Version  int                  `json:"version"`
	Result   contract.DriftResult `json:"result"`
	Against  []comparison         `json:"against"`
	Without  map[string]string    `json:"not_compared,omitempty"` // comparisons of windows that could not be made, and why
	Effects  []effectJSON         `json:"effects"`
	Segments []segmentJSON        `json:"segments"`
	Closed   int                  `json:"closed_days"` // by which customers' recency was shortened before it was compared
	Lines    []lineJSON           `json:"lines"`
	Price    priceLevel           `json:"price"`
	Country  newCountries         `json:"countries"`
	Past     []past               `json:"past"`              // entries of the state that the run rests on
	Trained  []drift.Followed     `json:"trained,omitempty"` // what customers of each segment did at training
}

// lineJSON is how the lines of the last window differ from those of the window before.
type lineJSON struct {
	Measure string   `json:"measure"`
	Before  *float64 `json:"before"`
	Now     *float64 `json:"now"`
	Effect  *float64 `json:"effect"`
	P       float64  `json:"p"` // adjusted
}

type comparison struct {
	Against  string        `json:"against"` // model, model_now, before or year_ago
	Features []featureJSON `json:"features"`
}

type featureJSON struct {
	contract.DriftFeature
	KSP              *float64 `json:"ks_p"`
	Scale            string   `json:"scale"`
	Largest          *float64 `json:"largest"`
	Chi2             *float64 `json:"chi2"`
	Unseen           *float64 `json:"unseen"`
	RawP             float64  `json:"p_raw"`
	PName            string   `json:"p_name"`
	Draws            int      `json:"draws"`
	MissingReference float64  `json:"missing_reference"`
	MissingCurrent   float64  `json:"missing_current"`
	MissingP         *float64 `json:"missing_p"`
	Infinite         int      `json:"infinite"`
	Bins             int      `json:"bins"`
	Reference        int      `json:"reference_rows"`
	Current          int      `json:"current_rows"`
	Overlap          int      `json:"overlap"`
}

type effectJSON struct {
	Effect    string   `json:"effect"`
	Value     *float64 `json:"value"`
	Reference *float64 `json:"reference"`
	Limit     *float64 `json:"limit"`
	P         *float64 `json:"p"`
	Low       *float64 `json:"low"`
	High      *float64 `json:"high"`
	Verdict   string   `json:"verdict"`
	Why       string   `json:"why"`
}

type segmentJSON struct {
	Segment   string  `json:"segment"`
	Reference float64 `json:"reference"`
	Current   float64 `json:"current"`
	Z         float64 `json:"z"`
	P         float64 `json:"p"`
}

// againstTrained is the comparison with the model's own drift window.
const againstTrained = "model_now"

// against are the comparisons of features, in their order.
func (f *evidence) against() []struct {
	name     string
	features []drift.Feature
} {
	return []struct {
		name     string
		features []drift.Feature
	}{{"model", f.found.Features}, {againstTrained, f.found.Trained}, {contract.WindowBefore, f.found.Before}, {contract.WindowYearAgo, f.found.YearAgo}}
}

func (f *evidence) document(j *job, r contract.DriftResult) document {
	d := document{
		Version: documentVersion, Result: r, Closed: f.found.Closed, Price: f.price, Country: f.country, Past: append([]past{}, j.past...), Trained: j.trained,
		Without: f.without, Against: []comparison{}, Effects: []effectJSON{}, Lines: []lineJSON{}, Segments: []segmentJSON{},
	}
	m := drift.Measured
	for _, a := range f.against() {
		if a.features == nil {
			continue
		}
		c := comparison{Against: a.name}
		for _, x := range a.features {
			c.Features = append(c.Features, featureJSON{
				DriftFeature: featureResult(x), KSP: m(x.KSP), Scale: x.Scale, Largest: m(x.Largest), Chi2: m(x.Chi2), Unseen: m(x.Unseen),
				RawP: x.P, PName: x.PName, Draws: x.Draws, MissingReference: x.MissingReference, MissingCurrent: x.MissingCurrent, MissingP: m(x.MissingAdjusted),
				Infinite: x.Infinite, Bins: x.Bins, Reference: x.Reference, Current: x.Current, Overlap: x.Overlap,
			})
		}
		d.Against = append(d.Against, c)
	}
	for _, c := range f.lines {
		d.Lines = append(d.Lines, lineJSON{c.Name, m(c.Before), m(c.Now), m(c.Effect), c.Adjusted})
	}
	for _, e := range f.effects {
		d.Effects = append(d.Effects, effectJSON{e.Name, m(e.Value), m(e.Reference), m(e.Limit), m(e.Adjusted), m(e.Low), m(e.High), string(e.Verdict), e.Why})
	}
	for i, s := range f.segments {
		d.Segments = append(d.Segments, segmentJSON{f.names[i], s.Reference, s.Current, s.Z, s.Adjusted})
	}
	return d
}

func featureResult(x drift.Feature) contract.DriftFeature {
	m := drift.Measured
	return contract.DriftFeature{
		Feature: x.Name, PSI: x.PSI, Threshold: x.Noise, P: x.Adjusted, JS: m(x.JS), KS: m(x.KS), Wasserstein: m(x.Wasserstein), Verdict: string(x.Verdict),
	}
}

// featuresTable has one row a comparison and feature, in the order of the customers table.
func (f *evidence) featuresTable() *frame.Frame {
	n := 0
	for _, a := range f.against() {
		n += len(a.features)
	}
	t := frame.New(contract.Features.Columns, n)
	i := 0
	for _, a := range f.against() {
		for _, x := range a.features {
			t.Strings("against")[i], t.Strings("feature")[i], t.Strings("verdict")[i] = a.name, x.Name, string(x.Verdict)
			t.Strings("scale")[i], t.Strings("p_name")[i], t.Strings("why")[i] = x.Scale, x.PName, why(x)
			for name, v := range map[string]float64{
				"psi": x.PSI, "js": x.JS, "ks": x.KS, "ks_p": x.KSP, "wasserstein": x.Wasserstein, "largest": x.Largest, "chi2": x.Chi2, "unseen": x.Unseen,
				"p": x.P, "adjusted": x.Adjusted, "threshold": x.Noise, "missing_reference": x.MissingReference, "missing_current": x.MissingCurrent,
				"missing_adjusted": x.MissingAdjusted, "median_reference": x.Middle, "median_current": x.MiddleCurrent,
			} {
				t.Floats(name)[i] = v
			}
			for name, v := range map[string]int{
				"draws": x.Draws, "bins": x.Bins, "reference_rows": x.Reference, "current_rows": x.Current, "overlap": x.Overlap,
			} {
				t.Ints(name)[i] = int64(v)
			}
			i++
		}
	}
	return t
}

func (f *evidence) effectsTable() *frame.Frame {
	t := frame.New(contract.Effects.Columns, len(f.effects))
	for i, e := range f.effects {
		t.Strings("effect")[i] = e.Name
		t.Floats("value")[i], t.Floats("limit")[i], t.Floats("p")[i] = e.Value, e.Limit, e.Adjusted
		t.Floats("low")[i], t.Floats("high")[i] = e.Low, e.High
		t.Strings("verdict")[i], t.Strings("why")[i] = string(e.Verdict), e.Why
	}
	return t
}

func (f *evidence) result(j *job) contract.DriftResult {
	asOf := j.Run().AsOf
	r := contract.DriftResult{
		Verdict: string(f.Verdict), Act: string(f.Act), Wanted: string(f.Wanted), Votes: f.Votes, Latched: f.Latched, Cause: f.cause(),
		Model: j.head.Model(), Seq: j.head.Number(), AsOf: asOf,
		Features: make([]contract.DriftFeature, len(f.found.Features)), Checks: []contract.DriftCheck{}, Forward: f.forward, Said: f.Said,
	}
	if j.head != nil {
		r.HeadAsOf = &j.head.AsOf
	}
	if f.Cooling {
		r.Asked = &f.Asked
	}
	if hold := j.head.Held(asOf); hold != nil {
		r.Hold = hold.String()
	}
	for i, x := range f.found.Features {
		r.Features[i] = featureResult(x)
	}
	for _, c := range f.found.Checks {
		r.Checks = append(r.Checks, contract.DriftCheck{
			Check: c.Name, Column: c.Column, Day: c.Day, Days: c.Days, Act: string(c.Act), Accepted: c.Accepted, Why: c.Why,
		})
	}
	for _, e := range f.effects {
		switch e.Name {
		case drift.EffectData:
			r.Effects.Data = drift.Measured(e.Value)
		case drift.EffectModel:
			r.Effects.Model = drift.Measured(e.Value)
		case drift.EffectSegments:
			r.Effects.Population = drift.Measured(e.Value)
		}
	}
	return r
}

// cause adds to what was found why it is not acted on.
func (f *evidence) cause() string {
	text := f.Cause
	wants := f.Wanted == drift.ActRefit || f.Wanted == drift.ActRetrain
	switch {
	case f.Cooling && wants && f.Act == drift.ActWait:
		text += "; a new model was asked for on " + f.Asked.String() + ", and the current one has stayed"
	case wants && f.Act == drift.ActWait:
		text += "; it is asked for when another as-of date a week apart says the same"
	case f.Wanted == drift.ActNone && f.Act == drift.ActWait:
		text += "; before, it had moved"
	}
	if f.Verdict == drift.Warn || f.Verdict == drift.Alert {
		text += f.again
	}
	return text
}

// dataEffect is the share of the last window's lines on days that a check calls broken.
func dataEffect(checks []drift.Check, p *lineProfile) drift.Effect {
	nan := math.NaN()
	e := drift.Effect{Name: drift.EffectData, Value: nan, Reference: nan, Limit: 0, P: nan, Adjusted: nan, Low: nan, High: nan, Verdict: drift.NotJudged,
		Why: "not measured: preprocess made no profile of the lines"}
	if len(p.now) == 0 {
		e.Limit = nan
		return e
	}
	broken, all := map[calendar.Date]bool{}, int64(0)
	for _, c := range checks {
		for _, d := range p.now {
			if d.Day >= c.Day && d.Day <= c.Last && !c.Accepted {
				broken[d.Day] = true
			}
		}
	}
	var lines int64
	for _, d := range p.now {
		if all += d.Lines; broken[d.Day] {
			lines += d.Lines
		}
	}
	e.Value, e.Verdict, e.Why = float64(lines)/float64(max(all, 1)), drift.None, "share of the last window's lines that are on days which a check calls broken"
	if lines > 0 {
		e.Verdict = drift.Alert
	}
	return e
}
