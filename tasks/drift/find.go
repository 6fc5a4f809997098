package drift

import (
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/registry"
)

// notJudged stands in the effects table for an effect that is shown without a limit to hold it against.
const notJudged = "not_judged"

// finding is what has moved.
type finding struct {
	verdict drift.Verdict
	act     drift.Act
	cause   string
	all     []drift.Feature
	effects []effect
}

// effect is one row of the effects table; value is NaN where it was not measured.
type effect struct {
	name, verdict, why string
	value              float64
}

// insufficient is the finding where there is nothing to compare with.
func insufficient(cause, why string) *finding {
	f := &finding{verdict: drift.InsufficientData, act: drift.ActNone, cause: cause}
	for _, name := range []string{"data", "model", "population"} {
		f.effects = append(f.effects, effect{name, contract.VerdictInsufficientData, why, math.NaN()})
	}
	return f
}

// find compares every numeric feature of the customers with the model's reference, and where the model puts either.
func (j *job) find(b *model.Bundle, customers *frame.Frame) (*finding, error) {
	axes := b.Model.Space.Features()
	var columns []drift.Column
	for i := range customers.Columns {
		c := &customers.Columns[i]
		ref := b.Reference.Column(c.Name)
		if !c.IsNumeric() || ref == nil || !ref.IsNumeric() {
			continue
		}
		columns = append(columns, drift.Column{
			Name: c.Name, Reference: model.Numbers(ref), Current: model.Numbers(c), Space: slices.Contains(axes, c.Name),
		})
	}
	r, err := drift.Compare(columns, drift.Options{Warn: j.Warn, Alert: j.Alert, Alpha: j.Alpha})
	if err != nil {
		return nil, err
	}
	was, err := b.Assign(b.Reference)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	is, err := b.Assign(customers)
	if err != nil {
		return nil, err
	}
	f := &finding{verdict: r.Verdict, act: r.Act, cause: r.Cause, all: r.Features}
	if j.lasted > 0 && (r.Verdict == drift.Warn || r.Verdict == drift.Alert) {
		f.cause += fmt.Sprintf("; there was drift on the previous %d as-of dates, too", j.lasted)
		if j.lasted == 1 {
			f.cause = r.Cause + "; there was drift on the previous as-of date, too"
		}
	}
	f.effects = []effect{
		{"data", notJudged, "not measured: changes of the data itself, such as prices, are not checked", math.NaN()},
		{"model", notJudged, "ratio of the mean squared distance to the nearest centroid, now to training",
			drift.ModelEffect(squares(was.Distance), squares(is.Distance))},
		{"population", notJudged, "population stability index of the segment shares, by nearest centroid",
			drift.PopulationEffect(sizes(was.Nearest, b.Model.K()), sizes(is.Nearest, b.Model.K()))},
	}
	return f, nil
}

func squares(distances []float64) []float64 {
	out := make([]float64, len(distances))
	for i, d := range distances {
		out[i] = d * d
	}
	return out
}

func sizes(labels []int32, k int) []int {
	out := make([]int, k)
	for _, c := range labels {
		out[c]++
	}
	return out
}

// featuresTable has one row a feature, in the order of the customers table.
func (f *finding) featuresTable() *frame.Frame {
	t := frame.New(contract.Features.Columns, len(f.all))
	for i, a := range f.all {
		t.Strings("feature")[i] = a.Name
		t.Floats("psi")[i] = a.PSI
		t.Floats("threshold")[i] = a.Threshold
		t.Ints("bins")[i] = int64(a.Bins)
		t.Ints("reference_rows")[i] = int64(a.Reference)
		t.Ints("current_rows")[i] = int64(a.Current)
		t.Strings("verdict")[i] = string(a.Verdict)
	}
	return t
}

func (f *finding) effectsTable() *frame.Frame {
	t := frame.New(contract.Effects.Columns, len(f.effects))
	for i, e := range f.effects {
		t.Strings("effect")[i] = e.name
		t.Floats("value")[i] = e.value
		t.Floats("limit")[i] = math.NaN()
		t.Strings("verdict")[i] = e.verdict
		t.Strings("why")[i] = e.why
	}
	return t
}

func (f *finding) result(asOf calendar.Date, head *registry.Revision) contract.DriftResult {
	r := contract.DriftResult{
		Verdict: string(f.verdict), Act: string(f.act), Cause: f.cause, Model: head.Model(), Seq: head.Number(), AsOf: asOf,
		Features: make([]contract.DriftFeature, len(f.all)),
	}
	if head != nil {
		r.HeadAsOf = &head.AsOf
	}
	if hold := head.Held(asOf); hold != nil {
		r.Hold = hold.String()
	}
	for i, a := range f.all {
		r.Features[i] = contract.DriftFeature{Feature: a.Name, PSI: a.PSI, Threshold: a.Threshold, Verdict: string(a.Verdict)}
	}
	for _, e := range f.effects {
		switch e.name {
		case "data":
			r.Effects.Data = drift.Measured(e.value)
		case "model":
			r.Effects.Model = drift.Measured(e.value)
		case "population":
			r.Effects.Population = drift.Measured(e.value)
		}
	}
	return r
}
