package profile_test

import (
	"reflect"
	"testing"

	"github.com/clientele/clientele/pkg/profile"
)

// FuzzParse: any text is a profile or an error, and a profile is read again as it was written.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"version = 1\n", "version = 2", "", "version = 1\n[read]\nseparator = \"semicolon\"\ndecimal = \"comma\"\ngroup = \"point\"\nencoding = \"cp1252\"\n",
		"version = 1\n[read]\ndate_layout = \"2.1.2006 15:04\"\nmissing = [\"0\"]\n[read.columns]\ninvoice = \"Beleg\"\nprice = \"a \\\"b\\\" = c, d\"\n",
		"version = 1\n[meaning]\nreturn_invoices = 'CN-[0-9]+'\nnon_products = \"services; digits<2; code=GIFT_*\"\ndiscounts = \"allocate\"\ninvoice = \"number_day\"\n",
		"version = 1\n[meaning]\nreturn_invoices = '('\n", "version = 1\n[read]\nnobody = 1\n", "version = 1\n[read]\nmissing = [\"\\u0000\", \"\\u202e\"]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := profile.Parse(text)
		if err != nil {
			return
		}
		written, err := p.Text("a comment\nof two lines")
		if err != nil {
			t.Fatal(err)
		}
		again, err := profile.Parse(written)
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v was written as\n%s\nand read as %+v, %v", p, written, again, err)
		}
	})
}
