package score

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
)

// quantiles are the columns of the spread of a feature.
var quantiles = []struct {
	name string
	at   float64
}{{"p10", .10}, {"p25", .25}, {"median", .50}, {"p75", .75}, {"p90", .90}}

// features says how every numeric feature is spread over all customers, and in the segments in the order given.
func (a *assigned) features(order []int) *frame.Frame {
	var columns []*frame.Column
	for i := range a.customers.Columns {
		if c := &a.customers.Columns[i]; c.IsNumeric() {
			columns = append(columns, c)
		}
	}
	t := frame.New(contract.SegmentFeatures.Columns, (len(order)+1)*len(columns))
	for k, c := range columns {
		groups := make([][]float64, a.bundle.Model.K()+1) // all customers first
		for i, s := range a.segment {
			if v := c.Float(i); !math.IsNaN(v) {
				groups[0], groups[s+1] = append(groups[0], v), append(groups[s+1], v)
			}
		}
		for at, g := range append([]int{-1}, order...) {
			row, values := at*len(columns)+k, groups[g+1]
			slices.Sort(values)
			if g >= 0 {
				t.Strings("segment")[row] = a.id(g)
			}
			t.Strings("feature")[row], t.Ints("customers")[row] = c.Name, int64(len(values))
			t.Floats("mean")[row] = floats.SumCompensated(values) / float64(len(values))
			for _, q := range quantiles {
				t.Floats(q.name)[row] = measure.Quantile(values, q.at)
			}
		}
	}
	return t
}

// stayed is the kind of those who are where they were; the table of movers has the others.
const stayed = "stayed"

// migration counts customers and money by the segment of the last scores and of now. On a first run there is nothing to count.
func (a *assigned) migration() *frame.Frame {
	type pair struct{ from, to, kind string }
	type sums struct{ customers, behaviour, before, now int64 }
	all := map[pair]sums{}
	if a.previous != nil {
		was := a.previous.Strings("segment")
		money, moneyBefore := a.customers.Ints("monetary"), a.previous.Ints("monetary")
		eachCustomer(a.customers.Strings("customer"), a.previous.Strings("customer"), func(i, k int) {
			at, add := pair{kind: left}, sums{customers: 1}
			if k >= 0 {
				at.from, add.before = was[k], moneyBefore[k]
			}
			if i >= 0 {
				at.to, add.now = a.id(a.segment[i]), money[i]
				switch {
				case k < 0:
					at.kind = joined
				case at.from == at.to:
					at.kind = stayed
				default:
					at.kind = moved
					if a.cause(i) == behaviour {
						add.behaviour = 1
					}
				}
			}
			s := all[at]
			all[at] = sums{s.customers + add.customers, s.behaviour + add.behaviour, s.before + add.before, s.now + add.now}
		})
	}
	pairs := slices.SortedFunc(maps.Keys(all), func(x, y pair) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to)) })
	t := frame.New(contract.Migration.Columns, len(pairs))
	for i, p := range pairs {
		s := all[p]
		t.Strings("from_segment")[i], t.Strings("to_segment")[i], t.Strings("kind")[i] = p.from, p.to, p.kind
		t.Ints("customers")[i], t.Ints("behaviour")[i], t.Ints("before")[i], t.Ints("now")[i] = s.customers, s.behaviour, s.before, s.now
	}
	return t
}
