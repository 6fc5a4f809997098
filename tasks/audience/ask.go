package audience

import (
	"fmt"
	"slices"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// ask puts every customer of the book on a list or none, and places the customers of the cut in the segments of the same model.
func (a *shop) ask() error {
	a.index()
	people, err := a.today()
	if err != nil {
		return &fault.Fault{Code: fault.ExitBadData, Cause: "customers", Err: err}
	}
	segments := len(a.bundle.Manifest.Segments)
	a.now = audience.NewShop(people, segments)
	a.held = make([]bool, len(people))
	for c, name := range a.book.Customers {
		a.held[c] = a.permanent[name] != contract.ArmTreatment // who has no row is on no list either
	}
	a.on = audience.Assign(a.rules, a.now, a.held)

	past := a.book.Known(a.cut)
	if err := a.place(past, a.cut); err != nil {
		a.unknown = err.Error()
	} else if a.since > 0 {
		before := a.book.Known(a.cut - calendar.Date(a.since))
		if err := a.place(before, a.cut-calendar.Date(a.since)); err != nil {
			return err // the same model has just placed others
		}
		for c := range past {
			past[c].Previous = before[c].Segment
		}
	}
	a.then = audience.NewShop(past, segments)
	return nil
}

// index makes maps by customer.
func (a *shop) index() {
	a.arm, a.permanent, a.nature = map[string]string{}, map[string]string{}, map[string]string{}
	for i, campaign := range a.arms.Strings("campaign") {
		customer, arm := a.arms.Strings("customer")[i], a.arms.Strings("arm")[i]
		switch campaign {
		case contract.HoldOut:
			a.permanent[customer] = arm
		case a.campaign:
			a.arm[customer] = arm
		}
	}
	if a.natures != nil {
		for i, customer := range a.natures.Strings("customer") {
			a.nature[customer] = a.natures.Strings("nature")[i]
		}
	}
}

// today says what is known of the book's customers: their segments are the published ones.
func (a *shop) today() ([]audience.Person, error) {
	people := a.book.Known(a.asOf)
	row := map[string]int{}
	for i, customer := range a.assignments.Strings("customer") {
		row[customer] = i
	}
	for c, name := range a.book.Customers {
		i, ok := row[name]
		if !ok {
			continue
		}
		people[c].Segment = a.bundle.Manifest.Index(a.assignments.Strings("segment")[i])
		if previous := a.assignments.Strings("previous")[i]; a.since > 0 && previous != "" {
			people[c].Previous = a.bundle.Manifest.Index(previous)
		}
	}
	// The customers' own features, as if each had ordered once more yesterday.
	rows := make([]int, a.customers.Rows())
	for i := range rows {
		rows[i] = i
	}
	next := a.customers.Take(rows)
	for i, average := range next.Floats("average_invoice") {
		next.Ints("recency")[i] = 1
		next.Ints("frequency")[i]++
		next.Ints("monetary")[i] += int64(average * money.Scale)
	}
	near, err := a.bundle.Assign(next)
	if err != nil {
		return nil, err
	}
	names := next.Strings("customer")
	for c, name := range a.book.Customers {
		if i, ok := slices.BinarySearch(names, name); ok {
			people[c].Next = int(near.Nearest[i])
		}
	}
	return people, nil
}

// replayed are the features that a customer's purchases alone say.
var replayed = []string{"recency", "frequency", "monetary", "average_invoice", "tenure", "gap_mean", "gap_sd"}

// place fills the segments, and the segments after one more order, of people as they were on a day: the nearest by the model of the scores.
// A model that needs other features than can be replayed is an error, and nobody is placed.
func (a *shop) place(people []audience.Person, day calendar.Date) error {
	for _, feature := range a.bundle.Model.Space.Features() {
		if !slices.Contains(replayed, feature) {
			return fmt.Errorf("the model uses %s, which is not known of %s", feature, day)
		}
	}
	var known []int
	for c := range people {
		if people[c].Dates > 0 {
			known = append(known, c)
		}
	}
	asWas, next := frame.New(contract.Customers.Columns, len(known)), frame.New(contract.Customers.Columns, len(known))
	for i, c := range known {
		p := &people[c]
		put(asWas, i, p, p.Recency, p.Frequency, int64(p.Monetary))
		put(next, i, p, 1, p.Frequency+1, int64(p.Monetary)+int64(p.Monetary)/int64(p.Frequency))
	}
	was, err := a.bundle.Assign(asWas)
	if err != nil {
		return err
	}
	then, err := a.bundle.Assign(next)
	if err != nil {
		return err
	}
	for i, c := range known {
		people[c].Segment, people[c].Next = int(was.Nearest[i]), int(then.Nearest[i])
	}
	return nil
}

func put(f *frame.Frame, i int, p *audience.Person, recency, frequency int, monetary int64) {
	f.Ints("recency")[i], f.Ints("frequency")[i], f.Ints("monetary")[i] = int64(recency), int64(frequency), monetary
	f.Ints("tenure")[i] = int64(p.Tenure)
	f.Floats("average_invoice")[i] = p.Monetary.Float() / float64(p.Frequency)
	f.Floats("gap_mean")[i], f.Floats("gap_sd")[i] = p.GapMean, p.GapSD
}
