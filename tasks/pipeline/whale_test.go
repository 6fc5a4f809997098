package pipeline_test

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/money"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/pkg/task/work"
	"github.com/clientele/clientele/tasks/pipeline"
)

// TestACustomerOf10000Invoices: one customer who has most invoices of a shop passes through every step, and what the steps say
// of the customer is what was bought: 10,000 invoices of 2 × 1.50 over 300 days.
func TestACustomerOf10000Invoices(t *testing.T) {
	const invoices, whale = 10_000, "99999"
	var text strings.Builder
	text.WriteString("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n")
	line := func(number, ago int, code string, quantity int, price, customer string) {
		day := 344 - ago // of 2011; as of 12-10, the 344th day
		fmt.Fprintf(&text, "%d,%s,ITEM %s,%d,%s 10:00:00,%s,%s,United Kingdom\n", number, code, code, quantity, dayOf2011(day), price, customer)
	}
	for i := range invoices {
		line(600_000+i, 1+i%300, fmt.Sprint(20_000+i%40), 2, "1.50", whale)
	}
	for c := range 8 { // so that the customer is not a segment of one
		for ago := 1; ago <= 200; ago++ {
			line(400_000+1000*c+ago, ago, fmt.Sprint(20_000+(c+ago)%40), 3, "1.50", fmt.Sprint(90_000+c))
		}
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	number := 500_000
	for c := range 80 {
		for range 1 + rnd.IntN(8) {
			number++
			ago := 1 + rnd.IntN(330)
			for k := range 1 + rnd.IntN(4) {
				line(number, ago, fmt.Sprint(20_000+(c+k)%40), 1+rnd.IntN(12), fmt.Sprintf("%d.25", 1+k), fmt.Sprint(10_000+c))
			}
		}
	}
	source := filepath.Join(t.TempDir(), "lines.csv")
	if err := os.WriteFile(source, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var c pipeline.Config
	app := &cli.App{Flags: pipeline.Flags(), Action: func(ctx *cli.Context) error {
		c = pipeline.NewConfig(ctx)
		return c.Validate()
	}}
	if err := app.Run([]string{
		"pipeline", "--source=" + source, "--source-name=shop", "--root=file://" + t.TempDir(), "--pipeline=whale", "--run-id=r",
		"--as-of=2011-12-10", "--zone=Europe/London", "--currency=GBP", "--k=2", "--hold-out=0", "--accept=customer_share",
	}); err != nil {
		t.Fatal(err)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "whale"}
	if _, err := pipeline.Run(t.Context(), c, d); err != nil {
		t.Fatal(err)
	}
	home, err := work.Open(t.Context(), c.Common, d)
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	read := func(step string, schema frame.Schema) (*frame.Frame, int) {
		t.Helper()
		m, err := home.Current(t.Context(), c.Common.Run(), step)
		if err != nil {
			t.Fatal(err)
		}
		f, err := home.ReadTable(t.Context(), m, schema, table.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if schema.Index("customer") < 0 {
			return f, 0
		}
		return f, slices.Index(f.Strings("customer"), whale)
	}
	customers, row := read(contract.Preprocess, contract.Customers)
	const spent = 2 * 150 * money.Scale / 100 * invoices
	if customers.Ints("frequency")[row] != invoices || customers.Ints("monetary")[row] != spent || customers.Ints("tenure")[row] != 300 {
		t.Errorf("%d invoices, %d spent, tenure %d", customers.Ints("frequency")[row], customers.Ints("monetary")[row], customers.Ints("tenure")[row])
	}
	audience, row := read(contract.Audience, contract.Audiences)
	if got := audience.Ints("usual_90")[row]; got != spent*90/300 || audience.Strings("segment")[row] == "" || audience.Strings("nature")[row] == "" {
		t.Errorf("usual spending %d, segment %q, nature %q", got, audience.Strings("segment")[row], audience.Strings("nature")[row])
	}
	// An order is a day: 300 dates in 301 days.
	predictions, row := read(contract.Predict, contract.Predictions)
	if v := predictions.Floats("orders")[row]; !(v > 60 && v < 91) && predictions.Strings("why")[row] == "" {
		t.Errorf("%v orders in 90 days, why %q", v, predictions.Strings("why")[row])
	}
	suggestions, _ := read(contract.Recommend, contract.Suggestions)
	if !slices.Contains(suggestions.Strings("customer"), whale) {
		t.Error("the customer has no list")
	}
	weeks, _ := read(contract.Audience, contract.Weeks)
	for i, n := range weeks.Ints("invoices")[len(weeks.Ints("invoices"))-30:] { // 7 of 300 days: each has 33 or 34 of these invoices
		if n < 7*33 || n > 7*34+7*8+80*8 {
			t.Errorf("week %d has %d invoices", i, n)
		}
	}
	for _, of := range []struct {
		step   string
		schema frame.Schema
	}{{contract.Explore, contract.CustomerNatures}, {contract.Predict, contract.Predictions}, {contract.Score, contract.Assignments}, {contract.Score, contract.SegmentFeatures}} {
		f, _ := read(of.step, of.schema)
		for _, column := range f.Columns {
			if slices.ContainsFunc(column.Floats, func(v float64) bool { return math.IsInf(v, 0) }) {
				t.Errorf("%s of %s is infinite", column.Name, of.schema.Name)
			}
		}
	}
}

// dayOf2011 writes a day of the year, from 1.
func dayOf2011(day int) string {
	for month, days := range []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} {
		if day <= days {
			return fmt.Sprintf("2011-%02d-%02d", month+1, day)
		}
		day -= days
	}
	return ""
}
