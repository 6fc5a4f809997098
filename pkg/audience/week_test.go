package audience

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/invoice"
)

// bookOf makes a book of invoices of one line each: customer, day, value.
func bookOf(t *testing.T, customers []string, days, values []int64) *invoice.Book {
	t.Helper()
	numbers, times := make([]string, len(days)), make([]int64, len(days))
	for i, d := range days {
		numbers[i], times[i] = string(rune('a'+i)), calendar.Date(d).Start()
	}
	b, err := invoice.New(customers, numbers, times, values)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWeeks by hand: a buys on days 79, 86 (twice) and 99, b on day 99, a guest on day 93.
func TestWeeks(t *testing.T) {
	known := bookOf(t, []string{"a", "a", "a", "a", "b"}, []int64{79, 86, 86, 99, 99}, []int64{1, 2, 4, 8, 16})
	guests := bookOf(t, []string{"guest"}, []int64{93}, []int64{32})
	for _, c := range []struct {
		asOf calendar.Date
		want []Week
	}{
		{100, []Week{{79, 1, 1, 1, 1}, {86, 6, 2, 1, 0}, {93, 56, 3, 2, 1}}},
		// The seven days to 79 would be cut short: the purchase of day 79 is in no week, and was a's first.
		{101, []Week{{80, 6, 2, 1, 0}, {87, 32, 1, 0, 0}, {94, 24, 2, 2, 1}}},
		{85, []Week{}},
	} {
		if d := cmp.Diff(c.want, Weeks(known, guests, c.asOf)); d != "" {
			t.Errorf("as of %d: %s", c.asOf, d)
		}
	}
	if got := Weeks(bookOf(t, nil, nil, nil), nil, 100); len(got) != 0 {
		t.Errorf("weeks of nothing: %v", got)
	}
}

// TestSwing: type-7 quantiles of 1 … 8 are 1 + 0.7 and 1 + 6.3; of 5 … 30, the last 26 of 30 values, 5 + 2.5 and 5 + 22.5.
func TestSwing(t *testing.T) {
	var values []float64
	for i := range 30 {
		values = append(values, float64(i+1))
	}
	for _, c := range []struct {
		n         int
		low, high float64
	}{{7, math.NaN(), math.NaN()}, {8, 1.7, 7.3}, {30, 7.5, 27.5}} {
		low, high := Swing(values[:c.n])
		if !(math.Abs(low-c.low) < 1e-12 && math.Abs(high-c.high) < 1e-12) && !(math.IsNaN(c.low) && math.IsNaN(low) && math.IsNaN(high)) {
			t.Errorf("of %d values: %v to %v, want %v to %v", c.n, low, high, c.low, c.high)
		}
	}
}
