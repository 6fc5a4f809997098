package tasks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
)

// shopCase is a file as a shop writes it, and what must come of it: either what preprocess keeps, or a refusal.
type shopCase struct {
	file      string
	flags     string // of the pipeline, besides the source, separated by blanks
	customers int64
	revenue   string
	lines     int64
	exit      int    // of a refusal
	says      string // a part of what a person reads
}

// The base shop has 1,068 lines, 60 customers and £93,824.30. The figures of the others were worked out with Python's decimal module:
// prices rounded to 15 significant digits, amounts to the ten-thousandth, half up.
var shopCases = []shopCase{
	{file: "02-letter-skus/lines.csv", customers: 60, revenue: "93824.3000"},
	{file: "03-order-ids-ca-us/a-b.csv", customers: 60, revenue: "93824.3000"},
	{file: "03-order-ids-ca-us/ca-us.csv", customers: 60, revenue: "93824.3000"},
	{file: "04-returns-without-c/a-negative-quantity.csv", revenue: "90462.3000"},
	{file: "04-returns-without-c/b-negative-price.csv", revenue: "82876.6500"},
	{file: "04-returns-without-c/ok.csv", revenue: "82876.6500"},
	{file: "06-null-customer/NULL.csv", customers: 60, revenue: "70042.7000"},
	{file: "06-null-customer/backslashN.csv", customers: 60, revenue: "70042.7000"},
	{file: "06-null-customer/none.csv", customers: 60, revenue: "70042.7000"},
	{file: "07-thousands-separator/lines.csv", customers: 60, revenue: "198630.3500"},
	{file: "08-sheet-per-store/stores.xlsx", lines: 1068, customers: 60, revenue: "93824.3000"},
	{file: "08-sheet-per-store/sales-returns.xlsx", revenue: "82876.6500"},
	{file: "09-timestamp-with-zone/ampm.csv", customers: 60, revenue: "93824.3000"},
	{file: "09-timestamp-with-zone/bigquery.csv", customers: 60, revenue: "93824.3000"},
	{file: "09-timestamp-with-zone/iso.csv", customers: 60, revenue: "93824.3000"},
	{file: "09-timestamp-with-zone/month.csv", customers: 60, revenue: "93824.3000"},
	{file: "09-timestamp-with-zone/shopify.csv", customers: 60, revenue: "93824.3000"},
	{file: "09-timestamp-with-zone/yy.csv", customers: 60, revenue: "93824.3000"},
	{file: "10-customer-on-first-line/lines.csv", customers: 60, revenue: "93824.3000"},
	{file: "11-email-case/email.csv", customers: 60, revenue: "93824.3000"},
	{file: "11-email-case/nbsp.csv", customers: 60, revenue: "93824.3000"},
	{file: "12-card-number-by-excel/lines.csv", exit: 65, says: "a spreadsheet has rounded them"},
	{file: "13-float-noise-in-price/price.csv", customers: 60, revenue: "103206.7300"},
	{file: "13-float-noise-in-price/price.xlsx", customers: 60, revenue: "103206.7300"},
	{file: "13-float-noise-in-price/price.parquet", customers: 60, revenue: "103206.7300"},
	{file: "14-quantity-in-kg/few.csv", customers: 60, revenue: "93080.0758"},
	{file: "14-quantity-in-kg/third.csv", customers: 60, revenue: "67730.5298"},
	{file: "15-half-converted-dates/half.xlsx", exit: 65, says: "day and month"},
	{file: "15-half-converted-dates/true.xlsx", customers: 60, revenue: "93824.3000"},
	{file: "20-one-line-from-the-future/lines.csv", exit: 65, says: "is dated 2203-01-05"},
	{file: "21-discount-lines/lines.csv", flags: "--discounts=allocate", customers: 60, revenue: "64972.4600"},
}

// outcome is what a person has after `make run SOURCE=…`.
type caseOutcome struct {
	code   int
	stderr string
	ingest contract.IngestResult
	clean  contract.PreprocessResult
}

func runCase(t *testing.T, file string, flags ...string) caseOutcome {
	t.Helper()
	result := filepath.Join(t.TempDir(), "result.json")
	args := append([]string{"--root=file://" + t.TempDir(), "--source=" + file, "--window=all", "--result=" + result}, flags...)
	var o caseOutcome
	o.code, _, o.stderr = program(t, "pipeline", args...)
	if o.code != 0 {
		return o
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Steps struct {
			Ingest     *contract.IngestResult     `json:"ingest"`
			Preprocess *contract.PreprocessResult `json:"preprocess"`
		} `json:"steps"`
	}
	all.Steps.Ingest, all.Steps.Preprocess = &o.ingest, &o.clean
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return o
}

// Each file has a habit of a real shop, and is read as that shop means it, or refused for that reason.
func TestShopCases(t *testing.T) {
	folder := os.Getenv("CLIENTELE_CASES")
	if folder == "" {
		t.Skip("CLIENTELE_CASES is not set: it names the folder of the shops' files")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range shopCases {
		t.Run(c.file, func(t *testing.T) {
			got := runCase(t, filepath.Join(folder, c.file), strings.Fields(c.flags)...)
			if got.code != c.exit {
				t.Fatalf("ended %d, want %d: %s", got.code, c.exit, got.stderr)
			}
			if !strings.Contains(got.stderr, c.says) {
				t.Errorf("says nothing of %q: %s", c.says, got.stderr)
			}
			if c.lines > 0 && got.clean.Lines != c.lines {
				t.Errorf("kept %d lines, want %d", got.clean.Lines, c.lines)
			}
			if c.customers > 0 && got.clean.Customers != c.customers {
				t.Errorf("%d customers, want %d", got.clean.Customers, c.customers)
			}
			if c.revenue != "" && got.clean.Revenue.String() != c.revenue {
				t.Errorf("kept %s, want %s", got.clean.Revenue, c.revenue)
			}
			t.Logf("%d lines, %d customers, %s", got.clean.Lines, got.clean.Customers, got.clean.Revenue)
		})
	}
}
