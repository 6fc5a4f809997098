package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// outcomes reads delimited text and says of each record what it became: the line's values or the rules that it broke.
func outcomes(t *testing.T, text string, opts record.Options, say func(*record.Line) string) []string {
	t.Helper()
	var said []string
	for _, workers := range []int{1, 3} {
		opts.Workers, opts.Chunk = workers, 20*workers
		said = nil
		o, err := read(t, strings.NewReader(text), opts)
		if err != nil {
			t.Fatal(err)
		}
		lines, rejects := o.Lines, o.Rejects
		for n := int64(1); n <= o.Counts.Records; n++ {
			if len(lines) > 0 && lines[0].Record == n {
				l := lines[0]
				said = append(said, say(&record.Line{
					Time: l.Time, Quantity: l.Quantity, Price: l.Price, Amount: l.Amount, Invoice: []byte(l.Invoice), Code: []byte(l.Code),
					Description: []byte(l.Description), Customer: []byte(l.Customer), Country: []byte(l.Country), Status: []byte(l.Status),
				}))
				lines = lines[1:]
			} else {
				said = append(said, rejects[0].Rules)
				rejects = rejects[1:]
			}
		}
	}
	return said
}

func TestCustomersAsShopsWriteThem(t *testing.T) {
	for written, want := range map[string]string{
		"User12014@Mail.example": "user12014@mail.example", "\u00a012014\u00a0": "12014", "\ufeff12014.0\u200b": "12014", " \u200912014": "12014", "ÄNNE@x.example": "änne@x.example",
		"A@B@C": "A@B@C", "Ada": "Ada", "NULL": "", "null": "", `\N`: "", "N/A": "", "n.a.": "", "Consumidor final": "", "#N/A": "", "None": "", "nan": "", "NaN": "", "nil": "", "-": "", " Guest ": "", "Walk-In": "",
		"WALK-IN CUSTOMER": "", "Laufkunde": "", "Invité": "", "0": "0", "Guesthouse": "Guesthouse", "house account": "", "12E4": "12E4", "1E+9": "1E+9",
		"Cash sale": "", "NOT LOGGED IN": "", "...": "", "Anonym": "", "xxx": "", "Cashmere": "Cashmere", `=""12014.0""`: "12014", `=""""`: "", `=""`: `="`,
		"6.34001E+15": "!rounded_id", "6,34001E+15": "!rounded_id", "1e+16": "!rounded_id", "-1.5e+10": "!rounded_id", "A.E+15": "A.E+15",
	} {
		text := uci(fmt.Sprintf("1,2,a,1,%s,1,\"%s\",x", noon, written))
		got := outcomes(t, text, record.Options{Missing: []string{"House Account"}}, func(l *record.Line) string { return string(l.Customer) })
		if want = strings.TrimPrefix(want, "!"); got[0] != want {
			t.Errorf("%q: got %q, want %q", written, got[0], want)
		}
	}
}

// uci is UCI's header with records.
func uci(records ...string) string {
	return "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + strings.Join(records, "\n") + "\n"
}

func TestRoundedIDs(t *testing.T) {
	got := outcomes(t, uci(
		"1.2E+10,2,a,1,"+noon+",1,1,x", "1,5.01234E+12,a,1,"+noon+",1,1,x", "1,2,a,1,"+noon+",1,1,x"), record.Options{}, func(*record.Line) string { return "" })
	if diff := cmp.Diff([]string{"rounded_id", "rounded_id", ""}, got); diff != "" {
		t.Error(diff)
	}
	sheet := &rows{split(uci()), {"=1", "=2", "", "=1", "@2010-12-01T08:26:00", "=1", "=6340010000000000"}, {"=1", "=2", "", "=1", "@2010-12-01T08:26:00", "=1", "=634001000000000"}}
	o, err := readTables(t, record.Options{}, &record.Table{Name: "one", Dates: record.Dates1900, Rows: sheet})
	if err != nil || len(o.Lines) != 1 || len(o.Rejects) != 1 || o.Rejects[0].Rules != "rounded_id" {
		t.Errorf("%+v %v", o, err)
	}
}

func TestAmounts(t *testing.T) {
	for _, test := range []struct {
		columns, record string
		opts            record.Options
		want            string // quantity price amount
	}{
		{"Quantity,Amount", "3,32", record.Options{}, "3 10.666667 32.0000"},
		{"Quantity,Amount", "0.684,18.54", record.Options{}, "0.684 27.105263 18.5400"},
		{"Amount", "32.333333", record.Options{}, "1 32.3333 32.3333"},
		{"Quantity,Amount", "0,0", record.Options{}, "0 0.00 0.0000"},
		{"Quantity,Amount", "0,5", record.Options{}, "amount_mismatch"},
		{"Quantity,Amount", "1,x", record.Options{}, "bad_amount"},
		{"Quantity,Amount", "1,", record.Options{}, "bad_amount"},
		{"Quantity,Amount", "-2,-32", record.Options{}, "-2 16.00 -32.0000"},
		{"Quantity,Amount", "2,-32", record.Options{}, "2 -16.00 -32.0000"},
		{"Quantity,Amount", "1,99999999999999.9999", record.Options{}, "amount_out_of_range"},
		{"Quantity,Price,Amount", "3,10.67,32", record.Options{}, "3 10.67 32.0000"}, // the price is rounded to the cent
		{"Quantity,Price,Amount", "3,10.67,32.03", record.Options{}, "3 10.67 32.0300"},
		{"Quantity,Price,Amount", "3,10.67,32.04", record.Options{}, "amount_mismatch"},
		{"Quantity,Price,Amount", "3,32,32", record.Options{}, "amount_mismatch"}, // a total called a price
		{"Quantity,Price,Amount", "3,10.67,", record.Options{}, "3 10.67 32.0100"},
		{"Quantity,Price,Amount", "3,,32", record.Options{}, "3 10.666667 32.0000"},
		{"Quantity,Price,Amount", "3,,", record.Options{}, "bad_amount"},
		{"Quantity,Price,Amount", "x,y,z", record.Options{}, "bad_quantity,bad_price,bad_amount"},
		{"Quantity,Amount", `"1,000","£1,250.00"`, record.Options{Dialect: record.Dialect{Group: ','}}, "1000 1.25 1250.0000"},
		{"Quantity,Amount", `2,"1.250,50 €"`, record.Options{Dialect: record.Dialect{Decimal: ',', Group: '.'}, Currency: "EUR"}, "2 625.25 1250.5000"},
		{"Quantity,Amount", "2,$5", record.Options{Currency: "GBP"}, "other_currency"},
		{"Quantity,Price", "2,5 CHF", record.Options{Currency: "EUR"}, "other_currency"},
		{"Quantity,Price", "2,A$5", record.Options{Currency: "AUD"}, "2 5.00 0.0000"},
		{"Quantity,Price", "2,($5.00)", record.Options{Currency: "AUD"}, "2 -5.00 0.0000"},
		{"Quantity,Price", "2-,5", record.Options{}, "-2 5.00 0.0000"},
		{"Quantity,Price", "£2,5", record.Options{}, "bad_quantity"},
		{"Quantity,Price", "2,29.810000000000002", record.Options{}, "2 29.81 0.0000"},
		{"Quantity,Price", `2,"1,250"`, record.Options{}, "bad_price"},
	} {
		text := "InvoiceNo,StockCode,InvoiceDate,CustomerID," + test.columns + "\n1,2," + noon + ",7," + test.record + "\n"
		got := outcomes(t, text, test.opts, func(l *record.Line) string { return fmt.Sprint(l.Quantity, " ", l.Price, " ", l.Amount) })
		if got[0] != test.want {
			t.Errorf("%s %s: got %s, want %s", test.columns, test.record, got[0], test.want)
		}
	}
}

func TestColumnsThatAreOptional(t *testing.T) {
	say := func(l *record.Line) string {
		return fmt.Sprintf("%s|%s|%s|%v|%v|%s|%s|%s", l.Invoice, l.Code, l.Description, l.Quantity, l.Price, l.Customer, l.Country, l.Status)
	}
	for _, test := range []struct{ columns, header, record, want string }{
		{"", "Invoice,Stock Code,Quantity,Invoice Date,Price,Customer ID", "1,2,3," + noon + ",4,7", "1|2||3|4.00|7||"},
		{"", "Invoice,Description,Quantity,Invoice Date,Price,Customer ID", "1,Mug,3," + noon + ",4,7", "1|Mug|Mug|3|4.00|7||"},
		{"", "Invoice,Invoice Date,Amount,Customer ID", "1," + noon + ",4,7", "1|||1|4.00|7||"},
		{"", "Invoice,Description,Invoice Date,Amount,Customer ID", "1,," + noon + ",4,7", "missing_code"},
		{"code=", "Invoice,Stock Code,Description,Invoice Date,Amount,Customer ID", "1,x,y," + noon + ",4,7", "1||y|1|4.00|7||"},
		{"price=", "Invoice,Stock Code,Quantity,Invoice Date,Price,Customer ID,Amount", "1,2,3," + noon + ",99,7,12", "1|2||3|4.00|7||"},
		{"customer=", "Invoice,Stock Code,Quantity,Invoice Date,Price,Customer ID", "1,2,3," + noon + ",4,7", "1|2||3|4.00|||"},
		{"status=State+Kind", "Invoice,Stock Code,Quantity,Invoice Date,Price,Customer ID,Kind,State", "1,2,3," + noon + ",4,7,refund,", "1|2||3|4.00|7||refund"},
		{"status=State+Kind", "Invoice,Stock Code,Quantity,Invoice Date,Price,Customer ID,Kind,State", "1,2,3," + noon + ",4,7,refund,void ", "1|2||3|4.00|7||void"},
		{"invoice=Bill+Till", "Till,Bill,Stock Code,Quantity,Invoice Date,Price,Customer ID", " Leeds,1 ,2,3," + noon + ",4,7", "1@Leeds|2||3|4.00|7||"},
		{"invoice=Bill+Till", "Till,Bill,Stock Code,Quantity,Invoice Date,Price,Customer ID", ",1,2,3," + noon + ",4,7", "1@|2||3|4.00|7||"},
		{"invoice=Bill+Till", "Till,Bill,Stock Code,Quantity,Invoice Date,Price,Customer ID", "Leeds,,2,3," + noon + ",4,7", "missing_invoice"},
		{"invoice=Bill+Till", "Till,Bill,Stock Code,Quantity,Invoice Date,Price,Customer ID", "Leeds,7.00001E+11,2,3," + noon + ",4,7", "rounded_id"},
		{"time=Date+Clock", "Invoice,Stock Code,Quantity,Clock,Price,Customer ID,Date", "1,2,3,12:00:00,4,7,2011-01-01 ", "1|2||3|4.00|7||"},
		{"time=Date+Clock", "Invoice,Stock Code,Quantity,Date+Clock,Price,Customer ID", "1,2,3," + noon + ",4,7", "1|2||3|4.00|7||"},
		{"", "\"\ufeff_INVOICE_\",'Stock_Code',QUANTITY,invoice date,Price,customer\u00a0id", "1,2,3," + noon + ",4,7", "1|2||3|4.00|7||"},
	} {
		names, err := record.ParseColumnNames(test.columns)
		if err != nil {
			t.Fatal(err)
		}
		got := outcomes(t, test.header+"\n"+test.record+"\n", record.Options{Columns: names}, say)
		if got[0] != test.want {
			t.Errorf("%s %s: got %s, want %s", test.columns, test.header, got[0], test.want)
		}
	}
	for columns, want := range map[string]string{
		"":                     "no column for quantity, wanted Quantity",
		"quantity=Menge":       "no column for quantity, wanted Menge",
		"quantity=,customer=C": "no column for customer, wanted C",
		"time=Day+Clock":       "no column for time, wanted Day+Clock",
		"amount=Cost":          "no column for amount, wanted Cost",
	} {
		names, err := record.ParseColumnNames(columns)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = record.FindColumns(split("Invoice,StockCode,InvoiceDate,Price,CustomerID"), nil, names); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", columns, err, want)
		}
	}
}

// A record that lacks what its order's first one says gets it, whatever became of that one; one behind a record that cannot be
// read gets nothing of an order that may not be its own.
func TestRecordsCarryWhatTheirOrderSays(t *testing.T) {
	preset, err := record.ParsePreset("odoo")
	if err != nil {
		t.Fatal(err)
	}
	const header = "Order Reference,Order Date,Customer,Status,Order Lines/Product,Order Lines/Quantity,Order Lines/Unit Price\n"
	got := outcomes(t, header+
		"S1,"+noon+",Ada,sale,A,x,1\n,,,,B,1,1\n,,,,C,1,1\n"+ // the first of its order breaks a rule
		"S2,"+noon+",Bo,sale,A,1\n,,,,B,1,1\n"+ // the first cannot be cut
		"S3,"+noon+",,sale,A,1,1\nS3,,,done,B,1,1\nS4,,,,A,1,1\n", record.Options{Preset: preset},
		func(l *record.Line) string {
			return fmt.Sprintf("%s %s %s %s", l.Invoice, l.Code, l.Customer, l.Status)
		})
	want := []string{
		"bad_quantity", "S1 B Ada sale", "S1 C Ada sale",
		"wrong_fields", "missing_invoice,bad_time",
		"S3 A  sale", "S3 B  done", "bad_time",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestClocksInCells(t *testing.T) {
	names, err := record.ParseColumnNames("time=Date+Clock")
	if err != nil {
		t.Fatal(err)
	}
	header := split("Invoice,StockCode,Quantity,Price,CustomerID,Date,Clock")
	for _, test := range []struct{ date, clock, want string }{
		{"2010-12-01", "08:26:00", "2010-12-01T08:26:00"},
		{"=40513", "=0.351388888892", "2010-12-01T08:26:00"},
		{"=40513", "08:26", "2010-12-01T08:26:00"},
		{"=40513", "8:26 PM", "2010-12-01T20:26:00"},
		{"@2010-12-01T00:00:00", "@1970-01-01T08:26:00", "2010-12-01T08:26:00"},
		{"@2010-12-01T00:00:00", "", ""}, {"=40513", "=1.5", ""}, {"2010-12-01", "=0.5", ""}, {"", "=0.5", ""}, {"=40513", "noon", ""},
	} {
		sheet := &rows{{"1", "2", "=1", "=1", "7", test.date, test.clock}}
		o, err := readTables(t, record.Options{Columns: names}, &record.Table{Header: header, Dates: record.Dates1900, Rows: sheet})
		got := ""
		if len(o.Lines) == 1 {
			got = utc(o.Lines[0].Time).Format("2006-01-02T15:04:05")
		}
		if err != nil || got != test.want {
			t.Errorf("%s %s: got %q %v, want %q", test.date, test.clock, got, err, test.want)
		}
	}
}

// TestStoresThatCountForThemselves: an invoice's number and its store are one name, in a table as in text.
func TestStoresThatCountForThemselves(t *testing.T) {
	names, err := record.ParseColumnNames("invoice=Bill+Till")
	if err != nil {
		t.Fatal(err)
	}
	header := split("Till,Bill,StockCode,Quantity,InvoiceDate,Price,CustomerID")
	sheet := &rows{{"=2", "=700", "A", "=1", "2011-01-01 12:00:00", "=1", "7"}, {"", "=700", "A", "=1", "2011-01-01 12:00:00", "=1", "7"}}
	o, err := readTables(t, record.Options{Columns: names}, &record.Table{Header: header, Dates: record.Dates1900, Rows: sheet})
	if err != nil || len(o.Lines) != 2 || o.Lines[0].Invoice != "700@2" || o.Lines[1].Invoice != "700@" {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestWindows1252(t *testing.T) {
	text := uci("1,2,\x93\x80\x94 \xe9,1,"+noon+",\x805,1\xa0,x", "1,2,\x80,x,"+noon+",1,1,x")
	o, err := read(t, strings.NewReader(text), record.Options{Dialect: record.Dialect{Encoding: record.Windows1252}})
	if err != nil || len(o.Lines) != 1 || o.Lines[0].Description != "“€” é" || o.Lines[0].Price != 5_000_000 || o.Lines[0].Customer != "1" || o.Rejects[0].Raw != "1,2,€,x,"+noon+",1,1,x" {
		t.Errorf("%+v %v", o, err)
	}
	o, err = read(t, strings.NewReader(uci("1,2,a,1,"+noon+",\x805 x,1,x")), record.Options{Dialect: record.Dialect{Encoding: record.Windows1252}})
	if err != nil || !strings.Contains(fmt.Sprint(o.Counts.Examples), "€5 x") {
		t.Errorf("%+v %v", o, err)
	}
	for _, name := range []string{"windows-1252", "CP1252", "cp_1252"} {
		if e, err := record.ParseEncoding(name); err != nil || e.String() != "windows-1252" {
			t.Error(e, err)
		}
	}
}

func TestTimesAreTheShops(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	layout, err := record.ParseLayout("2006-01-02 15:04:05 -0700")
	if err != nil {
		t.Fatal(err)
	}
	got := outcomes(t, uci("1,2,a,1,2023-07-02 23:30:00 +0100,1,1,x"), record.Options{Layout: layout, Zone: zone}, func(l *record.Line) string {
		return utc(l.Time).Format("2006-01-02T15:04:05")
	})
	if got[0] != "2023-07-02T18:30:00" {
		t.Error(got)
	}
}

func TestOtherSpellings(t *testing.T) {
	for _, test := range []struct{ header, record, want string }{
		{"Rechnungs-Nr.;Artikel-Nr.;Bezeichnung;Menge;Rechnungsdatum;Einzelpreis;Kunden-Nr.;Land", "1;2;Tasse;3;01.02.2023;4,50;7;DE", "1 2 Tasse 3 4.50 7 DE 2023-02-01T00:00"},
		{"Bestellnummer;SKU;Artikel;Anzahl;Datum;Uhrzeit;Gesamtpreis;E-Mail", "1;2;Tasse;3;01.02.2023;13:33;13,50;a@b", "1 2 Tasse 3 4.50 a@b  2023-02-01T13:33"},
		{"Order ID;Product;Qty;Order Date;Total;Customer", "1;Mug;3;01.02.2023;13,50;7", "1 Mug Mug 3 4.50 7  2023-02-01T00:00"},
		{"N° commande;Référence;Désignation;Quantité;Date;Prix unitaire;N° client;Total", "1;2;Tasse;3;01.02.2023;4,50;7;99", "1 2 Tasse 3 4.50 7  2023-02-01T00:00"}, // a total beside a price may be anything
		{"Order;SKU;Qty;Time;Price;Customer", "1;2;3;01.02.2023;4,50;7", "1 2  3 4.50 7  2023-02-01T00:00"},
		{"Order ID;Invoice;SKU;Qty;Date;Unit Price;Email;Customer ID", "9;1;2;3;01.02.2023;4,50;a@b;7", "1 2  3 4.50 7  2023-02-01T00:00"}, // UCI's spellings first
	} {
		layout := "02.01.2006"
		if strings.Contains(test.header, "Uhrzeit") {
			layout += " 15:04"
		}
		l, err := record.ParseLayout(layout)
		if err != nil {
			t.Fatal(err)
		}
		opts := record.Options{Layout: l, Dialect: record.Dialect{Separator: ';', Decimal: ','}}
		got := outcomes(t, test.header+"\n"+test.record+"\n", opts, func(l *record.Line) string {
			return fmt.Sprintf("%s %s %s %v %v %s %s %s", l.Invoice, l.Code, l.Description, l.Quantity, l.Price, l.Customer, l.Country, utc(l.Time).Format("2006-01-02T15:04"))
		})
		if got[0] != test.want {
			t.Errorf("%s: got %q, want %q", test.header, got[0], test.want)
		}
	}
	_, err := record.FindColumns(split("Belegnr,Artikel,Menge,Datum,Netto"), nil, nil)
	if err == nil || !strings.Contains(err.Error(), "found the columns Belegnr, Artikel, Menge, Datum, Netto") {
		t.Error(err)
	}
}
