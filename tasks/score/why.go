package score

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/frame"
)

// shownPulls is how many features the reason of an assignment names.
const shownPulls = 2

// reasons says why customers are in their segments.
type reasons struct {
	*assigned
	columns []*frame.Column // of the space's axes
	values  [][]float64     // theirs, NaN for null
	ends    [][2]float64    // least and largest of each
}

// reasons reads the features of the model's space.
func (a *assigned) reasons() (*reasons, error) {
	values, err := a.bundle.Columns(a.customers)
	if err != nil {
		return nil, err
	}
	r := &reasons{assigned: a, values: values}
	for i, name := range a.bundle.Model.Space.Features() {
		ends := [2]float64{math.Inf(1), math.Inf(-1)}
		for _, v := range values[i] {
			if !math.IsNaN(v) {
				ends[0], ends[1] = min(ends[0], v), max(ends[1], v)
			}
		}
		r.columns, r.ends = append(r.columns, a.customers.Column(name)), append(r.ends, ends)
	}
	return r, nil
}

// of says in one sentence with numbers why a customer is in the segment: the features that pull most towards it against the next
// segment, how far its centre is, and the least change of one feature that would move the customer there. It names no customer.
//
//	recency 12 days and frequency 8 invoices pull to Champions, not Regulars; distance 0.81, margin 0.32; recency 95 days would move to Regulars
func (r *reasons) of(i int) (string, error) {
	m := r.bundle.Manifest
	own, other := r.segment[i], r.next(i)
	if other < 0 {
		return fmt.Sprintf("%s is the only segment; distance %.2f", m.Segments[own].Name, r.nearest.Distance[i]), nil
	}
	row, sp := make([]float64, len(r.values)), &r.bundle.Model.Space
	for axis := range r.values {
		row[axis] = r.values[axis][i]
	}
	centroids := r.bundle.Model.Centroids
	pulls, err := sp.Pulls(row, centroids[own], centroids[other])
	if err != nil {
		return "", err
	}
	var text []string
	for _, p := range pulls[:min(shownPulls, len(pulls))] {
		if p.By > 0 {
			text = append(text, r.said(p.Axis, row[p.Axis]))
		}
	}
	to, far := r.nearest.DistanceTo(i, own), r.nearest.DistanceTo(i, other)
	said := "no feature pulls to " + m.Segments[own].Name
	if verb := " pull to "; len(text) > 0 {
		if len(text) == 1 {
			verb = " pulls to "
		}
		said = strings.Join(text, " and ") + verb + m.Segments[own].Name
	}
	said += fmt.Sprintf(", not %s; distance %.2f, margin %.2f", m.Segments[other].Name, to, margin(to, far))
	if c := r.change(i, row, own, other); c.axis >= 0 {
		said += fmt.Sprintf("; %s would move to %s", r.said(c.axis, c.value), m.Segments[c.to].Name)
	}
	return said + r.past(i), nil
}

// next returns the nearest centroid besides the one whose segment the customer is in, −1 in a model of one.
func (r *reasons) next(i int) int {
	best, at := math.Inf(1), -1
	for c := range r.bundle.Model.K() {
		if d := r.nearest.DistanceTo(i, c); c != r.segment[i] && d < best {
			best, at = d, c
		}
	}
	return at
}

// margin is (far − near) / far, below 0 where the customer stays by hysteresis.
func margin(near, far float64) float64 {
	if near == far {
		return 0
	}
	return (far - near) / max(far, near)
}

// change is a feature's value that moves a customer to another segment.
type change struct {
	axis  int // −1: no feature alone does
	value float64
	to    int // centroid
}

// change returns the feature that has to change least, in scaled units, for the customer to move towards the other segment. Values
// that no customer has do not count.
func (r *reasons) change(i int, row []float64, own, other int) change {
	sp, centroids := &r.bundle.Model.Space, r.bundle.Model.Centroids
	x := r.nearest.Points().Row(i)
	least, best := math.Inf(1), change{axis: -1}
	for f := range sp.Axes {
		if math.IsNaN(row[f]) {
			continue
		}
		z, err := sp.Axes[f].Scaled(row[f])
		if err != nil {
			continue
		}
		for _, by := range sp.Crossings(f, x, centroids[own], centroids[other], 1-r.hysteresis) {
			v, ok := sp.Axes[f].Value(z + by)
			v = r.readable(f, v, v > row[f])
			if !ok || math.Abs(by) >= least || v < r.ends[f][0] || v > r.ends[f][1] {
				continue
			}
			if to := r.moves(row, f, v, own); to >= 0 {
				least, best = math.Abs(by), change{f, v, to}
			}
		}
	}
	return best
}

// readable rounds a value to what a person can read, away from where the customer is: whole numbers where the feature has no others.
func (r *reasons) readable(axis int, v float64, up bool) float64 {
	if v == 0 {
		return 0
	}
	unit := 1.0
	if r.columns[axis].Kind != frame.Int {
		unit = math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	}
	if up {
		return math.Ceil(v/unit) * unit
	}
	return math.Floor(v/unit) * unit
}

// moves returns the centroid that a customer with another value of a feature would go to, −1 where she would stay.
func (r *reasons) moves(row []float64, axis int, v float64, own int) int {
	changed := append([]float64{}, row...)
	changed[axis] = v
	d, err := r.bundle.Distances(changed)
	if err != nil {
		return -1
	}
	near := 0
	for c := range d {
		if d[c] < d[near] {
			near = c
		}
	}
	if near == own || stays(d[own], d[near], r.hysteresis) {
		return -1
	}
	return near
}

// past says what has become of the customer's last segment.
func (r *reasons) past(i int) string {
	m := r.bundle.Manifest
	switch c := r.segment[i]; {
	case r.held[i]:
		return fmt.Sprintf("; stays, as %s is nearer by only %.0f %%", m.Segments[r.nearest.Nearest[i]].Name,
			100*(1-r.nearest.Distance[i]/r.nearest.DistanceTo(i, c)))
	case r.last[i] != "" && r.last[i] != m.Segments[c].ID:
		text := "; was in " + r.last[i]
		if old := m.Index(r.last[i]); old >= 0 {
			text += " " + m.Segments[old].Name
		}
		return text
	}
	return ""
}

// said writes a feature's value with its name and unit: "recency 12 days".
func (r *reasons) said(axis int, v float64) string {
	c := r.columns[axis]
	name := strings.ReplaceAll(c.Name, "_", " ")
	switch unit := c.Unit; {
	case math.IsNaN(v):
		return "unknown " + name
	case unit == "currency":
		return name + " " + inMoney(v)
	case unit == "share":
		return fmt.Sprintf("%s %.0f %%", name, 100*v)
	case unit == "" || strings.Contains(unit, " "):
		return fmt.Sprintf("%s %.3g", name, v)
	default:
		return name + " " + count(v, strings.TrimSuffix(unit, "s"))
	}
}
