package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
)

// upload stores an object by a raw request and returns the status and the new generation.
func upload(t *testing.T, bucketURL, name, condition string) (status int, generation string) {
	t.Helper()
	host, bucket := os.Getenv("STORAGE_EMULATOR_HOST"), strings.TrimPrefix(bucketURL, "gs://")
	to := fmt.Sprintf("http://%s/upload/storage/v1/b/%s/o?uploadType=media&name=%s%s", host, bucket, name, condition)
	resp, err := http.Post(to, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(body), `"generation":"`)
	generation, _, _ = strings.Cut(rest, `"`)
	return resp.StatusCode, generation
}

// proveStaleGenerationRefused shows that the server honours preconditions at all: without that, a suite that passes
// against it would prove nothing.
func proveStaleGenerationRefused(t *testing.T, bucketURL string) {
	t.Helper()
	status, first := upload(t, bucketURL, "proof", "&ifGenerationMatch=0")
	if status != http.StatusOK || first == "" {
		t.Fatalf("first upload: status %d, generation %q", status, first)
	}
	if status, _ := upload(t, bucketURL, "proof", "&ifGenerationMatch=0"); status != http.StatusPreconditionFailed {
		t.Fatalf("the server answers %d to a second create, want 412: the suite would prove nothing", status)
	}
	status, second := upload(t, bucketURL, "proof", "&ifGenerationMatch="+first)
	if status != http.StatusOK || second == first {
		t.Fatalf("overwrite: status %d, generation %q after %q", status, second, first)
	}
	if status, _ := upload(t, bucketURL, "proof", "&ifGenerationMatch="+first); status != http.StatusPreconditionFailed {
		t.Fatalf("the server answers %d to a stale generation, want 412: the suite would prove nothing", status)
	}
}

// The service says of an object in a bucket that is not there what it says of an object that is not: a mistyped root must
// not look like an empty one.
func TestGSNoBucket(t *testing.T) {
	bucket := gcstest.Start(t)
	s := open(t, bucket+"-of-nobody/shop", nil)
	_, statErr := s.Stat(t.Context(), "x")
	_, _, readErr := s.Read(t.Context(), "x")
	_, createErr := s.CreateBytes(t.Context(), "x", []byte("x"))
	_, swapErr := s.Swap(t.Context(), "x", 0, []byte("x"))
	for _, err := range []error{statErr, readErr, createErr, swapErr} {
		if !errors.Is(err, objstore.ErrNoStore) || errors.Is(err, objstore.ErrNotFound) {
			t.Errorf("got %v, want ErrNoStore alone", err)
		}
	}
	if _, err := open(t, bucket+"/shop", nil).Stat(t.Context(), "x"); !errors.Is(err, objstore.ErrNotFound) || errors.Is(err, objstore.ErrNoStore) {
		t.Errorf("in a bucket that is there: %v, want ErrNotFound alone", err)
	}
}

// TestGSLostAnswer: the first upload wins and its answer is lost; the client sends again and is refused by its own
// object. That must count as won, and another's object must not.
func TestGSLostAnswer(t *testing.T) {
	bucket := gcstest.Start(t)
	plain := open(t, bucket, nil)
	var lose atomic.Bool
	var uploads atomic.Int64
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.Method == http.MethodPost {
			uploads.Add(1)
			if lose.Swap(false) {
				forward.ServeHTTP(httptest.NewRecorder(), r)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		forward.ServeHTTP(w, r)
	})
	s := open(t, bucket, &objstore.Options{Timeout: 20 * time.Second})

	lose.Store(true)
	first, err := s.Swap(t.Context(), "p", 0, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	lose.Store(true)
	second, err := s.Swap(t.Context(), "p", first.Generation, []byte("second"))
	if err != nil {
		t.Fatal(err)
	}
	lose.Store(true)
	if _, err := s.CreateBytes(t.Context(), "c", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if uploads.Load() != 6 {
		t.Errorf("%d uploads, want 6: each of the three writes sent twice", uploads.Load())
	}
	data, attrs, err := plain.Read(t.Context(), "p")
	if err != nil || string(data) != "second" || attrs.Generation != second.Generation {
		t.Errorf("read %q %+v %v, want %q at %d", data, attrs, err, "second", second.Generation)
	}
	if _, err := s.CreateBytes(t.Context(), "c", []byte("mine")); !errors.Is(err, objstore.ErrExists) {
		t.Errorf("a second create with equal content: %v, want ErrExists", err)
	}
}

// TestGSDeadline: a server that never answers ends every call by the store's own deadline.
func TestGSDeadline(t *testing.T) {
	hang := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer srv.Close()
	defer close(hang)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(srv.URL, "http://"))
	wantUnavailableCalls(t, open(t, "gs://bucket", &objstore.Options{Timeout: 50 * time.Millisecond}))

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := open(t, "gs://bucket", nil).Stat(ctx, "x")
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, objstore.ErrUnavailable) {
		t.Errorf("stat: %v, want the caller's DeadlineExceeded and not ErrUnavailable", err)
	}
}

// TestGSNobodyListens: the client retries a refused connection for ever; the deadline ends it.
func TestGSNobodyListens(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(srv.URL, "http://"))
	wantUnavailableCalls(t, open(t, "gs://bucket", &objstore.Options{Timeout: 50 * time.Millisecond}))
}

func wantUnavailableCalls(t *testing.T, s *objstore.Store) {
	t.Helper()
	calls := map[string]func() error{
		"create": func() error { _, err := s.CreateBytes(t.Context(), "x", []byte("x")); return err },
		"swap":   func() error { _, err := s.Swap(t.Context(), "x", 1, []byte("x")); return err },
		"read":   func() error { _, _, err := s.Read(t.Context(), "x"); return err },
		"open":   func() error { _, err := s.Open(t.Context(), "x", 1); return err },
		"stat":   func() error { _, err := s.Stat(t.Context(), "x"); return err },
	}
	for verb, call := range calls {
		err := call()
		if !errors.Is(err, objstore.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable and no context's error", verb, err)
		} else if !strings.Contains(err.Error(), verb+" gs://bucket/x: ") {
			t.Errorf("%s: error %q does not name verb and object", verb, err)
		}
	}
}

// TestGSStatus: what a status means to a caller.
func TestGSStatus(t *testing.T) {
	var status atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
	}))
	defer srv.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(srv.URL, "http://"))
	for code, want := range map[int]error{
		401: objstore.ErrPermission, 403: objstore.ErrPermission, 404: objstore.ErrNoStore, // it says so of the bucket too
		429: objstore.ErrUnavailable, 500: objstore.ErrUnavailable, 503: objstore.ErrUnavailable,
	} {
		status.Store(int64(code))
		s := open(t, "gs://bucket", &objstore.Options{Timeout: 10 * time.Second})
		if errors.Is(want, objstore.ErrUnavailable) { // tried again until the deadline
			s = open(t, "gs://bucket", &objstore.Options{Timeout: 50 * time.Millisecond})
		}
		if _, err := s.Stat(t.Context(), "x"); !errors.Is(err, want) {
			t.Errorf("stat, status %d: %v, want %v", code, err, want)
		}
		if _, _, err := s.Read(t.Context(), "x"); !errors.Is(err, want) {
			t.Errorf("read, status %d: %v, want %v", code, err, want)
		}
		if _, err := s.CreateBytes(t.Context(), "x", nil); !errors.Is(err, want) {
			t.Errorf("create, status %d: %v, want %v", code, err, want)
		}
	}
}

// TestGSDamagedRead: a flipped byte and a missing tail are found, whatever the length says.
func TestGSDamagedRead(t *testing.T) {
	bucket := gcstest.Start(t)
	data := bytes.Repeat([]byte("content "), 1000)
	plain := open(t, bucket, nil)
	if _, err := plain.CreateBytes(t.Context(), "x", data); err != nil {
		t.Fatal(err)
	}
	var cut atomic.Bool
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		rec := httptest.NewRecorder()
		forward.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if len(body) == len(data) {
			if cut.Load() {
				body = body[:len(body)-1]
				rec.Header().Del("Content-Length")
			} else {
				body[4000] ^= 1
			}
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		if _, err := w.Write(body); err != nil {
			t.Error(err)
		}
	})
	s := open(t, bucket, &objstore.Options{Timeout: 2 * time.Second})
	if _, _, err := s.Read(t.Context(), "x"); !errors.Is(err, objstore.ErrCorrupt) {
		t.Errorf("read of a flipped byte: %v, want ErrCorrupt", err)
	}
	if _, err := s.Open(t.Context(), "x", 0); !errors.Is(err, objstore.ErrCorrupt) {
		t.Errorf("open of a flipped byte: %v, want ErrCorrupt", err)
	}
	cut.Store(true)
	if _, _, err := s.Read(t.Context(), "x"); err == nil {
		t.Error("a cut object was read")
	}
}

// TestGSBodyThatIsAlwaysCut is asked for again with pauses, and given up within the call's time.
func TestGSBodyThatIsAlwaysCut(t *testing.T) {
	bucket := gcstest.Start(t)
	data := bytes.Repeat([]byte("content "), 1000)
	if _, err := open(t, bucket, nil).CreateBytes(t.Context(), "x", data); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.URL.Query().Get("alt") != "media" {
			forward.ServeHTTP(w, r)
			return
		}
		asked.Add(1)
		answer := httptest.NewRecorder()
		forward.ServeHTTP(answer, r)
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:1])
		panic(http.ErrAbortHandler)
	})
	_, _, err := open(t, bucket, &objstore.Options{Timeout: time.Second}).Read(t.Context(), "x")
	if !errors.Is(err, objstore.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	// Pauses of at least 25, 50, 100, 200, 400 … ms: six fit into a second. Without them there were 35,786 in a minute.
	if n := asked.Load(); n < 2 || n > 7 {
		t.Errorf("it was asked for %d times in a second", n)
	}
}

// TestGSDamagedUpload: the server refuses content that does not fit the checksum sent ahead, and nothing is visible.
func TestGSDamagedUpload(t *testing.T) {
	bucket := gcstest.Start(t)
	plain := open(t, bucket, nil)
	gcstest.Between(t, func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(body, []byte("precious"), []byte("damaged!"))))
		}
		forward.ServeHTTP(w, r)
	})
	s := open(t, bucket, &objstore.Options{Timeout: time.Second})
	if _, err := s.CreateBytes(t.Context(), "x", []byte("precious")); err == nil {
		t.Error("damaged content was stored")
	}
	if data, _, err := plain.Read(t.Context(), "x"); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("read %q, %v, want ErrNotFound", data, err)
	}
}
