// Package source is the one way to a delivery, wherever it lies: today a file, by path or file:// URL. The content is named
// by its hash before anything is made of it, and a source that changes while it is read is noticed.
//
//	d, err := source.Open(ctx, "online-retail.csv.gz")
//	text, err := d.Text(nil)
//	… read text to its end …
//	err = d.Unchanged()
//
// What it is packed in is told by its content, never by its name.
package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"
)

// What callers branch on. Every error wraps at most one of them and names the source.
var (
	ErrNotThere   = errors.New("it is not there yet")
	ErrPermission = errors.New("no permission to read it")
	ErrNotFile    = errors.New("it is not a regular file")
	ErrChanged    = errors.New("it changed while it was read")
	ErrDamaged    = errors.New("it is cut or damaged")
	ErrFormat     = errors.New("it is not delimited text, nor that packed by gzip")
)

// Check returns an error unless Open knows how to get at such a URL.
func Check(rawURL string) error {
	_, err := pathOf(rawURL)
	return err
}

// pathOf returns the path that a plain path or a file:// URL names.
func pathOf(rawURL string) (string, error) {
	scheme, _, isURL := strings.Cut(rawURL, "://")
	switch {
	case strings.TrimSpace(rawURL) == "":
		return "", errors.New("needs a path or a file:// URL")
	case !isURL:
		return rawURL, nil
	case scheme != "file":
		return "", fmt.Errorf("%s:// is not a kind of source that this program knows; want a path or a file:// URL", scheme)
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || len(u.Path) < 2 {
		return "", errors.New("want file:///path, with %20 for a blank and the like")
	}
	return u.Path, nil
}

// Delivery is an open source. Close it.
type Delivery struct {
	Name   string // as it was asked for
	Size   int64  // bytes
	SHA256 string // of the bytes, in hex

	file *os.File
	info fs.FileInfo
	read *tap // what Text reads; nil before
}

// Open opens a source and hashes its bytes.
func Open(ctx context.Context, rawURL string) (*Delivery, error) {
	path, err := pathOf(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open source %q: %w", rawURL, err)
	}
	d := &Delivery{Name: rawURL}
	if err := d.open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open source %s: %w", rawURL, err), d.Close())
	}
	return d, nil
}

func (d *Delivery) open(ctx context.Context, path string) (err error) {
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return told(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w (%s)", ErrNotFile, kind(info.Mode()))
	}
	if d.file, err = os.Open(path); err != nil {
		return told(err)
	}
	if d.info, err = d.file.Stat(); err != nil {
		return told(err)
	}
	sum := sha256.New()
	buf := make([]byte, 1<<20)
	for d.Size < d.info.Size() {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := d.file.ReadAt(buf[:min(int64(len(buf)), d.info.Size()-d.Size)], d.Size)
		sum.Write(buf[:n])
		if d.Size += int64(n); err != nil && d.Size < d.info.Size() {
			if err == io.EOF {
				err = ErrChanged
			}
			return told(err)
		}
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// told wraps a system's error by what callers branch on.
func told(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %w", ErrNotThere, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrPermission, err)
	}
	return err
}

func kind(m fs.FileMode) string {
	if m.IsDir() {
		return "a folder"
	}
	return "mode " + m.String()
}

// Text returns the delivery's text from its start, unpacked. progress, if not nil, is told the bytes of the source as they
// are read. It can be called again; the text read last is what Unchanged is about. A cut or damaged packing is an
// [ErrDamaged] of the reader.
func (d *Delivery) Text(progress func(n int64)) (io.Reader, error) {
	d.read = &tap{src: io.NewSectionReader(d.file, 0, d.Size), hash: sha256.New(), progress: progress}
	buf := bufio.NewReaderSize(d.read, 256<<10)
	head, err := buf.Peek(magicBytes)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read source %s: %w", d.Name, err)
	}
	if what := packing(head); what == "gzip" {
		z, err := gzip.NewReader(buf)
		if err != nil {
			return nil, fmt.Errorf("read source %s: %w: gzip: %w", d.Name, ErrDamaged, err)
		}
		return &gunzip{name: d.Name, z: z}, nil
	} else if what != "" {
		return nil, fmt.Errorf("read source %s: %w, but %s", d.Name, ErrFormat, what)
	}
	return buf, nil
}

// magicBytes is what packing wants to see.
const magicBytes = 8

// packing tells by the first bytes what a source is packed in, "" for plain text.
func packing(head []byte) string {
	for _, p := range []struct{ magic, what string }{
		{"\x1f\x8b", "gzip"},
		{"PK\x03\x04", "a zip archive or a spreadsheet (xlsx): unpack it, or save it as csv"},
		{"\x28\xb5\x2f\xfd", "packed by zstd: unpack it"},
		{"PAR1", "a parquet file: write it as csv"},
		{"ARROW1", "an Arrow file: write it as csv"},
		{"BZh", "packed by bzip2: unpack it"},
		{"\xfd7zXZ", "packed by xz: unpack it"},
		{"\xff\xfe", "text in UTF-16: write it as UTF-8"},
		{"\xfe\xff", "text in UTF-16: write it as UTF-8"},
		{"\xd0\xcf\x11\xe0", "a spreadsheet (xls): save it as csv"},
	} {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			return p.what
		}
	}
	return ""
}

// Unchanged returns [ErrChanged] unless the source is what was hashed: by its size and time of change, and by its bytes once
// the text was read to its end. Ask it after an error of the text too: a change explains that.
func (d *Delivery) Unchanged() error {
	info, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("read source %s: %w", d.Name, err)
	}
	if info.Size() != d.info.Size() || !info.ModTime().Equal(d.info.ModTime()) ||
		d.read != nil && d.read.n == d.Size && hex.EncodeToString(d.read.hash.Sum(nil)) != d.SHA256 {
		return fmt.Errorf("read source %s: %w", d.Name, ErrChanged)
	}
	return nil
}

// Close closes the source. A second one does nothing.
func (d *Delivery) Close() error {
	f := d.file
	if d.file = nil; f == nil {
		return nil
	}
	return f.Close()
}

// tap hashes and reports what passes through it.
type tap struct {
	src      io.Reader
	hash     hash.Hash
	n        int64 // bytes read
	progress func(int64)
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	t.hash.Write(p[:n])
	t.n += int64(n)
	if t.progress != nil && n > 0 {
		t.progress(int64(n))
	}
	return n, err
}

// gunzip tells damage from other errors.
type gunzip struct {
	name string
	z    *gzip.Reader
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, fmt.Errorf("source %s: %w: gzip ends too early", g.name, ErrDamaged)
	}
	var system *fs.PathError
	if errors.As(err, &system) {
		return n, fmt.Errorf("source %s: %w", g.name, err)
	}
	return n, fmt.Errorf("source %s: %w: gzip: %w", g.name, ErrDamaged, err)
}
