package pipeline_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/task"
	"github.com/clientele/clientele/tasks/measure"
	"github.com/clientele/clientele/tasks/pipeline"
	"github.com/clientele/clientele/tasks/registry"
)

// erasedShop is a shop that has been through the pipeline twice, with a campaign and a list that was sent, and knows its customers by ids
// that mean nothing else wherever they are written.
type erasedShop struct {
	t      *testing.T
	dir    string
	root   string // URL
	result string
	victim string
	secret []string // ids that no program may say
}

// newErasedShop makes a shop that ends on 2025-11-04.
func newErasedShop(t *testing.T, customers, days int) *erasedShop {
	t.Helper()
	s := newDelivery(t, customers, days)
	s.pipeline("first", "2025-10-27")
	s.program(measure.Program, 0, "assign", "--pipeline=hand", "--run-id=assign", "--as-of=2025-10-27", "--from-run="+s.run("2025-10-27"),
		"--campaign=spring", "--control-share=0.5", "--start=2025-10-27", "--days=7")
	s.pipeline("second", "2025-11-03")
	golden := s.texts(s.blob("golden"), "customer")
	lines := s.lines()
	// One of the golden customers, in the arm treatment, with lines and a record that is rejected.
	arms := s.arms()
	for _, c := range golden {
		if arms[c] == contract.ArmTreatment && len(lines[c]) > 15 && (s.victim == "" || len(lines[c]) < len(lines[s.victim])) {
			s.victim = c
		}
	}
	if s.victim == "" {
		t.Fatal("no golden customer is in the campaign's treatment arm")
	}
	s.reject(s.victim)
	s.pipeline("third", "2025-11-04")
	s.export()
	return s
}

// small is what the first test that wants a small shop has made, for the others: where its files are, and who the victim is.
var small struct {
	sync.Mutex
	files  map[string][]byte
	victim string
}

// smallErasedShop is a copy of a shop of 60 customers and 60 days.
func smallErasedShop(t *testing.T) *erasedShop {
	t.Helper()
	small.Lock()
	defer small.Unlock()
	if small.files == nil {
		s := newErasedShop(t, 60, 60)
		files := map[string][]byte{}
		err := filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			name, _ := filepath.Rel(s.dir, path)
			files[name], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		small.files, small.victim = files, s.victim
	}
	s := &erasedShop{t: t, dir: t.TempDir(), victim: small.victim}
	s.root, s.result = "file://"+filepath.Join(s.dir, "root"), filepath.Join(s.dir, "result.json")
	for name, text := range small.files {
		path := filepath.Join(s.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// newDelivery is a shop that has delivered, and no more.
func newDelivery(t *testing.T, customers, days int) *erasedShop {
	t.Helper()
	s := &erasedShop{t: t, dir: t.TempDir()}
	shop, err := demo.New(demo.Options{Seed: 1, Customers: customers, From: calendar.Date(20_396 - days), Days: days})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := shop.WriteLines(t.Context(), &text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "lines.csv"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.root, s.result = "file://"+filepath.Join(s.dir, "root"), filepath.Join(s.dir, "result.json")
	s.rename()
	return s
}

// program runs a program on the root and wants its exit code.
func (s *erasedShop) program(p task.Program, code int, args ...string) {
	s.t.Helper()
	args = append(args, "--root="+s.root, "--result="+s.result, "--log=json")
	got, said := s.said(func() int { return task.Main(p, args) })
	if got != code {
		s.t.Fatalf("%s ended with %d, want %d:\n%s", args, got, code, said)
	}
	if said == "" {
		s.t.Errorf("%s says nothing: its log is not looked at", args)
	}
	for _, id := range append(s.secret, s.victim) {
		if id != "" && strings.Contains(said, id) {
			s.t.Errorf("%s has the id %s in its log or output:\n%s", args, id, said)
		}
	}
}

// said returns what a program writes to standard output and standard error.
func (s *erasedShop) said(run func() int) (code int, text string) {
	s.t.Helper()
	f, err := os.CreateTemp(s.t.TempDir(), "said-")
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = f, f
	defer func() { os.Stdout, os.Stderr = out, errs }()
	code = run()
	all, err := os.ReadFile(f.Name())
	if err != nil {
		s.t.Fatal(err)
	}
	return code, string(all)
}

func (s *erasedShop) pipeline(id, asOf string) contract.PipelineResult {
	s.t.Helper()
	s.program(pipeline.Task, 0, "--pipeline=test", "--run-id="+id, "--as-of="+asOf, "--source="+filepath.Join(s.dir, "lines.csv"))
	var r contract.PipelineResult
	decode(s.t, s.result, &r)
	return r
}

// erase forgets customers.
func (s *erasedShop) erase(code int, keys ...string) contract.EraseResult {
	s.t.Helper()
	file := filepath.Join(s.dir, "keys.txt")
	if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	_ = os.Remove(s.result)
	s.secret = keys
	s.program(registry.Program, code, "erase", "--file="+file, "--yes", "--actor=officer", "--reason=request 4711")
	var r contract.EraseResult
	if code == 0 {
		decode(s.t, s.result, &r)
	}
	return r
}

// rename gives the customers ids that no number, hash or name of a product has in it.
func (s *erasedShop) rename() {
	s.t.Helper()
	s.edit(func(rows [][]string) [][]string {
		for _, r := range rows[1:] {
			if len(r) == 8 && regexp.MustCompile(`^[0-9]+$`).MatchString(r[6]) {
				r[6] = "cu/" + r[6]
			}
		}
		return rows
	})
}

// reject adds a record of a customer that ingest rejects.
func (s *erasedShop) reject(customer string) {
	s.t.Helper()
	s.edit(func(rows [][]string) [][]string {
		return append(rows, []string{"900001", "21029", "A CAKE STAND", "many", "2025-11-03 10:00:00", "1.25", customer, "France"})
	})
}

func (s *erasedShop) edit(change func([][]string) [][]string) {
	s.t.Helper()
	name := filepath.Join(s.dir, "lines.csv")
	text, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	rows, err := r.ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(change(rows)); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// lines are the delivered ones, by customer.
func (s *erasedShop) lines() map[string][][]string {
	by := map[string][][]string{}
	s.edit(func(rows [][]string) [][]string {
		for _, r := range rows[1:] {
			if len(r) == 8 {
				by[r[6]] = append(by[r[6]], r)
			}
		}
		return rows
	})
	return by
}

func (s *erasedShop) run(asOf string) string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "root", "runs", "test", asOf, "*"))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("runs of %s: %v, %v", asOf, found, err)
	}
	return "test/" + asOf + "/" + filepath.Base(found[0])
}

// export writes a list with the victim and logs it.
func (s *erasedShop) export() {
	s.t.Helper()
	segment := ""
	names, of := s.column("2025-11-04", "assignments", "customer"), s.column("2025-11-04", "assignments", "segment")
	var keys strings.Builder
	keys.WriteString("customer,email,consent\n")
	for i, c := range names {
		if c == s.victim {
			segment = of[i]
		}
		fmt.Fprintf(&keys, "%s,c%d@shop.example,yes\n", c, i)
	}
	file := filepath.Join(s.dir, "map.csv")
	if err := os.WriteFile(file, []byte(keys.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.program(measure.Program, 0, "export", "--pipeline=hand", "--run-id=export", "--as-of=2025-11-04", "--from-run="+s.run("2025-11-04"),
		"--segment="+segment, "--tool=klaviyo", "--keys="+file, "--output="+filepath.Join(s.dir, "out.csv"))
}

func (s *erasedShop) arms() map[string]string {
	arms := map[string]string{}
	file := s.one("campaigns/segments/spring/arms*.arrow")
	names, of := s.texts(file, "customer"), s.texts(file, "arm")
	for i, c := range names {
		arms[c] = of[i]
	}
	return arms
}

// one returns the only object of a pattern.
func (s *erasedShop) one(pattern string) string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, "root", filepath.FromSlash(pattern)))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

// column is a column of the table that the manifest of the latest key names.
func (s *erasedShop) column(asOf, table, column string) []string {
	s.t.Helper()
	pointers, err := filepath.Glob(filepath.Join(s.dir, "root", "runs", "test", asOf, "*", "*", "current.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range pointers {
		var c struct{ Manifest string }
		decode(s.t, p, &c)
		var m struct {
			Objects map[string]struct{ Object string }
		}
		decode(s.t, filepath.Join(s.dir, "root", c.Manifest), &m)
		if o, ok := m.Objects[table]; ok {
			return s.texts(filepath.Join(s.dir, "root", o.Object), column)
		}
	}
	s.t.Fatalf("no run of %s has the table %s", asOf, table)
	return nil
}

// blob is a table of HEAD's model.
func (s *erasedShop) blob(part string) string {
	s.t.Helper()
	var head struct {
		Revision struct {
			ModelID string `json:"model_id"`
		}
	}
	decode(s.t, filepath.Join(s.dir, "root/registry/segments/HEAD.json"), &head)
	var m struct {
		Blobs map[string]struct{ SHA256 string }
	}
	decode(s.t, filepath.Join(s.dir, "root/registry/models", head.Revision.ModelID, "manifest.json"), &m)
	return filepath.Join(s.dir, "root/registry/blobs/sha256", m.Blobs[part].SHA256)
}

// texts returns a column of an Arrow file.
func (s *erasedShop) texts(file, column string) (values []string) {
	s.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	err = eachText(text, func(name, v string) {
		if name == column {
			values = append(values, v)
		}
	})
	if err != nil {
		s.t.Fatalf("%s: %v", file, err)
	}
	return values
}

// segments are the customers' of the runs of a day, by the score's latest table.
func (s *erasedShop) segments(asOf string) map[string]string {
	names, of := s.column(asOf, "assignments", "customer"), s.column(asOf, "assignments", "segment")
	segments := map[string]string{}
	for i, c := range names {
		segments[c] = of[i]
	}
	return segments
}

// result is a step's of a run.
func result[T any](t *testing.T, r contract.PipelineResult, step string) (v T) {
	t.Helper()
	text, err := json.Marshal(r.Steps[step])
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// objectsBut are the objects of a root by name, but for some.
func objectsBut(t *testing.T, root string, but ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.Contains(name, ".tmp") {
			return err
		}
		if slices.ContainsFunc(but, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return nil
		}
		text, err := os.ReadFile(path)
		all[name] = contract.SHA256(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
