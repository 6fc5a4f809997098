package rates_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/rates"
	"github.com/clientele/clientele/pkg/delivery/source"
)

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestOn: the day's rate, else the last earlier one within the days, per currency, whatever the order of lines and columns.
func TestOn(t *testing.T) {
	table, err := rates.Parse([]byte("\xef\xbb\xbfRate,Currency,Date\r\n0.86,EUR,2011-12-09\r\n0.64,USD,2011-12-02\r\n0.85,EUR,2011-12-02\r\n"), 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		day, currency string
		want          int64
	}{
		{"2011-12-01", "EUR", 0}, {"2011-12-02", "EUR", 850_000_000_000}, {"2011-12-05", "EUR", 850_000_000_000}, {"2011-12-06", "EUR", 0},
		{"2011-12-09", "EUR", 860_000_000_000}, {"2012-12-09", "EUR", 0}, {"2011-12-05", "USD", 640_000_000_000}, {"2011-12-02", "CHF", 0},
	} {
		if r, ok := table.On(day(t, c.day), c.currency); int64(r) != c.want || ok != (c.want != 0) {
			t.Errorf("%s on %s: %d, %v, want %d", c.currency, c.day, r, ok, c.want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":                          "it is empty",
		"day,currency,rate\n":       `line 1: no column date in "day,currency,rate"`,
		"date,currency,rate\n1,2\n": "record on line 2: wrong number of fields",
		"date,currency,rate\n2011-12-01,EUR,0.85\n01/12/2011,EUR,0.85\n": `line 3: date "01/12/2011": want a day such as 2011-12-09`,
		"date,currency,rate\n2011-12-01,Euro,0.85\n":                     `line 2: currency "Euro": want an ISO 4217 code`,
		"date,currency,rate\n2011-12-01,€,0.85\n":                        `line 2: currency "€": want an ISO 4217 code`,
		"date,currency,rate\n2011-12-01,EUR,\"0,85\"\n":                  `line 2: rate "0,85": want a number above 0`,
		"date,currency,rate\n2011-12-01,EUR,1\n2011-12-01,EUR,1\n":       "EUR has two rates on 2011-12-01",
	} {
		path := filepath.Join(dir, "rates.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := rates.Load(context.Background(), path, 7, source.Options{Scratch: dir}); !errors.Is(err, rates.ErrRates) && text != "" || err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--rates: ") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := rates.Load(context.Background(), filepath.Join(dir, "none.csv"), 7, source.Options{}); !errors.Is(err, source.ErrNotThere) {
		t.Errorf("a file that is not there: %v", err)
	}
}
