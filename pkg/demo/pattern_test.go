package demo_test

import (
	"math"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/money"
)

// sales returns the lines by which products of the catalogue were sold, to customers or to guests.
func sales(good []goodRecord) []goodRecord {
	var out []goodRecord
	for _, r := range good {
		if r.quantity > 0 && r.price > 0 && !isFee(r) && !strings.HasPrefix(r.invoice, "A") {
			out = append(out, r)
		}
	}
	return out
}

// visitsOf returns a line of each invoice of a customer.
func visitsOf(good []goodRecord) map[string]goodRecord {
	visits := map[string]goodRecord{}
	for _, r := range sales(good) {
		if r.customer != "" {
			visits[r.invoice] = r
		}
	}
	return visits
}

func day(r goodRecord) calendar.Date { return calendar.DateOf(r.time.UnixMicro()) }

// near fails unless a share, counted over n, is the expected one within four standard errors of independent draws.
func near(t *testing.T, what string, got, want float64, n int) {
	t.Helper()
	if tolerance := 4 * math.Sqrt(want*(1-want)/float64(n)); math.Abs(got-want) > tolerance {
		t.Errorf("%s: share %.4f of %d, planted %.4f ± %.4f", what, got, n, want, tolerance)
	}
}

// Every price and quantity follows from the catalogue, the price changes and the price break, without exception.
func TestPricesAndPacks(t *testing.T) {
	data, truth := write(t, options(t))
	good, _ := read(t, data)
	p := plantedIn(t, truth)
	catalogue := map[string]demo.Product{}
	for _, c := range p.Catalogue {
		catalogue[c.Code] = c
	}
	changes := map[string]demo.PriceChange{}
	for _, c := range p.PriceChanges {
		changes[c.Code] = c
		if float64(c.After) < 1.15*float64(c.Before) {
			t.Errorf("%+v is no price change worth finding", c)
		}
	}
	breaks, before, after := 0, 0, 0
	for _, r := range sales(good) {
		product, ok := catalogue[strings.ToUpper(r.code)]
		if !ok {
			t.Fatalf("%+v is not of the catalogue", r)
		}
		price := product.Price
		if c, ok := changes[product.Code]; ok {
			if before++; day(r) >= c.From {
				before--
				after++
				price = c.After
			}
		}
		packs := r.quantity / int64(product.Pack)
		if packs >= int64(p.PriceBreak.Packs) {
			breaks++
			off := money.Amount(math.Floor(price.Float()*100*p.PriceBreak.Off)) * money.Scale / 100
			price -= off
		}
		if r.quantity%int64(product.Pack) != 0 || r.price != price {
			t.Fatalf("%+v: want a multiple of %d at %s", r, product.Pack, price)
		}
	}
	if breaks < 1000 || before < 100 || after < 100 {
		t.Errorf("%d price breaks, %d and %d lines before and after a price change: want plenty", breaks, before, after)
	}
}

// The shop is as busy as the calendar says: weekdays over all customers; months over guests, of whom a day has its number,
// and over the kinds of customers who come all the time.
func TestSeasonsAndWeekdays(t *testing.T) {
	o := options(t)
	data, truth := write(t, o)
	good, _ := read(t, data)
	p := plantedIn(t, truth)
	closed := map[calendar.Date]bool{}
	for _, d := range p.Calendar.Closed {
		closed[d] = true
	}
	weekday, month, all := map[string]float64{}, map[string]float64{}, 0.0
	for d := p.First; d <= p.Last; d++ {
		if closed[d] {
			continue
		}
		w, m := d.Weekday().String(), demo.DayMonth(d).String()
		busy := float64(p.Calendar.Weekdays[w] * p.Calendar.Months[m])
		weekday[w] += busy
		month[m] += busy
		all += busy
	}
	visits, guests := map[string]int{}, map[string]int{}
	customers, seen := 0, map[string]bool{}
	for _, r := range sales(good) {
		if seen[r.invoice] {
			continue
		}
		seen[r.invoice] = true
		if closed[day(r)] {
			t.Errorf("%+v on a day on which the shop is closed", r)
		}
		if r.customer == "" {
			guests[demo.DayMonth(day(r)).String()]++
		} else {
			customers++
			visits[day(r).Weekday().String()]++
		}
	}
	for w, busy := range weekday {
		near(t, w, float64(visits[w])/float64(customers), busy/all, customers)
	}
	strangers := len(seen) - customers
	for m, busy := range month {
		near(t, m, float64(guests[m])/float64(strangers), busy/all, strangers)
	}
	steady, n, from := map[string]float64{}, 0, p.First+calendar.Date(o.Days/2) // by then all of them have come
	for _, r := range visitsOf(good) {
		if k := p.CustomerKinds[r.customer]; day(r) >= from && (k == "loyal" || k == "reseller") {
			steady[demo.DayMonth(day(r)).String()]++
			n++
		}
	}
	latest, late := map[string]float64{}, 0.0
	for d := from; d <= p.Last; d++ {
		m := demo.DayMonth(d).String()
		busy := float64(p.Calendar.Weekdays[d.Weekday().String()] * p.Calendar.Months[m])
		latest[m] += busy
		late += busy
	}
	for m, busy := range latest {
		near(t, "steady customers in "+m, steady[m]/float64(n), busy/late, n)
	}
	if len(weekday) != 7 || len(month) != 12 || len(closed) == 0 {
		t.Errorf("%d weekdays, %d months, %d closed days", len(weekday), len(month), len(closed))
	}
}

// Customers live where they were planted, and abroad they buy what their country likes.
func TestCountriesHaveTastes(t *testing.T) {
	data, truth := write(t, options(t))
	good, _ := read(t, data)
	p := plantedIn(t, truth)
	lives := map[string]map[string]bool{}
	lines := map[string]map[string]int{}
	for _, r := range sales(good) {
		if r.customer == "" {
			continue
		}
		if lives[r.country] == nil {
			lives[r.country], lines[r.country] = map[string]bool{}, map[string]int{}
		}
		lives[r.country][r.customer] = true
		lines[r.country][strings.ToUpper(r.code)]++
	}
	of := func(country string, codes []string) (share float64, all int) {
		liked := 0
		for _, n := range lines[country] {
			all += n
		}
		for _, c := range codes {
			liked += lines[country][c]
		}
		return float64(liked) / float64(all), all
	}
	home, judged := p.Countries[0], 0
	for i, c := range p.Countries {
		if len(lives[c.Country]) != c.Customers {
			t.Errorf("%s: %d customers, planted %d", c.Country, len(lives[c.Country]), c.Customers)
		}
		near(t, c.Country, float64(c.Customers)/float64(p.Customers), c.Share, p.Customers)
		share, all := of(c.Country, c.Likes)
		if i == 0 || all < 300 {
			continue
		}
		judged++
		atHome, _ := of(home.Country, c.Likes)
		t.Logf("%-12s %4d lines, %.2f of them of what is liked, %.2f at home", c.Country, all, share, atHome)
		if share < 0.4 || share < 2*atHome {
			t.Errorf("%s: %.2f of %d lines are of what is liked there, %.2f at home", c.Country, share, all, atHome)
		}
	}
	if judged < 3 {
		t.Errorf("only %d countries have 300 lines", judged)
	}
}

// The second of a pair lies in at least the planted share of the baskets with the first, and more often than in others.
func TestPairsAreBoughtTogether(t *testing.T) {
	data, truth := write(t, options(t))
	good, _ := read(t, data)
	p := plantedIn(t, truth)
	baskets := map[string]map[string]bool{}
	for _, r := range sales(good) {
		if baskets[r.invoice] == nil {
			baskets[r.invoice] = map[string]bool{}
		}
		baskets[r.invoice][strings.ToUpper(r.code)] = true
	}
	for _, pair := range p.Pairs {
		first, second, both := 0, 0, 0
		for _, b := range baskets {
			a, b := b[pair[0]], b[pair[1]]
			if a {
				first++
			}
			if b {
				second++
			}
			if a && b {
				both++
			}
		}
		confidence := float64(both) / float64(first)
		lift := confidence * float64(len(baskets)) / float64(second)
		t.Logf("%v: %d and %d of %d baskets, confidence %.3f, lift %.2f", pair, first, second, len(baskets), confidence, lift)
		if least := p.PairChance - 4*math.Sqrt(p.PairChance*(1-p.PairChance)/float64(first)); confidence < least || lift < 1.8 {
			t.Errorf("%v: confidence %.3f, lift %.2f over %d baskets; want at least %.3f and 1.8", pair, confidence, lift, first, least)
		}
	}
}
