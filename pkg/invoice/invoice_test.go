package invoice

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

const day = calendar.DayMicros

// Two time stamps in one invoice, two invoices on one day, a guest, an invoice of nothing but a discount, and two customers
// of one number.
var (
	customers = []string{"b", "a", "a", "", "a", "b", "c", "a"}
	numbers   = []string{"3", "1", "1", "9", "2", "1", "4", "5"}
	times     = []int64{5 * day, 11 * day, 10*day + 1, 1, 10 * day, 7 * day, 3 * day, 12 * day}
	amounts   = []int64{50, 10, 20, 1000, 40, -30, -7, 3}
)

func TestNew(t *testing.T) {
	want := map[string][]Invoice{"a": {{10, 30}, {10, 40}, {12, 3}}, "b": {{5, 50}}}
	for try := range 20 {
		order := rand.New(rand.NewPCG(1, uint64(try))).Perm(len(customers))
		c, n, at, v := make([]string, len(order)), make([]string, len(order)), make([]int64, len(order)), make([]int64, len(order))
		for i, o := range order {
			c[i], n[i], at[i], v[i] = customers[o], numbers[o], times[o], amounts[o]
		}
		b, err := New(c, n, at, v)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]Invoice{}
		for i, name := range b.Customers {
			got[name] = b.Of(i)
		}
		if d := cmp.Diff(want, got); d != "" || b.Len() != 4 {
			t.Fatalf("order %v: %s", order, d)
		}
	}
}

func TestDays(t *testing.T) {
	b, err := New(customers, numbers, times, amounts)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Invoice{{10, 70}, {12, 3}}, b.Days(0)); d != "" {
		t.Error(d)
	}
	of := b.Of(0)
	for _, c := range []struct {
		from, to calendar.Date
		want     money.Amount
	}{{0, 10, 0}, {10, 11, 70}, {11, 12, 0}, {10, 13, 73}, {12, 99, 3}, {99, 0, 0}} {
		if got := Sum(Within(of, c.from, c.to)); got != c.want {
			t.Errorf("from %d to before %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
	if len(Before(of, 12)) != 2 {
		t.Error("before day 12 there are two")
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(customers, numbers[1:], times, amounts); err == nil {
		t.Error("columns of different lengths")
	}
	if _, err := New([]string{"a", "a"}, []string{"1", "1"}, []int64{0, 0}, []int64{math.MaxInt64, 1}); err == nil {
		t.Error("a sum beyond int64")
	}
	if b, err := New(nil, nil, nil, nil); err != nil || len(b.Customers) != 0 || b.Len() != 0 {
		t.Errorf("no lines: %v, %v", b, err)
	}
}
