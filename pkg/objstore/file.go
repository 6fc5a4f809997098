package objstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// fileDriver keeps each object in a file of its name.
//
// A write goes to a file in <root>/.tmp first and becomes visible by one system call: link (create, which refuses an
// existing name) or rename (swap, under an exclusive lock). The writer holds a lock on its unfinished file, so another one
// can tell what a killed writer has left and removes it. On Linux what is created has no name at all until then.
//
// The generation is the file's modification time in nanoseconds; a swap makes it larger than the one before. So no
// second file has to be kept in step, and kill -9 at any instant leaves the old object or the new one.
type fileDriver struct {
	root    string
	sweep   sync.Once
	folders sync.Map    // that have been found to be none of links
	named   atomic.Bool // files without a name have been found not to work here
}

const (
	tempFolder = ".tmp"
	tempPrefix = "unfinished-"
	lockFile   = ".lock"
)

func openFile(where location) (driver, error) {
	switch info, err := os.Stat(where.prefix); {
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%w: %w", ErrNoStore, err)
	case err != nil:
		return nil, osError(err)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %s is not a folder", ErrNoStore, where.prefix)
	}
	return &fileDriver{root: where.prefix}, nil
}

func (d *fileDriver) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

// below returns an error if a folder on the way to an object is a link: it could lead anywhere, and what is written there would
// be no part of the root. The root itself may be reached by one.
func (d *fileDriver) below(name string) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if _, ok := d.folders.Load(name[:i]); ok {
			continue
		}
		switch info, err := os.Lstat(d.path(name[:i])); {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it is made, and so is all that is below
		case err != nil:
			return osError(err)
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("%w: %s is a link to another folder: nothing is written through it", ErrNoStore, d.path(name[:i]))
		}
		d.folders.Store(name[:i], true)
	}
	return nil
}

func (d *fileDriver) create(ctx context.Context, name string, src io.ReaderAt, size int64) (Attrs, error) {
	if err := d.below(name); err != nil {
		return Attrs{}, err
	}
	if _, err := os.Lstat(d.path(name)); err == nil {
		return Attrs{}, cmp.Or(d.mend(ctx, name, src, size), error(ErrExists)) // before the work; link decides below
	}
	if err := d.ready(); err != nil {
		return Attrs{}, err
	}
	if a, ok, err := d.link(ctx, name, src, size); ok {
		return a, err
	}
	t, err := d.temp(ctx, src, size)
	if err != nil {
		return Attrs{}, err
	}
	defer t.discard()
	if err := syncCreated(t.f, namedByContent(name, src, size)); err != nil {
		return Attrs{}, osError(err)
	}
	if err := t.link(d.path(name)); err != nil {
		return Attrs{}, err
	}
	if err := syncFolder(filepath.Dir(d.path(name))); err != nil {
		return Attrs{}, osError(err)
	}
	return t.attrs(name)
}

func (d *fileDriver) swap(ctx context.Context, name string, generation int64, data []byte) (Attrs, error) {
	if err := d.below(name); err != nil {
		return Attrs{}, err
	}
	path := d.path(name)
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return Attrs{}, err
	}
	// The lock lies beside the object and not at the root, so that a store opened further down takes the same one.
	unlock, err := lock(ctx, filepath.Join(filepath.Dir(path), lockFile))
	if err != nil {
		return Attrs{}, err
	}
	defer unlock()
	var now int64
	switch attrs, err := d.stat(ctx, name); {
	case err == nil:
		now = attrs.Generation
	case !errors.Is(err, ErrNotFound):
		return Attrs{}, err
	}
	if now != generation {
		return Attrs{}, ErrConflict
	}
	t, err := d.temp(ctx, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Attrs{}, err
	}
	defer t.discard()
	if err := t.age(generation); err != nil {
		return Attrs{}, err
	}
	// Not every file system takes part in syncStore.
	if err := t.f.Sync(); err != nil {
		return Attrs{}, osError(err)
	}
	// What the new content names must not be lost when the content itself survives a power cut.
	if err := syncStore(t.f); err != nil {
		return Attrs{}, osError(err)
	}
	if err := ctx.Err(); err != nil {
		return Attrs{}, err
	}
	if generation == 0 {
		if err := t.link(path); errors.Is(err, ErrExists) {
			return Attrs{}, ErrConflict
		} else if err != nil {
			return Attrs{}, err
		}
	} else if err := os.Rename(t.f.Name(), path); err != nil {
		return Attrs{}, osError(err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return Attrs{}, osError(err)
	}
	return t.attrs(name)
}

func (d *fileDriver) open(_ context.Context, name string, generation int64, admit func(int64) error) (*Object, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, osError(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist // a folder of objects is none itself
	}
	if err != nil {
		f.Close()
		return nil, osError(err)
	}
	attrs := fileAttrs(name, info)
	if generation != 0 && generation != attrs.Generation {
		f.Close()
		return nil, fmt.Errorf("%w at generation %d", ErrNotFound, generation)
	}
	if err := admit(attrs.Size); err != nil {
		f.Close()
		return nil, err
	}
	return &Object{Attrs: attrs, ReaderAt: fileReader{f}, close: f.Close}, nil
}

// fileReader is an open file whose errors carry their class, as those of calls do.
type fileReader struct{ f *os.File }

func (r fileReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.f.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		err = osError(err)
	}
	return n, err
}

func (d *fileDriver) stat(_ context.Context, name string) (Attrs, error) {
	info, err := os.Stat(d.path(name))
	if err != nil {
		return Attrs{}, osError(err)
	}
	if !info.Mode().IsRegular() {
		return Attrs{}, ErrNotFound
	}
	return fileAttrs(name, info), nil
}

// list goes through the folder. What dead writers have left is removed before.
func (d *fileDriver) list(ctx context.Context, prefix string, alive func()) ([]Item, error) {
	if _, err := os.Stat(d.root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err := d.ready(); err != nil {
		return nil, err
	}
	var items []Item
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted since its folder was read
		}
		if err != nil {
			return err
		}
		if path == d.root {
			return nil
		}
		alive()
		name := filepath.ToSlash(path[len(d.root)+1:])
		switch {
		case e.IsDir() && (e.Name()[0] == '.' || !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/")):
			return fs.SkipDir
		case e.IsDir(), e.Name()[0] == '.', !strings.HasPrefix(name, prefix), !e.Type().IsRegular():
			return ctx.Err()
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		items = append(items, Item{Attrs: fileAttrs(name, info), Live: true, Modified: info.ModTime()})
		return nil
	})
	return items, osError(err)
}

// delete removes the file under the lock that a swap takes.
func (d *fileDriver) delete(ctx context.Context, name string, generation int64) error {
	if err := d.below(name); err != nil {
		return err
	}
	path := d.path(name)
	if _, err := os.Lstat(path); err != nil {
		return osError(err)
	}
	unlock, err := lock(ctx, filepath.Join(filepath.Dir(path), lockFile))
	if err != nil {
		return err
	}
	defer unlock()
	attrs, err := d.stat(ctx, name)
	if err != nil {
		return err
	}
	if attrs.Generation != generation {
		return ErrConflict
	}
	if err := os.Remove(path); err != nil {
		return osError(err)
	}
	return osError(syncFolder(filepath.Dir(path)))
}

func (d *fileDriver) keeps(context.Context) (time.Duration, error) { return 0, nil }

func (d *fileDriver) close() error { return nil }

func fileAttrs(name string, info fs.FileInfo) Attrs {
	return Attrs{Name: name, Size: info.Size(), Generation: info.ModTime().UnixNano()}
}

// makeFolder makes a folder and those above it.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return osError(fmt.Errorf("make folder: %w", err))
	}
	return nil
}

// temp is a file that is not an object yet.
type temp struct {
	f   *os.File
	crc uint32
}

// ready makes the folder of unfinished files; the first time it removes what dead writers have left there.
func (d *fileDriver) ready() error {
	folder := filepath.Join(d.root, tempFolder)
	if err := makeFolder(folder); err != nil {
		return err
	}
	// A link would lead out of the root, to files that are not ours to sweep.
	if info, err := os.Lstat(folder); err != nil {
		return osError(err)
	} else if !info.IsDir() {
		return fmt.Errorf("%w: %s is not a folder of its own but a link", ErrNoStore, folder)
	}
	d.sweep.Do(func() { sweepTemp(folder) })
	return nil
}

// temp writes size bytes of src to a new unfinished file, locked by this process.
func (d *fileDriver) temp(ctx context.Context, src io.ReaderAt, size int64) (*temp, error) {
	if err := d.ready(); err != nil {
		return nil, err
	}
	folder := filepath.Join(d.root, tempFolder)
	f, err := newTemp(folder)
	if err != nil {
		return nil, osError(err)
	}
	t := &temp{f: f}
	if t.crc, err = copySource(ctx, f, src, size); err != nil {
		t.discard()
		return nil, osError(err)
	}
	return t, nil
}

// newTemp makes an empty file with an unused name and locks it. A sweeper may take the file between the two steps for a
// dead writer's; then the lock is refused or the file has no name left, and the next name is tried.
func newTemp(folder string) (*os.File, error) {
	for {
		var id [12]byte
		rand.Read(id[:])
		f, err := os.OpenFile(filepath.Join(folder, tempPrefix+hex.EncodeToString(id[:])), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return nil, err
		}
		busy := errors.Is(tryLock(f), syscall.EWOULDBLOCK)
		if _, err := os.Lstat(f.Name()); err == nil && !busy {
			return f, nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.Close()
			return nil, err
		}
		f.Close()
	}
}

// isTemp matches the names of newTemp, and those that it gave before they had a prefix.
var isTemp = regexp.MustCompile(`^(` + tempPrefix + `)?[0-9a-f]{24}$`)

// sweepTemp removes unfinished files whose writer is gone. Other files are somebody else's. What cannot be locked or removed
// is left alone: it is in nobody's way.
func sweepTemp(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !isTemp.MatchString(e.Name()) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(folder, e.Name()), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(f) == nil {
			os.Remove(f.Name())
		}
		f.Close()
	}
}

// discard removes the unfinished file's name, if it still has one, and closes it.
func (t *temp) discard() {
	os.Remove(t.f.Name())
	t.f.Close()
}

// link gives the file the object's name, unless that is taken.
func (t *temp) link(path string) error {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return linkError(hardLink(t.f.Name(), path))
}

// hardLink is os.Link, but in tests.
var hardLink = os.Link

// linkError is osError for a link of our own file. Such a link is not a matter of permission: EPERM says that the file system
// has none (link(2)), as on FAT and some network file systems.
func linkError(err error) error {
	for _, no := range []syscall.Errno{syscall.EPERM, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EMLINK} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w: %w", ErrNoLinks, err)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	return osError(err)
}

// age makes the file's modification time larger than generation. The clock may stand still between two writes or go
// back, and a file system may keep whole seconds only; hence the steps.
func (t *temp) age(generation int64) error {
	for _, step := range []time.Duration{0, 1, time.Microsecond, time.Millisecond, time.Second, 2 * time.Second} {
		if step > 0 {
			if err := os.Chtimes(t.f.Name(), time.Time{}, time.Unix(0, generation).Add(step)); err != nil {
				return osError(err)
			}
		}
		info, err := t.f.Stat()
		if err != nil {
			return osError(err)
		}
		if info.ModTime().UnixNano() > generation {
			return nil
		}
	}
	return fmt.Errorf("the file system does not store modification times")
}

func (t *temp) attrs(name string) (Attrs, error) {
	info, err := t.f.Stat()
	if err != nil {
		return Attrs{}, osError(err)
	}
	a := fileAttrs(name, info)
	a.CRC32C = t.crc
	return a, nil
}

// osError adds the sentinel that an operating system's error stands for; the error itself stays matchable.
func osError(err error) error {
	var sentinel error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		sentinel = ErrNotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		sentinel = ErrPermission
	case fault.Temporary(err):
		sentinel = ErrUnavailable
	default:
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
