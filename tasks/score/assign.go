package score

import (
	"fmt"
	"math"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model"
)

// assigned is where every customer belongs.
type assigned struct {
	bundle    *model.Bundle
	customers *frame.Frame // in byte order of customer
	nearest   *model.Assignment
	scores    *model.Scores
	segment   []int    // centroid of the published segment
	last      []string // id of the segment at the last scores, "" for none
	past      []string // the history at the last scores, "" for none
	held      []bool   // the last segment was kept though another is nearer
	previous  *frame.Frame
	ruler     *assigned // what the model of the last scores makes of the same customers; nil where it is this one, or unknown
	same      bool      // the last scores are this model's

	hysteresis float64
}

// assign places every customer by the bundle's one code path, and publishes the last segment where no other is clearly
// nearer. previous are the last assignments, nil on a first run.
func assign(b *model.Bundle, customers, previous *frame.Frame, hysteresis float64) (*assigned, error) {
	keys := customers.Strings("customer")
	for i := 1; i < len(keys); i++ {
		if keys[i] <= keys[i-1] {
			return nil, fmt.Errorf("the customers are not sorted or not unique, in row %d", i)
		}
	}
	nearest, err := b.Assign(customers)
	if err != nil {
		return nil, err
	}
	scores, err := b.RFM(customers, nil)
	if err != nil {
		return nil, err
	}
	n := customers.Rows()
	a := &assigned{
		bundle: b, customers: customers, nearest: nearest, scores: scores, previous: previous,
		segment: make([]int, n), last: make([]string, n), past: make([]string, n), held: make([]bool, n), hysteresis: hysteresis,
	}
	if previous != nil {
		previous.SortByText("customer")
		was, history := previous.Strings("segment"), previous.Strings("history")
		eachCustomer(keys, previous.Strings("customer"), func(now, before int) {
			if now >= 0 && before >= 0 {
				a.last[now], a.past[now] = was[before], history[before]
			}
		})
	}
	for i := range n {
		near := int(nearest.Nearest[i])
		a.segment[i] = near
		if old := b.Manifest.Index(a.last[i]); a.last[i] != "" && old >= 0 && old != near &&
			stays(nearest.DistanceTo(i, old), nearest.Distance[i], hysteresis) {
			a.segment[i], a.held[i] = old, true
		}
	}
	return a, nil
}

// stays reports whether a customer at distance old from the segment that it is in, and at distance now ≤ old from the
// nearest, stays where it is: unless the nearest is nearer by more than hysteresis × old.
func stays(old, now, hysteresis float64) bool { return old-now <= float64(hysteresis*old) }

// eachCustomer goes through two sorted lists of customers and calls visit with the positions of each one, −1 where a list
// does not have it.
func eachCustomer(now, before []string, visit func(now, before int)) {
	i, k := 0, 0
	for i < len(now) || k < len(before) {
		switch {
		case k == len(before) || i < len(now) && now[i] < before[k]:
			visit(i, -1)
			i++
		case i == len(now) || before[k] < now[i]:
			visit(-1, k)
			k++
		default:
			visit(i, k)
			i++
			k++
		}
	}
}

// id returns the id of the segment of a centroid.
func (a *assigned) id(centroid int) string { return a.bundle.Manifest.Segments[centroid].ID }

// mostSegments bounds a customer's history.
const mostSegments = 12

// history returns the history of customer i with the present segment, which is new in it from this as-of on if it is not the last one.
func (a *assigned) history(i int, asOf calendar.Date) string {
	if a.past[i] != "" && a.last[i] == a.id(a.segment[i]) {
		return a.past[i]
	}
	all := append(strings.Split(a.past[i], "; "), asOf.String()+" "+a.bundle.Manifest.Segments[a.segment[i]].Name)
	if a.past[i] == "" {
		all = all[1:]
	}
	return strings.Join(all[max(0, len(all)-mostSegments):], "; ")
}

// atOnce is how many assignments are held at a time: their texts take more than all else that is known of a customer.
const atOnce = 65_536

// tables hands the assignments of a run of that as-of to visit, so many customers at a time.
func (a *assigned) tables(asOf calendar.Date, atOnce int, visit func(*frame.Frame) error) error {
	reasons, err := a.reasons()
	if err != nil {
		return fmt.Errorf("say why customers are in their segments: %w", err)
	}
	for from, n := 0, a.customers.Rows(); from < n; from += atOnce {
		t, err := a.part(asOf, reasons, from, min(from+atOnce, n))
		if err != nil {
			return fmt.Errorf("say why customers are in their segments: %w", err)
		}
		if err := visit(t); err != nil {
			return err
		}
	}
	return nil
}

// part returns the assignments of the customers of a range.
func (a *assigned) part(asOf calendar.Date, reasons *reasons, from, to int) (t *frame.Frame, err error) {
	t = frame.New(contract.Assignments.Columns, to-from)
	copy(t.Strings("customer"), a.customers.Strings("customer")[from:to])
	copy(t.Floats("distance"), a.nearest.Distance[from:to])
	copy(t.Floats("second"), a.nearest.Second[from:to])
	copy(t.Ints("r"), a.scores.R[from:to])
	copy(t.Ints("f"), a.scores.F[from:to])
	copy(t.Ints("m"), a.scores.M[from:to])
	copy(t.Strings("rfm_name"), a.scores.Names[from:to])
	copy(t.Ints("monetary"), a.customers.Ints("monetary")[from:to])
	copy(t.Strings("previous"), a.last[from:to])
	nearest, margin := t.Strings("nearest"), t.Floats("margin")
	segment, name, why, history := t.Strings("segment"), t.Strings("segment_name"), t.Strings("why"), t.Strings("history")
	for row := range to - from {
		i := from + row
		nearest[row] = a.id(int(a.nearest.Nearest[i]))
		margin[row] = marginOf(a.nearest.Distance[i], a.nearest.Second[i])
		segment[row] = a.id(a.segment[i])
		name[row], history[row] = a.bundle.Manifest.Segments[a.segment[i]].Name, a.history(i, asOf)
		if why[row], err = reasons.of(i); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// marginOf returns (second − distance) / second, NaN (null) where there is no second or both are 0.
func marginOf(distance, second float64) float64 {
	if !(second > 0) {
		return math.NaN()
	}
	return (second - distance) / second
}

// Kinds of movers.
const (
	joined = "joined" // was not among the last scores
	left   = "left"   // is no customer of the window any more
	moved  = "moved"  // is in another segment
)

// Causes of a move.
const (
	behaviour = "behaviour" // she would have moved by the previous model too: what she bought, or did not buy, has changed
	ruler     = "model"     // by the previous model she would have stayed
)

// cause says why customer i is not in the segment that she was in.
func (a *assigned) cause(i int) string {
	if a.same || a.ruler != nil && a.ruler.id(a.ruler.segment[i]) != a.last[i] {
		return behaviour
	}
	return ruler
}

// movers lists who joined, left and moved since the last scores, in byte order of customer, and counts them. The amount is the
// customer's money in the window: this one's, or the last one's of those who left. On a first run there is nobody to list.
func (a *assigned) movers() (*frame.Frame, contract.Movement) {
	type row struct {
		customer, from, to, kind, cause string
		amount                          int64
	}
	var rows []row
	var count contract.Movement
	if a.previous != nil {
		keys, before := a.customers.Strings("customer"), a.previous.Strings("customer")
		money, moneyBefore := a.customers.Ints("monetary"), a.previous.Ints("monetary")
		was := a.previous.Strings("segment")
		eachCustomer(keys, before, func(i, k int) {
			switch {
			case i < 0:
				rows = append(rows, row{before[k], was[k], "", left, "", moneyBefore[k]})
				count.Left++
			case k < 0:
				rows = append(rows, row{keys[i], "", a.id(a.segment[i]), joined, "", money[i]})
				count.Joined++
			case was[k] != a.id(a.segment[i]):
				cause := a.cause(i)
				rows = append(rows, row{keys[i], was[k], a.id(a.segment[i]), moved, cause, money[i]})
				if cause == behaviour {
					count.Behaviour++
				} else {
					count.Model++
				}
			}
		})
	}
	t := frame.New(contract.Movers.Columns, len(rows))
	for i, r := range rows {
		t.Strings("customer")[i], t.Strings("from")[i], t.Strings("to")[i] = r.customer, r.from, r.to
		t.Strings("kind")[i], t.Strings("cause")[i], t.Ints("amount")[i] = r.kind, r.cause, r.amount
	}
	return t, count
}

// sharesSegments reports whether any segment of the last scores is in the model.
func (a *assigned) sharesSegments() bool {
	if a.previous == nil {
		return false
	}
	seen := map[string]bool{}
	for _, id := range a.previous.Strings("segment") {
		if !seen[id] {
			if a.bundle.Manifest.Index(id) >= 0 {
				return true
			}
			seen[id] = true
		}
	}
	return false
}
