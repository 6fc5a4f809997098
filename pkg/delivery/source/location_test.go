package source_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/delivery/source"
)

func TestFillIn(t *testing.T) {
	day := time.Date(2011, 12, 9, 0, 0, 0, 0, time.UTC)
	for template, want := range map[string]string{
		"":                              "",
		"x.csv":                         "x.csv",
		"gs://b/sales-{as_of}.csv":      "gs://b/sales-2011-12-09.csv",
		"/in/{as_of:2006/01}/{as_of}":   "/in/2011/12/2011-12-09",
		"{as_of:20060102}{as_of:Jan_2}": "20111209Dec 9",
	} {
		if got, err := source.FillIn(template, day); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", template, got, err, want)
		}
	}
	for template, want := range map[string]string{
		"{ds}": "unknown placeholder {ds}", "{}": "unknown placeholder", "{as_of": "without its }", "as_of}": "without its {",
		"{as_of:}": "the same text for every day", "{as_of:YYYYMMDD}": "the same text for every day", "{as_of:2006-01-02T15}": "time of day",
		"{{as_of}}": "unknown placeholder", "{as_of:20060102MST}": "time of day", "{as_of }": "unknown placeholder",
	} {
		if got, err := source.FillIn(template, day); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v, want an error with %q", template, got, err, want)
		}
	}
}

func TestShownWithoutSecrets(t *testing.T) {
	for raw, want := range map[string]string{
		"https://shop.example/a%20b.csv?token=s3cret": "https://shop.example/a%20b.csv",
		"gs://bucket/a?b":           "gs://bucket/a?b", // a name of gs has no query
		"in/a@b?.csv":               "in/a@b?.csv",
		"https://u:s3cret@shop/x#y": "https://shop/x",
		"HTTPS://u:s3@cret@shop/?x": "HTTPS://shop/",
	} {
		if got := source.Redact(raw); got != want {
			t.Errorf("Redact(%s) = %s, want %s", raw, got, want)
		}
		where, err := source.Parse(raw)
		if err != nil {
			if strings.Contains(err.Error(), "cret") {
				t.Errorf("%s: a secret in %v", raw, err)
			}
			continue
		}
		if got := where[0].String(); got != want || where[0].ID() != raw {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
	if _, err := source.Parse("https://shop:s3cret/x"); err == nil || strings.Contains(err.Error(), "cret") {
		t.Errorf("a port that is none: %v", err)
	}
}

func TestCleartext(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://shop.example/x": false, "http://shop.example/x": true, "http://localhost/x": false, "http://127.0.0.1:80/x": false,
		"http://[::1]/x": false, "http://localhost.shop.example/x": true, "http://LOCALHOST./x": false, "gs://b/x": false, "x": false,
	} {
		where, err := source.Parse(raw)
		if err != nil || where[0].Cleartext() != want {
			t.Errorf("%s: got %v, want %v", raw, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a.csv\nb.csv", "https://u:p@h/x?q#f", "gs://b/o", "file:///a%20b", "in/*.csv", "http://[::1]:80/", "{as_of:20060102}"} {
		f.Add(s)
	}
	day := time.Date(2011, 12, 9, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, list string) {
		filled, err := source.FillIn(list, day)
		if err != nil {
			return
		}
		where, err := source.Parse(filled)
		if (len(where) == 0) != (err != nil) && err == nil {
			t.Errorf("%q: neither locations nor an error", list)
		}
		for _, l := range where {
			if s := l.String(); strings.HasPrefix(s, "http") && l.Remote() && strings.ContainsAny(s, "?#") {
				t.Errorf("%q is shown as %q", list, s)
			}
		}
		_ = source.Redact(list)
	})
}

// A table is named as BigQuery names it, and a project alone where a query says the rest.
func TestTableLocation(t *testing.T) {
	for raw, want := range map[string]string{"bq://p.d.t": "p.d.t", "BQ://my-project": "my-project", "bq://": "", "bq://p/d/t": "", "bq://p.d.`t": ""} {
		l, err := source.Parse(raw)
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if err == nil {
			if name, ok := l[0].Table(); name != want || !ok || !l[0].Remote() || l[0].String() != raw {
				t.Errorf("%s is table %q, %v", raw, name, ok)
			}
		}
	}
	where, err := source.Parse("bq://p.d.t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Open(t.Context(), where, source.Options{Scratch: t.TempDir()}); !errors.Is(err, source.ErrRefused) {
		t.Errorf("without a reader: %v", err)
	}
}

func TestDays(t *testing.T) {
	day := func(text string) time.Time {
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	asOf := day("2012-01-02")
	for list, want := range map[string]string{
		"https://shop/{day}.csv?x={as_of}": "https://shop/2011-12-30.csv?x=2012-01-02\nhttps://shop/2011-12-31.csv?x=2012-01-02\nhttps://shop/2012-01-01.csv?x=2012-01-02",
		"gs://b/{day:2006-01}.csv":         "gs://b/2011-12.csv\ngs://b/2012-01.csv", // one for each month
		"a.csv\n{day:2006/0102}":           "a.csv\n2011/1230\n2011/1231\n2012/0101",
	} {
		if got, err := source.Days(list, day("2011-12-30"), day("2012-01-01"), asOf); err != nil || got != want {
			t.Errorf("%s: got %q, %v", list, got, err)
		}
	}
	for list, want := range map[string]string{"{day:15}": "the same text for every day", "{day}{ds}": "unknown placeholder {ds}", "{day": "without its }"} {
		if _, err := source.Days(list, asOf, asOf, asOf); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", list, err, want)
		}
	}
	if _, err := source.Days("{day}", asOf, asOf.AddDate(100, 0, 0), asOf); err == nil {
		t.Error("a hundred years are taken")
	}
	if _, err := source.FillIn("{day}", asOf); err == nil || !strings.Contains(err.Error(), "needs --from and --to") {
		t.Errorf("without a range: %v", err)
	}
}
