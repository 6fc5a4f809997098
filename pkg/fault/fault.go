// Package fault says how a program ends: exit codes and their meaning, errors that carry one, and the classes of error that
// packages below the tasks return. It imports nothing of this project.
package fault

import (
	"errors"
	"fmt"
)

// Exit codes: sysexits where they fit, and API. Schedulers never retry 64, 65, 66 and 78.
const (
	ExitDone       = 0   // also when nothing was new, quiet, or held back: the result says so
	ExitUsage      = 64  // a flag is wrong
	ExitBadData    = 65  // the data are wrong: trying again gives the same
	ExitMissing    = 66  // an upstream input is missing
	ExitInternal   = 70  // a mistake in this program
	ExitTemporary  = 75  // try again; also: the source is not there yet
	ExitConfig     = 78  // configuration; also: no permission
	ExitNothingNew = 99  // only on request: --exit-nothing-new
	ExitStopped    = 143 // stopped by SIGTERM or SIGINT
)

// ExitCode is an exit code with its meaning, for --help and contract.json.
type ExitCode struct {
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Retry   bool   `json:"retry"`
}

// ExitCodes lists every code that a task ends with.
var ExitCodes = []ExitCode{
	{ExitDone, "done", "success, also when nothing was new or a candidate was held back; see the result", false},
	{ExitUsage, "usage", "invalid flags; all problems are listed", false},
	{ExitBadData, "bad_data", "bad data; a retry fails the same way", false},
	{ExitMissing, "missing", "an upstream input is missing: run the earlier step, or name its run with --from-run", false},
	{ExitInternal, "internal", "a bug in this program; please report it with the message", true},
	{ExitTemporary, "temporary", "temporary failure, retry later; also: the source is not available yet", true},
	{ExitConfig, "config", "wrong configuration or missing permission", false},
	{ExitNothingNew, "nothing_new", "nothing new (only with --exit-nothing-new)", false},
	{ExitStopped, "stopped", "stopped by SIGTERM or SIGINT; no partial output is visible", true},
}

// Retryable reports whether trying the same again can help after that exit code.
func Retryable(code int) bool {
	for _, c := range ExitCodes {
		if c.Code == code {
			return c.Retry
		}
	}
	return true
}

// Fault is an error that knows its exit code. Only tasks make one, where they can tell what a person or a scheduler should
// do; packages below them return an [Error] of a class, and [Judge] gives that its code.
type Fault struct {
	Code   int
	Cause  string // one snake_case word for machines: source, columns, quarantine_share, head, …
	Object string // the file, URI or table that it is about; may be empty
	Err    error

	// Whole says that the step has done all it could and its result is worth having, as with nothing new.
	Whole bool
}

// Error returns the message of what is wrong.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// Errorf returns a Fault whose message is the formatted text; %w works as in fmt.Errorf.
func Errorf(code int, cause, object, format string, args ...any) *Fault {
	return &Fault{Code: code, Cause: cause, Object: object, Err: fmt.Errorf(format, args...)}
}

// NothingNew is how a step ends that was asked to say by its exit code that nothing was new.
func NothingNew(object string) *Fault {
	return &Fault{Code: ExitNothingNew, Cause: "nothing_new", Object: object, Err: errors.New("nothing new"), Whole: true}
}
