package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/objstore"
)

// Pattern reports whether the location may be several files: a path with *, ? or [, or an object with * or ?.
func (l Location) Pattern() bool {
	switch l.scheme {
	case "file":
		_, err := filepath.Match(l.path, "")
		return err == nil && strings.ContainsAny(l.path, "*?[")
	case "gs":
		return strings.ContainsAny(l.object, "*?")
	}
	return false
}

// Expand returns the location of each file: those that are no pattern as they are, and those that a pattern fits in byte order. It
// opens none. Its errors are those of [Open].
func Expand(ctx context.Context, where []Location, opts Options) ([]Location, error) {
	opts.setDefaults()
	o := newOpener(opts)
	defer o.close()
	return o.files(ctx, where)
}

func newOpener(opts Options) *opener {
	return &opener{opts: opts, client: newClient(opts), buckets: map[string]*objstore.Store{}}
}

func (o *opener) files(ctx context.Context, where []Location) ([]Location, error) {
	var files []Location
	for _, l := range where {
		each, err := o.expand(ctx, l)
		if err != nil {
			return nil, err
		}
		files = append(files, each...)
	}
	return files, nil
}

// expand returns the location, or in byte order the files that a pattern fits, without hidden ones. A local file of the very name is
// no pattern.
func (o *opener) expand(ctx context.Context, l Location) ([]Location, error) {
	if !l.Pattern() {
		return []Location{l}, nil
	}
	find := l.local
	if l.scheme == "gs" {
		find = func() ([]Location, error) { return o.listed(ctx, l) }
	}
	all, err := find()
	if err != nil {
		return nil, fmt.Errorf("open source %s: %w", l, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("open source %s: %w: no file matches the pattern", l, ErrNotThere)
	}
	return all, nil
}

func (l Location) local() ([]Location, error) {
	if _, err := os.Lstat(l.path); err == nil {
		return []Location{l}, nil
	}
	paths, err := filepath.Glob(l.path)
	if err != nil {
		return nil, err
	}
	hidden := strings.HasPrefix(filepath.Base(l.path), ".")
	paths = slices.DeleteFunc(paths, func(p string) bool { return !hidden && strings.HasPrefix(filepath.Base(p), ".") })
	slices.Sort(paths)
	all := make([]Location, len(paths))
	for i, p := range paths {
		all[i] = Location{raw: p, scheme: "file", path: p}
	}
	return all, nil
}

// listed lists a bucket. As in a path, * and ? stop at a slash.
func (o *opener) listed(ctx context.Context, l Location) ([]Location, error) {
	store, err := o.bucket(ctx, l.bucket)
	if err != nil {
		return nil, storeError(err)
	}
	prefix := l.object[:strings.IndexAny(l.object, "*?")]
	names, err := store.Names(ctx, prefix[:strings.LastIndexByte(prefix, '/')+1])
	if err != nil {
		return nil, storeError(err)
	}
	var all []Location
	for _, name := range names {
		if fits, _ := path.Match(escaped(l.object), name); fits { // checked when it was parsed
			all = append(all, Location{raw: "gs://" + l.bucket + "/" + name, scheme: "gs", bucket: l.bucket, object: name})
		}
	}
	return all, nil
}

// escaped takes [ and \ in an object's pattern for themselves.
func escaped(pattern string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
}

// bucket returns a bucket's store, opened once for all files in it.
func (o *opener) bucket(ctx context.Context, name string) (*objstore.Store, error) {
	if s := o.buckets[name]; s != nil {
		return s, nil
	}
	s, err := objstore.Open(ctx, "gs://"+name, &objstore.Options{Timeout: o.opts.Timeout, Scratch: o.opts.Scratch, Memory: o.opts.Memory})
	if err == nil {
		o.buckets[name] = s
	}
	return s, err
}

func (o *opener) close() {
	o.client.transport.CloseIdleConnections()
	for _, s := range o.buckets {
		_ = s.Close()
	}
}

// mostNamed bounds how many files a message names.
const mostNamed = 20

// MissingError names the files of a delivery that are not there. It is an [ErrNotThere].
type MissingError struct {
	Files []string // for people
	Of    int      // how many files the delivery has
	first error
}

func (e *MissingError) Error() string {
	if len(e.Files) == 1 {
		return e.first.Error()
	}
	more := ""
	if n := len(e.Files) - mostNamed; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%d of %d files are not there: %s%s", len(e.Files), e.Of, strings.Join(e.Files[:min(mostNamed, len(e.Files))], ", "), more)
}

// Unwrap returns what was said of the first.
func (e *MissingError) Unwrap() error { return e.first }

// missed notes that a file is not there, so that all of them are named; any other error is returned.
func (e *MissingError) missed(err error, l Location) error {
	if !errors.Is(err, ErrNotThere) {
		return err
	}
	if e.first == nil {
		e.first = err
	}
	e.Files = append(e.Files, l.String())
	return nil
}
