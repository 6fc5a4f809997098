package preprocess

import (
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Six products at 1.00 to 6.00 on ten days: two days on which all cost a hundredfold do not count as what was sold before, and prices that
// rise by half do.
func TestSoundPrices(t *testing.T) {
	const codes, days = 6, 10
	on := func(other int64) func(int) int64 { // percent of the price, on days 3 and 7
		return func(day int) int64 {
			if day%4 == 3 {
				return other
			}
			return 100
		}
	}
	for name, factor := range map[string]func(day int) int64{
		"sound":         on(100),
		"dearer":        func(day int) int64 { return 100 + 50*int64(day/5) },
		"two of pence":  on(10_000),
		"two of pounds": on(1),
	} {
		p := &profiled{priced: true, codes: make([]counts, codes+1)}
		var want [codes + 1]soldOn
		for day := range days {
			for code := 1; code <= codes; code++ {
				v := soldOn{int64(code) * money.QuantityScale, int64(code*code) * money.Scale / 100 * factor(day)}
				*p.sold.at(dayKey(calendar.Date(15_000+day), uint32(code))) = v
				p.codes[code].lines++
				p.codes[code].quantity += v.quantity
				p.codes[code].money += v.money
				if f := factor(day); f >= 20 && f <= 500 {
					want[code].quantity += v.quantity
					want[code].money += v.money
				}
			}
		}
		for code, got := range p.soundPrices() {
			if got != sold(want[code].quantity, want[code].money) {
				t.Errorf("%s, code %d: %+v, want %+v", name, code, got, want[code])
			}
		}
	}
}
