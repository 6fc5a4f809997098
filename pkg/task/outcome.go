package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/clientele/clientele/pkg/fault"
)

// terminationLimit is what the kubelet takes of a termination message.
const terminationLimit = 4096

// stopped is the cause of a context that a signal ended.
type stopped struct{ signal syscall.Signal }

// Error names the signal.
func (s stopped) Error() string { return "stopped by " + s.signal.String() }

// withSignals returns a context that SIGTERM or SIGINT ends. The second signal ends the program at once.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		s, ok := <-signals
		if !ok {
			return
		}
		got, _ := s.(syscall.Signal)
		cancel(stopped{got})
		if _, again := <-signals; again {
			os.Exit(fault.ExitStopped)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// outcome turns an error into what people, schedulers and the kubelet see of it.
type outcome struct {
	task        string
	std         stdio
	log         *slog.Logger
	termination string
	closing     Closing
	result      any    // nil before there is one
	says        string // what was done, in a few words for a person
}

// verdict is an error's exit code, cause and object. The order matters: a signal explains every error after it.
func verdict(ctx context.Context, err error) (code int, cause, object string) {
	if _, ok := errors.AsType[stopped](context.Cause(ctx)); ok {
		return fault.ExitStopped, "signal", ""
	}
	v := fault.Judge(err)
	return v.Code, v.Cause, v.Object
}

// termination is the message that the kubelet keeps of a failed container.
type termination struct {
	Step    string `json:"step"`
	Code    int    `json:"code"`
	Cause   string `json:"cause"`
	Object  string `json:"object,omitempty"`
	Message string `json:"message"`
	Retry   bool   `json:"retry"` // whether trying the same again can help
}

// close writes the closing record, of a program that works for a run: others, such as `registry history`, have none.
func (o *outcome) close(code int, cause string) {
	if o.closing.home.RunID != "" {
		o.closing.write(o.log, code, cause, o.result, o.says, nil)
	}
}

// fail says what went wrong, wherever it is looked for, and returns the exit code.
func (o *outcome) fail(ctx context.Context, err error) int {
	code, cause, object := verdict(ctx, err)
	defer o.close(code, cause)
	if code == fault.ExitNothingNew {
		o.log.Info("nothing new")
		return code
	}
	message := err.Error()
	if code == fault.ExitUsage {
		// For a person at a keyboard: every problem on a line of its own.
		_, _ = fmt.Fprintf(o.std.err, "%s: %s\n", o.task, strings.ReplaceAll(message, "\n", "\n"+o.task+": "))
	} else {
		about := []any{"code", code, "cause", cause, "retry", fault.Retryable(code)}
		if object != "" {
			about = append(about, "object", object)
		}
		o.log.Error(message, about...)
	}
	o.leave(termination{Step: o.task, Code: code, Cause: cause, Object: object, Message: message, Retry: fault.Retryable(code)})
	return code
}

// leave writes the termination message where the kubelet has made the file for it.
func (o *outcome) leave(t termination) {
	path := o.termination
	if path == "" {
		path = "/dev/termination-log"
	}
	if _, err := os.Stat(path); err != nil {
		return // not in a pod
	}
	text, err := json.Marshal(t)
	for err == nil && len(text) > terminationLimit {
		cut := max(0, len(t.Message)-(len(text)-terminationLimit)-8)
		t.Message = strings.ToValidUTF8(t.Message[:cut], "") + " …"
		text, err = json.Marshal(t)
	}
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		o.log.Warn("cannot write the termination message", "file", path, "error", err.Error())
	}
}
