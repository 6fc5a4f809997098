package score

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// TestHysteresis draws distances and checks what the rule promises.
func TestHysteresis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old := rapid.Float64Range(0, 10).Draw(t, "old")
		now := rapid.Float64Range(0, old).Draw(t, "now")
		h := rapid.Float64Range(0, 1).Draw(t, "h")
		if !stays(old, old, h) {
			t.Fatal("equal distance moves")
		}
		if !stays(old, now, 1) {
			t.Fatal("with hysteresis 1 somebody moves")
		}
		if stays(old, now, 0) != (old <= now) {
			t.Fatal("with hysteresis 0 the nearest does not win")
		}
		if more := rapid.Float64Range(h, 1).Draw(t, "more"); stays(old, now, h) && !stays(old, now, more) {
			t.Fatal("more hysteresis, and yet a move")
		}
		if nearer := rapid.Float64Range(0, now).Draw(t, "nearer"); !stays(old, now, h) && stays(old, nearer, h) {
			t.Fatal("nearer still, and yet no move")
		}
	})
	// 10 % of an old distance of 2 is 0.2: at 1.8 a customer stays, below it moves.
	if !stays(2, 1.8, 0.1) || stays(2, 1.79, 0.1) {
		t.Error("the edge of 10 %")
	}
}

// The cross table has every customer once, and all of the money.
func TestGrid(t *testing.T) {
	customers := modeltest.Customers(300, 1)
	a, err := assign(modeltest.Bundle(t, customers, 4, 1), customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	grid := a.grid()
	people, revenue, spent, shares := int64(0), int64(0), int64(0), map[string]float64{}
	for i, id := range grid.Strings("segment") {
		people, revenue = people+grid.Ints("customers")[i], revenue+grid.Ints("revenue")[i]
		shares[id] += grid.Floats("share")[i]
		count := int64(0)
		for row, at := range a.segment {
			if a.id(at) == id && a.scores.Names[row] == grid.Strings("rfm_name")[i] {
				count++
			}
		}
		if count != grid.Ints("customers")[i] {
			t.Errorf("%s, %s: %d customers, want %d", id, grid.Strings("rfm_name")[i], grid.Ints("customers")[i], count)
		}
	}
	for _, m := range customers.Ints("monetary") {
		spent += m
	}
	if people != 300 || revenue != spent || len(shares) != 4 {
		t.Errorf("%d people, %d of %d money, segments %v", people, revenue, spent, shares)
	}
	for id, sum := range shares {
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("the shares of %s add up to %v", id, sum)
		}
	}
}

// TestPublishedSegment checks row by row that a customer is in the nearest segment or stays in the last for a reason.
func TestPublishedSegment(t *testing.T) {
	customers := modeltest.Customers(300, 1)
	b := modeltest.Bundle(t, customers, 4, 1)
	first, err := assign(b, customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	previous, err := first.table(calendar.Date(15_000))
	if err != nil {
		t.Fatal(err)
	}
	next := week(customers)
	next.SortByText("customer")
	for _, h := range []float64{0, 0.1, 0.5, 1} {
		a, err := assign(b, next, previous, h)
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for i, at := range a.segment {
			near, last := int(a.nearest.Nearest[i]), b.Manifest.Index(a.last[i])
			switch {
			case at == near:
				if a.held[i] || last >= 0 && last != near && stays(a.nearest.DistanceTo(i, last), a.nearest.Distance[i], h) {
					t.Fatalf("h %v row %d: moved, though the last segment is near enough", h, i)
				}
			case at != last || !a.held[i]:
				t.Fatalf("h %v row %d: in %d, neither the nearest %d nor the last %d", h, i, at, near, last)
			default:
				held++
				if past := (&reasons{assigned: a}).past(i); !strings.HasPrefix(past, "; stays, as ") {
					t.Fatalf("past %q", past)
				}
			}
		}
		if h == 0 && held > 0 || h == 1 && held == 0 {
			t.Errorf("h %v holds %d", h, held)
		}
	}
}

func TestTwiceTheSameCustomer(t *testing.T) {
	customers := modeltest.Customers(60, 1)
	b := modeltest.Bundle(t, customers, 2, 1)
	if _, err := assign(b, customers.Take([]int{0, 1, 1}), nil, 0.1); err == nil {
		t.Error("no error")
	}
}

func TestWords(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 999.5: "999.50", 1480.5: "1,480.50", 1234567.891: "1,234,567.89", -1234: "-1,234.00"} {
		if got := inMoney(v); got != want {
			t.Errorf("money(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1: "1 day", 12: "12 days", 2.5: "2.5 days", 0: "0 days"} {
		if got := count(v, "day"); got != want {
			t.Errorf("count(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	c := config("mem://x", "r", "2011-12-10")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	c.Hysteresis, c.AsOf = math.NaN(), "yesterday"
	err := c.Validate()
	if fault.CodeOf(err) != fault.ExitUsage || !strings.Contains(err.Error(), "--hysteresis: ") || !strings.Contains(err.Error(), "--as-of: ") {
		t.Errorf("%v", err)
	}
}

// table is what [assigned.tables] makes of all customers, three at a time and all at once alike.
func (a *assigned) table(asOf calendar.Date) (*frame.Frame, error) {
	var all []*frame.Frame
	for _, atOnce := range []int{3, a.customers.Rows()} {
		t := frame.New(contract.Assignments.Columns, 0)
		err := a.tables(asOf, atOnce, func(part *frame.Frame) error {
			for i := range t.Columns {
				to, from := &t.Columns[i], &part.Columns[i]
				to.Strings, to.Ints, to.Floats = append(to.Strings, from.Strings...), append(to.Ints, from.Ints...), append(to.Floats, from.Floats...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	if all[0].Hash() != all[1].Hash() {
		return nil, errors.New("three customers at a time make other assignments than all at once")
	}
	return all[0], nil
}
