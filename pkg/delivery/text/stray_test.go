package text_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
)

// line is a record of an invoice with a description as written.
func line(invoice int, description string) string {
	return fmt.Sprintf("%d,22007,%s,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n", invoice, description)
}

// TestStrayQuotes: a quote that swallows records takes its own line along and no other, whatever ends its field.
func TestStrayQuotes(t *testing.T) {
	stray := line(1, `"12 INCH RULER`)
	last := "1,22007,RULER,6,2010-12-01 08:26:00,2.55,17850,\"United Kingdom\n"
	two := "1,22007,\"RULER,6,2010-12-01 08:26:00,2.55,17850,\"United Kingdom\n" // the second quote ends the field in its line
	for _, test := range []struct {
		name, text string
		invoices   string // that are read
		rejects    int
	}{
		{"up to a quoted field", stray + line(2, "a") + line(3, `"b, c"`) + line(4, "d"), "2 3 4", 1},
		{"up to a field that ends as it should", stray + line(2, `RULER 12"`) + line(3, "c"), "2 3", 1},
		{"up to the next stray one", stray + line(2, `"SMALL`) + line(3, "c"), "3", 2},
		{"every line has one", strings.Repeat(stray, 9) + line(2, "a"), "2", 9},
		{"up to the end", stray + line(2, "a") + line(3, "b"), "2 3", 1},
		{"behind empty quotes", stray + line(2, `""`) + line(3, `"b"`) + line(4, `""`), "2 3 4", 1},
		{"with separators of its own", line(1, `"RED, BIG`) + line(2, "a") + line(3, `"b, c"`), "2 3", 1},
		{"in the last field", last + line(2, "a") + line(3, `"b"`), "2 3", 1},
		{"in the last field, up to one that ends as it should", last + line(2, `a 12"`) + line(3, "c"), "2 3", 1},
		{"two in a line", two + line(2, "a"), "2", 1},
		{"behind a text of two lines", line(1, "\"two\nlines\"") + stray + line(2, "\"two\nlines\"") + line(3, "a"), "1 2 3", 1},
		{"with CRLF", strings.ReplaceAll(stray+line(2, "a")+line(3, `"b, c"`), "\n", "\r\n"), "2 3", 1},
		{"quotes everywhere", `"1","2","3","6","2010-12-01 08:26:00","2.55","17850","United Kingdom` + "\n" + `"2","2","3","6","2010-12-01 08:26:00","2.55","17850","United Kingdom"` + "\n", "2", 1},
		// What is a text of several lines stays one.
		{"two lines", line(1, "\"two, of,\nred, blue, green, white, black\"") + line(2, "a"), "1 2", 0},
		{"a list", strings.Replace(line(1, "a"), "United Kingdom", "\"12, High Street, 3, Leeds\nred, blue, green, white, black, pink, grey, violet\"", 1) + line(2, "a"), "1 2", 0},
		{"many lines", line(1, "\"a\n\n"+strings.Repeat("b, c, 1, 2\n", 50)+"\"") + line(2, "a"), "1 2", 0},
		{"an address", strings.Replace(line(1, "a"), "United Kingdom", "\"Flat 3\n12, High Street, Leeds\nUK\"", 1) + line(2, "a"), "1 2", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for chunk := 1; chunk < 400; chunk++ {
				o, err := read(t, strings.NewReader(recordtest.Header+test.text), record.Options{Chunk: chunk, Workers: 1 + chunk%3})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, l := range o.Lines {
					got = append(got, l.Invoice)
				}
				if diff := cmp.Diff(test.invoices, strings.Join(got, " ")); diff != "" || len(o.Rejects) != test.rejects {
					t.Fatalf("chunks of %d: rejects %v\n%s", chunk, o.Rejects, diff)
				}
				for _, r := range o.Rejects {
					if !strings.Contains(r.Rules, "quote") || strings.Contains(r.Raw, "\n") {
						t.Fatalf("chunks of %d: rejected %v", chunk, r)
					}
				}
			}
		})
	}
}

// BenchmarkStrayQuotes: a file of them is read about as fast as another, for what is read again is read again once.
func BenchmarkStrayQuotes(b *testing.B) {
	text := recordtest.Header + strings.Repeat(line(1, `"a`)+line(2, `""`)+line(3, "b"), 100_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := read(b, strings.NewReader(text), record.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
