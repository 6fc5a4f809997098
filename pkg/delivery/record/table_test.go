package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
)

// rows are the rows of a table. A cell is written by its kind: =1.5 is a number, @2010-12-01T08:26:00 a time, !TRUE is odd,
// everything else is text, and "" is nothing.
type rows [][]string

func (r *rows) ReadRow(row *record.Row) error {
	if len(*r) == 0 {
		return io.EOF
	}
	row.Line++
	row.Cells = row.Cells[:0]
	for _, s := range (*r)[0] {
		c := record.Cell{Kind: record.TextCell, Text: []byte(s)}
		switch {
		case s == "":
			c.Kind = record.NoCell
		case s[0] == '=':
			c = record.Cell{Kind: record.NumberCell, Text: []byte(s[1:])}
		case s[0] == '!':
			c = record.Cell{Kind: record.OddCell, Text: []byte(s[1:])}
		case s[0] == '@':
			at, err := time.Parse("2006-01-02T15:04:05", s[1:])
			if err != nil {
				return err
			}
			c = record.Cell{Kind: record.TimeCell, Micros: at.UnixMicro()}
		}
		row.Cells = append(row.Cells, c)
	}
	*r = (*r)[1:]
	return nil
}

type tables []*record.Table

func (s *tables) NextTable() (*record.Table, error) {
	if len(*s) == 0 {
		return nil, io.EOF
	}
	t := (*s)[0]
	*s = (*s)[1:]
	return t, nil
}

func readTables(t recordtest.Fataler, opts record.Options, of ...*record.Table) (recordtest.Outcome, error) {
	list := tables(of)
	return recordtest.Gather(t, func(sink func(*record.Block) error) (record.Counts, error) {
		return record.ReadTables(context.Background(), &list, opts, sink)
	})
}

func split(text string) []string { return strings.Split(strings.TrimSpace(text), ",") }

func TestReadTablesTakesCellsAsTheyAre(t *testing.T) {
	sheet := &rows{
		{"", ""}, split("Note," + recordtest.Header),
		{"x", "=536365", "=22423", "", "=6", "=40513.351388888892", "=2.55", "=17850", "France"},
		{"", "C1", "85123A", " two\nlines ", "-1", "2010-12-01 08:26:00", "2,5", "17850.0"}, // texts: as in delimited text
		{}, {"", ""},
		{"", "2", "a", "", "=3", "@2010-12-01T09:00:00", "3", "", "", "", "beyond the header"},
	}
	opts := record.Options{Dialect: record.Dialect{Decimal: ','}}
	o, err := readTables(t, opts, &record.Table{Name: "one", Dates: record.Dates1900, Rows: sheet})
	if err != nil {
		t.Fatal(err)
	}
	want := []recordtest.Line{
		{Record: 1, Time: stamp(t, "2010-12-01T08:26:00"), Quantity: 6_000, Price: 2_550_000, Invoice: "536365", Code: "22423", Customer: "17850", Country: "France"},
		{Record: 2, Time: stamp(t, "2010-12-01T08:26:00"), Quantity: -1_000, Price: 2_500_000, Invoice: "C1", Code: "85123A", Description: " two\nlines ", Customer: "17850"},
		{Record: 3, Time: stamp(t, "2010-12-01T09:00:00"), Quantity: 3_000, Price: 3_000_000, Invoice: "2", Code: "a"},
	}
	if diff := cmp.Diff(want, o.Lines); diff != "" || len(o.Rejects) > 0 {
		t.Errorf("%v\n%s", o.Rejects, diff)
	}
}

func TestReadTablesNamesEveryRule(t *testing.T) {
	for _, test := range []struct {
		name, cells, rules, raw string
	}{
		{"nothing", "!", "missing_invoice,missing_code,bad_quantity,bad_time,bad_price,bad_value", ""},
		{"error and truth values", "!#N/A|!TRUE|!#REF!|!TRUE|!FALSE|!TRUE|!#N/A|x", "bad_quantity,bad_time,bad_price,bad_value", "#N/A,TRUE,#REF!,TRUE,FALSE,TRUE,#N/A,x"},
		{"parts of a thing", "1|2||=1.0625|@2010-12-01T08:26:00|=1.2345678||x", "fractional_quantity,price_decimals", "1,2,,1.0625,2010-12-01 08:26:00,1.2345678,,x"},
		{"a time for a number", "1|2||@2010-12-01T08:26:00|@2010-12-01T08:26:00|=1", "bad_quantity", "1,2,,2010-12-01 08:26:00,2010-12-01 08:26:00,1"},
		{"the day that never was", "1|2||=1|=60.5|=1", "bad_time", "1,2,,1,60.5,1"},
		{"encoding", "1|2|\xff|=1|=60.5|=1", "bad_encoding,bad_time", `1,2,\xff,1,60.5,1`},
		{"quotes", "|\"a\"|b,c|=1|=70|=1", "missing_invoice", `,"""a""","b,c",1,70,1`},
		{"huge", "1|2|=9|=1000000|=70|=1000000000", "amount_out_of_range", "1,2,9,1000000,70,1000000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := readTables(t, record.Options{}, &record.Table{Dates: record.Dates1900, Rows: &rows{split(recordtest.Header), strings.Split(test.cells, "|")}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]recordtest.Reject{{Record: 1, Rules: test.rules, Raw: test.raw}}, o.Rejects); diff != "" && test.name != "nothing" || len(o.Lines) > 0 {
				t.Error(diff)
			}
		})
	}
}

func TestReadTablesGoesOverAllTables(t *testing.T) {
	one := &rows{split(recordtest.Header), {"1", "2", "", "=1", "@2010-12-01T08:26:00", "=1"}, {"3"}}
	none := &rows{{"", ""}}
	two := &rows{split("StockCode,Invoice,Description,Quantity,InvoiceDate,Price,Customer ID,Country"), {"4", "5", "", "=1", "=1", "=1"}}
	columns := &rows{{"6", "7", "", "=1", "@2010-12-01T08:26:00", "=1"}, {}}
	o, err := readTables(t, record.Options{}, &record.Table{Name: "one", Rows: one}, &record.Table{Name: "none", Rows: none},
		&record.Table{Name: "two", Dates: record.Dates1904, Rows: two}, &record.Table{Header: split(recordtest.Header), Rows: columns})
	if err != nil {
		t.Fatal(err)
	}
	at := stamp(t, "2010-12-01T08:26:00")
	want := recordtest.Outcome{
		Lines: []recordtest.Line{{Record: 1, Time: at, Quantity: 1_000, Price: 1_000_000, Invoice: "1", Code: "2"}, {Record: 3, Time: stamp(t, "1904-01-02T00:00:00"), Quantity: 1_000, Price: 1_000_000, Invoice: "5", Code: "4"},
			{Record: 4, Time: at, Quantity: 1_000, Price: 1_000_000, Invoice: "6", Code: "7"}},
		Rejects: []recordtest.Reject{{Record: 2, Rules: "missing_code,bad_quantity,bad_time,bad_price", Raw: "3"},
			{Record: 5, Rules: "missing_invoice,missing_code,bad_quantity,bad_time,bad_price"}}, // rows of a file of columns are all records
	}
	if diff := cmp.Diff(want.Lines, o.Lines) + cmp.Diff(want.Rejects, o.Rejects); diff != "" {
		t.Error(diff)
	}
	if got := fmt.Sprint(o.Counts.Examples[7]); got != `sheet "one", row 3, column Quantity` {
		t.Error(got)
	}
	if o.Counts.First != stamp(t, "1904-01-02T00:00:00") || o.Counts.Last != at {
		t.Error(utc(o.Counts.First), utc(o.Counts.Last))
	}
}

func TestReadTablesErrors(t *testing.T) {
	var h *record.HeaderError
	_, err := readTables(t, record.Options{}, &record.Table{Name: "notes", Rows: &rows{{"Seen by", "!TRUE"}}})
	if !errors.As(err, &h) || !strings.Contains(err.Error(), `header of sheet "notes": no column for invoice, wanted InvoiceNo or Invoice`) ||
		!strings.Contains(err.Error(), "its first line is not shown") {
		t.Error(err)
	}
	for _, none := range [][]*record.Table{nil, {{Rows: &rows{}}}, {{Rows: &rows{{}, {""}}}}} {
		if _, err := readTables(t, record.Options{}, none...); !errors.Is(err, record.ErrEmpty) {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	_, err = record.ReadTables(ctx, record.OneTable(&record.Table{Rows: &rows{split(recordtest.Header)}}), record.Options{}, nil)
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	_, err = record.ReadTables(context.Background(), record.OneTable(&record.Table{Header: split(recordtest.Header), Rows: &rows{{}}}), record.Options{},
		func(*record.Block) error { return stop })
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestReadTablesHidesCustomers(t *testing.T) {
	long := strings.Repeat("y", 300)
	sheet := &rows{split(recordtest.Header), {"1", "2", "", "x", "", "", "=17850", "France"}, {"1", long, "", "", "", "", "=17850"}}
	o, err := readTables(t, record.Options{CustomerKey: []byte("0123456789abcdef"), MaxRecord: 200}, &record.Table{Rows: sheet})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Rejects) != 2 {
		t.Fatal(o.Rejects)
	}
	// printf 17850 | openssl dgst -sha256 -hmac 0123456789abcdef
	const hidden = "1,2,,x,,,d86d7e407d62db01e3428fb9eb2079b9bc7ea9e45a98671d13c9f7ea86612403,France"
	if raw := o.Rejects[0].Raw; raw != hidden {
		t.Error(raw)
	}
	if raw := o.Rejects[1].Raw; o.Rejects[1].Rules != "record_too_long" || !strings.HasPrefix(raw, "(312 bytes, sha256 ") {
		t.Error(o.Rejects[1])
	}
}

// The values are those that LibreOffice Calc and Excel show for these numbers; those of the 1904 system are 1,462 days later
// (ECMA-376 part 1, 18.17.4.1).
func TestDateSystems(t *testing.T) {
	for _, test := range []struct {
		dates  record.DateSystem
		serial float64
		want   string
	}{
		{record.Dates1900, 1, "1900-01-01T00:00:00"},
		{record.Dates1900, 59.5, "1900-02-28T12:00:00"},
		{record.Dates1900, 60, ""},
		{record.Dates1900, 59.9999999999, ""}, // rounds to the day that never was
		{record.Dates1900, 61, "1900-03-01T00:00:00"},
		{record.Dates1900, 40513.351388888892, "2010-12-01T08:26:00"},
		{record.Dates1900, 40886.534722222219, "2011-12-09T12:50:00"},
		{record.Dates1900, 40513.99999999999, "2010-12-02T00:00:00"},
		{record.Dates1900, 2_958_465.999988426, "9999-12-31T23:59:59"},
		{record.Dates1900, 2_958_466, ""},
		{record.Dates1900, 0.5, ""},
		{record.Dates1900, -1, ""},
		{record.Dates1900, math.NaN(), ""},
		{record.Dates1900, math.Inf(1), ""},
		{record.Dates1904, 0, "1904-01-01T00:00:00"},
		{record.Dates1904, 60, "1904-03-01T00:00:00"},
		{record.Dates1904, 40513.351388888892 - 1462, "2010-12-01T08:26:00"},
		{record.Dates1904, 2_957_004, ""},
		{record.NoDates, 40513, ""},
	} {
		got := ""
		if micros, ok := test.dates.Micros(test.serial); ok {
			got = utc(micros).Format("2006-01-02T15:04:05.999999")
		}
		if got != test.want {
			t.Errorf("%v in system %d: got %q, want %q", test.serial, test.dates, got, test.want)
		}
	}
}

// Every second of 130 years is the same before and after a spreadsheet.
func TestDateSystemsKeepSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-2_000_000_000, 2_000_000_000).Draw(t, "seconds")
		dates := rapid.SampledFrom([]record.DateSystem{record.Dates1900, record.Dates1904}).Draw(t, "dates")
		serial := float64(seconds)/86400 + 25_569
		if dates == record.Dates1904 {
			serial -= 1462
		}
		got, ok := dates.Micros(serial)
		if !ok || got != seconds*1_000_000 {
			t.Fatalf("%v is %v %v", time.Unix(seconds, 0).UTC(), utc(got), ok)
		}
	})
}

// What is good as delimited text is good, and the same, in cells.
func TestReadTablesAgreesWithText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringMatching(`[A-Z0-9 .\-:]{0,4}|-?[0-9]{1,3}(\.[0-9]{1,5})?|2010-12-01 08:26:00`)
		list := rapid.SliceOfN(rapid.SliceOfN(field, 8, 8), 1, 20).Draw(t, "rows")
		text, sheet := recordtest.Header, rows{split(recordtest.Header)}
		for _, fields := range list {
			text += strings.Join(fields, ",") + "\n"
		}
		sheet = append(sheet, list...)
		want, err := read(t, strings.NewReader(text), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readTables(t, record.Options{}, &record.Table{Header: split(recordtest.Header), Rows: ptr(sheet[1:])})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want.Counts.Examples {
			want.Counts.Examples[i].Line = got.Counts.Examples[i].Line // a table's rows count from behind the header
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func ptr[T any](v T) *T { return &v }
