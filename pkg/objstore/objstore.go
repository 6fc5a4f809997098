// Package objstore is the one way to objects: gs:// in production, file:// on a laptop, mem:// in tests.
//
// It promises what the rest of the system stands on:
//
//   - A write is all or nothing. Whoever reads sees the whole object or none, whenever the writer dies.
//   - [Store.Create] never overwrites: of two writers one wins and the other gets [ErrExists].
//   - [Store.Swap] overwrites only the generation that the caller has read: whoever is late gets [ErrConflict].
//   - Every call has a deadline ([Options.Timeout]).
//
// There is no unconditional overwrite. [Store.List] and [Store.Delete] are for package maintain alone, which forgets customers and
// collects what nothing names: a step that listed or deleted would break a promise above.
//
//	s, err := objstore.Open(ctx, "gs://shop/clientele", nil)
//	attrs, err := s.Create(ctx, "runs/x/customers.arrow", bytes.NewReader(data), int64(len(data)))
//	_, attrs, err = s.Read(ctx, "state/lines.json")
//	attrs, err = s.Swap(ctx, "state/lines.json", attrs.Generation, next)
package objstore

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// What callers branch on. Every error of this package wraps at most one of them and names the object.
var (
	ErrNotFound    = fault.ErrMissing.New("object", "no such object")
	ErrExists      = errors.New("object exists")
	ErrConflict    = fault.ErrTemporary.New("lost_swap", "object has changed")   // Swap: not the generation that was read
	ErrNoStore     = fault.ErrConfig.New("no_store", "no such bucket or folder") // the store itself is not there and cannot be made
	ErrPermission  = fault.ErrConfig.New("permission", "permission denied")
	ErrUnavailable = fault.ErrTemporary.New("store", "store temporarily unavailable") // deadline, 429, 5xx, connection
	ErrCorrupt     = fault.ErrBadData.New("damaged", "object is damaged")             // the same wrong content, read twice
	// ErrNoLinks says that the file system cannot give a finished file its name in one step, without overwriting.
	ErrNoLinks = fault.ErrConfig.New("no_hard_links", "the file system has no hard links: use a folder on another one")
)

// Options of a store. The zero value means the defaults.
type Options struct {
	// Timeout bounds each call; for calls that move an object's content, one second for each MiB is added. Default 60 s.
	Timeout time.Duration
	// Scratch is the folder for content that must be seekable and is not (gs://). Default os.TempDir().
	Scratch string
	// Memory is the largest such content that is kept in memory and not in a scratch file, in bytes. Default 8 MiB.
	Memory int
	// Moved is told the bytes of every object that is opened, and of every one that is written. It may be nil.
	Moved func(read, written int64)
}

// Attrs describe a stored object.
type Attrs struct {
	Name       string // relative to the store
	Size       int64  // bytes
	Generation int64  // > 0, larger with every overwrite
	// CRC32C is the Castagnoli checksum of the content. Create, Swap and Read always give it; Open and Stat only where the
	// store keeps it (gs, mem). A file:// store would have to read the whole file for it and says 0.
	CRC32C uint32
}

// Item is an object as [Store.List] finds it.
type Item struct {
	Attrs
	Live bool // false for a generation that was overwritten or deleted, and that the bucket keeps
	// Modified is when this generation was written.
	Modified time.Time
	// Until is when it may be deleted, zero for now: the bucket, or a hold without an end ([Forever]), keeps it that long.
	Until time.Time
}

// Forever is the end of what has none.
var Forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Object is an open object: seekable content, whatever the store. Close it.
type Object struct {
	Attrs
	io.ReaderAt
	close func() error
}

// Close frees what the open object holds.
func (o *Object) Close() error {
	if o.close == nil {
		return nil
	}
	return o.close()
}

// driver is what a store must do. Names are relative and have passed checkName. Errors wrap the sentinels above and do not
// name the object; the Store does. Every ctx ends by the Store's deadline.
type driver interface {
	// create stores size bytes of src unless name exists (ErrExists). src may be read more than once.
	create(ctx context.Context, name string, src io.ReaderAt, size int64) (Attrs, error)
	// swap replaces generation by data; generation 0 stands for "no object yet" (ErrConflict).
	swap(ctx context.Context, name string, generation int64, data []byte) (Attrs, error)
	// open returns the content of generation, 0 for the one in force (ErrNotFound). It calls admit with the size before it
	// moves content, and gives up with admit's error.
	open(ctx context.Context, name string, generation int64, admit func(size int64) error) (*Object, error)
	// stat returns the attributes of the generation in force (ErrNotFound).
	stat(ctx context.Context, name string) (Attrs, error)
	// list returns all generations of all objects whose names begin with prefix, "" for all, in the order of their names.
	list(ctx context.Context, prefix string, alive func()) ([]Item, error)
	// delete removes one generation (ErrNotFound, ErrConflict). Nothing of it is kept, unless the bucket has a rule of its own.
	delete(ctx context.Context, name string, generation int64) error
	// keeps returns for how long the store gives back what was deleted.
	keeps(ctx context.Context) (time.Duration, error)
	close() error
}
