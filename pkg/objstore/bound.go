package objstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errDeadline is the cause of a context that the store itself has ended.
var errDeadline = errors.New("the store's own deadline")

// bound is one call on a store: its deadline and how its error is worded. A timer rather than a context's deadline,
// because the time allowed grows once the size of what is read is known.
type bound struct {
	ctx    context.Context // for the driver; ends by the caller's context or by the deadline
	caller context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	base   time.Duration
	what   string // verb and object
}

// bound checks name and starts the clock of a call that moves size bytes.
func (s *Store) bound(caller context.Context, verb, name string, size int64) (*bound, error) {
	what := verb + " " + s.URI(name)
	if err := checkName(s.where.nameIn(name)); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if size < 0 {
		return nil, fmt.Errorf("%s: size %d is negative", what, size)
	}
	if err := caller.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	b := &bound{caller: caller, base: s.timeout, what: what}
	b.ctx, b.cancel = context.WithCancelCause(caller)
	b.timer = time.AfterFunc(b.allowed(size), func() { b.cancel(errDeadline) })
	return b, nil
}

// nameIn returns what checkName must hold for: a bucket counts the prefix, a folder has limits of its own.
func (l location) nameIn(name string) string {
	if l.scheme == "file" || name == "" {
		return name
	}
	return l.join(name)
}

// allowed is the time for a call that moves size bytes: one second a MiB on top of the base.
func (b *bound) allowed(size int64) time.Duration {
	return b.base + time.Duration(size>>20)*time.Second
}

// grow restarts the clock for a call that turns out to move size bytes.
func (b *bound) grow(size int64) { b.timer.Reset(b.allowed(size)) }

// stop frees the clock.
func (b *bound) stop() {
	b.timer.Stop()
	b.cancel(nil)
}

// wrap names verb and object, and says who ended the call: the caller's context stays matchable as such and is never
// ErrUnavailable; the store's own deadline is ErrUnavailable and never a context's error.
func (b *bound) wrap(err error) error {
	if err == nil {
		return nil
	}
	final := errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) ||
		errors.Is(err, ErrPermission) || errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNoLinks)
	switch {
	case final:
	case b.caller.Err() != nil:
		err = b.caller.Err()
	case errors.Is(context.Cause(b.ctx), errDeadline):
		err = fmt.Errorf("%w: not finished within the deadline (%v plus a second per MiB)", ErrUnavailable, b.base)
	}
	return fmt.Errorf("%s: %w", b.what, err)
}
