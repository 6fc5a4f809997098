// Package sourcetest is a shop's server for tests, in its good and its bad days.
//
//	s := sourcetest.Start(t, sourcetest.Files{"sales.csv": data})
//	s.URL("breaks", "sales.csv") // https://127.0.0.1:41873/breaks/sales.csv: breaks off half way, once
//	s.CAFile                     // who vouches for it
//
// How it behaves is the first part of the path; Behaviours lists them.
package sourcetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Content is what a server has: version 0 at first, other versions later.
type Content interface {
	// Read returns a version of what name names; ok is false if there is no such name.
	Read(name string, version int) (data []byte, ok bool)
}

// Files are files by name. Another version of one has another first and last byte.
type Files map[string][]byte

// Read is that of [Content].
func (f Files) Read(name string, version int) ([]byte, bool) {
	data, ok := f[name]
	return Version(data, version), ok
}

// Folder is the files of a folder.
type Folder string

// Read is that of [Content].
func (f Folder) Read(name string, version int) ([]byte, bool) {
	data, err := os.ReadFile(filepath.Join(string(f), filepath.Base(name)))
	return Version(data, version), err == nil
}

// Version returns another version of data, as long as that.
func Version(data []byte, version int) []byte {
	data = bytes.Clone(data)
	if n := len(data); n > 0 {
		data[0] += byte(version)
		data[n/2] += byte(version)
		data[n-1] += byte(version)
	}
	return data
}

// Server is a running server. What it was asked is kept.
type Server struct {
	CAFile string // its certificate in PEM
	Base   string // https://host:port
	HTTP   string // http://host:port, where it does the same
	Other  string // https://host:port of another server, which counts as another host

	content Content
	mu      sync.Mutex
	times   map[string]int
	seen    []*Request
	done    chan struct{}
}

// Request is what a server was asked.
type Request struct {
	Base   string // of the server that was asked
	Path   string
	Header http.Header
	Status int // 0 where it was not answered by a status of its own
}

// Start starts a server that ends with the test.
func Start(t testing.TB, content Content) *Server {
	t.Helper()
	s := New(content)
	s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	stop, err := s.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s
}

// New returns a server that is not running. CAFile is to be set.
func New(content Content) *Server {
	return &Server{content: content, times: map[string]int{}, done: make(chan struct{})}
}

// Run starts the server and writes its certificate to CAFile. stop ends it.
func (s *Server) Run() (stop func(), err error) {
	var all []*httptest.Server
	for i, base := range []*string{&s.Base, &s.Other, &s.HTTP} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(*base, w, r) }))
		server.Config.ErrorLog = quiet()
		if i == 2 {
			server.Start()
		} else {
			server.StartTLS()
		}
		*base = server.URL
		all = append(all, server)
	}
	stop = func() {
		close(s.done)
		for _, server := range all {
			server.CloseClientConnections()
			server.Close()
		}
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: all[0].Certificate().Raw})
	return stop, os.WriteFile(s.CAFile, cert, 0o600)
}

// URL returns where the server behaves so.
func (s *Server) URL(behaviour, name string) string { return s.Base + "/" + behaviour + "/" + name }

// Requests returns what the server was asked since the last call.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seen []Request
	for _, r := range s.seen {
		seen = append(seen, *r)
	}
	s.seen = nil
	return seen
}

// Statuses returns with which statuses the server has answered since the last call: "200 206".
func (s *Server) Statuses() string {
	var all []string
	for _, r := range s.Requests() {
		all = append(all, strconv.Itoa(r.Status))
	}
	return strings.Join(all, " ")
}

func (s *Server) serve(base string, w http.ResponseWriter, r *http.Request) {
	behaviour, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	s.seen = append(s.seen, &Request{Base: base, Path: r.URL.Path, Header: r.Header.Clone()})
	seen, at, n := s.seen, len(s.seen)-1, s.times[base+r.URL.Path]
	s.times[base+r.URL.Path]++
	s.mu.Unlock()
	rec := &recorder{ResponseWriter: w, note: func(code int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		seen[at].Status = code
	}}
	x := &exchange{s: s, w: rec, r: r, base: base, name: name, n: n}
	if data, ok := s.content.Read(name, 0); ok {
		x.data = data
	} else if !strings.HasPrefix(behaviour, "redirect-") {
		x.status(http.StatusNotFound)
		return
	}
	if do, ok := Behaviours[behaviour]; ok {
		do(x)
		return
	}
	var code int
	if _, err := fmt.Sscanf(behaviour, "status-%d", &code); err == nil {
		x.status(code)
		return
	}
	if _, err := fmt.Sscanf(behaviour, "redirect-%d", &code); err == nil {
		x.redirect(code)
		return
	}
	x.status(http.StatusNotFound)
}

// recorder remembers an answer's status.
type recorder struct {
	http.ResponseWriter
	note func(status int)
}

func (r *recorder) WriteHeader(code int) {
	r.note(code)
	r.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// ETag is how the server names data.
func ETag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:6]) + `"`
}

// whole serves data as a good server does: with ranges and conditions.
func (x *exchange) whole(data []byte) {
	x.w.Header().Set("ETag", ETag(data))
	x.w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(x.w, x.r, "", time.Time{}, bytes.NewReader(data))
}
