package demo_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// Each fault shows on its day in what ingest has taken in, and nowhere else: the same shop without faults stands beside it.
func TestFaultsAreFound(t *testing.T) {
	first, err := calendar.ParseDate("2025-09-01")
	if err != nil {
		t.Fatal(err)
	}
	month := demo.Days{First: first, Last: first + 29}
	clean := open(t, month)
	lost := first + 7 // a later day on which somebody from Germany buys
	for totalsOf(clean.lines[lost]).german == 0 {
		lost++
	}
	s := open(t, month, "--fault=price_x100@2025-09-02,doubled_lines@2025-09-04,shifted_clock@2025-09-05,dead_till@2025-09-07,lost_country@"+lost.String())
	found := map[string]bool{}
	for d := month.First; d <= month.Last; d++ {
		before, after := totalsOf(clean.lines[d]), totalsOf(s.lines[d])
		switch {
		case after == before:
		case after.lines == 0:
			found[demo.DeadTill+d.String()] = true
		case after.lines == 2*before.lines && after.amount == 2*before.amount:
			found[demo.DoubledLines+d.String()] = true
		case after.lines == before.lines && after.amount == 100*before.amount:
			found[demo.PriceX100+d.String()] = true
		case after.german == 0 && after.lines == before.lines-before.german:
			found[demo.LostCountry+d.String()] = true
		case after.earliest == before.earliest+6*60*60*1_000_000:
			found[demo.ShiftedClock+d.String()] = true
		default: // only the day that has the evening of the day with the shifted clock
			found["evening"+d.String()] = true
		}
	}
	want := map[string]bool{"evening2025-09-06": true}
	for _, f := range s.truth.Faults {
		want[f.Name+f.First.String()] = true
		if f.Lines == 0 {
			t.Errorf("%s touched nothing", f)
		}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("faults (-planted +found):\n%s", diff)
	}
	var change money.Amount
	lines := 0
	for _, f := range s.truth.Faults {
		change += f.Amount
		switch f.Name {
		case demo.DoubledLines:
			lines += f.Lines
		case demo.DeadTill, demo.LostCountry:
			lines -= f.Lines
		}
	}
	before, after := clean.ledger("input"), s.ledger("input")
	if after.Amount-before.Amount != change || after.Lines-before.Lines != lines {
		t.Errorf("the ledger's input went from %+v to %+v, the faults say %d lines and %s", before, after, lines, change)
	}
}

// totals are what a fault of a day shows in.
type totals struct {
	lines, german, earliest, amount int64
}

func totalsOf(lines *frame.Frame) totals {
	if lines == nil || lines.Rows() == 0 {
		return totals{}
	}
	s := totals{lines: int64(lines.Rows()), earliest: slices.Min(lines.Ints("time"))}
	for i, q := range lines.Ints("quantity") {
		s.amount += q * lines.Ints("price")[i]
		if lines.Strings("country")[i] == "Germany" {
			s.german++
		}
	}
	return s
}

// A campaign is found as an experiment is read: the average invoice of those who got the offer against the others', with
// the customer as the unit.
func TestCampaignIsFound(t *testing.T) {
	s := open(t, demo.Days{}, "--customers=2000", "--campaign=0.25:0.5@2025-06-02..2025-07-27")
	c := s.truth.Campaign
	treated := map[string]bool{}
	for _, id := range s.truth.Treated {
		treated[id] = true
	}
	truth := c.Amount.Float()/c.Without.Float() - 1
	if math.Abs(truth-c.Effect) > 0.02 {
		t.Errorf("the campaign made orders %.4f larger, planted %.4f", truth, c.Effect)
	}
	during := s.effect(c.Days, treated)
	before := s.effect(demo.Days{First: c.First - 56, Last: c.First - 1}, treated)
	t.Logf("before %.3f ± %.3f, during %.3f ± %.3f, truth %.3f", before.ratio, before.se, during.ratio, during.se, truth)
	if math.Abs(before.ratio) > 3*before.se || math.Abs(during.ratio-truth) > 3*during.se {
		t.Errorf("found %.3f ± %.3f before and %.3f ± %.3f during the campaign; truth 0 and %.3f", before.ratio, before.se, during.ratio, during.se, truth)
	}
}

// estimate is how much larger the invoices of some are than those of the others, with the standard error of the delta
// method on the logarithm of a ratio of sums by customer.
type estimate struct{ ratio, se float64 }

func (s *shop) effect(days demo.Days, treated map[string]bool) estimate {
	type customer struct {
		amount   float64
		invoices map[string]bool
	}
	customers := map[string]*customer{}
	for i, id := range s.sales.Strings("customer") {
		if !days.Has(s.saleDay(i)) {
			continue
		}
		if customers[id] == nil {
			customers[id] = &customer{invoices: map[string]bool{}}
		}
		customers[id].amount += money.Amount(s.sales.Ints("amount")[i]).Float()
		customers[id].invoices[s.sales.Strings("invoice")[i]] = true
	}
	logRatio := func(want bool) (mean, variance float64) {
		var amount, invoices, squares float64
		for id, c := range customers {
			if treated[id] == want {
				amount += c.amount
				invoices += float64(len(c.invoices))
			}
		}
		for id, c := range customers {
			if treated[id] == want {
				r := c.amount/amount - float64(len(c.invoices))/invoices
				squares += r * r
			}
		}
		return math.Log(amount / invoices), squares
	}
	with, v1 := logRatio(true)
	without, v2 := logRatio(false)
	return estimate{math.Expm1(with - without), math.Exp(with-without) * math.Sqrt(v1+v2)}
}
