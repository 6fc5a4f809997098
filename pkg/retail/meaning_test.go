package retail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// means applies the default rules with another meaning to lines, of which those with a ninth column have a status.
func means(t *testing.T, m retail.Meaning, text string) *retail.Outcome {
	t.Helper()
	rules := retail.DefaultRules()
	rules.Meaning = m.Or(rules.Meaning)
	kept, err := rules.Apply(retailtest.Lines(t, withStatus(t, text)))
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func withStatus(t *testing.T, text string) []retailtest.Line {
	t.Helper()
	var lines []retailtest.Line
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimSpace(line)
		status := ""
		if fields := strings.Split(line, ","); len(fields) == 9 {
			line, status = strings.Join(fields[:8], ","), fields[8]
		}
		one := retailtest.CSV(t, line)
		one[0].Status = status
		lines = append(lines, one...)
	}
	return lines
}

// Each is derived by hand: 2 of 5 HEARTs at 10 go back, however the shop writes that.
func TestReturnsHoweverTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		meaning retail.Meaning
		line    string
	}{
		"C invoice":               {line: "C2,22,HEART,-2,2011-01-04 10:00,10,7,UK"},
		"negative quantity":       {line: "2,22,HEART,-2,2011-01-04 10:00,10,7,UK"},
		"on the same invoice":     {line: "1,22,HEART,-2,2011-01-03 10:00,10,7,UK"},
		"negative price":          {line: "2,22,HEART,2,2011-01-04 10:00,-10,7,UK"},
		"a status":                {line: "2,22,HEART,2,2011-01-04 10:00,10,7,UK,Credit Note"},
		"a type of document":      {line: "2,22,HEART,2,2011-01-04 10:00,10,7,UK,CRN"},
		"a type in German":        {line: "2,22,HEART,2,2011-01-04 10:00,10,7,UK,Rücksendung"},
		"a type in French":        {line: "2,22,HEART,2,2011-01-04 10:00,10,7,UK,note de crédit"},
		"a status of the profile": {retail.Meaning{ReturnStatuses: []string{"zurück"}}, "2,22,HEART,2,2011-01-04 10:00,10,7,UK,Zurück"},
		"an invoice pattern":      {retail.Meaning{ReturnInvoices: `CN-\d+`}, "CN-2,22,HEART,2,2011-01-04 10:00,10,7,UK"},
		"a date without time":     {line: "2,22,HEART,-2,2011-01-03 00:00,10,7,UK"},
		"both signs and a marker": {retail.Meaning{ReturnInvoices: `CN-\d+`}, "CN-2,22,HEART,-2,2011-01-04 10:00,10,7,UK"},
	} {
		kept := means(t, c.meaning, "1,22,HEART,5,2011-01-03 10:00,10,7,UK\n"+c.line)
		if got := kept.Ledger.Kept(); got.Amount.String() != "30.0000" || kept.Cancellations.Matched != 1 {
			t.Errorf("%s: kept %+v, %+v", name, got, kept.Cancellations)
		}
		if in := kept.Ledger.Input(); in.Amount.String() != "30.0000" {
			t.Errorf("%s: input is %s", name, in.Amount)
		}
	}
}

func TestVoidOrdersAreNoSales(t *testing.T) {
	kept := means(t, retail.Meaning{SaleStatuses: []string{"draft"}}, `
1,22,HEART,1,2011-01-03 10:00,10,7,UK,completed
2,22,HEART,1,2011-01-03 10:00,10,7,UK,wc-cancelled
3,22,HEART,1,2011-01-03 10:00,10,7,UK,Refunded
4,22,HEART,1,2011-01-03 10:00,10,,UK,voided
5,22,HEART,1,2011-01-03 10:00,10,7,UK,draft
6,22,HEART,1,2011-01-03 10:00,10,7,UK,partially_refunded`)
	if e := kept.Ledger.Taken(retail.RuleVoid); e.Lines != 3 || e.Amount.String() != "30.0000" {
		t.Errorf("void took %+v", e)
	}
	if e := kept.Ledger.Kept(); e.Lines != 3 {
		t.Errorf("kept %+v", e)
	}
}

const discounted = `
1,22,HEART,3,2011-01-03 10:00,10,7,UK
1,23,STAR,1,2011-01-03 10:00,3.3333,7,UK
1,POST,POSTAGE,1,2011-01-03 10:00,4,7,UK
1,SALE10,VOUCHER,-1,2011-01-03 10:00,10,7,UK
2,22,HEART,1,2011-01-04 10:00,10,8,UK
2,SALE10,10 OFF,-1,2011-01-04 10:00,30,8,UK`

// 10 off 33.3333 is 9.0000 and 1.0000 to the ten-thousandth: 10 × 30 / 33.3333 = 9.00000900…, 10 × 3.3333 / 33.3333 = 0.99999099….
// Nothing is left of an invoice whose discounts are worth more than its products.
func TestDiscounts(t *testing.T) {
	drop := means(t, retail.Meaning{Discounts: retail.DropDiscounts}, discounted)
	if e := drop.Ledger.Taken(retail.RuleDiscount); e.Lines != 2 || e.Amount.String() != "-40.0000" {
		t.Errorf("dropped: %+v", e)
	}
	if got := drop.Ledger.Kept().Amount.String(); got != "43.3333" {
		t.Errorf("dropped: kept %s", got)
	}
	allocate := means(t, retail.Meaning{Discounts: retail.AllocateDiscounts}, discounted)
	if e := allocate.Ledger.Taken(retail.RuleDiscount); e.Lines != 2 || e.Amount.String() != "-30.0000" {
		t.Errorf("allocated: %+v", e)
	}
	if got := allocate.Ledger.Kept(); got.Amount.String() != "33.3333" || got.Sales.String() != "43.3333" || got.Returns.String() != "-10.0000" {
		t.Errorf("allocated: kept %+v", got)
	}
	want := []string{"21.0000 of 22", "2.3333 of 23", "10.0000 of 22"}
	var got []string
	for id := range allocate.NumCustomers() {
		for _, r := range allocate.Rows(uint32(id)) {
			got = append(got, fmt.Sprintf("%s of %s", r.Amount, allocate.Codes.String(r.Code)))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, kept := range []*retail.Outcome{drop, allocate} {
		if kept.Discounts.Lines != 2 || kept.Discounts.Amount.String() != "-40.0000" {
			t.Errorf("discounts %+v", kept.Discounts)
		}
	}
	if allocate.Discounts.Allocated.String() != "-10.0000" {
		t.Errorf("allocated %s", allocate.Discounts.Allocated)
	}
}

// The copy of a line takes no part of a discount with it: of 10 + 20, 6 off leaves 24 wherever the copy stands and however its code
// is written.
func TestDiscountsStayOnTheLinesThatStay(t *testing.T) {
	for _, copied := range []string{"22", "22 ", " 22"} {
		lines := retailtest.CSV(t, `
1,22,HEART,1,2011-01-03 10:00,10,7,UK
1,`+copied+`,HEART,1,2011-01-03 10:00,10,7,UK
1,23,STAR,1,2011-01-03 10:00,20,7,UK
1,SALE,VOUCHER,-1,2011-01-03 10:00,6,7,UK`)
		for range 2 {
			rules := retail.DefaultRules()
			if err := rules.Set("+duplicate"); err != nil {
				t.Fatal(err)
			}
			rules.Meaning.Discounts = retail.AllocateDiscounts
			kept, err := rules.Apply(retailtest.Lines(t, lines))
			if err != nil {
				t.Fatal(err)
			}
			if got := kept.Ledger.Kept(); got.Lines != 2 || got.Amount.String() != "24.0000" {
				t.Errorf("copy %q: kept %+v", copied, got)
			}
			if got := kept.Ledger.Taken(retail.RuleDuplicate); got.Lines != 1 || got.Amount.String() != "10.0000" {
				t.Errorf("copy %q: taken as a duplicate %+v", copied, got)
			}
			slices.Reverse(lines)
		}
	}
}

// Allocated or not, everything adds up, in any order of the lines, and the money kept is the same but for what was allocated.
func TestAllocationAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := retailtest.Draw(t)
		for i := range lines {
			if rapid.IntRange(0, 3).Draw(t, "discount") == 0 {
				lines[i].Code, lines[i].Quantity, lines[i].Price, lines[i].Total = "90SALE", -money.QuantityScale, "0.77", ""
			}
		}
		rules := drawRules(t)
		rules.Meaning.Discounts = retail.AllocateDiscounts
		apply := func(lines []retailtest.Line) *retail.Outcome {
			l := retail.NewLines(retail.Room{})
			if err := l.Append(retailtest.Batch(lines)); err != nil {
				t.Fatal(err)
			}
			kept, err := rules.Apply(l) // which checks the ledger
			if err != nil {
				t.Fatal(err)
			}
			return kept
		}
		one := apply(lines)
		var sum money.Amount
		for id := range one.NumCustomers() {
			for _, r := range one.Rows(uint32(id)) {
				sum += r.Amount
			}
		}
		if kept := one.Ledger.Kept().Amount; kept != sum {
			t.Errorf("kept rows are worth %s, the ledger says %s", sum, kept)
		}
		if len(lines) > 1 {
			other := apply(rapid.Permutation(lines).Draw(t, "order"))
			if diff := cmp.Diff(rowTexts(one.Kept), rowTexts(other.Kept)); diff != "" {
				t.Errorf("in another order:\n%s", diff)
			}
		}
	})
}

func TestALineWithoutACustomerBelongsToTheOneOfItsInvoice(t *testing.T) {
	kept := means(t, retail.Meaning{}, `
1,22,HEART,1,2011-01-03 10:00,10,7,UK
1,23,STAR,1,2011-01-03 10:00,10,,UK
2,22,HEART,1,2011-01-03 10:00,10,,UK
3,22,HEART,1,2011-01-03 10:00,10,7,UK
3,22,HEART,1,2011-01-03 10:00,10,8,UK
3,23,STAR,1,2011-01-03 10:00,10,,UK`)
	if got := kept.Ledger.Taken(retail.RuleGuest).Lines; got != 2 || kept.Filled != 1 {
		t.Errorf("%d guests, %d filled", got, kept.Filled)
	}
}

// numbered is a till that counts from 1 again every day, for 30 days.
func numbered() []retailtest.Line {
	var lines []retailtest.Line
	for day := range 30 {
		for n := range 4 {
			lines = append(lines, retailtest.Line{Invoice: fmt.Sprint(n + 1), Code: "22001", Quantity: money.QuantityScale, Price: "1",
				Time: fmt.Sprintf("2011-01-%02d 10:00", day+1), Customer: fmt.Sprint(day*4 + n)})
		}
	}
	return lines
}

func TestNumbersThatAreUsedAgain(t *testing.T) {
	decide := func(lines []retailtest.Line, given retail.Meaning) (retail.Meaning, *retail.Outcome) {
		l := retailtest.Lines(t, lines)
		m, _, err := retail.Decide(l, given, retail.Meaning{})
		if err != nil {
			t.Fatal(err)
		}
		rules := retail.DefaultRules()
		rules.Meaning = m
		kept, err := rules.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		return m, kept
	}
	if m, kept := decide(numbered(), retail.Meaning{}); m.Invoice != retail.ByNumberAndDay || kept.Ledger.Kept().Invoices != 120 {
		t.Errorf("decided %s: %d invoices", m.Invoice, kept.Ledger.Kept().Invoices)
	}
	if m, kept := decide(numbered(), retail.Meaning{Invoice: retail.ByNumber}); m.Invoice != retail.ByNumber || kept.Ledger.Kept().Invoices != 4 {
		t.Errorf("stated %s: %d invoices", m.Invoice, kept.Ledger.Kept().Invoices)
	}
	if m, _ := decide(numbered()[:7*4], retail.Meaning{}); m.Invoice != retail.ByNumber { // a week
		t.Errorf("decided %s for a week", m.Invoice)
	}
}

// In shops that are not UCI's, codes without digits are products, and words for services are not.
func TestWhatIsNoProduct(t *testing.T) {
	lines := func(codes ...string) []retailtest.Line {
		var all []retailtest.Line
		for i := range 60 {
			all = append(all, retailtest.Line{Invoice: fmt.Sprint(i), Code: codes[i%len(codes)], Description: "A THING", Quantity: money.QuantityScale, Price: "1",
				Time: "2011-01-03 10:00", Customer: "7"})
		}
		return all
	}
	for name, c := range map[string]struct {
		codes []string
		takes int64
	}{
		"UCI's":          {[]string{"22001", "22002A", "22003", "22004", "22005", "22006", "22007", "22008", "22009", "84029G", "22011", "POST"}, 5},
		"letters":        {[]string{"HOODIE-XL", "22001", "22002", "22003"}, 0},
		"words":          {[]string{"woo-hoodie", "woo-cap", "shipping", "Versandkosten"}, 30},
		"like services":  {[]string{"POST-CARD-SET", "TIP-TOE-SOCKS", "DELIVERY-VAN-TOY", "PACKING-CUBE"}, 0},
		"with a stem":    {[]string{"SHIPPING-UK", "gift card", "A-THING"}, 40},
		"one digit each": {[]string{"P1", "Q2", "R3", "S4"}, 0},
	} {
		l := retailtest.Lines(t, lines(c.codes...))
		m, _, err := retail.Decide(l, retail.Meaning{}, retail.Meaning{})
		if err != nil {
			t.Fatal(err)
		}
		rules := retail.DefaultRules()
		rules.Meaning = m
		kept, err := rules.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		if got := kept.Ledger.Taken(retail.RuleNonProduct).Lines; got != c.takes {
			t.Errorf("%s: %s took %d lines, want %d", name, m.NonProducts, got, c.takes)
		}
	}
}

// In a shop whose codes are like UCI's, a description that names a service is one whatever the code, and names that only have such a word
// are products.
func TestServicesByDescription(t *testing.T) {
	sold := func(code, description string) retailtest.Line {
		return retailtest.Line{Invoice: "1", Code: code, Description: description, Quantity: money.QuantityScale, Price: "1", Time: "2011-01-03 10:00", Customer: "7"}
	}
	lines := []retailtest.Line{sold("22001", "DELIVERY VAN TOY"), sold("22002", "POSTAGE STAMP MUG"), sold("22003", "GIFT CARD HOLDER"), sold("22004", "TAX DISC")}
	for name, c := range map[string]struct {
		more  []retailtest.Line
		takes int64
		list  string
	}{
		"none":                {nil, 0, retail.DefaultNonProducts().String()},
		"postage":             {[]retailtest.Line{sold("99990", "Porto & Verpackung")}, 1, "services; " + retail.DefaultNonProducts().String()},
		"a carrier":           {[]retailtest.Line{sold("99990", "Versandkosten DHL"), sold("99991", "UPS shipping costs"), sold("99992", "Frais de livraison (Colissimo)")}, 3, "services; " + retail.DefaultNonProducts().String()},
		"a gift card":         {[]retailtest.Line{sold("99950", "Gift card £50")}, 1, "services; " + retail.DefaultNonProducts().String()},
		"sums of an order":    {[]retailtest.Line{sold("99992", "Order total"), sold("99993", "Zwischensumme"), sold("99994", "Sous-total")}, 3, "services; " + retail.DefaultNonProducts().String()},
		"what UCI's list has": {[]retailtest.Line{sold("23444", "NEXT DAY CARRIAGE")}, 1, retail.DefaultNonProducts().String()},
	} {
		l := retailtest.Lines(t, append(slices.Clone(lines), c.more...))
		m, _, err := retail.Decide(l, retail.Meaning{}, retail.Meaning{})
		if err != nil {
			t.Fatal(err)
		}
		rules := retail.DefaultRules()
		rules.Meaning = m
		kept, err := rules.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		if got := kept.Ledger.Taken(retail.RuleNonProduct).Lines; got != c.takes || m.NonProducts != c.list {
			t.Errorf("%s: %s took %d lines, want %s and %d", name, m.NonProducts, got, c.list, c.takes)
		}
	}
}

// Orders called A or C for a country are sales.
func TestLettersOfInvoicesMeanNothingByThemselves(t *testing.T) {
	var lines []retailtest.Line
	for i := range 50 {
		lines = append(lines, retailtest.Line{Invoice: fmt.Sprintf("%c%d", "AC"[i%2], 1000+i), Code: "22001", Quantity: money.QuantityScale, Price: "1", Time: "2011-01-03 10:00", Customer: "7"})
	}
	l := retailtest.Lines(t, lines)
	m, decisions, err := retail.Decide(l, retail.Meaning{}, retail.Meaning{})
	if err != nil {
		t.Fatal(err)
	}
	rules := retail.DefaultRules()
	rules.Meaning = m
	kept, err := rules.Apply(l)
	if err != nil || kept.Ledger.Kept().Lines != 50 {
		t.Errorf("kept %+v, %v", kept.Ledger.Kept(), err)
	}
	at := slices.IndexFunc(decisions, func(d retail.Decision) bool { return d.Field == "adjustments" })
	if d := decisions[at]; d.Value != retail.NoInvoice || !strings.Contains(d.Why, "25 of 50 invoices") {
		t.Errorf("decided %+v", d)
	}
}

func TestMeaningProblems(t *testing.T) {
	m := retail.Meaning{ReturnInvoices: "(", Adjustments: "[", NonProducts: "POST", Discounts: "keep", Invoice: "day"}
	if got := m.Problems(); len(got) != 5 {
		t.Errorf("got %q", got)
	}
	if _, _, err := retail.Decide(retail.NewLines(retail.Room{}), m, retail.Meaning{}); err == nil {
		t.Error("decided")
	}
	if got := retail.UCI().Problems(); got != nil {
		t.Errorf("got %q", got)
	}
}

// A total whose sign is not that of quantity × price counts as the return that its quantity or price makes of it, before the rules and
// after them.
func TestTotalsOfTheOtherSign(t *testing.T) {
	for name, line := range map[string]retailtest.Line{
		"negative quantity":       {Quantity: -money.QuantityScale, Price: "0.001", Total: "0.0050"},
		"negative price":          {Quantity: money.QuantityScale, Price: "-0.001", Total: "0.0050"},
		"marked, without a price": {Quantity: money.QuantityScale, Price: "0", Total: "5.0000", Status: "Credit note"},
	} {
		line.Invoice, line.Code, line.Time, line.Customer = "2", "22001", "2011-01-04 10:00", "7"
		sale := retailtest.Line{Invoice: "1", Code: "22001", Quantity: 5 * money.QuantityScale, Price: "10", Time: "2011-01-03 10:00", Customer: "7"}
		rules := retail.DefaultRules()
		for _, off := range []retail.Rule{retail.RulePrice, retail.RuleDuplicate} { // with the rule price, and without
			kept, err := rules.Apply(retailtest.Lines(t, []retailtest.Line{sale, line}))
			if err != nil { // the ledger does not add up
				t.Errorf("%s: %v", name, err)
			} else if in := kept.Ledger.Input(); in.Returns >= 0 || in.Sales.String() != "50.0000" {
				t.Errorf("%s: input %+v", name, in)
			}
			rules.Switch(off, false)
		}
	}
}

// Two tills count alike: their invoices of one number and day are two, in any order of the lines.
func TestTheSameNumberAtTwoTills(t *testing.T) {
	apply := func(order ...uint16) *retail.Outcome {
		l := retail.NewLines(retail.Room{})
		for _, source := range order {
			b := retailtest.Batch([]retailtest.Line{{Invoice: "1", Code: "22001", Quantity: money.QuantityScale, Price: "1", Time: "2011-01-03 10:00:01", Customer: "7"}})
			b.Source = source
			if err := l.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		rules := retail.DefaultRules()
		rules.Meaning.Invoice = retail.ByNumberAndDay
		kept, err := rules.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	one, other := apply(0, 1, 0, 1), apply(1, 1, 0, 0)
	if one.Ledger.Kept().Invoices != 2 || one.Duplicates != 2 || !cmp.Equal(one.Ledger, other.Ledger) || one.Duplicates != other.Duplicates {
		t.Errorf("%d duplicates, %+v; in another order %d, %+v", one.Duplicates, one.Ledger.Kept(), other.Duplicates, other.Ledger.Kept())
	}
}

// What was decided stays, what was stated does not.
func TestDecidedBefore(t *testing.T) {
	l := retailtest.Lines(t, numbered())
	m, decisions, err := retail.Decide(l, retail.Meaning{Discounts: retail.AllocateDiscounts}, retail.Meaning{Invoice: retail.ByNumber})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(decisions, func(d retail.Decision) bool { return d.Field == "invoice" })
	if d := decisions[at]; m.Invoice != retail.ByNumber || d.Stated || d.Now != retail.ByNumberAndDay {
		t.Errorf("%s: %+v", m.Invoice, d)
	}
	kept := m.Decided(retail.Meaning{NonProducts: m.NonProducts}, retail.Meaning{})
	if kept.Discounts != "" || kept.NonProducts != "" || kept.Invoice != retail.ByNumber || kept.Adjustments != m.Adjustments {
		t.Errorf("keeps %+v", kept)
	}
}
