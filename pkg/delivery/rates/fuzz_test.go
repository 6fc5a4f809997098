package rates

import "testing"

// FuzzParse: any text is a table of rates above zero, each currency's in the order of days, or an error.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"date,currency,rate\n2011-12-01,EUR,0.85345\n2011-12-02,EUR,0.85\n2011-12-01,USD,0.63980\n", "\ufeffdate,currency,rate\r\n2011-12-01,EUR,1e3\r\n", "",
		"rate,date,currency\n1,2011-12-01,EUR\n1,2011-12-01,EUR\n", "date,currency,rate\n2011-12-01,EUR,0\n", "date,currency,rate\n2011-12-01,EUR,-1\n", "date,currency,rate\n\"2011",
		"date,currency,rate\n9999-99-99,EUR,99999999999999999999999\n",
	} {
		f.Add([]byte(text), 7)
	}
	f.Fuzz(func(t *testing.T, text []byte, within int) {
		table, err := Parse(text, within)
		if err != nil {
			return
		}
		for currency, all := range table.by {
			for i, r := range all {
				if r.rate <= 0 || i > 0 && all[i-1].day >= r.day || len(currency) != 3 {
					t.Fatalf("%q: %+v", currency, all)
				}
				if got, ok := table.On(r.day, currency); within >= 0 && (!ok || got != r.rate) {
					t.Fatalf("on %s one %s is %v, %t", r.day, currency, got, ok)
				}
			}
		}
	})
}
