package explore_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// demoShop is a demo shop's sales of catalogue products to customers, with what was planted.
func demoShop(t *testing.T) (*explore.Shop, *demo.Truth, map[string]string) {
	t.Helper()
	shop, err := demo.New(demo.Options{Seed: 1, Customers: 800, From: day(t, "2010-12-01"), Days: 396})
	if err != nil {
		t.Fatal(err)
	}
	var lines, text bytes.Buffer
	truth, err := shop.WriteLines(t.Context(), &lines)
	if err == nil {
		err = truth.Write(&text)
	}
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	if err := demo.EachKind(&text, func(customer, kind string) { kinds[customer] = kind }); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&lines).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	products := map[string]bool{}
	for _, p := range truth.Catalogue {
		products[p.Code] = true
	}
	records = slices.DeleteFunc(records[1:], func(r []string) bool {
		return r[6] == "" || !products[r[1]] || strings.HasPrefix(r[3], "-") || strings.Trim(r[5], "0.") == ""
	})
	f := frame.New(columns, len(records))
	for i, r := range records {
		at, err1 := time.Parse("2006-01-02 15:04:05", r[4])
		quantity, err2 := money.ParseQuantity(r[3])
		price, err3 := money.ParsePrice(r[5])
		amount, err4 := price.Times(quantity)
		if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatal(r, err1, err2, err3, err4)
		}
		f.Strings("invoice")[i], f.Strings("code")[i], f.Strings("customer")[i], f.Strings("country")[i] = r[0], r[1], r[6], r[7]
		f.Ints("time")[i], f.Ints("quantity")[i], f.Ints("price")[i], f.Ints("amount")[i] = at.UnixMicro(), int64(quantity), int64(price), int64(amount)
	}
	return explore.New(f, explore.Options{AsOf: day(t, "2010-12-01") + 396}), truth, kinds
}

// The demo shop's price falls from ten packs on. The kind bulk takes 4 to 24 packs a line, the kind reseller 12 to 18, and
// everybody else 1 to 3, times 0.3 to 4.2 by customer: those whom the price break is for are found, few others are, and nobody
// who takes many packs is personal.
func TestWhoBuysCartonsInTheDemoShop(t *testing.T) {
	s, _, kinds := demoShop(t)
	n := s.Nature(explore.DefaultRule())
	all, found := map[string]int{}, map[string]int{}
	var others, wrong int
	for i, c := range n.Customers {
		kind := kinds[s.Customers[i]]
		if (kind == "bulk" || kind == "reseller") && c.Class == explore.Personal {
			t.Errorf("a customer of the kind %s is personal", kind)
		}
		reseller := 0
		if c.Class == explore.Reseller {
			reseller = 1
		}
		if kind == "bulk" || kind == "reseller" {
			all[kind]++
			found[kind] += reseller
		} else {
			others++
			wrong += reseller
		}
	}
	for _, kind := range []string{"bulk", "reseller"} {
		if all[kind] < 30 || float64(found[kind]) < 0.8*float64(all[kind]) {
			t.Errorf("%d of %d of the kind %s are found", found[kind], all[kind], kind)
		}
	}
	if float64(wrong) > 0.05*float64(others) {
		t.Errorf("%d of %d others are taken for resellers", wrong, others)
	}
	t.Logf("found %v of %v, and %d of %d others", found, all, wrong, others)
}

// Countries of the demo shop prefer a tenth of the catalogue, and the home country nothing: preferences are found where they
// were planted, and nowhere else.
func TestPreferencesInTheDemoShop(t *testing.T) {
	s, truth, _ := demoShop(t)
	lifts := s.Lifts()
	found := map[string]int{}
	for _, x := range lifts.All {
		name := s.Countries[x.Country]
		found[name]++
		at := slices.IndexFunc(truth.Countries, func(c demo.Country) bool { return c.Country == name })
		if !slices.Contains(truth.Countries[at].Likes, s.Codes[x.Code]) {
			t.Errorf("%s prefers %s, which was not planted", name, s.Codes[x.Code])
		}
	}
	if found["Germany"] < 10 || found["France"] < 10 || found["United Kingdom"] != 0 {
		t.Errorf("found %v", found)
	}
}
