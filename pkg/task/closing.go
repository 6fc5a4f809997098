package task

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// The messages of the closing record: the last record of every step, from which metrics are made.
const (
	stepFinished = "step finished"
	stepFailed   = "step failed"
)

// keySays marks what a step did in a few words. It is for people: the JSON log leaves it out.
const keySays = "says"

// Closing measures a step and writes its closing record: `step finished` at INFO, or `step failed` at ERROR. A field that the
// step has no value for is absent. Names of fields do not change without a changelog entry.
type Closing struct {
	step string
	home Common
	use  *Use
}

// Begin starts to measure a step that runs inside a larger program; [Main] does it for the program itself.
func Begin(step string, home Common) Closing {
	cpu, _ := usage()
	return Closing{step: step, home: home, use: &Use{start: time.Now(), cpu: cpu}}
}

// Use counts what the step uses, for [Deps].
func (c Closing) Use(record bool) *Use {
	c.use.Record = record
	return c.use
}

// Finished writes the closing record of a step that succeeded. says is what it did, in a few words for a person at a terminal;
// without it the numbers have to do. more are fields that the result does not have, or that are better known to the caller.
func (c Closing) Finished(log *slog.Logger, result any, says string, more ...slog.Attr) {
	c.write(log, fault.ExitDone, "", result, says, more)
}

// Failed writes the closing record of a step that ended with an error. What went wrong is for a record before it to say.
func (c Closing) Failed(ctx context.Context, log *slog.Logger, err error) {
	code, cause, _ := verdict(ctx, err)
	c.write(log, code, cause, nil, "", nil)
}

// closer is a result that has numbers for the closing record.
type closer interface{ Closing() []slog.Attr }

func (c Closing) write(log *slog.Logger, code int, cause string, result any, says string, more []slog.Attr) {
	level, message := slog.LevelInfo, stepFinished
	if code != fault.ExitDone && code != fault.ExitNothingNew {
		level, message = slog.LevelError, stepFailed
	}
	attrs := []slog.Attr{slog.String("step", c.step)}
	var wrong Problems
	if c.home.Check(&wrong); wrong.Err() == nil {
		attrs = append(attrs, slog.String("run", c.home.Run().String()), slog.String("pipeline", c.home.Pipeline), slog.String("as_of", c.home.AsOf))
	}
	attrs = append(attrs, slog.Int("exit_code", code))
	if code != fault.ExitDone {
		attrs = append(attrs, slog.String("cause", cause), slog.Bool("retry", fault.Retryable(code)))
	}
	attrs = append(attrs, c.use.attrs()...)
	if r, ok := result.(closer); ok {
		attrs = append(attrs, slices.DeleteFunc(r.Closing(), func(a slog.Attr) bool {
			return slices.ContainsFunc(more, func(b slog.Attr) bool { return a.Key == b.Key })
		})...)
	}
	attrs = append(attrs, more...)
	if says != "" {
		attrs = append(attrs, slog.String(keySays, says))
	}
	log.LogAttrs(context.Background(), level, message, attrs...)
}

// usage is what the process has used: time on the processor, and the most memory at once.
func usage() (cpu time.Duration, peak int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	peak = int64(u.Maxrss)
	if runtime.GOOS != "darwin" {
		peak <<= 10 // in KiB everywhere else
	}
	// On Linux the figure above is also the largest of any program that this process was before exec: of a scheduler, say.
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(after, &kib); err == nil {
				peak = kib << 10
			}
		}
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak
}

// seconds to the millisecond: more is noise.
func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
