package gcstest

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

// Between puts a server between the client and the real one of [Start], until t ends.
func Between(t testing.TB, handle func(w http.ResponseWriter, r *http.Request, forward http.Handler)) {
	t.Helper()
	target := &neturl.URL{Scheme: "http", Host: os.Getenv("STORAGE_EMULATOR_HOST")} //nolint:forbidigo // a package for tests only
	forward := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, forward) }))
	t.Cleanup(srv.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(srv.URL, "http://"))
}

// Fault is what becomes of one answer of the service.
type Fault int

// The kinds of faults.
const (
	NoFault     Fault = iota
	Dropped           // the connection ends, and the request has not arrived
	Lost              // the connection ends after it has
	Unavailable       // status 503
	Page              // an HTML page of a proxy, with status 200
	Cut               // half of an object's content
	Flipped           // an object's content with one wrong bit
)

// content reports whether a fault is one of an object's content.
func (f Fault) content() bool { return f == Cut || f == Flipped }

// Network is a network that spoils one answer.
type Network struct {
	mu     sync.Mutex
	fault  Fault
	n      int64
	calls  int64
	target string
}

// Spoiled puts a network between the client and the server of [Start], until t ends.
func Spoiled(t testing.TB) *Network {
	n := &Network{}
	Between(t, n.handle)
	return n
}

// Spoil makes a fault strike the n-th answer from now on that it can strike, none for 0.
func (n *Network) Spoil(f Fault, at int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault, n.n, n.calls, n.target = f, at, 0, ""
}

// Struck returns how many answers the fault could have struck so far, and the one that it did strike, "" for none.
func (n *Network) Struck() (calls int64, target string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls, n.target
}

// strikes counts an answer and returns the fault that becomes of it.
func (n *Network) strikes(r *http.Request) Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fault == NoFault || n.fault.content() && (r.Method != http.MethodGet || r.URL.Query().Get("alt") != "media") {
		return NoFault
	}
	if n.calls++; n.calls != n.n {
		return NoFault
	}
	n.target = r.Method + " " + r.URL.Path
	return n.fault
}

// handle passes requests and answers on as a whole, whatever becomes of the client: one that is broken off would leave the server
// with an object locked.
func (n *Network) handle(w http.ResponseWriter, r *http.Request, forward http.Handler) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	fault := n.strikes(r)
	switch fault {
	case Dropped:
		panic(http.ErrAbortHandler) // closes the connection
	case Unavailable:
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	case Page:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>please sign in</html>")
		return
	}
	r = r.WithContext(context.WithoutCancel(r.Context()))
	r.Body = io.NopCloser(bytes.NewReader(sent))
	answer := httptest.NewRecorder()
	forward.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	half := len(body) / 2
	switch {
	case fault == Lost:
		panic(http.ErrAbortHandler)
	case fault == Cut:
		body = body[:half] // the length that was promised stays
	case fault == Flipped && len(body) > 0:
		body[half] ^= 1
	}
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body)
	if fault == Cut {
		panic(http.ErrAbortHandler)
	}
}

// Objects returns the MD5 of the objects below a URL of a bucket of Start's, in hex, by name, as the service says them.
func Objects(t testing.TB, url string) map[string]string {
	t.Helper()
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(url, "gs://"), "/")
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	all, query := map[string]string{}, neturl.Values{"prefix": {prefix + "/"}, "maxResults": {"1000"}}
	for {
		resp, err := http.Get("http://" + host + "/storage/v1/b/" + bucket + "/o?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Items []struct {
				Name string `json:"name"`
				MD5  []byte `json:"md5Hash"`
			} `json:"items"`
			Next string `json:"nextPageToken"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("list %s: %s, %v", url, resp.Status, err)
		}
		for _, o := range page.Items {
			all[strings.TrimPrefix(o.Name, prefix)] = hex.EncodeToString(o.MD5)
		}
		if page.Next == "" {
			return all
		}
		query.Set("pageToken", page.Next)
	}
}
