package audience

import (
	"os"
	"testing"

	"github.com/clientele/clientele/pkg/invoice/invoicetest"
	"github.com/clientele/clientele/pkg/money"
)

// TestFactsOfTheRealFile: UCI Online Retail as it was on 2011-09-11, followed for 90 days; counted independently of this project,
// for the rules that need no segment.
func TestFactsOfTheRealFile(t *testing.T) {
	l := invoicetest.RealLines(t, os.Getenv("CLIENTELE_TESTDATA"))
	b, err := New(l.Customers, l.Invoices, l.Codes, l.Times, l.Amounts)
	if err != nil {
		t.Fatal(err)
	}
	cut := invoicetest.AsOf - 90
	s := NewShop(b.Known(cut), 0)
	for list, want := range map[string]Group{
		SecondOrder: {229, 99, money.Amount(57_695_4100)},
		Regulars:    {387, 363, money.Amount(1_296_436_4900)},
	} {
		f := b.Follow(defaultOf(list), s, cut, invoicetest.AsOf)
		if f.Taken != want {
			t.Errorf("%s: %+v, want %+v", list, f.Taken, want)
		}
		if f.Taken.Customers+f.Others.Customers != 3362 || f.Taken.Bought+f.Others.Bought != 1915 {
			t.Errorf("%s: the others are %+v", list, f.Others)
		}
	}
	if all := b.Everybody(s, cut, invoicetest.AsOf); all != (Group{3362, 1915, money.Amount(2_574_303_3000)}) {
		t.Errorf("all: %+v", all)
	}
}
