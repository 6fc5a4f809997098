package money_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
)

// worth returns p × q as an exact number.
func worth(p money.Price, q money.Quantity) *big.Rat {
	return new(big.Rat).Mul(big.NewRat(int64(p), money.PriceScale), big.NewRat(int64(q), money.QuantityScale))
}

func TestTimes(t *testing.T) {
	for _, test := range []struct{ price, quantity, want string }{
		{"2.55", "6", "15.3000"},
		{"27.1", "0.684", "18.5364"},
		{"1.45912", "40.37", "58.9047"}, // 58.9046744
		{"0.0001", "0.5", "0.0001"},     // half away from zero
		{"-0.0001", "0.5", "-0.0001"},
		{"0.000099", "0.5", "0.0000"},
		{"0.000001", "0.001", "0.0000"},
		{"-11062.06", "-1", "11062.0600"},
		{"0", "-999999999999999.999", "0.0000"},
		{"999999999999.999999", "100", "99999999999999.9999"},
		{"999999999999.999999", "-100", "-99999999999999.9999"},
		{"0.1", "999999999999999.999", "99999999999999.9999"},
		{"1", "99999999999999.999", "99999999999999.9990"},
		{"1", "100000000000000", "out of range"},
		{"999999999999.999999", "999999999999999.999", "out of range"},
		{"-999999999999.999999", "20000", "out of range"}, // beyond 64 bits before it is divided
	} {
		p, err := money.ParsePrice(test.price)
		if err != nil {
			t.Fatal(err)
		}
		q, err := money.ParseQuantity(test.quantity)
		if err != nil {
			t.Fatal(err)
		}
		got := "out of range"
		if m, err := p.Times(q); err == nil {
			got = m.String()
		} else if !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%s × %s: %v", p, q, err)
		}
		if got != test.want {
			t.Errorf("%s × %s = %s, want %s", p, q, got, test.want)
		}
	}
}

// TestTimesIsExact: a product is that of math/big, rounded half away from zero.
func TestTimesIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := money.Price(rapid.Int64Range(-money.Max, money.Max).Draw(t, "price"))
		q := money.Quantity(rapid.Int64Range(-money.Max, money.Max).Draw(t, "quantity"))
		want, err := money.Parse(worth(p, q).FloatString(money.AmountDecimals))
		got, err2 := p.Times(q)
		if (err == nil) != (err2 == nil) || got != want {
			t.Fatalf("%s × %s = %s %v, want %s %v", p, q, got, err2, want, err)
		}
	})
}

// TestPart: parts are shares rounded half away from zero, and the whole has all.
func TestPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := money.Amount(rapid.Int64Range(-money.Max, money.Max).Draw(t, "amount"))
		whole := money.Quantity(rapid.Int64Range(1, money.Max).Draw(t, "whole"))
		part := money.Quantity(rapid.Int64Range(0, int64(whole)).Draw(t, "part"))
		if rapid.Bool().Draw(t, "negative") {
			whole, part = -whole, -part
		}
		share := new(big.Rat).Mul(big.NewRat(int64(m), money.Scale), big.NewRat(int64(part), int64(whole)))
		want, err := money.Parse(share.FloatString(money.AmountDecimals))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Part(part, whole); got != want {
			t.Fatalf("%s of %s in %s: %s, want %s", part, whole, m, got, want)
		}
		if m.Part(whole, whole) != m || m.Part(0, whole) != 0 {
			t.Fatalf("%s: the whole has %s, nothing has %s", m, m.Part(whole, whole), m.Part(0, whole))
		}
	})
}

// TestTextComesBack: what String writes is read as it was, at every size.
func TestTextComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-money.Max, money.Max).Draw(t, "value")
		if m, err := money.Parse(money.Amount(v).String()); err != nil || int64(m) != v {
			t.Errorf("amount %d came back as %d, %v", v, m, err)
		}
		if p, err := money.ParsePrice(money.Price(v).String()); err != nil || int64(p) != v {
			t.Errorf("price %d came back as %d, %v", v, p, err)
		}
		if q, err := money.ParseQuantity(money.Quantity(v).String()); err != nil || int64(q) != v {
			t.Errorf("quantity %d came back as %d, %v", v, q, err)
		}
		data, err := json.Marshal(money.Amount(v))
		var m money.Amount
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil || int64(m) != v {
			t.Errorf("amount %d came back from %s as %d, %v", v, data, m, err)
		}
	})
}

func TestString(t *testing.T) {
	for got, want := range map[string]string{
		money.Amount(-1).String():              "-0.0001",
		money.Amount(83_093_285_900).String():  "8309328.5900",
		money.Price(2_550_000).String():        "2.55",
		money.Price(1_459_120).String():        "1.45912",
		money.Price(-1).String():               "-0.000001",
		money.Price(0).String():                "0.00",
		money.Quantity(6_000).String():         "6",
		money.Quantity(684).String():           "0.684",
		money.Quantity(-1_500).String():        "-1.5",
		money.Quantity(0).String():             "0",
		money.Quantity(1_000_000_000).String(): "1000000",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", ".", "-", "1e2", "NaN", "Inf", "1_0", "0x1", "1,5", " 1", "--1", "1.2.3", "1000000000000000000"} {
		if m, err := money.Parse(s); err == nil {
			t.Errorf("%q is the amount %s", s, m)
		}
		if p, err := money.ParsePrice(s); err == nil {
			t.Errorf("%q is the price %s", s, p)
		}
		if q, err := money.ParseQuantity(s); err == nil {
			t.Errorf("%q is the quantity %s", s, q)
		}
	}
	if _, err := money.Parse("1.00001"); err == nil {
		t.Error("an amount of five decimals")
	}
	if _, err := money.ParsePrice("1.0000001"); err == nil {
		t.Error("a price of seven decimals")
	}
	if _, err := money.ParseQuantity("1.0001"); err == nil {
		t.Error("a quantity of four decimals")
	}
}

// decimal reads digits and a point, without a check.
func decimal(s string) (d money.Decimal) {
	for _, c := range []byte(s) {
		if c == '.' {
			d.Point()
		} else {
			d.Digit(c - '0')
		}
	}
	return d
}

// TestDecimal: 15 digits count; what comes behind them rounds the last.
func TestDecimal(t *testing.T) {
	for _, test := range []struct {
		text     string
		decimals int
		scaled   int64
		fit      money.Fit
		rounded  int64
	}{
		{"29.810000000000002", 6, 29_810_000, money.Exact, 29_810_000},
		{"0.30000000000000004", 6, 300_000, money.Exact, 300_000},
		{"0.7999999999999999", 3, 800, money.Exact, 800},
		{"9.99999999999999999", 0, 10, money.Exact, 10},
		{"0.0625", 3, 0, money.TooFine, 63},
		{"0.06249999", 3, 0, money.TooFine, 62},
		{"12.34565", 4, 0, money.TooFine, 123_457},
		{"0.00000030000000000000004", 6, 0, money.TooFine, 0},
		{"0.0000000000000000000000000000000000001", 6, 0, money.TooFine, 0},
		{"2.0000000000000000000000001", 6, 2_000_000, money.Exact, 2_000_000},
		{"1234567890123456", 0, 1_234_567_890_123_460, money.Exact, 1_234_567_890_123_460},
		{"1234567890123456.7", 0, 1_234_567_890_123_460, money.Exact, 1_234_567_890_123_460},
		{"999999999999.999", 6, 999_999_999_999_999_000, money.Exact, 999_999_999_999_999_000},
		{"1000000000000", 6, 0, money.TooLarge, 0},
		{"18446744073710", 6, 0, money.TooLarge, 0}, // × 10^6 is just above 2^64
		{"99999999999999999999999999999999", 6, 0, money.TooLarge, 0},
		{"0", 6, 0, money.Exact, 0},
		{"0.00000000000000000000000000000000000000", 6, 0, money.Exact, 0},
		{"000000000000000000000001.5", 3, 1500, money.Exact, 1500},
	} {
		d := decimal(test.text)
		if v, fit := d.Scaled(test.decimals); v != test.scaled || fit != test.fit {
			t.Errorf("%s × 10^%d = %d (%d), want %d (%d)", test.text, test.decimals, v, fit, test.scaled, test.fit)
		}
		want := test.fit
		if want == money.TooFine {
			want = money.Exact
		}
		if v, fit := d.Rounded(test.decimals); v != test.rounded || fit != want {
			t.Errorf("%s × 10^%d is about %d (%d), want %d (%d)", test.text, test.decimals, v, fit, test.rounded, want)
		}
	}
}
