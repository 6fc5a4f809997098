package report

import (
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/money"
)

func TestWords(t *testing.T) {
	flat := strings.NewReplacer(nbsp, " ")
	for _, c := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(541_909), "541,909"}, {count(-1_234_567), "−1,234,567"},
		{many(1, "line"), "1 line"}, {many(0, "line"), "0 lines"},
		{share(0), "0.0 %"}, {share(1), "100.0 %"}, {share(0.0001), "< 0.1 %"}, {share(0.9999), "> 99.9 %"}, {share(1 - 1e-12), "100.0 %"},
		{share(0.168), "16.8 %"}, {share(math.NaN()), "–"},
		{decimal(-0.001, 2), "0.00"}, {decimal(-1234.5, 1), "−1,234.5"}, {decimal(math.Inf(1), 1), "–"},
		{short(0), "0"}, {short(0.3724), "0.372"}, {short(4.2376), "4.24"}, {short(13.7), "13.7"}, {short(4268.1157), "4,268"}, {short(0.0001), "0.0001"},
		{large(541_909), "541,909"}, {large(9_747_747.934), "9.75m"}, {large(-12_300_000_000), "−12.3bn"},
		{currency("GBP").exact(97_477_479_340, 2), "£9,747,747.93"}, {currency("GBP").exact(-557_200, 3), "−£55.720"},
		{currency("SEK").whole(12_345_600), "SEK 1,235"}, {currency("").average(12.345), "12.35"}, {currency("USD").average(-1234.5), "−$1,234"},
		{against(2, 1), "2.0 × all"}, {against(1, 1), "same as all"}, {against(0.05, 1), "0.05 × all"}, {against(12, 1), "12 × all"},
		{against(1, 0), ""}, {against(math.NaN(), 1), ""}, {against(-1, 1), ""},
		{versus(3.21, "as many", "fewer", "more"), "3.2 times as many"}, {versus(0.31, "as many", "fewer", "more"), "69 % fewer"},
		{versus(1.62, "as many", "fewer", "more"), "62 % more"}, {versus(1.02, "as many", "fewer", "more"), "about as many"},
		{versus(math.NaN(), "as many", "fewer", "more"), "–"},
		{list(nil), ""}, {list([]string{"a"}), "a"}, {list([]string{"a", "b", "c"}), "a, b and c"},
		{sentence("why"), "why."}, {sentence("Why?"), "Why?"}, {sentence(" "), ""}, {capital("aim"), "Aim"}, {capital("Äh"), "Äh"},
		{currency("GBP").round(8_047_120_000), "£805k"}, {currency("GBP").round(53_800_000_000), "£5.38m"}, {currency("EUR").round(-19_400_000), "−€1.9k"},
		{currency("").round(4_200_000), "420"}, {currency("GBP").signed(10_000), "+£1"}, {currency("GBP").signed(-10_000), "−£1"}, {currency("GBP").signed(0), "£0"},
	} {
		if got := flat.Replace(c.got); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestDecimalsOf(t *testing.T) {
	for _, c := range []struct {
		amounts []money.Amount
		want    int
	}{
		{nil, 2}, {[]money.Amount{0, 100, 123_400}, 2}, {[]money.Amount{100, 10}, 3}, {[]money.Amount{-1, 10}, 4}, {[]money.Amount{97_477_479_340}, 3},
	} {
		if got := decimalsOf(c.amounts...); got != c.want {
			t.Errorf("decimalsOf(%v) = %d, want %d", c.amounts, got, c.want)
		}
	}
}
