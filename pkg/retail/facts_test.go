package retail_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// Partitions that are worked on somewhere else, by what their own lines and the facts say, give what one plan gives.
func TestPartitionsElsewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := retailtest.Draw(t)
		rules, given := drawRules(t), retail.Meaning{
			Discounts: rapid.SampledFrom([]string{retail.DropDiscounts, retail.AllocateDiscounts}).Draw(t, "discounts"),
			Invoice:   rapid.SampledFrom([]string{"", retail.ByNumber, retail.ByNumberAndDay}).Draw(t, "invoice"),
		}
		want := accountOf(t, [][]retailtest.Line{lines}, retail.Room{}, rules, given)
		rules.Meaning = want.Meaning

		of := retail.Ranges{Guests: 1, Bounds: rapid.SliceOfN(rapid.SampledFrom([]string{"", "0", "7", "70", "71", "8", "9"}), 0, 9).Draw(t, "bounds")}
		slices.Sort(of.Bounds)
		if rules.On(retail.RuleGuest) { // those who are kept have one order
			of.Guests = rapid.IntRange(1, 3).Draw(t, "guests")
		}
		all := retail.NewLines(retail.Room{})
		if err := all.Append(retailtest.Batch(lines)); err != nil {
			t.Fatal(err)
		}
		facts := told(t, all, rules, of)
		got := account{Meaning: want.Meaning, Decisions: want.Decisions}
		var accounts []retail.Account
		products := map[string]bool{}
		for part := range of.Partitions() {
			router := retail.NewRouter(of, rules.Meaning, facts)
			mine := retail.NewLines(retail.Room{})
			for _, l := range lines {
				if slices.Contains(router.Route(nil, []byte(l.Customer), []byte(l.Invoice), 0, l.Micros()), part) {
					if err := mine.Append(retailtest.Batch([]retailtest.Line{l})); err != nil {
						t.Fatal(err)
					}
				}
			}
			a, kept := elsewhere(t, mine, rules, facts, of, part)
			accounts = append(accounts, a)
			got.Rows = append(got.Rows, rowTexts(kept)...)
			got.Returns = append(got.Returns, returnTexts(kept)...)
			for at := range kept.Len() {
				for _, r := range kept.Rows(at) {
					products[kept.Codes.Keys.String(r.CodeKey)] = true
				}
			}
		}
		var err error
		if got.Totals, err = retail.SumAccounts(int64(len(products)), accounts); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in %+v (-one plan +elsewhere):\n%s", of, diff)
		}
	})
}

// told returns the facts of lines as another process reads them.
func told(tb *rapid.T, all *retail.Lines, rules retail.Rules, of retail.Ranges) *retail.Facts {
	plan, err := rules.Plan(all)
	if err != nil {
		tb.Fatal(err)
	}
	defer plan.Free()
	facts, err := plan.Facts(of)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := json.Marshal(facts)
	if err != nil {
		tb.Fatal(err)
	}
	read := &retail.Facts{}
	if err := json.Unmarshal(text, read); err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(facts, read); diff != "" {
		tb.Fatal(diff)
	}
	return read
}

func elsewhere(tb *rapid.T, l *retail.Lines, rules retail.Rules, facts *retail.Facts, of retail.Ranges, part int) (retail.Account, *retail.Kept) {
	plan, err := rules.PlanOf(l, facts)
	if err != nil {
		tb.Fatal(err)
	}
	lines, err := plan.LoadOf(of, part, nil)
	if err != nil {
		tb.Fatal(err)
	}
	worker, kept := plan.Worker(), &retail.Kept{}
	worker.Partition(lines, kept)
	return worker.Account(facts), kept
}
