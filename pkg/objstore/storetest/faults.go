package storetest

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// Fault fails the N-th call of a kind, and none before or after it unless Sticky. It is an [objstore.Interceptor]:
//
//	f := &storetest.Fault{Verb: "open", N: 3, Err: syscall.EIO}
//	_, err := step.Run(objstore.WithInterceptor(ctx, f), …)
type Fault struct {
	Verb   string // create, swap, open or stat; "" is any of them
	In     string // what the object's name must contain; "" is any
	N      int64  // 1, 2, 3 …; 0 counts only
	Sticky bool   // all calls from the N-th on

	Err    error // before the call; nothing happens
	Lost   error // after the call; it has happened
	Read   error // of reading the content
	Flip   bool  // of one bit in the middle of what is read
	Calls  atomic.Int64
	Struck atomic.Bool
	target string
}

// Target returns what the fault struck, "" if it did not.
func (f *Fault) Target() string { return f.target }

func (f *Fault) strikes(verb, name string) bool {
	if f.Verb != "" && f.Verb != verb || !strings.Contains(name, f.In) {
		return false
	}
	n := f.Calls.Add(1)
	if f.N == 0 || n < f.N || n > f.N && !f.Sticky {
		return false
	}
	if !f.Struck.Swap(true) {
		f.target = fmt.Sprintf("%s %s", verb, name)
	}
	return true
}

// Before fails a call that does not happen.
func (f *Fault) Before(verb, name string) error {
	if f.Err != nil && f.strikes(verb, name) {
		return f.Err
	}
	return nil
}

// After fails a call that has happened.
func (f *Fault) After(verb, name string) error {
	if f.Lost != nil && f.strikes(verb, name) {
		return f.Lost
	}
	return nil
}

// Content fails or falsifies what is read.
func (f *Fault) Content(name string, content io.ReaderAt) io.ReaderAt {
	if (f.Read == nil && !f.Flip) || !f.strikes("open", name) {
		return content
	}
	return &badReader{content, f.Read}
}

// badReader fails, or without an error flips one bit in the middle of the first read.
type badReader struct {
	io.ReaderAt
	err error
}

func (r *badReader) ReadAt(p []byte, at int64) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.ReaderAt.ReadAt(p, at)
	if n > 0 {
		p[n/2] ^= 1
	}
	return n, err
}
