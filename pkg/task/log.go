package task

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// newLogger returns a logger of the task: JSON in Cloud Logging's field names, or plain lines for a person.
func newLogger(format, task string, std stdio) *slog.Logger {
	if format == "plain" || format == "auto" && std.terminal {
		return slog.New(&plain{w: std.err, mu: new(sync.Mutex)})
	}
	h := slog.NewJSONHandler(std.err, &slog.HandlerOptions{ReplaceAttr: cloudLogging})
	log := slog.New(h).With(slog.Group("logging.googleapis.com/labels", slog.String("task", task)))
	if trace, span, ok := traceparent(os.Getenv("TRACEPARENT")); ok {
		log = log.With("logging.googleapis.com/trace", trace, "logging.googleapis.com/spanId", span)
	}
	return log
}

// traceparent returns the trace and the span of a traceparent, by which the records of a run's steps are found together.
// https://www.w3.org/TR/trace-context/#traceparent-header: version 00, and ids that are not all zeros.
func traceparent(text string) (trace, span string, ok bool) {
	m := tracePattern.FindStringSubmatch(text)
	if m == nil || strings.Trim(m[1], "0") == "" || strings.Trim(m[2], "0") == "" {
		return "", "", false
	}
	return m[1], m[2], true
}

var tracePattern = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$`)

// cloudLogging gives the handler's own fields the names that Cloud Logging reads.
// https://cloud.google.com/logging/docs/structured-logging
func cloudLogging(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "message"
	case slog.TimeKey:
		return slog.String("time", a.Value.Time().UTC().Format(time.RFC3339Nano))
	case keySays:
		return slog.Attr{}
	case slog.LevelKey:
		level, _ := a.Value.Any().(slog.Level)
		return slog.String("severity", severity(level))
	}
	return a
}

func severity(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}

// plain is a slog.Handler for people: the message, then key=value.
type plain struct {
	w     io.Writer
	mu    *sync.Mutex
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (p *plain) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle implements slog.Handler.
func (p *plain) Handle(_ context.Context, r slog.Record) error {
	if r.Message == stepFailed {
		return nil // the line before it says why
	}
	var b strings.Builder
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(severity(r.Level)) + ": ")
	}
	var hidden []string
	if r.Message == stepFinished {
		hidden = p.finished(&b, r)
	} else {
		b.WriteString(r.Message)
	}
	write := func(a slog.Attr) bool {
		if v := a.Value.String(); v != "" && v != "[]" && !slices.Contains(hidden, a.Key) {
			_, _ = fmt.Fprintf(&b, "  %s=%s", a.Key, v)
		}
		return true
	}
	for _, a := range p.attrs {
		write(a)
	}
	r.Attrs(write)
	b.WriteByte('\n')
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := io.WriteString(p.w, b.String())
	return err
}

// finished begins the line of a closing record by what the step did, and returns the fields that a person can do without.
func (p *plain) finished(b *strings.Builder, r slog.Record) (hidden []string) {
	hidden = []string{"step", "run", "pipeline", "as_of", "exit_code", "cpu_seconds", "peak_rss_bytes", "gib_hours", "read_bytes", "written_bytes",
		"usual_seconds", "slowness", keySays}
	step, says := "", ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "step":
			step = a.Value.String()
		case keySays:
			says = a.Value.String()
		}
		return true
	})
	if says != "" {
		hidden = append(hidden, "rows_in", "rows_out", "rejected", "rejected_share", "rejected_money", "verdict", "act", "action", "model_id", "seq",
			"customers", "revenue", "moved")
	}
	_, _ = fmt.Fprintf(b, "%-10s %s", step, cmp.Or(says, "finished"))
	return hidden
}

// WithAttrs implements slog.Handler.
func (p *plain) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &plain{w: p.w, mu: p.mu, attrs: append(p.attrs[:len(p.attrs):len(p.attrs)], attrs...)}
}

// WithGroup implements slog.Handler; people are spared groups.
func (p *plain) WithGroup(string) slog.Handler { return p }
