package source_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/source/sourcetest"
)

// move is what a server does with one request.
type move struct {
	kind    string
	version int // of the content that it has by then
	at      int // where it breaks off, or how much it is wrong by
}

var moveKinds = []string{
	"whole", "cut", "cut", "says more", "says less", "chunked", "chunked cut", "rest", "rest", "rest cut", "rest elsewhere", "rest in part",
	"rest unasked", "status 503", "status 429", "status 416", "redirect", "garbage", "head only", "untagged cut",
}

// adversary plays a list of moves, one a request, and then serves the last version as it should.
type adversary struct {
	mu     sync.Mutex
	data   []byte
	script []move
	last   int
}

func (a *adversary) next() move {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.script) == 0 {
		return move{kind: "whole", version: a.last}
	}
	m := a.script[0]
	a.script, a.last = a.script[1:], m.version
	return m
}

func (a *adversary) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := a.next()
	data := sourcetest.Version(a.data, m.version)
	tag := sourcetest.ETag(data)
	from, asked := 0, true
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err != nil {
		asked = false
	}
	var code int
	if _, err := fmt.Sscanf(m.kind, "status %d", &code); err == nil {
		w.WriteHeader(code)
		return
	}
	at := min(m.at, len(data))
	ok := fmt.Sprintf("HTTP/1.1 200 OK\r\nETag: %s\r\n", tag)
	rest := func(from, to, end int) {
		raw(w, fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n",
			tag, from, to-1, len(data), to-from), data[min(from, end):end])
	}
	whole := func() {
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
	switch {
	case m.kind == "redirect":
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case m.kind == "garbage":
		raw(w, "HELO\r\n\r\n", data)
	case m.kind == "head only":
		raw(w, ok, nil)
	case m.kind == "cut":
		raw(w, ok+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(data)), data[:at])
	case m.kind == "untagged cut":
		raw(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(data)), data[:at])
	case m.kind == "says more":
		raw(w, ok+fmt.Sprintf("Content-Length: %d\r\n\r\n", len(data)+m.at+1), data)
	case m.kind == "says less" && len(data) > at:
		raw(w, ok+fmt.Sprintf("Content-Length: %d\r\n\r\n", at), data)
	case m.kind == "chunked":
		raw(w, ok+"Transfer-Encoding: chunked\r\n\r\n", fmt.Appendf(nil, "%x\r\n%s\r\n0\r\n\r\n", len(data), data))
	case m.kind == "chunked cut":
		raw(w, ok+"Transfer-Encoding: chunked\r\n\r\n", fmt.Appendf(nil, "%x\r\n%s", len(data), data[:at]))
	case m.kind == "rest unasked" && !asked && at < len(data):
		rest(at, len(data), len(data))
	case !asked || from >= len(data):
		whole()
	case m.kind == "rest":
		rest(from, len(data), len(data))
	case m.kind == "rest cut":
		rest(from, len(data), from+min(m.at, len(data)-from))
	case m.kind == "rest elsewhere":
		rest(min(m.at, len(data)-1), len(data), len(data))
	case m.kind == "rest in part":
		rest(from, from+1, from+1)
	default:
		whole()
	}
}

// raw sends bytes as they are and closes the connection.
func raw(w http.ResponseWriter, head string, body []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = conn.Write(append([]byte(head), body...))
	_ = conn.Close()
}

// Whatever a server does, the exact bytes of one version of the source arrive, or an error. Only a server that names two
// contents by one tag, or announces and sends a shorter one, could deceive; those are other sources to all the world.
func TestExactBytesOrAnError(t *testing.T) {
	a := &adversary{}
	server := httptest.NewUnstartedServer(a)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	where, err := source.Parse(server.URL + "/x.csv")
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	outcomes := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{0, 1, 2, 100, 5000, 70_000}).Draw(t, "size")
		var b bytes.Buffer
		for b.Len() < size {
			fmt.Fprintf(&b, "%d,", b.Len())
		}
		a.data = b.Bytes()[:size]
		a.last = 0
		a.script = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
			return move{
				kind:    rapid.SampledFrom(moveKinds).Draw(t, "kind"),
				version: rapid.IntRange(0, 1).Draw(t, "version"),
				at:      rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, max(1, size))).Draw(t, "at"),
			}
		}), 0, 6).Draw(t, "script")

		d, err := source.Open(context.Background(), where, source.Options{Scratch: scratch, RootCAs: pool, Timeout: 4 * time.Second})
		outcomes[err == nil]++
		if err != nil {
			if strings.Contains(err.Error(), "timed out after") {
				t.Fatalf("a server that mends its ways is not given up: %v", err)
			}
			return
		}
		defer func() { _ = d.Close() }()
		content, err := d.Files[0].Content(context.Background(), source.UnpackOptions{Scratch: scratch}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(content.Text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, a.data) && !bytes.Equal(got, sourcetest.Version(a.data, 1)) {
			t.Fatalf("got %d bytes that are no version of the %d", len(got), len(a.data))
		}
		if d.SHA256 != fmt.Sprintf("%x", sha(got)) {
			t.Fatalf("sha256 %s is not of the content", d.SHA256)
		}
	})
	if !testing.Short() && (outcomes[true] == 0 || outcomes[false] == 0) { // -short tries a fifth of the servers: too few for both
		t.Errorf("successes and errors: %v", outcomes)
	}
}
