package warehouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/table"
	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// people has a column of every kind, and nulls where there can be.
var people = frame.Schema{Name: "people", Version: 1, Meaning: "People. One row per person.", Columns: []frame.Spec{
	{Name: "customer", Kind: frame.Text, Meaning: "Who."},
	{Name: "country", Kind: frame.Text, Nullable: true, Meaning: "Where."},
	{Name: "visits", Kind: frame.Int, Unit: "visits", Meaning: "How often."},
	{Name: "paid", Kind: frame.Money, Unit: "currency", Meaning: "How much."},
	{Name: "owed", Kind: frame.Money, Nullable: true, Unit: "currency", Meaning: "How much else."},
	{Name: "units", Kind: frame.Quantity, Unit: "units", Meaning: "How many."},
	{Name: "price", Kind: frame.Price, Unit: "currency", Meaning: "For how much each."},
	{Name: "score", Kind: frame.Float, Nullable: true, Meaning: "How good."},
	{Name: "seen", Kind: frame.Time, Meaning: "When."},
}}

var kinds = frame.Schema{Name: "kinds", Version: 1, Meaning: "Kinds. One row per kind.", Columns: []frame.Spec{
	{Name: "segment", Kind: frame.Text, Meaning: "Which."}, {Name: "limit", Kind: frame.Int, Meaning: "How many at most."},
}}

const noon = 1_323_432_000_000_000 // 2011-12-09 12:00:00

func rowsOf(n int) *frame.Frame {
	f := frame.New(people.Columns, n)
	for i := range n {
		f.Strings("customer")[i], f.Ints("visits")[i], f.Ints("paid")[i] = fmt.Sprintf("c%05d", i), int64(i), 12_345_678_901_234-int64(i)
		f.Ints("units")[i], f.Ints("price")[i], f.Ints("seen")[i] = -1_500, 2_710_001, noon
		f.Ints("owed")[i], f.Floats("score")[i] = frame.NullInt, math.NaN()
		if i%2 == 0 {
			f.Strings("country")[i], f.Ints("owed")[i], f.Floats("score")[i] = "Côte d'Ivoire \\ 'x'", -1, 0.1
		}
	}
	return f
}

func kindsOf(names ...string) *frame.Frame {
	f := frame.New(kinds.Columns, len(names))
	copy(f.Strings("segment"), names)
	return f
}

// source makes a real table file of a frame.
func source(t *testing.T, s frame.Schema, f *frame.Frame) Source {
	t.Helper()
	w := table.NewWriter(s, table.Options{Scratch: t.TempDir()})
	if err := w.WriteFrame(f); err != nil {
		t.Fatal(err)
	}
	file, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size))
	if err != nil {
		t.Fatal(err)
	}
	return Source{s, file.SHA256, func(_ context.Context, use func(io.ReaderAt, int64) error) error {
		return use(bytes.NewReader(content), int64(len(content)))
	}}
}

func publication(t *testing.T, key, asOf, model string, n int, names ...string) Publication {
	t.Helper()
	d, err := calendar.ParseDate(asOf)
	if err != nil {
		t.Fatal(err)
	}
	return Publication{Key: key, AsOf: d, Run: "clientele/" + asOf + "/" + key, ModelID: model,
		Tables: []Source{source(t, people, rowsOf(n)), source(t, kinds, kindsOf(names...))}}
}

func publish(t *testing.T, dataset string, p Publication) (Receipt, error) {
	t.Helper()
	return publishUnder(t.Context(), t, dataset, p, time.Minute)
}

func publishUnder(ctx context.Context, t *testing.T, dataset string, p Publication, patience time.Duration) (Receipt, error) {
	t.Helper()
	w, err := Open(ctx, dataset, Options{Scratch: t.TempDir(), Now: func() time.Time { return time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC) },
		Patience: patience, Tables: table.Options{Scratch: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.Publish(ctx, p)
}

// visible returns what a reader sees: by table, rows by as-of and model.
func visible(t *testing.T, dataset string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"people", "people_current", "kinds", "kinds_current", "publications"} {
		by := "run"
		if name == "publications" {
			by = "publication"
		}
		for _, r := range warehousetest.Query(t, fmt.Sprintf("SELECT as_of, model_id, %s, COUNT(*) FROM `%s.%s` GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", by, dataset, name)) {
			fmt.Fprintln(&b, name, r)
		}
	}
	return b.String()
}

func TestPublish(t *testing.T) {
	dataset := warehousetest.Start(t)
	first := publication(t, "k1", "2011-12-10", "m1", 5, "a", "b")
	r, err := publish(t, dataset, first)
	if err != nil {
		t.Fatal(err)
	}
	want := []Published{{"people", 5, "6172839450.6157"}, {"kinds", 2, "0.0000"}} // 5 × 1234567890.1234 − 0.0010 − 3 × 0.0001
	if !cmp.Equal(r.Tables, want) || r.Jobs != 3 || r.Bytes == 0 {
		t.Errorf("receipt %+v, want tables %+v and 3 jobs", r, want)
	}
	rows := warehousetest.Query(t, "SELECT as_of, run, model_id, customer, country, visits, CAST(paid AS STRING), CAST(owed AS STRING), CAST(units AS STRING), CAST(price AS STRING), score, CAST(seen AS STRING) FROM `"+dataset+".people_current` ORDER BY customer LIMIT 2")
	wantRows := [][]any{ // the emulator shows every NUMERIC with nine decimals
		{"2011-12-10", "clientele/2011-12-10/k1", "m1", "c00000", "Côte d'Ivoire \\ 'x'", "0", "1234567890.123400000", "-0.000100000", "-1.500000000", "2.710001000", "0.1", "2011-12-09 12:00:00"},
		{"2011-12-10", "clientele/2011-12-10/k1", "m1", "c00001", nil, "1", "1234567890.123300000", nil, "-1.500000000", "2.710001000", nil, "2011-12-09 12:00:00"},
	}
	if d := cmp.Diff(wantRows, rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}

	one := visible(t, dataset)
	if _, err := publish(t, dataset, first); err != nil {
		t.Fatal(err)
	}
	if again := visible(t, dataset); again != one {
		t.Errorf("published again, a reader sees\n%swant\n%s", again, one)
	}
	t.Run("older", func(t *testing.T) { // it has its own rows, and leaves the current ones alone
		if _, err := publish(t, dataset, publication(t, "k0", "2011-12-03", "m0", 3, "z")); err != nil {
			t.Fatal(err)
		}
		got := visible(t, dataset)
		for _, line := range []string{"people [2011-12-03 m0 clientele/2011-12-03/k0 3]\n", "people_current [2011-12-10 m1 clientele/2011-12-10/k1 5]\nkinds"} {
			if !strings.Contains(got, line) {
				t.Errorf("a reader sees\n%swithout %s", got, line)
			}
		}
	})
	t.Run("rollback", func(t *testing.T) { // the same as-of by another model
		if _, err := publish(t, dataset, publication(t, "k2", "2011-12-10", "m0", 4, "z")); err != nil {
			t.Fatal(err)
		}
		got := visible(t, dataset)
		for _, line := range []string{"people [2011-12-10 m0 clientele/2011-12-10/k2 4]\n", "people_current [2011-12-10 m0 clientele/2011-12-10/k2 4]\nkinds",
			"publications [2011-12-10 m1 k1 2]", "publications [2011-12-10 m0 k2 2]"} {
			if !strings.Contains(got, line) {
				t.Errorf("a reader sees\n%swithout %s", got, line)
			}
		}
	})
	if left := warehousetest.Query(t, "SELECT table_name FROM `"+dataset+"`.INFORMATION_SCHEMA.TABLES WHERE table_name LIKE 'staging%'"); len(left) > 0 {
		t.Errorf("staging tables are left: %v", left)
	}
}

// intoStorage uploads to what the server takes for Cloud Storage.
func intoStorage(t *testing.T) func(context.Context, string, io.ReaderAt, int64) (string, error) {
	t.Helper()
	folder, err := os.MkdirTemp(warehousetest.Storage(t), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, name string, src io.ReaderAt, size int64) (string, error) {
		f, err := os.Create(filepath.Join(folder, name))
		if err == nil {
			_, err = io.Copy(f, io.NewSectionReader(src, 0, size))
		}
		return "gs://" + filepath.Base(folder) + "/" + name, errors.Join(err, f.Close())
	}
}

// Files that were uploaded are loaded from there, and not sent again.
func TestLoadsFromStorage(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	w, err := Open(t.Context(), dataset, Options{Scratch: t.TempDir(), Now: time.Now, Tables: table.Options{Scratch: t.TempDir()},
		Upload: intoStorage(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Publish(t.Context(), publication(t, "k1", "2011-12-10", "m1", 5, "a")); err != nil {
		t.Fatal(err)
	}
	if got := visible(t, dataset); !strings.Contains(got, "people [2011-12-10 m1 clientele/2011-12-10/k1 5]") {
		t.Errorf("a reader sees\n%s", got)
	}
	for _, line := range p.log {
		if strings.Contains(line, "/upload/") {
			t.Errorf("a file was sent: %s", line)
		}
	}
}

func TestSchemaFirst(t *testing.T) {
	dataset := warehousetest.Start(t)
	first := publication(t, "k1", "2011-12-10", "m1", 2, "a")
	if _, err := publish(t, dataset, first); err != nil {
		t.Fatal(err)
	}
	wider := kinds
	wider.Columns = append(wider.Columns[:len(wider.Columns):len(wider.Columns)], frame.Spec{Name: "share", Kind: frame.Float, Nullable: true, Meaning: "Part of all."})
	f := frame.New(wider.Columns, 1)
	f.Strings("segment")[0], f.Floats("share")[0] = "a", 0.5
	second := first
	second.Key, second.Tables = "k2", []Source{first.Tables[0], source(t, wider, f)}
	if _, err := publish(t, dataset, second); err != nil {
		t.Fatalf("a nullable column more: %v", err)
	}
	if got := warehousetest.Query(t, "SELECT share FROM `"+dataset+".kinds`"); !cmp.Equal(got, [][]any{{"0.5"}}) {
		t.Errorf("the new column holds %v", got)
	}
	before := visible(t, dataset)
	for problem, change := range map[string]func(*frame.Schema){
		"column limit of table": func(s *frame.Schema) { s.Columns[1].Kind = frame.Float },
		"has no column extra":   func(s *frame.Schema) { s.Columns = append(s.Columns, frame.Spec{Name: "extra", Kind: frame.Int}) },
	} {
		other := wider
		other.Columns = append([]frame.Spec(nil), wider.Columns...)
		change(&other)
		third := first
		third.Key, third.Tables = "k3", []Source{first.Tables[0], source(t, other, frame.New(other.Columns, 1))}
		_, err := publish(t, dataset, third)
		if fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), "ALTER TABLE `"+dataset) {
			t.Errorf("%v: want exit code 78, %q and the statement to run", err, problem)
		}
		if after := visible(t, dataset); after != before {
			t.Errorf("%s: a reader sees\n%swant\n%s", problem, after, before)
		}
	}
}

// A file that cannot be read again as it was loaded stops the publication before anything is visible.
func TestNothingOfHalfAPublication(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := publication(t, "k1", "2011-12-10", "m1", 2, "a")
	p.Tables[1].Use = func(context.Context, func(io.ReaderAt, int64) error) error { return errors.New("cut") }
	if _, err := publish(t, dataset, p); err == nil || !strings.Contains(err.Error(), "load kinds: cut") {
		t.Fatalf("%v, want the table and the error", err)
	}
	if got := visible(t, dataset); got != "" {
		t.Errorf("a reader sees\n%s", got)
	}
}

func TestTotal(t *testing.T) {
	var sum total
	for range 30 {
		sum.add(math.MaxInt64)
	}
	sum.add(math.MinInt64)
	if got, want := sum.String(), "26747778906878849.8402"; got != want { // 29 × (2⁶³ − 1) − 1 ten-thousandths, by Python
		t.Errorf("sum %s, want %s", got, want)
	}
}

// What a bill is split by: every request that makes a table, or a job that costs, has the labels.
func TestTablesAndJobsAreLabelled(t *testing.T) {
	dataset := warehousetest.Start(t)
	t.Setenv(LabelsVariable, `{"env": "dev", "cost-center": "Team 42"}`)
	seen := map[string]int{}
	startProxy(t).inject = func(_ int, r *http.Request, _ http.ResponseWriter, _ func(http.ResponseWriter)) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		kind := path.Base(r.URL.Path)
		if r.Method != http.MethodPost || kind != "tables" && kind != "jobs" {
			return false
		}
		if seen[kind]++; !bytes.Contains(body, []byte(`"labels":{"app":"clientele","cost-center":"team-42","env":"dev","run":"clientele-2011-12-10-k1","step":"publish"}`)) {
			t.Errorf("%s has no labels: %.300q", r.URL.Path, body)
		}
		return false
	}
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 5, "a")); err != nil {
		t.Fatal(err)
	}
	if seen["tables"] < 5 || seen["jobs"] != 3 {
		t.Errorf("seen: %v", seen)
	}
}

func TestNamesByTheirLength(t *testing.T) {
	for name, ok := range map[string]bool{
		"my-project." + strings.Repeat("d", 1000):            true,
		"my-project." + strings.Repeat("d", 1001):            false,
		"my-project.shop." + strings.Repeat("ü", 300):        true,
		"my-project.shop." + strings.Repeat("ü", 301):        false,
		"my-project." + strings.Repeat("d", 1001) + ".lines": false,
		"my-project":        true,
		"my-project.shop.":  false,
		"my-project..lines": false,
	} {
		check := CheckTable
		if strings.Count(name, ".") == 1 {
			check = CheckName
		}
		if got := check(name); (got == "") != ok {
			t.Errorf("a name of %d bytes, %.30s: %q", len(name), name, got)
		}
	}
}

func TestLabelsThatCannotBe(t *testing.T) {
	for _, text := range []string{`env=dev`, `{"env": 1}`, `{"Env": "dev"}`, `{"": "dev"}`} {
		t.Setenv(LabelsVariable, text)
		if _, err := Open(t.Context(), "my-project.shop", Options{}); fault.CodeOf(err) != fault.ExitConfig || !strings.Contains(err.Error(), LabelsVariable) {
			t.Errorf("%s: %v, want exit code 78 that names the variable", text, err)
		}
	}
}

func TestLabel(t *testing.T) {
	if got, want := label("Clientele/2011-12-10/A.b"), "clientele-2011-12-10-a-b"; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
	if got := label(strings.Repeat("x", 80)); len(got) != 63 {
		t.Errorf("label of %d characters", len(got))
	}
}
