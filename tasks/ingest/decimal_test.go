package ingest

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
)

// weighed are lines of a shop that sells by the kilogram and the litre, with prices of fractions of a penny.
var weighed = [][]string{
	strings.Split(strings.TrimSpace(header), ","),
	{"500089", "22007", "APPLES", "0.684", "2023-01-02 13:33:00", "29.81", "12014", "United Kingdom"},
	{"500089", "22004", "DIESEL", "40.37", "2023-01-02 13:33:00", "1.45912", "12014", "United Kingdom"},
	{"500089", "22033", "SCREWS", "1500", "2023-01-02 13:33:00", "0.000125", "12014", "United Kingdom"},
	{"500090", "22007", "APPLES", "-0.5", "2023-01-03 09:00:00", "27.005", "12015", "France"},
	{"500091", "22001", "TRUFFLES", "0.001", "2023-01-03 10:00:00", "54.12", "", ""},
}

// noisy returns the records with every quantity and price as the next number that a float64 can hold.
func noisy(t *testing.T, records [][]string) [][]string {
	t.Helper()
	out := [][]string{records[0]}
	for _, r := range records[1:] {
		next := append([]string(nil), r...)
		for _, k := range []int{3, 5} {
			n, err := strconv.ParseFloat(r[k], 64)
			if err != nil {
				t.Fatal(err)
			}
			if next[k] = strconv.FormatFloat(math.Nextafter(n, 2*n), 'f', -1, 64); next[k] == r[k] || len(next[k]) < 15 {
				t.Fatalf("%s has no noise: %s", r[k], next[k])
			}
		}
		out = append(out, next)
	}
	return out
}

func asCSV(records [][]string) string {
	var b strings.Builder
	for _, r := range records {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return b.String()
}

// TestDecimals: weights, prices of six decimals and the noise of floating point are the same numbers in every format.
func TestDecimals(t *testing.T) {
	want := daysOf(t, asCSV(weighed))
	noise := noisy(t, weighed)
	commas := func(c *Config) { c.Separator, c.Decimal = "semicolon", "comma" }
	for name, got := range map[string][]string{
		"csv with noise":     daysOf(t, asCSV(noise)),
		"workbook":           daysOf(t, string(asWorkbook(t, weighed))),
		"noise in workbook":  daysOf(t, string(asWorkbook(t, noise))),
		"parquet":            daysOf(t, string(asParquet(t, weighed))),
		"noise in parquet":   daysOf(t, string(asParquet(t, noise))),
		"noise in arrow":     daysOf(t, string(asArrow(t, noise))),
		"comma for decimals": daysOf(t, strings.NewReplacer(",", ";", ".", ",").Replace(asCSV(noise)), commas),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-csv +got):\n%s", name, diff)
		}
	}
	if len(want) != 2 {
		t.Errorf("days %v, want 2", want)
	}
}

// TestDecimalsAsStored: the stored numbers are those of the delivery, to the last decimal, and what has more is rejected.
func TestDecimalsAsStored(t *testing.T) {
	s := newShop(t)
	text := asCSV(weighed) +
		"500092,22007,APPLES,0.0005,2023-01-02 14:00:00,1,12014,France\n" +
		"500092,22007,APPLES,1,2023-01-02 14:00:00,0.0000005,12014,France\n"
	got := s.must(s.config(s.file("lines.csv", text), share(0.5)))
	want := []contract.RuleCount{{Rule: "fractional_quantity", Rows: 1}, {Rule: "price_decimals", Rows: 1}}
	if diff := cmp.Diff(want, got.Quarantine); diff != "" {
		t.Errorf("quarantine (-want +got):\n%s", diff)
	}
	_, snapshot := s.current()
	p := snapshot.Partitions[0]
	lines := s.read(p.Object, p.SHA256, contract.Lines)
	if diff := cmp.Diff([]int64{684, 40_370, 1_500_000}, lines.Ints("quantity")); diff != "" {
		t.Errorf("quantities (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{29_810_000, 1_459_120, 125}, lines.Ints("price")); diff != "" {
		t.Errorf("prices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{frame.NullInt, frame.NullInt, frame.NullInt}, lines.Ints("amount")); diff != "" {
		t.Errorf("line totals (-want +got):\n%s", diff)
	}
	var sum money.Amount
	for i, price := range lines.Ints("price") {
		m, err := money.Price(price).Times(money.Quantity(lines.Ints("quantity")[i]))
		if err != nil {
			t.Fatal(err)
		}
		sum += m
	}
	if sum.String() != "79.4822" { // 20.39004, 58.9046744 and 0.1875, each rounded
		t.Errorf("the first day's lines are worth %s", sum)
	}
}
