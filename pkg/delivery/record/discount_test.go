package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
)

func TestADiscountIsTakenOffTheLine(t *testing.T) {
	for name, c := range map[string]struct {
		quantity, price, discount string
		want                      string // quantity price amount, or the rule
	}{
		"none":               {"2", "10.00", "", "2 10.00 0.0000"},
		"zero":               {"2", "10.00", "0.00", "2 10.00 0.0000"},
		"off a sale":         {"2", "10.00", "5", "2 7.50 15.0000"},
		"written below zero": {"2", "10.00", "-5", "2 7.50 15.0000"},
		"off a return":       {"-2", "10.00", "5", "-2 7.50 -15.0000"},
		"all of it":          {"2", "10.00", "20", "2 0.00 0.0000"},
		"more than the line": {"2", "10.00", "21", "amount_mismatch"},
		"no number":          {"2", "10.00", "half", "bad_amount"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,Off\n" +
				fmt.Sprintf("1,22,HEART,%s,2011-01-04 10:00:00,%s,7,UK,%s\n", c.quantity, c.price, c.discount)
			o, err := read(t, strings.NewReader(text), record.Options{Columns: record.ColumnNames{record.FieldDiscount: "Off"}})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, l := range o.Lines {
				got = fmt.Sprint(l.Quantity, " ", l.Price, " ", l.Amount)
			}
			for _, r := range o.Rejects {
				got = r.Rules
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
