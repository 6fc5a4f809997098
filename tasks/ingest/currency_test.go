package ingest

import (
	"strings"
	"testing"
)

// priced is a day's lines with a sign at their prices.
func priced(date string, from, n int, sign string) string {
	return strings.ReplaceAll(day(date, from, n), ",2.55,", ","+sign+"2.55,")
}

func auto(c *Config) { c.Currency = "auto" }

// TestCurrencyOfADelivery: where none is stated, the sign that every price has says it, and what is stored keeps it.
func TestCurrencyOfADelivery(t *testing.T) {
	for sign, want := range map[string]string{"": "GBP", "€": "EUR", "$": "USD", "£": "GBP", "CHF ": "CHF", "zł": "PLN"} {
		s := newShop(t)
		s.must(s.config(s.file("a.csv", header+priced("2011-12-01", 1, 30, sign)), auto))
		if _, snapshot := s.current(); snapshot.Currency != want {
			t.Errorf("prices with %q are in %s, want %s", sign, snapshot.Currency, want)
		}
		if said := strings.Contains(s.log.String(), "currency "+want); said != (sign != "") {
			t.Errorf("prices with %q: said %v\n%s", sign, said, s.log.String())
		}
	}
	s := newShop(t)
	s.must(s.config(s.file("a.csv", header+priced("2011-12-01", 1, 30, "€")), auto))
	s.must(s.config(s.file("b.csv", header+priced("2011-12-02", 101, 30, "")), auto, runID("b")))
	if _, snapshot := s.current(); snapshot.Currency != "EUR" {
		t.Errorf("the next delivery made it %s", snapshot.Currency)
	}
	s.fails(s.config(s.file("c.csv", header+priced("2011-12-03", 201, 30, "$")), auto, runID("c")), 65, "quarantine_share", "other_currency")
	s.fails(s.config(s.file("d.csv", header+priced("2011-12-03", 201, 30, "")), runID("d")), 78, "currency") // GBP is stated
}

// TestMixedCurrencies: two signs, or one that can be several, are no currency; what is stated wins over a sign.
func TestMixedCurrencies(t *testing.T) {
	for name, lines := range map[string]string{
		"two signs": priced("2011-12-01", 1, 15, "€") + priced("2011-12-01", 50, 15, "$"), "a sign of several": priced("2011-12-01", 1, 30, "kr "),
	} {
		s := newShop(t)
		if _, err := s.try(s.config(s.file("a.csv", header+lines), auto)); err == nil || !strings.Contains(err.Error(), "other_currency") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := newShop(t)
	s.fails(s.config(s.file("a.csv", header+priced("2011-12-01", 1, 30, "€"))), 65, "quarantine_share", "other_currency")
	s = newShop(t)
	s.must(s.config(s.file("a.csv", header+priced("2011-12-01", 1, 30, "kr ")), func(c *Config) { c.Currency = "SEK" }))
	if _, snapshot := s.current(); snapshot.Currency != "SEK" {
		t.Errorf("stated, it is %s", snapshot.Currency)
	}
}
