package pipeline_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/demo"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
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
	if got := task.Main(p, args); got != code {
		s.t.Fatalf("%s ended with %d, want %d", args, got, code)
	}
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

// eachText decodes an Arrow file by Arrow's own reader.
func eachText(text []byte, visit func(column, value string)) error {
	r, err := ipc.NewFileReader(bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer r.Close()
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		if err != nil {
			return err
		}
		for c, col := range rec.Columns() {
			if d, ok := col.(*array.Dictionary); ok && d.Dictionary().DataType().ID() == arrow.STRING || col.DataType().ID() == arrow.STRING {
				for row := range col.Len() {
					if col.IsValid(row) {
						visit(rec.ColumnName(c), col.ValueStr(row))
					} else {
						visit(rec.ColumnName(c), "")
					}
				}
			}
		}
	}
	return nil
}

// holding returns the kind of every file below a folder that holds a customer's id, by name: it decodes tables, and looks into the text
// of everything else, pages, JSON and unfinished files alike.
func holding(t *testing.T, root, id string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(root, path)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if kind := holds(t, name, text, id); kind != "" {
			found[name] = kind
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// holds returns the kind of a file that holds a customer's id, "" for one that does not.
func holds(t *testing.T, name string, text []byte, id string) (found string) {
	t.Helper()
	if !bytes.HasPrefix(text, []byte("ARROW1")) {
		var decoded any
		if json.Unmarshal(text, &decoded) == nil {
			text = fmt.Appendf(nil, "%v", decoded) // without escapes
		}
		for _, coded := range regexp.MustCompile(`[A-Za-z0-9+/]{100,}=*`).FindAll(text, -1) { // what a page unpacks
			zipped, err := base64.StdEncoding.DecodeString(string(coded))
			if err != nil {
				continue
			}
			if r, err := gzip.NewReader(bytes.NewReader(zipped)); err == nil {
				data, err := io.ReadAll(r)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				text = append(text, data...)
			}
		}
		if bytes.Contains(text, []byte(id)) {
			return "text " + filepath.Ext(name)
		}
		return ""
	}
	kind := regexp.MustCompile(`^[a-z_]+`).FindString(filepath.Base(name))
	switch first, _, _ := strings.Cut(filepath.ToSlash(name), "/"); first {
	case "lines", "quarantine", "campaigns", "registry":
		kind = first
	}
	err := eachText(text, func(_, value string) {
		if strings.Contains(value, id) {
			found = kind
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return found
}

// After an erasure nothing below the root holds the customer, whatever it is decoded by, and the search finds each kind that is left out.
func TestErase(t *testing.T) {
	s := newErasedShop(t, 150, 396)
	root := filepath.Join(s.dir, "root")
	before := holding(t, root, s.victim)
	kinds := map[string]string{}
	content := map[string][]byte{}
	for name, kind := range before {
		kinds[kind] = name
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		content[name] = text
	}
	for _, want := range []string{"lines", "quarantine", "campaigns", "registry", "sent", "sales", "customers", "windows", "assignments", "arms", "audience",
		"customer_nature", "predictions", "suggestions", "text .html"} {
		if kinds[want] == "" {
			t.Errorf("no object of kind %s holds the customer before: the test proves nothing of it", want)
		}
	}
	segments := s.segments("2025-11-04")
	delete(segments, s.victim)

	r := s.erase(0, s.victim)
	if !r.Done || r.Customers != 1 || r.Seq != 1 || r.Erasure != 1 || len(r.Exports) != 1 || r.Exports[0].Tool != "klaviyo" || len(r.Left) != 0 {
		t.Errorf("result %+v", r)
	}
	if left := holding(t, root, s.victim); len(left) != 0 {
		t.Errorf("the customer is still in %v", left)
	}
	receipt, err := os.ReadFile(filepath.Join(root, "erasures", "1.json"))
	if err != nil || !bytes.Contains(receipt, []byte("request 4711")) || !bytes.Contains(receipt, []byte(`"actor":"officer"`)) {
		t.Errorf("receipt %s, %v", receipt, err)
	}
	for kind, name := range kinds { // one kind left out on purpose
		if got := holds(t, name, content[name], s.victim); got != kind {
			t.Errorf("with %s left out the search finds %q", name, got)
		}
	}
	if got := s.segments("2025-11-04"); !maps.Equal(got, segments) {
		t.Errorf("segments of others have changed")
	}

	// The registry can be verified, and says what cannot; nobody gets back over the gap.
	s.program(registry.Program, 0, "verify")
	var v registry.VerifyResult
	decode(t, s.result, &v)
	if v.Erased < 1 || v.Golden == 0 {
		t.Errorf("verify: %+v", v)
	}
	s.program(registry.Program, fault.ExitMissing, "rollback")
	s.program(registry.Program, fault.ExitMissing, "rollback", "--to-seq=1")

	// The campaign's read says that n fell by one.
	s.program(measure.Program, 0, "read", "--pipeline=hand", "--run-id=read", "--as-of=2025-11-04", "--from-run="+s.run("2025-11-04"), "--campaign=spring")
	var read contract.Read
	decode(t, s.result, &read)
	if !slices.ContainsFunc(read.Why, func(w string) bool { return strings.Contains(w, "n fell by 1: ") }) {
		t.Errorf("the read says %q", read.Why)
	}

	// The same file again: the customer's records are rejected, counted and not kept, and everybody else is where they were.
	again := s.pipeline("fourth", "2025-11-04")
	ingest := result[contract.IngestResult](t, again, contract.Ingest)
	if i := slices.IndexFunc(ingest.Quarantine, func(c contract.RuleCount) bool { return c.Rule == "forgotten" }); i < 0 || ingest.Quarantine[i].Rows < 16 || ingest.New {
		t.Errorf("ingest: new %v, %+v", ingest.New, ingest.Quarantine)
	}
	if left := holding(t, root, s.victim); len(left) != 0 {
		t.Errorf("after the next run the customer is in %v", left)
	}
	var promoted = result[contract.PromoteResult](t, again, contract.Promote)
	if promoted.Action == contract.ActionPromote {
		t.Errorf("promote: %+v", promoted)
	}

	// The same command again, somebody unknown, and both at once with a customer who is there.
	state := objectsBut(t, root, "state/erased.json", "erasures/")
	if r := s.erase(0, s.victim); len(r.Objects) != 0 || r.Seq != 1 {
		t.Errorf("again: %+v", r)
	}
	if now := objectsBut(t, root, "state/erased.json", "erasures/"); !maps.Equal(now, state) {
		t.Error("the same erasure again has changed objects")
	}
	if r := s.erase(0, "cu/nobody"); len(r.Objects) != 0 || r.Seq != 2 {
		t.Errorf("somebody unknown: %+v", r)
	}
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

// killed is a store that dies at its n-th write: that write and all calls after it fail. lost says that the write itself is done.
type killed struct {
	n      int64
	lost   bool
	writes atomic.Int64
	dead   atomic.Bool
	at     string
	all    []string
}

var errKilled = errors.New("killed")

func (k *killed) write(verb string) bool {
	return verb == "create" || verb == "swap" || verb == "delete"
}

func (k *killed) Before(verb, name string) error {
	if k.dead.Load() {
		return errKilled
	}
	if k.write(verb) {
		k.all = append(k.all, verb+" "+name)
	}
	if k.write(verb) && k.writes.Add(1) == k.n {
		k.at = verb + " " + name
		if !k.lost {
			k.dead.Store(true)
			return errKilled
		}
	}
	return nil
}

func (k *killed) After(verb, name string) error {
	if k.lost && k.write(verb) && k.at == verb+" "+name {
		k.dead.Store(true)
		return errKilled
	}
	return nil
}

func (k *killed) Content(_ string, content io.ReaderAt) io.ReaderAt { return content }

// erasedBy erases in this process, on a copy of the root.
func (s *erasedShop) erasedBy(root string, k *killed, keys ...string) (contract.EraseResult, error) {
	s.t.Helper()
	file := filepath.Join(s.dir, "keys-"+contract.SHA256([]byte(strings.Join(keys, " ")))[:8])
	if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")), 0o600); err != nil {
		s.t.Fatal(err)
	}
	c := registry.EraseConfig{Common: task.Common{Root: root, Name: "segments"}, File: file, Yes: true, Actor: "officer"}
	ctx := s.t.Context()
	if k != nil {
		ctx = objstore.WithInterceptor(ctx, k)
	}
	d := task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: s.t.TempDir(), Code: "test", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	r, err := registry.Erase.Run(ctx, c, d)
	return r.EraseResult, err
}

// loaded copies a root into memory, where nothing waits for a disk, and returns its URL.
func loaded(t *testing.T, from string) string {
	t.Helper()
	url := fmt.Sprintf("mem://%s-%d", strings.ToLower(t.Name()), loads.Add(1))
	store, err := objstore.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.Contains(name, ".tmp") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = store.CreateBytes(t.Context(), filepath.ToSlash(name), text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var loads atomic.Int64

// stored returns every object of a store, every generation that it has, but those of some names.
func stored(t *testing.T, url string, but ...string) map[string]string {
	t.Helper()
	store, err := objstore.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	items, err := store.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, item := range items {
		if slices.ContainsFunc(but, func(p string) bool { return strings.HasPrefix(item.Name, p) }) {
			continue
		}
		o, err := store.Open(t.Context(), item.Name, item.Generation)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, o.Size)
		if n, err := o.ReadAt(text, 0); n < len(text) {
			t.Fatal(err)
		}
		o.Close()
		name := item.Name
		if !item.Live {
			name += fmt.Sprintf("#%d", item.Generation)
		}
		all[name] = string(text)
	}
	return all
}

// holders are the objects of a store that hold a customer's id.
func holders(t *testing.T, all map[string]string, id string) (names []string) {
	t.Helper()
	for name, text := range all {
		if holds(t, name, []byte(text), id) != "" {
			names = append(names, name)
		}
	}
	return names
}

// An erasure that is killed before or right after any of its writes, and started again, leaves the very objects of one that was not.
func TestErasureKilledAtEveryWrite(t *testing.T) {
	if testing.Short() {
		t.Skip("an erasure is killed fifty times")
	}
	s := newErasedShop(t, 60, 60)
	root := filepath.Join(s.dir, "root")
	own := []string{"state/erased.json", "erasures/"}
	calm := loaded(t, root)
	counted := &killed{}
	whole, err := s.erasedBy(calm, counted, s.victim)
	if err != nil || counted.writes.Load() < 20 {
		t.Fatalf("%d writes, %v", counted.writes.Load(), err)
	}
	want := stored(t, calm, own...)
	for _, n := range kindsOfWrites(counted.all) {
		again := loaded(t, root)
		k := &killed{n: n, lost: n%2 == 0}
		if _, err := s.erasedBy(again, k, s.victim); !errors.Is(err, errKilled) {
			t.Fatalf("write %d (%s): %v, want to be killed", n, k.at, err)
		}
		r, err := s.erasedBy(again, nil, s.victim)
		if err != nil {
			t.Errorf("killed at write %d, %s, and run again: %v", n, k.at, err)
			continue
		}
		// Where the first try was all but done, the second finds nothing to do, and says so.
		if len(r.Objects) > 0 && (!slices.Equal(r.Objects, whole.Objects) || !slices.Equal(r.Exports, whole.Exports)) {
			t.Errorf("killed at write %d, %s: the receipt is\n%+v\nof an undisturbed erasure\n%+v", n, k.at, r, whole)
		}
		now := stored(t, again)
		if left := holders(t, now, s.victim); len(left) > 0 {
			t.Errorf("killed at write %d, %s, and run again: the customer is in %v", n, k.at, left)
		}
		maps.DeleteFunc(now, func(name, _ string) bool {
			return slices.ContainsFunc(own, func(p string) bool { return strings.HasPrefix(name, p) })
		})
		if !maps.Equal(now, want) {
			t.Errorf("killed at write %d, %s, and run again, it left other objects: %v", n, k.at, differences(now, want))
		}
	}
}

// kindsOfWrites returns the first and the last write of each kind, from 1: of those to objects of the same place in the layout, it makes
// no difference which comes to be the last. -short takes the first.
func kindsOfWrites(all []string) (numbers []int64) {
	hash := regexp.MustCompile(`[0-9a-f]{12,64}|[0-9]{4}-[0-9]{2}-[0-9]{2}|runs/.*/|[a-z_]+(-erased-.*)?\.arrow`)
	first, last := map[string]int64{}, map[string]int64{}
	for i, w := range all {
		kind := hash.ReplaceAllString(w, "*")
		if first[kind] == 0 {
			first[kind] = int64(i + 1)
		}
		last[kind] = int64(i + 1)
	}
	for kind, n := range first {
		numbers = append(numbers, n)
		if !testing.Short() && last[kind] != n {
			numbers = append(numbers, last[kind])
		}
	}
	slices.Sort(numbers)
	return numbers
}

// differences names what is on one side alone, or differs.
func differences(a, b map[string]string) (names []string) {
	for name, sum := range a {
		if b[name] != sum {
			names = append(names, name)
		}
	}
	for name := range b {
		if a[name] == "" {
			names = append(names, "-"+name)
		}
	}
	slices.Sort(names)
	return names
}

// On a bucket that keeps old generations these go too.
func TestEraseOnABucketThatKeepsGenerations(t *testing.T) {
	url := gcstest.StartVersioned(t) + "/shop"
	s := newErasedShop(t, 60, 60)
	store, err := objstore.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	old := ""
	for name, text := range stored(t, loaded(t, filepath.Join(s.dir, "root"))) {
		attrs, err := store.CreateBytes(t.Context(), name, []byte(text))
		if err == nil && old == "" && holds(t, name, []byte(text), s.victim) == "lines" { // overwritten since: the bucket keeps what it was
			old = name
			_, err = store.Swap(t.Context(), name, attrs.Generation, []byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	before := stored(t, url)
	kept := 0
	for _, name := range holders(t, before, s.victim) {
		if strings.HasPrefix(name, old+"#") {
			kept++
		}
	}
	if kept != 1 {
		t.Fatalf("the bucket keeps %d old generations of %s, want 1", kept, old)
	}
	r, err := s.erasedBy(url, nil, s.victim)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Objects, func(o contract.ErasedKind) bool { return o.Kind == "lines" })
	if i < 0 || r.Objects[i].Old != 1 {
		t.Errorf("receipt %+v", r.Objects)
	}
	if left := holders(t, stored(t, url), s.victim); len(left) > 0 {
		t.Errorf("the customer is still in %v", left)
	}
}

// Two erasures at once: of the same customer one is done and the other is told to try again, or both are; of others the second waits.
// In the end nothing holds either.
func TestTwoErasuresAtOnce(t *testing.T) {
	s := newErasedShop(t, 60, 60)
	root := filepath.Join(s.dir, "root")
	other := ""
	for c, lines := range s.lines() {
		if c != s.victim && strings.HasPrefix(c, "cu/") && (other == "" || c < other) && len(lines) > 5 {
			other = c
		}
	}
	for name, keys := range map[string][2]string{"the same": {s.victim, s.victim}, "another": {s.victim, other}} {
		t.Run(name, func(t *testing.T) {
			at := loaded(t, root)
			var errs [2]error
			var wait sync.WaitGroup
			for i, key := range keys {
				wait.Go(func() { _, errs[i] = s.erasedBy(at, nil, key) })
			}
			wait.Wait()
			for i, err := range errs {
				if err != nil && fault.Judge(err).Code != fault.ExitTemporary {
					t.Errorf("%v, want it to be done or to be tried again", err)
				}
				if _, err := s.erasedBy(at, nil, keys[i]); err != nil {
					t.Errorf("tried again: %v", err)
				}
			}
			now := stored(t, at)
			for _, key := range keys {
				if left := holders(t, now, key); len(left) > 0 {
					t.Errorf("%s is in %v", key, left)
				}
			}
		})
	}
}

// gc deletes what nothing names, no sooner than it is old enough, and leaves a root on which everything goes on: verify, an undo, the
// next run and a rollback.
func TestGC(t *testing.T) {
	s := newErasedShop(t, 60, 60)
	root := filepath.Join(s.dir, "root")
	later := time.Now().AddDate(0, 0, 31)
	gc := func(yes bool, now time.Time) contract.GCResult {
		t.Helper()
		c := registry.GCConfig{Common: task.Common{Root: "file://" + root, Name: "segments"}, MinDays: 30, Yes: yes}
		r, err := registry.GC.Run(t.Context(), c, task.Deps{Log: slog.New(slog.DiscardHandler), Progress: task.Silent{}, Scratch: t.TempDir(), Code: "test", Now: now})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := gc(true, later); len(r.Garbage) != 0 {
		t.Errorf("everything is named by something, and yet %+v is garbage", r.Garbage)
	}
	// The first run expires: its candidate and the table of a stopped step are named by nothing any more.
	if err := os.RemoveAll(filepath.Join(root, "runs", "test", "2025-11-03")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"runs/test/2025-11-04/" + filepath.Base(s.run("2025-11-04")) + "/train/0123456789ab/sweep.arrow": "x",
		"registry/blobs/sha256/" + strings.Repeat("a", 64):                                               "x",
		"registry/evals/" + strings.Repeat("b", 64) + ".json":                                            "x",
		"lines/shop/2025-11-01/" + strings.Repeat("c", 64) + ".arrow":                                    "x",
		"lines/index/" + strings.Repeat("d", 64) + ".json":                                               "x",
		"quarantine/shop/0123456789ab.arrow":                                                             "x",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	before := objectsBut(t, root)
	if r := gc(true, time.Now()); len(r.Garbage) != 0 || r.Young < 6 {
		t.Errorf("too young to be deleted: %+v", r)
	}
	plan := gc(false, later)
	if now := objectsBut(t, root); !maps.Equal(now, before) {
		t.Error("a plan has changed objects")
	}
	did := gc(true, later)
	if !slices.Equal(plan.Garbage, did.Garbage) || len(did.Garbage) < 6 {
		t.Errorf("planned %+v, did %+v", plan.Garbage, did.Garbage)
	}
	if r := gc(true, later); len(r.Garbage) != 0 {
		t.Errorf("a second time %+v is garbage", r.Garbage)
	}
	for name := range objectsBut(t, root) {
		if strings.Contains(name, strings.Repeat("a", 64)) || strings.Contains(name, "0123456789ab") {
			t.Errorf("%s is still there", name)
		}
	}
	s.program(registry.Program, 0, "verify")
	s.pipeline("after", "2025-11-04")
}

// With a customer key the ids are as the shop writes them, with the key, or as they are stored; with another key, or plain ones without
// the key, nobody would be found, and that is said.
func TestEraseWithACustomerKey(t *testing.T) {
	const key = "sixteen bytes or more"
	t.Setenv("CLIENTELE_CUSTOMER_KEY", key)
	s := newDelivery(t, 60, 60)
	s.pipeline("first", "2025-11-04")
	var plain []string
	for c, lines := range s.lines() {
		if len(lines) > 15 && strings.HasPrefix(c, "cu/") {
			plain = append(plain, c)
		}
	}
	slices.Sort(plain)
	stored := record.StoredCustomers([]byte(key))
	root := filepath.Join(s.dir, "root")
	if held := holding(t, root, stored(plain[0])); len(held) < 10 {
		t.Fatalf("only %v hold the customer before", held)
	}
	t.Setenv("CLIENTELE_CUSTOMER_KEY", "another key of sixteen bytes")
	s.erase(fault.ExitConfig, plain[0])
	t.Setenv("CLIENTELE_CUSTOMER_KEY", "")
	s.erase(fault.ExitConfig, plain[0])
	s.erase(0, stored(plain[1]))
	t.Setenv("CLIENTELE_CUSTOMER_KEY", key)
	s.erase(0, plain[0]+".0")
	for _, c := range plain[:2] {
		if left := holding(t, root, stored(c)); len(left) > 0 {
			t.Errorf("%s is still in %v", c, left)
		}
	}
	r := s.pipeline("second", "2025-11-04")
	ingest := result[contract.IngestResult](t, r, contract.Ingest)
	if i := slices.IndexFunc(ingest.Quarantine, func(c contract.RuleCount) bool { return c.Rule == "forgotten" }); i < 0 || ingest.Quarantine[i].Rows < 30 {
		t.Errorf("ingest: %+v", ingest.Quarantine)
	}
}

// A segment of which everybody is forgotten stays, without customers; the next run goes on.
func TestEraseEverybodyOfASegment(t *testing.T) {
	s := newErasedShop(t, 60, 60)
	members := map[string][]string{}
	for c, segment := range s.segments("2025-11-04") {
		members[segment] = append(members[segment], c)
	}
	smallest := ""
	for segment, all := range members {
		if smallest == "" || len(all) < len(members[smallest]) {
			smallest = segment
		}
	}
	r := s.erase(0, members[smallest]...)
	if !r.Done || r.Customers != len(members[smallest]) {
		t.Errorf("result %+v", r)
	}
	for _, c := range members[smallest] {
		if left := holding(t, filepath.Join(s.dir, "root"), c); len(left) > 0 {
			t.Errorf("%s is still in %v", c, left)
		}
	}
	s.program(registry.Program, 0, "verify")
	again := result[contract.ScoreResult](t, s.pipeline("after", "2025-11-04"), contract.Score)
	i := slices.IndexFunc(again.Segments, func(g contract.SegmentResult) bool { return g.ID == smallest })
	if i < 0 || again.Segments[i].Customers != 0 || len(again.Segments) != len(members) {
		t.Errorf("segments %+v, want %s without customers", again.Segments, smallest)
	}
}
