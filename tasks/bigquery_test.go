package tasks_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/warehouse"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// loadRealFile makes the real file two tables of the dataset: flat, a line a row, and orders with their lines as items.
func loadRealFile(t *testing.T, dataset, csv string) {
	t.Helper()
	folder := filepath.Join(warehousetest.Storage(t), "real")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	copied := "COPY (SELECT InvoiceNo, StockCode, Description, Quantity::BIGINT AS Quantity, InvoiceDate::TIMESTAMP AS InvoiceDate, " +
		"UnitPrice::DECIMAL(38, 9) AS UnitPrice, CustomerID, Country FROM read_csv('" + csv + "', all_varchar = true, header = true)) " +
		"TO '" + filepath.Join(folder, "lines.parquet") + "' (FORMAT parquet)"
	if out, err := exec.Command(os.Getenv(warehousetest.Variable), "-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", copied).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	project, id, _ := strings.Cut(dataset, ".")
	client, err := bigquery.NewClient(t.Context(), project, option.WithEndpoint("http://"+os.Getenv(warehouse.EmulatorVariable)+"/bigquery/v2/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	source := bigquery.NewGCSReference("gs://real/lines.parquet")
	source.SourceFormat = bigquery.Parquet
	for _, column := range []struct { // the local server takes them in the order of the file
		name string
		kind bigquery.FieldType
	}{
		{"InvoiceNo", bigquery.StringFieldType}, {"StockCode", bigquery.StringFieldType}, {"Description", bigquery.StringFieldType},
		{"Quantity", bigquery.IntegerFieldType}, {"InvoiceDate", bigquery.DateTimeFieldType}, {"UnitPrice", bigquery.NumericFieldType},
		{"CustomerID", bigquery.StringFieldType}, {"Country", bigquery.StringFieldType},
	} {
		source.Schema = append(source.Schema, &bigquery.FieldSchema{Name: column.name, Type: column.kind})
	}
	flat := client.Dataset(id).Table("flat")
	if err := flat.Create(t.Context(), &bigquery.TableMetadata{Schema: source.Schema}); err != nil {
		t.Fatal(err)
	}
	job, err := flat.LoaderFrom(source).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st, err := job.Wait(t.Context()); err != nil || st.Err() != nil {
		t.Fatal(err, st.Err())
	}
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".orders` AS SELECT InvoiceNo, InvoiceDate, CustomerID, Country, "+
		"ARRAY_AGG(STRUCT(StockCode AS StockCode, Description AS Description, Quantity AS Quantity, UnitPrice AS UnitPrice)) AS items "+
		"FROM `"+dataset+".flat` GROUP BY InvoiceNo, InvoiceDate, CustomerID, Country")
}

// The real file as a flat table, and as orders with repeated items, is stored as the same objects and gives the same fit, which is
// that of the file itself; a table that has not changed is not read again.
func TestRealFileFromBigQuery(t *testing.T) {
	csv := realFile(t)
	dataset := warehousetest.Start(t)
	loadRealFile(t, dataset, csv)
	type outcome struct {
		days []string
		fit  string
	}
	got := map[string]outcome{}
	for _, c := range []struct {
		name  string
		flags []string
	}{
		{"file", []string{"--source=" + csv}},
		{"flat", []string{"--source=bq://" + dataset + ".flat"}},
		{"orders", []string{"--source=bq://" + dataset + ".orders",
			"--columns=invoice=InvoiceNo,time=InvoiceDate,customer=CustomerID,country=Country,code=items.StockCode,description=items.Description,quantity=items.Quantity,price=items.UnitPrice"}},
	} {
		root := t.TempDir()
		flags := []string{"--root=file://" + root, "--pipeline=shop", "--run-id=a", "--as-of=2011-12-10"}
		result := filepath.Join(t.TempDir(), "result.json")
		must(t, "ingest", append(slices.Clone(flags), append(c.flags, "--result="+result)...)...)
		var r contract.IngestResult
		text, err := os.ReadFile(result)
		if err != nil || json.Unmarshal(text, &r) != nil || r.RowsAccepted != 541_909 { // FACTS: the file has 541,909 lines
			t.Fatalf("%s: %v: %s", c.name, err, text)
		}
		for _, step := range []string{"preprocess", "drift", "train"} {
			must(t, step, append(slices.Clone(flags), "--result="+result)...)
		}
		var trained contract.TrainResult
		if text, err = os.ReadFile(result); err != nil || json.Unmarshal(text, &trained) != nil || trained.FitID == "" {
			t.Fatalf("%s: %v: %s", c.name, err, text)
		}
		of := outcome{fit: trained.FitID}
		err = fs.WalkDir(os.DirFS(root), "lines", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".arrow") && !strings.Contains(path, "quarantine") {
				of.days = append(of.days, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got[c.name] = of
		if c.name != "flat" {
			continue
		}
		again := append([]string{"--root=file://" + root, "--pipeline=shop", "--run-id=b", "--as-of=2011-12-10", "--result=" + result}, c.flags...)
		code, _, stderr := program(t, "ingest", again...)
		if code != 0 || !strings.Contains(stderr, "nothing was fetched") {
			t.Errorf("again: %d\n%s", code, stderr)
		}
	}
	if diff := cmp.Diff(got["flat"].days, got["orders"].days); diff != "" || len(got["flat"].days) != 305 {
		t.Errorf("%d days; flat and orders differ:\n%s", len(got["flat"].days), diff)
	}
	if got["flat"].fit != got["orders"].fit || got["flat"].fit != got["file"].fit {
		t.Errorf("fits: file %s, flat %s, orders %s", got["file"].fit, got["flat"].fit, got["orders"].fit)
	}
}
