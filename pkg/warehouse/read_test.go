package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// read reads a table, the columns of these names in this order, time first, and returns its rows as text.
func read(t *testing.T, name string, o Options, r Reading, columns ...string) (Rows, []string, error) {
	t.Helper()
	o.Now = func() time.Time { return time.Now() }
	w, err := OpenTable(t.Context(), name, o)
	if err != nil {
		return Rows{}, nil, err
	}
	defer w.Close()
	r.Columns = func(names []string) (wanted []int, at int, err error) {
		for _, c := range columns {
			i := slices.Index(names, c)
			if i < 0 {
				return nil, 0, fmt.Errorf("no column %s in %q", c, names)
			}
			wanted = append(wanted, i)
		}
		return wanted, 0, nil
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "rows.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := w.Read(t.Context(), r, f)
	if err != nil || got.Same {
		return got, nil, err
	}
	in, err := ipc.NewFileReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var rows []string
	for i := range in.NumRecords() {
		rec, err := in.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		for k := range int(rec.NumRows()) {
			var values []string
			for _, c := range rec.Columns() {
				if d, ok := c.(*array.Decimal128); ok {
					values = append(values, new(big.Rat).SetFrac(d.Value(k).BigInt(), big.NewInt(1e9)).FloatString(numericScale))
					continue
				}
				values = append(values, c.ValueStr(k))
			}
			rows = append(rows, strings.Join(values, " | "))
		}
	}
	return got, rows, nil
}

// flat is three lines of two orders; orders has them as repeated records, and one order without items.
func tables(t *testing.T) (dataset string) {
	t.Helper()
	dataset = warehousetest.Start(t)
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".flat` AS "+
		"SELECT TIMESTAMP '2011-12-01 23:30:00+00' AS sold, DATE '2011-12-01' AS day, DATETIME '2011-12-01 10:00:00' AS local, 'o2' AS invoice, 'b' AS sku, 2 AS qty, NUMERIC '1.10' AS price "+
		"UNION ALL SELECT TIMESTAMP '2011-12-01 08:00:00+00', DATE '2011-12-01', DATETIME '2011-12-01 08:00:00', 'o1', 'b', 1, NUMERIC '12345678901234567.123456789' "+
		"UNION ALL SELECT TIMESTAMP '2011-12-01 08:00:00+00', DATE '2011-12-01', DATETIME '2011-12-01 08:00:00', 'o1', 'a', NULL, NUMERIC '-0.000000001'")
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".orders` AS SELECT invoice, sold, STRUCT(day AS day) AS info, ARRAY_AGG(STRUCT(sku AS sku, qty AS qty, price AS price)) AS items FROM `"+dataset+".flat` GROUP BY invoice, sold, day")
	return dataset
}

// Every value arrives as it is, in one order, from a flat table and from orders with their items, and from a query with days.
func TestRead(t *testing.T) {
	dataset := tables(t)
	want := []string{
		"2011-12-01 08:00:00Z | o1 | a | (null) | -0.000000001",
		"2011-12-01 08:00:00Z | o1 | b | 1 | 12345678901234567.123456789",
		"2011-12-01 23:30:00Z | o2 | b | 2 | 1.100000000",
	}
	flat, rows, err := read(t, dataset+".flat", Options{}, Reading{}, "sold", "invoice", "sku", "qty", "price")
	if diff := cmp.Diff(want, rows); diff != "" || err != nil || flat.Rows != 3 {
		t.Errorf("flat: %+v, %v\n%s", flat, err, diff)
	}
	_, rows, err = read(t, dataset+".orders", Options{}, Reading{}, "sold", "invoice", "items.sku", "items.qty", "items.price")
	if diff := cmp.Diff(want, rows); diff != "" || err != nil {
		t.Errorf("orders: %v\n%s", err, diff)
	}
	query := "SELECT * FROM `" + dataset + ".flat` WHERE day BETWEEN @from AND @to;\n"
	_, rows, err = read(t, project(dataset), Options{}, Reading{Query: query, From: "2011-12-01", To: "2011-12-01"}, "sold", "invoice", "sku", "qty", "price")
	if diff := cmp.Diff(want, rows); diff != "" || err != nil {
		t.Errorf("query: %v\n%s", err, diff)
	}
	// In Kiritimati, 14 hours ahead, 08:00 UTC is of the same day, 23:30 UTC of the next one.
	for column, days := range map[string]map[string]int{
		"sold": {"2011-12-01": 2, "2011-12-02": 1}, "day": {"2011-12-01": 3, "2011-12-02": 0}, "local": {"2011-11-30": 0, "2011-12-01": 3},
	} {
		for day, n := range days {
			_, rows, err := read(t, dataset+".flat", Options{}, Reading{From: day, To: day, Zone: "Pacific/Kiritimati"}, column, "invoice")
			if err != nil || len(rows) != n {
				t.Errorf("%s on %s: %q, %v, want %d rows", column, day, rows, err, n)
			}
		}
	}
}

func project(dataset string) string { p, _, _ := strings.Cut(dataset, "."); return p }

// A table that has not changed is not read again; one that has is.
func TestReadOnce(t *testing.T) {
	dataset := tables(t)
	first, _, err := read(t, dataset+".flat", Options{}, Reading{}, "sold", "sku")
	if err != nil || first.Version == "" || first.Snapshot.IsZero() {
		t.Fatalf("%+v, %v", first, err)
	}
	again, _, err := read(t, dataset+".flat", Options{}, Reading{Known: first.Version}, "sold", "sku")
	if err != nil || !again.Same || again.Version != first.Version {
		t.Errorf("again: %+v, %v", again, err)
	}
	other, _, err := read(t, dataset+".flat", Options{}, Reading{Known: first.Version}, "sold", "price")
	if err != nil || other.Same {
		t.Errorf("other columns: %+v, %v", other, err)
	}
	// A DELETE changes no metadata of the local server's; BigQuery's has a new time of change.
	warehousetest.Query(t, "CREATE OR REPLACE TABLE `"+dataset+".flat` AS SELECT * FROM `"+dataset+".flat` WHERE invoice = 'o1'")
	changed, rows, err := read(t, dataset+".flat", Options{}, Reading{Known: first.Version}, "sold", "sku")
	if err != nil || changed.Same || len(rows) != 2 {
		t.Errorf("changed: %+v, %q, %v", changed, rows, err)
	}
	now, _, err := read(t, project(dataset), Options{}, Reading{Query: "SELECT *, CURRENT_DATE() AS today FROM `" + dataset + ".flat`"}, "sold", "today")
	if err != nil || now.Version != "" {
		t.Errorf("a query that asks for today has version %q, %v", now.Version, err)
	}
}

// What cannot be read is an error of its class, before anything is billed.
func TestReadRefuses(t *testing.T) {
	dataset := tables(t)
	for name, c := range map[string]struct {
		table   string
		o       Options
		r       Reading
		columns []string
		code    int
		says    string
	}{
		"no such table":   {table: dataset + ".none", columns: []string{"sold"}, code: fault.ExitConfig, says: "none"},
		"no table":        {table: project(dataset), columns: []string{"sold"}, code: fault.ExitUsage, says: "--query"},
		"no name":         {table: "a.b", code: fault.ExitUsage, says: "want project.dataset.table"},
		"bad SQL":         {table: project(dataset), r: Reading{Query: "SELEC 1"}, columns: []string{"sold"}, code: fault.ExitBadData, says: "BigQuery"},
		"days not said":   {table: project(dataset), r: Reading{Query: "SELECT 1 WHERE @from > @to", From: "2011-12-01"}, code: fault.ExitUsage, says: "--to"},
		"no time for day": {table: dataset + ".flat", r: Reading{From: "2011-12-01"}, columns: []string{"sku"}, code: fault.ExitUsage, says: "column sku is STRING"},
	} {
		_, _, err := read(t, c.table, c.o, c.r, c.columns...)
		if fault.CodeOf(err) != c.code || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: code %d, %v; want %d, %q", name, fault.CodeOf(err), err, c.code, c.says)
		}
	}
	w, err := OpenTable(t.Context(), dataset+".flat", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Read(t.Context(), Reading{Columns: func([]string) ([]int, int, error) { return nil, 0, errors.New("no column for price") }}, nil); err == nil || err.Error() != "no column for price" {
		t.Errorf("columns that are none of a delivery: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Read(ctx, Reading{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// A query that would process too much is not run. The local server counts no bytes: a proxy makes a dry run say some.
func TestReadTooMuch(t *testing.T) {
	dataset := tables(t)
	p := startProxy(t)
	var jobs int
	p.inject = func(_ int, r *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
		if r.Method != http.MethodPost {
			return false
		}
		jobs++
		r.Header.Del("Accept-Encoding")
		answer := httptest.NewRecorder()
		pass(answer)
		text := regexp.MustCompile(`"totalBytesProcessed": ?"?0"?`).ReplaceAllString(answer.Body.String(), `"totalBytesProcessed":"12345"`)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, text)
		return true
	}
	_, _, err := read(t, dataset+".flat", Options{MaxBytesBilled: 12344}, Reading{}, "sold", "sku")
	if fault.CodeOf(err) != fault.ExitConfig || err == nil || !strings.Contains(err.Error(), "12345 bytes, more than --max-bytes-billed=12344") || jobs != 1 {
		t.Errorf("%d jobs, %v", jobs, err)
	}
	if got, rows, err := read(t, dataset+".flat", Options{MaxBytesBilled: 12345}, Reading{}, "sold", "sku"); err != nil || got.Bytes != 12345 || len(rows) != 3 {
		t.Errorf("%+v, %q, %v", got, rows, err)
	}
}

// The statements are typed by Google's analyzer, over orders with items too, and it refuses one that is wrong.
func TestReadStatementsAreTyped(t *testing.T) {
	field := func(name string, kind bigquery.FieldType) *bigquery.FieldSchema {
		return &bigquery.FieldSchema{Name: name, Type: kind}
	}
	items := &bigquery.FieldSchema{Name: "items", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{
		field("sku", bigquery.StringFieldType), {Name: "money", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{field("price", bigquery.NumericFieldType)}},
		{Name: "parts", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{field("name", bigquery.StringFieldType)}},
	}}
	payments := &bigquery.FieldSchema{Name: "payments", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{field("kind", bigquery.StringFieldType)}}
	leaves := flatten(nil, bigquery.Schema{field("invoice", bigquery.StringFieldType), field("time", bigquery.TimestampFieldType), field("where", bigquery.GeographyFieldType), items, payments})
	var names []string
	for _, l := range leaves {
		names = append(names, l.name)
	}
	if diff := cmp.Diff([]string{"invoice", "time", "items.sku", "items.money.price", "items.parts.name", "payments.kind"}, names); diff != "" {
		t.Fatal(diff)
	}
	const orders = "(SELECT 'i' AS invoice, CURRENT_TIMESTAMP() AS time, [STRUCT('s' AS sku, STRUCT(NUMERIC '1' AS price) AS money, [STRUCT('p' AS name)] AS parts)] AS items)"
	flat := selection{columns: leaves[:2], timeAt: 1, r: Reading{From: "2011-12-01", To: "2011-12-09", Zone: "Europe/London"}}
	const when = " FOR SYSTEM_TIME AS OF TIMESTAMP '2011-12-10 00:00:00.000+00'"
	var statements []string
	for _, s := range []struct {
		selection
		from, when string
	}{{flat, "`p.d.t`", when}, {selection{columns: leaves[:4], timeAt: 1}, orders, ""}, {selection{columns: leaves[:5], timeAt: 1}, orders, ""}, {flat, "`p.d.none`", when}} {
		text, err := s.statement(s.from, s.when)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, text)
	}
	if diff := cmp.Diff("SELECT r0.`invoice` AS c0, r0.`time` AS c1\nFROM `p.d.t` AS r0"+when+
		"\nWHERE r0.`time` >= TIMESTAMP '2011-12-01 00:00:00+00' AND r0.`time` < TIMESTAMP '2011-12-10 00:00:00+00'\nORDER BY c1, c0", statements[0]); diff != "" {
		t.Error(diff)
	}
	if _, err := (selection{columns: leaves, timeAt: 1}).statement(orders, ""); err == nil || !strings.Contains(err.Error(), "items and payments") {
		t.Errorf("two repeated records: %v", err)
	}
	wrong := warehousetest.Analyze(t, map[string]map[string]string{"p.d.t": {"invoice": "STRING", "time": "TIMESTAMP"}}, statements)
	for i, w := range wrong {
		if (w != "") != (i == 3) {
			t.Errorf("%s\n%q", statements[i], w)
		}
	}
}
