package demo_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

// What truth.json says is what the steps find, by rule, line and penny.
func TestStepsCountWhatWasPlanted(t *testing.T) {
	s := open(t, demo.Days{})
	p := s.truth
	if s.ingest.RowsRead != int64(p.Records) || s.ingest.RowsAccepted != int64(p.Lines) {
		t.Errorf("ingest: %d records, %d accepted; planted %d and %d", s.ingest.RowsRead, s.ingest.RowsAccepted, p.Records, p.Lines)
	}
	quarantine := map[string]int{}
	for _, c := range s.ingest.Quarantine {
		quarantine[c.Rule] = int(c.Rows)
	}
	if diff := cmp.Diff(p.Broken, quarantine); diff != "" {
		t.Errorf("quarantine (-planted +found):\n%s", diff)
	}
	if share := float64(s.ingest.RowsQuarantined) / float64(s.ingest.RowsRead); share >= 0.02 || share < 0.003 {
		t.Errorf("%.4f of the records are broken", share)
	}
	for rule, want := range map[string]demo.Tally{
		"guest": p.Guests, "adjustment": {}, "non_product": p.NonProducts, "price": p.Samples, "quantity": {}, "cancellation_unmatched": {},
		"input": {Lines: p.Lines, Amount: p.Sales.Amount + p.Guests.Amount + p.NonProducts.Amount + p.Samples.Amount + p.Returns.Amount},
	} {
		if got := s.ledger(rule); got != want {
			t.Errorf("ledger %s: %+v, planted %+v", rule, got, want)
		}
	}
	// A return takes its sale back in full or in part, at the price of the sale: so the rule's amount is 0.
	if c := s.preprocess.Cancellations; c != (contract.Cancellations{Matched: int64(p.Returns.Lines), Amount: p.Returns.Amount}) || c.Matched == 0 {
		t.Errorf("cancellations %+v, planted %+v", c, p.Returns)
	}
	if got, want := s.ledger("kept").Amount, p.Sales.Amount+p.Returns.Amount; got != want {
		t.Errorf("kept %s, sold and not given back %s", got, want)
	}
	if d := s.preprocess.Duplicates; d == 0 || d > int64(p.Copies) {
		t.Errorf("%d duplicates, planted %d, guests' among them", d, p.Copies)
	}
}

// Every customer is there, of the planted kind and country, but those who gave everything back.
func TestCustomersAreThoseThatWerePlanted(t *testing.T) {
	s := open(t, demo.Days{})
	p := s.truth
	kinds, countries := map[string]int{}, map[string]int{}
	for i, c := range s.customers.Strings("customer") {
		kinds[p.CustomerKinds[c]]++
		countries[s.customers.Strings("country")[i]]++
	}
	missing := 0
	for _, k := range p.Kinds {
		missing += k.Customers - kinds[k.Kind]
		if kinds[k.Kind] > k.Customers || float64(kinds[k.Kind]) < 0.95*float64(k.Customers) {
			t.Errorf("%s: %d customers, planted %d", k.Kind, kinds[k.Kind], k.Customers)
		}
	}
	if missing != int(s.preprocess.OnlyReturns) || s.customers.Rows()+missing != p.Customers {
		t.Errorf("%d customers, %d missing, %d with only returns; planted %d", s.customers.Rows(), missing, s.preprocess.OnlyReturns, p.Customers)
	}
	missing = 0
	for _, c := range p.Countries {
		missing += c.Customers - countries[c.Country]
	}
	if missing != int(s.preprocess.OnlyReturns) || len(countries) > len(p.Countries) {
		t.Errorf("countries %v, planted %+v", countries, p.Countries)
	}
}

// What the preprocessed sales show is what was planted: weekdays, prices with their change and break, packs, pairs, tastes.
func TestSalesShowWhatWasPlanted(t *testing.T) {
	s := open(t, demo.Days{})
	weekdays(t, s)
	prices(t, s)
	pairs(t, s)
	tastes(t, s)
}

func weekdays(t *testing.T, s *shop) {
	busy, all := map[string]float64{}, 0.0
	for d := s.truth.First; d <= s.truth.Last; d++ {
		open := true
		for _, c := range s.truth.Calendar.Closed {
			open = open && c != d
		}
		if open {
			b := float64(s.truth.Calendar.Weekdays[d.Weekday().String()] * s.truth.Calendar.Months[month(d)])
			busy[d.Weekday().String()] += b
			all += b
		}
	}
	visits, n := map[string]float64{}, 0.0
	seen := map[string]bool{}
	for i, invoice := range s.sales.Strings("invoice") {
		if !seen[invoice] {
			seen[invoice] = true
			visits[s.saleDay(i).Weekday().String()]++
			n++
		}
	}
	for day, b := range busy {
		share, want := visits[day]/n, b/all
		if tolerance := 4 * math.Sqrt(want*(1-want)/n); math.Abs(share-want) > tolerance {
			t.Errorf("%s: %.4f of %.0f invoices, planted %.4f ± %.4f", day, share, n, want, tolerance)
		}
	}
}

// prices holds every sale against the catalogue. A sale of which a part came back has a broken pack and may have the price
// of a larger quantity.
func prices(t *testing.T, s *shop) {
	catalogue, changes := map[string]demo.Product{}, map[string]demo.PriceChange{}
	for _, c := range s.truth.Catalogue {
		catalogue[c.Code] = c
	}
	for _, c := range s.truth.PriceChanges {
		changes[c.Code] = c
	}
	odd, before, after := 0, 0, 0
	for i, code := range s.sales.Strings("code") {
		code = strings.ToUpper(code)
		product, price := catalogue[code], money.Amount(s.sales.Ints("price")[i]/(money.PriceScale/money.Scale))
		list, units := product.Price, s.sales.Ints("quantity")[i]/money.QuantityScale
		if c, ok := changes[code]; ok && s.saleDay(i) >= c.From {
			list = c.After
			after++
		} else if ok {
			before++
		}
		off := money.Amount(math.Floor(list.Float()*100*s.truth.PriceBreak.Off)) * money.Scale / 100
		many := units >= int64(s.truth.PriceBreak.Packs*product.Pack)
		if price != list && price != list-off {
			t.Fatalf("%s costs %s on %s, planted %s", code, price, s.saleDay(i), list)
		}
		if units%int64(product.Pack) != 0 || many != (price != list) && off > 0 {
			odd++
		}
	}
	if odd > s.truth.Returns.Lines {
		t.Errorf("%d sales with broken packs or another price break, but only %d returns", odd, s.truth.Returns.Lines)
	}
	if before < 100 || after < 100 {
		t.Errorf("%d and %d sales before and after a price change", before, after)
	}
}

func pairs(t *testing.T, s *shop) {
	baskets := map[string]map[string]bool{}
	for i, invoice := range s.sales.Strings("invoice") {
		if baskets[invoice] == nil {
			baskets[invoice] = map[string]bool{}
		}
		baskets[invoice][strings.ToUpper(s.sales.Strings("code")[i])] = true
	}
	for _, pair := range s.truth.Pairs {
		var first, second, both float64
		for _, b := range baskets {
			if b[pair[0]] {
				first++
			}
			if b[pair[1]] {
				second++
			}
			if b[pair[0]] && b[pair[1]] {
				both++
			}
		}
		// Less than planted by four standard errors, and by what came back.
		least := s.truth.PairChance - 4*math.Sqrt(s.truth.PairChance*(1-s.truth.PairChance)/first) - 0.02
		lift := both / first * float64(len(baskets)) / second
		if both/first < least || lift < 1.8 {
			t.Errorf("%v: confidence %.3f over %.0f baskets, lift %.2f; want at least %.3f and 1.8", pair, both/first, first, lift, least)
		}
	}
}

func tastes(t *testing.T, s *shop) {
	sold := map[string]map[string]float64{}
	all := map[string]float64{}
	for i, country := range s.sales.Strings("country") {
		if sold[country] == nil {
			sold[country] = map[string]float64{}
		}
		sold[country][strings.ToUpper(s.sales.Strings("code")[i])]++
		all[country]++
	}
	home, judged := s.truth.Countries[0].Country, 0
	for _, c := range s.truth.Countries[1:] {
		if all[c.Country] < 300 {
			continue
		}
		judged++
		here, there := 0.0, 0.0
		for _, code := range c.Likes {
			here += sold[c.Country][code] / all[c.Country]
			there += sold[home][code] / all[home]
		}
		if here < 0.4 || here < 2*there {
			t.Errorf("%s: %.2f of the sales are of what is liked there, %.2f at home", c.Country, here, there)
		}
	}
	if judged < 3 {
		t.Errorf("only %d countries have 300 sales", judged)
	}
}
