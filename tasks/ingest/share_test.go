package ingest

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/fault"
)

// TestShareOfMoney: few records can be most of the money, and a record many lines.
func TestShareOfMoney(t *testing.T) {
	s := newShop(t)
	dear := `9001,85123A,HOLDER,2,2010-12-01 08:00:00,"2.500,00 x",17850,UK` + "\n" + `9002,85123A,HOLDER,2,2010-12-01 08:00:00,"1,250.0012345",17850,UK` + "\n"
	path := s.file("x.csv", header+day("2010-12-01", 1, 198)+dear)
	point := func(c *Config) { c.Decimal = "point" }
	s.fails(s.config(path, point), fault.ExitBadData, "quarantine_share", "2500.00 of 5529.40 GBP (45.2 %) break a rule, more than --max-quarantine-share=0.02", "bad_price 1")
	s.nothing()
	got := s.must(s.config(path, point, share(0.5)))
	if got.Lines != 200 || got.RejectedLines != 2 || got.RejectedMoney.String() != "2500.0025" || got.AcceptedMoney != got.AcceptedNet || got.AcceptedNet.String() != "3029.4000" {
		t.Errorf("%+v", got)
	}
	many := `9001,85123A,"` + strings.Repeat("a\n", 30) + `",x,2010-12-01 08:00:00,1,17850,UK` + "\n"
	s = newShop(t)
	s.fails(s.config(s.file("y.csv", header+day("2010-12-01", 1, 198)+many)), fault.ExitBadData, "quarantine_share", "31 of 229 lines (13.5 %) break a rule")
	s.nothing()
}

// TestTotalsBelowATable are no money that was lost, whichever column has their name.
func TestTotalsBelowATable(t *testing.T) {
	for _, totals := range []string{"Total,,,600,,250,,\n", ",Total,,600,,250,,\n", ",,Grand total,600,,250,,\n", ",TOTAL,,600,,250,17850,UK\n"} {
		s := newShop(t)
		got := s.must(s.config(s.file("x", bookOf(t, sheetOf{"Lines", header + day("2010-12-01", 1, 98) + totals}))))
		if got.RowsQuarantined != 1 || got.RejectedMoney != 0 {
			t.Errorf("%s: %+v", totals, got)
		}
	}
	s := newShop(t) // a sale whose time is missing is one
	s.fails(s.config(s.file("x.csv", header+day("2010-12-01", 1, 98)+"9001,85123A,HOLDER,600,,250,17850,UK\n")), fault.ExitBadData, "quarantine_share", "150000.00 of")
}
