package detect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/delivery/detect"
)

// withColumns returns a delivery with further columns, of which value says what a row has.
func withColumns(names string, value func(i int) string) string {
	text := shop{}.lines(40)
	rows := strings.Split(strings.TrimSpace(text), "\n")
	rows[0] += "," + names
	for i := 1; i < len(rows); i++ {
		rows[i] += "," + value(i)
	}
	return strings.Join(rows, "\n") + "\n"
}

func TestMoneyThatIsNotRead(t *testing.T) {
	odd := func(text string) func(int) string {
		return func(i int) string {
			if i%2 == 0 {
				return strings.Repeat(",", strings.Count(text, ","))
			}
			return text
		}
	}
	for name, c := range map[string]struct {
		columns string
		value   func(int) string
		want    string // column kind rows money left
	}{
		"a discount":            {"Discount", odd("0.50"), "Discount discount 20 10 "},
		"in German":             {"Rabattbetrag", odd("0.50"), "Rabattbetrag discount 20 10 "},
		"in French":             {"Remise", odd("-0.50"), "Remise discount 20 -10 "},
		"a refund in parts":     {"Refunded Amount", odd("5"), "Refunded Amount refund 20 100 "},
		"taxes and shipping":    {"TVA,Frais de port", odd("1.00,2.00"), "TVA tax 20 20 , Frais de port shipping 20 40 "},
		"the rest of a line":    {"Discount,Net", func(int) string { return "0.50,4.60" }, "Discount discount 40 20 Net"},
		"off already":           {"Discount,Gross", func(int) string { return "0.50,5.60" }, ""},
		"a rate":                {"Tax rate,Steuersatz", odd("20,19"), ""},
		"percents":              {"Discount (%)", odd("10"), "Discount (%) discount 20 10.2 "},
		"percents of a line":    {"Discount (%),Subtotal", func(int) string { return "10,4.59" }, "Discount (%) discount 40 20.4 Subtotal"},
		"more than percents":    {"Discount %", odd("120"), ""},
		"percents with a sign":  {"Discount", odd("10%"), "Discount discount 20 10.2 "},
		"a tax with a sign":     {"VAT", odd("20 %"), ""},
		"returned quantities":   {"Retourenmenge", odd("1"), "Retourenmenge returned 20 51 "},
		"cancelled quantities":  {"Quantity Cancelled", odd("2"), "Quantity Cancelled returned 20 102 "},
		"percents of a tax":     {"VAT %", odd("20"), ""},
		"a code":                {"Discount Code", odd("1234"), ""},
		"a postcode":            {"Shipping Zip,Shipping Phone", odd("10115,493012345"), ""},
		"nothing in it":         {"Discount", odd("0.00"), ""},
		"words":                 {"Discount", odd("SUMMER"), ""},
		"no money by its names": {"Weight,Stock", odd("1,2"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := look(t, detect.Options{}, withColumns(c.columns, c.value))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range found.Unread {
				got = append(got, fmt.Sprint(u.Column, " ", u.Kind, " ", u.Rows, " ", u.Money.Float(), " ", u.Left))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), c.want)
			}
			if n := len(found.Findings()); n != len(found.Unread) {
				t.Errorf("%d findings of %d columns", n, len(found.Unread))
			}
		})
	}
}

func TestFindingOfMoneySaysWhatToDo(t *testing.T) {
	found, err := look(t, detect.Options{}, withColumns("Discount,Net", func(int) string { return "0.50,4.60" }))
	if err != nil {
		t.Fatal(err)
	}
	f := found.Findings()[0]
	want := `the column "Discount" is not read: 40 of the 40 rows have discounts in it, 20.00 together; the column "Net" has what is left of a line`
	if f.Code != "unread_money" || f.Sentence != want || f.Lines != 40 || f.What != `read what is left: --columns="amount=Net,price="` || f.Stops {
		t.Errorf("got %+v", f)
	}
}

// What was refunded of an order that is no sale by its status is not left out: the order is.
func TestRefundsOfWholeOrdersAreNotCounted(t *testing.T) {
	text := "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem discount,Refunded Amount,Cancelled at\n" +
		"#1,a@shop.example,partially_refunded,2023-01-02 13:33:00 +0100,1,Mug,16.00,1.00,4.00,\n" +
		"#2,b@shop.example,refunded,2023-01-02 13:33:00 +0100,1,Mug,16.00,0.00,16.00,\n" +
		"#3,b@shop.example,paid,2023-01-02 13:33:00 +0100,1,Mug,16.00,0.00,8.00,2023-01-03 13:33:00 +0100\n"
	found, err := look(t, detect.Options{}, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Unread) != 1 || found.Unread[0].Column != "Refunded Amount" || found.Unread[0].Rows != 1 || found.Unread[0].Money.Float() != 4 {
		t.Errorf("got %+v", found.Unread)
	}
}
