package drift

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/drift"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
)

// evidence is what has moved.
type evidence struct {
	drift.Conclusion
	drift.Answer
	found    drift.Findings
	effects  []drift.Effect
	segments []drift.Segment
	names    []string // ids of the segments
	forward  []drift.Followed
	price    priceLevel
	country  newCountries
	lines    []drift.LineChange
	without  map[string]string // comparisons of windows that could not be made, and why
	again    string            // "; there was drift before, too"
}

// insufficient is the finding where there is nothing to compare with.
func insufficient(cause, why string) *evidence {
	f := &evidence{
		Conclusion: drift.Conclusion{Verdict: drift.InsufficientData, Wanted: drift.ActNone, Cause: cause},
		Answer:     drift.Answer{Act: drift.ActNone, Dates: 1},
	}
	nan := math.NaN()
	for _, name := range []string{drift.EffectData, drift.EffectModel, drift.EffectSegments} {
		f.effects = append(f.effects, drift.Effect{
			Name: name, Value: nan, Limit: nan, Adjusted: nan, Low: nan, High: nan, Verdict: drift.InsufficientData, Why: why,
		})
	}
	return f
}

// alone judges the lines where there is no model to compare customers with: broken data are broken without one.
func (j *job) alone(ctx context.Context, f *evidence) (*evidence, error) {
	t, err := j.profile(ctx)
	if err != nil {
		return nil, err
	}
	p := j.lines(f, t)
	f.effects[0] = dataEffect(f.found.Checks, p)
	if c := f.found.Broken(); c != nil {
		f.Conclusion = *c
		f.Answer = drift.Decide(j.Run().AsOf, f.Wanted, j.looks(), j.CoolDown)
	}
	return f, nil
}

// lines checks and compares what the profile has of the lines.
func (j *job) lines(f *evidence, profile *frame.Frame) *lineProfile {
	p := readProfile(profile)
	f.found.Checks = j.checks(p)
	f.price, f.country, f.lines = p.price(), p.newCountries(), drift.CompareLines(p.before, p.now)
	return p
}

// Features that a closed shop lengthens by the closed days, and those that follow from it in other ways.
var (
	lengthened = []string{"recency"}
	follows    = []string{"tenure", "gap_mean", "gap_sd", "monthly_mean", "monthly_sd", "monthly_slope"}
)

// find makes one verdict of the customers, the windows and the lines.
func (j *job) find(b *model.Bundle, t tables) (*evidence, error) {
	opts := drift.Options{Materiality: j.Materiality, Alpha: j.Alpha}
	f := &evidence{}
	asOf := j.Run().AsOf
	p := j.lines(f, t.profile)
	for _, s := range b.Manifest.Segments {
		f.names = append(f.names, s.ID)
	}
	f.found.Axes = b.Model.Space.Features()
	f.found.Preparation = preparation(b, j.preprocess.Params)

	now := b.InRange(t.customers)
	closures := drift.FindClosures(p.snapshot, asOf)
	ref, closedThen := opened(b.Reference, closures, j.trainedAsOf())
	open, closedNow := opened(now, closures, asOf)
	if f.found.Closed = max(closedNow-closedThen, 0); f.found.Closed > 0 {
		f.found.Blocked = follows
		raw, effects, _, err := look(b, b.Reference, now, opts)
		if err != nil {
			return nil, err
		}
		for _, x := range raw {
			f.found.Raw = append(f.found.Raw, x.Verdict)
		}
		for _, e := range effects {
			f.found.Raw = append(f.found.Raw, e.Verdict)
		}
	}
	if f.found.Young = j.young(p.snapshot); f.found.Young {
		f.found.Blocked = follows
	}
	var err error
	if f.found.Features, f.found.Effects, f.segments, err = look(b, ref, open, opts); err != nil {
		return nil, err
	}
	if err := j.windows(f, b, t.windows, closures, opts); err != nil {
		return nil, err
	}
	f.effects = append([]drift.Effect{dataEffect(f.found.Checks, p)}, f.found.Effects...)
	if f.found.AsOf = asOf; len(j.past) > 0 {
		f.found.Said = j.past[0].Said
	}
	f.Conclusion = f.found.Conclude()
	f.Answer = drift.Decide(asOf, f.Wanted, j.looks(), j.CoolDown)
	f.again = j.lasted()
	return f, nil
}

// trainedAsOf is the as-of date of the training, 0 where it is not known: of a model that was rolled back to.
func (j *job) trainedAsOf() calendar.Date {
	if j.head.Action != contract.ActionBootstrap && j.head.Action != contract.ActionPromote {
		return 0
	}
	return j.head.AsOf
}

// young reports whether the shop's history did not fill the window at training: customers had been there for less time than they could be
// now.
func (j *job) young(days []calendar.Date) bool {
	length, _ := j.preprocess.Params["window"].(string)
	w, err := strconv.Atoi(length)
	trained := j.trainedAsOf()
	if len(days) == 0 || trained == 0 {
		return false
	}
	return err != nil || slices.Min(days) > trained-calendar.Date(w)
}

// opened returns the customers as they would be had the shop not been closed: recency without the closed days since. It
// returns the most days that were taken off, and the customers themselves where there are none.
func opened(customers *frame.Frame, c *drift.Closures, asOf calendar.Date) (*frame.Frame, int) {
	if asOf == 0 {
		return customers, 0
	}
	most := 0
	for _, days := range customers.Ints("recency") {
		most = max(most, c.Between(asOf-calendar.Date(days), asOf))
	}
	if most == 0 {
		return customers, 0
	}
	out := &frame.Frame{Columns: slices.Clone(customers.Columns)}
	for i := range out.Columns {
		column := &out.Columns[i]
		if !slices.Contains(lengthened, column.Name) {
			continue
		}
		column.Ints = slices.Clone(column.Ints)
		for row, days := range column.Ints {
			column.Ints[row] = days - int64(c.Between(asOf-calendar.Date(days), asOf))
		}
	}
	return out, most
}

// preparation says in what the customers were prepared otherwise than the model's, "" if they were not.
func preparation(b *model.Bundle, params map[string]any) string {
	names := b.PreparedOtherwise(params)
	if names == nil {
		return ""
	}
	return fmt.Sprintf("customers are prepared in another way than the model's were (%v), so they cannot be compared", names)
}

// look compares customers with a reference by every feature, and by how the model fits.
func look(b *model.Bundle, ref, cur *frame.Frame, opts drift.Options) ([]drift.Feature, []drift.Effect, []drift.Segment, error) {
	pair := pairs(ref.Strings("customer"), cur.Strings("customer"))
	compared := columns(ref, cur)
	for i := range compared {
		// Where the reference was changed for days on which the shop was closed, its bins are not those of the training.
		if c := &compared[i]; ref == b.Reference || !slices.Contains(lengthened, c.Name) {
			c.Bins = b.Model.BinsOf(c.Name)
		}
	}
	features, err := drift.Compare(compared, pair, opts)
	if err != nil {
		return nil, nil, nil, err
	}
	was, err := places(b, ref)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reference: %w", err)
	}
	is, err := places(b, cur)
	if err != nil {
		return nil, nil, nil, err
	}
	seen, unseen, err := b.AssignHeldOut(ref)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reference: %w", err)
	}
	var held drift.Held
	if seen != nil {
		held.Seen, held.Unseen = placesOf(seen), placesOf(unseen)
	}
	effects, segments, err := drift.Shape(b.Model.K(), was, is, pair, held, b.Model.Centroids, opts)
	return features, effects, segments, err
}

func places(b *model.Bundle, customers *frame.Frame) (drift.Places, error) {
	a, err := b.Assign(customers)
	if err != nil {
		return drift.Places{}, err
	}
	return placesOf(a), nil
}

func placesOf(a *model.Assignment) drift.Places {
	points := a.Points()
	return drift.Places{Nearest: a.Nearest, Distance: a.Distance, Second: a.Second, Points: points.X, Dim: points.D}
}

// pairs returns for every customer of now the row that the same customer has in the reference, −1 for none.
func pairs(ref, now []string) []int32 {
	at := make(map[string]int32, len(ref))
	for i, c := range ref {
		at[c] = int32(i)
	}
	out := make([]int32, len(now))
	for i, c := range now {
		row, ok := at[c]
		if out[i] = row; !ok {
			out[i] = -1
		}
	}
	return out
}

// columns are the features that both sides have, in the order of the customers table.
func columns(ref, cur *frame.Frame) []drift.Column {
	var out []drift.Column
	for i := range cur.Columns {
		c := &cur.Columns[i]
		was := ref.Column(c.Name)
		switch {
		case c.Name == "customer" || was == nil:
		case c.Kind == frame.Text && was.Kind == frame.Text:
			out = append(out, drift.Column{Name: c.Name, Text: true, ReferenceText: was.Strings, CurrentText: c.Strings})
		case c.IsNumeric() && was.IsNumeric():
			out = append(out, drift.Column{
				Name: c.Name, Reference: model.Numbers(was), Current: model.Numbers(c), Log: c.Unit != "share" && c.Unit != "days",
			})
		}
	}
	return out
}

// looks are the earlier runs, as pkg/drift knows them.
func (j *job) looks() []drift.Look {
	var out []drift.Look
	for _, p := range j.past {
		l := drift.Look{AsOf: p.AsOf, Wanted: drift.Act(p.Wanted), Latched: p.Latched}
		if p.Act == contract.ActRefit || p.Act == contract.ActRetrain {
			l.Asked = drift.Act(p.Act)
			if p.Wanted == "" { // of an earlier program, which asked at once
				l.Wanted, l.Latched = l.Asked, true
			}
		}
		out = append(out, l)
	}
	return out
}

// lasted says on how many earlier as-of dates in a row this model's customers had drifted.
func (j *job) lasted() string {
	n := 0
	for n < len(j.past) && (j.past[n].Verdict == contract.VerdictWarn || j.past[n].Verdict == contract.VerdictAlert) {
		n++
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "; there was drift on the previous as-of date, too"
	}
	return fmt.Sprintf("; there was drift on the previous %d as-of dates, too", n)
}
