package objstore

import (
	"context"
	"io"
)

// Interceptor stands between a store and what keeps its objects, so that a test can make any call fail; see package storetest.
// Verbs are create, swap, open, stat, list and delete.
type Interceptor interface {
	// Before an object is touched; an error is the outcome of the call, and nothing happens.
	Before(verb, name string) error
	// After the call has succeeded; an error is an answer that got lost.
	After(verb, name string) error
	// Content returns what is read in place of an object's content.
	Content(name string, content io.ReaderAt) io.ReaderAt
}

type interceptorKey struct{}

// WithInterceptor returns a context whose calls on every store go through i. It is for tests.
func WithInterceptor(ctx context.Context, i Interceptor) context.Context {
	return context.WithValue(ctx, interceptorKey{}, i)
}

// driver returns what a call talks to.
func (s *Store) driver(ctx context.Context) driver {
	if i, ok := ctx.Value(interceptorKey{}).(Interceptor); ok {
		return intercepted{i, s.drv}
	}
	return s.drv
}

type intercepted struct {
	Interceptor
	driver
}

func (d intercepted) around(verb, name string, call func() error) error {
	if err := d.Before(verb, name); err != nil {
		return osError(err)
	}
	if err := call(); err != nil {
		return err
	}
	return osError(d.After(verb, name))
}

func (d intercepted) create(ctx context.Context, name string, src io.ReaderAt, size int64) (a Attrs, err error) {
	err = d.around("create", name, func() error { a, err = d.driver.create(ctx, name, src, size); return err })
	return a, err
}

func (d intercepted) swap(ctx context.Context, name string, generation int64, data []byte) (a Attrs, err error) {
	err = d.around("swap", name, func() error { a, err = d.driver.swap(ctx, name, generation, data); return err })
	return a, err
}

func (d intercepted) stat(ctx context.Context, name string) (a Attrs, err error) {
	err = d.around("stat", name, func() error { a, err = d.driver.stat(ctx, name); return err })
	return a, err
}

func (d intercepted) list(ctx context.Context, prefix string, alive func()) (items []Item, err error) {
	err = d.around("list", prefix, func() error { items, err = d.driver.list(ctx, prefix, alive); return err })
	return items, err
}

func (d intercepted) delete(ctx context.Context, name string, generation int64) error {
	return d.around("delete", name, func() error { return d.driver.delete(ctx, name, generation) })
}

func (d intercepted) open(ctx context.Context, name string, generation int64, admit func(int64) error) (o *Object, err error) {
	err = d.around("open", name, func() error { o, err = d.driver.open(ctx, name, generation, admit); return err })
	if err != nil {
		if o != nil {
			o.Close()
		}
		return nil, err
	}
	o.ReaderAt = classed{d.Content(name, o.ReaderAt)}
	o.CRC32C = 0 // not every store keeps one
	return o, nil
}

// classed gives errors of a reader their class, as the file driver does.
type classed struct{ io.ReaderAt }

func (r classed) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, at)
	if err != nil && err != io.EOF {
		err = osError(err)
	}
	return n, err
}
