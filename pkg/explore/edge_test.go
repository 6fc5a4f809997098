package explore_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/explore"
	"github.com/clientele/clientele/pkg/frame"
)

// sale is a line of a made-up shop.
type sale struct {
	customer, invoice, code, country string
	day                              int // before 2011-12-10
	quantity                         int64
	price                            int64 // pence
}

func shopOf(tb testing.TB, sales []sale, o explore.Options) *explore.Shop {
	tb.Helper()
	o.AsOf = day(tb, "2011-12-10")
	f := frame.New(columns, len(sales))
	for i, s := range sales {
		f.Strings("customer")[i], f.Strings("invoice")[i], f.Strings("code")[i], f.Strings("country")[i] = s.customer, s.invoice, s.code, s.country
		f.Ints("time")[i] = day(tb, "2011-12-10").Start() - int64(s.day)*86_400_000_000 + 36_000_000_000
		f.Ints("quantity")[i], f.Ints("price")[i], f.Ints("amount")[i] = s.quantity*1000, s.price*10_000, s.quantity*s.price*100
	}
	return explore.New(f, o)
}

// random makes a shop in which a customer's purchases follow from the seed and her number alone.
func random(customers int, name func(int) string) []sale {
	var sales []sale
	countries := []string{"France", "Germany", "Spain", "United Kingdom"}
	for c := range customers {
		r := rand.New(rand.NewPCG(7, uint64(c)))
		country := countries[r.IntN(4)]
		for i := range 1 + r.IntN(5) {
			bought := 1 + r.IntN(300)
			for range 1 + r.IntN(8) {
				code := r.IntN(25)
				quantity := []int64{1, 2, 3, 6, 6, 6, 12, 48}[r.IntN(8)]
				price := int64(200 + 10*code)
				if quantity >= 48 {
					price = price * 8 / 10
				}
				sales = append(sales, sale{name(c), fmt.Sprintf("%d-%d", c, i), fmt.Sprintf("p%02d", code), country, bought, quantity, price})
			}
		}
	}
	return sales
}

// everything is all that the package says of a shop, without the names and rows of customers.
func everything(s *explore.Shop) []any {
	n := s.Nature(explore.DefaultRule())
	return []any{
		n.Codes, n.Totals, n.Variants, n.Halves, s.Regions(), s.Lifts(), s.Cohorts(), s.Distributions(), s.Slots(), s.Concentration(),
		s.TopCodes(10), s.TopCountries(10), s.ByCountry(n),
		s.Tree(explore.Period, 1, func(*explore.Invoice) int32 { return 0 }),
		s.Tree(explore.Period, len(s.Countries), func(inv *explore.Invoice) int32 { return inv.Country }),
	}
}

func text(v []any) string { return fmt.Sprintf("%+v", deref(reflect.ValueOf(v))) }

// deref prints what pointers lead to.
func deref(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return deref(v.Elem())
	case reflect.Slice, reflect.Array:
		var b strings.Builder
		for i := range v.Len() {
			b.WriteString(deref(v.Index(i)) + " ")
		}
		return "[" + b.String() + "]"
	case reflect.Struct:
		var b strings.Builder
		for i := range v.NumField() {
			b.WriteString(v.Type().Field(i).Name + ":" + deref(v.Field(i)) + " ")
		}
		return "{" + b.String() + "}"
	}
	return fmt.Sprint(v)
}

// The order of the lines, the names of customers and the number of cores change nothing, to the last bit.
func TestNothingDependsOnOrderNamesOrCores(t *testing.T) {
	plain := func(c int) string { return fmt.Sprintf("c%04d", c) }
	want := text(everything(shopOf(t, random(150, plain), explore.Options{Days: 365})))
	shuffled := random(150, plain)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
	renamed := random(150, func(c int) string { return fmt.Sprintf("x%04d", (c*7919)%10_000) })
	for name, sales := range map[string][]sale{"order of lines": shuffled, "names of customers": renamed} {
		if got := text(everything(shopOf(t, sales, explore.Options{Days: 365}))); got != want {
			t.Errorf("the %s changes the answers:\n%s\n%s", name, got, want)
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if got := text(everything(shopOf(t, random(150, plain), explore.Options{Days: 365}))); got != want {
		t.Error("one core gives other answers")
	}
}

// Contributions, and new, lost and retained customers, add up to the change of every branch; branches of a division add up to
// the whole.
func TestTreeAddsUp(t *testing.T) {
	s := shopOf(t, random(200, func(c int) string { return fmt.Sprint(c) }), explore.Options{Days: 365})
	whole := s.Tree(explore.Period, 1, func(*explore.Invoice) int32 { return 0 })[0]
	changes := int64(0)
	for _, b := range append(s.Tree(explore.Period, len(s.Countries), func(inv *explore.Invoice) int32 { return inv.Country }), whole) {
		if b.Contribution == nil {
			t.Fatalf("no contributions in %+v", b)
		}
		total := int64(0)
		for _, c := range b.Contribution {
			total += c
		}
		equal(t, "sum of contributions", total, b.Change())
		equal(t, "new + lost + retained", b.New+b.Lost+b.Retained, b.Change())
		changes += b.Change()
	}
	equal(t, "sum of the countries", changes-whole.Change(), whole.Change())
}

// Shops that say little: no answer is not a number, and what cannot be said is absent.
func TestEdgesHaveNoNaN(t *testing.T) {
	one := func(change func(*sale)) []sale {
		sales := random(30, func(c int) string { return fmt.Sprint(c) })
		for i := range sales {
			change(&sales[i])
		}
		return sales
	}
	invoices := 0
	for name, sales := range map[string][]sale{
		"one country":              one(func(s *sale) { s.country = "France" }),
		"no country":               one(func(s *sale) { s.country = "" }),
		"one product":              one(func(s *sale) { s.code = "P" }),
		"no codes":                 one(func(s *sale) { s.code = "" }),
		"30 customers":             one(func(*sale) {}),
		"one line":                 {{"a", "1", "P", "France", 1, 1, 100}},
		"one invoice per customer": one(func(s *sale) { s.customer = s.invoice }),
		"an invoice for each line": one(func(s *sale) { invoices++; s.invoice = fmt.Sprint(invoices) }),
		"everyone new":             one(func(s *sale) { s.day = 1 + s.day%20 }),
		"nobody lately":            one(func(s *sale) { s.day += 100 }),
		"equal customers": {{"a", "1", "P", "France", 1, 1, 100}, {"b", "2", "P", "Spain", 1, 1, 100}, {"c", "3", "P", "Italy", 1, 1, 100},
			{"d", "4", "P", "France", 1, 1, 100}},
	} {
		s := shopOf(t, sales, explore.Options{Days: 365})
		r, l := s.Regions(), s.Lifts()
		found := []any{s.Cohorts(), r, s.Concentration(), s.Distributions(), s.Tree(explore.Period, 1, func(*explore.Invoice) int32 { return 0 })}
		if l != nil {
			found = append(found, l)
		}
		if _, err := json.Marshal(found); err != nil { // it refuses NaN and infinity
			t.Errorf("%s: %v", name, err)
		}
		n := s.Nature(explore.DefaultRule())
		total := int64(0)
		for _, c := range n.Totals {
			total += c.Customers
		}
		equal(t, name+": customers with a nature", total, int64(len(s.Customers)))
		if (name == "one country" || name == "no country") && (l != nil || r.Fits[explore.ByRevenue] != nil) {
			t.Errorf("%s has lifts %v or an index %v", name, l, r.Fits)
		}
		if name == "no codes" && (n.OwnPacks != 0 || n.Totals[explore.Bulk].Lines+n.Totals[explore.Reseller].Lines != 0) {
			t.Errorf("lines without a code have natures %+v", n.Totals)
		}
	}
	if empty := shopOf(t, nil, explore.Options{}); empty.Cohorts() != nil || empty.Lifts() != nil {
		t.Error("a shop without a line has cohorts or lifts")
	}
}

// Guests and returns are counted, and are nobody's purchase.
func TestWhatIsLeftOut(t *testing.T) {
	s := shopOf(t, []sale{{"", "1", "P", "France", 1, 2, 100}, {"a", "2", "P", "France", 1, -1, 100}, {"a", "3", "p ", "France", 1, 1, 100}}, explore.Options{})
	equal(t, "left out", s.Without, explore.Without{GuestLines: 1, GuestAmount: 20_000, OtherLines: 1, OtherAmount: -10_000})
	equal(t, "lines", len(s.Lines), 1)
	equal(t, "code as compared", s.Codes[0], "P")
}

// Invoice numbers that are used again are another invoice on another day only where the shop says so.
func TestReusedNumbers(t *testing.T) {
	sales := []sale{{"a", "1", "P", "France", 9, 1, 100}, {"a", "1", "P", "France", 2, 1, 100}, {"a", "1", "Q", "France", 2, 1, 100}}
	equal(t, "by number", len(shopOf(t, sales, explore.Options{}).Invoices), 1)
	equal(t, "by number and day", len(shopOf(t, sales, explore.Options{ByDay: true}).Invoices), 2)
}

// Thirty lines: 10 of 6, among quantities 4 to 8 with 2 each and others far away. The neighbours of 6 are 5 and 7 (w = 1), 2
// lines each, so that h·K = 20 against 3·4 = 12: a pack. Given thresholds replace it.
func TestPackByHand(t *testing.T) {
	var sales []sale
	add := func(quantity int64, lines int) {
		for range lines {
			k := len(sales)
			sales = append(sales, sale{fmt.Sprint(k % 7), fmt.Sprint(k), "P", "France", 1 + k%3, quantity, 100})
		}
	}
	add(6, 10)
	for _, q := range []int64{4, 5, 7, 8} {
		add(q, 2)
	}
	add(1, 12)
	s := shopOf(t, sales, explore.Options{})
	c := s.Nature(explore.DefaultRule()).Codes[0]
	equal(t, "pack", c.Pack, 6000)
	near(t, "ratio", c.PackRatio, 10*2.0/4, 0)
	equal(t, "carton without a fall of the price", c.CartonSource, explore.NoSource)
	rule := explore.DefaultRule()
	rule.SpikeRatio = 6 // 20 < 6·4
	equal(t, "pack by a stricter rule", s.Nature(rule).Codes[0].PackSource, explore.NoSource)
	rule.Fixed = map[string]explore.Fixed{"P": {Pack: 7000}, explore.AllCodes: {Pack: 2000, Carton: 8000}}
	n := s.Nature(rule)
	equal(t, "given", [2]int64{n.Codes[0].Pack, n.Codes[0].Carton}, [2]int64{7000, 8000})
	equal(t, "reseller lines", n.Totals[explore.Reseller].Lines, 2)
	equal(t, "bulk lines", n.Totals[explore.Bulk].Lines, 2)
	// Where everything from one unit on is given as bulk, all seven customers are in another class than without: nothing is found.
	rule.Fixed = map[string]explore.Fixed{"P": {Pack: 1000}}
	n = s.Nature(rule)
	equal(t, "variant", n.Variants[0].Name, "nothing given")
	equal(t, "whom the given thresholds move", n.Variants[0].Customers, 7)
	equal(t, "their money", n.Variants[0].Amount, n.Totals[explore.Bulk].CustomerAmount)
	rule.Fixed = nil
	equal(t, "first variant where nothing is given", s.Nature(rule).Variants[0].Name, "spike ratio 2")
}

// A reseller has bought as one on two dates or more: on one date the same money is bulk.
func TestAResellerComesTwice(t *testing.T) {
	rule := explore.DefaultRule()
	rule.Fixed = map[string]explore.Fixed{explore.AllCodes: {Pack: 6000, Carton: 48_000}}
	for days, want := range map[int]explore.Class{0: explore.Bulk, 5: explore.Reseller} {
		s := shopOf(t, []sale{{"a", "1", "P", "France", 1, 50, 100}, {"a", "2", "P", "France", 1 + days, 60, 100}}, explore.Options{})
		equal(t, "class", s.Nature(rule).Customers[0].Class, want)
	}
}

// Spearman of 1 2 3 4 against 1 3 2 4 is 1 − 6·2/(4·15) = 0.8; equal values share a rank, and missing ones do not count.
func TestSpearman(t *testing.T) {
	nan := math.NaN()
	rho, n := explore.Spearman([]float64{1, 2, nan, 3, 4}, []float64{1, 3, 9, 2, 4})
	near(t, "rho", rho, 0.8, 1e-12)
	equal(t, "n", n, 4)
	if rho, _ := explore.Spearman([]float64{1, 1, 1}, []float64{1, 2, 3}); !math.IsNaN(rho) {
		t.Errorf("a constant has the correlation %v", rho)
	}
}
