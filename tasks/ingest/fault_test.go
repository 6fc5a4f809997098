package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/lines"
)

func TestRunRefusesBadDeliveries(t *testing.T) {
	lines := day("2011-12-01", 1, 100)
	tests := []struct {
		name, text string
		change     func(*Config)
		code       int
		cause      string
		texts      []string
	}{
		{"empty", "", nil, 65, "empty", []string{"x.csv", "empty"}},
		{"only a header", header, nil, 65, "empty", []string{"x.csv", "empty"}},
		{"gzip of nothing", packed(t, ""), nil, 65, "empty", []string{"empty"}},
		{"truncated gzip", packed(t, header+lines)[:200], nil, 65, "damaged", []string{"x.csv", "gzip ends too early"}},
		{"a torn zip archive", "PK\x03\x04....", nil, 65, "damaged", []string{"x.csv", "zip: not a valid zip file"}},
		{"wrong column", strings.Replace(header, "UnitPrice", "Cost", 1) + lines, nil, 65, "columns", []string{"no column for price, wanted UnitPrice or Price", "Cost", "--columns"}},
		{"3 of 103 records", header + lines + "a,b,c\n\n9,9,x,NaN,1/12/2011,1,12345,UK\n,9,x,2,1/12/2011,1,12345,UK\n", nil, 65, "quarantine_share",
			[]string{"3 of 103 records (2.9 %)", "--max-quarantine-share=0.02", `bad_time 2 (line 104, column InvoiceDate: "1/12/2011")`,
				`bad_quantity 1 (line 104, column Quantity: "NaN")`, "missing_invoice 1 (line 105, column InvoiceNo)", "wrong_fields 1 (line 102: 3 fields, the header has 8)", "--date-layout"}},
		{"100 % bad dates", header + strings.ReplaceAll(lines, "2011-12-01", "01/12/2011"), func(c *Config) { c.MaxQuarantineShare, c.DateLayout = 1, "2006-01-02 15:04:05" }, 65, "quarantine_share", []string{"100 of 100", "all of them", "--date-layout"}},
		{"dates in two layouts", header + strings.ReplaceAll(lines, "2011-12-01", "01/12/2011"), nil, 65, "date_layout_ambiguous", []string{"2/1/2006 15:04:05", "1/2/2006 15:04:05", "--date-layout"}},
		{"another encoding", header + strings.ReplaceAll(lines, "HOLDER", "\xa3 HOLDER"), func(c *Config) { c.Encoding = "utf-8" }, 65, "quarantine_share", []string{"--encoding"}},
		{"nothing allowed", header + lines + "a,b,c\n", func(c *Config) { c.MaxQuarantineShare = 0 }, 65, "quarantine_share", []string{"1 of 101"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			c := s.config(s.file("x.csv", test.text))
			if test.change != nil {
				test.change(&c)
			}
			s.fails(c, test.code, test.cause, test.texts...)
			s.nothing()
			if strings.Contains(s.log.String(), "12345") {
				t.Error("a customer's id is in the log")
			}
			_, err := Latest(context.Background(), c, s.deps())
			if fault.CodeOf(err) != test.code {
				t.Errorf("Latest: %v", err)
			}
		})
	}
}

func TestRunTakesTheShareThatIsAllowed(t *testing.T) {
	s := newShop(t)
	r := s.must(s.config(s.file("x.csv", header+day("2011-12-01", 1, 49)+"a,b\n"))) // 1 of 50 is 2 %
	if r.RowsQuarantined != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestRunRefusesSources(t *testing.T) {
	s := newShop(t)
	s.fails(s.config(filepath.Join(s.sources, "missing.csv")), 66, "no_such_file", "missing.csv", "no such file")
	s.fails(s.config(filepath.Join(s.sources, "a.csv,b.csv")), 66, "no_such_file", "line breaks")
	// A name that says of which day it is, or a pattern, may still come.
	for _, name := range []string{"{as_of}.csv", "sales-{as_of:20060102}.csv", "sales-2011-12-10.csv", "20111210.csv", "2011/12/10/sales.csv", "sales-*.csv"} {
		s.fails(s.config(filepath.Join(s.sources, name)), 75, "source", "not there yet")
	}
	s.fails(s.config(s.sources), 64, "source", s.sources, "a folder")
	if os.Geteuid() == 0 {
		t.Log("no test of permission: root may read everything")
	} else {
		path := s.file("secret.csv", header)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		s.fails(s.config(path), 78, "permission", "secret.csv")
	}
	path := s.file("growing.csv", header+day("2011-12-01", 1, 10))
	s.onBar = func(string) {
		s.onBar = nil
		s.file("growing.csv", header+day("2011-12-01", 1, 20))
	}
	s.fails(s.config(path), 75, "source_changed", "growing.csv", "changed while it was read")
	// What is torn by a change is a change, not damage.
	path = s.file("torn.csv.gz", packed(t, header+day("2011-12-01", 1, 10)))
	s.onBar = func(string) {
		s.onBar = nil
		s.file("torn.csv.gz", "")
	}
	s.fails(s.config(path), 75, "source_changed", "torn.csv.gz")
	s.nothing()
}

func TestRunRefusesWhatDoesNotFit(t *testing.T) {
	s := newShop(t)
	s.must(s.config(s.file("a.csv", header+day("2011-12-01", 1, 10)+day("2011-12-02", 11, 10))))
	before := s.objects()
	small := s.file("small.csv", header+day("2011-12-01", 1, 7)+day("2011-12-02", 11, 8))
	s.fails(s.config(small, runID("r2")), 65, "shrink", "1 delivered days", "2011-12-01 (7 lines, stored 10)", "--allow-shrink")
	s.fails(s.config(small, runID("r2"), func(c *Config) { c.Currency = "EUR" }), 78, "currency", "EUR", "GBP")
	s.fails(s.config(small, runID("r2"), func(c *Config) { c.Zone = "Europe/Berlin" }), 78, "zone", "Europe/London", "Europe/Berlin")
	if diff := cmp.Diff(before, s.objects()); diff != "" {
		t.Errorf("what was refused left something:\n%s", diff)
	}
	s.must(s.config(small, runID("r2"), func(c *Config) { c.AllowShrink = true }))
	// Of another source the day has not been seen, and 8 of 10 lines are enough.
	s.must(s.config(s.file("b.csv", header+day("2011-12-01", 1, 1)), runID("r3"), sourced("outlet")))
}

func TestRunIsStopped(t *testing.T) {
	for _, when := range []string{"reading", "writing"} {
		s := newShop(t)
		ctx, cancel := context.WithCancel(context.Background())
		s.onBar = func(title string) {
			if title == when {
				cancel()
			}
		}
		c := s.config(s.file("a.csv", header+day("2011-12-01", 1, 1000)+day("2011-12-02", 1, 1000)))
		if _, err := Run(ctx, c, s.deps()); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped while %s: %v", when, err)
		}
		if found := s.objects(); count(found, "state/")+count(found, "runs/")+count(found, "lines/index/") > 0 {
			t.Errorf("stopped while %s: left %v", when, found)
		}
	}
}

func TestDeliveriesAtOnce(t *testing.T) {
	s := newShop(t)
	const n = 6
	var wg sync.WaitGroup
	var want []string
	for i := range n {
		date := fmt.Sprintf("2011-12-%02d", i+1)
		want = append(want, fmt.Sprintf("shop %s: %d", date, i))
		c := s.config(s.file(date+".csv", header+day(date, i, 1)), runID(date))
		d := s.deps()
		wg.Go(func() {
			if _, err := Run(context.Background(), c, d); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, s.invoices()); diff != "" {
		t.Error(diff)
	}
}

func TestLostSwap(t *testing.T) {
	mine := header + day("2011-12-01", 1, 2)
	tests := []struct {
		name, other string
		change      []func(*Config)
		want        string // cause, or ""
		in          []string
	}{
		{"to other days", header + day("2011-12-02", 3, 1), nil, "", []string{"shop 2011-12-01: 1 2", "shop 2011-12-02: 3"}},
		{"to another source", header + day("2011-12-01", 3, 1), []func(*Config){sourced("outlet")}, "", []string{"outlet 2011-12-01: 3", "shop 2011-12-01: 1 2"}},
		{"to the same lines", mine, nil, "", []string{"shop 2011-12-01: 1 2"}},
		{"to other lines of the day", header + day("2011-12-01", 3, 2), nil, "lost_swap", []string{"shop 2011-12-01: 3 4"}},
		{"to another currency", header + day("2011-12-02", 3, 1), []func(*Config){func(c *Config) { c.Currency = "EUR" }}, "currency", []string{"shop 2011-12-02: 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			other := s.config(s.file("other.csv", test.other), append(test.change, runID("other"))...)
			s.onBar = func(title string) {
				if title == "writing" { // the pointer has been read by now
					s.onBar = nil
					s.must(other)
				}
			}
			c := s.config(s.file("mine.csv", mine))
			if test.want == "" {
				s.must(c)
			} else {
				code := map[string]int{"lost_swap": fault.ExitTemporary, "currency": fault.ExitConfig}[test.want]
				s.fails(c, code, test.want)
			}
			if diff := cmp.Diff(test.in, s.invoices()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBalance(t *testing.T) {
	counts := record.Counts{Records: 10, Accepted: 8, Rejected: 2}
	parts := []lines.Partition{{Rows: 5}, {Rows: 3}}
	if err := balance(counts, parts, 2, 0); err != nil {
		t.Error(err)
	}
	for _, err := range []error{balance(counts, parts[:1], 2, 0), balance(counts, parts, 1, 0), balance(record.Counts{Records: 11, Accepted: 8, Rejected: 2}, parts, 2, 0)} {
		if fault.CodeOf(err) != fault.ExitInternal {
			t.Errorf("got %v", err)
		}
	}
}
