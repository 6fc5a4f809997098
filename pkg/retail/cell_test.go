package retail_test

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

	"github.com/clientele/clientele/pkg/retail"
)

// rows are the rows of a table. A cell is written by its kind: =1.5 is a number, @2010-12-01T08:26:00 a time, !TRUE is odd,
// everything else is text, and "" is nothing.
type rows [][]string

func (r *rows) ReadRow(row *retail.CellRow) error {
	if len(*r) == 0 {
		return io.EOF
	}
	row.Line++
	row.Cells = row.Cells[:0]
	for _, s := range (*r)[0] {
		c := retail.Cell{Kind: retail.TextCell, Text: []byte(s)}
		switch {
		case s == "":
			c.Kind = retail.NoCell
		case s[0] == '=':
			c = retail.Cell{Kind: retail.NumberCell, Text: []byte(s[1:])}
		case s[0] == '!':
			c = retail.Cell{Kind: retail.OddCell, Text: []byte(s[1:])}
		case s[0] == '@':
			at, err := time.Parse("2006-01-02T15:04:05", s[1:])
			if err != nil {
				return err
			}
			c = retail.Cell{Kind: retail.TimeCell, Micros: at.UnixMicro()}
		}
		row.Cells = append(row.Cells, c)
	}
	*r = (*r)[1:]
	return nil
}

type tables []*retail.Table

func (s *tables) NextTable() (*retail.Table, error) {
	if len(*s) == 0 {
		return nil, io.EOF
	}
	t := (*s)[0]
	*s = (*s)[1:]
	return t, nil
}

func readTables(t fataler, opts retail.ReadOptions, of ...*retail.Table) (outcome, error) {
	list := tables(of)
	return gather(t, func(sink func(*retail.Block) error) (retail.ReadCounts, error) {
		return retail.ReadTables(context.Background(), &list, opts, sink)
	})
}

func split(text string) []string { return strings.Split(strings.TrimSpace(text), ",") }

func TestReadTablesTakesCellsAsTheyAre(t *testing.T) {
	sheet := &rows{
		{"", ""}, split("Note," + header),
		{"x", "=536365", "=22423", "", "=6", "=40513.351388888892", "=2.55", "=17850", "France"},
		{"", "C1", "85123A", " two\nlines ", "-1", "2010-12-01 08:26:00", "2,5", "17850.0"}, // texts: as in delimited text
		{}, {"", ""},
		{"", "2", "a", "", "=3", "@2010-12-01T09:00:00", "3", "", "", "", "beyond the header"},
	}
	opts := retail.ReadOptions{Dialect: retail.Dialect{Decimal: ','}}
	o, err := readTables(t, opts, &retail.Table{Name: "one", Dates: retail.Dates1900, Rows: sheet})
	if err != nil {
		t.Fatal(err)
	}
	want := []line{
		{1, stamp(t, "2010-12-01T08:26:00"), 6, 25_500, "536365", "22423", "", "17850", "France"},
		{2, stamp(t, "2010-12-01T08:26:00"), -1, 25_000, "C1", "85123A", " two\nlines ", "17850", ""},
		{3, stamp(t, "2010-12-01T09:00:00"), 3, 30_000, "2", "a", "", "", ""},
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
		{"parts of a thing", "1|2||=1.5|@2010-12-01T08:26:00|=1.23456||x", "fractional_quantity,price_decimals", "1,2,,1.5,2010-12-01 08:26:00,1.23456,,x"},
		{"a time for a number", "1|2||@2010-12-01T08:26:00|@2010-12-01T08:26:00|=1", "bad_quantity", "1,2,,2010-12-01 08:26:00,2010-12-01 08:26:00,1"},
		{"the day that never was", "1|2||=1|=60.5|=1", "bad_time", "1,2,,1,60.5,1"},
		{"encoding", "1|2|\xff|=1|=60.5|=1", "bad_encoding,bad_time", `1,2,\xff,1,60.5,1`},
		{"quotes", "|\"a\"|b,c|=1|=70|=1", "missing_invoice", `,"""a""","b,c",1,70,1`},
		{"huge", "1|2|=9|=1000000|=70|=1000000000", "amount_out_of_range", "1,2,9,1000000,70,1000000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, err := readTables(t, retail.ReadOptions{}, &retail.Table{Dates: retail.Dates1900, Rows: &rows{split(header), strings.Split(test.cells, "|")}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]reject{{1, test.rules, test.raw}}, o.Rejects); diff != "" && test.name != "nothing" || len(o.Lines) > 0 {
				t.Error(diff)
			}
		})
	}
}

func TestReadTablesGoesOverAllTables(t *testing.T) {
	one := &rows{split(header), {"1", "2", "", "=1", "@2010-12-01T08:26:00", "=1"}, {"3"}}
	none := &rows{{"", ""}}
	two := &rows{split("StockCode,Invoice,Description,Quantity,InvoiceDate,Price,Customer ID,Country"), {"4", "5", "", "=1", "=1", "=1"}}
	columns := &rows{{"6", "7", "", "=1", "@2010-12-01T08:26:00", "=1"}, {}}
	o, err := readTables(t, retail.ReadOptions{}, &retail.Table{Name: "one", Rows: one}, &retail.Table{Name: "none", Rows: none},
		&retail.Table{Name: "two", Dates: retail.Dates1904, Rows: two}, &retail.Table{Header: split(header), Rows: columns})
	if err != nil {
		t.Fatal(err)
	}
	at := stamp(t, "2010-12-01T08:26:00")
	want := outcome{
		Lines: []line{{1, at, 1, 10_000, "1", "2", "", "", ""}, {3, stamp(t, "1904-01-02T00:00:00"), 1, 10_000, "5", "4", "", "", ""},
			{4, at, 1, 10_000, "6", "7", "", "", ""}},
		Rejects: []reject{{2, "missing_code,bad_quantity,bad_time,bad_price", "3"},
			{5, "missing_invoice,missing_code,bad_quantity,bad_time,bad_price", ""}}, // rows of a file of columns are all records
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
	var h *retail.HeaderError
	_, err := readTables(t, retail.ReadOptions{}, &retail.Table{Name: "notes", Rows: &rows{{"Seen by", "!TRUE"}}})
	if !errors.As(err, &h) || !strings.Contains(err.Error(), `header of sheet "notes": no column for invoice, wanted InvoiceNo or Invoice`) ||
		!strings.Contains(err.Error(), "its first line is not shown") {
		t.Error(err)
	}
	for _, none := range [][]*retail.Table{nil, {{Rows: &rows{}}}, {{Rows: &rows{{}, {""}}}}} {
		if _, err := readTables(t, retail.ReadOptions{}, none...); !errors.Is(err, retail.ErrEmpty) {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	_, err = retail.ReadTables(ctx, retail.OneTable(&retail.Table{Rows: &rows{split(header)}}), retail.ReadOptions{}, nil)
	if !errors.Is(err, stop) {
		t.Error(err)
	}
	_, err = retail.ReadTables(context.Background(), retail.OneTable(&retail.Table{Header: split(header), Rows: &rows{{}}}), retail.ReadOptions{},
		func(*retail.Block) error { return stop })
	if !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestReadTablesHidesCustomers(t *testing.T) {
	long := strings.Repeat("y", 300)
	sheet := &rows{split(header), {"1", "2", "", "x", "", "", "=17850", "France"}, {"1", long, "", "", "", "", "=17850"}}
	o, err := readTables(t, retail.ReadOptions{CustomerKey: []byte("0123456789abcdef"), MaxRecord: 200}, &retail.Table{Rows: sheet})
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
		dates  retail.DateSystem
		serial float64
		want   string
	}{
		{retail.Dates1900, 1, "1900-01-01T00:00:00"},
		{retail.Dates1900, 59.5, "1900-02-28T12:00:00"},
		{retail.Dates1900, 60, ""},
		{retail.Dates1900, 59.9999999999, ""}, // rounds to the day that never was
		{retail.Dates1900, 61, "1900-03-01T00:00:00"},
		{retail.Dates1900, 40513.351388888892, "2010-12-01T08:26:00"},
		{retail.Dates1900, 40886.534722222219, "2011-12-09T12:50:00"},
		{retail.Dates1900, 40513.99999999999, "2010-12-02T00:00:00"},
		{retail.Dates1900, 2_958_465.999988426, "9999-12-31T23:59:59"},
		{retail.Dates1900, 2_958_466, ""},
		{retail.Dates1900, 0.5, ""},
		{retail.Dates1900, -1, ""},
		{retail.Dates1900, math.NaN(), ""},
		{retail.Dates1900, math.Inf(1), ""},
		{retail.Dates1904, 0, "1904-01-01T00:00:00"},
		{retail.Dates1904, 60, "1904-03-01T00:00:00"},
		{retail.Dates1904, 40513.351388888892 - 1462, "2010-12-01T08:26:00"},
		{retail.Dates1904, 2_957_004, ""},
		{retail.NoDates, 40513, ""},
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
		dates := rapid.SampledFrom([]retail.DateSystem{retail.Dates1900, retail.Dates1904}).Draw(t, "dates")
		serial := float64(seconds)/86400 + 25_569
		if dates == retail.Dates1904 {
			serial -= 1462
		}
		got, ok := dates.Micros(serial)
		if !ok || got != seconds*1_000_000 {
			t.Fatalf("%v is %v %v", time.Unix(seconds, 0).UTC(), utc(got), ok)
		}
	})
}

// What is good as delimited text is good, and the same, in cells.
func TestReadTablesAgreesWithReadCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringMatching(`[A-Z0-9 .\-:]{0,4}|-?[0-9]{1,3}(\.[0-9]{1,5})?|2010-12-01 08:26:00`)
		list := rapid.SliceOfN(rapid.SliceOfN(field, 8, 8), 1, 20).Draw(t, "rows")
		text, sheet := header, rows{split(header)}
		for _, fields := range list {
			text += strings.Join(fields, ",") + "\n"
		}
		sheet = append(sheet, list...)
		want, err := read(t, strings.NewReader(text), retail.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readTables(t, retail.ReadOptions{}, &retail.Table{Header: split(header), Rows: ptr(sheet[1:])})
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
