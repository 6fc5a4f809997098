package evaluate

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
)

// A shop of ten lines a day whose last month is missing, half there, or whole; and one that is too young to say.
func TestDataGate(t *testing.T) {
	const asOf = calendar.Date(15_000)
	for what, c := range map[string]struct {
		days, missing int // of history, at its end
		verdict, why  string
	}{
		"whole":         {200, 0, contract.EvalPass, "have 280 lines, 100 % of the 280"},
		"half is there": {200, 14, contract.EvalPass, "50 %"},
		"a month":       {200, 28, contract.EvalFail, "have 0 lines, 0 % of the 280 that the median of the 6 periods before has"},
		"most of it":    {200, 15, contract.EvalFail, "is a delivery missing?"},
		"young":         {100, 28, contract.EvalPass, "there are 2 earlier periods"},
		"nothing":       {0, 0, contract.EvalPass, "there are 0 earlier periods"},
	} {
		lines := map[calendar.Date]int64{}
		for d := c.missing + 1; d <= c.days; d++ {
			lines[asOf-calendar.Date(d)] = 10
		}
		g := data(&evidence{volume: volumeOf(lines, asOf)})
		if g.Verdict != c.verdict || !strings.Contains(g.Why, c.why) {
			t.Errorf("%s: %+v, want %s and %q", what, g, c.verdict, c.why)
		}
	}
	// No more than a year counts.
	long := map[calendar.Date]int64{}
	for d := range 1000 {
		long[asOf-calendar.Date(d)-1] = 1
	}
	if v := volumeOf(long, asOf); len(v.past) != volumePast || v.now != volumeDays {
		t.Errorf("%+v", v)
	}
}
