package score

import (
	"cmp"
	"fmt"
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
	table   *frame.Frame
	result  []contract.SegmentResult
	medians []median // by centroid
}

// median is a segment's customer in the middle, each measure for itself.
type median struct{ recency, frequency, monetary float64 }

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

	out := segments{table: frame.New(contract.Segments.Columns, k), medians: make([]median, k)}
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
		out.medians[c] = median{
			recency:   middle(a.customers.Column("recency"), rows[c]),
			frequency: middle(a.customers.Column("frequency"), rows[c]),
			monetary:  middle(a.customers.Column("monetary"), rows[c]),
		}
		a.profile(t, at, rows[c])
	}
	return out
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

// middle is the median: of an even number of values the mean of the middle two; NaN without one.
func middle(c *frame.Column, rows []int) float64 {
	if len(rows) == 0 {
		return math.NaN()
	}
	values := make([]float64, len(rows))
	for i, r := range rows {
		values[i] = c.Float(r)
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}

// share is part / whole, 0 of nothing.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// why says in one sentence with numbers why a customer is in its segment. It names no customer.
//
//	bought 12 days ago, 8 invoices, 1,480.50 in all; the middle of Champions: 9 days, 7 invoices, 1,301.20
func (a *assigned) why(i int, medians []median) string {
	c := a.segment[i]
	s, m := a.bundle.Manifest.Segments[c], medians[c]
	text := fmt.Sprintf("bought %s ago, %s, %s in total; the average of %s: %s, %s, %s",
		count(a.customers.Column("recency").Float(i), "day"), count(a.customers.Column("frequency").Float(i), "invoice"),
		inMoney(a.customers.Column("monetary").Float(i)), s.Name,
		count(m.recency, "day"), count(m.frequency, "invoice"), inMoney(m.monetary))
	switch {
	case a.held[i]:
		text += fmt.Sprintf("; stays, as %s is nearer by only %.0f %%", a.bundle.Manifest.Segments[a.nearest.Nearest[i]].Name,
			100*(1-a.nearest.Distance[i]/a.nearest.DistanceTo(i, c)))
	case a.last[i] != "" && a.last[i] != s.ID:
		text += "; was in " + a.last[i]
		if old := a.bundle.Manifest.Index(a.last[i]); old >= 0 {
			text += " " + a.bundle.Manifest.Segments[old].Name
		}
	}
	return text
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
