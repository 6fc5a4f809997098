package retail_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

func TestRulesSet(t *testing.T) {
	r := retail.DefaultRules()
	if err := r.Set(" +duplicate, -cancellation_matched,"); err != nil {
		t.Fatal(err)
	}
	want := "+void,+guest,+adjustment,+discount,+non_product,+price,+quantity,+duplicate,-cancellation_matched,+cancellation_unmatched"
	if r.String() != want {
		t.Errorf("got %s, want %s", r, want)
	}
	for _, s := range []string{"duplicate", "+dup", "-", "+guest,-guest", "+ guest", "+guest -price"} {
		if err := r.Set(s); err == nil || r.String() != want {
			t.Errorf("%q: got error %v and rules %s, want an error and no change", s, err, r)
		}
	}
	if err := r.Set("+dup"); !strings.Contains(err.Error(), "void, guest, adjustment, discount, non_product") {
		t.Errorf("%q does not name the known rules", err)
	}
	next := retail.DefaultRules()
	if err := next.Set(want); err != nil || next.String() != want {
		t.Errorf("String is not read back: %s, %v", next, err)
	}
}

func TestNonProducts(t *testing.T) {
	n := retail.DefaultNonProducts()
	back, err := retail.ParseNonProducts(n.String())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(n, back); diff != "" {
		t.Errorf("String is not read back (-want +got):\n%s", diff)
	}
	for _, s := range []string{"", " ; ", "digits<0", "digits<x", "digits<1;digits<2", "code=", "colour=RED", "POST"} {
		if got, err := retail.ParseNonProducts(s); err == nil {
			t.Errorf("%q passed as %+v", s, got)
		}
	}
	rules := retail.DefaultRules()
	rules.Meaning.NonProducts = "code=22*; description=heart"
	kept, err := rules.Apply(retailtest.Lines(t, retailtest.CSV(t, `
1,22a,BOX,1,2011-01-03 10:00,1,7,UK
1,POST,BOX,1,2011-01-03 10:00,1,7,UK
1,85, Heart ,1,2011-01-03 10:00,1,7,UK
1,85,Hearts,1,2011-01-03 10:00,1,7,UK`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := kept.Ledger.Taken(retail.RuleNonProduct).Lines; got != 2 {
		t.Errorf("took %d lines, want 22a by its code and Heart by its description", got)
	}
}

// Each case is derived by hand from the definition of matching: kept is code:quantity left, sorted.
func TestMatching(t *testing.T) {
	for _, c := range []struct {
		name, lines, kept   string
		matched, partly, un int64
	}{
		{"equal price goes first, then the latest", `
1,22,X,5,2011-01-03 10:00,2,7,UK
2,22,X,5,2011-01-04 10:00,1,7,UK
3,22,X,5,2011-01-05 10:00,3,7,UK
C4,22,X,-7,2011-01-06 10:00,1,7,UK`, "22:3@3 22:5@2", 1, 0, 0}, // all 5 at 1, then 2 of the 5 at 3
		{"all of equal price go before any other", `
1,22,X,1,2011-01-03 10:00,1,7,UK
2,22,X,1,2011-01-04 10:00,3,7,UK
3,22,X,1,2011-01-05 10:00,1,7,UK
C4,22,X,-2,2011-01-06 10:00,1,7,UK`, "22:1@3", 1, 0, 0},
		{"of one time and invoice the dearest goes first", `
1,22,X,1,2011-01-03 10:00,2,7,UK
1,22,X,1,2011-01-03 10:00,3,7,UK
1,22,X,1,2011-01-03 10:00,1,7,UK
C4,22,X,-1,2011-01-06 10:00,4,7,UK`, "22:1@1 22:1@2", 1, 0, 0},
		{"a sale after the cancellation is not touched", `
C1,22,X,-2,2011-01-03 10:00,1,7,UK
2,22,X,5,2011-01-03 10:01,1,7,UK`, "22:5@1", 0, 0, 1},
		{"a sale at its very time is, wherever its invoice sorts", `
C1,22,X,-2,2011-01-03 10:00,1,7,UK
D2,22,X,5,2011-01-03 10:00,1,7,UK`, "22:3@1", 1, 0, 0},
		{"the remainder is unmatched", `
1,22,X,5,2011-01-03 10:00,1,7,UK
C2,22,X,-8,2011-01-04 10:00,1,7,UK`, "", 0, 1, 0},
		{"another customer's and another code's sales are not touched", `
1,22,X,5,2011-01-03 10:00,1,8,UK
1,23,X,5,2011-01-03 10:00,1,7,UK
C2,22,X,-5,2011-01-04 10:00,1,7,UK`, "22:5@1 23:5@1", 0, 0, 1},
		{"codes and invoices match as compared", `
1,22a,X,5,2011-01-03 10:00,1,7,UK
 c2,22A ,X,-5,2011-01-04 10:00,1,7,UK`, "", 1, 0, 0},
		{"earlier cancellations go first", `
1,22,X,5,2011-01-03 10:00,1,7,UK
C3,22,X,-4,2011-01-05 10:00,1,7,UK
C2,22,X,-3,2011-01-04 10:00,1,7,UK`, "", 1, 1, 0},
		{"a line above zero is a sale, whatever its invoice is called", `
1,22,X,5,2011-01-03 10:00,1,7,UK
C2,22,X,2,2011-01-04 10:00,1,7,UK`, "22:2@1 22:5@1", 0, 0, 0},
		{"the larger of two sales that differ in quantity goes first", `
1,22,X,5,2011-01-03 10:00,1,7,UK
1,22,X,9,2011-01-03 10:00,1,7,UK
C2,22,X,-6,2011-01-04 10:00,1,7,UK`, "22:3@1 22:5@1", 1, 0, 0},
	} {
		kept, err := retail.DefaultRules().Apply(retailtest.Lines(t, retailtest.CSV(t, c.lines)))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for id := range kept.NumCustomers() {
			for _, r := range kept.Rows(uint32(id)) {
				got = append(got, fmt.Sprintf("%s:%s@%g", kept.Codes.String(r.Code), r.Quantity, r.Price.Float()))
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, " "); s != c.kept {
			t.Errorf("%s: kept %s, want %s", c.name, s, c.kept)
		}
		if n := kept.Cancellations; n.Matched != c.matched || n.Partly != c.partly || n.Unmatched != c.un {
			t.Errorf("%s: got %+v, want %d in full, %d in part, %d not at all", c.name, n, c.matched, c.partly, c.un)
		}
	}
}

// With cancellation_unmatched off the remainder stays in kept, net, to the penny.
func TestRemainderStays(t *testing.T) {
	rules := retail.DefaultRules()
	rules.Switch(retail.RuleUnmatched, false)
	kept, err := rules.Apply(retailtest.Lines(t, retailtest.CSV(t, `
1,22,X,5,2011-01-03 10:00,1,7,UK
C2,22,X,-8,2011-01-04 10:00,1.50,7,UK`)))
	if err != nil {
		t.Fatal(err)
	}
	e := kept.Ledger.Kept() // 3 units at 1.50 found no sale
	if e.Lines != 0 || e.Amount.String() != "-4.5000" || kept.NumRows() != 1 || kept.NumSales(1) != 0 || kept.OnlyReturns != 1 {
		t.Errorf("kept %+v, %d rows, %d sales, %d only returns", e, kept.NumRows(), kept.NumSales(1), kept.OnlyReturns)
	}
}

// −1 × 1 and 1 × −1 are the same return when they are settled, and were delivered as two.
func TestCopiesAreEqualAsDelivered(t *testing.T) {
	kept, err := retail.DefaultRules().Apply(retailtest.Lines(t, retailtest.CSV(t, `
5,22,BOX,9,2011-01-02 10:00,1,7,UK
C6,22,BOX,-1,2011-01-03 10:00,1,7,UK
C6,22,BOX,1,2011-01-03 10:00,-1,7,UK
C6,22,BOX,1,2011-01-03 10:00,-1,7,UK`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := kept.Totals.Duplicates; got != 1 {
		t.Errorf("%d duplicates, want the last line alone", got)
	}
}

func TestApplyRefuses(t *testing.T) {
	at := []int64{0, 0}
	text := func(s string) retail.TextColumn {
		return retail.TextColumn{Offsets: []int32{0, int32(len(s)), int32(2 * len(s))}, Data: []byte(s + s)}
	}
	for name, b := range map[string]retail.LineBatch{
		"one amount": {Time: at, Quantity: []int64{1, math.MaxInt64}, Price: []int64{1, 1_000_000}},
		"all money":  {Time: at, Quantity: []int64{100_000, 1_000}, Price: []int64{999_999_999_999_999_999, 100}},
		"all totals": {Time: at, Quantity: []int64{1, 1}, Price: []int64{0, 0}, Amount: []int64{999_999_999_999_999_999, 1}},
		"all units":  {Time: at, Quantity: []int64{math.MaxInt64, 1}, Price: []int64{0, 0}},
		"one price":  {Time: at, Quantity: []int64{0, 0}, Price: []int64{math.MinInt64, 0}},
	} {
		b.Customer, b.Invoice, b.Code, b.Description, b.Country = text("7"), text("1"), text("22"), text("X"), text("UK")
		l := retail.NewLines(retail.Room{})
		err := l.Append(b)
		if err == nil {
			_, err = retail.DefaultRules().Apply(l)
		}
		if !errors.Is(err, retail.ErrRange) {
			t.Errorf("%s: got %v, want ErrRange", name, err)
		}
	}
}

func TestApplyNothing(t *testing.T) {
	for _, lines := range []string{"", ",,,0,2011-01-03 10:00,0,,"} {
		kept, err := retail.DefaultRules().Apply(retailtest.Lines(t, retailtest.CSV(t, lines)))
		if err != nil || kept.NumRows() != 0 || kept.Ledger.Kept() != (retail.Entry{Rule: "kept"}) {
			t.Errorf("%q: got %v, %v", lines, kept, err)
		}
	}
}

// drawRules draws switches.
func drawRules(t *rapid.T) retail.Rules {
	rules := retail.DefaultRules()
	for r := retail.RuleGuest; r <= retail.RuleUnmatched; r++ {
		if rapid.IntRange(0, 3).Draw(t, r.String()) == 0 {
			rules.Switch(r, !rules.On(r))
		}
	}
	return rules
}

// On small random shops the outcome is that of the plain reference, whatever the switches and the order of lines.
func TestApplyIsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := retailtest.Draw(t)
		rules := drawRules(t)
		want := retailtest.Apply(lines, rules)
		shuffled := slices.Clone(lines)
		if len(lines) > 1 {
			shuffled = rapid.Permutation(lines).Draw(t, "order")
		}
		l := retail.NewLines(retail.Room{})
		half := len(lines) / 2
		for _, part := range [][]retailtest.Line{shuffled[:half], shuffled[half:]} {
			if err := l.Append(retailtest.Batch(part)); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := rules.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range kept.Ledger {
			w := want.Ledger[e.Rule]
			w.Rule = e.Rule
			if diff := cmp.Diff(w, e); diff != "" {
				t.Errorf("ledger, row %s (-want +got):\n%s", e.Rule, diff)
			}
		}
		if diff := cmp.Diff(texts(want.Kept), sorted(rowTexts(kept.Kept))); diff != "" {
			t.Errorf("kept rows (-want +got):\n%s", diff)
		}
		var sum money.Amount
		for id := range kept.NumCustomers() {
			for _, r := range kept.Rows(uint32(id)) {
				sum += r.Amount
			}
		}
		if sum != kept.Ledger.Kept().Amount {
			t.Errorf("kept rows are worth %s, the ledger keeps %s", sum, kept.Ledger.Kept().Amount)
		}
		if diff := cmp.Diff(want.Cancellations, kept.Cancellations); diff != "" {
			t.Errorf("cancellations (-want +got):\n%s", diff)
		}
		if want.Duplicates != kept.Duplicates {
			t.Errorf("%d duplicates, want %d", kept.Duplicates, want.Duplicates)
		}
	})
}

func texts(lines []retailtest.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%q %q %q %d %s %s %s %q %q", l.Customer, l.Invoice, l.Code, l.Micros(), l.Quantity, l.UnitPrice(), l.Worth(), l.Country, l.Region))
	}
	return sorted(out)
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// rowTexts writes the kept rows in their order.
func rowTexts(k *retail.Kept) []string {
	var out []string
	for at := range k.Len() {
		for _, r := range k.Rows(at) {
			out = append(out, fmt.Sprintf("%q %q %q %d %s %s %s %q %q", k.Customers.String(k.Customer(at)), k.Invoices.String(r.Invoice),
				k.Codes.String(r.Code), r.Time, r.Quantity, r.Price, r.Amount, k.Countries.String(r.Country), k.Regions.String(r.Region)))
		}
	}
	return out
}

// A large shop takes several workers; one worker gives the same, and so does the reverse order of lines.
func TestApplyOnAnyCores(t *testing.T) {
	var lines []retailtest.Line
	for i := range 50_000 {
		l := retailtest.Line{
			Invoice: strconv.Itoa(i / 7), Code: strconv.Itoa(10 + i%97), Quantity: money.Quantity(1+i%5) * money.QuantityScale, Price: "1.25",
			Time: fmt.Sprintf("2011-%02d-%02d %02d:%02d", 1+i/7%12, 1+i/7%28, i/7%24, i%60), Customer: strconv.Itoa(i / 7 % 311),
		}
		if i%11 == 0 {
			l.Invoice, l.Quantity = "C"+l.Invoice, -l.Quantity
		}
		lines = append(lines, l)
	}
	forward := retailtest.Batch(lines)
	slices.Reverse(lines)
	backward := retailtest.Batch(lines)
	outcome := func(b retail.LineBatch) (retail.Ledger, retail.Cancellations, []retail.Row) {
		kept, err := retail.DefaultRules().Apply(retailtest.Join(t, []retail.LineBatch{b}))
		if err != nil {
			t.Fatal(err)
		}
		var rows []retail.Row
		for id := range kept.NumCustomers() {
			rows = append(rows, kept.Rows(uint32(id))...)
		}
		return kept.Ledger, kept.Cancellations, rows
	}
	ledger, cancellations, rows := outcome(forward)
	for _, cores := range []int{1, 2, 3, 5} {
		before := runtime.GOMAXPROCS(cores)
		l, c, r := outcome(backward)
		runtime.GOMAXPROCS(before)
		if !slices.Equal(ledger, l) || cancellations != c || !slices.Equal(rows, r) {
			t.Errorf("%d cores: another outcome", cores)
		}
	}
}
