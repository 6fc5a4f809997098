package measure

import (
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/measure"
	"github.com/clientele/clientele/pkg/run"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task/work"
)

// TestReturnsGuard by hand: within days 10 to 19 the treated give back 10 and 30, the control 5 and 15. Means 20 and 10, variances of the means
// 100 and 25, so that the effect is 2 − 1 with limits exp(ln 2 ± z·√(100/400 + 25/100)) − 1.
func TestReturnsGuard(t *testing.T) {
	s := &shop{returned: map[string][]returned{
		"t1": {{contract.KindReturn, 10, 10_0000}, {contract.KindReturn, 9, 99_0000}},
		"t2": {{contract.KindReturn, 15, 20_0000}, {contract.KindReturn, 19, 10_0000}, {contract.KindReturn, 20, 99_0000}, {contract.KindDiscount, 15, 7_0000}},
		"c1": {{contract.KindReturn, 12, 5_0000}},
		"c2": {{contract.KindReturn, 12, 15_0000}},
		"x":  {{contract.KindReturn, 12, 500_0000}},
	}}
	arms := map[string][]string{contract.ArmTreatment: {"t1", "t2"}, contract.ArmControl: {"c1", "c2"}, contract.ArmHoldOut: {"x"}}
	p := measure.Period{Start: 10, End: 20}
	got := s.lost(arms, p, measure.Z)
	if len(got) != 2 || got[0].Guard != "returns" || got[1].Guard != "discounts" {
		t.Fatalf("%+v", got)
	}
	half := measure.Z * math.Sqrt(.5)
	for what, v := range map[string][2]float64{
		"effect": {*got[0].Value, 1}, "low": {*got[0].Low, math.Exp(math.Ln2-half) - 1}, "high": {*got[0].High, math.Exp(math.Ln2+half) - 1},
	} {
		if !(math.Abs(v[0]-v[1]) < 1e-9) {
			t.Errorf("%s: %v, want %v", what, v[0], v[1])
		}
	}
	if got[1].Value != nil || !strings.Contains(got[1].Why, "no discounts") {
		t.Errorf("discounts of one arm alone: %+v", got[1])
	}
	for _, g := range (&shop{}).lost(arms, p, measure.Z) {
		if g.Value != nil || !strings.Contains(g.Why, "does not tell "+g.Guard) {
			t.Errorf("without the table: %+v", g)
		}
	}
}

// TestReadReturns: the table as preprocess writes it; a day that is none is bad data.
func TestReadReturns(t *testing.T) {
	c, d := store(t, "mem://"+t.Name(), drawn(5, 1), asOf)
	home, err := work.Open(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	for day, bad := range map[string]bool{"2011-12-01": false, "yesterday": true} {
		f := frame.New(contract.Returns.Columns, 1)
		f.Strings("customer")[0], f.Strings("day")[0], f.Strings("kind")[0], f.Ints("amount")[0] = "a", day, contract.KindReturn, -25
		s, err := home.Begin(t.Context(), c.Run(), contract.Preprocess, contract.Inputs{Code: day})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutFrame(t.Context(), contract.Returns, f, table.Options{}); err != nil {
			t.Fatal(err)
		}
		m, err := s.Commit(t.Context(), struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readReturns(t.Context(), home, m, table.Options{})
		if bad {
			if err == nil || !strings.Contains(err.Error(), "row 0 of the table returns") {
				t.Errorf("%v", err)
			}
			continue
		}
		if err != nil || len(got["a"]) != 1 || got["a"][0].amount != 25 || got["a"][0].day.String() != day {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := readReturns(t.Context(), home, &run.Manifest{}, table.Options{}); got != nil || err != nil {
		t.Errorf("of an earlier program: %v, %v", got, err)
	}
}
