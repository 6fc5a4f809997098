package inspect

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/detect"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/profile"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/intake"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// german is an export of a spreadsheet in German, with guests and one record that breaks a check.
func german() string {
	var b strings.Builder
	b.WriteString("Beleg;Artikel;Bezeichnung;Menge;Datum;Preis;Kunde;Land\n")
	for i := range 60 {
		customer := fmt.Sprintf("K%04d", i%9)
		if i%10 == 0 {
			customer = ""
		}
		fmt.Fprintf(&b, "R%d;A%03d;Stift \"B\xfcro\";1,5;%02d.03.2024 10:%02d;1.299,90 \x80;%s;DE\n", 1000+i, i%7, i%28+1, i, customer)
	}
	b.WriteString("R9;A1;Stift;viele;01.03.2024 10:00;1,00;K1;DE\n")
	return b.String()
}

const germanColumns = "invoice=Beleg,code=Artikel,description=Bezeichnung,quantity=Menge,time=Datum,price=Preis,customer=Kunde,country=Land"

func config(t *testing.T, text string) Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lines.csv")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Config{intake.Config{Source: file, SourceTimeout: 120, Zone: "Europe/Berlin", Currency: "EUR"}}
}

func inspect(t *testing.T, c Config) (Result, error) {
	t.Helper()
	if err := c.Validate(); err != nil {
		return Result{}, err
	}
	return Run(t.Context(), c, task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir()})
}

func TestInspect(t *testing.T) {
	c := config(t, german())
	c.Columns = germanColumns
	c.Profile = filepath.Join(t.TempDir(), "shop.toml")
	r, err := inspect(t, c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Records != 61 || r.Accepted != 60 || r.Rejected != 1 || r.Looked != 60 || r.Money.String() != "116991.0000" || r.First.String() != "2024-03-01" || r.Last.String() != "2024-03-28" {
		t.Errorf("got %+v", r)
	}
	want := map[string]string{"encoding": "windows-1252", "separator": "semicolon", "decimal": "comma", "group": "point", "date_layout": "2.1.2006 15:04", "invoice": "number", "discounts": "drop", "zone": "Europe/Berlin", "customer": "A9999"}
	stakes := map[string]string{ // 1.5 × 1,299.90 a line, all with an umlaut and a thousand
		"encoding": "60 116991.0000", "group": "60 116991.0000", "date_layout": "60 116991.0000", "columns": "60 116991.0000", "zone": "60 116991.0000",
		"missing": "0 0.0000", "preset": "0 0.0000",
	}
	for _, d := range r.Decisions {
		if w, ok := want[d.Part]; ok && d.Value != w {
			t.Errorf("%s is %q, want %q", d.Part, d.Value, w)
		}
		delete(want, d.Part)
		if d.Why == "" || d.Change == "" {
			t.Errorf("%+v says neither why nor what changes it", d)
		}
		if about, ok := stakes[d.Part]; ok && fmt.Sprint(d.Lines, " ", d.Money) != about {
			t.Errorf("%s is about %d lines, %s, want %s", d.Part, d.Lines, d.Money, about)
		}
		if d.Lines > 0 && (len(d.Examples) == 0 || len(d.Examples) > 3) {
			t.Errorf("%s has the examples %q", d.Part, d.Examples)
		}
		if d.Part == "customer" && (d.Lines != 6 || d.Money.String() != "11699.1000") {
			t.Errorf("guests: got %d lines, %s", d.Lines, d.Money)
		}
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
	var page bytes.Buffer
	if err := Print(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"61, of which 1 break a check", "2024-03-01 to 2024-03-28", "bad_quantity", "--date-layout, read.date_layout", "date_layout = \"2.1.2006 15:04\"", "written to " + c.Profile} {
		if !strings.Contains(page.String(), s) {
			t.Errorf("the page says nothing of %q:\n%s", s, page.String())
		}
	}
	if strings.Contains(page.String(), "K0001") {
		t.Error("a customer's id is on the page")
	}

	// The profile that was written is one, and what it states is read so without a flag.
	text, err := os.ReadFile(c.Profile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Parse(text); err != nil || string(text) != r.Profile {
		t.Errorf("%v: %s", err, text)
	}
	c.Columns = ""
	again, err := inspect(t, c)
	if err != nil || again.Money != r.Money || again.WrittenTo != "" {
		t.Errorf("got %+v, %v", again, err)
	}
	for _, d := range again.Decisions {
		if d.Part == "decimal" && d.From != detect.FromStated {
			t.Errorf("got %+v", d)
		}
	}
	if after, err := os.ReadFile(c.Profile); err != nil || !bytes.Equal(after, text) {
		t.Errorf("the profile was written over: %v", err)
	}
}

// TestStakes: a decision is about the lines that it changes, and says what they would be otherwise.
func TestStakes(t *testing.T) {
	var b strings.Builder
	b.WriteString("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n")
	for i := range 100 {
		customer, price, text := fmt.Sprint(100+i%20), "2.50", "PEN"
		switch i % 4 {
		case 0:
			customer = "0"
		case 1:
			price, text = `"1,200.00"`, "CRÈME"
		}
		fmt.Fprintf(&b, "%d,%d,%s,2,2024-03-%02d 10:00,%s,%s,Land %d\n", 1000+i, 22000+i%7, text, i%28+1, price, customer, i%6)
	}
	r, err := inspect(t, config(t, b.String()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"missing":  "25 125.0000 0",                                      // every fourth line, 2 × 2.50
		"group":    "25 60000.0000 1,200.00",                             // every fourth, 2 × 1,200
		"encoding": "25 60000.0000 CRÈME",                                // the same
		"customer": "25 125.0000 999",                                    // nobody's lines
		"columns":  "100 60375.0000 1000: 2 × 22000 at 2.50 = 5.0000 on", // all: 25 × 2,400 + 75 × 5
		"currency": "100 60375.0000 2.50",
		"zone":     "100 60375.0000 1 March 2024 10:00",
	}
	for _, d := range r.Decisions {
		w, ok := want[d.Part]
		if !ok {
			continue
		}
		delete(want, d.Part)
		if got := fmt.Sprint(d.Lines, " ", d.Money, " ", strings.Join(d.Examples, " · ")); !strings.HasPrefix(got, w) {
			t.Errorf("%s: got %s, want %s", d.Part, got, w)
		}
		if len(d.Alternatives) == 0 && d.Part != "columns" {
			t.Errorf("%s has no alternative", d.Part)
		}
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
}

func TestInspectRefuses(t *testing.T) {
	lines := func(stamp string) string {
		return "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" + strings.Repeat("1,22007,ITEM,2,"+stamp+",2.55,12014,UK\n", 20)
	}
	for name, c := range map[string]struct {
		text, cause string
		code        int
	}{
		"two layouts":     {lines("01/02/2024 10:00"), "date_layout_ambiguous", fault.ExitBadData},
		"no delivery":     {"a secret\n", "columns", fault.ExitBadData},
		"an empty source": {"", "empty", fault.ExitBadData},
	} {
		t.Run(name, func(t *testing.T) {
			in := config(t, c.text)
			in.Profile = filepath.Join(t.TempDir(), "shop.toml")
			_, err := inspect(t, in)
			if v := fault.Judge(err); err == nil || v.Code != c.code || v.Cause != c.cause {
				t.Errorf("got %v, %+v", err, v)
			}
			if _, err := os.Stat(in.Profile); err == nil {
				t.Error("a profile was written")
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
		})
	}
	c := config(t, "")
	c.Source, c.Zone, c.Day = "", "x", "today"
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three problems at once: got %v", err)
	}
}

// Orders with items in a table of BigQuery, in two currencies: how they would be read, and what each currency comes to.
func TestInspectTable(t *testing.T) {
	dataset := warehousetest.Start(t)
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".orders` AS "+
		"SELECT 'o1' AS order_id, DATE '2024-03-01' AS order_date, 'k1' AS customer_id, 'EUR' AS currency, [STRUCT('a' AS sku, 2 AS qty, NUMERIC '1.50' AS price), STRUCT('b' AS sku, 1 AS qty, NUMERIC '4' AS price)] AS items "+
		"UNION ALL SELECT 'o2', DATE '2024-03-02', 'k2', 'USD', [STRUCT('a' AS sku, 10 AS qty, NUMERIC '1' AS price)]")
	rates := filepath.Join(t.TempDir(), "rates.csv")
	if err := os.WriteFile(rates, []byte("date,currency,rate\n2024-03-01,USD,0.92\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := config(t, "")
	c.Source, c.Columns = "bq://"+dataset+".orders", "invoice=order_id,time=order_date,customer=customer_id,currency=currency,code=items.sku,quantity=items.qty,price=items.price"
	currencies := func(r Result) string {
		for _, d := range r.Decisions {
			if d.Part == "currencies" {
				return fmt.Sprint(d.Lines, " ", d.Money, " ", d.Examples, " ", d.Why)
			}
		}
		return ""
	}
	r, err := inspect(t, c)
	if err != nil || r.Records != 3 || r.Accepted != 2 || currencies(r) != "1 0.0000 [USD 1 lines, 10.0000] ingest refuses them without --rates" {
		t.Errorf("%d records, %d accepted, %q, %v", r.Records, r.Accepted, currencies(r), err)
	}
	c.Rates, c.RatesDays = rates, 7
	if r, err = inspect(t, c); err != nil || r.Accepted != 3 || r.Money != 162_000 || !strings.HasPrefix(currencies(r), "1 9.2000 [USD 1 lines, 10.0000] converted by") {
		t.Errorf("%d accepted, %s, %q, %v", r.Accepted, r.Money, currencies(r), err) // 2 × 1.50 + 4 + 10 × 0.92
	}
}
