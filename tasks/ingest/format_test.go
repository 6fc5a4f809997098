package ingest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/fault"
)

// sheetOf is a sheet of a workbook, as comma-separated text.
type sheetOf struct{ name, text string }

// bookOf makes a workbook whose cells are all texts.
func bookOf(t testing.TB, sheets ...sheetOf) string {
	t.Helper()
	f := excelize.NewFile()
	for _, s := range sheets {
		if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(strings.NewReader(s.text))
		r.FieldsPerRecord = -1
		records, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, record := range records {
			if err := f.SetSheetRow(s.name, fmt.Sprintf("A%d", i+1), &record); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLaterSheetWins(t *testing.T) {
	first := header + day("2010-12-01", 1, 2) + day("2010-12-02", 3, 3) + ",,,x,,,,\n"
	second := header + day("2010-12-02", 7, 1) + day("2010-12-03", 8, 2)
	s := newShop(t)
	got := s.must(s.config(s.file("x", bookOf(t, sheetOf{"Year 2009-2010", first}, sheetOf{"Empty", ""}, sheetOf{"Year 2010-2011", second})), share(0.5), sheets("latest")))
	if got.RowsRead != 9 || got.RowsAccepted != 5 || got.RowsQuarantined != 1 || got.RowsSuperseded != 3 || got.Days != 3 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"shop 2010-12-01: 1 2", "shop 2010-12-02: 7", "shop 2010-12-03: 8 9"}, s.invoices()); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(s.log.String(), `"days":1,"superseded":3`) {
		t.Error("the log does not say it:", s.log.String())
	}
	// Where the sheets share no day, what there is of both is as if it were one text.
	second = header + day("2010-12-03", 7, 1)
	both := daysOf(t, bookOf(t, sheetOf{"1", first}, sheetOf{"2", second}), share(0.5))
	text := daysOf(t, first+strings.TrimPrefix(second, header), share(0.5))
	if diff := cmp.Diff(text, both); diff != "" {
		t.Error(diff)
	}
}

func TestSheet(t *testing.T) {
	book := bookOf(t, sheetOf{"Lines", header + day("2010-12-01", 1, 2)}, sheetOf{"Notes", "Seen by,Date\nme,today\n"})
	s := newShop(t)
	path := s.file("x.xlsx", book)
	s.fails(s.config(path, func(c *Config) { c.Sheet = "lines 2010" }), fault.ExitBadData, "sheet", `no sheet "lines 2010", found ["Lines" "Notes"] (--sheet)`)
	s.nothing()
	if r := s.must(s.config(path, func(c *Config) { c.Sheet = "lines" })); r.RowsAccepted != 2 {
		t.Errorf("%+v", r)
	}
}

// A line above the header is passed over, as titles are, the hint for Excel too; a sheet without lines is left out. Both are said.
func TestWhatIsNoLineIsPassedOver(t *testing.T) {
	lines := header + day("2010-12-01", 1, 2)
	for name, content := range map[string]string{
		"a line for Excel":            "\xef\xbb\xbfsep=,\n" + lines,
		"a line for Excel, in quotes": packed(t, "\"Sep=,\"\r\n"+lines),
		"a sheet of notes":            bookOf(t, sheetOf{"Lines", lines}, sheetOf{"Notes", "Seen by,Date\nme,today\n"}),
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			if r := s.must(s.config(s.file("x", content))); r.RowsAccepted != 2 || r.RowsQuarantined != 0 {
				t.Errorf("%d accepted, %d rejected, want 2 and 0", r.RowsAccepted, r.RowsQuarantined)
			}
			if diff := cmp.Diff([]string{"shop 2010-12-01: 1 2"}, s.invoices()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRejectsOfSheets(t *testing.T) {
	s := newShop(t)
	text := header + day("2010-12-01", 1, 2) + "1,2,\"a, b\",x,2010-12-01 08:00:00,1,12345,UK\n"
	got := s.must(s.config(s.file("x.xlsx", bookOf(t, sheetOf{"Lines", text})), share(0.5)))
	q := s.read(contract.QuarantinePath("shop", got.Delivery), "", contract.Quarantine)
	if diff := cmp.Diff([]any{int64(3), `1,2,"a, b",x,2010-12-01 08:00:00,1,12345,UK`, "bad_quantity"},
		[]any{q.Ints("record")[0], q.Strings("raw")[0], q.Strings("rules")[0]}); diff != "" {
		t.Error(diff)
	}
	s.fails(s.config(s.file("y.xlsx", bookOf(t, sheetOf{"Lines", text})), runID("r2")), fault.ExitBadData, "quarantine_share",
		`bad_quantity 1 (sheet "Lines", row 4, column Quantity: "x")`)
}

func TestSeparatorAndDecimal(t *testing.T) {
	want := daysOf(t, header+day("2010-12-01", 1, 2))
	for separator, sign := range map[string]string{"semicolon": ";", ";": ";", "tab": "\t", `\t`: "\t", "Pipe": "|", "^": "^"} {
		text := strings.NewReplacer(",", sign, "2.55", "2,55", "17850.0", "17850").Replace(header + day("2010-12-01", 1, 2))
		got := daysOf(t, text, func(c *Config) { c.Separator, c.Decimal = separator, "comma" })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", separator, diff)
		}
	}
}

// zipOfNames makes a zip of empty files.
func zipOfNames(t testing.TB, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRefusesFormats(t *testing.T) {
	lines := header + day("2010-12-01", 1, 50)
	book := bookOf(t, sheetOf{"Lines", lines})
	zipOf := func(text string) string { return string(asZip(t, "lines.csv", []byte(text))) }
	cut := asZip(t, "lines.csv", []byte(lines))
	records, err := csv.NewReader(strings.NewReader(lines)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	parquet := asParquet(t, records)
	small := func(c *Config) { c.MaxUnpacked = "1KiB" }
	for _, test := range []struct {
		name, content string
		change        func(*Config)
		cause         string
		texts         []string
	}{
		{"a zip of nothing", zipOf(""), nil, "empty", nil},
		{"a torn zip", string(cut[:len(cut)-30]), nil, "damaged", []string{"zip"}},
		{"a torn workbook", book[:len(book)/2], nil, "damaged", []string{"zip"}},
		{"a zip in a zip in a zip", zipOf(zipOf(zipOf(lines))), nil, "format", []string{"compressed more than twice"}},
		{"more than allowed of zip", zipOf(lines), small, "too_large", []string{"over 1024 bytes", "--max-unpacked"}},
		{"more than allowed of gz", packed(t, lines), small, "too_large", []string{"--max-unpacked"}},
		{"more than allowed of zst", string(asZstd(t, []byte(lines))), small, "too_large", []string{"--max-unpacked"}},
		{"more than allowed of xlsx", book, small, "too_large", []string{"--max-unpacked"}},
		{"a gz with more behind it", packed(t, lines) + "more", nil, "damaged", []string{"gzip: it has ended, but more bytes follow"}},
		{"a sheet of a csv", lines, func(c *Config) { c.Sheet = "Lines" }, "sheet", []string{`no sheet "Lines": it is delimited text, not a workbook (--sheet)`}},
		{"a sheet of parquet", string(parquet), func(c *Config) { c.Sheet = "Lines" }, "sheet", []string{`no sheet "Lines": it is parquet, not a workbook (--sheet)`}},
		{"a page", "\n <!DOCTYPE html>\n<html><body>Sign in</body></html>", nil, "columns", []string{": it is an HTML page, perhaps a sign-in page, not a delivery"}},
		{"a page without a type", "<HTML lang=\"en\">\n" + strings.Repeat("x", 300<<10), nil, "columns", []string{": it is an HTML page"}},
		{"a zst cut", string(asZstd(t, []byte(lines)))[:100], nil, "damaged", []string{"zstd ends too early"}},
		{"a workbook without its book", zipOfNames(t, "[Content_Types].xml", "xl/foo.xml"), nil, "damaged", []string{`it has no part "xl/workbook.xml"`}},
		{"an empty workbook", bookOf(t, sheetOf{"A", ""}), nil, "empty", nil},
		{"a workbook of headers", bookOf(t, sheetOf{"A", header}), nil, "empty", []string{"except for its header"}},
		{"a cut parquet file", string(parquet[:len(parquet)-1]), nil, "damaged", []string{"parquet"}},
		{"another column in parquet", strings.ReplaceAll(string(parquet), "UnitPrice", "UnitCosts"), nil, "columns", []string{"no column for price", "UnitCosts"}},
		{"a text for a number", string(parquet), func(c *Config) { c.Columns = "time=Quantity,quantity=InvoiceDate" }, "columns",
			[]string{`column "Quantity" (time) is `, `column "InvoiceDate" (quantity) is `, "want a timestamp, date or text"}},
		{"a cut Arrow file", string(asArrow(t, records)[:3000]), nil, "damaged", []string{"Arrow"}},
		{"a picture", "\x89PNG\r\n\x1a\n", nil, "columns", nil},
		{"an xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", nil, "format", []string{"save it as xlsx or csv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			c := s.config(s.file("x", test.content))
			if test.change != nil {
				test.change(&c)
			}
			s.fails(c, fault.ExitBadData, test.cause, test.texts...)
			s.nothing()
			if strings.Contains(s.log.String(), "17850") {
				t.Error("a customer's id is in the log")
			}
		})
	}
}

// No flag is about the ratio of a bomb, so none is named.
func TestBombNamesNoFlag(t *testing.T) {
	s := newShop(t)
	c := s.config(s.file("x", packed(t, header+strings.Repeat("\n", 90<<20)))) // of which every MB packs to 1 KB
	s.fails(c, fault.ExitBadData, "too_large", "archive bomb", "64 MiB and 200 times the", "unpack it first")
	if _, err := s.try(c); strings.Contains(err.Error(), "--") {
		t.Error(err)
	}
}

// Customers as the three kinds of numbers that spreadsheets and data frames make of them are the same customers.
func TestCustomersAreAlike(t *testing.T) {
	lines := header + day("2010-12-01", 1, 3)
	records, err := csv.NewReader(strings.NewReader(lines)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := daysOf(t, lines)
	for name, content := range map[string]string{"whole": strings.ReplaceAll(lines, "17850.0", "17850"), "workbook": string(asWorkbook(t, records)),
		"parquet": string(asParquet(t, records)), "arrow": string(asArrow(t, records))} {
		if diff := cmp.Diff(want, daysOf(t, content)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestParseFormatFlags(t *testing.T) {
	for flag, change := range map[string]func(*Config){
		"separator": func(c *Config) { c.Separator = "a" }, "decimal": func(c *Config) { c.Decimal = ";" }, "max-unpacked": func(c *Config) { c.MaxUnpacked = "much" },
	} {
		c := valid()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "--"+flag+": want") {
			t.Errorf("%s: %v", flag, err)
		}
	}
	// They change what comes of a delivery, so they are in its key.
	keys := slices.Sorted(maps.Keys(valid().parameters(reading.Reading{})))
	for _, want := range []string{"reading", "sheet"} {
		if !slices.Contains(keys, want) {
			t.Errorf("%s is no part of the key: %v", want, keys)
		}
	}
}
