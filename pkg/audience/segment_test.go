package audience

import (
	"math"
	"testing"

	"github.com/clientele/clientele/pkg/money"
)

// TestOutcomes by hand: of three customers of the first segment two spent 10 and 20 within the period. The mean is 10, the sample
// deviation 10, so that the interval is 10 ± 1.959964·10/√3; Wilson's of 2 of 3 is 0.207660 to 0.938508, the roots of
// (q − 2/3)² = z²·q(1 − q)/3.
func TestOutcomes(t *testing.T) {
	book := &Book{Book: bookOf(t, []string{"a", "b", "b", "c", "d", "d", "e"}, []int64{1, 2, 12, 3, 4, 19, 15},
		[]int64{1_0000, 1_0000, 10_0000, 1_0000, 1_0000, 20_0000, 7_0000})}
	book.codes = make([][]bought, len(book.Customers))
	people := book.Known(10) // e has not bought yet
	for c, segment := range []int{0, 0, 1, 0, 0} {
		people[c].Segment = segment
	}
	got := book.Outcomes(NewShop(people, 3), 10, 20)
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) < 1e-6) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	if o := got[0]; o.Group != (Group{3, 2, 30 * money.Scale}) {
		t.Errorf("%+v", o)
	}
	near("lower limit of the share", got[0].BoughtLow, 0.207660)
	near("upper limit of the share", got[0].BoughtHigh, 0.938508)
	near("mean", got[0].Each, 10)
	near("lower limit of the mean", got[0].EachLow, 0) // 10 − 11.316, which is below 0
	near("upper limit of the mean", got[0].EachHigh, 10+1.959964*10/math.Sqrt(3))
	near("mean of one who bought nothing", got[1].Each, 0)
	near("lower limit of one", got[1].EachLow, math.NaN())
	near("share of nobody", got[2].BoughtLow, math.NaN())
	near("mean of nobody", got[2].Each, math.NaN())
}
