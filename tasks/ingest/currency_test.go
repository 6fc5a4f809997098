package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
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

// sold is lines with a currency, a line each: day, currency, price.
func sold(lines ...string) string {
	text := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,Currency\n"
	for i, l := range lines {
		f := strings.Fields(l)
		text += fmt.Sprintf("%d,22,mug,3,%s 10:00:00,%s,7,UK,%s\n", i+1, f[0], f[2], f[1])
	}
	return text
}

// TestCurrencyColumn: one that all lines name is the root's; a blank means that, several are refused with lines and money of each.
func TestCurrencyColumn(t *testing.T) {
	s := newShop(t)
	r := s.must(s.config(s.file("a.csv", sold("2011-12-01 EUR 1.00", "2011-12-01 eur 2.00", "2011-12-02 € 1.50")), auto))
	if _, snapshot := s.current(); snapshot.Currency != "EUR" || r.Currency != "EUR" || r.AcceptedNet != 135_000 || len(r.Converted) != 0 {
		t.Errorf("snapshot %s, result %+v", snapshot.Currency, r)
	}
	mixed := sold("2011-12-03 EUR 1.00", "2011-12-03 GBP 2.00", "2011-12-03 GBP 2.25", "2011-12-04 USD 0.10", "2011-12-04 EUR 5.00")
	s.fails(s.config(s.file("b.csv", mixed), auto, runID("b")), 65, "mixed_currencies",
		"EUR 2 lines, 18.0000", "GBP 2 lines, 12.7500", "USD 1 lines, 0.3000", "--rates")
	if _, snapshot := s.current(); snapshot.Last().String() != "2011-12-02" {
		t.Errorf("something of the refused delivery is stored: %s", snapshot.Last())
	}
	s.fails(s.config(s.file("c.csv", sold("2011-12-03 points 1.00")), auto, runID("c")), 65, "quarantine_share", "other_currency", "column Currency")
	s = newShop(t)
	s.fails(s.config(s.file("a.csv", sold("2011-12-01 EUR 1.00"))), 65, "quarantine_share", "--currency") // GBP is stated
	s.must(s.config(s.file("a.csv", sold("2011-12-01 EUR 1.00")), func(c *Config) { c.Columns = "currency=" }))
}

// rated adds rates to a configuration.
func rated(file string) func(*Config) {
	return func(c *Config) { c.Rates, c.RatesDays, c.Currency = file, 3, "GBP" }
}

// TestRates: by hand, each line three units. EUR 1.00 × 3 × 0.85345 = 2.56035, half away from zero to 2.5604, and −2.5604 for the
// return; USD 0.10 × 3 at Friday's 0.64 on Monday = 0.1920; GBP stays.
func TestRates(t *testing.T) {
	s := newShop(t)
	file := s.file("rates.csv", "date,currency,rate\n2011-12-02,EUR,0.85345\n2011-12-02,USD,0.64\n")
	text := sold("2011-12-02 EUR 1.00", "2011-12-02 EUR -1.00", "2011-12-05 USD 0.10", "2011-12-05 GBP 2.00", "2011-12-06 GBP 1.00")
	r := s.must(s.config(s.file("a.csv", text), rated(file)))
	want := []contract.Converted{{Currency: "EUR", Records: 2}, {Currency: "USD", Records: 1, Original: 3_000, Amount: 1_920}}
	if diff := cmp.Diff(want, r.Converted); diff != "" || r.AcceptedNet != 91_920 || r.AcceptedMoney != 2*25_604+91_920 || len(r.Rates) != 64 {
		t.Errorf("result (-want +got):\n%s%+v", diff, r)
	}
	_, snapshot := s.current()
	var got []string
	for _, p := range snapshot.Partitions {
		schema := contract.Lines
		if len(p.Converted) > 0 {
			schema = contract.ConvertedLines
		}
		f := s.read(p.Object, p.SHA256, schema)
		for i := range f.Rows() {
			line := fmt.Sprint(p.Day, f.Ints("price")[i], " ", f.Ints("amount")[i])
			if schema.Name == "converted_lines" {
				line += fmt.Sprint(" ", f.Strings("original_currency")[i], f.Ints("original_amount")[i])
			}
			got = append(got, line)
		}
	}
	null := fmt.Sprint(frame.NullInt)
	if diff := cmp.Diff([]string{
		"2011-12-02 853450 25604 EUR30000", "2011-12-02 -853450 -25604 EUR-30000", "2011-12-05 64000 1920 USD3000",
		"2011-12-05 2000000 " + null + " " + null, "2011-12-06 1000000 " + null,
	}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}

	// The same again is nothing new; other rates are a new delivery, with other amounts; the same rates in other words are one too.
	again := s.must(s.config(s.file("a.csv", text), rated(file), runID("again")))
	other := s.must(s.config(s.file("a.csv", text), rated(s.file("other.csv", "date,currency,rate\n2011-12-02,EUR,0.9\n2011-12-02,USD,0.64\n")), runID("other")))
	if again.New || again.Delivery != r.Delivery || !other.New || other.Delivery == r.Delivery || other.Converted[0].Amount != 0 || other.AcceptedMoney != 2*27_000+91_920 {
		t.Errorf("again %v %s, other %v %s %+v", again.New, again.Delivery, other.New, other.Delivery, other.Converted)
	}
}

// TestMissingRate: named by day and currency, and nothing is stored.
func TestMissingRate(t *testing.T) {
	s := newShop(t)
	file := s.file("rates.csv", "date,currency,rate\n2011-12-02,EUR,0.85345\n")
	text := sold("2011-12-02 EUR 1.00", "2011-12-05 EUR 1.00", "2011-12-06 EUR 1.00", "2011-12-06 EUR 1.00", "2011-12-02 USD 1.00", "2011-12-02 GBP 1.00")
	s.fails(s.config(s.file("a.csv", text), rated(file)), 65, "missing_rate", "USD on 2011-12-02 (1 lines), EUR on 2011-12-06 (2 lines)", "rates.csv", "--rates-days")
	s.must(s.config(s.file("a.csv", sold("2011-12-02 EUR 1.00", "2011-12-05 EUR 1.00")), rated(file)))
	s.fails(s.config(s.file("a.csv", text), rated(s.file("bad.csv", "date,currency,rate\n2011-12-02,EUR,much\n")), runID("bad")), 78, "rates", `line 2: rate "much"`)
}
