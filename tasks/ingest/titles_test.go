package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// TestTitlesAboveTheHeader: a report's titles are passed over, whatever they are, and said; without a header below them the first
// row is what is reported.
func TestTitlesAboveTheHeader(t *testing.T) {
	lines := day("2010-12-01", 1, 5)
	for name, titles := range map[string]string{
		"one row":             "Sales report\n",
		"as wide as the rest": "Sales report,,,,,,,\n,,,,,,,\nfrom 2010-12-01,to 2010-12-31,,,,,,\n",
		"blank lines":         "\n\nSales report\n\n",
		"twenty rows":         strings.Repeat("a title\n", 20),
		"quoted":              "\"Sales, returns\nand more\"\n",
	} {
		s := newShop(t)
		got := s.must(s.config(s.file("a.csv", titles+header+lines)))
		if got.RowsAccepted != 5 || got.RowsQuarantined != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if !strings.Contains(s.log.String(), "header row ") {
			t.Errorf("%s: not said:\n%s", name, s.log.String())
		}
		s = newShop(t)
		if got := s.must(s.config(s.file("a.xlsx", bookOf(t, sheetOf{"A", titles + header + lines})))); got.RowsAccepted != 5 {
			t.Errorf("%s, in a workbook: %+v", name, got)
		}
	}
	s := newShop(t)
	s.fails(s.config(s.file("a.csv", strings.Repeat("a title\n", 21)+header+lines)), 65, "columns")
	s.fails(s.config(s.file("b.csv", "InvoiceNo,StockCode\n"+lines)), 65, "columns", "no column for")
}

// TestSheetsBesideTheLines: a pivot table and a sheet of notes are passed over, and what is hidden too; a sheet that lacks one column
// of a delivery is refused.
func TestSheetsBesideTheLines(t *testing.T) {
	lines := day("2010-12-01", 1, 5)
	pivot := sheetOf{"Pivot", "Row Labels,Sum of Quantity\nHEART,30\nGrand Total,30\n"}
	for _, sheets := range [][]sheetOf{{{"Lines", header + lines}, pivot}, {pivot, {"Lines", header + lines}}} {
		s := newShop(t)
		got := s.must(s.config(s.file("a.xlsx", bookOf(t, sheets...))))
		if got.RowsAccepted != 5 || !strings.Contains(s.log.String(), "sheets without lines Pivot") {
			t.Errorf("%+v\n%s", got, s.log.String())
		}
	}
	s := newShop(t)
	s.fails(s.config(s.file("a.xlsx", bookOf(t, pivot))), 65, "columns", "Pivot")
	lacks := strings.Replace(header+day("2010-12-02", 1, 5), "CustomerID", "Remark", 1)
	s.fails(s.config(s.file("b.xlsx", bookOf(t, sheetOf{"Lines", header + lines}, sheetOf{"More", lacks}))), 65, "columns", "More")

	s = newShop(t)
	path := filepath.Join(s.sources, "hidden.xlsx")
	s.file("hidden.xlsx", bookOf(t, sheetOf{"Lines", header + lines}, sheetOf{"Old", header + day("2009-12-01", 1, 5)}))
	f, err := excelize.OpenFile(path)
	if err == nil {
		err = errors.Join(f.SetSheetVisible("Old", false), f.Save(), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := s.must(s.config(path)); got.RowsAccepted != 5 || !strings.Contains(s.log.String(), "hidden sheets Old") {
		t.Errorf("%+v\n%s", got, s.log.String())
	}
	if got := s.must(s.config(path, runID("named"), func(c *Config) { c.Sheet, c.AllowOlder = "Old", true })); got.First.String() != "2009-12-01" {
		t.Errorf("named: %+v", got)
	}
}

// TestUTF16Delivery: what Excel calls Unicode text has the same lines.
func TestUTF16Delivery(t *testing.T) {
	plain := header + strings.ReplaceAll(day("2010-12-01", 1, 5), "United Kingdom", "Österreich")
	want := newShop(t)
	want.must(want.config(want.file("a.csv", plain)))
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		text := order.AppendUint16(nil, 0xfeff)
		for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(plain, ",", "\t"))) {
			text = order.AppendUint16(text, unit)
		}
		s := newShop(t)
		s.must(s.config(s.file("a.txt", string(text))))
		if got, want := fmt.Sprint(s.invoices()), fmt.Sprint(want.invoices()); got != want {
			t.Errorf("%v: %s, want %s", order, got, want)
		}
	}
}

// 40513.35416 is 2010-12-01 08:30: day 40,513 of the system that has 1900-01-01 as day 1 (ECMA-376 part 1, 18.17.4.1).
func TestSerialDatesInText(t *testing.T) {
	var text strings.Builder
	text.WriteString("InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%d;22;HEART;6;%d,3541666667;2,55;17850;France\n", i, 40513+i%20)
	}
	s := newShop(t)
	got := s.must(s.config(s.file("a.csv", text.String())))
	if got.RowsAccepted != 40 || got.First.String() != "2010-12-01" || got.Last.String() != "2010-12-20" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(s.log.String(), "serial") {
		t.Errorf("not said:\n%s", s.log.String())
	}
}

// The refusal of a mistyped year names the physical line, which a record's number is not where a field has line ends.
func TestFarDateNamesItsLine(t *testing.T) {
	lines := strings.Replace(day("2010-12-01", 1, 150), "HOLDER", "\"HOLDER\nin two lines\"", 1)
	s := newShop(t)
	_, err := Latest(t.Context(), s.config(s.file("a.csv", header+lines+day("2110-12-01", 900, 1))), s.deps())
	if err == nil || !strings.Contains(err.Error(), "record 151 (line 153) is dated 2110-12-01") { // a header, 150 records of 151 lines
		t.Errorf("%v", err)
	}
}
