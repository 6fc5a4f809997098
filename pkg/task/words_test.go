package task

import (
	"math"
	"testing"

	"github.com/clientele/clientele/pkg/money"
)

func TestALinkHasNoSpaces(t *testing.T) {
	for uri, want := range map[string]string{
		"file:///home/a shop/report.html": "file:///home/a%20shop/report.html",
		"file:///srv/report.html":         "file:///srv/report.html",
		"gs://bucket/report.html":         "gs://bucket/report.html",
	} {
		if got := Link(uri); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", -999: "-999", 1000: "1,000", -1234567: "-1,234,567", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for amount, want := range map[money.Amount]string{12_345_000: "1,235", -15_000: "-2", 4_999: "0"} { // half away from zero
		if got := Whole(amount); got != want {
			t.Errorf("%s: %s, want %s", amount, got, want)
		}
	}
}
