//go:build !linux

package calm

// advise does nothing: only Linux is asked.
func advise(at, n uintptr) {}
