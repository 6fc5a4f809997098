package source_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/source/sourcetest"
)

// lines is content of 20 KB, more than a TLS record, that is another at every place.
func lines() []byte {
	var b bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&b, "line %04d\n", i)
	}
	return b.Bytes()
}

func trusted(t testing.TB, s *sourcetest.Server) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		t.Fatal("no certificate")
	}
	return pool
}

// bytesOf reads what was spooled.
func bytesOf(t testing.TB, d *source.Delivery) []byte {
	t.Helper()
	var all []byte
	for _, f := range d.Files {
		c, err := f.Content(t.Context(), source.UnpackOptions{Scratch: t.TempDir()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(c.Text)
		if err := errors.Join(err, c.Close(), f.Unchanged(t.Context())); err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func TestFetchGetsTheBytes(t *testing.T) {
	data := lines()
	for behaviour, statuses := range map[string]string{
		"whole": "200", "breaks": "200 206", "breaks-often": "200 206 206 206 206 206 206", "breaks-no-ranges": "200 200", "breaks-no-tag": "200 200",
		"chunked": "200", "chunked-breaks": "200 200", "wrong-part": "200 206 200", "limits": "429 200", "fails-once": "503 200",
		"silent-once": "0 200", "stalls": "200 206", "redirect-5": "307 307 307 307 307 200", "to-other": "302 200", "weak-tag": "200",
		"to-other-and-back": "302 302 200", "to-other-twice": "302 302 200", "locked": "200", "dated": "200",
	} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			s := sourcetest.Start(t, sourcetest.Files{"x.csv": data})
			header, err := source.ParseHeader(sourcetest.Credentials)
			if err != nil {
				t.Fatal(err)
			}
			timeout := 20 * time.Second
			if behaviour == "silent-once" || behaviour == "stalls" {
				timeout = 8 * time.Second // half of it is waited for the first byte
			}
			got := int64(0)
			d, err := try(t.Context(), t, s.URL(behaviour, "x.csv")+"?token="+sourcetest.Secret, source.Options{
				RootCAs: trusted(t, s), Header: header, Timeout: timeout, Progress: func(n int64) { got += n },
			})
			if err != nil {
				t.Fatal(err)
			}
			requests := s.Requests()
			var answered []string
			for _, r := range requests {
				answered = append(answered, fmt.Sprint(r.Status))
				leaked := r.Base != s.Base && strings.Contains(fmt.Sprint(r.Header), sourcetest.Secret)
				if behaviour == "to-other-and-back" && r.Path == "/whole/x.csv" {
					leaked = strings.Contains(fmt.Sprint(r.Header), sourcetest.Secret)
				}
				if leaked {
					t.Errorf("credentials were shown to another host: %v", r)
				}
			}
			wantHash := fmt.Sprintf("%x", sha(data))
			if diff := cmp.Diff(statuses, strings.Join(answered, " ")); diff != "" {
				t.Error(diff)
			}
			if !bytes.Equal(bytesOf(t, d), data) || d.SHA256 != wantHash || d.Size != int64(len(data)) || got < d.Size {
				t.Errorf("got %d bytes of %d, %s, progress %d", d.Size, len(data), d.SHA256, got)
			}
			if strings.Contains(d.Name, sourcetest.Secret) {
				t.Errorf("a secret in the name %s", d.Name)
			}
		})
	}
}

func TestFetchOfAnotherVersion(t *testing.T) {
	data := lines()
	s := sourcetest.Start(t, sourcetest.Files{"x.csv": data})
	for _, behaviour := range []string{"changes", "mixes"} {
		d, err := try(t.Context(), t, s.URL(behaviour, "x.csv"), source.Options{RootCAs: trusted(t, s), Timeout: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, d), sourcetest.Version(data, 1)) {
			t.Errorf("%s: not the bytes of the later version", behaviour)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	s := sourcetest.Start(t, sourcetest.Files{"x.csv": lines()})
	tests := []struct {
		behaviour string
		want      error
		text      string
	}{
		{"status-404", source.ErrNotThere, "404 Not Found"},
		{"status-410", source.ErrNotThere, "410 Gone"},
		{"status-204", source.ErrNotThere, "204 No Content"},
		{"status-401", source.ErrPermission, "401 Unauthorized"},
		{"status-403", source.ErrPermission, "403 Forbidden"},
		{"to-other-403", source.ErrPermission, "shown no credentials"},
		{"status-400", source.ErrRefused, "400 Bad Request"},
		{"status-416", source.ErrRefused, "416"},
		{"status-206", source.ErrUnavailable, "206 Partial Content, which nobody asked for"},
		{"status-300", source.ErrUnavailable, "300 Multiple Choices, which nobody asked for"},
		{"not-modified", source.ErrUnavailable, "304 Not Modified, which nobody asked for"},
		{"status-503", source.ErrUnavailable, "timed out after 500ms"},
		{"limits-long", source.ErrUnavailable, "asks to come back in 24h"},
		{"silent", source.ErrUnavailable, "timed out after 500ms plus one second per MiB: no data for"},
		{"drips", source.ErrUnavailable, "of 20000 bytes were received"},
		{"drips-chunks", source.ErrUnavailable, " bytes were received"},
		{"no-http", source.ErrUnavailable, "timed out after 500ms"},
		{"breaks-always", source.ErrUnavailable, "timed out after 500ms"},
		{"says-more", source.ErrUnavailable, "timed out after 500ms"},
		{"says-less", source.ErrDamaged, "more than the 19900 bytes"},
		{"without-end", source.ErrDamaged, "neither its length"},
		{"endless", source.ErrTooBig, "over 30000 bytes"},
		{"redirect-6", source.ErrRedirect, "more than 5 times"},
		{"to-http", source.ErrRedirect, "from https to http"},
		{"to-nowhere", source.ErrRedirect, "nowhere"},
		{"to-file", source.ErrRedirect, "other than an https://"},
	}
	header, err := source.ParseHeader(sourcetest.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			t.Parallel()
			url, timeout := s.URL(test.behaviour, "x.csv"), 20*time.Second
			if errors.Is(test.want, source.ErrUnavailable) {
				timeout = 500 * time.Millisecond
			}
			_, err := try(t.Context(), t, url+"?token="+sourcetest.Secret, source.Options{
				RootCAs: trusted(t, s), Header: header, Timeout: timeout, MaxBytes: 30_000,
			})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), url) {
				t.Errorf("got %v, want %v with %q", err, test.want, test.text)
			}
			if err != nil && strings.Contains(err.Error(), sourcetest.Secret) {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

// TestCredentialsAreForTheirHosts: whatever the source names, and wherever it is redirected.
func TestCredentialsAreForTheirHosts(t *testing.T) {
	s := sourcetest.Start(t, sourcetest.Files{"x.csv": lines(), "y.csv": append(lines(), "y\n"...)})
	header, err := source.ParseHeader(sourcetest.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	host := func(base string) string { return base[strings.LastIndex(base, "/")+1:] }
	for _, test := range []struct {
		name, hosts string
		urls        []string
		sent        []string // the servers that were sent them, in order
	}{
		{"no hosts", "", []string{s.URL("whole", "x.csv"), s.Other + "/whole/y.csv"}, []string{s.Base, s.Other}},
		{"one host", host(s.Base), []string{s.URL("whole", "x.csv"), s.Other + "/whole/y.csv"}, []string{s.Base}},
		{"several", "shop.example, " + host(s.Other), []string{s.URL("whole", "x.csv"), s.Other + "/whole/y.csv"}, []string{s.Other}},
		{"another port", "127.0.0.1", []string{s.URL("whole", "x.csv")}, nil},
		{"a redirect to a host that they are not for", host(s.Base), []string{s.URL("to-other", "x.csv")}, []string{s.Base}},
		{"a redirect between two that they are for", host(s.Base) + "," + host(s.Other), []string{s.URL("to-other", "x.csv")}, []string{s.Base}},
		{"a redirect to the host that they are for", host(s.Base), []string{s.Other + "/to-other-and-back/x.csv"}, nil},
	} {
		hosts, err := source.ParseHosts(test.hosts)
		if err != nil {
			t.Fatal(err)
		}
		s.Requests()
		if _, err := try(t.Context(), t, strings.Join(test.urls, "\n"), source.Options{RootCAs: trusted(t, s), Header: header, HeaderHosts: hosts}); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var sent []string
		for _, r := range s.Requests() {
			if strings.Contains(fmt.Sprint(r.Header), sourcetest.Secret) {
				sent = append(sent, r.Base)
			}
		}
		if diff := cmp.Diff(test.sent, sent); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	_, err = try(t.Context(), t, s.URL("locked", "x.csv"), source.Options{RootCAs: trusted(t, s), Header: header, HeaderHosts: []string{"shop.example"}})
	if !errors.Is(err, source.ErrPermission) || !strings.Contains(err.Error(), "401 Unauthorized, and the credentials are for other hosts") {
		t.Error(err)
	}
}

func TestFetchTrustsNobodyElse(t *testing.T) {
	s := sourcetest.Start(t, sourcetest.Files{"x.csv": lines()})
	opts := source.Options{RootCAs: trusted(t, s), Timeout: time.Second}
	tests := []struct {
		url   string
		roots *x509.CertPool
		want  error
	}{
		{s.URL("whole", "x.csv"), x509.NewCertPool(), source.ErrTLS},
		{strings.Replace(s.URL("whole", "x.csv"), "127.0.0.1", "localhost", 1), opts.RootCAs, source.ErrTLS}, // not in its certificate
		{strings.Replace(s.HTTP, "http://", "https://", 1) + "/whole/x.csv", opts.RootCAs, source.ErrTLS},
		{"https://127.0.0.1:1/x.csv", opts.RootCAs, source.ErrUnavailable},
		{"https://no-such-host.invalid/x.csv", opts.RootCAs, source.ErrUnavailable},
		{"http://192.0.2.1/x.csv", opts.RootCAs, source.ErrRefused},
	}
	for _, test := range tests {
		opts.RootCAs = test.roots
		if _, err := try(t.Context(), t, test.url, opts); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.url, err, test.want)
		}
	}
	opts.RootCAs = nil
	if d, err := try(t.Context(), t, s.HTTP+"/whole/x.csv", opts); err != nil || !bytes.Equal(bytesOf(t, d), lines()) {
		t.Errorf("http on this machine: %v", err)
	}
}

func TestFetchIsStopped(t *testing.T) {
	s := sourcetest.Start(t, sourcetest.Files{"x.csv": lines()})
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	go func() {
		for len(s.Requests()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel(stopped)
	}()
	if _, err := try(ctx, t, s.URL("silent", "x.csv"), source.Options{RootCAs: trusted(t, s)}); !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
}

func TestKnownIsNotFetchedAgain(t *testing.T) {
	s := sourcetest.Start(t, sourcetest.Files{"a.csv": lines(), "b.csv": []byte("b")})
	local := file(t, "c.csv", []byte("c"))
	opts := source.Options{RootCAs: trusted(t, s), Timeout: 20 * time.Second}
	list := strings.Join([]string{s.URL("whole", "a.csv"), s.URL("dated", "b.csv"), local}, "\n")
	first, err := try(t.Context(), t, list, opts)
	if err != nil {
		t.Fatal(err)
	}
	if first.Known() || first.Files[0].ETag != sourcetest.ETag(lines()) || first.Files[1].LastModified != "Fri, 09 Dec 2011 12:50:00 GMT" ||
		first.Files[2].Validator != (source.Validator{}) {
		t.Errorf("got %+v", first)
	}
	for _, f := range first.Files {
		opts.Known = append(opts.Known, source.Known{Validator: f.Validator, Size: f.Size, SHA256: f.SHA256})
	}
	s.Requests()
	again, err := try(t.Context(), t, list, opts)
	if err != nil || !again.Known() || s.Statuses() != "304 304" {
		t.Errorf("again: %+v, %v", again, err)
	}
	if again.SHA256 != first.SHA256 || again.Size != first.Size {
		t.Errorf("again it is %s of %d bytes, before %s of %d", again.SHA256, again.Size, first.SHA256, first.Size)
	}
	if _, err := again.Files[0].Content(t.Context(), source.UnpackOptions{}, nil); err == nil {
		t.Error("content of what was not fetched")
	}
	// One has changed: all are wanted.
	if err := os.WriteFile(local, []byte("C"), 0o600); err != nil {
		t.Fatal(err)
	}
	changed, err := try(t.Context(), t, list, opts)
	if err != nil || changed.Known() || s.Statuses() != "304 304 200 200" {
		t.Errorf("changed: %+v, %v", changed, err)
	}
	if got, want := string(bytesOf(t, changed)), string(lines())+"bC"; got != want {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.csv", "b")
	write("a.csv", "a")
	write(".hidden.csv", "h")
	write("[1].csv", "1")
	read := func(list string, opts source.Options) (string, *source.Delivery, error) {
		d, err := try(t.Context(), t, list, opts)
		if err != nil {
			return "", nil, err
		}
		return string(bytesOf(t, d)), d, nil
	}
	for list, want := range map[string]string{
		dir + "/b.csv\n" + dir + "/a.csv\n": "ba", dir + "/*.csv": "1ab", "file://" + dir + "/[ab].csv": "ab", dir + "/[1].csv": "1", dir + "/.*.csv": "h",
	} {
		if got, _, err := read(list, source.Options{}); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", list, got, err, want)
		}
	}
	_, d, err := read(dir+"/b.csv\n"+dir+"/a.csv", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%x", sha(fmt.Appendf(nil, "%x\n%x\n", sha([]byte("b")), sha([]byte("a")))))
	if d.SHA256 != want || d.Size != 2 || d.Name != dir+"/b.csv and 1 more" || len(d.Hashes()) != 2 {
		t.Errorf("got %+v, want sha256 %s", d, want)
	}
	write("c.csv", "b")
	for list, want := range map[string]error{
		dir + "/*.tsv": source.ErrNotThere, dir + "/a.csv\n" + dir + "/d.csv": source.ErrNotThere, dir + "/*.csv": source.ErrTwice,
	} {
		if _, _, err := read(list, source.Options{}); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", list, err, want)
		}
	}
	if _, _, err := read(dir+"/b.csv\n"+dir+"/a.csv", source.Options{MaxBytes: 1}); !errors.Is(err, source.ErrTooBig) {
		t.Errorf("over the bound: %v", err)
	}
}

func TestParseHeader(t *testing.T) {
	h, err := source.ParseHeader("authorization: Bearer x\r\nX-Api-Key:y\n")
	if diff := cmp.Diff(http.Header{"Authorization": {"Bearer x"}, "X-Api-Key": {"y"}}, h); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, text := range []string{"", "\n", "s3cret", "A b: s3cret", "Range: s3cret", "host: s3cret", "X: s3\x01cret", "X:", ": s3cret"} {
		if _, err := source.ParseHeader(text); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func sha(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}
