package xlsx_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/xlsx"
)

// FuzzSheet: whatever a sheet's XML, it is read or damaged; and what encoding/xml finds malformed is not taken for whole.
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
