package calm

import "golang.org/x/sys/unix"

// advise marks n bytes at an address, and what lies beside them in the same large pages: all of it is Go's heap. It is advice
// only, so its failure is none.
func advise(at, n uintptr) {
	from := at &^ (largePage - 1)
	to := (at + n + largePage - 1) &^ (largePage - 1)
	_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
}
