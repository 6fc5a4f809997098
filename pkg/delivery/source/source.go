// Package source is the one way to the bytes of a delivery: files by path, pattern or file://, https:// and gs://, and tables by bq://. Remote files
// are spooled first. The content is named by its hash before anything is made of it, and a source that changes
// while it is read is noticed: the exact bytes of one version of it arrive, or an error.
//
//	where, err := source.Parse("https://shop.example/export/sales.csv.gz")
//	d, err := source.Open(ctx, where, source.Options{})
//	for _, file := range d.Files {
//		content, err := file.Content(ctx, source.UnpackOptions{}, nil)
//		… read content.Text to its end …
//		err = file.Unchanged(ctx)
//	}
//
// How a file is packed is detected from its content, never from its name.
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
	"os"
	"syscall"
)

// File is an open file of a delivery. Close it by closing the delivery.
type File struct {
	Name      string // for people and records, without what may be secret
	Size      int64  // bytes
	SHA256    string // of the bytes, in hex
	Validator        // what its server knows it by

	content   io.ReaderAt // nil if it is what was known, and was not fetched
	close     func() error
	local     *os.File // whose file may change; nil for what was spooled
	info      fs.FileInfo
	read      *tap // what Content reads in order; nil before
	unordered bool // Content is read out of order

	lone    bool       // it is all of its delivery
	reports *reporting // of what is read out of order
	held    *Content   // closed, and kept to be read again: see Release
}

// Remote reports whether the file is on a server or in a bucket.
func (f *File) Remote() bool { return f.local == nil }

// openPath opens a local file.
func (f *File) openPath(path string, limit int64) (err error) {
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return classify(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w (%s)", ErrNotFile, kind(info.Mode()))
	}
	if f.local, err = os.Open(path); err != nil {
		return classify(err)
	}
	f.content, f.close = f.local, f.local.Close
	if f.info, err = f.local.Stat(); err != nil {
		return classify(err)
	}
	if f.Size = f.info.Size(); f.Size > limit {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooBig, f.Size, limit)
	}
	return nil
}

// hash hashes a local file.
func (f *File) hash(ctx context.Context) (err error) {
	f.SHA256, err = hashOf(ctx, f.local, f.Size)
	return err
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

// classify wraps a system's error by what callers branch on.
func classify(err error) error {
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

// Content returns what is in the file, unpacked, from its start. progress, if not nil, receives the number of bytes of the source as
// they are read. It can be called again; the content read last is what Unchanged is about. See [Unpack]; close it. A workbook that is all of
// its delivery is opened once, whatever it is packed in: see Release.
func (f *File) Content(ctx context.Context, opts UnpackOptions, progress func(n int64)) (*Content, error) {
	if f.content == nil {
		return nil, fmt.Errorf("read source %s: it was not fetched", f.Name)
	}
	if c := f.held; c != nil {
		f.held, c.budget.used = nil, c.unpacked
		if f.unordered {
			f.reports.progress = progress
		} else if progress != nil {
			progress(f.read.n)
		}
		return c, nil
	}
	f.read = nil
	if err := f.hashBefore(ctx); err != nil {
		return nil, fmt.Errorf("read source %s: %w", f.Name, classify(err))
	}
	f.reports = &reporting{ReaderAt: f.content}
	c, err := Unpack(ctx, f.Name, f.reports, f.Size, func(src io.Reader) io.Reader {
		f.read = &tap{src: src, hash: sha256.New(), progress: progress}
		return f.read
	}, opts)
	if f.unordered = f.read == nil; f.unordered {
		f.reports.progress = progress
	}
	if err == nil && f.lone && c.Kind == Workbook && c.next == nil {
		c.hold = func() { f.held = c }
	}
	return c, err
}

// Release frees the workbook that is kept between one reading and the next, if there is one. Closing the delivery does, too.
func (f *File) Release() error {
	c := f.held
	if c == nil {
		return nil
	}
	f.held, c.hold = nil, nil
	return c.Close()
}

// hashBefore hashes a local file that has no hash yet and will be read out of order: nobody could tell later of which bytes
// the rows are. What is read in order is hashed as it is read.
func (f *File) hashBefore(ctx context.Context) error {
	if f.local == nil || f.SHA256 != "" {
		return nil
	}
	head := make([]byte, min(magicBytes, f.Size))
	if _, err := f.local.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if !outOfOrder(packing(head)) {
		return nil
	}
	return f.hash(ctx)
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
// its content was read to its end. What was read out of order is hashed again. One that is hashed as it is read must be what
// was opened, by size and time. Ask it after an error of the content too: a change explains that.
func (f *File) Unchanged(ctx context.Context) error {
	if f.local == nil {
		return nil // nobody else can reach it
	}
	info, err := f.local.Stat()
	if err != nil {
		return fmt.Errorf("read source %s: %w", f.Name, err)
	}
	same := info.Size() == f.info.Size() && info.ModTime().Equal(f.info.ModTime())
	switch {
	case !same:
	case f.SHA256 == "":
		same = !f.unordered // it was another kind of file when it was looked at
	case f.unordered:
		sum, err := hashOf(ctx, f.local, f.Size)
		if err != nil && !errors.Is(err, ErrChanged) {
			return fmt.Errorf("read source %s: %w", f.Name, err)
		}
		same = err == nil && sum == f.SHA256
	case f.read != nil && f.read.n == f.Size:
		same = hex.EncodeToString(f.read.hash.Sum(nil)) == f.SHA256
	}
	if !same {
		return fmt.Errorf("read source %s: %w", f.Name, ErrChanged)
	}
	return nil
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
