package task

import (
	"log/slog"
	"math"
	"sync/atomic"
	"time"
)

// Use is what a step uses of the machine and of the stores, from its start to now. A nil Use counts nothing.
type Use struct {
	Record bool // keep it in the step's state, by --record-use

	start   time.Time
	cpu     time.Duration // of the process before the step
	whole   bool          // the step is the whole process, so that the process's memory is its own
	read    atomic.Int64
	written atomic.Int64
	usual   atomic.Uint64 // bits of seconds
}

// Used is a sum of [Use]. Absent of a step inside a larger program: GiBHours, for memory is the process's.
type Used struct {
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	GiBHours     float64 `json:"gib_hours,omitempty"` // the most memory at once, held from start to end
	ReadBytes    int64   `json:"read_bytes"`          // of the objects that were opened
	WrittenBytes int64   `json:"written_bytes"`
}

// Moved counts bytes of objects that were opened, and that were written.
func (u *Use) Moved(read, written int64) {
	if u != nil {
		u.read.Add(read)
		u.written.Add(written)
	}
}

// Usual notes how many seconds the step takes as a rule.
func (u *Use) Usual(seconds float64) {
	if u != nil {
		u.usual.Store(math.Float64bits(seconds))
	}
}

// Sum is what was used so far.
func (u *Use) Sum() Used {
	if u == nil {
		return Used{}
	}
	cpu, peak := usage()
	s := Used{
		Seconds: seconds(time.Since(u.start)), CPUSeconds: seconds(cpu - u.cpu), ReadBytes: u.read.Load(), WrittenBytes: u.written.Load(),
	}
	if u.whole {
		s.GiBHours = round(float64(peak)/(1<<30)*s.Seconds/3600, 1e9)
	}
	return s
}

// shortest is what a step is taken to last at least where it is compared with its past: below it, a pause is most of the time.
const shortest = 30

// attrs are the fields of the closing record.
func (u *Use) attrs() []slog.Attr {
	s := u.Sum()
	attrs := []slog.Attr{slog.Float64("seconds", s.Seconds), slog.Float64("cpu_seconds", s.CPUSeconds)}
	if u.whole {
		_, peak := usage()
		attrs = append(attrs, slog.Int64("peak_rss_bytes", peak), slog.Float64("gib_hours", s.GiBHours))
	}
	if s.ReadBytes+s.WrittenBytes > 0 {
		attrs = append(attrs, slog.Int64("read_bytes", s.ReadBytes), slog.Int64("written_bytes", s.WrittenBytes))
	}
	if usual := math.Float64frombits(u.usual.Load()); usual > 0 {
		attrs = append(attrs, slog.Float64("usual_seconds", usual), slog.Float64("slowness", round(s.Seconds/max(usual, shortest), 1e3)))
	}
	return attrs
}

func round(v, to float64) float64 { return math.Round(v*to) / to }
