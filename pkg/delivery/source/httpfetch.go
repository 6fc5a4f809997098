package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"
)

// fetch gets what a URL names into a file: from its start, or after a break from there, if the server proves that it is
// still the same. Whatever the server does, there are the bytes of one version of it in the end, or an error.
type fetch struct {
	client   *client
	url      *url.URL
	known    *Known // nil for none: the server is not asked whether it has changed
	limit    int64  // bytes
	file     *os.File
	progress func(int64)

	sum       hash.Hash // over have bytes
	have      int64
	total     int64     // announced, -1 for unknown
	validator Validator // of what have bytes are a part of
	whole     bool      // ask for all of it: the server's parts are of no use
	asked     askedFor
	most      atomic.Int64 // of have, ever
	modified  bool         // false at the end: it is what was known
}

// askedFor is what a request has asked for.
type askedFor int

const (
	allOfIt askedFor = iota
	ifChanged
	theRest
)

var (
	errDeadline = errors.New("the deadline of a source")
	errIdle     = errors.New("no data for a while")
)

// run fetches within one deadline: the client's timeout, and a second for each MiB that has come.
func (f *fetch) run(ctx context.Context) error {
	f.sum, f.total = sha256.New(), -1
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go f.clock(bounded, cancel)

	timeout := f.client.timeout
	pause := timeout / 1000
	last := "it has not answered"
	for {
		before := f.have
		err := f.attempt(bounded)
		again, ok := errors.AsType[*retryError](err)
		if ok {
			last = again.reason
			if f.have > before {
				pause = timeout / 1000
			}
			wait := max(pause, again.after)
			if wait > timeout {
				return fmt.Errorf("%w: %s, and asks to come back in %v", ErrUnavailable, last, wait)
			}
			pause = min(2*pause, timeout/8)
			err = sleep(bounded, wait)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case bounded.Err() != nil:
			if !ok && f.have > 0 {
				last = came(f.have, f.total)
			}
			return fmt.Errorf("%w: timed out after %v plus one second per MiB: %s", ErrUnavailable, timeout, last)
		case !ok:
			return err
		}
	}
}

// clock ends a fetch at its deadline.
func (f *fetch) clock(ctx context.Context, cancel context.CancelCauseFunc) {
	wait, granted := f.client.timeout, time.Duration(0)
	for {
		if sleep(ctx, wait) != nil {
			return
		}
		earned := time.Duration(f.most.Load()>>20) * time.Second
		if wait = earned - granted; wait <= 0 {
			cancel(errDeadline)
			return
		}
		granted = earned
	}
}

// sleep waits; it returns ctx's cause if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// attempt makes one request and takes what comes of it. A *retryError says that another may do better.
func (f *fetch) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := f.client.timeout / 2
	idle := time.AfterFunc(patience, func() { cancel(errIdle) })
	defer idle.Stop()

	err := f.exchange(ctx, func() { idle.Reset(patience) })
	if errors.Is(context.Cause(ctx), errIdle) {
		return &retryError{reason: fmt.Sprintf("no data for %v", patience)}
	}
	return err
}

func (f *fetch) exchange(ctx context.Context, alive func()) error {
	a, err := f.client.get(ctx, f.url, f.request())
	if err != nil {
		return err
	}
	defer func() { _ = a.Body.Close() }()
	alive()
	part, err := f.begin(a)
	if err != nil || !f.modified {
		return err
	}
	if err := f.take(ctx, a, alive); err != nil {
		return err
	}
	end := f.total
	if part >= 0 {
		end = part
	}
	switch {
	case a.watch != nil && a.ContentLength >= 0 && a.watch.surplus(ctx):
		return fmt.Errorf("%w: the server sends more than the %d bytes it announced", ErrDamaged, a.ContentLength)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case end >= 0 && f.have != end:
		return f.restart("it sent another length than it announced")
	case f.total >= 0 && f.have < f.total:
		return &retryError{reason: fmt.Sprintf("it sent only a part, up to byte %d of %d", f.have, f.total)}
	}
	return nil
}

// request returns the headers that ask for what is wanted.
func (f *fetch) request() http.Header {
	h := http.Header{}
	f.asked = allOfIt
	switch tag := f.validator.ifRange(); {
	case f.have > 0 && tag != "" && !f.whole:
		h.Set("Range", fmt.Sprintf("bytes=%d-", f.have))
		h.Set("If-Range", tag)
		f.asked = theRest
	case f.have > 0:
		f.reset()
	case f.known != nil && f.known.ETag != "":
		h.Set("If-None-Match", f.known.ETag)
		f.asked = ifChanged
	case f.known != nil && f.known.LastModified != "":
		h.Set("If-Modified-Since", f.known.LastModified)
		f.asked = ifChanged
	}
	return h
}

// reset forgets what has come.
func (f *fetch) reset() {
	f.have, f.total, f.validator = 0, -1, Validator{}
	f.sum.Reset()
}

// restart asks for all of it again: what was received is unusable, or the server cannot prove that it is.
func (f *fetch) restart(reason string) error {
	f.reset()
	f.whole = true
	return &retryError{reason: reason}
}

// begin looks at an answer's head, and makes f ready for its body. part is where the body ends if it is a part, or -1.
func (f *fetch) begin(a *answer) (part int64, err error) {
	f.modified = true
	part = -1
	switch code := a.StatusCode; {
	case code == http.StatusOK:
		f.reset()
		f.total, f.validator = a.ContentLength, validatorOf(a.Header)
		if a.ContentLength < 0 && !chunked(a.Response) {
			return -1, fmt.Errorf("%w: the server sends neither its length nor its end", ErrDamaged)
		}
	case code == http.StatusPartialContent && f.asked == theRest:
		if part, err = f.continues(a.Response); err != nil {
			return -1, err
		}
	case code == http.StatusNotModified && f.asked == ifChanged:
		f.modified = false
		return -1, nil
	case code == http.StatusRequestedRangeNotSatisfiable && f.asked == theRest:
		return -1, f.restart("it has no rest of what it began")
	default:
		return -1, refusal(a)
	}
	if f.total > f.limit {
		return -1, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooBig, f.total, f.limit)
	}
	return part, nil
}

// continues holds the answer with a rest against what has come. It returns where the rest ends.
func (f *fetch) continues(r *http.Response) (end int64, err error) {
	from, to, total, err := contentRange(r.Header.Get("Content-Range"))
	now := validatorOf(r.Header)
	switch {
	case err != nil:
		return 0, f.restart(err.Error())
	case from != f.have, f.total >= 0 && total != f.total, r.ContentLength >= 0 && r.ContentLength != to-from:
		return 0, f.restart("it sent another part than it was asked for")
	case now.ifRange() != f.validator.ifRange():
		return 0, f.restart("it has changed between two parts")
	}
	f.total = total
	return to, nil
}

// take spools a body.
func (f *fetch) take(ctx context.Context, a *answer, alive func()) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := a.Body.Read(buf)
		if n > 0 {
			alive()
			if f.have+int64(n) > f.limit {
				return fmt.Errorf("%w: over %d bytes", ErrTooBig, f.limit)
			}
			if _, err := f.file.WriteAt(buf[:n], f.have); err != nil {
				return fmt.Errorf("write scratch file: %w", err)
			}
			f.sum.Write(buf[:n])
			f.have += int64(n)
			f.most.Store(max(f.most.Load(), f.have))
			if f.progress != nil {
				f.progress(int64(n))
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return &retryError{reason: broke(f.have, f.total)}
		}
	}
}

// came says how much had come when the time was up.
func came(have, total int64) string {
	if total < 0 {
		return fmt.Sprintf("%d bytes were received", have)
	}
	return fmt.Sprintf("%d of %d bytes were received", have, total)
}

func broke(have, total int64) string {
	if total < 0 {
		return fmt.Sprintf("the connection broke after byte %d", have)
	}
	return fmt.Sprintf("the connection broke after byte %d of %d", have, total)
}

// hash returns the sha256 of what has come.
func (f *fetch) hash() string { return hex.EncodeToString(f.sum.Sum(nil)) }
