package audience

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/clientele/clientele/pkg/calendar"
)

const today = calendar.Date(15_000)

// line is a kept line: customer, days before today, code, amount in ten-thousandths.
type line struct {
	customer string
	ago      int
	code     string
	amount   int64
}

func book(t *testing.T, lines []line) *Book {
	t.Helper()
	var customers, invoices, codes []string
	var times, amounts []int64
	for _, l := range lines {
		customers, invoices, codes = append(customers, l.customer), append(invoices, fmt.Sprint(l.customer, l.ago)), append(codes, l.code)
		times, amounts = append(times, (today-calendar.Date(l.ago)).Start()), append(amounts, l.amount)
	}
	b, err := New(customers, invoices, codes, times, amounts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKnown: gaps of 10, 20 and 30 days have the mean 20 and the sample deviation 10.
func TestKnown(t *testing.T) {
	lines := []line{
		{"a", 100, "x", 10_0000}, {"a", 90, "x", 10_0000}, {"a", 70, "y", 10_0000}, {"a", 70, "x", 10_0000}, {"a", 40, "x", 5_0000}, {"a", 40, "z", -5_0000},
		{"b", 5, "x", 90_0000}, {"", 5, "x", 1_0000},
	}
	want := []Person{
		{Recency: 40, Tenure: 100, Frequency: 4, Dates: 4, Monetary: 40_0000, GapMean: 20, GapSD: 10, Codes: []Code{{"x", 4, 40}}, Segment: None, Previous: None, Next: None},
		{Recency: 5, Tenure: 5, Frequency: 1, Dates: 1, Monetary: 90_0000, GapMean: math.NaN(), GapSD: math.NaN(), Segment: None, Previous: None, Next: None},
	}
	got := book(t, lines).Known(today)
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if a, b := got[0].Usual(), got[1].Usual(); a != 36_0000 || b != 90_0000 {
		t.Errorf("usual %v and %v: 40 in 100 days are 36 in 90; 90 in 5 days stay 90", a, b)
	}
	before := book(t, lines).Known(today - 90)
	if p := before[0]; p.Recency != 10 || p.Dates != 1 || p.Frequency != 1 || before[1].Dates != 0 {
		t.Errorf("90 days ago, when the line of that very day was not known yet: %+v", before)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
	if d := cmp.Diff(got, book(t, lines).Known(today), cmpopts.EquateNaNs()); d != "" {
		t.Errorf("in another order of lines: %s", d)
	}
}

// shopOf has two segments: 1 is worth more.
func shopOf(people ...Person) *Shop {
	rich := Person{Dates: 1, Recency: 1, Monetary: 1_000_000_0000, Segment: 1, Previous: None, Next: None, GapMean: math.NaN(), GapSD: math.NaN()}
	poor := rich
	poor.Monetary, poor.Segment = 1, 0
	return NewShop(append(people, rich, poor), 2)
}

// TestRules: each rule at its limits.
func TestRules(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		list  string
		p     Person
		takes bool
	}{
		{Late, Person{Dates: 3, Recency: 36, GapMean: 20, GapSD: 10, Segment: 1}, true},
		{Late, Person{Dates: 3, Recency: 35, GapMean: 20, GapSD: 10, Segment: 1}, false}, // not longer than 20 + 1.5·10
		{Late, Person{Dates: 2, Recency: 99, GapMean: 20, GapSD: nan, Segment: 1}, false},
		{Late, Person{Dates: 3, Recency: 36, GapMean: 20, GapSD: 10, Segment: 0}, false},
		{Late, Person{Dates: 3, Recency: 36, GapMean: 20, GapSD: 10, Segment: None}, false},
		{Slipped, Person{Dates: 1, Segment: 0, Previous: 1}, true},
		{Slipped, Person{Dates: 1, Segment: 1, Previous: 0}, false},
		{Slipped, Person{Dates: 1, Segment: 0, Previous: 0}, false},
		{Slipped, Person{Dates: 1, Segment: 0, Previous: None}, false},
		{OneOrderAway, Person{Dates: 1, Recency: 14, Segment: 0, Next: 1}, true},
		{OneOrderAway, Person{Dates: 1, Recency: 13, Segment: 0, Next: 1}, false},
		{OneOrderAway, Person{Dates: 1, Recency: 14, Segment: 0, Next: 0}, false},
		{OneOrderAway, Person{Dates: 1, Recency: 14, Segment: 1, Next: 1}, false},
		{OneOrderAway, Person{Dates: 1, Recency: 14, Segment: 0, Next: None}, false},
		{Regulars, Person{Dates: 4, Segment: None, Codes: []Code{{"x", 4, 30}}}, true},
		{Regulars, Person{Dates: 4, Segment: None, Codes: []Code{{"x", 4, 120}}}, true},
		{Regulars, Person{Dates: 4, Segment: None, Codes: []Code{{"x", 4, 29}, {"y", 3, 50}, {"z", 9, 121}}}, false},
		{SecondOrder, Person{Dates: 1, Recency: 14, Segment: None}, true},
		{SecondOrder, Person{Dates: 1, Recency: 60, Segment: None}, true},
		{SecondOrder, Person{Dates: 1, Recency: 61, Segment: None}, false},
		{SecondOrder, Person{Dates: 2, Recency: 20, Segment: None}, false},
		{SecondOrder, Person{Recency: 20, Segment: None}, false}, // no purchase yet
	} {
		if got := defaultOf(c.list).Takes(shopOf(), &c.p); got != c.takes {
			t.Errorf("%s takes %+v: %v, want %v", c.list, c.p, got, c.takes)
		}
	}
	p := Person{Codes: []Code{{"a", 4, 50}, {"b", 5, 60}, {"c", 5, 50}, {"d", 5, 50}, {"e", 9, 200}}}
	if code := defaultOf(Regulars).Code(&p); code != "c" {
		t.Errorf("the regular product is %q: most dates, then the latest, then the code", code)
	}
	if s := NewShop([]Person{{Dates: 1, Segment: None}}, 0); s.Top() != None || defaultOf(Late).Asks(s) || !defaultOf(SecondOrder).Asks(s) {
		t.Error("without segments nobody is asked about them")
	}
}

// TestAssign: the first list has a customer; who is held out is on none.
func TestAssign(t *testing.T) {
	both := Person{Dates: 1, Recency: 20, Segment: 0, Previous: 1, Next: None}
	s := shopOf(both, both)
	rules, err := Parse("")
	if err != nil {
		t.Fatal(err)
	}
	held := []bool{false, true, false, false}
	if on := Assign(rules, s, held); rules[on[0]].List != Slipped || on[1] != None || on[2] != None {
		t.Errorf("%v", on)
	}
	if rules, err = Parse("second_order; slipped"); err != nil {
		t.Fatal(err)
	}
	if on := Assign(rules, s, held); rules[on[0]].List != SecondOrder {
		t.Errorf("in another order: %v", on)
	}
}

func TestEffects(t *testing.T) {
	var people []Person
	for recency := range 100 {
		people = append(people, Person{Dates: 1, Recency: recency + 1, Segment: None})
	}
	got := defaultOf(SecondOrder).Effects(NewShop(people, 0))
	want := []Effect{{"from", 14, 11, 18, 47, 50, 43}, {"to", 60, 45, 75, 47, 32, 62}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if e := defaultOf(Late).Effects(shopOf())[0]; e.Lower != 2 || e.Higher != 4 {
		t.Errorf("%+v", e)
	}
}

// TestDifference: 56 of 70 against 48 of 80 (Newcombe, Statistics in Medicine 17, 1998, table II, example a, method 10).
func TestDifference(t *testing.T) {
	low, high := difference(Group{Customers: 70, Bought: 56}, Group{Customers: 80, Bought: 48})
	if math.Abs(low-.0524) > 5e-5 || math.Abs(high-.3339) > 5e-5 {
		t.Errorf("%.4f to %.4f, want 0.0524 to 0.3339", low, high)
	}
	if low, high = difference(Group{Customers: 70, Bought: 56}, Group{}); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("against nobody: %v, %v", low, high)
	}
}

// TestFollow: the others are those of the segments of whom the rule took, and nobody who had bought nothing yet.
func TestFollow(t *testing.T) {
	b := book(t, []line{
		{"a", 110, "x", 10_0000}, {"a", 50, "x", 7_0000}, // taken, and back
		{"b", 110, "x", 10_0000},                        // taken
		{"c", 200, "x", 10_0000}, {"c", 1, "x", 3_0000}, // of their segment
		{"d", 200, "x", 10_0000}, {"d", 1, "x", 3_0000}, // of another
		{"e", 1, "x", 9_0000}, // not there yet
	})
	people := b.Known(today - 90)
	for i, g := range []int{0, 0, 0, 1, None} {
		people[i].Segment = g
	}
	f := b.Follow(defaultOf(SecondOrder), NewShop(people, 2), today-90, today)
	if f.Taken != (Group{2, 1, 7_0000}) || f.Others != (Group{1, 1, 3_0000}) || f.Differs() {
		t.Errorf("%+v", f)
	}
	if g := b.Everybody(NewShop(people, 2), today-90, today); g != (Group{4, 3, 13_0000}) {
		t.Errorf("everybody: %+v", g)
	}
}

func TestParse(t *testing.T) {
	rules, err := Parse(" second_order  to=90 ;late deviations=2;")
	if err != nil || len(rules) != 2 || rules[0].String() != "second_order from=14 to=90" || rules[1].String() != "late dates=3 deviations=2" {
		t.Errorf("%v %v", rules, err)
	}
	all, err := Parse("")
	var spelled []string
	for _, r := range all {
		spelled = append(spelled, r.String())
		if strings.Contains(r.Words(), "%") || r.Purpose() == "" {
			t.Errorf("%s: %s, for %s", r, r.Words(), r.Purpose())
		}
	}
	if err != nil || strings.Join(spelled, "; ") != Default {
		t.Errorf("%v %v", spelled, err)
	}
	for text, want := range map[string]string{
		"lost":                      `there is no list "lost": want late, slipped, one_order_away, regulars, second_order`,
		"late; late":                "late is there twice",
		"slipped days=3":            `slipped: want no limit, not "days=3"`,
		"late dates":                `late: want dates=… and deviations=… once, not "dates"`,
		"late dates=3 dates=4":      `late: want dates=… and deviations=… once, not "dates=4"`,
		"late dates=2":              `late: dates: want a whole number from 3 to 100000, not "2"`,
		"late dates=3.5":            `late: dates: want a whole number from 3 to 100000, not "3.5"`,
		"late deviations=NaN":       `late: deviations: want a number from 0 to 100000, not "NaN"`,
		"second_order from=61":      "second_order: from is after to",
		"regulars from=130 to=120":  "regulars: from is after to",
		"regulars dates=1000000000": `regulars: dates: want a whole number from 2 to 100000, not "1000000000"`,
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
