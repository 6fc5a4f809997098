package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"golang.org/x/sys/unix"
)

// Folder makes an empty folder for scratch files in the system's, and returns how to remove it. First it removes those that
// processes which were killed have left: the owner of a folder holds a lock on a file in it as long as it lives.
func Folder(name string) (dir string, remove func(), err error) {
	sweepFolders(os.TempDir())
	for {
		if dir, err = os.MkdirTemp("", "clientele-"+name+"-"); err != nil {
			return "", nil, fmt.Errorf("make a folder for scratch files: %w", err)
		}
		held, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			continue // swept as it was made
		}
		if err != nil {
			return "", nil, fmt.Errorf("make a folder for scratch files: %w", errors.Join(err, os.RemoveAll(dir)))
		}
		locked := tryLock(held)
		if _, err := os.Lstat(held.Name()); errors.Is(locked, unix.EWOULDBLOCK) || err != nil {
			_ = held.Close() // a sweeper has it
			continue
		}
		if locked != nil { // a file system without locks: nobody may take the folder for one that was left
			_ = os.Remove(held.Name())
		}
		return dir, func() {
			_ = os.RemoveAll(dir)
			_ = held.Close()
		}, nil
	}
}

const lockName = ".lock"

// isFolder matches the names of Folder.
var isFolder = regexp.MustCompile(`^clientele-[a-z_]+-[0-9]+$`)

// sweepFolders removes folders whose owner is gone. One without a lock file is being made, or somebody else's; what cannot be
// removed is in nobody's way.
func sweepFolders(in string) {
	entries, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !isFolder.MatchString(e.Name()) { // a link is no folder
			continue
		}
		dir := filepath.Join(in, e.Name())
		ifUnlocked(filepath.Join(dir, lockName), func() { _ = os.RemoveAll(dir) })
	}
}

// SweepFiles removes the unfinished files in a folder that are older than a time and that nobody holds locked any more. Younger
// ones may be somebody's who is about to lock them.
func SweepFiles(folder string, unfinished *regexp.Regexp, older time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !unfinished.MatchString(e.Name()) || !info.ModTime().Before(older) {
			continue
		}
		path := filepath.Join(folder, e.Name())
		ifUnlocked(path, func() { _ = os.Remove(path) })
	}
}

// Lock keeps SweepFiles from removing a file as long as it is open.
func Lock(f *os.File) error { return tryLock(f) }

// ifUnlocked does something with the lock on a file that is there, if nobody has it.
func ifUnlocked(path string, do func()) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if tryLock(f) == nil {
		do()
	}
}

// tryLock locks a file for this open one alone. The kernel frees the lock when the file is closed or its process dies.
func tryLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EINTR) {
			if err != nil {
				return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
			}
			return nil
		}
	}
}
