package tasks_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/warehouse"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// published runs steps of a run, the last of which publishes, and returns what it published.
func published(t *testing.T, flags []string, dataset string, steps ...string) contract.PublishResult {
	t.Helper()
	var r contract.PublishResult
	for _, step := range steps {
		result := filepath.Join(t.TempDir(), "result.json")
		args := append(slices.Clone(flags), "--result="+result)
		if step == contract.Publish {
			args = append(args, "--warehouse="+dataset)
		}
		must(t, step, args...)
		if text, err := os.ReadFile(result); err != nil || step == contract.Publish && json.Unmarshal(text, &r) != nil {
			t.Fatalf("%s: %v: %s", step, err, text)
		}
	}
	return r
}

// The real file in the warehouse: sums to the penny, every customer where Go puts it, and every view answers its question.
func TestRealFileInTheWarehouse(t *testing.T) {
	source := realFile(t)
	dataset := warehousetest.Start(t)
	flags := []string{"--root=file://" + t.TempDir(), "--pipeline=shop", "--run-id=a", "--as-of=2011-12-10"}
	must(t, "ingest", append(flags, "--source="+source)...)
	r := published(t, flags, dataset, "preprocess", "drift", "train", "evaluate", "promote", "score", "explore", "predict", "measure", "audience", "publish")
	rows := map[string]string{}
	for _, p := range r.Tables {
		rows[p.Table] = p.Money
	}
	// 4,249 customers and 8,005,376.26 of segments are what this program finds in the file: they guard against a change.
	ask := func(sql string) []any { return warehousetest.Query(t, strings.ReplaceAll(sql, "{d}", dataset))[0] }
	got := ask("SELECT COUNT(*), CAST(SUM(revenue) AS STRING) FROM `{d}.segments_current`")
	sum, ok := new(big.Rat).SetString(got[1].(string))
	if want, _ := new(big.Rat).SetString(rows["segments"]); !ok || sum.Cmp(want) != 0 || sum.FloatString(2) != "8005376.26" {
		t.Errorf("segments sum up to %v, the file's to %s, want 8005376.26", got[1], rows["segments"])
	}
	got = ask("SELECT COUNT(*), COUNTIF(a.nearest = `{d}.nearest_current`(c.recency, c.frequency, c.monetary)) " +
		"FROM `{d}.assignments_current` AS a JOIN `{d}.customers_current` AS c ON c.customer = a.customer")
	if fmt.Sprint(got) != "[4249 4249]" {
		t.Errorf("customers, and those whom SQL puts where Go does: %v, want 4249 of each", got)
	}
	for _, v := range warehouse.Views {
		answer := warehousetest.Query(t, strings.ReplaceAll(v.Example, "{d}", dataset))
		if len(answer) == 0 && v.Name != "movers_latest" && !strings.Contains(v.Example, "'entrants'") { // nobody moves in a first run
			t.Errorf("%s has no answer to %q", v.Name, v.Question)
		}
	}
	got = ask("SELECT COUNT(*), COUNTIF(l.customer IN (SELECT customer FROM `{d}.customer_360` WHERE held_out)) FROM `{d}.list_members` AS l")
	if fmt.Sprint(got) != "[3816 0]" { // 4,249 less the 433 of the hold-out
		t.Errorf("customers on lists, and those of them held out: %v, want 3816 and none", got)
	}
	erasedFromTheWarehouse(t, flags[0], dataset)
}

// The command that forgets a customer reaches the tables that the run has published, and only that customer's rows.
func erasedFromTheWarehouse(t *testing.T, root, dataset string) {
	t.Helper()
	keys, result := filepath.Join(t.TempDir(), "keys.txt"), filepath.Join(t.TempDir(), "erased.json")
	if err := os.WriteFile(keys, []byte("12347\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "registry", "erase", root, "--file="+keys, "--warehouse="+dataset, "--yes", "--result="+result)
	var r contract.EraseResult
	if text, err := os.ReadFile(result); err != nil || json.Unmarshal(text, &r) != nil || !r.Done {
		t.Fatalf("%v: %s", err, text)
	}
	held := map[string]bool{}
	for _, e := range r.Warehouse {
		held[e.Table[strings.LastIndex(e.Table, ".")+1:]] = true
		if got := warehousetest.Query(t, "SELECT COUNTIF(customer = '12347'), COUNTIF(customer = '12348') FROM `"+e.Table+"`")[0]; fmt.Sprint(got[0]) != "0" || fmt.Sprint(got[1]) == "0" {
			t.Errorf("%s has %v rows of the customer and of another one, want 0 and some", e.Table, got)
		}
	}
	for _, table := range []string{"customers", "assignments", "audience", "predictions", "arms"} {
		if !held[table] {
			t.Errorf("%s is not among the tables that held the customer: %v", table, held)
		}
	}
}

// A rollback publishes the old model's segments again, and so does one within a run that goes there and back: *_current is of
// the model in force, and publications keep every one.
func TestRolledBackInTheWarehouse(t *testing.T) {
	folder := os.Getenv("CLIENTELE_CASES")
	if folder == "" {
		t.Skip("CLIENTELE_CASES is not set: it names the folder of the shops' files")
	}
	source, err := filepath.Abs(filepath.Join(folder, "17-rollback-undone", "lines.csv"))
	if err != nil {
		t.Fatal(err)
	}
	dataset := warehousetest.Start(t)
	root := "--root=file://" + t.TempDir()
	var models []string
	for _, asOf := range []string{"2023-01-01", "2023-07-01"} {
		flags := []string{root, "--pipeline=shop", "--run-id=a", "--as-of=" + asOf}
		must(t, "ingest", append(flags, "--source="+source)...)
		models = append(models, published(t, flags, dataset, "preprocess", "drift", "train", "evaluate", "promote", "score", "publish").ModelID)
	}
	if models[0] == models[1] {
		t.Fatal("the shop has one model only: there is nothing to roll back")
	}
	back := []string{root, "--pipeline=rollback", "--run-id=manual", "--as-of=2023-07-02"}
	from := append(slices.Clone(back), "--from-run=shop/2023-07-01/"+contract.Slug("a"))
	current := func(want, when string) {
		t.Helper()
		for _, table := range []string{"assignments_current", "segments_current", "customers_current"} {
			got := warehousetest.Query(t, "SELECT DISTINCT as_of, model_id FROM `"+dataset+"."+table+"`")
			if fmt.Sprint(got) != "[[2023-07-02 "+want+"]]" {
				t.Errorf("%s: %s is of %v, want model %s", when, table, got, want)
			}
		}
	}
	must(t, "registry", append([]string{"rollback"}, back...)...)
	published(t, from, dataset, "score", "publish")
	current(models[0], "rolled back")
	again := []string{root, "--pipeline=rollback", "--run-id=again", "--as-of=2023-07-02"}
	must(t, "registry", append([]string{"rollback", "--to-model=" + models[1]}, again...)...)
	published(t, from, dataset, "score", "publish")
	current(models[1], "and forward again")
	third := []string{root, "--pipeline=rollback", "--run-id=third", "--as-of=2023-07-02"}
	must(t, "registry", append([]string{"rollback", "--to-model=" + models[0]}, third...)...)
	published(t, from, dataset, "score", "publish")
	current(models[0], "and back in the same run")
	before := warehousetest.Query(t, "SELECT COUNT(*) FROM `"+dataset+".publications`")
	published(t, from, dataset, "publish")
	if after := warehousetest.Query(t, "SELECT COUNT(*) FROM `"+dataset+".publications`"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("publications has %v rows, and %v after the same again", before, after)
	}
	got := warehousetest.Query(t, "SELECT as_of, model_id, COUNT(DISTINCT publication) FROM `"+dataset+".publications` GROUP BY 1, 2 ORDER BY 1, 3")
	want := [][]any{{"2023-01-01", models[0], "1"}, {"2023-07-01", models[1], "1"}, {"2023-07-02", models[1], "1"}, {"2023-07-02", models[0], "2"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("publications %v, want %v", got, want)
	}
}
