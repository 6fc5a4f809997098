package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/fault"
)

func sheets(mode string) func(*Config) { return func(c *Config) { c.Sheets = mode } }

// cut returns some lines of a text.
func cut(text string, from, to int) string {
	return strings.Join(strings.SplitAfter(text, "\n")[from:to], "")
}

// TestSheetsBelongTogether: what two sheets have in common says whether their lines count once or are added.
func TestSheetsBelongTogether(t *testing.T) {
	const d1, d2, d3 = "2010-12-01", "2010-12-02", "2010-12-03"
	long := day(d2, 100, 200)
	changed := strings.ReplaceAll(day(d2, 100, 10), "2.55", "3.55")
	for _, test := range []struct {
		name          string
		mode          string
		first, second string
		want          map[string]int // lines by day
		superseded    int64
	}{
		{"no day in common", "", day(d1, 1, 2), day(d2, 1, 2), map[string]int{d1: 2, d2: 2}, 0},
		{"stores", "auto", day(d1, 1, 20), day(d1, 501, 30), map[string]int{d1: 50}, 0},
		{"years that overlap", "auto", day(d1, 1, 2) + day(d2, 3, 5), day(d2, 3, 5) + day(d3, 20, 1), map[string]int{d1: 2, d2: 5, d3: 1}, 5},
		{"a day that had not ended", "auto", day(d1, 1, 2) + day(d2, 3, 3), day(d2, 3, 5) + day(d3, 20, 1), map[string]int{d1: 2, d2: 5, d3: 1}, 3},
		{"a day that began early", "auto", day(d1, 1, 2) + day(d2, 3, 5), cut(day(d2, 3, 5), 2, 5) + day(d3, 20, 1), map[string]int{d1: 2, d2: 5, d3: 1}, 3},
		{"one of 200 lines differs", "auto", long, cut(long, 1, 200) + day(d2, 900, 1), map[string]int{d2: 200}, 200},
		{"the same line twice is not the same once", "auto", day(d1, 1, 1) + day(d1, 1, 1), day(d1, 1, 1), map[string]int{d1: 2}, 1},
		{"returns of the same invoices", "auto", day(d1, 1, 20), strings.ReplaceAll(day(d1, 1, 3), ",6,", ",-6,"), map[string]int{d1: 23}, 0},
		{"all and a store", "auto", day(d1, 1, 20), cut(day(d1, 1, 20), 4, 7), map[string]int{d1: 20}, 3},
		{"added on request", "add", day(d2, 3, 5), day(d2, 3, 5), map[string]int{d2: 10}, 0},
		{"the latest on request", "latest", day(d1, 1, 2) + day(d2, 3, 5), changed, map[string]int{d1: 2, d2: 10}, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			got := s.must(s.config(s.file("x", bookOf(t, sheetOf{"A", header + test.first}, sheetOf{"B", header + test.second})), sheets(test.mode)))
			days := map[string]int{}
			for _, line := range s.invoices() {
				date, invoices, _ := strings.Cut(strings.TrimPrefix(line, "shop "), ": ")
				days[date] = len(strings.Fields(invoices))
			}
			if diff := cmp.Diff(test.want, days); diff != "" || got.RowsSuperseded != test.superseded {
				t.Errorf("superseded %d\n%s", got.RowsSuperseded, diff)
			}
		})
	}
}

// TestSheetsThatCannotBeTold: a sheet that is partly another one's is asked about, and nothing is stored.
func TestSheetsThatCannotBeTold(t *testing.T) {
	const d = "2010-12-02"
	partly := sheetOf{"Corrected", header + day(d, 1, 5) + day(d, 501, 5)}
	changed := sheetOf{"Corrected", header + strings.ReplaceAll(day(d, 1, 10), "2.55", "3.55")}
	for name, test := range map[string]struct {
		second sheetOf
		want   string
	}{
		"partly": {partly, "5 lines there are the same"},
		"prices": {changed, "no line there is the same, but 10 have an invoice, a product and a time of the other sheet's"},
	} {
		s := newShop(t)
		path := s.file("x", bookOf(t, sheetOf{"Lines", header + day("2010-12-01", 90, 2) + day(d, 1, 10)}, sheetOf{"Store 2", header + day(d, 901, 10)}, test.second))
		s.fails(s.config(path), fault.ExitBadData, "sheets", `sheets "Lines" and "Corrected" have 1 days in common, from 2010-12-02 to 2010-12-02, with 10 and 10 lines`, test.want, "--sheets=add", "--sheets=latest")
		s.nothing()
		if got := s.must(s.config(path, sheets(reading.SheetsLatest))); got.RowsAccepted != 12 || got.RowsSuperseded != 20 {
			t.Errorf("%s, latest: %+v", name, got)
		}
	}
}

// TestSheetOfReturns: a sheet called returns holds returns, or it is asked about.
func TestSheetOfReturns(t *testing.T) {
	const d, later = "2010-12-01", "2010-12-05"
	sold := header + day(d, 1, 20)
	s := newShop(t)
	path := s.file("x", bookOf(t, sheetOf{"Sales", sold}, sheetOf{"Retouren", header + day(later, 1, 3)}))
	s.fails(s.config(path), fault.ExitBadData, "sheets", `sheet "Retouren" is called returns, but its lines are worth`, "--sheets=add")
	s.nothing()
	if got := s.must(s.config(path, sheets("add"))); got.RowsAccepted != 23 {
		t.Errorf("added: %+v", got)
	}
	s = newShop(t)
	path = s.file("x", bookOf(t, sheetOf{"Sales", sold}, sheetOf{"Returns", header + strings.ReplaceAll(day(later, 1, 3), ",6,", ",-6,")}))
	if got := s.must(s.config(path)); got.RowsAccepted != 23 {
		t.Errorf("below zero: %+v", got)
	}
}

func TestFilesHaveTheirOwnSheets(t *testing.T) {
	s := newShop(t)
	text := header + day("2010-12-01", 1, 2)
	s.file("1.xlsx", bookOf(t, sheetOf{"A", text}))
	s.file("2.xlsx", bookOf(t, sheetOf{"B", text}))
	if got := s.must(s.config(s.sources + "/*.xlsx")); got.RowsAccepted != 4 || got.RowsSuperseded != 0 { // files are added: --sheets is about one workbook
		t.Errorf("%+v", got)
	}
}

func TestTooManyDays(t *testing.T) {
	s := newShop(t)
	text := header + day("2010-12-01", 1, 1) + day("2009-01-02", 2, 1) + day("2011-03-04", 3, 1)
	path := s.file("x.csv", text)
	limit := func(n int) func(*Config) { return func(c *Config) { c.MaxDays = n } }
	s.fails(s.config(path, limit(2)), fault.ExitBadData, "days", "x.csv has 3 days, from 2009-01-02 to 2011-03-04: is the date layout right?", "--max-days=2")
	s.nothing()
	if got := s.must(s.config(path, limit(3))); got.Days != 3 {
		t.Errorf("%+v", got)
	}
}
