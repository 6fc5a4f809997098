package preprocess

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/feature"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// soundShop sells every day from 2023-01-01 for 60 days: 30 customers, 20 products, nothing to find.
func soundShop() []retailtest.Line {
	var sold []retailtest.Line
	for day := range 60 {
		for i := range 4 {
			n := day*4 + i
			sold = append(sold, retailtest.Line{
				Invoice: fmt.Sprint(1000 + n), Code: fmt.Sprint(20100 + n*7%20), Description: "THING", Quantity: 2000, Time: on(day) + " 10:00",
				Price: fmt.Sprintf("%d.50", 1+n*7%20), Customer: fmt.Sprint(100 + n*11%30), Country: "UK",
			})
		}
	}
	return sold
}

func on(day int) string {
	return time.Date(2023, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// look returns what is found in lines, for a window of the 60 days.
func look(t *testing.T, sold []retailtest.Line) []finding.Finding {
	t.Helper()
	asOf, err := calendar.ParseDate(on(60))
	if err != nil {
		t.Fatal(err)
	}
	w := retail.Window{AsOf: asOf, Days: 60}
	var stored, days []span
	var inside []retailtest.Line
	for _, l := range sold {
		d := calendar.DateOf(l.Micros())
		stored = append(stored, span{d, d, 1})
		if w.Contains(d) {
			days, inside = append(days, span{d, d, 1}), append(inside, l)
		}
	}
	l := retailtest.Lines(t, inside)
	s := seenOf(t, l, retail.DefaultRules(), w, days)
	s.stored = stored
	return s.findings()
}

// seenOf is what the rules make of lines.
func seenOf(tb testing.TB, l *retail.Lines, rules retail.Rules, w retail.Window, days []span) seen {
	tb.Helper()
	plan, err := rules.Plan(l)
	if err != nil {
		tb.Fatal(err)
	}
	kept, err := rules.Apply(l)
	if err != nil {
		tb.Fatal(err)
	}
	look := looked{lines: l, plan: plan, window: w, days: days}
	found, err := look.findings()
	if err != nil {
		tb.Fatal(err)
	}
	s := seen{found: found, codes: plan.NumCodes(), outcome: outcome{totals: kept.Totals, sums: newSums(days, l)}, window: w, days: days}
	s.sums.add(kept.Kept)
	s.crowd.add(feature.Build(kept.Kept, w))
	return s
}

// each changes lines one by one; what it makes of a line may be several.
func each(change func(i int, l retailtest.Line) []retailtest.Line) func([]retailtest.Line) []retailtest.Line {
	return func(sold []retailtest.Line) (out []retailtest.Line) {
		for i, l := range sold {
			out = append(out, change(i, l)...)
		}
		return out
	}
}

func one(l retailtest.Line) []retailtest.Line { return []retailtest.Line{l} }

func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		change func([]retailtest.Line) []retailtest.Line
		want   []string // codes, with ! for those that stop
		says   string
	}{
		"nothing":              {each(func(_ int, l retailtest.Line) []retailtest.Line { return one(l) }), nil, ""},
		"no lines to speak of": {func(sold []retailtest.Line) []retailtest.Line { return sold[:3] }, nil, ""},
		"a sixth of the revenue removed": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i%5 == 0 {
				l.Code = "POST"
			}
			return one(l)
		}), []string{"rule_share"}, "rule non_product (postage, fees, vouchers) removes 16.4 % of the revenue: 864 of 5,280, in 48 lines"},
		"half of the revenue removed": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i%2 == 0 {
				l.Code = "HOODIE"
			}
			return one(l)
		}), []string{"rule_share!"}, "rule non_product"},
		"two thirds without a customer": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i%3 != 0 {
				l.Customer = ""
			}
			return one(l)
		}), []string{"rule_share"}, "rule guest (no customer ID) removes 6"},
		"one large day": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 == 7 {
				l.Quantity = 50_000
			}
			return one(l)
		}), []string{"day_share"}, "one day, 2023-01-08, has "},
		"nearly all on one day": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 > 11 {
				l.Time = on(59) + " 10:00"
			}
			return one(l)
		}), []string{"day_share!"}, ""},
		"a customer who is everybody": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i > 40 {
				l.Customer = "WALK-IN"
			}
			return one(l)
		}), []string{"customer_share!", "customer_share"}, "one customer has 8"},
		"a wholesaler": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if l.Customer == "100" {
				l.Quantity *= 100
			}
			return one(l)
		}), []string{"customer_share", "product_share"}, "of the customers' revenue"},
		"a product that is everything": {each(func(_ int, l retailtest.Line) []retailtest.Line {
			if l.Code == "20100" {
				l.Quantity *= 500
			}
			return one(l)
		}), []string{"product_share"}, `one product, code "20100", has `},
		"weeks missing": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 >= 20 && i/4 < 40 {
				return nil
			}
			return one(l)
		}), []string{"gap_days"}, "20 days without a line in a shop that sells on most days: 2023-01-21 to 2023-02-09"},
		"the last weeks missing": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 >= 40 {
				return nil
			}
			return one(l)
		}), []string{"gap_days"}, "2023-02-10 to 2023-03-01"},
		"one line of 2203": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i == 77 {
				l.Time = "2203-05-01 10:00"
			}
			return one(l)
		}), []string{"far_dates", "future_dates"}, "1 of 240 lines are over a year away from all others, which are from 2023-01-01 to 2023-03-01: 2203-05-01"},
		"one line of 1900": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i == 77 {
				l.Time = "1900-01-01 10:00"
			}
			return one(l)
		}), []string{"far_dates"}, ": 1900-01-01"},
		"lines after the as-of day": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 == 59 {
				l.Time = on(63) + " 10:00"
			}
			return one(l)
		}), []string{"future_dates"}, "stored lines are dated after the as-of day 2023-03-02 and are not used: 2023-03-05"},
		"pence for pounds": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 >= 53 {
				l.Price = strings.ReplaceAll(l.Price, ".", "")
			}
			return one(l)
		}), []string{"unit_change!"}, "prices about 100 times as high as before"},
		"pounds for pence": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 < 10 {
				l.Price = strings.ReplaceAll(l.Price, ".", "")
			}
			return one(l)
		}), []string{"unit_change!"}, "prices about 100 times as low as before"},
		"prices that rise tenfold": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4 >= 53 {
				l.Quantity *= 2
				l.Price = strings.ReplaceAll(l.Price, ".5", "5.")
			}
			return one(l)
		}), nil, ""},
		"prices that are totals": {each(func(i int, l retailtest.Line) []retailtest.Line {
			n := 1 + i/20%4
			l.Quantity, l.Price = money.Quantity(1000*n), fmt.Sprintf("%d.00", (1+i*7%20)*n)
			return one(l)
		}), []string{"price_is_total!"}, "twice as many of a product have 2.0 times the price"},
		"a discount for many": {each(func(i int, l retailtest.Line) []retailtest.Line {
			n := 1 + i/20%4
			l.Quantity, l.Price = money.Quantity(1000*n), fmt.Sprintf("%d.%d0", 1+i*7%20, 9-2*n)
			return one(l)
		}), nil, ""},
		"all twice": {each(func(_ int, l retailtest.Line) []retailtest.Line { return []retailtest.Line{l, l} }), []string{"duplicates!"},
			"50.0 % of the lines repeat another one in everything: 240 of 480"},
		"credit notes that nothing marks": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i%20 != 0 || i/4 > 50 {
				return one(l)
			}
			note := l
			note.Invoice, note.Time = "CN"+l.Invoice, on(i/4+1)+" 12:00"
			return []retailtest.Line{l, note}
		}), []string{"unmarked_returns"}, "invoices that begin with CN are all above zero, and 11 of their 11 lines repeat an earlier sale"},
		"orders of another channel": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i/4%6 == 0 {
				l.Invoice = "WEB" + l.Invoice
			}
			return one(l)
		}), nil, ""},
		"two stores that count alike": {each(func(i int, l retailtest.Line) []retailtest.Line {
			other := l
			other.Customer, other.Time = l.Customer+"9", l.Time[:11]+"17:00"
			return []retailtest.Line{l, other}
		}), []string{"shared_numbers"}, "240 of 240 invoice numbers name several customers on one day"},
		"some twice": {each(func(i int, l retailtest.Line) []retailtest.Line {
			if i%30 == 0 {
				return []retailtest.Line{l, l}
			}
			return one(l)
		}), []string{"duplicates"}, "8 of 248"},
	} {
		t.Run(name, func(t *testing.T) {
			sold := test.change(soundShop())
			found := look(t, sold)
			var codes, says []string
			for _, f := range found {
				code := f.Code
				if f.Stops {
					code += "!"
				}
				codes, says = append(codes, code), append(says, f.Sentence)
				if f.What == "" || !finding.Known(f.Code) {
					t.Errorf("%+v does not say what to do, or is not declared", f)
				}
			}
			if text := strings.Join(says, "\n"); !slices.Equal(codes, test.want) || !strings.Contains(text, test.says) {
				t.Errorf("found %v, want %v and %q:\n%s", codes, test.want, test.says, text)
			}
			// The same in another order.
			slices.Reverse(sold)
			if again := look(t, sold); !slices.Equal(found, again) {
				t.Errorf("in another order: %+v", again)
			}
		})
	}
}

// A shop's orders without their lines have no code.
func TestFindingOfOrderTotals(t *testing.T) {
	l := retail.NewLines(retail.Room{})
	b := retailtest.Batch([]retailtest.Line{{Invoice: "1", Quantity: 1000, Time: on(1) + " 10:00", Price: "5", Customer: "1"}})
	if err := l.Append(b); err != nil {
		t.Fatal(err)
	}
	rules := retail.DefaultRules()
	rules.Switch(retail.RuleNonProduct, false)
	day := calendar.DateOf(b.Time[0])
	s := seenOf(t, l, rules, retail.Window{AsOf: 20_000}, []span{{day, day, 1}})
	if found := s.findings(); len(found) != 1 || found[0].Code != finding.OrderTotalsOnly || found[0].Money != money.Amount(50_000) {
		t.Errorf("found %+v, want %s", found, finding.OrderTotalsOnly)
	}
}

// TestChainAddsUp: whatever of it is known.
func TestChainAddsUp(t *testing.T) {
	r, err := newStage(t, "", retailtest.CSV(t, shop[1:]), nil).run()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]contract.ChainRow{}
	for _, row := range r.Chain {
		at[row.Stage] = row
	}
	if at[contract.ChainInForce].Records != at[contract.ChainOutside].Records+at[contract.ChainWindow].Records ||
		at[contract.ChainWindow].Records != at[contract.ChainRemoved].Records+at[contract.ChainKept].Records ||
		*at[contract.ChainWindow].Amount != *at[contract.ChainRemoved].Amount+*at[contract.ChainKept].Amount ||
		at[contract.ChainKept].Records != r.Lines || *at[contract.ChainKept].Amount != r.Revenue {
		t.Errorf("the chain does not add up: %+v", r.Chain)
	}
}

// realShop is UCI Online Retail, window all.
func realShop(tb testing.TB) seen {
	tb.Helper()
	batches := retailtest.RealBatches(tb, os.Getenv("CLIENTELE_TESTDATA"))
	asOf, err := calendar.ParseDate("2011-12-10")
	if err != nil {
		tb.Fatal(err)
	}
	w := retail.Window{AsOf: asOf}
	var days []span
	for _, b := range batches {
		for _, t := range b.Time {
			if d := calendar.DateOf(t); len(days) == 0 || d != days[len(days)-1].from {
				days = append(days, span{d, d, 1})
			}
		}
	}
	s := seenOf(tb, retailtest.Join(tb, batches), retail.DefaultRules(), w, days)
	s.stored = s.days
	return s
}

// A sound shop of a year has nothing to find, its holidays and its few repeats included.
func TestNothingIsFoundInOnlineRetail(t *testing.T) {
	s := realShop(t)
	if found := s.findings(); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

func BenchmarkFindings(b *testing.B) {
	s := realShop(b)
	for b.Loop() {
		s.findings()
	}
}

// What ingest has found of a delivery is found of the window that has lines of it, and what many deliveries have is said once.
func TestFindingsOfDeliveriesInTheWindow(t *testing.T) {
	discount := func(delivery string, amount money.Amount) lines.Delivery {
		return lines.Delivery{ID: delivery, Source: "test", Findings: []finding.Finding{
			{Code: finding.UnreadMoney, Sentence: "the column Discount is not read, of " + delivery, Lines: 2, Money: amount, What: "read it", Stops: delivery == "b"},
		}}
	}
	var parts []lines.Partition
	s := newStage(t, "", soundShop(), func(_ *stage, all []lines.Partition) { parts = all })
	for i := range parts {
		parts[i].Delivery = []string{"before", "a", "b", "c"}[min(i, 3)]
	}
	s.cfg.RunID, s.cfg.AsOf, s.cfg.Window = "r2", (parts[len(parts)-1].Day + 1).String(), "59"
	if err := s.cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	s.ingested(parts, discount("before", 1000), discount("a", 20_000), discount("b", 50_000), discount("c", 30_000))
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	want := []finding.Finding{{
		Code: finding.UnreadMoney, Lines: 6, Money: 100_000, What: "read it", Stops: true,
		Sentence: "the column Discount is not read, of b; 3 deliveries have that, 10.00 together",
	}}
	if diff := cmp.Diff(want, r.Findings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Rejected records stop a promotion where they are many of all that was delivered, not of one small delivery.
func TestRejectedRecordsOfTheWindowStop(t *testing.T) {
	for rejected, stops := range map[int64]bool{20: false, 30: true} {
		var parts []lines.Partition
		s := newStage(t, "", soundShop(), func(_ *stage, all []lines.Partition) { parts = all })
		for i := range parts {
			parts[i].Delivery = []string{"small", "large"}[min(i, 1)]
		}
		s.cfg.RunID, s.cfg.AsOf = "r2", (parts[len(parts)-1].Day + 1).String()
		if err := s.cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		s.ingested(parts, lines.Delivery{ID: "large", Source: "test"}, lines.Delivery{
			ID: "small", Source: "test", Rejected: lines.Tally{Records: rejected, Lines: rejected}, Findings: []finding.Finding{{Code: finding.RejectedShare, Lines: rejected}},
		})
		r, err := s.run()
		if err != nil || len(r.Findings) != 1 || r.Findings[0].Stops != stops {
			t.Errorf("%d rejected beside 240: %+v, %v", rejected, r.Findings, err)
		}
	}
}
