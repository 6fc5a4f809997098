package task

import (
	"context"
	"fmt"
	"io"
	"log/slog"
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
	return slog.New(h).With(slog.Group("logging.googleapis.com/labels", slog.String("task", task)))
}

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
	var b strings.Builder
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(severity(r.Level)) + ": ")
	}
	b.WriteString(r.Message)
	write := func(a slog.Attr) bool {
		if v := a.Value.String(); v != "" && v != "[]" {
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

// WithAttrs implements slog.Handler.
func (p *plain) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &plain{w: p.w, mu: p.mu, attrs: append(p.attrs[:len(p.attrs):len(p.attrs)], attrs...)}
}

// WithGroup implements slog.Handler; people are spared groups.
func (p *plain) WithGroup(string) slog.Handler { return p }
