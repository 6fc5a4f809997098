package source

import (
	"net/http"
	"testing"
	"time"
)

func TestWatchCountsTheBody(t *testing.T) {
	for answer, want := range map[string][2]int64{ // announced, behind the head
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc":                                     {3, 3},
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd":                                    {3, 4},
		"HTTP/1.1 200 OK\nContent-Length: 3\n\nab":                                            {3, 2},
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                      {-1, 5},
		"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx\r\n\r": {1, 4},
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n":                                            {-1, 0},
		"nonsense\n\nnonsense":                                                                {-1, 8},
	} {
		w := newWatch(time.Millisecond)
		w.see([]byte(answer))
		if w.wanted != want[0] || w.body != want[1] || w.whole() != (w.inBody && want[0] == want[1]) {
			t.Errorf("%q: announced %d, behind the head %d, want %v", answer, w.wanted, w.body, want)
		}
	}
}

// However an answer is cut into packets, the same is seen of it.
func FuzzWatch(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), 5)
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial Content\n\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole, parts := newWatch(0), newWatch(0)
		whole.see(data)
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+max(0, cut)%len(data))
			parts.see(rest[:n])
			rest = rest[n:]
		}
		if whole.inBody != parts.inBody || whole.body != parts.body || whole.wanted != parts.wanted {
			t.Errorf("%q: at once %v %d of %d, in parts %v %d of %d", data, whole.inBody, whole.body, whole.wanted, parts.inBody, parts.body, parts.wanted)
		}
	})
}

func FuzzAnswerHeaders(f *testing.F) {
	for _, s := range []string{"bytes 0-99/1000", "bytes 5-4/9", "bytes */9", "bytes 0-0/*", "3600", "Fri, 09 Dec 2011 12:50:00 GMT", `"tag"`, `W/"tag"`, "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if from, to, total, err := contentRange(s); err == nil && (from < 0 || from >= to || to > total) {
			t.Errorf("%q is %d to %d of %d", s, from, to, total)
		}
		h := http.Header{"Retry-After": {s}, "Date": {"Fri, 09 Dec 2011 12:50:00 GMT"}, "Etag": {s}, "Last-Modified": {s}}
		if retryAfter(h) < 0 {
			t.Errorf("%q is a negative wait", s)
		}
		if tag := validatorOf(h).ETag; tag != "" && (tag != s || tag[0] != '"') {
			t.Errorf("%q is taken for the tag %q", s, tag)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add("Authorization: Bearer x\nX-Api-Key: y")
	f.Add("a:b\r\n\x00")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHeader(s)
		if (err == nil) == (len(h) == 0) {
			t.Errorf("%q: %v, %v", s, h, err)
		}
	})
}
