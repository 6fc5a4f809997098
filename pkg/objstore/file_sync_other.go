//go:build !linux

package objstore

import "os"

// syncCreated makes the content of one object durable, since this system has no call for all of them.
func syncCreated(f *os.File, _ bool) error { return f.Sync() }

// syncStore makes f durable; what was written before has been made so by syncCreated.
func syncStore(f *os.File) error { return f.Sync() }
