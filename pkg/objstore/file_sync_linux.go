package objstore

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncCreated makes the content of one object durable, unless its name is its hash. The next swap makes those so, all at once,
// which is far cheaper than one by one; what a power cut has left of them until then, mend replaces.
func syncCreated(f *os.File, named bool) error {
	if named {
		return nil
	}
	return f.Sync()
}

// syncStore makes everything durable that has been written to the file system of f.
func syncStore(f *os.File) error {
	return ignoringEINTR(func() error { return unix.Syncfs(int(f.Fd())) })
}
