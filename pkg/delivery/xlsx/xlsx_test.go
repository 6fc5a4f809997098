package xlsx_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/xlsx"
)

// parts are the files of a workbook.
type parts map[string]string

func (p parts) Open(name string) (io.ReadCloser, error) {
	for n, text := range p {
		if strings.EqualFold(n, name) {
			return io.NopCloser(strings.NewReader(text)), nil
		}
	}
	return nil, fs.ErrNotExist
}

// unzipped returns the files of a zip.
func unzipped(t testing.TB, data []byte) parts {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	p := parts{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		p[f.Name] = string(text)
	}
	return p
}

// byHand returns a workbook of one sheet whose rows are written as XML, with shared strings.
func byHand(rows string, shared ...string) parts {
	sst := ""
	for _, s := range shared {
		sst += "<si>" + s + "</si>"
	}
	return parts{
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id='rId2' Target='/xl/sharedStrings.xml' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings'/></Relationships>`,
		"xl/workbook.xml":          `<?xml version="1.0" encoding="UTF-8"?><workbook><workbookPr/><sheets><sheet name="One &amp; only" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/sharedStrings.xml":     "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<sst>" + sst + "</sst>",
		"xl/worksheets/sheet1.xml": `<worksheet><dimension ref="A1:XFD1048576"/><sheetData>` + rows + `</sheetData></worksheet>`,
	}
}

// cells reads all sheets; each row is a line of cells by kind: number, 'text, @time, !odd and nothing.
func cells(p xlsx.Parts) ([]string, error) {
	book, err := xlsx.Open(p)
	if err != nil {
		return nil, err
	}
	sheets := book.Tables()
	defer sheets.Close()
	var out []string
	for {
		table, err := sheets.NextTable()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		var row record.Row
		for {
			err := table.Rows.ReadRow(&row)
			if err == io.EOF {
				break
			}
			if err != nil {
				return out, err
			}
			out = append(out, fmt.Sprintf("%s %d: %s", table.Name, row.Line, show(row.Cells)))
		}
	}
}

func show(cells []record.Cell) string {
	var list []string
	for _, c := range cells {
		mark := map[record.CellKind]string{record.TextCell: "'", record.OddCell: "!"}[c.Kind]
		if c.Kind == record.TimeCell {
			mark = time.UnixMicro(c.Micros).UTC().Format("@2006-01-02T15:04:05.999 ")
		}
		list = append(list, mark+string(c.Text))
	}
	return strings.Join(list, "|")
}

func TestCells(t *testing.T) {
	shared := []string{"<t>plain</t>", `<t xml:space="preserve"> two` + "\r\n" + `lines </t>`, "<r><rPr><b/></rPr><t>rich </t></r><r><t>text</t></r><rPh sb='0'><t>ruby</t></rPh>",
		"<t/>", "<t>a_x000D_b _x005F_x000D_ _xD83D__xDE00_ _x00</t>", "<x:t><![CDATA[<&]]]]>&#x41;&#66;&lt;</x:t>"}
	for _, test := range []struct{ name, row, want string }{
		{"shared strings", `<c r="A1" t="s"><v>0</v></c><c t="s"><v> 1 </v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c><c t="s"><v>4</v></c><c t="s"><v>5</v></c>`,
			"'plain|' two\nlines |'rich text||'a\rb _x000D_ 😀 _x00|'<&]]AB<"},
		{"inline strings and formulas", `<c t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c><c t="str"><f>A1&amp;"x"</f><v>inx</v></c><c><f>1+1</f><v>2</v></c><c><f>A9</f></c>`, "'inline|'inx|2"},
		{"missing cells, in any order", `<c r="C1"><v>3</v></c><c r="A1"><v>1</v></c><c r="AB1"/><c><v>28</v></c>`, "1||3" + strings.Repeat("|", 26) + "28"},
		{"truth values and errors", `<c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c><c t="e"><v>#DIV/0!</v></c>`, "!TRUE|!FALSE|!#N/A|!#DIV/0!"},
		{"times of their own type", `<c t="d"><v>2010-12-01T08:26:00.5</v></c><c t="d"><v>2010-12-01</v></c><c t="d"><v>2010-12-01T08:26:00Z</v></c>`,
			"@2010-12-01T08:26:00.5 2010-12-01T08:26:00.5|@2010-12-01T00:00:00 2010-12-01|!2010-12-01T08:26:00Z"},
		{"style and namespaces", `<x:c r="a1" s="7"><x:v>40513.351388888892</x:v></x:c>`, "40513.3513888889"},
		{"an empty row", ``, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cells(byHand(`<row r="7" spans="1:8">`+test.row+`</row>`, shared...))
			want := []string{"One & only 7: " + test.want}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// slow writes the cells of a sheet so that none can be taken as a whole.
func slow(rows string) string {
	return strings.NewReplacer("<c>", "<c\n>", "<c ", "<c\n").Replace(rows)
}

// Cells that are taken as a whole are what they are tag by tag.
func TestPlainCells(t *testing.T) {
	for _, row := range []string{
		`<c r="A1" s="1" t="s"><v>0</v></c><c r="C1"><v>40513.351388888892</v></c><c r="D1" s="3"/><c t="b"><v>1</v></c><c t="inlineStr"><is><t>x_x0041_</t></is></c>`,
		`<c><v>2.5499999999999998</v></c><c r="C1" t="e"><v>#N/A</v></c><c/><c t="d"><v>2010-12-01</v></c><c t="n"><v></v></c><c t="str"><v>a</v></c>`,
		`<c t="str"><v>a &amp; b</v></c><c t="str"><v>a` + "\r\n" + `b</v></c><c t="inlineStr"><is><t xml:space="preserve"> a</t></is></c><c><is><t>1</t></is></c>`,
		`<c r="A1"><f>1&lt;2</f><v>1</v></c><c r="B1" r="D1"><v>1</v></c><c r='E1'><v>1</v></c><c r="F1" a="<>"><v>1</v></c><c r="G1"><v>1</v><v>2</v></c>`,
		`<c r="XFE1"><v>1</v></c>`, `<c r="1"/>`, `<c t="x"/>`, `<c t="s"><v>1</v></c>`, `<c r="A1"><v>1</v></c><c r="A1"><v>1</v></c>`,
		`<c r="A1"><v>1</v>`, `<c r="A1"`, `<c r="A1"><v>1`, `<c r="A1><v>1</v></c>`, `<c r=A1><v>1</v></c>`, `<c>1</c><col/><c r="B1"><v>` + strings.Repeat("1", 300<<10) + `</v></c>`,
	} {
		rows := "<row>" + row + "</row><row>" + row + "</row>"
		got, err := cells(byHand(rows, "<t>x</t>"))
		want, wantErr := cells(byHand(slow(rows), "<t>x</t>"))
		if diff := cmp.Diff(want, got); diff != "" || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%.80s: %v, want %v\n%s", row, err, wantErr, diff)
		}
	}
}

// The numbers are those that Excel shows for what it stored: 15 significant digits.
func TestNumbers(t *testing.T) {
	for stored, want := range map[string]string{
		"2.5499999999999998": "2.55", "0.30000000000000004": "0.3", "1.0000000000000001E-2": "0.01", "1E3": "1000", "-11062.059999999999": "-11062.06",
		"6": "6", "-6": "-6", "17850": "17850", "17850.0": "17850", "17850.": "17850", "007": "7", "+5": "5", ".5": "0.5", "-0": "0", "0": "0", "0.10": "0.1", "-0.5": "-0.5",
		"1.23456": "1.23456", "123456789012345": "123456789012345", "1234567890123456": "1234567890123460", "1.7976931348623157E308": "!1.7976931348623157E308",
		"9e307": "9" + strings.Repeat("0", 307), "1e999": "!1e999", "nan": "!nan", "0x10": "!0x10", "1_0": "!1_0", "1,5": "!1,5", "--1": "!--1", "": "", " 12 ": "12",
	} {
		got, err := cells(byHand(`<row><c><v>` + stored + `</v></c></row>`))
		if err != nil || len(got) != 1 || got[0] != "One & only 1: "+want {
			t.Errorf("%q: got %q %v, want %q", stored, got, err, want)
		}
	}
}

func TestRowsKeepTheirNumbers(t *testing.T) {
	got, err := cells(byHand(`<row><c><v>1</v></c></row><row/><row r="9"><c><v>2</v></c></row><row ht="5"><c><v>3</v></c></row>`))
	want := []string{"One & only 1: 1", "One & only 2: ", "One & only 9: 2", "One & only 10: 3"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestDamage(t *testing.T) {
	good := byHand(`<row r="1"><c r="A1"><v>1</v></c></row>`, "<t>x</t>")
	sheet := func(rows string) func(parts) { return func(p parts) { p["xl/worksheets/sheet1.xml"] = rows } }
	row := func(cells string) func(parts) {
		return sheet(`<worksheet><sheetData><row>` + cells + `</row></sheetData></worksheet>`)
	}
	long := strings.Repeat("x", 300<<10)
	for name, change := range map[string]func(parts){
		"cut between rows":      sheet(`<worksheet><sheetData><row><c><v>1</v></c></row>`),
		"cut within a tag":      sheet(`<worksheet><sheetData><row><c r="A`),
		"cut within a value":    sheet(`<worksheet><sheetData><row><c><v>12`),
		"cut behind the data":   sheet(`<worksheet><sheetData><row/></sheetData>`),
		"empty":                 sheet(""),
		"crossed ends":          sheet(`<worksheet><sheetData></worksheet></sheetData>`),
		"an end too many":       sheet(`<worksheet/></worksheet>`),
		"two roots":             sheet(`<worksheet/><worksheet/>`),
		"no XML":                sheet(`PK...`),
		"UTF-16":                sheet("\xff\xfe<\x00w\x00"),
		"another encoding":      sheet(`<?xml version="1.0" encoding="ISO-8859-1"?><worksheet/>`),
		"entities of its own":   sheet(`<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>`),
		"an unknown entity":     row(`<c t="str"><v>&a;</v></c>`),
		"an entity without end": row(`<c t="str"><v>&amp</v></c>`),
		"a tag without end":     row(`<c t="` + long),
		"a text too long":       row(`<c t="str"><v>` + long + `</v></c>`),
		"an inline one too":     row(`<c t="inlineStr"><is><t>` + long + `</t></is></c>`),
		"a row too long":        row(strings.Repeat(`<c t="str"><v>`+long[:200<<10]+`</v></c>`, 30)),
		"too many columns":      row(strings.Repeat(`<c/>`, 17_000)),
		"a column too far":      row(`<c r="XFE1"><v>1</v></c>`),
		"a column beyond that":  row(`<c r="ZZZZZZZZZZZZ1"><v>1</v></c>`),
		"no column":             row(`<c r="1"><v>1</v></c>`),
		"a column twice":        row(`<c r="B1"><v>1</v></c><c r="B1"><v>2</v></c>`),
		"no row number":         sheet(`<worksheet><sheetData><row r="x"/></sheetData></worksheet>`),
		"an unknown type":       row(`<c t="z"><v>1</v></c>`),
		"no such string":        row(`<c t="s"><v>1</v></c>`),
		"a string below 0":      row(`<c t="s"><v>-1</v></c>`),
		"strings cut":           func(p parts) { p["xl/sharedStrings.xml"] = "<sst><si><t>x" },
		"a shared text too long": func(p parts) {
			p["xl/sharedStrings.xml"] = "<sst><si><t>" + long + "</t></si></sst>"
		},
		"no sheet":    func(p parts) { delete(p, "xl/worksheets/sheet1.xml") },
		"no relation": func(p parts) { delete(p, "xl/_rels/workbook.xml.rels") },
		"a sheet named at length": func(p parts) {
			p["xl/workbook.xml"] = `<workbook><sheets><sheet name="` + long[:300] + `" r:id="rId1"/></sheets></workbook>`
		},
		"many sheets": func(p parts) {
			p["xl/workbook.xml"] = `<workbook><sheets>` + strings.Repeat(`<sheet name="x" r:id="rId1"/>`, 5000) + `</sheets></workbook>`
		},
		"deep": sheet(strings.Repeat("<a>", 300)),
	} {
		p := parts{}
		for k, v := range good {
			p[k] = v
		}
		change(p)
		if got, err := cells(p); !errors.Is(err, xlsx.ErrDamaged) || len(err.Error()) > 300 {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Without relations of the package the workbook lies where it mostly does; any other part that is missing is named.
func TestMissingParts(t *testing.T) {
	for name, says := range map[string]string{
		"_rels/.rels": "", "xl/workbook.xml": `it has no part "xl/workbook.xml"`, "xl/_rels/workbook.xml.rels": `sheet "One & only" has no part`,
		"xl/worksheets/sheet1.xml": `it has no part "xl/worksheets/sheet1.xml"`, "xl/sharedStrings.xml": "there is no shared string",
	} {
		p := byHand(`<row><c t="s"><v>0</v></c></row>`, "<t>x</t>")
		delete(p, name)
		_, err := cells(p)
		if says == "" && err != nil || says != "" && (!errors.Is(err, xlsx.ErrDamaged) || !strings.Contains(err.Error(), says)) {
			t.Errorf("without %s: %v, want %q", name, err, says)
		}
	}
}

func TestSheets(t *testing.T) {
	f := excelize.NewFile()
	for i, name := range []string{"Year 2009-2010", "Year 2010-2011", "Empty"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			if err := f.SetSheetRow(name, "B2", &[]any{"text", i, time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC), nil, true, 2.55}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetVisible("Year 2010-2011", false); err != nil {
		t.Fatal(err)
	}
	yes := true
	for _, date1904 := range []*bool{nil, &yes} {
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: date1904}); err != nil {
			t.Fatal(err)
		}
		b, err := f.WriteToBuffer()
		if err != nil {
			t.Fatal(err)
		}
		p := unzipped(t, b.Bytes())
		got, err := cells(p)
		want := []string{"Year 2009-2010 2: |'text|0|40513.3513888889||!TRUE|2.55", "Year 2010-2011 2: |'text|1|40513.3513888889||!TRUE|2.55"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		book, err := xlsx.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"Year 2009-2010", "Year 2010-2011", "Empty"}, book.SheetNames()); diff != "" {
			t.Error(diff)
		}
		dates := record.Dates1900
		if date1904 != nil {
			dates = record.Dates1904
		}
		if table, err := book.Tables().NextTable(); err != nil || table.Dates != dates {
			t.Errorf("%v %v", table, err)
		}
		if book.Select("2010") || !book.Select("year 2010-2011") || !slices.Equal(book.SheetNames(), []string{"Year 2010-2011"}) {
			t.Errorf("selected %q", book.SheetNames())
		}
	}
}

// endless is a sheet of n rows that is never in memory.
type endless struct {
	parts
	rows int
}

func (e endless) Open(name string) (io.ReadCloser, error) {
	if name != "xl/worksheets/sheet1.xml" {
		return e.parts.Open(name)
	}
	return &endlessSheet{rows: e.rows, text: []byte(`<worksheet><sheetData>`)}, nil
}

// endlessSheet writes its rows as they are read, in the same memory.
type endlessSheet struct {
	row, rows int
	text      []byte
	at        int
}

func (s *endlessSheet) Read(p []byte) (int, error) {
	if s.at == len(s.text) {
		s.at, s.text = 0, s.text[:0]
		switch s.row++; {
		case s.row <= s.rows:
			s.text = append(s.text, `<row><c t="inlineStr"><is><t>text `...)
			s.text = strconv.AppendInt(s.text, int64(s.row), 10)
			s.text = append(s.text, `</t></is></c><c><v>2.5499999999999998</v></c><c t="b"><v>1</v></c><c t="s"><v>0</v></c></row>`...)
		case s.row == s.rows+1:
			s.text = append(s.text, `</sheetData></worksheet>`...)
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, s.text[s.at:])
	s.at += n
	return n, nil
}

func (s *endlessSheet) Close() error { return nil }

// Ten times the rows are read in the same memory: a row leaves nothing behind, and makes next to nothing.
func TestMemoryDoesNotGrowWithRows(t *testing.T) {
	allocated := func(rows int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		book, err := xlsx.Open(endless{byHand("", "<t>shared</t>"), rows})
		if err != nil {
			t.Fatal(err)
		}
		table, err := book.Tables().NextTable()
		if err != nil {
			t.Fatal(err)
		}
		var row record.Row
		n := 0
		for err = table.Rows.ReadRow(&row); err == nil; err = table.Rows.ReadRow(&row) {
			n++
		}
		if err != io.EOF || n != rows {
			t.Fatalf("%d rows, %v", n, err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	few, many := allocated(2_000), allocated(20_000)
	if perRow := (float64(many) - float64(few)) / 18_000; perRow > 1 {
		t.Errorf("%.1f bytes a row, of garbage too", perRow)
	}
}
