package warehouse

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

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
