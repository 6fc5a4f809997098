package money_test

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
)

// TestRate: by hand. 10.00 × 0.85345 = 8.5345; 0.0001 × 0.5 is half a ten-thousandth, which goes away from zero.
func TestRate(t *testing.T) {
	for _, c := range []struct{ rate, amount, want string }{
		{"0.85345", "10.00", "8.5345"}, {"0.85345", "-10.00", "-8.5345"}, {"0.85345", "9.99", "8.5260"}, {"1", "0.0001", "0.0001"},
		{"0.5", "0.0001", "0.0001"}, {"0.5", "-0.0001", "-0.0001"}, {"0.499999999999", "0.0001", "0.0000"}, {"155.25", "19.99", "3103.4475"},
		{"0.000036", "1000000", "36.0000"},
	} {
		r, err := money.ParseRate(c.rate)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := money.Parse(c.amount)
		want, _ := money.Parse(c.want)
		if got, err := r.Amount(m); err != nil || got != want {
			t.Errorf("%s at %s is %s, %v, want %s", c.amount, c.rate, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "0", "-1", "1.0000000000001", "1e3", "1000000", "NaN"} {
		if r, err := money.ParseRate(bad); err == nil {
			t.Errorf("rate %q is %d", bad, r)
		}
	}
	if _, err := money.Rate(2_000_000_000_000).Amount(money.Max); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("twice the most: %v", err)
	}
}

// TestRateIsExact: as whole numbers of any size have it.
func TestRateIsExact(t *testing.T) {
	scale, half := big.NewInt(1_000_000_000_000), big.NewInt(500_000_000_000)
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Int64Range(1, money.Max).Draw(t, "rate")
		v := rapid.Int64Range(0, money.Max).Draw(t, "price")
		want := new(big.Int).Mul(big.NewInt(r), big.NewInt(v))
		want.Add(want, half).Quo(want, scale)
		got, err := money.Rate(r).Price(money.Price(v))
		neg, negErr := money.Rate(r).Price(money.Price(-v))
		if fits := want.Cmp(big.NewInt(money.Max)) <= 0; fits != (err == nil) || fits != (negErr == nil) || fits && (int64(got) != want.Int64() || neg != -got) {
			t.Fatalf("%d × %d = %d and %d, %v, want %s", v, r, got, neg, err, want)
		}
	})
}
