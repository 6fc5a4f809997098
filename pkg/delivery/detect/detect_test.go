package detect_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/source"
)

// look writes files and looks at them as one delivery.
func look(t *testing.T, o detect.Options, texts ...string) (*detect.Found, error) {
	t.Helper()
	var where []string
	for i, text := range texts {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.csv", i))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		where = append(where, file)
	}
	return lookAt(t, o, strings.Join(where, "\n"))
}

func lookAt(t *testing.T, o detect.Options, where string) (*detect.Found, error) {
	t.Helper()
	at, err := source.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	d, err := source.Open(t.Context(), at, source.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	return detect.Look(t.Context(), d, o)
}

// shop is how a delivery is written.
type shop struct {
	sep, time, price, quantity, customer, country string
	header, above                                 string
}

// lines writes n lines of a shop. In price, %d is the line's number; the time is of day i%28 + 1 of month i%12 + 1, hour i%24.
func (s shop) lines(n int) string {
	if s.sep == "" {
		s.sep = ","
	}
	var b strings.Builder
	head := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
	if s.header != "" {
		head = s.header
	}
	b.WriteString(s.above + strings.ReplaceAll(head, ",", s.sep) + "\n")
	for i := range n {
		or := func(v, otherwise string) string {
			if v == "" {
				return otherwise
			}
			if strings.Contains(v, "%") {
				v = fmt.Sprintf(v, i)
			}
			return v
		}
		stamp := fmt.Sprintf("2023-%02d-%02d %02d:30:00", i%12+1, i%28+1, i%24)
		if s.time != "" {
			stamp = strings.NewReplacer("DD", fmt.Sprintf("%02d", i%28+1), "MM", fmt.Sprintf("%02d", i%12+1), "hh", fmt.Sprintf("%02d", i%24)).Replace(s.time)
		}
		fields := []string{fmt.Sprint(500000 + i), fmt.Sprint(22000 + i%40), "ITEM", or(s.quantity, "2"), stamp, or(s.price, "2.55"), or(s.customer, "12%03d"), or(s.country, "France")}
		for j, f := range fields {
			if strings.Contains(f, s.sep) {
				fields[j] = `"` + f + `"`
			}
		}
		b.WriteString(strings.Join(fields, s.sep) + "\n")
	}
	return b.String()
}

func TestLook(t *testing.T) {
	for name, c := range map[string]struct {
		shop shop
		want string
	}{
		"as the demo":          {shop{}, `separator comma, decimal point, date_layout "2006-01-02 15:04:05"`},
		"German":               {shop{sep: ";", time: "DD.MM.2023 hh:30", price: "2,5%d"}, `separator semicolon, decimal comma, date_layout "2.1.2006 15:04"`},
		"tabs":                 {shop{sep: "\t"}, `separator tab, decimal point, date_layout "2006-01-02 15:04:05"`},
		"pipes":                {shop{sep: "|"}, `separator pipe, decimal point, date_layout "2006-01-02 15:04:05"`},
		"carets, by a hint":    {shop{sep: "^", above: "sep=^\r\n"}, `separator ^, decimal point, date_layout "2006-01-02 15:04:05"`},
		"thousands":            {shop{price: "1,2%02d.50"}, `separator comma, decimal point, group comma, date_layout "2006-01-02 15:04:05"`},
		"German thousands":     {shop{sep: ";", price: "1.2%02d,50"}, `separator semicolon, decimal comma, group point, date_layout "2006-01-02 15:04:05"`},
		"Swiss thousands":      {shop{price: "1'2%02d.50"}, `separator comma, decimal point, group apostrophe, date_layout "2006-01-02 15:04:05"`},
		"French thousands":     {shop{sep: ";", price: "1\u202f2%02d,50 €"}, `encoding utf-8, separator semicolon, decimal comma, group space, date_layout "2006-01-02 15:04:05"`},
		"Polish prices":        {shop{sep: ";", price: "1 2%02d,50 zł"}, `encoding utf-8, separator semicolon, decimal comma, group space, date_layout "2006-01-02 15:04:05"`},
		"without signs":        {shop{time: "2023MMDDThh3000Z"}, `separator comma, decimal point, date_layout "20060102T150405Z07:00"`},
		"as C writes times":    {shop{time: "Mon Feb DD hh:30:00 2023"}, `separator comma, decimal point, date_layout "Mon Jan _2 15:04:05 2006"`},
		"whole prices":         {shop{price: "%d"}, `separator comma, date_layout "2006-01-02 15:04:05"`},
		"kilograms":            {shop{quantity: "0.%03d"}, `separator comma, decimal point, date_layout "2006-01-02 15:04:05"`},
		"day first":            {shop{time: "DD/MM/2023 hh:30"}, `separator comma, decimal point, date_layout "2/1/2006 15:04"`},
		"month first":          {shop{time: "MM/DD/2023 hh:30"}, `separator comma, decimal point, date_layout "1/2/2006 15:04"`},
		"with a zone":          {shop{time: "2023-MM-DDThh:30:00Z"}, `separator comma, decimal point, date_layout "2006-1-2T15:04:05Z07:00"`},
		"month names":          {shop{time: "DD-Feb-2023 hh:30"}, `separator comma, decimal point, date_layout "2-Jan-2006 15:04"`},
		"cp1252":               {shop{country: "R\xe9union"}, `encoding windows-1252, separator comma, decimal point, date_layout "2006-01-02 15:04:05"`},
		"UTF-8":                {shop{country: "Réunion"}, `encoding utf-8, separator comma, decimal point, date_layout "2006-01-02 15:04:05"`},
		"nobody is 0.0":        {shop{customer: "0.0", country: "Land %d"}, `separator comma, decimal point, date_layout "2006-01-02 15:04:05", missing 0.0`},
		"nobody is customer 0": {shop{customer: "0", country: "Land %d"}, `separator comma, decimal point, date_layout "2006-01-02 15:04:05", missing 0`},
		"a wholesaler":         {shop{customer: "12346", country: "Malta"}, `separator comma, decimal point, date_layout "2006-01-02 15:04:05"`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := look(t, detect.Options{}, c.shop.lines(100))
			if err != nil {
				t.Fatal(err)
			}
			if got := found.Reading.String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var o = found.Reading
			if problems := o.Problems(); len(problems) > 0 {
				t.Errorf("what was found cannot be stated: %v", problems)
			}
		})
	}
}

// In every encoding the sign of a currency is the same, and so are names of months with an umlaut.
func TestLookInAnotherEncoding(t *testing.T) {
	text := shop{sep: ";", price: "2,5%d \x80", time: "DD. M\xe4rz 2023 hh:30"}.lines(100)
	found, err := look(t, detect.Options{}, text)
	if err != nil {
		t.Fatal(err)
	}
	const want = `encoding windows-1252, separator semicolon, decimal comma, date_layout "2. Jan 2006 15:04"`
	if got := found.Reading.String(); got != want || found.Currency != "EUR" {
		t.Errorf("got %s in %q, want %s in EUR", got, found.Currency, want)
	}
}

func TestLookRefuses(t *testing.T) {
	low := shop{time: "DD/05/2023 hh:30"}.lines(12)
	half := shop{time: "2023-DD-MM hh:30:00"}.lines(12) // days up to the twelfth, taken for months
	var late strings.Builder
	for line := range strings.SplitSeq(shop{time: "DD/MM/2023 hh:30"}.lines(28), "\n") {
		if f := strings.Split(line, ","); len(f) > 4 && f[4] >= "13/" && f[4] < "3" {
			late.WriteString(line + "\n")
		}
	}
	text := shop{time: "1/2/2023 0:00"}.lines(12) // the same, and the layout of the later days takes them
	for day := 1; day <= 12; day++ {
		text = strings.Replace(text, "1/2/2023", fmt.Sprintf("%d/%d/2023", day, day%9+1), 1)
	}
	for day := 13; day < 29; day++ {
		text += fmt.Sprintf("%d,22001,ITEM,2,%02d/%d/2023 09:30,2.55,12001,France\n", day, day%12+1, day)
	}
	for name, c := range map[string]struct {
		text string
		want error
		says []string
	}{
		"two layouts":    {low, detect.ErrDates, []string{"2/1/2006 15:04", "1/2/2006 15:04", "--date-layout", "nothing was stored"}},
		"no layout":      {shop{time: "the DD. of MM"}.lines(9), detect.ErrDates, []string{"no known layout", `"the 01. of 01"`}},
		"too narrow":     {shop{}.lines(20) + shop{time: "########"}.lines(20), detect.ErrDates, []string{"21 of 41", `"########"`, "too narrow"}},
		"two kinds":      {shop{}.lines(20) + shop{time: "day DD"}.lines(9), detect.ErrDates, []string{`"2006-01-02 15:04:05"`, `"day 01"`, "--date-layout"}},
		"half converted": {half + late.String(), detect.ErrHalfConverted, []string{"swapped day and month"}},
		"half and text":  {text, detect.ErrHalfConverted, []string{"1/2/2006 15:04", "has converted the first", "--date-layout="}},
		"no mark":        {strings.Join(strings.Split(shop{}.lines(9), ""), "\x00"), detect.ErrEncoding, []string{"UTF-16"}},
		"1,250":          {shop{sep: ";", price: "1,2%02d"}.lines(9), detect.ErrNumbers, []string{`"1,200"`, "--decimal=comma"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := look(t, detect.Options{}, c.text)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v and %+v, want %v", err, found, c.want)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q says nothing of %q", err, s)
				}
			}
		})
	}
}

// What is stated wins over what is kept, and that over the sample, unless it does not fit.
func TestStatedAndKept(t *testing.T) {
	german := shop{sep: ";", time: "DD.MM.2023 hh:30", price: "2,5%d"}.lines(60)
	low := shop{time: "DD/05/2023 hh:30"}.lines(12)
	kept := reading.Reading{Separator: "comma", Decimal: "point", DateLayout: "02/01/2006 15:04"}

	found, err := look(t, detect.Options{Kept: kept}, low)
	if err != nil || found.Reading.DateLayout != "02/01/2006 15:04" {
		t.Errorf("got %+v, %v", found, err)
	}
	found, err = look(t, detect.Options{Stated: reading.Reading{DateLayout: "1/2/2006 15:04"}, Kept: kept}, low)
	if err != nil || found.Reading.DateLayout != "1/2/2006 15:04" {
		t.Errorf("got %+v, %v", found, err)
	}
	_, err = look(t, detect.Options{Kept: kept}, german)
	if !errors.Is(err, detect.ErrReading) {
		t.Fatalf("got %v", err)
	}
	for _, s := range []string{"separator comma", "separator semicolon", "decimal point", "decimal comma", `"02/01/2006 15:04"`, `"2.1.2006 15:04"`} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q says nothing of %s", err, s)
		}
	}
	stated := reading.Reading{Separator: "semicolon", Decimal: "comma", DateLayout: "02.01.2006 15:04"}
	if found, err = look(t, detect.Options{Kept: kept, Stated: stated}, german); err != nil || found.Reading.Separator != "semicolon" {
		t.Errorf("got %+v, %v", found, err)
	}
	// Another order of day and month is another reading.
	if _, err = look(t, detect.Options{Kept: kept}, shop{time: "MM/DD/2023 hh:30"}.lines(60)); !errors.Is(err, detect.ErrReading) {
		t.Errorf("got %v", err)
	}
	// What has not been decided yet is open.
	if found, err = look(t, detect.Options{Kept: reading.Reading{Separator: "comma"}}, shop{price: "1,2%02d.50"}.lines(9)); err != nil || found.Reading.Group != "comma" {
		t.Errorf("got %+v, %v", found, err)
	}
}

// The days after the twelfth come behind the sample.
func TestReadOn(t *testing.T) {
	var b strings.Builder
	b.WriteString("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
	for range 30_000 {
		b.WriteString("500000,22007,ITEM,2,02/03/2023 10:30,2.55,12014,United Kingdom\n")
	}
	if _, err := look(t, detect.Options{}, b.String()); !errors.Is(err, detect.ErrDates) {
		t.Errorf("got %v", err)
	}
	b.WriteString("500000,22007,ITEM,2,02/13/2023 10:30,2.55,12014,United Kingdom\n")
	found, err := look(t, detect.Options{}, b.String())
	if err != nil || found.Reading.DateLayout != "1/2/2006 15:04" {
		t.Errorf("got %+v, %v", found, err)
	}
}

// Files from shops, each with one habit: all of them can be read, but for a column that a spreadsheet has half converted.
func TestCases(t *testing.T) {
	folder := os.Getenv("CLIENTELE_CASES")
	if folder == "" {
		t.Skip("CLIENTELE_CASES is not set: it names the folder of the shops' files")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in %s, %v", len(files), folder, err)
	}
	for _, file := range files {
		found, err := lookAt(t, detect.Options{}, file)
		switch half := filepath.Base(file) == "half.xlsx"; {
		case half && (err == nil || !strings.Contains(err.Error(), "day and month")):
			t.Errorf("%s: got %v", file, err)
		case !half && (err != nil || found.Reading.DateLayout == "" && found.Format == "delimited text"):
			t.Errorf("%s: got %+v, %v", file, found, err)
		}
	}
}

func TestZonesOfTimes(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		time, want string
		zone       *time.Location
	}{
		{"2023-MM-DD hh:30:00 EST", "2006-1-2 15:04:05 MST", nil},
		{"2023-MM-DD hh:30:00 CST", "2006-1-2 15:04:05 MST", chicago},
		{"Mon Jan DD 2023 hh:30:00 GMT+0100 (Central European Standard Time)", "Mon Jan 02 2006 15:04:05 GMT-0700 (MST)", nil},
	} {
		found, err := look(t, detect.Options{Zone: test.zone}, shop{time: test.time}.lines(40))
		if err != nil {
			t.Error(err)
		} else if found.Reading.DateLayout != test.want {
			t.Errorf("%s is read by %q", test.time, found.Reading.DateLayout)
		}
	}
	if _, err := look(t, detect.Options{}, shop{time: "2023-MM-DD hh:30:00 CST"}.lines(40)); !errors.Is(err, detect.ErrDates) || !strings.Contains(err.Error(), "CST is no zone that is known") {
		t.Errorf("times of one of three zones: %v", err)
	}
}
