package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/detect"
)

// A total that is the order's, on each of its lines, is counted as often as the order has lines.
func TestTotalsOfOrdersOnEveryLine(t *testing.T) {
	for name, c := range map[string]struct {
		total func(order, line int) string
		price bool
		want  string
	}{
		"the order's":           {func(order, _ int) string { return fmt.Sprint(10 + order) }, false, "Total 30 90 1470"},
		"the line's":            {func(order, line int) string { return fmt.Sprint(10 + order + line) }, false, ""},
		"on the first line":     {func(order, line int) string { return fmt.Sprint((10 + order) * (1 - min(line, 1))) }, false, ""},
		"everything costs 5":    {func(int, int) string { return "5" }, false, ""},
		"beside the line's own": {func(order, _ int) string { return fmt.Sprint(10 + order) }, true, ""},
	} {
		text := "Order ID,SKU,Quantity,Order Date,Total,Customer ID" + map[bool]string{true: ",Price"}[c.price] + "\n"
		for order := range 30 {
			for line := range 3 {
				text += fmt.Sprintf("%d,S%d,1,2023-01-%02d 10:00,%s,c%d%s\n", order, line, 1+order%28, c.total(order, line), order%7, map[bool]string{true: ",4"}[c.price])
			}
		}
		found, err := look(t, detect.Options{}, text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r := found.Repeated; r != nil {
			f := found.Findings()[0]
			if f.Code != "total_repeats" || !f.Stops || !strings.Contains(f.Sentence, "is counted too much") {
				t.Errorf("%s: %+v", name, f)
			}
			got = fmt.Sprint(r.Column, " ", r.Invoices, " ", r.Rows, " ", r.Money.Float())
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
