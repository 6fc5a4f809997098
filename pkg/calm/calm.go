// Package calm keeps Go's collector from running when there is nothing to collect: in programs that live for a tenth of a
// second its first cycles, at 4, 6, 9, … MiB of heap, take a good part of the time, because while one runs every write of a
// pointer is slower.
//
// It holds the collector back from its own init, which runs before those of most other packages (Go orders them by import
// path where imports allow), to [Normal].
package calm

import (
	"runtime"
	"runtime/debug"
)

// goDefault is GOGC where the environment does not set it.
const goDefault = 100

var held = debug.SetGCPercent(800) // no cycle below 32 MiB

func init() {
	if held != goDefault {
		debug.SetGCPercent(held) // as somebody wishes
	}
}

// Normal lets the collector work as Go has it.
func Normal() { debug.SetGCPercent(held) }

// Ballast tells the collector of 64 MiB as if they were in use, for a step whose memory is mostly large and free of
// pointers: collecting that is cheap, but nothing is gained by doing it again and again while it grows. The ballast is never
// touched, so it is no memory. It returns the way back.
func Ballast() (undo func()) {
	const ballast = 64 << 20
	b := make([]byte, ballast)
	before := debug.SetGCPercent(50)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(b)
	}
}
