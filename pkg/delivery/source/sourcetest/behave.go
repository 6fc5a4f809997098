package sourcetest

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// exchange is a request that is answered.
type exchange struct {
	s    *Server
	w    *recorder
	r    *http.Request
	base string
	name string
	data []byte // version 0
	n    int    // how often this was asked before
}

// Behaviours are what a server can do. Beside these there are status-404 and so on, and redirect-5: so many redirects, and
// then the whole.
var Behaviours = map[string]func(*exchange){
	"whole":            func(x *exchange) { x.whole(x.data) },
	"breaks":           func(x *exchange) { x.first(x.cut, x.good) },
	"breaks-often":     func(x *exchange) { x.cutRange(len(x.data)/7 + 1) },
	"breaks-always":    func(x *exchange) { x.cut() },
	"breaks-no-ranges": func(x *exchange) { x.first(x.cut, func() { x.raw(x.head(len(x.data)), x.data) }) },
	"breaks-no-tag":    func(x *exchange) { x.first(x.cutWithoutTag, func() { x.raw(x.head(len(x.data)), x.data) }) },
	"says-more":        func(x *exchange) { x.raw(x.head(len(x.data)+100), x.data) },
	"says-less":        func(x *exchange) { x.raw(x.head(len(x.data)-100), x.data) },
	"chunked":          func(x *exchange) { x.chunks(true) },
	"chunked-breaks":   func(x *exchange) { x.first(func() { x.chunks(false) }, func() { x.chunks(true) }) },
	"without-end":      func(x *exchange) { x.raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", x.data[:len(x.data)/2]) },
	"changes":          func(x *exchange) { x.first(x.cut, func() { x.whole(Version(x.data, 1)) }) },
	"mixes": func(x *exchange) {
		x.first(x.cut, func() { x.restOf(Version(x.data, 1), ETag(Version(x.data, 1)), 0) })
	},
	"wrong-part":   func(x *exchange) { x.first(x.cut, func() { x.restOf(x.data, ETag(x.data), 1) }) },
	"limits":       func(x *exchange) { x.first(func() { x.later(http.StatusTooManyRequests) }, x.good) },
	"limits-long":  func(x *exchange) { x.w.Header().Set("Retry-After", "86400"); x.status(http.StatusTooManyRequests) },
	"fails-once":   func(x *exchange) { x.first(func() { x.status(http.StatusServiceUnavailable) }, x.good) },
	"not-modified": func(x *exchange) { x.w.WriteHeader(http.StatusNotModified) },
	"silent":       func(x *exchange) { x.wait() },
	"silent-once":  func(x *exchange) { x.first(x.wait, x.good) },
	"stalls": func(x *exchange) {
		x.first(func() { x.send(x.head(len(x.data)), x.data[:len(x.data)/2], true) }, x.good)
	},
	"drips":        func(x *exchange) { x.drips(true) },
	"drips-chunks": func(x *exchange) { x.drips(false) },
	"endless":      func(x *exchange) { x.endless() },
	"no-http":      func(x *exchange) { x.raw("SSH-2.0-OpenSSH_9.6 "+x.r.Header.Get("Authorization")+"\r\n", nil) },
	"weak-tag":     func(x *exchange) { x.raw(strings.Replace(x.head(len(x.data)), `"`, `W/"`, 1), x.data) },
	"retagged":     func(x *exchange) { x.w.Header().Set("ETag", fmt.Sprintf(`"%d"`, min(x.n, 2))); x.goodAs() },
	"dated":        func(x *exchange) { x.dated() },
	"to-http":      func(x *exchange) { http.Redirect(x.w, x.r, x.s.HTTP+"/whole/"+x.name, http.StatusFound) },
	"to-other":     func(x *exchange) { http.Redirect(x.w, x.r, x.s.Other+"/whole/"+x.name, http.StatusFound) },
	"to-other-403": func(x *exchange) { http.Redirect(x.w, x.r, x.s.Other+"/status-403/"+x.name, http.StatusFound) },
	"to-other-and-back": func(x *exchange) {
		if x.base == x.s.Base {
			http.Redirect(x.w, x.r, x.s.Other+"/to-other-and-back/"+x.name, http.StatusFound)
		} else {
			http.Redirect(x.w, x.r, x.s.Base+"/whole/"+x.name, http.StatusFound)
		}
	},
	"to-other-twice": func(x *exchange) {
		if x.base == x.s.Base {
			http.Redirect(x.w, x.r, x.s.Other+"/to-other-twice/"+x.name, http.StatusFound)
		} else {
			http.Redirect(x.w, x.r, x.s.Other+"/whole/"+x.name, http.StatusFound)
		}
	},
	"to-nowhere": func(x *exchange) { x.w.WriteHeader(http.StatusFound) },
	"to-file": func(x *exchange) {
		x.w.Header().Set("Location", "file:///etc/passwd")
		x.w.WriteHeader(http.StatusFound)
	},
	"locked": func(x *exchange) {
		if x.r.Header.Get("Authorization") != "Bearer s3cret-t0ken" {
			x.status(http.StatusUnauthorized)
			return
		}
		x.good()
	},
}

// Credentials open what is locked.
const Credentials = "Authorization: Bearer s3cret-t0ken"

// Secret is of the credentials what must not be seen anywhere.
const Secret = "s3cret"

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func (x *exchange) good() { x.whole(x.data) }

// goodAs is good under a tag that was set before.
func (x *exchange) goodAs() {
	http.ServeContent(x.w, x.r, "", time.Time{}, strings.NewReader(string(x.data)))
}

func (x *exchange) first(once, then func()) {
	if x.n == 0 {
		once()
		return
	}
	then()
}

// status answers with nothing else, and repeats the credentials as careless servers do.
func (x *exchange) status(code int) {
	x.w.WriteHeader(code)
	_, _ = fmt.Fprintf(x.w, "you said %s", x.r.Header.Get("Authorization"))
}

func (x *exchange) later(code int) {
	x.w.Header().Set("Retry-After", "1")
	x.status(code)
}

func (x *exchange) redirect(n int) {
	to := fmt.Sprintf("/redirect-%d/%s", n-1, x.name)
	if n <= 1 {
		to = "/whole/" + x.name
	}
	http.Redirect(x.w, x.r, to, http.StatusTemporaryRedirect)
}

func (x *exchange) head(length int) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n", ETag(x.data), length)
}

func (x *exchange) cut() { x.raw(x.head(len(x.data)), x.data[:len(x.data)/2]) }

func (x *exchange) cutWithoutTag() {
	x.raw(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(x.data)), x.data[:len(x.data)/2])
}

// cutRange honours ranges, but never sends more than n bytes of what it announces.
func (x *exchange) cutRange(n int) {
	from := 0
	_, _ = fmt.Sscanf(x.r.Header.Get("Range"), "bytes=%d-", &from)
	if from == 0 || x.r.Header.Get("If-Range") != ETag(x.data) || from >= len(x.data) {
		x.raw(x.head(len(x.data)), x.data[:min(n, len(x.data))])
		return
	}
	head := fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n",
		ETag(x.data), from, len(x.data)-1, len(x.data), len(x.data)-from)
	x.raw(head, x.data[from:min(from+n, len(x.data))])
}

// restOf answers a range with the rest of data, under a tag, so many bytes beside what was asked for.
func (x *exchange) restOf(data []byte, tag string, off int) {
	from := 0
	if _, err := fmt.Sscanf(x.r.Header.Get("Range"), "bytes=%d-", &from); err != nil {
		x.whole(data)
		return
	}
	from = min(from+off, len(data)-1)
	x.raw(fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nETag: %s\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n",
		tag, from, len(data)-1, len(data), len(data)-from), data[from:])
}

// chunks sends without a length.
func (x *exchange) chunks(end bool) {
	var b strings.Builder
	half := len(x.data) / 2
	for i, part := range [][]byte{x.data[:half], x.data[half:]} {
		if len(part) > 0 && (end || i == 0) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
	}
	if end {
		b.WriteString("0\r\n\r\n")
	}
	x.raw("HTTP/1.1 200 OK\r\nETag: "+ETag(x.data)+"\r\nTransfer-Encoding: chunked\r\n\r\n", []byte(b.String()))
}

// dated has no tag, but was last changed in 2011.
func (x *exchange) dated() {
	changed := time.Date(2011, 12, 9, 12, 50, 0, 0, time.UTC)
	http.ServeContent(x.w, x.r, "", changed, strings.NewReader(string(x.data)))
}

// raw sends bytes as they are and closes the connection.
func (x *exchange) raw(head string, body []byte) { x.send(head, body, false) }

func (x *exchange) send(head string, body []byte, stall bool) {
	var status int
	_, _ = fmt.Sscanf(head, "HTTP/1.1 %d", &status)
	x.w.note(status)
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	w := bufio.NewWriter(conn)
	_, _ = w.WriteString(head)
	_, _ = w.Write(body)
	_ = w.Flush()
	if stall {
		x.wait()
	}
}

// wait does nothing until the server ends or the client is tired of it.
func (x *exchange) wait() {
	select {
	case <-x.s.done:
	case <-x.r.Context().Done():
	}
}

// drips sends a byte now and then, with a length or in chunks.
func (x *exchange) drips(length bool) {
	rc := http.NewResponseController(x.w)
	if length {
		x.w.Header().Set("Content-Length", strconv.Itoa(len(x.data)))
	}
	for i := 0; i < len(x.data) && x.r.Context().Err() == nil; i++ {
		if _, err := x.w.Write(x.data[i : i+1]); err != nil {
			return
		}
		if err := rc.Flush(); err != nil {
			return
		}
		select {
		case <-x.s.done:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// endless sends the data again and again.
func (x *exchange) endless() {
	for x.r.Context().Err() == nil {
		if _, err := x.w.Write(x.data); err != nil {
			return
		}
	}
}
