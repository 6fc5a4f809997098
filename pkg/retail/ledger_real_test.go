package retail_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/retail"
	"github.com/clientele/clientele/pkg/retail/retailtest"
)

// The sets of UCI Online Retail, counted by independent tools, reached by switches. Window all, adjustment off.
func TestRealSets(t *testing.T) {
	type set struct {
		Rows, Customers, Invoices, Codes, Units int64
		Revenue                                 string
	}
	for _, c := range []struct {
		name, rules string
		want        set
	}{
		{"customer present", "", set{406_829, 4_372, 22_190, 3_684, 4_906_888, "8300065.81"}},
		{"not cancelled", "+cancellation_unmatched", set{397_924, 4_339, 18_536, 3_665, 5_181_696, "8911407.90"}},
		{"A", "+cancellation_unmatched,+price", set{397_884, 4_338, 18_532, 3_665, 5_167_812, "8911407.90"}},
		{"B", "+cancellation_unmatched,+price,+duplicate", set{392_692, 4_338, 18_532, 3_665, 5_152_002, "8887208.89"}},
		{"S", "+cancellation_unmatched,+price,+duplicate,+non_product", set{391_068, 4_334, 18_399, 3_657, 5_141_701, "8736000.64"}},
	} {
		rules := retail.DefaultRules()
		off := "-adjustment,-non_product,-price,-quantity,-duplicate,-cancellation_matched,-cancellation_unmatched"
		if err := rules.Set(off); err != nil {
			t.Fatal(err)
		}
		if err := rules.Set(c.rules); err != nil {
			t.Fatal(err)
		}
		kept, err := rules.Apply(retailtest.Real(t, testData))
		if err != nil {
			t.Fatal(err)
		}
		e := kept.Ledger.Kept()
		got := set{Rows: e.Lines, Customers: e.Customers, Invoices: e.Invoices, Codes: kept.Products, Revenue: pennies(e.Amount)}
		for id := range kept.NumCustomers() {
			for _, r := range kept.Rows(uint32(id)) {
				got.Units += int64(r.Quantity) / money.QuantityScale
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// pennies rounds an amount as the published figures are.
func pennies(m money.Amount) string { return strconv.FormatFloat(m.Float(), 'f', 2, 64) }

// The defaults on UCI Online Retail, window all: counted by independent tools.
func TestRealDefaults(t *testing.T) {
	lines := retailtest.Real(t, testData)
	if m, _, err := retail.Decide(lines, retail.Meaning{}, retail.Meaning{}); err != nil || !cmp.Equal(m, retail.UCI()) {
		t.Errorf("decided %s, %v", cmp.Diff(retail.UCI(), m), err)
	}
	kept, err := retail.DefaultRules().Apply(lines)
	if err != nil {
		t.Fatal(err)
	}
	if kept.Filled != 0 {
		t.Errorf("%d lines got a customer: UCI's invoices are a guest's or a customer's", kept.Filled)
	}
	type row struct {
		Rule   string
		Lines  int64
		Amount string
	}
	want := []row{
		{"input", 541_909, "9747747.9340"},
		{"void", 0, "0.0000"},
		{"guest", 135_080, "1447682.1200"},
		{"adjustment", 0, "0.0000"},
		{"discount", 0, "0.0000"},
		{"non_product", 2_003, "14614.4940"},
		{"price", 33, "0.0000"},
		{"quantity", 0, "0.0000"},
		{"duplicate", 0, "0.0000"},
		{"cancellation_matched", 10_292, "-55.7200"},
		{"cancellation_unmatched", 1_057, "-23821.5500"},
		{"kept", 393_444, "8309328.5900"},
	}
	var got []row
	for _, e := range kept.Ledger {
		got = append(got, row{e.Rule, e.Lines, e.Amount.String()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	c := kept.Cancellations
	if c.Matched != 7_431 || c.Partly != 50 || c.Unmatched != 1_057 {
		t.Errorf("cancellations %+v, want 7431 in full, 50 in part, 1057 not at all", c)
	}
	if e := kept.Ledger.Kept(); e.Customers != 4_323 || e.Invoices != 18_271 {
		t.Errorf("kept %+v, want 4323 customers and 18271 invoices", e)
	}
	t.Logf("duplicates %d, only returns %d, input %+v, matched %s", kept.Duplicates, kept.OnlyReturns, kept.Ledger.Input(), c.Amount)
}

func BenchmarkApplyReal(b *testing.B) {
	batches := retailtest.RealBatches(b, testData)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			retailtest.Join(b, batches)
		}
	})
	b.Run("append and apply", func(b *testing.B) {
		for b.Loop() {
			if _, err := retail.DefaultRules().Apply(retailtest.Join(b, batches)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
