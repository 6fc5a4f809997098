package warehouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/contract"
	"github.com/clientele/clientele/pkg/fault"
	"github.com/clientele/clientele/pkg/frame"
	"github.com/clientele/clientele/pkg/model/modeltest"
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

// proxy stands in for what the emulator lacks: job ids that are used once, and kept for a job that comes with its file. It
// injects what a network and a service do.
type proxy struct {
	mu     sync.Mutex
	n      int               // requests
	jobs   map[string]string // ids as asked for → as the emulator calls the job
	log    []string
	inject func(n int, r *http.Request, write http.ResponseWriter, pass func(http.ResponseWriter)) bool // true: answered
	back   http.Handler
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	to, err := url.Parse("http://" + os.Getenv(EmulatorVariable))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{jobs: map[string]string{}, back: httputil.NewSingleHostReverseProxy(to)}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	t.Setenv(EmulatorVariable, strings.TrimPrefix(srv.URL, "http://"))
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	id := ""
	if r.Method == http.MethodPost {
		id = jobIn(body)
	}
	p.mu.Lock()
	p.n++
	n, inject := p.n, p.inject
	_, again := p.jobs[id]
	p.log = append(p.log, r.Method+" "+r.URL.Path)
	p.mu.Unlock()
	if again {
		refuse(w, http.StatusConflict, "duplicate", "Already Exists: Job "+id)
		return
	}
	pass := func(w http.ResponseWriter) { p.pass(w, r, id) }
	if inject == nil || !inject(n, r, w, pass) {
		pass(w)
	}
}

// pass hands a request on, with the emulator's names of jobs.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request, id string) {
	p.mu.Lock()
	for asked, is := range p.jobs {
		r.URL.Path = strings.ReplaceAll(r.URL.Path, asked, is)
	}
	p.mu.Unlock()
	answer := httptest.NewRecorder()
	p.back.ServeHTTP(answer, r)
	text := answer.Body.String()
	p.mu.Lock()
	if id != "" {
		p.jobs[id] = jobIn([]byte(text))
	}
	for asked, is := range p.jobs {
		text = strings.ReplaceAll(text, is, asked)
	}
	p.mu.Unlock()
	answer.Header().Del("Content-Length")
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = io.WriteString(w, text)
}

var jobIDs = regexp.MustCompile(`"jobId":\s*"([^"]+)"`)

// jobIn returns the id of the job that a request starts or an answer is about, "" for another request.
func jobIn(body []byte) string {
	if m := jobIDs.FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return ""
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":%q,"errors":[{"domain":"global","reason":%q,"message":%q}]}}`, code, message, reason, message)
}

// Stopped at any request, a reader sees the old publication or the new one, in all tables alike, and the next try completes it.
func TestStoppedAtEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("a publication is stopped fifty times")
	}
	dataset := warehousetest.Start(t)
	direct := os.Getenv(EmulatorVariable)
	if _, err := publish(t, dataset, publication(t, "old", "2011-12-10", "m1", 2, "a")); err != nil {
		t.Fatal(err)
	}
	before := visible(t, dataset)
	segments := source(t, contract.Segments, frame.New(contract.Segments.Columns, 2)) // with it a view is made
	ruler := bundle(t, modeltest.Customers(50, 1), 3, everyTransform, 0)
	ruler.Manifest.ModelID = strings.Repeat("ab", 32)
	for n, done := 1, false; !done; n++ {
		key := fmt.Sprintf("new%d", n)
		p := startProxy(t)
		ctx, stop := context.WithCancel(t.Context())
		p.inject = func(i int, _ *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
			if i != n {
				return false
			}
			if n%2 == 0 { // the request arrives, its reply does not
				pass(httptest.NewRecorder())
			}
			stop()
			return true
		}
		next := publication(t, key, "2011-12-10", key, 3, "b", "c")
		next.Tables, next.Model = append(next.Tables, segments), ruler
		_, err := publishUnder(ctx, t, dataset, next, time.Minute)
		done = err == nil
		stop()
		after := map[string]string{}
		for _, name := range []string{"people", "kinds"} {
			for _, table := range []string{name, name + "_current"} {
				got := warehousetest.Query(t, "SELECT DISTINCT run FROM `"+dataset+"."+table+"`")
				if len(got) != 1 {
					t.Fatalf("stopped at request %d: %s holds rows of %v", n, table, got)
				}
				after[got[0][0].(string)] = table
			}
		}
		if len(after) != 1 {
			t.Errorf("stopped at request %d (%s): tables are of different runs: %v", n, p.log[len(p.log)-1], after)
		}
		p.mu.Lock()
		p.inject = nil
		p.mu.Unlock()
		if _, err := publish(t, dataset, next); err != nil {
			t.Errorf("stopped at request %d, tried again: %v", n, err)
		}
		if got := visible(t, dataset); !strings.Contains(got, "people_current [2011-12-10 "+key+" clientele/2011-12-10/"+key+" 3]") || got == before {
			t.Errorf("stopped at request %d and tried again, a reader sees\n%s", n, got)
		}
		if got := warehousetest.Query(t, "SELECT COUNT(*), MIN(model_id) FROM `"+dataset+".segment_history`"); fmt.Sprint(got) != "[[2 "+key+"]]" {
			t.Errorf("stopped at request %d and tried again, the view has %v", n, got)
		}
		if got := warehousetest.Query(t, "SELECT `"+dataset+".nearest_current`(10, 5, 30.0, 1000)"); len(got) != 1 || got[0][0] == nil {
			t.Errorf("stopped at request %d and tried again, the function answers %v", n, got)
		}
		t.Setenv(EmulatorVariable, direct)
	}
}

// Eight copies of one publication at once, which meet at every job and table: one set of rows, and no copy fails for good.
func TestEightCopies(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	errs := make(chan error)
	for range 8 {
		next := publication(t, "k1", "2011-12-10", "m1", 5, "a", "b")
		go func() {
			_, err := publish(t, dataset, next)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil && fault.CodeOf(err) != fault.ExitTemporary {
			t.Error(err)
		}
	}
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 5, "a", "b")); err != nil { // the retry of one that lost
		t.Error(err)
	}
	want := "people [2011-12-10 m1 clientele/2011-12-10/k1 5]\npeople_current [2011-12-10 m1 clientele/2011-12-10/k1 5]\n" +
		"kinds [2011-12-10 m1 clientele/2011-12-10/k1 2]\nkinds_current [2011-12-10 m1 clientele/2011-12-10/k1 2]\npublications [2011-12-10 m1 k1 2]\n"
	if got := visible(t, dataset); got != want {
		t.Errorf("a reader sees\n%swant\n%s", got, want)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.jobs {
		if strings.HasSuffix(id, "_50") {
			t.Errorf("job %s: the copies used up their attempts", id)
		}
	}
}

// A lost reply is no lost job: the id is found again, and the work is not done twice.
func TestLostReply(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	lost := map[string]bool{}
	p.inject = func(_ int, r *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/jobs") || lost[r.URL.Path] {
			return false
		}
		lost[r.URL.Path] = true
		pass(httptest.NewRecorder())
		refuse(w, http.StatusServiceUnavailable, "backendError", "the reply is lost")
		return true
	}
	if _, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 5, "a")); err != nil {
		t.Fatal(err)
	}
	if len(lost) == 0 {
		t.Fatal("no reply was lost")
	}
	if got := visible(t, dataset); !strings.Contains(got, "people [2011-12-10 m1 clientele/2011-12-10/k1 5]") {
		t.Errorf("a reader sees\n%s", got)
	}
}

func TestErrorsByClass(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		reason, text   string
		code           int
		cause, message string
	}{
		"no permission":   {http.StatusForbidden, "accessDenied", "Access Denied: Dataset x", fault.ExitConfig, "permission", "Access Denied"},
		"no dataset":      {http.StatusNotFound, "notFound", "Not found: Dataset x", fault.ExitConfig, "no_dataset", "Not found"},
		"quota":           {http.StatusForbidden, "quotaExceeded", "Quota exceeded", fault.ExitTemporary, "quota", "Quota exceeded"},
		"too many":        {http.StatusTooManyRequests, "rateLimitExceeded", "Exceeded rate limits", fault.ExitTemporary, "quota", "rate limits"},
		"server":          {http.StatusInternalServerError, "internalError", "An internal error occurred", fault.ExitTemporary, "warehouse", "internal error"},
		"bad data":        {http.StatusBadRequest, "invalid", "Error while reading data", fault.ExitBadData, "warehouse", "reading data"},
		"over the budget": {http.StatusBadRequest, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed", fault.ExitConfig, "warehouse", "bytes billed"},
	} {
		t.Run(name, func(t *testing.T) {
			dataset := warehousetest.Start(t)
			p := startProxy(t)
			p.inject = func(_ int, r *http.Request, w http.ResponseWriter, _ func(http.ResponseWriter)) bool {
				if c.status == http.StatusNotFound && r.Method == http.MethodGet { // of a table: it is to be made, in the dataset that is not there
					return false
				}
				refuse(w, c.status, c.reason, c.text)
				return true
			}
			_, err := publishUnder(t.Context(), t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a"), time.Second)
			got := fault.Judge(err)
			if err == nil || got.Code != c.code || got.Cause != c.cause || !strings.Contains(err.Error(), c.message) {
				t.Errorf("%v is code %d, cause %s; want %d, %s", err, got.Code, got.Cause, c.code, c.cause)
			}
		})
	}
}

// A job that fails late: the message names it with a link, nothing is visible, and the next try takes the next id.
func TestJobThatFails(t *testing.T) {
	dataset := warehousetest.Start(t)
	p := startProxy(t)
	p.inject = func(_ int, r *http.Request, w http.ResponseWriter, pass func(http.ResponseWriter)) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/jobs/") && !strings.Contains(r.URL.Path, "/queries/") || !strings.Contains(r.URL.Path, "commit_1") {
			return false
		}
		if strings.Contains(r.URL.Path, "/queries/") {
			refuse(w, http.StatusBadRequest, "invalidQuery", "Transaction is aborted due to concurrent update against table people")
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"jobReference":{"projectId":"test-project","jobId":"clientele_k1_commit_1","location":"US"},"configuration":{"query":{"query":"x"}},
			"status":{"state":"DONE","errorResult":{"reason":"invalidQuery","message":"Transaction is aborted due to concurrent update against table people"}}}`)
		return true
	}
	_, err := publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a"))
	if fault.CodeOf(err) != fault.ExitTemporary || !strings.Contains(err.Error(), "concurrent update") {
		t.Fatalf("%v, want exit code 75", err)
	}
	if _, err = publish(t, dataset, publication(t, "k1", "2011-12-10", "m1", 1, "a")); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.jobs["clientele_k1_commit_2"]; !ok {
		t.Errorf("the second attempt took no id of its own: %v", p.jobs)
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

func TestLabel(t *testing.T) {
	if got, want := label("Clientele/2011-12-10/A.b"), "clientele-2011-12-10-a-b"; got != want {
		t.Errorf("label %q, want %q", got, want)
	}
	if got := label(strings.Repeat("x", 80)); len(got) != 63 {
		t.Errorf("label of %d characters", len(got))
	}
}
