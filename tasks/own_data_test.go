package tasks_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/pipeline"
)

// sold is a line of an invented shop. The exports of docs/own-data.md are made of such.
type sold struct {
	order, customer, product, quantity, cents int
	at                                        time.Time
	first                                     bool // of its order
}

// soldLines are 60 customers' orders of a year, three lines each.
func soldLines() (all []sold) {
	order := 1000
	for day := range 360 {
		for k := range 1 + day%3 {
			c := (day*7 + k*13 + day/9) % 60
			if c > 40 && day%4 > 0 { // some come seldom
				c -= 30
			}
			order++
			at := time.Date(2023, 1, 2, 9+(day+k)%9, (day*11)%60, 0, 0, time.UTC).AddDate(0, 0, day)
			for line := range 3 {
				p := (c*3 + line*7 + day/30) % 25
				all = append(all, sold{order, c, p, 1 + (day+line+c)%4, 199 + 350*(p%9) + 100*(c%5), at, line == 0})
			}
		}
	}
	return all
}

// exports are how known systems write the lines, with the columns that they have, and a German spreadsheet.
var exports = map[string]func(io *strings.Builder, all []sold){
	"orders_export.csv": func(w *strings.Builder, all []sold) { // Shopify
		w.WriteString("Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Shipping Country,Cancelled at\n")
		for _, l := range all {
			head, country := ",,,,,", ","
			if l.first {
				head, country = fmt.Sprintf("c%02d@mail.example,paid,%s,fulfilled,GBP,10.00", l.customer, l.at.Format("2006-01-02 15:04:05 -0700")), "GB,GB"
			}
			fmt.Fprintf(w, "#%d,%s,%s,%d,Thing %d,%d.%02d,SKU-%02d,%s,\n", l.order, head, l.at.Format("2006-01-02 15:04:05 -0700"), l.quantity, l.product, l.cents/100, l.cents%100, l.product, country)
		}
	},
	"orders.csv": func(w *strings.Builder, all []sold) { // WooCommerce, Advanced Order Export
		w.WriteString("Order Number,Order Status,Order Date,First Name (Billing),Email (Billing),Country Code (Billing),SKU,Item #,Item Name,Quantity (- Refund),Item Cost\n")
		for _, l := range all {
			fmt.Fprintf(w, "%d,Completed,%s,Ann,C%02d@mail.example,GB,SKU-%02d,1,Thing %d,%d,%d.%02d\n",
				l.order, l.at.Format("2006-01-02 15:04"), l.customer, l.product, l.product, l.quantity, l.cents/100, l.cents%100)
		}
	},
	"items.csv": func(w *strings.Builder, all []sold) { // Square
		w.WriteString("Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Customer ID\n")
		for _, l := range all {
			total := l.cents * l.quantity
			fmt.Fprintf(w, "%s,%s,Eastern Time (US & Canada),None,Thing %d,%d,Regular,SKU-%02d,$%d.%02d,$0.00,$%d.%02d,$0.00,T%d,P%d,Payment,CUST%02d\n",
				l.at.Format("01/02/2006"), l.at.Format("15:04:05"), l.product, l.quantity, l.product, total/100, total%100, total/100, total%100, l.order, l.order, l.customer)
		}
	},
	"sales.csv": func(w *strings.Builder, all []sold) { // a till without a preset
		w.WriteString("Date,Receipt Number,Customer Code,SKU,Product,Quantity,Total,County\n")
		for _, l := range all {
			total := l.cents * l.quantity
			fmt.Fprintf(w, "%s,%d,C%02d,SKU-%02d,Thing %d,%d,%d.%02d,Kent\n", l.at.Format("2006-01-02 15:04:05"), l.order, l.customer, l.product, l.product, l.quantity, total/100, total%100)
		}
	},
	"orders.txt": func(w *strings.Builder, all []sold) { // Amazon, order report
		w.WriteString("order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tship-country\n")
		for i, l := range all {
			total := l.cents * l.quantity
			at := l.at.Format("2006-01-02T15:04:05-07:00")
			fmt.Fprintf(w, "202-%d\t%d\t%s\t%s\tc%02d@marketplace.example\tAnn\tSKU-%02d\tThing %d\t%d\tGBP\t%d.%02d\t0.00\tGB\n",
				l.order, 7000+i, at, at, l.customer, l.product, l.product, l.quantity, total/100, total%100)
		}
	},
	"export.csv": func(w *strings.Builder, all []sold) { // Magento, the grid of orders: totals only
		w.WriteString("\"ID\",\"Purchase Point\",\"Purchase Date\",\"Bill-to Name\",\"Ship-to Name\",\"Grand Total (Base)\",\"Grand Total (Purchased)\",\"Status\",\"Customer Email\"\n")
		for _, l := range all {
			if l.first {
				fmt.Fprintf(w, "\"%09d\",\"Main Website\",\"%s\",\"Ann\",\"Ann\",\"£%d.%02d\",\"£%d.%02d\",\"complete\",\"c%02d@mail.example\"\n",
					l.order, l.at.Format("Jan 2, 2006 3:04:05 PM"), l.cents/10, l.cents%100, l.cents/10, l.cents%100, l.customer)
			}
		}
	},
	"abroad.csv": func(w *strings.Builder, all []sold) { // two currencies
		w.WriteString("Order ID,SKU,Quantity,Order Date,Price,Customer ID,Country,Currency\n")
		for _, l := range all {
			country, code := "GB", "GBP"
			if l.customer%4 == 0 {
				country, code = "IE", "EUR"
			}
			fmt.Fprintf(w, "%d,SKU-%02d,%d,%s,%d.%02d,C%02d,%s,%s\n", l.order, l.product, l.quantity, l.at.Format("2006-01-02 15:04"), l.cents/100, l.cents%100, l.customer, country, code)
		}
	},
	"rechnungen.csv": func(w *strings.Builder, all []sold) { // a spreadsheet in German
		w.WriteString("Beleg;Artikelnr.;Bezeichnung;Menge;Datum;Einzelpreis;Kundennr.;Land\n")
		for _, l := range all {
			fmt.Fprintf(w, "R%d;A%03d;K\xfcchenst\xfcck %d;%d,5;%s;%d,%02d \x80;K%04d;DE\n", l.order, l.product, l.product, l.quantity, l.at.Format("02.01.2006 15:04"), l.cents/100, l.cents%100, l.customer)
		}
	},
}

var documentedRun = regexp.MustCompile(`(?m)^make (run|inspect) SOURCE=(\S+)(?: ARGS="([^"]*)")?$`)

// TestOwnData runs every command of docs/own-data.md on the export that it names, from the lines to the page.
func TestOwnData(t *testing.T) {
	text, err := os.ReadFile("../docs/own-data.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if keep := os.Getenv("CLIENTELE_EXPORTS"); keep != "" {
		folder = keep
	}
	for name, write := range exports {
		var b strings.Builder
		write(&b, soldLines())
		if err := os.WriteFile(filepath.Join(folder, name), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rates := "date,currency,rate\n" // of every Monday
	for day := 0; day <= 360; day += 7 {
		rates += time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day).Format("2006-01-02") + ",EUR,0.85345\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "rates.csv"), []byte(rates), 0o644); err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for _, m := range documentedRun.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(m[2], "bq://") {
			continue // TestRunFromBigQuery and TestRealFileFromBigQuery show these
		}
		if strings.HasPrefix(m[2], "in/") {
			continue // TestRealFileAsDays and others of backfill_test.go show files of days
		}
		if exports[m[2]] == nil {
			t.Errorf("%s: there is no such export", m[0])
		}
		if m[1] != "run" || ran[m[2]] {
			continue
		}
		ran[m[2]] = true
		t.Run(m[2], func(t *testing.T) {
			ownData(t, filepath.Join(folder, m[2]), strings.ReplaceAll(m[3], "rates.csv", filepath.Join(folder, "rates.csv")))
		})
	}
	if len(ran) != len(exports) {
		t.Errorf("docs/own-data.md shows %d exports, there are %d", len(ran), len(exports))
	}
}

func ownData(t *testing.T, file, flags string) {
	var c pipeline.Config
	app := &cli.App{Flags: pipeline.Flags(), Action: func(ctx *cli.Context) error {
		c = pipeline.NewConfig(ctx)
		return c.Validate()
	}}
	args := []string{"pipeline", "--source=" + file, "--root=file://" + t.TempDir()}
	if err := app.Run(append(args, strings.Fields(flags)...)); err != nil {
		t.Fatal(err)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "own", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	r, err := pipeline.Run(context.Background(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	taken, made := r.Steps[contract.Ingest].(contract.IngestResult), r.Steps[contract.Preprocess].(contract.PreprocessResult)
	if taken.RowsQuarantined != 0 || taken.RowsAccepted == 0 || made.Customers != 60 || r.Report == "" {
		t.Errorf("accepted %d, rejected %d %v, %d customers, page %q", taken.RowsAccepted, taken.RowsQuarantined, taken.Quarantine, made.Customers, r.Report)
	}
	if foreign := strings.Contains(flags, "--rates"); foreign != (len(taken.Converted) == 1 && taken.Converted[0].Amount > 0) || foreign && len(made.Converted) != 1 {
		t.Errorf("converted %+v and %+v", taken.Converted, made.Converted)
	}
	t.Logf("%s: %d lines, %d customers, %s", filepath.Base(file), taken.RowsAccepted, made.Customers, taken.Reading)
}
