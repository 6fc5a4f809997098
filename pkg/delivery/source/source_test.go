package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/clientele/clientele/pkg/delivery/source"
)

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// try opens a list of sources.
func try(ctx context.Context, t testing.TB, list string, opts source.Options) (*source.Delivery, error) {
	t.Helper()
	where, err := source.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	opts.Scratch = t.TempDir()
	d, err := source.Open(ctx, where, opts)
	if err == nil {
		t.Cleanup(func() { _ = d.Close() })
	}
	return d, err
}

func open(t testing.TB, url string) *source.File {
	t.Helper()
	d, err := try(context.Background(), t, url, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Files[0]
}

// text returns what to read of a delivery that is delimited text, and nothing of others.
func text(t testing.TB, d *source.File, progress func(int64)) (io.Reader, error) {
	c, err := d.Content(t.Context(), source.UnpackOptions{Scratch: t.TempDir(), MaxBytes: 64 << 20}, progress)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	if c.Kind != source.DelimitedText {
		return strings.NewReader(""), nil
	}
	return c.Text, nil
}

func TestTextIsUnpackedByContent(t *testing.T) {
	const body = "a,b\n1,2\n"
	two := append(packed(t, "a,b\n"), packed(t, "1,2\n")...) // two members are one text (RFC 1952, 2.2)
	for name, data := range map[string][]byte{"plain.gz": []byte(body), "packed.csv": packed(t, body), "two.csv": two} {
		path := file(t, name, data)
		for _, url := range []string{path, "file://" + path} {
			d := open(t, url)
			for range 2 {
				seen := int64(0)
				r, err := text(t, d, func(n int64) { seen += n })
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || string(got) != body || seen != d.Size || d.Size != int64(len(data)) {
					t.Errorf("%s: %q, %d of %d bytes, %v", url, got, seen, d.Size, err)
				}
				if err := d.Unchanged(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	}
	// printf 'a,b\n1,2\n' | sha256sum
	if diff := cmp.Diff("492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470", open(t, file(t, "x", []byte(body))).SHA256); diff != "" {
		t.Error(diff)
	}
	if d := open(t, file(t, "empty", nil)); d.Size != 0 {
		t.Errorf("empty file has %d bytes", d.Size)
	} else if r, err := text(t, d, nil); err != nil {
		t.Error(err)
	} else if got, err := io.ReadAll(r); err != nil || len(got) > 0 {
		t.Errorf("empty file reads %q, %v", got, err)
	}
	if path := file(t, "a b%.csv", []byte(body)); open(t, path).Size == 0 || open(t, "file://"+strings.NewReplacer(" ", "%20", "%", "%25").Replace(path)).Size == 0 {
		t.Error("blank and percent in a name")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	secret := file(t, "secret.csv", []byte("x"))
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]error{
		filepath.Join(dir, "missing.csv"): source.ErrNotThere, filepath.Join(dir, "no", "folder.csv"): source.ErrNotThere,
		filepath.Join(secret, "below-a-file.csv"): source.ErrNotThere, dir: source.ErrNotFile, pipe: source.ErrNotFile,
		secret: source.ErrPermission,
	} {
		if errors.Is(want, source.ErrPermission) && os.Geteuid() == 0 {
			t.Log("no test of permission: root may read everything")
			continue
		}
		if _, err := try(context.Background(), t, url, source.Options{}); !errors.Is(err, want) || !strings.Contains(err.Error(), url) {
			t.Errorf("%s: got %v, want %v", url, err, want)
		}
	}
	for _, url := range []string{"", " ", "ftp://shop/x.csv", "gs://bucket", "gs://b*/x.csv", "https://", "https://a:b@shop/x.csv", "https://shop/x#y", "in/[*.csv", "file://host/x.csv", "file:///x.csv?a=b", "file://", "file:///%zz"} {
		if _, err := source.Parse(url); err == nil {
			t.Errorf("Parse(%q) took it", url)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := try(ctx, t, file(t, "x", []byte("x")), source.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTextRefusesOtherFormatsAndDamage(t *testing.T) {
	for _, head := range []string{"PK\x07\x08", "FEA1", "\xff\xff\xff\xff", "\xff\xfe\x00\x00a", "BZh9", "\xfd7zXZ\x00", "\xd0\xcf\x11\xe0"} {
		d := open(t, file(t, "x.csv", []byte(head+"more")))
		if _, err := text(t, d, nil); !errors.Is(err, source.ErrFormat) || !strings.Contains(err.Error(), "x.csv") {
			t.Errorf("%q: %v", head, err)
		}
	}
	whole := packed(t, strings.Repeat("a,b,c\n", 1000))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"cut": {whole[:len(whole)-9], "gzip ends too early"}, "head": {whole[:5], "gzip ends too early"}, "flipped": {flipped, "gzip: invalid checksum"},
		"behind": {append(bytes.Clone(whole), "xxxxxxxxxx"...), "gzip: it has ended, but more bytes follow"},
		"zeros":  {append(bytes.Clone(whole), 0), "gzip: it has ended, but more bytes follow"},
		"text":   {append(bytes.Clone(whole), "a,b\n"...), "gzip: it has ended, but more bytes follow"},
		"second": {append(bytes.Clone(whole), whole[:20]...), "gzip ends too early"},
	} {
		d := open(t, file(t, name, c.data))
		r, err := text(t, d, nil)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, source.ErrDamaged) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// atTheSameTime changes a file, but not the time at which it was changed.
func atTheSameTime(path string, change func() error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(change(), os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func TestUnchangedNotices(t *testing.T) {
	changes := map[string]func(path string) error{
		"longer": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		},
		"longer, of the same time": func(path string) error {
			return atTheSameTime(path, func() error { return os.WriteFile(path, []byte("a,b\nmore"), 0o600) })
		},
		"touched": func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)) },
		"same size and time": func(path string) error {
			return atTheSameTime(path, func() error { return os.WriteFile(path, []byte("B,b\n"), 0o600) })
		},
	}
	for name, change := range changes {
		path := file(t, "x.csv", []byte("a,b\n"))
		d := open(t, path)
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		r, err := text(t, d, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if err := d.Unchanged(t.Context()); !errors.Is(err, source.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A lone workbook is opened and unpacked once until it is released, and each reading may take as much as the bound allows.
func TestALoneWorkbookIsOpenedOnce(t *testing.T) {
	book := zipped(t, member{name: "[Content_Types].xml"}, member{name: "xl/workbook.xml", text: strings.Repeat("x", 1000)})
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	if _, err := z.Write(book); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"plain": book, "zip": zipped(t, member{name: "a.xlsx", text: string(book)}), "gzip": gz.Bytes()} {
		t.Run(name, func(t *testing.T) {
			path := file(t, "book", data)
			d, err := try(t.Context(), t, path, source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			opts := source.UnpackOptions{Scratch: t.TempDir(), MaxBytes: int64(1500 + len(book))}
			var before *source.Content
			read := func(again bool) {
				reported := int64(0)
				c, err := d.Files[0].Content(t.Context(), opts, func(n int64) { reported += n })
				if err != nil {
					t.Fatal(err)
				}
				if (c == before) != again {
					t.Errorf("again: %t", !again)
				}
				before = c
				part, err := c.Parts.Open("xl/workbook.xml")
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(part); err != nil || len(text) != 1000 || reported == 0 && name != "zip" { // a zip is read before anybody asks for more of it
					t.Errorf("%d bytes, %v; %d reported", len(text), err, reported)
				}
				if err := errors.Join(part.Close(), c.Close(), d.Files[0].Unchanged(t.Context())); err != nil {
					t.Error(err)
				}
			}
			read(false)
			read(true)
			read(true)
			if err := d.Files[0].Release(); err != nil {
				t.Fatal(err)
			}
			read(false)
		})
	}
	path := file(t, "book", book)
	d, err := try(t.Context(), t, path+"\n"+file(t, "other", append(book[:len(book):len(book)], ' ')), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.Files[0].Content(t.Context(), source.UnpackOptions{}, nil)
	if err != nil || a.Close() != nil {
		t.Fatal(err)
	}
	if b, err := d.Files[0].Content(t.Context(), source.UnpackOptions{}, nil); err != nil || a == b || b.Close() != nil {
		t.Errorf("one of several is kept: %v", err)
	}
}

func FuzzText(f *testing.F) {
	f.Add(packed(f, "a,b\n"))
	f.Add([]byte("a,b\n"))
	f.Add([]byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := open(t, file(t, "x", data))
		r, err := text(t, d, nil)
		if err == nil {
			_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		}
		if err != nil && !errors.Is(err, source.ErrFormat) && !errors.Is(err, source.ErrDamaged) {
			t.Errorf("neither bad format nor damage: %v", err)
		}
	})
}
