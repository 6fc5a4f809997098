package drift

import (
	"slices"
	"testing"

	"github.com/clientele/clientele/pkg/drift"
)

// Countries without an invoice in the window before are unseen: by hand, 3 of 13 invoices. Those without a country are none.
func TestNewCountries(t *testing.T) {
	day := func(n int64, countries map[string]int64) drift.Day {
		return drift.Day{Invoices: n, Countries: countries}
	}
	p := &lineProfile{
		before: []drift.Day{day(9, map[string]int64{"France": 4, "Spain": 5, "Malta": 0})},
		now:    []drift.Day{day(6, map[string]int64{"France": 4, "Malta": 2}), day(7, map[string]int64{"": 5, "Spain": 1, "Italy": 1})},
	}
	if got := p.newCountries(); !slices.Equal(got.Unseen, []string{"Italy", "Malta"}) || got.Share == nil || *got.Share != 3.0/13 {
		t.Errorf("%+v, want Italy and Malta with 3 of 13", got)
	}
	if got := (&lineProfile{now: p.now}).newCountries(); len(got.Unseen) != 0 || got.Share != nil {
		t.Errorf("without a window before: %+v", got)
	}
}
