package score

import (
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
)

// What is said to move a customer does: with that value of the one feature the next scores have her in the segment that is named, and
// with a value nine tenths of the way there they do not.
func TestWhatWouldMove(t *testing.T) {
	customers := modeltest.Customers(200, 3)
	b := modeltest.Bundle(t, customers, 4, 1)
	a, err := assign(b, customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	previous, err := a.table(calendar.Date(15_000))
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.reasons()
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for i := range 60 {
		row := []float64{r.values[0][i], r.values[1][i], r.values[2][i]}
		own := a.segment[i]
		c := r.change(i, row, own, r.next(i))
		if c.axis < 0 {
			continue
		}
		moved++
		if why := previous.Strings("why")[i]; !strings.Contains(why, "; "+r.said(c.axis, c.value)+" would move to "+b.Manifest.Segments[c.to].Name) {
			t.Errorf("why %q", why)
		}
		with := func(value float64) int {
			one := customers.Take([]int{i})
			column := one.Column(r.columns[c.axis].Name)
			if column.Kind == frame.Money {
				value *= 10_000
			}
			column.Ints[0] = int64(math.Round(value))
			again, err := assign(b, one, previous, 0.1)
			if err != nil {
				t.Fatal(err)
			}
			return again.segment[0]
		}
		if got := with(c.value); got != c.to {
			t.Errorf("customer %d with %s is in %d, want %d", i, r.said(c.axis, c.value), got, c.to)
		}
		if short := row[c.axis] + 0.9*(c.value-row[c.axis]); math.Abs(c.value-row[c.axis]) >= 20 && with(short) != own {
			t.Errorf("customer %d moves before %s already, from %v", i, r.said(c.axis, c.value), row[c.axis])
		}
	}
	if moved < 40 {
		t.Errorf("only %d of 60 customers have something that moves them", moved)
	}
}

// A model of one segment has no other to compare with.
func TestWhyOfOneSegment(t *testing.T) {
	customers := modeltest.Customers(20, 3)
	a, err := assign(modeltest.Bundle(t, customers, 1, 1), customers, nil, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	table, err := a.table(calendar.Date(15_000))
	if err != nil || !strings.HasPrefix(table.Strings("why")[0], "Kind 1 is the only segment; distance ") {
		t.Errorf("%v, %v", table, err)
	}
}
