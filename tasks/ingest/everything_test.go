package ingest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
)

func everything(c *Config) { c.Mode = modeEverything }

// TestEverything: a customer who is erased at the source is gone, from days that are delivered and from days that are not.
func TestEverything(t *testing.T) {
	s := newShop(t)
	erased := strings.ReplaceAll(day("2011-12-01", 99, 1), "17850.0", "12004")
	before := header + day("2011-12-01", 1, 9) + erased
	for _, d := range []string{"2011-12-02", "2011-12-03", "2011-12-04", "2011-12-05"} {
		before += day(d, 10, 1)
	}
	before += strings.ReplaceAll(day("2011-12-06", 98, 1), "17850.0", "12004")
	after := strings.Join(without(strings.SplitAfter(before, "\n"), "12004"), "")
	s.must(s.config(s.file("before.csv", before), runID("a")))
	s.must(s.config(s.file("outlet.csv", header+day("2011-12-06", 50, 1)), runID("o"), sourced("outlet")))
	r := s.must(s.config(s.file("after.csv", after), runID("b"), everything))
	want := []string{"outlet 2011-12-06: 50", "shop 2011-12-01: 1 2 3 4 5 6 7 8 9", "shop 2011-12-02: 10", "shop 2011-12-03: 10", "shop 2011-12-04: 10", "shop 2011-12-05: 10"}
	if diff := cmp.Diff(want, s.invoices()); diff != "" || !r.New {
		t.Errorf("new is %v\n%s", r.New, diff)
	}
	// Most of the history missing is a broken export, not an erasure.
	less := s.file("less.csv", header+day("2011-12-01", 1, 9))
	s.fails(s.config(less, runID("c"), everything), fault.ExitBadData, "shrink", "9 lines of 1 days", "13 lines of 5 days", "--allow-shrink")
	if diff := cmp.Diff(want, s.invoices()); diff != "" {
		t.Error(diff)
	}
	s.must(s.config(less, runID("c"), everything, func(c *Config) { c.AllowShrink = true }))
	if diff := cmp.Diff(want[:2], s.invoices()); diff != "" {
		t.Error(diff)
	}
}

func without(list []string, text string) (rest []string) {
	for _, line := range list {
		if !strings.Contains(line, text) {
			rest = append(rest, line)
		}
	}
	return rest
}

// TestEverythingOfHandedCase is a shop's export before and after an erasure.
func TestEverythingOfHandedCase(t *testing.T) {
	cases := os.Getenv("CLIENTELE_CASES")
	if cases == "" {
		t.Skip("CLIENTELE_CASES is not set: a folder that holds 19-erased-customer")
	}
	s := newShop(t)
	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join(cases, "19-erased-customer", name))
		if err != nil {
			t.Fatal(err)
		}
		return s.file(name, string(text))
	}
	s.must(s.config(file("before.csv"), runID("a")))
	s.must(s.config(file("after.csv"), runID("b"), everything))
	_, snapshot := s.current()
	for _, p := range snapshot.Partitions {
		for _, customer := range s.read(p.Object, p.SHA256, contract.Lines).Strings("customer") {
			if customer == "12004" {
				t.Fatalf("she is in %s", p.Object)
			}
		}
	}
}
