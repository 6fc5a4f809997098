package recommend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// shopLines is a shop of so many customers and products on the days 0 to 299, in which product 2i is mostly bought with 2i+1.
func shopLines(customers, products int, seed uint64) []Line {
	r := rand.New(rand.NewPCG(seed, 0))
	var lines []Line
	for c := range customers {
		for visit := range 4 + r.IntN(8) {
			day := int32(r.IntN(300))
			add := func(i int) {
				lines = append(lines, Line{fmt.Sprintf("c%03d", c), fmt.Sprintf("%d-%d", c, visit), fmt.Sprintf("%05d", 10000+i), day})
			}
			for range 1 + r.IntN(4) {
				i := int(float64(products) * r.Float64() * r.Float64())
				add(i)
				if i%2 == 0 && i+1 < products && r.Float64() < 0.7 {
					add(i + 1)
				}
			}
		}
	}
	return lines
}

// served is what [Serve] made, as a whole.
type served struct {
	Lists
	Suggestions []Suggestion
}

func serve(h *History, asOf int32, by Served, f Filter, o Options) (all served) {
	all.Lists, _ = Serve(h, asOf, by, f, o, func(some []Suggestion) error {
		all.Suggestions = append(all.Suggestions, some...)
		return nil
	})
	return all
}

const shopEnd = 300 // the as-of day of shopLines

var shopOptions = Options{MaxProducts: 10_000, Workers: 1, Seed: 1}

// Neither the order of lines nor the number of workers changes anything; other names of customers change their order only.
func TestWhatDoesNotMatter(t *testing.T) {
	lines := shopLines(120, 40, 2)
	h := NewHistory(lines)
	want := Evaluate(h, shopEnd, shopOptions)
	lists := serve(h, shopEnd, want.Chosen, Filter{SoldWithin: 60}, shopOptions)
	if want.Judged < leastJudged || len(want.Methods) == 0 {
		t.Fatalf("the shop is too small to test anything: %+v", want)
	}

	shuffled := slices.Clone(lines)
	rand.New(rand.NewPCG(5, 6)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	two := shopOptions
	two.Workers = 2
	again := NewHistory(append(shuffled, lines[:50]...)) // a line twice is one purchase
	if got := Evaluate(again, shopEnd, two); !reflect.DeepEqual(got, want) {
		t.Errorf("shuffled, by two workers: %+v\nwant %+v", got, want)
	}
	if got := serve(again, shopEnd, want.Chosen, Filter{SoldWithin: 60}, two); !reflect.DeepEqual(got, lists) {
		t.Error("shuffled, by two workers: other lists")
	}

	renamed := slices.Clone(lines)
	for i := range renamed {
		renamed[i].Customer = fmt.Sprintf("%x", 4093*len(renamed[i].Customer)+77*int(renamed[i].Customer[3])+7*int(renamed[i].Customer[2])+1000*int(renamed[i].Customer[1]))
	}
	if got := Evaluate(NewHistory(renamed), shopEnd, shopOptions); !reflect.DeepEqual(got, want) {
		t.Errorf("renamed: %+v\nwant %+v", got, want)
	}
}

// What lists promise: everybody has one, nothing excluded, nothing owned, no two variants, in order, all numbers finite.
func TestListsKeepTheirPromises(t *testing.T) {
	var lines []Line
	for _, l := range shopLines(80, 60, 3) {
		if l.Code[4]%2 == 1 { // 10001 becomes 10000B: a variant of the one before
			l.Code = l.Code[:4] + string(l.Code[4]-1) + "B"
		}
		lines = append(lines, l)
	}
	lines = append(lines, Line{"newcomer", "n-1", "99999", 299}, Line{"new and without codes", "n-2", "", 299}, Line{"", "guest", "10000", 290})
	h := NewHistory(lines)
	exclude := map[string]bool{"10000": true, "10002B": true}
	include := map[string]bool{}
	for _, code := range h.Codes {
		include[code] = code != "10004"
	}
	for _, served := range []Served{{Method: Pop60}, {EASEPop, 50, .25}, {Method: Jaccard}} {
		l := serve(h, shopEnd, served, Filter{SoldWithin: 30, Exclude: exclude, Include: include}, shopOptions)
		sold := map[string]bool{}
		for _, line := range lines {
			if line.Day >= shopEnd-30 {
				sold[line.Code] = true
			}
		}
		has, variants, bought := map[int32]int{}, map[string]bool{}, map[string]bool{}
		for _, line := range lines {
			bought[line.Customer+" "+line.Code] = true
		}
		for i, s := range l.Suggestions {
			code := h.Codes[s.Code]
			if exclude[code] || !include[code] || !sold[code] {
				t.Fatalf("%s: %s must not be listed", served.Method, code)
			}
			list := fmt.Sprint(s.Customer, s.Kind)
			if key := list + Variant(code); variants[key] {
				t.Fatalf("%s: two variants of %s on a list", served.Method, code)
			} else {
				variants[key] = true
			}
			if math.IsNaN(s.Score) || math.IsInf(s.Score, 0) || s.Chance < 0 || s.Chance > 1 {
				t.Fatalf("%+v", s)
			}
			if i > 0 && l.Suggestions[i-1].Customer == s.Customer && l.Suggestions[i-1].Kind == s.Kind {
				if s.Rank != l.Suggestions[i-1].Rank+1 || s.Kind == Together && s.Score > l.Suggestions[i-1].Score {
					t.Fatalf("%+v after %+v", s, l.Suggestions[i-1])
				}
			} else if s.Rank != 1 {
				t.Fatalf("a list begins with %+v", s)
			}
			if s.Customer < 0 {
				continue
			}
			owned := bought[h.Customers[s.Customer]+" "+code]
			if s.Kind == ForYou {
				has[s.Customer]++
			}
			if s.Kind == ForYou && owned || s.Kind == Again && !owned {
				t.Fatalf("%s: bought is %v: %+v", code, owned, s)
			}
		}
		for who := range h.Customers {
			if has[int32(who)] == 0 {
				t.Errorf("%s: %s has no list", served.Method, h.Customers[who])
			}
		}
		if served.Method != Pop60 && l.Filled < 2*perList {
			t.Errorf("%s: two customers who are too new have popular products: %d filled", served.Method, l.Filled)
		}
	}
}

// Shops at the edge get popularity and a sentence, and no number is undefined.
func TestEdges(t *testing.T) {
	many := shopLines(60, 30, 4)
	for i := range 10_000 {
		many = append(many, Line{"whale", fmt.Sprint("w", i), fmt.Sprintf("%05d", 10000+i%30), int32(i % 300)})
	}
	everyoneNew := shopLines(60, 30, 5)
	for i := range everyoneNew {
		everyoneNew[i].Day = 295
	}
	oneProduct := shopLines(60, 1, 6)
	noCodes := shopLines(30, 5, 7)
	for i := range noCodes {
		noCodes[i].Code = ""
	}
	for name, shop := range map[string]struct {
		lines    []Line
		fallback bool
	}{
		"no lines": {nil, true}, "30 customers": {shopLines(30, 20, 8), true}, "one product": {oneProduct, true},
		"everyone new": {everyoneNew, true}, "no codes": {noCodes, true}, "10,000 invoices": {many, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHistory(shop.lines)
			e := Evaluate(h, shopEnd, shopOptions)
			if shop.fallback && (e.Served.Method != Pop60 || e.Why == "") {
				t.Errorf("served %+v: %s", e.Served, e.Why)
			}
			finite(t, reflect.ValueOf(e))
			l := serve(h, shopEnd, e.Served, Filter{SoldWithin: 60}, shopOptions)
			finite(t, reflect.ValueOf(l.Suggestions))
			for _, s := range l.Suggestions {
				if s.Customer >= 0 && int(s.Customer) >= len(h.Customers) || int(s.Code) >= len(h.Codes) {
					t.Fatalf("%+v", s)
				}
			}
		})
	}
}

// Above the limit of products no matrix is made, and Jaccard is judged in EASE's place.
func TestTooManyProducts(t *testing.T) {
	h := NewHistory(shopLines(150, 40, 9))
	o := shopOptions
	o.MaxProducts = 10
	e := Evaluate(h, shopEnd, o)
	if e.Chosen.Method != Jaccard || slices.ContainsFunc(e.Methods, func(m Method) bool { return m.Method == EASE }) {
		t.Errorf("chosen %+v of %+v", e.Chosen, e.Methods)
	}
	n := int64(h.Candidates(shopEnd))
	if n < 20 || n > 40 || Memory(h, shopEnd, 10) != 0 || Memory(h, shopEnd, 10_000) != 16*n*n { // two matrices of eight bytes
		t.Errorf("memory of %d products: %d and %d", n, Memory(h, shopEnd, 10), Memory(h, shopEnd, 10_000))
	}
	if l := serve(h, shopEnd, Served{Method: Jaccard}, Filter{}, o); len(l.Suggestions) == 0 {
		t.Error("no lists")
	}
}

// finite fails on any float that is not a number.
func finite(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			t.Fatalf("undefined number")
		}
	case reflect.Slice:
		for i := range v.Len() {
			finite(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			finite(t, v.Field(i))
		}
	}
}
