// Package gcstest starts a real fake-gcs-server for tests, so that they speak to Cloud Storage's own protocol.
//
//	url := gcstest.Start(t) // gs://test-3f…, an empty bucket; STORAGE_EMULATOR_HOST points there until the test ends
//	s, err := objstore.Open(ctx, url, nil)
//
// The server's binary (built in tools/) is named by the variable CLIENTELE_FAKE_GCS. Where that is unset the test is
// skipped, saying so; on a build server (CI=true) it fails.
package gcstest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Variable names the environment variable that holds the path of fake-gcs-server.
const Variable = "CLIENTELE_FAKE_GCS"

// server is the one server of this test binary; every Start has a bucket of its own there.
var server = sync.OnceValues(launch)

// Start makes sure that the server runs, points STORAGE_EMULATOR_HOST to it until t ends, and returns the URL of a new,
// empty bucket. A test that calls it cannot be parallel.
func Start(t testing.TB) string {
	t.Helper()
	return start(t, false)
}

// StartVersioned is [Start] with a bucket that keeps the generations that were overwritten or deleted.
func StartVersioned(t testing.TB) string {
	t.Helper()
	return start(t, true)
}

func start(t testing.TB, versioned bool) string {
	t.Helper()
	if os.Getenv(Variable) == "" { //nolint:forbidigo // a package for tests only
		if os.Getenv("CI") == "true" { //nolint:forbidigo // likewise
			t.Fatalf("%s is not set: it must be the path of fake-gcs-server", Variable)
		}
		t.Skipf("%s is not set: it must be the path of fake-gcs-server", Variable)
	}
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	return bucket(t, host, versioned)
}

// Bucket returns the URL of a new, empty bucket of a server that runs since [Start]. The server looks through all objects of a bucket
// for one, so that many small buckets are much faster than a large one.
func Bucket(t testing.TB) string {
	t.Helper()
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return bucket(t, host, false)
}

func bucket(t testing.TB, host string, versioned bool) string {
	t.Helper()
	bucket := "test-" + randomHex()
	body := strings.NewReader(fmt.Sprintf(`{"name":%q,"versioning":{"enabled":%t}}`, bucket, versioned))
	resp, err := http.Post("http://"+host+"/storage/v1/b?project=test", "application/json", body)
	if err != nil {
		t.Fatalf("create bucket %s: %v", bucket, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("create bucket %s: %s: %s", bucket, resp.Status, text)
	}
	return "gs://" + bucket
}

// Upload puts an object into a bucket of Start's as somebody else would, not through package objstore, and returns its URL.
func Upload(t testing.TB, url string, content io.Reader) string {
	t.Helper()
	bucket, name, _ := strings.Cut(strings.TrimPrefix(url, "gs://"), "/")
	host, err := server()
	if err != nil {
		t.Fatal(err)
	}
	to := fmt.Sprintf("http://%s/upload/storage/v1/b/%s/o?%s", host, bucket,
		neturl.Values{"uploadType": {"media"}, "name": {name}}.Encode())
	resp, err := http.Post(to, "application/octet-stream", content)
	if err != nil {
		t.Fatalf("upload %s: %v", url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("upload %s: %s: %s", url, resp.Status, text)
	}
	return url
}

func randomHex() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// launch starts the server on a free port of this machine and waits until it answers.
func launch() (host string, err error) {
	for range 3 { // another process may take the port in between
		if host, err = tryLaunch(os.Getenv(Variable)); err == nil { //nolint:forbidigo // a package for tests only
			return host, nil
		}
	}
	return "", err
}

func tryLaunch(binary string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	host := l.Addr().String()
	_, port, _ := net.SplitHostPort(host)
	l.Close()

	// The shell ends the server when its standard input closes, which happens however this process dies.
	cmd := exec.Command("sh", "-c", `"$@" & server=$!; cat >/dev/null; kill $server`, "sh", binary,
		"-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", port,
		"-public-host", host, "-external-url", "http://"+host, "-log-level", "error")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start %s: %w", binary, err)
	}
	if err := await(host); err != nil {
		stdin.Close()
		return "", fmt.Errorf("start %s: %w", binary, errors.Join(err, cmd.Wait()))
	}
	alive = append(alive, stdin)
	return host, nil
}

// alive keeps the servers' standard inputs from being collected and so closed.
var alive []io.Closer

// await waits until the server answers.
func await(host string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/_internal/healthcheck", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s: %w", host, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
