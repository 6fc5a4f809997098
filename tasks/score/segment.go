package score

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// segments is what there is to say about the segments.
type segments struct {
	table  *frame.Frame
	result []contract.SegmentResult
	order  []int // centroids by descending revenue
}

// segments describes every segment of the model, those without customers too, by descending revenue; equal revenue goes by
// centroid. Profile columns are means over the segment's customers, of nullable features over those that have one.
func (a *assigned) segments() segments {
	k := a.bundle.Model.K()
	rows := make([][]int, k)
	for i, c := range a.segment {
		rows[c] = append(rows[c], i)
	}
	spent := a.customers.Ints("monetary")
	revenue, total := make([]int64, k), int64(0)
	for i, c := range a.segment {
		revenue[c] += spent[i]
		total += spent[i]
	}
	order := make([]int, k)
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(revenue[y], revenue[x]) })

	out := segments{table: frame.New(contract.Segments.Columns, k), order: order}
	for at, c := range order {
		s := a.bundle.Manifest.Segments[c]
		r := contract.SegmentResult{
			ID: s.ID, Name: s.Name, Customers: int64(len(rows[c])), Share: share(int64(len(rows[c])), int64(len(a.segment))),
			Revenue: money.Amount(revenue[c]), RevenueShare: share(revenue[c], total),
		}
		out.result = append(out.result, r)
		t := out.table
		t.Strings("segment")[at], t.Strings("name")[at] = r.ID, r.Name
		t.Ints("customers")[at], t.Floats("share")[at] = r.Customers, r.Share
		t.Ints("revenue")[at], t.Floats("revenue_share")[at] = revenue[c], r.RevenueShare
		a.profile(t, at, rows[c])
	}
	return out
}

// grid counts customers and money by segment and cell of the RFM grid.
func (a *assigned) grid() *frame.Frame {
	type cell struct{ segment, name string }
	people, revenue, all := map[cell]int64{}, map[cell]int64{}, map[string]int64{}
	for i, c := range a.segment {
		at := cell{a.id(c), a.scores.Names[i]}
		people[at]++
		revenue[at] += a.customers.Ints("monetary")[i]
		all[at.segment]++
	}
	cells := slices.SortedFunc(maps.Keys(people), func(x, y cell) int {
		return cmp.Or(cmp.Compare(x.segment, y.segment), cmp.Compare(x.name, y.name))
	})
	t := frame.New(contract.SegmentGrid.Columns, len(cells))
	for i, at := range cells {
		t.Strings("segment")[i], t.Strings("rfm_name")[i] = at.segment, at.name
		t.Ints("customers")[i], t.Ints("revenue")[i] = people[at], revenue[at]
		t.Floats("share")[i] = share(people[at], all[at.segment])
	}
	return t
}

// profile fills the mean_ columns of row at with the means over the given customers.
func (a *assigned) profile(t *frame.Frame, at int, rows []int) {
	for i := range t.Columns {
		name, ok := strings.CutPrefix(t.Columns[i].Name, contract.ProfilePrefix)
		if !ok {
			continue
		}
		t.Columns[i].Floats[at] = math.NaN()
		if c := a.customers.Column(name); c != nil && c.IsNumeric() {
			t.Columns[i].Floats[at] = mean(c, rows)
		}
	}
}

// mean is over the values that are there; NaN without one. The sum is compensated, in the customers' order.
func mean(c *frame.Column, rows []int) float64 {
	values := make([]float64, 0, len(rows))
	for _, r := range rows {
		if v := c.Float(r); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return math.NaN()
	}
	return floats.SumCompensated(values) / float64(len(values))
}

// share is part / whole, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// count writes a number with its unit: "1 day", "12 days", "2.5 invoices".
func count(v float64, unit string) string {
	if v == 1 {
		return "1 " + unit
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + unit + "s"
}

// inMoney writes an amount with two decimals and its thousands apart.
func inMoney(v float64) string {
	text := fmt.Sprintf("%.2f", v)
	for i := strings.Index(text, ".") - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
