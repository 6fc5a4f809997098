package audience

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/clientele/clientele/pkg/audience"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/recommend"
)

// offers is how many products to offer a row names.
const offers = 3

// table has a row for every customer.
func (a *shop) table() *frame.Frame {
	n := a.customers.Rows()
	t := frame.New(contract.Audiences.Columns, n)
	names := t.Strings("customer")
	copy(names, a.customers.Strings("customer"))
	segment, segmentName := map[string]string{}, map[string]string{}
	for i, customer := range a.assignments.Strings("customer") {
		segment[customer], segmentName[customer] = a.assignments.Strings("segment")[i], a.assignments.Strings("segment_name")[i]
	}
	spent, tenure := a.customers.Ints("monetary"), a.customers.Ints("tenure")
	for i, name := range names {
		t.Strings("segment")[i], t.Strings("segment_name")[i], t.Strings("nature")[i] = segment[name], segmentName[name], a.nature[name]
		if t.Strings("arm")[i] = a.arm[name]; a.arm[name] != "" {
			t.Strings("campaign")[i] = a.campaign
		}
		if a.permanent[name] == contract.ArmHoldOut {
			t.Ints("hold_out")[i] = 1
		}
		p := audience.Person{Monetary: money.Amount(spent[i]), Tenure: int(tenure[i])}
		t.Ints("usual_90")[i] = int64(p.Usual())
		t.Floats("predicted_90")[i], t.Floats("predicted_365")[i] = math.NaN(), math.NaN()
		if c, ok := slices.BinarySearch(a.book.Customers, name); ok && a.on[c] != audience.None {
			r := a.rules[a.on[c]]
			t.Strings("list")[i], t.Strings("list_code")[i] = r.List, r.Code(&a.now.People[c])
		}
	}
	a.predicted(t)
	a.offered(t)
	return t
}

// predicted fills what customers are expected to spend.
func (a *shop) predicted(t *frame.Frame) {
	if a.predictions == nil {
		return
	}
	names := t.Strings("customer")
	for i, name := range a.predictions.Strings("customer") {
		if row, ok := slices.BinarySearch(names, name); ok {
			t.Floats("predicted_90")[row] = a.predictions.Floats("money")[i]
			t.Floats("predicted_365")[row] = a.predictions.Floats("predicted_value")[i]
		}
	}
}

// offer keeps the first products of the lists for_you.
func (a *shop) offer(suggestions *frame.Frame) {
	kinds, codes, ranks := suggestions.Strings("kind"), suggestions.Strings("code"), suggestions.Ints("rank")
	for i, name := range suggestions.Strings("customer") {
		if kinds[i] != recommend.ForYou || ranks[i] > offers {
			continue
		}
		if a.offers[name] == nil {
			a.offers[name] = &[offers]string{}
		}
		a.offers[name][ranks[i]-1] = codes[i]
	}
}

// offered fills the first products of the lists for_you.
func (a *shop) offered(t *frame.Frame) {
	for i, name := range t.Strings("customer") {
		if codes := a.offers[name]; codes != nil {
			for k, code := range codes {
				t.Strings(fmt.Sprintf("offer_%d", k+1))[i] = code
			}
		}
	}
}

// lists sums up the lists: their table, that of their limits, and the result.
func (a *shop) lists() (lists, limits *frame.Frame, r contract.AudienceResult) {
	r = contract.AudienceResult{
		Customers: int64(a.customers.Rows()), Campaign: a.campaign, Rules: spelled(a.rules), Lists: []contract.ListResult{}, Limits: []contract.LimitResult{},
		Cut: a.cut, Everybody: group(a.book.Everybody(a.then, a.cut, a.asOf)), Statements: a.statements(),
	}
	for _, arm := range a.permanent {
		if arm == contract.ArmHoldOut {
			r.HeldOut++
		}
	}
	r.Segments = a.segments()
	for i, rule := range a.rules {
		l := a.list(i)
		r.Listed += l.Customers
		r.Lists = append(r.Lists, l)
		for _, e := range rule.Effects(a.now) {
			r.Limits = append(r.Limits, contract.LimitResult{List: rule.List, Name: e.Limit, Value: e.Value, Customers: int64(e.Takes),
				Lower: e.Lower, CustomersLower: int64(e.Less), Higher: e.Higher, CustomersHigher: int64(e.More)})
		}
	}
	return a.listsTable(r.Lists), limitsTable(r.Limits), r
}

// list sums up list number i.
func (a *shop) list(i int) contract.ListResult {
	rule := a.rules[i]
	l := contract.ListResult{List: rule.List, Rule: rule.Words(), Purpose: rule.Purpose(), Nature: map[string]int64{}}
	for c := range a.now.People {
		p := &a.now.People[c]
		if !rule.Takes(a.now, p) {
			continue
		}
		l.Taken++
		switch {
		case a.held[c]:
			l.HeldOut++
		case a.on[c] != i:
			l.Earlier++
		default:
			l.Customers++
			l.AtStake += p.Usual()
			if class := a.nature[a.book.Customers[c]]; class != "" {
				l.Nature[class]++
			}
		}
	}
	if !rule.Asks(a.then) {
		l.Says = "cannot be said: " + a.why()
		return l
	}
	f := a.book.Follow(rule, a.then, a.cut, a.asOf)
	l.Then, l.Others = group(f.Taken), group(f.Others)
	l.Low, l.High, l.Differs = contract.Defined(f.Low), contract.Defined(f.High), f.Differs()
	l.Says = says(f)
	return l
}

// segments sums up the book's customers by segment.
func (a *shop) segments() []contract.ListedSegment {
	all := map[int]*contract.ListedSegment{}
	for c, name := range a.book.Customers {
		p := &a.now.People[c]
		if p.Segment == audience.None {
			continue
		}
		g := all[p.Segment]
		if g == nil {
			s := a.bundle.Manifest.Segments[p.Segment]
			g = &contract.ListedSegment{ID: s.ID, Name: s.Name, Nature: map[string]int64{}}
			all[p.Segment] = g
		}
		g.Customers++
		g.Usual += p.Usual()
		if class := a.nature[name]; class != "" {
			g.Nature[class]++
		}
		switch {
		case a.on[c] != audience.None:
			g.Listed++
		case a.permanent[name] == contract.ArmHoldOut:
			g.HeldOut++
		}
	}
	out := []contract.ListedSegment{}
	for _, g := range all {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(x, y contract.ListedSegment) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// segmentsTable has the segments of the model, with what those who were in them on the day of the cut did since.
func (a *shop) segmentsTable(listed []contract.ListedSegment) *frame.Frame {
	all := slices.Clone(a.bundle.Manifest.Segments)
	slices.SortFunc(all, func(x, y model.Segment) int { return cmp.Compare(x.ID, y.ID) })
	outcomes := a.book.Outcomes(a.then, a.cut, a.asOf)
	t := frame.New(contract.SegmentAudience.Columns, len(all))
	for i, s := range all {
		t.Strings("segment")[i], t.Strings("name")[i], t.Strings("followed_from")[i] = s.ID, s.Name, a.cut.String()
		if k := slices.IndexFunc(listed, func(l contract.ListedSegment) bool { return l.ID == s.ID }); k >= 0 {
			l := listed[k]
			t.Ints("customers")[i], t.Ints("usual_90")[i], t.Ints("listed")[i], t.Ints("held_out")[i] = l.Customers, int64(l.Usual), l.Listed, l.HeldOut
			for _, class := range []string{"personal", "bulk", "reseller"} {
				t.Ints(class)[i] = l.Nature[class]
			}
		}
		o, known := outcomes[a.bundle.Manifest.Index(s.ID)], a.unknown == ""
		customers, bought, spent := math.NaN(), math.NaN(), int64(frame.NullInt)
		if known {
			customers, bought, spent = float64(o.Customers), float64(o.Bought), int64(o.Spent)
		}
		t.Floats("followed")[i], t.Floats("followed_bought")[i], t.Ints("followed_spent")[i] = customers, bought, spent
		t.Floats("bought_share")[i], t.Floats("bought_low")[i], t.Floats("bought_high")[i] = o.Share(), o.BoughtLow, o.BoughtHigh
		t.Floats("spent_each")[i], t.Floats("spent_low")[i], t.Floats("spent_high")[i] = o.Each, o.EachLow, o.EachHigh
	}
	return t
}

// why says why a rule cannot be asked of the customers of the cut.
func (a *shop) why() string {
	switch {
	case a.unknown != "":
		return a.unknown
	case !slices.ContainsFunc(a.then.People, func(p audience.Person) bool { return p.Dates > 0 }):
		return fmt.Sprintf("the window has no purchase before %s", a.cut)
	}
	return "there are no earlier scores by this model to compare with"
}

// says tells what came of those whom a rule took.
func says(f audience.Followed) string {
	if f.Taken.Customers == 0 {
		return "the rule took nobody then"
	}
	text := fmt.Sprintf("%.0f %% of %d bought within %d days", 100*f.Taken.Share(), f.Taken.Customers, followedDays)
	switch {
	case f.Others.Customers == 0:
		return text + "; nobody else was in their segments"
	case f.Differs():
		return text + fmt.Sprintf(", against %.0f %% of %d others of the same segments", 100*f.Others.Share(), f.Others.Customers)
	}
	return text + fmt.Sprintf(", and %.0f %% of %d others of the same segments: no difference beyond chance", 100*f.Others.Share(), f.Others.Customers)
}

// statements are what the lists cannot show.
func (a *shop) statements() []string {
	all := []string{"Usual spending is what customers on a list spend anyway. What a list adds is known only from a campaign with a control arm."}
	if !slices.Contains(a.held, true) {
		all = append(all, "Nobody is held out, so what all lists together do cannot be measured.")
	}
	if i := slices.IndexFunc(a.rules, func(r audience.Rule) bool { return r.List == audience.Slipped }); i >= 0 && !a.rules[i].Asks(a.now) {
		all = append(all, fmt.Sprintf("The list %s is empty: there are no earlier scores by this model to compare with.", audience.Slipped))
	}
	for _, of := range []struct {
		ran  bool
		step string
	}{{a.natures != nil, contract.Explore}, {a.offers != nil, contract.Recommend}, {a.predictions != nil, contract.Predict}} {
		if !of.ran {
			all = append(all, fmt.Sprintf("Columns of %s are null: it did not run in this run, or is outdated.", of.step))
		}
	}
	return all
}

func group(g audience.Group) *contract.FollowedGroup {
	return &contract.FollowedGroup{Customers: int64(g.Customers), Bought: int64(g.Bought), Spent: g.Spent}
}

func (a *shop) listsTable(lists []contract.ListResult) *frame.Frame {
	t := frame.New(contract.Lists.Columns, len(lists))
	for i, l := range lists {
		t.Strings("list")[i], t.Ints("rank")[i], t.Strings("rule")[i], t.Strings("purpose")[i] = l.List, int64(i+1), l.Rule, l.Purpose
		t.Ints("taken")[i], t.Ints("held_out")[i], t.Ints("earlier")[i], t.Ints("customers")[i] = l.Taken, l.HeldOut, l.Earlier, l.Customers
		t.Ints("at_stake")[i] = int64(l.AtStake)
		for _, class := range []string{"personal", "bulk", "reseller"} {
			t.Ints(class)[i] = l.Nature[class]
		}
		t.Strings("followed_from")[i], t.Strings("says")[i] = a.cut.String(), l.Says
		shares := [2]float64{}
		for k, g := range []*contract.FollowedGroup{l.Then, l.Others} {
			name := []string{"followed", "others"}[k]
			customers, bought, spent := math.NaN(), math.NaN(), int64(frame.NullInt)
			if g != nil {
				customers, bought, spent = float64(g.Customers), float64(g.Bought), int64(g.Spent)
			}
			t.Floats(name)[i], t.Floats(name + "_bought")[i], t.Ints(name + "_spent")[i] = customers, bought, spent
			shares[k] = bought / customers
		}
		t.Floats("difference")[i] = shares[0] - shares[1]
		t.Floats("difference_low")[i], t.Floats("difference_high")[i] = orNull(l.Low), orNull(l.High)
	}
	return t
}

func limitsTable(limits []contract.LimitResult) *frame.Frame {
	t := frame.New(contract.ListLimits.Columns, len(limits))
	for i, l := range limits {
		t.Strings("list")[i], t.Strings("name")[i] = l.List, l.Name
		t.Floats("value")[i], t.Floats("lower")[i], t.Floats("higher")[i] = l.Value, l.Lower, l.Higher
		t.Ints("customers")[i], t.Ints("customers_lower")[i], t.Ints("customers_higher")[i] = l.Customers, l.CustomersLower, l.CustomersHigher
	}
	return t
}

// orNull returns what a nullable column of floats holds.
func orNull(v *float64) float64 {
	nan := math.NaN()
	return *cmp.Or(v, &nan)
}
