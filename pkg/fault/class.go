package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
)

// Class is a sentinel: a kind of failure that callers branch on with errors.Is. A class of its own can belong to a wider one,
// as objstore.ErrNotFound belongs to [ErrMissing].
type Class struct {
	code  int
	cause string
	text  string
	wider *Class
}

// The classes. What exit code each means stands here and nowhere else.
var (
	ErrUsage     = &Class{code: ExitUsage, cause: "flags", text: "wrong flags"}
	ErrBadData   = &Class{code: ExitBadData, cause: "damaged", text: "bad data"}
	ErrMissing   = &Class{code: ExitMissing, cause: "missing", text: "missing"}
	ErrInternal  = &Class{code: ExitInternal, cause: "internal", text: "internal error"}
	ErrTemporary = &Class{code: ExitTemporary, cause: "temporary", text: "temporary failure"}
	ErrConfig    = &Class{code: ExitConfig, cause: "config", text: "wrong configuration"}

	// ErrNewer belongs to what a later version of the program wrote.
	ErrNewer = ErrBadData.New("newer_version", "written by a newer program")
	// ErrLostSwap says that another writer moved a pointer between reading and swapping it.
	ErrLostSwap = ErrTemporary.New("lost_swap", "another run moved it at the same moment")
)

// New returns a narrower class. cause is one snake_case word for machines, text the message.
func (c *Class) New(cause, text string) *Class {
	return &Class{code: c.code, cause: cause, text: text, wider: c}
}

// Error returns the class's message.
func (c *Class) Error() string { return c.text }

// Unwrap returns the wider class.
func (c *Class) Unwrap() error {
	if c.wider == nil {
		return nil
	}
	return c.wider
}

// Errorf returns an error of this class about an object (a file, URI or table; may be empty). %w works as in fmt.Errorf.
func (c *Class) Errorf(cause, object, format string, args ...any) *Error {
	return &Error{Class: c, Cause: cause, Object: object, Err: fmt.Errorf(format, args...)}
}

// Newer returns the error of reading what a later program wrote: it names both versions.
func Newer(what, object string, found, known int) *Error {
	return ErrNewer.Errorf(ErrNewer.cause, object,
		"%s %s has version %d, this program knows up to %d: run a newer program", what, object, found, known)
}

// About names the object of an error that has a class but no object yet. Other errors are returned as they are.
func About(object string, err error) error {
	v, ok := errors.AsType[judged](err)
	if !ok {
		return err
	}
	c, ok := v.(*Class)
	if !ok {
		return err
	}
	return &Error{Class: c, Cause: c.cause, Object: object, Err: err}
}

// Error is a failure of a [Class] with the object that it is about. Packages below the tasks return it.
type Error struct {
	Class  *Class
	Cause  string // one snake_case word for machines
	Object string
	Err    error
}

// Error returns the message of what is wrong.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the class and what is wrong.
func (e *Error) Unwrap() []error { return []error{e.Class, e.Err} }

// judged is what decides on an exit code.
type judged interface {
	judge() Verdict
	error
}

func (c *Class) judge() Verdict { return Verdict{Code: c.code, Cause: c.cause} }
func (e *Error) judge() Verdict { return Verdict{Code: e.Class.code, Cause: e.Cause, Object: e.Object} }
func (f *Fault) judge() Verdict { return Verdict{Code: f.Code, Cause: f.Cause, Object: f.Object} }

// Verdict is how a program ends because of an error.
type Verdict struct {
	Code   int
	Cause  string
	Object string
}

// Judge returns the exit code, cause and object of an error: those of the outermost [Fault], [Error] or [Class] in its chain,
// then what the operating system's errors mean. Anything else is a mistake in this program.
//
// What was concluded from a failure that passes is not believed: data that a disk or a network did not hand over are no bad
// data. So [ErrBadData] or [ErrInternal] around such a failure is temporary, about the same object.
func Judge(err error) Verdict {
	if v, ok := errors.AsType[judged](err); ok {
		said := v.judge()
		if (said.Code == ExitBadData || said.Code == ExitInternal) && Temporary(err) {
			return Verdict{Code: ExitTemporary, Cause: temporaryCause(err), Object: said.Object}
		}
		return said
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Verdict{Code: ExitConfig, Cause: "permission"}
	case errors.Is(err, context.DeadlineExceeded), passes(err):
		return Verdict{Code: ExitTemporary, Cause: "store"}
	}
	return Verdict{Code: ExitInternal, Cause: "internal"}
}

// Temporary reports whether something in the error's tree passes by itself: an error of [ErrTemporary], or one of the operating
// system's, such as a full disk.
func Temporary(err error) bool { return errors.Is(err, ErrTemporary) || passes(err) }

// passing are the errors of the operating system that say nothing about the request: the same may succeed later.
var passing = []syscall.Errno{
	syscall.EIO, syscall.EINTR, syscall.EAGAIN, syscall.EBUSY, syscall.ENOLCK, syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE,
	syscall.ENFILE, syscall.ENOMEM, syscall.ESTALE, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE,
}

func passes(err error) bool {
	return slices.ContainsFunc(passing, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

// temporaryCause returns the cause of the first temporary failure in the error's tree.
func temporaryCause(err error) string {
	if v, ok := err.(judged); ok && v.judge().Code == ExitTemporary { //nolint:errorlint // the tree is walked below
		return v.judge().Cause
	}
	var below []error
	switch x := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		below = []error{x.Unwrap()}
	case interface{ Unwrap() []error }:
		below = x.Unwrap()
	}
	for _, e := range below {
		if e != nil && Temporary(e) {
			return temporaryCause(e)
		}
	}
	return "store"
}

// CodeOf returns the exit code that an error carries, or 0 where it carries none: nil, or an error that nobody classified.
func CodeOf(err error) int {
	if v, ok := errors.AsType[judged](err); ok {
		return v.judge().Code
	}
	return 0
}
