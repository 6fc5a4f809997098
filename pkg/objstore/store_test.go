package objstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clientele/clientele/pkg/objstore"
	"github.com/clientele/clientele/pkg/objstore/gcstest"
	"github.com/clientele/clientele/pkg/objstore/storetest"
)

func open(t *testing.T, url string, opts *objstore.Options) *objstore.Store {
	t.Helper()
	s, err := objstore.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestMem(t *testing.T) {
	n := 0
	storetest.Run(t, func(t *testing.T) *objstore.Store {
		n++
		return open(t, fmt.Sprintf("mem://conformance-%d", n), nil)
	})
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *objstore.Store {
		root := filepath.Join(t.TempDir(), "made by the first write")
		t.Cleanup(func() { wantNoTemp(t, root) })
		return open(t, "file://"+root, nil)
	})
}

func TestGS(t *testing.T) {
	url := gcstest.Start(t)
	proveStaleGenerationRefused(t, url)
	n := 0
	storetest.Run(t, func(t *testing.T) *objstore.Store {
		n++
		return open(t, fmt.Sprintf("%s/prefix/%d", url, n), &objstore.Options{Scratch: t.TempDir()})
	})
}

// wantNoTemp expects that no unfinished file is left below root.
func wantNoTemp(t *testing.T, root string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(root, ".tmp", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("unfinished files are left: %v", left)
	}
}

func TestOpenRefuses(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for url, why := range map[string]string{
		"":                       "want file:///folder",
		"/var/x":                 "want file:///folder",
		"file://rel/x":           "absolute",
		"file://":                "absolute",
		"s3://bucket":            "unknown scheme s3",
		"mem://":                 "want a name",
		"gs:///x":                "want a name",
		"gs://bucket/../x":       "begins with a dot",
		"mem://name/a//b":        "empty part",
		"file://" + plain:        "no such bucket or folder: " + plain + " is not a folder",
		"file://" + plain + "/x": "no such bucket or folder: ",
		"file:///\x00/x":         "invalid",
	} {
		_, err := objstore.Open(t.Context(), url, nil)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("open %q: %v, want an error with %q", url, err, why)
		}
	}
}

func TestMemIsOneStoreByName(t *testing.T) {
	a, b, other := open(t, "mem://same", nil), open(t, "mem://same", nil), open(t, "mem://other", nil)
	if _, err := a.CreateBytes(t.Context(), "x", []byte("x")); err != nil {
		t.Fatal(err)
	}
	data, _, err := b.Read(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	data[0] = '!' // the caller's own copy
	if again, _, _ := a.Read(t.Context(), "x"); string(again) != "x" {
		t.Errorf("content is %q after a reader changed its copy", again)
	}
	if _, err := other.Stat(t.Context(), "x"); !errors.Is(err, objstore.ErrNotFound) {
		t.Errorf("another name: %v, want ErrNotFound", err)
	}
}

// TestReadBound: what Read refuses is still there for Open.
func TestReadBound(t *testing.T) {
	s := open(t, "file://"+t.TempDir(), nil)
	if err := os.WriteFile(filepath.Join(strings.TrimPrefix(s.URL(), "file://"), "big"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(strings.TrimPrefix(s.URL(), "file://"), "big"), 64<<20+1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read(t.Context(), "big"); err == nil || !strings.Contains(err.Error(), "exceed the limit") {
		t.Errorf("read: %v, want a refusal", err)
	}
	o, err := s.Open(t.Context(), "big", 0)
	if err != nil {
		t.Fatal(err)
	}
	o.Close()
}

// TestDeadlineOfSource: the store's deadline ends a write whose source is slow, and leaves nothing.
func TestDeadlineOfSource(t *testing.T) {
	for _, url := range []string{fmt.Sprintf("mem://slow-%d", time.Now().UnixNano()), "file://" + t.TempDir()} {
		hasty, s := open(t, url, &objstore.Options{Timeout: 20 * time.Millisecond}), open(t, url, nil)
		// 3 MiB are allowed 3 s on top, so the size stays below one.
		_, err := hasty.Create(t.Context(), "x", slowSource{}, 1000)
		if !errors.Is(err, objstore.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want ErrUnavailable and no context's error", url, err)
		}
		if _, err := s.Stat(t.Context(), "x"); !errors.Is(err, objstore.ErrNotFound) {
			t.Errorf("%s: stat %v, want ErrNotFound", url, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		_, err = s.Create(ctx, "x", slowSource{}, 1000)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, objstore.ErrUnavailable) {
			t.Errorf("%s: %v, want the caller's DeadlineExceeded and not ErrUnavailable", url, err)
		}
	}
}

type slowSource struct{}

func (slowSource) ReadAt(p []byte, _ int64) (int, error) {
	time.Sleep(400 * time.Millisecond) // far beyond the deadlines, on a busy machine too
	return len(p), nil
}
