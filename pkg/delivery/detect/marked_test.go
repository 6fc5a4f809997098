package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/detect"
)

func TestColumnsThatMarkReturns(t *testing.T) {
	tenth := func(sale, back string) func(int) string {
		return func(i int) string {
			if i%10 == 0 {
				return back
			}
			return sale
		}
	}
	for name, c := range map[string]struct {
		column string
		value  func(int) string
		want   string // column words rows money and what to do
	}{
		"letters in a status column": {"Type", tenth("S", "R"), `Type [R] 4 20.4 return_statuses = ["R"] in the profile's [meaning]`},
		"a column of another name":   {"Vorgang", tenth("Verkauf", "Retoure"), "Vorgang [Retoure] 4 20.4 --columns=status=Vorgang"},
		"abbreviations":              {"Doc", tenth("INV", "CN"), `Doc [CN] 4 20.4 --columns=status=Doc and return_statuses = ["CN"] in the profile's [meaning]`},
		"in French":                  {"Pièce", tenth("Facture", "Avoir"), "Pièce [Avoir] 4 20.4 --columns=status=Pièce"},
		"a flag":                     {"Is Return", tenth("no", "Yes"), `Is Return [Yes] 4 20.4 --columns=status=Is Return and return_statuses = ["Yes"] in the profile's [meaning]`},
		"a flag in numbers":          {"Storniert", tenth("0", "1"), `Storniert [1] 4 20.4 --columns=status=Storniert and return_statuses = ["1"] in the profile's [meaning]`},
		"a flag about the product":   {"Returnable", tenth("no", "yes"), ""},
		"a flag about the customer":  {"Returning customer", tenth("no", "yes"), ""},
		"another flag":               {"Gift", tenth("no", "yes"), ""},
		"a status that is known":     {"Type", tenth("Sale", "Return"), ""},
		"a refund that is known":     {"Type", tenth("Sale", "Refunded"), ""},
		"sales alone":                {"Doc", tenth("INV", "INV"), ""},
		"other words too":            {"Size", tenth("S", "XL"), ""},
		"mostly returns":             {"Doc", tenth("CRN", "INV"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := look(t, detect.Options{}, withColumns(c.column, c.value))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, m := range found.Marked {
				f := found.Findings()[i]
				if f.Code != "unmarked_returns" || f.Stops {
					t.Errorf("got %+v", f)
				}
				got += fmt.Sprint(m.Column, " ", m.Words, " ", m.Rows, " ", m.Money.Float(), " ", strings.TrimPrefix(f.What, "if they are returns: "))
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Returns that are below zero are returns whatever a column says.
func TestMarkedReturnsBelowZeroAreNoFinding(t *testing.T) {
	text := strings.ReplaceAll(withColumns("Doc", func(i int) string {
		if i%10 == 0 {
			return "CRN"
		}
		return "INV"
	}), ",2,2023-", ",SIGN2,2023-")
	rows := strings.Split(text, "\n")
	for i, row := range rows {
		sign := ""
		if strings.HasSuffix(row, "CRN") {
			sign = "-"
		}
		rows[i] = strings.ReplaceAll(row, "SIGN", sign)
	}
	found, err := look(t, detect.Options{}, strings.Join(rows, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Marked) > 0 || !strings.Contains(strings.Join(rows, "\n"), ",-2,2023-") {
		t.Errorf("got %+v", found.Marked)
	}
}
