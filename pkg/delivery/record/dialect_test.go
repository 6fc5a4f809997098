package record_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/money"
)

// spelled draws a way to write a line, and returns what writes it and what reads it.
type spelled struct {
	opts   record.Options
	layout string
	at     *time.Location // of the times as they are written
	clock  string         // time in a second column
	money  func(string) string
	header []string
}

func drawDialect(t *rapid.T, zone *time.Location) spelled {
	form := rapid.SampledFrom(record.NumberForms).Draw(t, "form")
	s := spelled{at: zone}
	s.opts = record.Options{Zone: zone, Dialect: record.Dialect{Decimal: form.Decimal, Group: form.Group, Separator: rapid.SampledFrom([]byte(",;\t|")).Draw(t, "separator")}}
	s.layout = rapid.SampledFrom([]string{
		record.DefaultLayout, "2006-01-02T15:04:05", "2/1/2006 15:04:05", "1/2/2006 3:04:05 PM", "02.01.06 15:04:05", "2 Jan 2006 15:04:05", "Monday, 2. January 2006 15:04:05",
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC", "unix", "two columns",
	}).Draw(t, "layout")
	switch s.layout {
	case "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 -0700":
		s.at = time.FixedZone("", 900*rapid.IntRange(-48, 56).Draw(t, "offset"))
	case "2006-01-02 15:04:05 UTC", "unix":
		s.at = time.UTC
	case "two columns":
		s.layout, s.clock = "2006-01-02", "15:04:05"
	}
	sign := rapid.SampledFrom([]string{"%s", "£%s", "%s £", "GBP %s", "£ %s"}).Draw(t, "currency")
	minus := rapid.SampledFrom([]string{"-%s", "(%s)", "%s-", "−%s"}).Draw(t, "minus")
	s.money = func(plain string) string { return write(form, plain, sign, minus) }
	s.header = split("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,Clock")
	for i, h := range s.header {
		s.header[i] = rapid.SampledFrom([]string{h, strings.ToUpper(h), " " + h + " ", strings.Join(strings.Split(h, ""), "_"), "\ufeff" + h}).Draw(t, "header")
	}
	return s
}

// write writes a plain number in a form.
func write(form record.NumberForm, plain, sign, minus string) string {
	plain, negative := strings.TrimPrefix(plain, "-"), strings.HasPrefix(plain, "-")
	whole, decimals, point := strings.Cut(plain, ".")
	if form.Group != 0 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + string(form.Group) + whole[i:]
		}
	}
	if point {
		whole += string(form.Decimal) + decimals
	}
	whole = fmt.Sprintf(sign, whole)
	if negative {
		whole = fmt.Sprintf(minus, whole)
	}
	return whole
}

// A line reads the same in whatever way it is written.
func TestALineIsTheSameInEveryDialect(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := drawDialect(t, zone)
		var written [][]string
		var want []recordtest.Line
		for i := range rapid.IntRange(1, 5).Draw(t, "lines") {
			// An hour that the clock skips or repeats has no time of its own: noon is neither.
			at := time.Date(rapid.IntRange(1971, 2068).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"),
				rapid.IntRange(4, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), rapid.IntRange(0, 59).Draw(t, "second"), 0, zone)
			quantity := money.Quantity(rapid.Int64Range(-2_000_000, 2_000_000).Draw(t, "quantity"))
			price := money.Price(rapid.Int64Range(-9_000_000_000, 9_000_000_000).Draw(t, "price"))
			customer := rapid.SampledFrom([]string{"", "17850", "ada@shop.example", "KD-7"}).Draw(t, "customer")
			local := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
			want = append(want, recordtest.Line{Record: int64(i) + 1, Time: local.UnixMicro(), Quantity: quantity, Price: price, Invoice: "1", Code: "2", Customer: customer, Country: "UK"})
			when := at.In(s.at).Format(s.layout)
			if s.layout == "unix" {
				when = fmt.Sprint(at.Unix())
			}
			if s.opts.Dialect.Separator == ';' { // other languages too
				when = strings.NewReplacer("Mar", "Mär", "May", "Mai", "Oct", "Okt", "Dec", "Dez", "Monday", "Montag").Replace(strings.NewReplacer(
					"January", "Januar", "February", "Februar", "March", "März", "June", "Juni", "July", "Juli", "October", "Oktober", "December", "Dezember").Replace(when))
			}
			number := strings.NewReplacer("£", "", "GBP", "").Replace(s.money(quantity.String()))
			written = append(written, []string{"1", "2", "", number, when, s.money(price.String()), spell(t, customer), "UK", at.Format(s.clock)})
		}
		layout := s.layout
		if s.clock != "" {
			layout += " " + s.clock
			s.opts.Columns = record.ColumnNames{record.FieldTime: "InvoiceDate+Clock"}
		}
		if s.opts.Layout, err = record.ParseLayout(layout); err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma = rune(s.opts.Dialect.Separator)
		if err := w.WriteAll(append([][]string{s.header}, written...)); err != nil {
			t.Fatal(err)
		}
		o, err := read(t, bytes.NewReader(text.Bytes()), s.opts)
		if diff := cmp.Diff(want, o.Lines); diff != "" || err != nil {
			t.Fatalf("%s\n%+v %v\n%s", text.String(), o.Rejects, err, diff)
		}
		sheet := rows(append([][]string{s.header}, written...))
		o, err = readTables(t, s.opts, &record.Table{Rows: &sheet})
		if diff := cmp.Diff(want, o.Lines); diff != "" || err != nil {
			t.Fatalf("as cells: %s\n%+v %v\n%s", text.String(), o.Rejects, err, diff)
		}
		detects(t, s, written, layout)
	})
}

// detects checks that the layout and the form of numbers are among those that fit all that was written.
func detects(t *rapid.T, s spelled, written [][]string, layout string) {
	layouts, forms := slices.Clone(record.CandidateLayouts()), slices.Clone(record.NumberForms)
	for _, fields := range written {
		when := []byte(fields[4])
		if s.clock != "" {
			when = record.AppendClock(nil, when, []byte(fields[8]))
		}
		layouts = record.FitLayouts(layouts, when)
		forms = record.FitNumbers(record.FitNumbers(forms, []byte(fields[3])), []byte(fields[5]))
	}
	read := s.opts.Layout.In(s.opts.Zone)
	for _, fields := range written {
		if s.layout == "unix" || s.clock != "" { // as far as a count is taken for a time
			break
		}
		want, _ := read.Parse([]byte(fields[4]))
		if !slices.ContainsFunc(layouts, func(l record.Layout) bool {
			got, ok := l.In(s.opts.Zone).Parse([]byte(fields[4]))
			return ok && got == want
		}) {
			t.Fatalf("no candidate reads %q as %s does", fields[4], layout)
		}
	}
	if !slices.Contains(forms, record.NumberForm{Decimal: s.opts.Dialect.Decimal, Group: s.opts.Dialect.Group}) {
		t.Fatalf("its form is not among %v", forms)
	}
}

// spell writes a customer in one of the ways that mean the same.
func spell(t *rapid.T, customer string) string {
	ways := []string{customer, " " + customer, customer + "\u00a0", "\ufeff" + customer, "\u200b" + customer + "\u2009"}
	switch {
	case customer == "":
		ways = append(ways, "NULL", `\N`, "n/a", "Guest")
	case strings.Contains(customer, "@"):
		ways = append(ways, strings.ToUpper(customer), "Ada@Shop.Example ")
	case customer == "17850":
		ways = append(ways, "17850.0", " 17850.0\u00a0")
	}
	return rapid.SampledFrom(ways).Draw(t, "spelling")
}
