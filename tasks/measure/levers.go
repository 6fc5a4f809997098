package measure

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/money"
)

// near is from which share of a threshold on an invoice is taken for one that an offer could lift to it.
const near = .8

// levers are arithmetic on the last period's invoices, at full strength, with what they are counted on. nature is explore's table of
// packs, nil without.
func (s *shop) levers(asOf calendar.Date, nature *frame.Frame) ([]contract.Lever, contract.LeverBase) {
	p := measure.Last(period, asOf)
	values := measure.Values(s.invoices, p)
	lines, packed := s.lines(p, packs(nature))
	b := contract.LeverBase{Days: period, Invoices: int64(len(values)), Lines: int64(lines), Thresholds: thresholds(values)}
	for _, v := range values {
		b.Revenue += v
	}
	perLine := math.NaN()
	if lines > 0 && b.Revenue > 0 {
		perLine = float64(b.Invoices) / float64(lines)
	}
	levers := []contract.Lever{{Lever: "a line more of mean value on every invoice", Change: contract.Defined(perLine)}}
	for _, t := range b.Thresholds {
		if t.Quartile {
			levers = append(levers, contract.Lever{Lever: fmt.Sprintf("a threshold of %.0f that every invoice from 80 %% of it reaches", t.Threshold),
				Change: contract.Defined(t.Raise / b.Revenue)})
		}
	}
	if nature != nil && b.Revenue > 0 {
		worth := packed.Float()
		b.Pack = &worth
		levers = append(levers, contract.Lever{Lever: "every line below a product's pack rises to it", Change: contract.Defined(worth / b.Revenue)})
	}
	return levers, b
}

// thresholds are what an offer could begin at: round values from the lower quarter of the invoices to the highest twentieth, and the
// value that a quarter of them is above. None where the values add up to nothing.
func thresholds(values []float64) []contract.LeverThreshold {
	rows := []contract.LeverThreshold{}
	low, quartile, high := measure.Quantile(values, .25), measure.Quantile(values, .75), measure.Quantile(values, .95)
	if !(high > 0) || !(quartile > 0) {
		return rows
	}
	at := []float64{quartile}
	for e := math.Floor(math.Log10(max(low, high/1000))); e <= math.Log10(high); e++ {
		for _, m := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5} {
			if v := m * math.Pow(10, e); v >= low && v <= high && v != quartile {
				at = append(at, v)
			}
		}
	}
	slices.Sort(at)
	for _, v := range at {
		t := contract.LeverThreshold{Threshold: v, Quartile: v == quartile}
		for _, x := range values {
			if x >= near*v && x < v {
				t.Invoices++
				t.Raise += v - x
			}
		}
		rows = append(rows, t)
	}
	return rows
}

// packs returns the pack of each code that has one.
func packs(nature *frame.Frame) map[string]money.Quantity {
	by := map[string]money.Quantity{}
	if nature == nil {
		return by
	}
	pack := nature.Ints("pack")
	for i, code := range nature.Strings("code") {
		if pack[i] > 0 {
			by[code] = money.Quantity(pack[i])
		}
	}
	return by
}

// lines counts the lines of a period's customers, and what raising each below its pack to it would be worth; what is beyond all
// bounds of money is left out.
func (s *shop) lines(p measure.Period, packs map[string]money.Quantity) (lines int, more money.Amount) {
	customers, times, codes := s.sales.Strings("customer"), s.sales.Ints("time"), s.sales.Strings("code")
	quantity, price, amount := s.sales.Ints("quantity"), s.sales.Ints("price"), s.sales.Ints("amount")
	for i, at := range times {
		day := calendar.DateOf(at)
		if customers[i] == "" || amount[i] <= 0 || day < p.Start || day >= p.End {
			continue
		}
		lines++
		pack := packs[strings.ToUpper(strings.TrimSpace(codes[i]))]
		if pack <= money.Quantity(quantity[i]) {
			continue
		}
		worth, err := money.Price(price[i]).Times(pack - money.Quantity(quantity[i]))
		if err == nil {
			worth, err = more.Plus(worth)
		}
		if err == nil {
			more = worth
		}
	}
	return lines, more
}
