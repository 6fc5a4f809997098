// Package source is the one way to a delivery, wherever it lies: today a file, by path or file:// URL. The content is named
// by its hash before anything is made of it, and a source that changes while it is read is noticed.
//
//	d, err := source.Open(ctx, "online-retail.csv.gz")
//	content, err := d.Content(ctx, source.UnpackOptions{}, nil)
//	… read content.Text to its end …
//	err = d.Unchanged()
//
// What it is packed in is told by its content, never by its name.
package source

import (
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
)

// What callers branch on. Every error wraps at most one of them and names the source.
var (
	ErrNotThere   = errors.New("it is not there yet")
	ErrPermission = errors.New("no permission to read it")
	ErrNotFile    = errors.New("it is not a regular file")
	ErrChanged    = errors.New("it changed while it was read")
	ErrDamaged    = errors.New("it is cut or damaged")
	ErrFormat     = errors.New("it is in no format that can be read")
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

	file      *os.File
	info      fs.FileInfo
	read      *tap // what Content reads in order; nil before
	unordered bool // Content is read out of order
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
	d.Size = d.info.Size()
	d.SHA256, err = hashOf(ctx, d.file, d.Size)
	return told(err)
}

// hashOf hashes the first size bytes of a file. One that has fewer is an [ErrChanged].
func hashOf(ctx context.Context, file io.ReaderAt, size int64) (string, error) {
	sum := sha256.New()
	buf := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		sum.Write(buf[:n])
		if at += int64(n); err != nil && at < size {
			if err == io.EOF {
				err = ErrChanged
			}
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
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

// Content returns what is in the delivery, unpacked, from its start. progress, if not nil, is told the bytes of the source as
// they are read. It can be called again; the content read last is what Unchanged is about. See [Unpack]; close it.
func (d *Delivery) Content(ctx context.Context, opts UnpackOptions, progress func(n int64)) (*Content, error) {
	d.read = nil
	src := &reporting{ReaderAt: d.file}
	c, err := Unpack(ctx, d.Name, src, d.Size, func(src io.Reader) io.Reader {
		d.read = &tap{src: src, hash: sha256.New(), progress: progress}
		return d.read
	}, opts)
	if d.unordered = d.read == nil; d.unordered {
		src.progress = progress
	}
	return c, err
}

// reporting reports what is read out of order.
type reporting struct {
	io.ReaderAt
	progress func(int64)
}

func (r *reporting) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, at)
	if r.progress != nil && n > 0 {
		r.progress(int64(n))
	}
	return n, err
}

// Unchanged returns [ErrChanged] unless the source is what was hashed: by its size and time of change, and by its bytes once
// its content was read to its end. What was read out of order is hashed again. Ask it after an error of the content too: a
// change explains that.
func (d *Delivery) Unchanged(ctx context.Context) error {
	info, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("read source %s: %w", d.Name, err)
	}
	same := info.Size() == d.info.Size() && info.ModTime().Equal(d.info.ModTime())
	switch {
	case !same:
	case d.unordered:
		sum, err := hashOf(ctx, d.file, d.Size)
		if err != nil && !errors.Is(err, ErrChanged) {
			return fmt.Errorf("read source %s: %w", d.Name, err)
		}
		same = err == nil && sum == d.SHA256
	case d.read != nil && d.read.n == d.Size:
		same = hex.EncodeToString(d.read.hash.Sum(nil)) == d.SHA256
	}
	if !same {
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
