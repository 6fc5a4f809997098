package text_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
	"github.com/clientele/clientele/pkg/delivery/text"
)

// read reads a text and checks what holds for every text: see gather.
func read(t recordtest.Fataler, src io.Reader, opts record.Options) (recordtest.Outcome, error) {
	return recordtest.Gather(t, func(sink func(*record.Block) error) (record.Counts, error) {
		return text.Read(context.Background(), src, opts, sink)
	})
}

func TestReadAcceptsAsWritten(t *testing.T) {
	text := "\xef\xbb\xbf\r\n" + "Country,Extra,invoice_no,Stock Code,DESCRIPTION,Quantity,InvoiceDate,Price,Customer ID\r\n" +
		"\r\n" +
		`France,x, 536370 ,22728,"ALARM ""RED"", small` + "\n" + `two lines",+24.0,2010-12-01 08:45:00.25, 3.7500 ,12583,` + "\r\n" +
		"France,\"\xff\",C536379,d,12\" RULER,-1,2010-12-01 09:41:00,-27.5,14527.0\n" +
		",,a563185,B,,1,2011-08-12 14:50:00,-11062.06,"
	text = strings.Replace(text, "12583,\r\n", "12583\r\n", 1)
	want := []recordtest.Line{
		{Record: 1, Time: stamp(t, "2010-12-01T08:45:00.25"), Quantity: 24_000, Price: 3_750_000, Invoice: " 536370 ", Code: "22728", Description: "ALARM \"RED\", small\ntwo lines", Customer: "12583", Country: "France"},
		{Record: 2, Time: stamp(t, "2010-12-01T09:41:00"), Quantity: -1_000, Price: -27_500_000, Invoice: "C536379", Code: "d", Description: `12" RULER`, Customer: "14527", Country: "France"},
		{Record: 3, Time: stamp(t, "2011-08-12T14:50:00"), Quantity: 1_000, Price: -11_062_060_000, Invoice: "a563185", Code: "B"},
	}
	for chunk := 1; chunk < 40; chunk++ {
		o, err := read(t, strings.NewReader(text), record.Options{Chunk: chunk})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, o.Lines); diff != "" || len(o.Rejects) > 0 {
			t.Fatalf("chunks of %d: %v\n%s", chunk, o.Rejects, diff)
		}
	}
}

func stamp(t testing.TB, s string) int64 {
	t.Helper()
	l, err := record.ParseLayout("2006-01-02T15:04:05")
	if err != nil {
		t.Fatal(err)
	}
	v, ok := l.Parse([]byte(s))
	if !ok {
		t.Fatalf("bad time %s", s)
	}
	return v
}

func TestReadNamesEveryRule(t *testing.T) {
	tests := []struct{ name, record, rules, raw string }{
		{"too few fields", "a,b,c", "wrong_fields", "a,b,c"},
		{"too many fields", strings.TrimSpace(recordtest.Good) + ",,x", "wrong_fields", strings.TrimSpace(recordtest.Good) + ",,x"},
		{"too many fields, the last one quoted", strings.TrimSpace(recordtest.Good) + `,","`, "wrong_fields", strings.TrimSpace(recordtest.Good) + `,","`},
		{"fields cannot be told, so no other rule", "a,b,\xffc", "wrong_fields,bad_encoding", `a,b,\xffc`},
		{"text behind a quote", `1,2,"a"b,1,2010-12-01 08:26:00,1,1,x`, "bad_quote", `1,2,"a"b,1,2010-12-01 08:26:00,1,1,x`},
		{"lone quote at the end", `1,2,"a,1,2010-12-01 08:26:00,1,1,x`, "wrong_fields,unterminated_quote", `1,2,"a,1,2010-12-01 08:26:00,1,1,x`},
		{"blank invoice and code", " ,\t,a,1,2010-12-01 08:26:00,1,1,x", "missing_invoice,missing_code", " ,\t,a,1,2010-12-01 08:26:00,1,1,x"},
		{"all the numbers", "1,2,a,NaN,01/12/2010 08:26,1e3,1,x", "bad_quantity,bad_time,bad_price", "1,2,a,NaN,01/12/2010 08:26,1e3,1,x"},
		{"parts of a thing", "1,2,a,1.0625,2010-12-01 08:26:00,1.2345678,1,x", "fractional_quantity,price_decimals", "1,2,a,1.0625,2010-12-01 08:26:00,1.2345678,1,x"},
		{"product too large", "1,2,a,1000000,2010-12-01 08:26:00,1000000000,1,x", "amount_out_of_range", "1,2,a,1000000,2010-12-01 08:26:00,1000000000,1,x"},
		{"encoding, and the rest", "1,2,a\\\xe9\xc3\xa9,1,,1,1,x", "bad_encoding,bad_time", `1,2,a\\\xe9é,1,,1,1,x`},
		{"empty fields", ",,,,,,,", "missing_invoice,missing_code,bad_quantity,bad_time,bad_price", ",,,,,,,"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, err := read(t, strings.NewReader(recordtest.Header+recordtest.Good+test.record+"\n"), record.Options{Chunk: 7})
			if err != nil {
				t.Fatal(err)
			}
			want := []recordtest.Reject{{Record: 2, Rules: test.rules, Raw: test.raw}}
			if diff := cmp.Diff(want, o.Rejects); diff != "" || len(o.Lines) != 1 {
				t.Errorf("%d lines\n%s", len(o.Lines), diff)
			}
		})
	}
}

func TestReadExamplesSayWhere(t *testing.T) {
	text := recordtest.Header + "\n" + `1,2,"two` + "\n" + `lines",x,2010-12-01 08:26:00,1,1,x` + "\n" + "1,2\n1,2,a,y,2010-12-01 08:26:00,1,\xff,x\n"
	o, err := read(t, strings.NewReader(text), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, e := range o.Counts.Examples {
		if e.Record > 0 {
			got = append(got, fmt.Sprintf("%s %d: %s", record.Checks[i].Name, o.Counts.Broken[i], e))
		}
	}
	want := []string{
		"wrong_fields 1: line 5: 2 fields, the header has 8",
		"bad_encoding 1: line 6, column CustomerID", // never the customer's id
		`bad_quantity 2: line 3, column Quantity: "x"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadRecoversFromALoneQuote(t *testing.T) {
	const limit = 300
	lone := `1,2,"no end,1,2010-12-01 08:26:00,1,1,x` + "\n"
	two := `1,2,"two` + "\n" + `lines",1,2010-12-01 08:26:00,1,1,x` + "\n" // behind the window a field may have two lines again
	text := recordtest.Header + recordtest.Good + lone + strings.Repeat(recordtest.Good, 2) + `1,2,"",1,2010-12-01 08:26:00,1,1,x` + "\n" + recordtest.Good + strings.Repeat(recordtest.Good, 10) + two
	for _, chunk := range []int{1, 2, 3, 7, 64, 299, 300, 301, 1000, 1 << 20} {
		o, err := read(t, strings.NewReader(text), record.Options{Chunk: chunk, MaxRecord: limit})
		if err != nil {
			t.Fatal(err)
		}
		// The quotes of the empty description are one escaped quote inside the field that the lone one opened, so the record
		// does not end within its bound. Line by line every other one is good again.
		want := []recordtest.Reject{{Record: 2, Rules: "wrong_fields,unterminated_quote", Raw: strings.TrimSpace(lone)}}
		if diff := cmp.Diff(want, o.Rejects); diff != "" || len(o.Lines) != 1+2+1+1+10+1 {
			t.Fatalf("chunks of %d: %d lines\n%s", chunk, len(o.Lines), diff)
		}
	}
}

func TestReadTakesARecordOfExactlyTheBound(t *testing.T) {
	const limit = 200
	for _, over := range []int{0, 1} {
		head, tail := "1,2,\"two\n", "\",1,2010-12-01 08:26:00,1,1,x"
		rec := head + strings.Repeat("y", limit+over-len(head)-len(tail)) + tail
		for _, text := range []string{recordtest.Header + rec, recordtest.Header + rec + "\n", recordtest.Header + rec + "\n" + recordtest.Good, recordtest.Header + recordtest.Good + rec + "\n"} {
			for chunk := 1; chunk < 2*limit; chunk++ {
				o, err := read(t, strings.NewReader(text), record.Options{Chunk: chunk, MaxRecord: limit})
				if err != nil {
					t.Fatal(err)
				}
				if len(o.Rejects) != 2*over { // over the bound its two lines are records that each lack something
					t.Fatalf("%d bytes in chunks of %d: %v", len(rec), chunk, o.Rejects)
				}
			}
		}
	}
}

func TestReadBoundsARecord(t *testing.T) {
	long := "1,2," + strings.Repeat("é", 100_000) + ",1,2010-12-01 08:26:00,1,1,x"
	text := recordtest.Header + recordtest.Good + long + "\r\n" + recordtest.Good
	var first recordtest.Outcome
	for i, chunk := range []int{1000, 4096, 100_000, 1 << 20} {
		src := iotest.OneByteReader(strings.NewReader(text))
		if chunk > 1000 {
			src = strings.NewReader(text)
		}
		o, err := read(t, src, record.Options{Chunk: chunk, MaxRecord: 5000})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = o
		}
		if diff := cmp.Diff(first, o); diff != "" {
			t.Fatal(diff)
		}
	}
	r := first.Rejects
	if len(r) != 1 || r[0].Rules != "record_too_long" || r[0].Record != 2 || len(first.Lines) != 2 {
		t.Fatalf("got %v", r)
	}
	// 4 + 2 × 100,000 + 30 bytes; the hash is that of the whole record without its line end (sha256sum).
	if raw := r[0].Raw; len(raw) > record.MaxRaw+100 || !strings.Contains(raw, fmt.Sprintf("é… (%d bytes, sha256 ", len(long))) {
		t.Errorf("raw text is %d bytes: …%s", len(raw), raw[max(0, len(raw)-120):])
	}
}

func TestReadLatin1(t *testing.T) {
	// C3 A9 is "Ã©" in ISO-8859-1, although it would be a good é in UTF-8.
	text := recordtest.Header + "1,2,\xa3 \xc3\xa9,1,2010-12-01 08:26:00,1,1,Cura\xe7ao\n" + "1,2,\"\xa3\"\"\",x,2010-12-01 08:26:00,1,1,x\n"
	o, err := read(t, strings.NewReader(text), record.Options{Dialect: record.Dialect{Encoding: record.Latin1}})
	if err != nil {
		t.Fatal(err)
	}
	want := recordtest.Outcome{
		Lines:   []recordtest.Line{{Record: 1, Time: stamp(t, "2010-12-01T08:26:00"), Quantity: 1_000, Price: 1_000_000, Invoice: "1", Code: "2", Description: "£ Ã©", Customer: "1", Country: "Curaçao"}},
		Rejects: []recordtest.Reject{{Record: 2, Rules: "bad_quantity", Raw: `1,2,"£""",x,2010-12-01 08:26:00,1,1,x`}},
		Counts:  o.Counts,
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Error(diff)
	}
}

func TestReadHidesCustomers(t *testing.T) {
	text := recordtest.Header + recordtest.Good + `1,2,"a",x,2010-12-01 08:26:00,1,"17850.0",UK` + "\n" + "1,2,17850\n" + "1,2,a,1,2010-12-01 08:26:00,1,,UK\n"
	o, err := read(t, strings.NewReader(text), record.Options{CustomerKey: []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	// printf 17850 | openssl dgst -sha256 -hmac secret
	const id = "367e23bbbb2a39ea44abe5275f76791ba7c33668efc3320523f9adbf2f255256"
	if len(o.Lines) != 2 || o.Lines[0].Customer != id || o.Lines[1].Customer != "" {
		t.Fatalf("got %+v", o.Lines)
	}
	want := []recordtest.Reject{
		{Record: 2, Rules: "bad_quantity", Raw: `1,2,"a",x,2010-12-01 08:26:00,1,` + id + ",UK"},
		// printf 1,2,17850 | sha256sum
		{Record: 3, Rules: "wrong_fields", Raw: "(9 bytes, sha256 0ab6a3a55ff5f34fc9e46ba13c739f3976a2076c215d029a0e8cd6a5c426a953)"},
	}
	if diff := cmp.Diff(want, o.Rejects); diff != "" {
		t.Error(diff)
	}
}

// Of a customer who is forgotten nothing is kept: not of a good record, not of one that breaks rules, and not of one in which it is not
// known where the customer is. The account still counts them.
func TestReadForgetsCustomers(t *testing.T) {
	text := recordtest.Header + recordtest.Good + `1,2,"a",x,2010-12-01 08:26:00,1,"17850.0",UK` + "\n" + "1,2,17850\n" + "1,2,178501\n" + "1,2,a,1,2010-12-01 08:26:00,1,13047,UK\n"
	o, err := read(t, strings.NewReader(text), record.Options{Forgotten: func(id string) bool { return id == "17850" }})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Lines) != 1 || o.Lines[0].Customer != "13047" {
		t.Fatalf("got %+v", o.Lines)
	}
	want := []recordtest.Reject{
		{Record: 1, Rules: "forgotten"}, {Record: 2, Rules: "forgotten"}, {Record: 3, Rules: "forgotten"}, {Record: 4, Rules: "wrong_fields", Raw: "1,2,178501"},
	}
	if diff := cmp.Diff(want, o.Rejects); diff != "" {
		t.Error(diff)
	}
	if o.Counts.Records != 5 || o.Counts.RejectedLines != 4 || o.Counts.ForgottenLines != 3 || o.Counts.ForgottenAmount == 0 {
		t.Errorf("counts %+v", o.Counts)
	}
}

// Columns named wrongly put customers where something else is looked for.
func TestReadShowsNoCustomer(t *testing.T) {
	text := recordtest.Header + "1,2,a,x5,2010-12-01 08:26:00,1,17850,UK\n"
	for columns, want := range map[string]string{
		"time=CustomerID,customer=InvoiceDate":                                   "line 2, column CustomerID",
		"quantity=CustomerID,customer=Quantity,time=UnitPrice,price=InvoiceDate": `line 2, column UnitPrice: "#"`,
	} {
		names, err := record.ParseColumnNames(columns)
		if err != nil {
			t.Fatal(err)
		}
		o, err := read(t, strings.NewReader(text), record.Options{Columns: names, CustomerKey: []byte("secret")})
		if err != nil {
			t.Fatal(err)
		}
		shown := ""
		for i, e := range o.Counts.Examples {
			if e.Record > 0 && record.Checks[i].Name == "bad_time" {
				shown = e.String()
			}
		}
		if shown != want {
			t.Errorf("%s shows %q, want %q", columns, shown, want)
		}
	}
}

func TestReadHeader(t *testing.T) {
	tests := []struct{ name, text, columns, want string }{
		{"empty", "", "", "the source is empty"},
		{"only empty lines and a mark", "\xef\xbb\xbf\r\n\n", "", "the source is empty"},
		{"a column is missing", strings.Replace(recordtest.Header, "UnitPrice", "Cost", 1), "", "read header: no column for price, wanted UnitPrice or Price; found the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, Cost, CustomerID, Country"},
		{"a column is there twice", "Invoice," + recordtest.Header, "", "read header: 2 columns for invoice (positions 1 and 2), wanted one of InvoiceNo or Invoice; found the columns Invoice, InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country"},
		{"one column for two fields", recordtest.Header, "code=InvoiceNo", "read header: column InvoiceNo matches both invoice and code; found the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country"},
		{"another separator", strings.ReplaceAll(recordtest.Header, ",", ";"), "", `its columns seem to be separated by ";"; its first line is not shown, because it does not look like the header of a delivery`},
		{"what is no name is not shown", strings.TrimSpace(recordtest.Header) + ",17850.0,api_key=s3cret,s3cret:1,-s3cret\n", "price=Cost", "UnitPrice, CustomerID, Country, #9, #10, #11, #12"},
		{"lines that end in CR alone", strings.ReplaceAll(recordtest.Header+recordtest.Good+recordtest.Good, "\n", "\r"), "",
			"read header: its lines end in CR alone: write them with LF or CRLF; found the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country"},
		{"a quote without end", `"InvoiceNo`, "", "it has not ended after 10 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			names, err := record.ParseColumnNames(test.columns)
			if err != nil {
				t.Fatal(err)
			}
			_, err = read(t, strings.NewReader(test.text), record.Options{Columns: names, Chunk: 5})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	for name, text := range map[string]string{
		"no header, but a customer": "536365,85123A,s3cret,17850.0\n",
		"an environment":            "HOME=/\x00CLIENTELE_CUSTOMER_KEY=s3cret\x00SOURCE_HEADER=Authorization: Bearer s3cret\x00",
		"a key in JSON":             `{"type": "service_account","private_key_id": "s3cret",s3cret,"token_uri": "https://a"}`,
		"a key in PEM":              "-----BEGIN s3cret-----\ns3cret\n",
		"two columns of a delivery": "Invoice,Country,s3cret\n",
		"a password alone":          "s3cret",
		"lines that end in CR":      "s3cret\rs3cret\r",
		"no end":                    `"s3cret`,
	} {
		for _, columns := range []string{"", `invoice={"type": "service_account",code="token_uri": "https://a",customer=536365,country=85123A`} {
			names, err := record.ParseColumnNames(columns)
			if err != nil {
				t.Fatal(err)
			}
			_, err = read(t, strings.NewReader(text), record.Options{Columns: names})
			var h *record.HeaderError
			if !errors.As(err, &h) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: a HeaderError must not show what is no delivery: %v", name, err)
			}
		}
	}
	for _, text := range []string{strings.TrimSpace(recordtest.Header), recordtest.Header, recordtest.Header + "\n\r\n"} {
		o, err := read(t, strings.NewReader(text), record.Options{})
		if err != nil || o.Counts.Records != 0 {
			t.Errorf("%q: %v, %v", text, o.Counts.Records, err)
		}
	}
	names, err := record.ParseColumnNames("invoice=Bill, price = cost")
	if err != nil || names.String() != "invoice=Bill,price=cost" {
		t.Fatal(names, err)
	}
	mapped := strings.NewReplacer("InvoiceNo", "Old,BILL", "UnitPrice", "Cost").Replace(recordtest.Header) + "," + recordtest.Good
	if o, err := read(t, strings.NewReader(mapped), record.Options{Columns: names}); err != nil || len(o.Lines) != 1 {
		t.Errorf("mapped columns: %d lines, %v", len(o.Lines), err)
	}
	for _, bad := range []string{"invoice", "bill=Bill", "code=a,code=b"} {
		if _, err := record.ParseColumnNames(bad); err == nil {
			t.Errorf("ParseColumnNames(%q) took it", bad)
		}
	}
}

func TestReadHandsErrorsOn(t *testing.T) {
	boom := errors.New("boom")
	src := io.MultiReader(strings.NewReader(recordtest.Header+strings.Repeat(recordtest.Good, 1000)), iotest.ErrReader(boom))
	if _, err := read(t, src, record.Options{Chunk: 1000}); !errors.Is(err, boom) {
		t.Errorf("source: got %v", err)
	}
	_, err := text.Read(context.Background(), strings.NewReader(recordtest.Header+strings.Repeat(recordtest.Good, 1000)), record.Options{Chunk: 1000},
		func(*record.Block) error { return boom })
	if !errors.Is(err, boom) {
		t.Errorf("sink: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	blocks := 0
	_, err = text.Read(ctx, strings.NewReader(recordtest.Header+strings.Repeat(recordtest.Good, 10_000)), record.Options{Chunk: 1000},
		func(*record.Block) error { blocks++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || blocks > 1 {
		t.Errorf("cancelled: got %v after %d blocks", err, blocks)
	}
}

// TestRowsAgreeWithRead: what looks at a text cuts it into the records that are read, whatever quotes and line ends there are.
func TestRowsAgreeWithRead(t *testing.T) {
	const head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
	line := func(invoice, description string) string {
		return invoice + ",A1," + description + ",1,2010-12-01 08:26:00,2.5,17850,France"
	}
	for name, body := range map[string]string{
		"plain":            line("1", "CUP") + "\n" + line("2", "MUG") + "\n",
		"quotes":           line("1", `"CUP, ""BIG"""`) + "\r\n" + line("2", "\"two\nlines\"") + "\n\n" + line("3", "MUG"),
		"an inch":          line("1", `5" PIPE`) + "\n" + line("2", "MUG") + "\n",
		"a stray quote":    line("1", `"CUP`) + "\n" + line("2", "MUG") + "\n" + line("3", `"MUG`) + "\n" + line("4", "CUP") + "\n",
		"never closed":     line("1", "CUP") + "\n" + line("2", `"MUG`) + "\n" + line("3", "CUP") + "\n",
		"a row of its own": line("1", "CUP") + ",more\n" + line("2", "MUG") + "\n",
	} {
		for _, above := range []string{"", "Report\n\nof,all\n", "sep=,\n"} {
			var got []string
			r := text.NewRows(strings.NewReader(above+head+body), ',')
			header := false
			for row := (record.Row{}); r.ReadRow(&row) == nil; {
				if first := string(row.Cells[0].Text); header {
					got = append(got, first)
				} else {
					header = first == "InvoiceNo"
				}
			}
			o, err := read(t, strings.NewReader(above+head+body), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := make([]string, o.Counts.Records)
			for _, l := range o.Lines {
				want[l.Record-1] = l.Invoice
			}
			for _, r := range o.Rejects {
				want[r.Record-1], _, _ = strings.Cut(r.Raw, ",")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s below %q:\n%s", name, above, diff)
			}
		}
	}
}

// Columns that somebody has deleted in a spreadsheet leave empty fields behind: they do not count.
func TestEmptyFieldsBehindTheHeadersDoNotCount(t *testing.T) {
	for name, text := range map[string]string{
		"plain": line(1, "a"), "quoted": line(1, `"a, b"`), "CRLF": strings.ReplaceAll(line(1, "a"), "\n", "\r\n"), "quoted, CRLF": strings.ReplaceAll(line(1, `"a, b"`), "\n", "\r\n"),
		"last quoted": strings.ReplaceAll(line(1, "a"), "United Kingdom", `"United Kingdom"`),
	} {
		more := strings.Replace(strings.Replace(text, "Kingdom", "Kingdom,,,", 1), `Kingdom,,,"`, `Kingdom",,"",`, 1)
		want, err := read(t, strings.NewReader(recordtest.Header+text), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(t, strings.NewReader(recordtest.Header+more), record.Options{})
		if diff := cmp.Diff(want.Lines, got.Lines); err != nil || diff != "" || len(got.Lines) != 1 || len(got.Rejects) > 0 {
			t.Errorf("%s: %v %v\n%s", name, err, got.Rejects, diff)
		}
	}
}
