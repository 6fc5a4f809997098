package task

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows a person how far a step has come.
type Progress interface {
	// Bar starts a bar of total units; total ≤ 0 means that nobody knows.
	Bar(title string, total int64) Bar
}

// Bar is one thing in progress. Add may be called from many goroutines.
type Bar interface {
	Add(n int64)
	Done()
}

// Silent shows nothing: for logs and tests.
type Silent struct{}

// Bar implements Progress.
func (Silent) Bar(string, int64) Bar { return silentBar{} }

type silentBar struct{}

func (silentBar) Add(int64) {}
func (silentBar) Done()     {}

// bars draws on a terminal.
type bars struct{ w io.Writer }

func newBars(w io.Writer) Progress { return bars{w} }

// Bar implements Progress.
func (b bars) Bar(title string, total int64) Bar {
	if total <= 0 {
		total = -1
	}
	return bar{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(title),
		progressbar.OptionSetWidth(24), progressbar.OptionThrottle(80*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false),
	)}
}

type bar struct{ p *progressbar.ProgressBar }

// A terminal that cannot be drawn on is no reason to fail.
func (b bar) Add(n int64) { _ = b.p.Add64(n) }
func (b bar) Done()       { _ = b.p.Finish() }
