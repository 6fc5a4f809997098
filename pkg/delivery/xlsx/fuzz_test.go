package xlsx_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
)

// FuzzSheet: whatever a sheet's XML, it is read or damaged, its cells as a whole as tag by tag; and what encoding/xml finds malformed is
// not taken for whole.
func FuzzSheet(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>`)
	f.Add(`<worksheet><sheetData><row><c r="C1" t="b"><v>1</v></c><c><f>1+1</f><v>2.5499999999999998</v></c></row></sheetData>`)
	f.Add(`<?xml version="1.0" encoding="UTF-8"?><x:worksheet><!-- - --><x:sheetData><x:row><x:c t="str"><x:v><![CDATA[]]]]>&#65;_x0041_</x:v></x:c></x:row></x:sheetData></x:worksheet>`)
	f.Add("<a>\r\n&amp;\r</a>")
	f.Fuzz(func(t *testing.T, text string) {
		p := byHand("", "<t>x</t>")
		p["xl/worksheets/sheet1.xml"] = text
		rows, err := cells(p)
		if err != nil && !errors.Is(err, xlsx.ErrDamaged) {
			t.Fatal(err)
		}
		if len(rows) > len(text) {
			t.Fatalf("%d rows of %d bytes", len(rows), len(text))
		}
		if err == nil && !balanced(text) {
			t.Fatal("malformed, and taken for whole")
		}
		if strings.Contains(text, "CDATA") {
			return // a cell's beginning may be its text
		}
		p["xl/worksheets/sheet1.xml"] = slow(text)
		again, errAgain := cells(p)
		if (err == nil) != (errAgain == nil) || !slices.Equal(rows, again) {
			t.Fatalf("%q, %v; tag by tag %q, %v", rows, err, again, errAgain)
		}
	})
}

// balanced reports whether encoding/xml finds every element closed. It is asked about nothing else: it is stricter about
// names and characters.
func balanced(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	for depth := 0; ; {
		t, err := d.RawToken()
		if err == io.EOF {
			return depth == 0
		}
		if err != nil {
			return true // nothing to compare with
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

// FuzzWorkbook: whatever the small parts, the workbook is read or damaged.
func FuzzWorkbook(f *testing.F) {
	good := byHand("<row/>", "<t>x</t>")
	f.Add(good["_rels/.rels"], good["xl/_rels/workbook.xml.rels"], good["xl/workbook.xml"], good["xl/sharedStrings.xml"])
	f.Add(`<r><Relationship Type="a/officeDocument" Target="../../xl/./workbook.xml"/></r>`, "<x/>", `<workbook><workbookPr date1904="true"/></workbook>`, "")
	f.Fuzz(func(t *testing.T, top, relations, book, shared string) {
		p := byHand(`<row><c t="s"><v>0</v></c></row>`)
		p["_rels/.rels"], p["xl/_rels/workbook.xml.rels"], p["xl/workbook.xml"], p["xl/sharedStrings.xml"] = top, relations, book, shared
		if _, err := cells(p); err != nil && !errors.Is(err, xlsx.ErrDamaged) {
			t.Fatal(err)
		}
	})
}

// FuzzTables: whatever is in a workbook, by whatever names its parts go, every record of it is accepted or rejected and handed
// on once, or the error says what is wrong.
func FuzzTables(f *testing.F) {
	header := `<row r="1">`
	for _, name := range []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"} {
		header += `<c t="inlineStr"><is><t>` + name + `</t></is></c>`
	}
	header += "</row>"
	good := byHand("", "")
	line := `<row><c t="s"><v>0</v></c><c><v>22041</v></c><c/><c><v>6</v></c><c><v>40513.35</v></c><c><v>2.55</v></c><c><v>17850</v></c><c t="s"><v>0</v></c></row>`
	f.Add(header+line+line, "<si><t>536365</t></si>", good["xl/workbook.xml"], "")
	f.Add(header+`<row><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c><c t="d"><v>2010-12-01</v></c><c r="H3"><v>1e300</v></c></row><row r="900"/>`+line, "<si/>", good["xl/workbook.xml"], "")
	f.Add("<row><c><v>1</v></c></row>", "", `<workbook><sheets><sheet name="a" r:id="rId1"/><sheet name="b" r:id="rId1"/></sheets></workbook>`, "xl/sharedStrings.xml")
	f.Fuzz(func(t *testing.T, rows, shared, book, without string) {
		p := byHand(rows)
		p["xl/sharedStrings.xml"], p["xl/workbook.xml"] = "<sst>"+shared+"</sst>", book
		delete(p, without)
		var records, lines, rejects int64
		var counts record.Counts
		w, err := xlsx.Open(p)
		if err == nil {
			counts, err = record.ReadTables(context.Background(), w.Tables(), record.Options{}, func(b *record.Block) error {
				records += int64(b.Records)
				for i := range b.Runs {
					lines += int64(b.Runs[i].Rows)
				}
				rejects += int64(len(b.Rejects))
				return nil
			})
		}
		var names *record.HeaderError
		if err != nil && !errors.Is(err, xlsx.ErrDamaged) && !errors.Is(err, record.ErrEmpty) && !errors.As(err, &names) {
			t.Fatal(err)
		}
		if counts.Records != counts.Accepted+counts.Rejected || counts.Records != records || counts.Accepted != lines || counts.Rejected != rejects {
			t.Fatalf("%d records, %d accepted, %d rejected; handed on %d, %d and %d", counts.Records, counts.Accepted, counts.Rejected, records, lines, rejects)
		}
	})
}
