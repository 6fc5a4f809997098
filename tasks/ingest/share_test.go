package ingest

import (
	"fmt"
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

// TestRejectedByDay: the snapshot keeps what was rejected of each day, so that a day that is delivered again does not count twice;
// what has no day that can be read, or one far from the others, is of none.
func TestRejectedByDay(t *testing.T) {
	const bad = "9001,85123A,HOLDER,2.0001,2010-12-01 08:00:00,2.5,17850,UK\n" + // 5.00 of the 1st
		"9002,85123A,\"HOLDER\nin two lines\",x,2010-12-02 08:00:00,2.5,17850,UK\n" + // money that cannot be read, of the 2nd
		"9003,85123A,HOLDER,2.0001,never,3,17850,UK\n" + // 6.00 of no day
		"9004,85123A,HOLDER,2.0001,2110-12-01 08:00:00,2,17850,UK\n" // 4.00 of a day that is no shop's
	first, second, again := day("2010-12-01", 1, 150), day("2010-12-02", 200, 150), day("2010-12-01", 1, 151)
	for name, content := range map[string]string{"x.csv": header + first + second + bad, "x.xlsx": bookOf(t, sheetOf{"Lines", header + first + second + bad})} {
		s := newShop(t)
		s.must(s.config(s.file(name, content)))
		_, now := s.current()
		d := now.Deliveries[0]
		got := fmt.Sprint(d.Rejected, d.RejectedDays)
		want := "{4 5 15.0008} [{2010-12-01 {1 1 5.0003}} {2010-12-02 {1 2 0.0000}}]"
		if strings.HasSuffix(name, "xlsx") { // a row is one line
			want = "{4 4 15.0008} [{2010-12-01 {1 1 5.0003}} {2010-12-02 {1 1 0.0000}}]"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		s.must(s.config(s.file("y.csv", header+again+second+"9002,85123A,HOLDER,x,2010-12-02 08:00:00,2.5,17850,UK\n"), runID("r2")))
		_, now = s.current()
		if account, err := now.Account(); err != nil || account.Rejected.Records != 1 || account.Delivered.Records != 302 {
			t.Errorf("%s: once both days were delivered again, one record of them rejected: %+v, %v", name, account, err)
		}
	}
}
