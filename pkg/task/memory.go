package task

import (
	"runtime"
	"runtime/debug"
)

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
