package ingest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/finding"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
)

// swapped writes lines with semicolons, decimal commas and the day first.
func swapped(lines string) string {
	lines = strings.NewReplacer(",", ";", ".", ",").Replace(lines)
	return strings.NewReplacer("2011-12-01", "01/12/2011", "2011-12-13", "13/12/2011").Replace(lines)
}

// What one delivery was read by, the next one is: where it would be read otherwise, it is refused until a flag says so.
func TestAReadingIsKept(t *testing.T) {
	s := newShop(t)
	first := s.must(s.config(s.file("a.csv", header+day("2011-12-01", 1, 50)+day("2011-12-13", 51, 50))))
	_, snapshot := s.current()
	kept, err := reading.Parse(snapshot.Readings["shop"])
	if err != nil || kept.Separator != "comma" || kept.DateLayout != "2006-01-02 15:04:05" {
		t.Fatalf("kept is %s, %v", kept, err)
	}
	other := s.file("b.csv", swapped(header+day("2011-12-01", 1, 50)+day("2011-12-13", 51, 50)))
	c := s.config(other, runID("b"))
	s.fails(c, fault.ExitBadData, "reading", "separator comma", "separator semicolon", "nothing was stored")
	if now, _ := s.current(); now != first.Snapshot {
		t.Error("the refused delivery moved the pointer")
	}
	// Another source has a reading of its own.
	s.must(s.config(other, runID("c"), sourced("till")))
	// Stated, it is taken, and kept from then on.
	c.Separator, c.Decimal, c.DateLayout = "semicolon", "comma", "02/01/2006 15:04:05"
	if r := s.must(c); r.RowsAccepted != 100 || r.RowsQuarantined != 0 {
		t.Errorf("got %+v", r)
	}
	_, snapshot = s.current()
	if kept, err = reading.Parse(snapshot.Readings["shop"]); err != nil || kept.Separator != "semicolon" || kept.DateLayout != "02/01/2006 15:04:05" {
		t.Errorf("kept is %s, %v", kept, err)
	}
	// The kept layout decides where the delivery alone cannot.
	low := s.file("low.csv", swapped(header+day("2011-12-01", 1, 100)))
	if r := s.must(s.config(low, runID("d"), func(c *Config) { c.AllowShrink = true })); r.First.String() != "2011-12-01" {
		t.Errorf("got %+v", r)
	}
}

// A profile states what flags state, and flags win over it.
func TestProfileIsRead(t *testing.T) {
	s := newShop(t)
	path := s.file("a.csv", swapped(header+day("2011-12-01", 1, 50)))
	profile := s.file("shop.toml", "version = 1\n[read]\ndate_layout = \"01/02/2006 15:04:05\"\n")
	c := s.config(path, func(c *Config) { c.Profile = profile })
	if r := s.must(c); r.First.String() != "2011-01-12" {
		t.Errorf("got %+v", r)
	}
	c = s.config(path, runID("b"), sourced("till"), func(c *Config) { c.Profile, c.DateLayout = profile, "02/01/2006 15:04:05" })
	if r := s.must(c); r.First.String() != "2011-12-01" {
		t.Errorf("got %+v", r)
	}
	c.Profile = s.file("bad.toml", "version = 1\n[read]\nseparatr = \"comma\"\n")
	s.fails(c, fault.ExitConfig, "profile", "unknown key read.separatr")
	c.Profile = s.sources + "/none.toml"
	if _, err := s.try(c); err == nil {
		t.Error("a profile that is not there was taken for one that says nothing")
	}
}

func TestMoneyThatIsNotReadIsAFinding(t *testing.T) {
	s := newShop(t)
	lines := strings.Split(strings.TrimSpace(day("2011-12-01", 1, 10)), "\n")
	text := "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country,Discount\n" + strings.Join(lines, ",0.30\n") + ",0.30\n"
	path := s.file("lines.csv", text)
	r := s.must(s.config(path))
	if len(r.Findings) != 1 || r.Findings[0].Code != "unread_money" || r.Findings[0].Lines != 10 || r.Findings[0].Money != 3*money.Scale {
		t.Errorf("got %+v", r.Findings)
	}
	if !strings.Contains(s.log.String(), r.Findings[0].Sentence[:10]) || !strings.Contains(s.log.String(), `"finding":"unread_money"`) {
		t.Error("the log does not say it")
	}
	if r := s.must(s.config(s.file("plain.csv", header+day("2011-12-02", 1, 10)), runID("r2"))); len(r.Findings) > 0 {
		t.Errorf("a delivery without such a column has %+v", r.Findings)
	}
}

// What ingest finds goes with the lines: as long as a day of the delivery is in force, in every year that it has lines in.
func TestASnapshotKeepsTheFindingsOfItsDeliveries(t *testing.T) {
	s := newShop(t)
	name := "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country,Discount\n"
	off := func(lines string) string { return strings.ReplaceAll(lines, "\n", ",0.30\n") }
	first := s.must(s.config(s.file("a.csv", name+off(day("2010-12-31", 1, 10)+day("2011-01-01", 100, 10)))))
	found := func(from, to string) (all []finding.Finding) {
		t.Helper()
		now, err := lines.Open(t.Context(), s.home().Root, contract.Run{})
		begin, bad := calendar.ParseDate(from)
		end, worse := calendar.ParseDate(to)
		if err := errors.Join(err, bad, worse); err != nil {
			t.Fatal(err)
		}
		deliveries, err := now.Snapshot.Deliveries(t.Context(), begin, end)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range deliveries {
			all = append(all, d.Findings...)
		}
		return all
	}
	for _, years := range [][2]string{{"2010-01-01", "2011-01-01"}, {"2011-01-01", "2012-01-01"}, {"2010-01-01", "2012-01-01"}} {
		if diff := cmp.Diff(first.Findings, found(years[0], years[1])); diff != "" {
			t.Errorf("%v (-result +snapshot):\n%s", years, diff)
		}
	}
	s.must(s.config(s.file("b.csv", header+day("2011-01-01", 200, 10)), runID("r2")))
	if len(found("2011-01-01", "2012-01-01")) > 0 || len(found("2010-01-01", "2011-01-01")) == 0 {
		t.Error("a delivery's findings outlive its lines of a year, or do not last as long")
	}
}

func TestManyRejectedRecordsAreAFinding(t *testing.T) {
	s := newShop(t)
	broken := strings.Replace(day("2011-12-01", 1, 20), ",17850.0,", ",6.34E+15,", 1)
	c := s.config(s.file("lines.csv", header+broken), func(c *Config) { c.MaxQuarantineShare = 0.5 })
	r := s.must(c)
	if len(r.Findings) != 1 || r.Findings[0].Code != "rejected_share" || r.Findings[0].Lines != 1 || r.Findings[0].Stops {
		t.Fatalf("got %+v", r.Findings)
	}
	if text := r.Findings[0].Sentence; text != "1 of 20 records (5.0 %) of the delivery break a check and were not stored: rounded_id 1" {
		t.Error(text)
	}
}
