package objstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/clientele/clientele/pkg/fault"
)

// MaxRead bounds what [Store.Read] returns in memory, in bytes. Larger content goes through Open.
const MaxRead = 64 << 20

// ErrTooLarge says that an object that is read at once would be too large to be read again.
var ErrTooLarge = fault.ErrBadData.New("too_large", "too large to be read at once")

// CheckWhole returns an error of class [ErrTooLarge] unless an object of so many bytes can be read at once. Whoever has more to
// write before it asks first: [Store.CreateBytes] and [Store.Swap] refuse it too, but what came before would be there.
func CheckWhole(name string, size int) error {
	if size <= MaxRead {
		return nil
	}
	return ErrTooLarge.Errorf("too_large", name, "%s would have %d bytes, and what is read at once has at most %d", name, size, MaxRead)
}

// castagnoli is the polynomial of CRC32C.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Store is a folder of objects. It is safe for use by many goroutines. Close it.
type Store struct {
	where   location
	timeout time.Duration
	moved   func(read, written int64)
	drv     driver
}

// Open opens the store at url:
//
//	file:///abs           a folder; it is made by the first write
//	mem://name[/prefix]   memory of this process; the same name is the same store
//	gs://bucket[/prefix]  Cloud Storage, with the credentials of the environment (STORAGE_EMULATOR_HOST is honoured)
//
// Nothing is read or written yet, so a bucket that is missing shows at the first call. opts may be nil.
func Open(ctx context.Context, url string, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Timeout <= 0 {
		o.Timeout = 60 * time.Second
	}
	if o.Scratch == "" {
		o.Scratch = os.TempDir()
	}
	if o.Memory <= 0 {
		o.Memory = 8 << 20
	}
	where, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	s := &Store{where: where, timeout: o.Timeout, moved: o.Moved}
	if s.moved == nil {
		s.moved = func(int64, int64) {}
	}
	switch where.scheme {
	case "file":
		s.drv, err = openFile(where)
	case "mem":
		s.drv = openMem(where)
	case "gs":
		s.drv, err = openGS(ctx, where, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", where, err)
	}
	return s, nil
}

// URL returns the store's URL without a slash at the end.
func (s *Store) URL() string { return s.where.String() }

// URI returns the address of an object, for people and logs.
func (s *Store) URI(name string) string { return s.where.String() + "/" + name }

// Close frees what the store holds. Open objects stay readable.
func (s *Store) Close() error { return s.drv.close() }

// Create stores the first size bytes of src under name, unless there is such an object: then it returns [ErrExists] and
// leaves it alone. A src that ends early or fails leaves nothing. src may be read more than once.
func (s *Store) Create(ctx context.Context, name string, src io.ReaderAt, size int64) (Attrs, error) {
	b, err := s.bound(ctx, "create", name, size)
	if err != nil {
		return Attrs{}, err
	}
	defer b.stop()
	attrs, err := s.driver(b.ctx).create(b.ctx, name, src, size)
	if err == nil {
		s.moved(0, size)
	}
	return attrs, b.wrap(err)
}

// CreateBytes is [Store.Create] of data that [Store.Read] returns: more than that reads is [ErrTooLarge].
func (s *Store) CreateBytes(ctx context.Context, name string, data []byte) (Attrs, error) {
	if err := CheckWhole(s.URI(name), len(data)); err != nil {
		return Attrs{}, err
	}
	return s.Create(ctx, name, bytes.NewReader(data), int64(len(data)))
}

// Swap replaces the object by data if its generation is still the given one; generation 0 means that there was no object.
// Otherwise it returns [ErrConflict] and leaves the object alone. When Swap returns nil, data and everything written
// before it survive a power cut. More than [Store.Read] reads is [ErrTooLarge].
func (s *Store) Swap(ctx context.Context, name string, generation int64, data []byte) (Attrs, error) {
	if err := CheckWhole(s.URI(name), len(data)); err != nil {
		return Attrs{}, err
	}
	b, err := s.bound(ctx, "swap", name, int64(len(data)))
	if err != nil {
		return Attrs{}, err
	}
	defer b.stop()
	if generation < 0 {
		return Attrs{}, b.wrap(fmt.Errorf("generation %d is negative", generation))
	}
	attrs, err := s.driver(b.ctx).swap(b.ctx, name, generation, data)
	if err == nil {
		s.moved(0, int64(len(data)))
	}
	return attrs, b.wrap(err)
}

// Read returns the whole content of a small object (at most 64 MiB) and its attributes. The checksum is verified where
// the store keeps one.
func (s *Store) Read(ctx context.Context, name string) ([]byte, Attrs, error) {
	b, err := s.bound(ctx, "read", name, 0)
	if err != nil {
		return nil, Attrs{}, err
	}
	defer b.stop()
	data, attrs, err := s.read(b, name)
	if err != nil {
		return nil, Attrs{}, b.wrap(err)
	}
	return data, attrs, nil
}

func (s *Store) read(b *bound, name string) ([]byte, Attrs, error) {
	o, err := s.driver(b.ctx).open(b.ctx, name, 0, func(size int64) error {
		if size > MaxRead {
			return fmt.Errorf("%d bytes exceed the limit of %d for reading at once", size, MaxRead)
		}
		b.grow(size)
		return nil
	})
	if err != nil {
		return nil, Attrs{}, err
	}
	defer o.Close()
	data := make([]byte, o.Size)
	if n, err := o.ReadAt(data, 0); int64(n) < o.Size {
		if errors.Is(err, io.EOF) {
			return nil, Attrs{}, fmt.Errorf("%w: %d of %d bytes", ErrCorrupt, n, o.Size)
		}
		return nil, Attrs{}, err
	}
	attrs, sum := o.Attrs, crc32.Checksum(data, castagnoli)
	if attrs.CRC32C != 0 && attrs.CRC32C != sum {
		return nil, Attrs{}, fmt.Errorf("%w: crc32c %08x, stored %08x", ErrCorrupt, sum, attrs.CRC32C)
	}
	attrs.CRC32C = sum
	s.moved(o.Size, 0)
	return data, attrs, nil
}

// Open opens the object's content at a generation, 0 for the one in force. Another generation than the one in force is
// [ErrNotFound], unless the store keeps old ones (a versioned bucket). The content of gs:// is verified before Open
// returns.
func (s *Store) Open(ctx context.Context, name string, generation int64) (*Object, error) {
	b, err := s.bound(ctx, "open", name, 0)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	if generation < 0 {
		return nil, b.wrap(fmt.Errorf("generation %d is negative", generation))
	}
	o, err := s.driver(b.ctx).open(b.ctx, name, generation, func(size int64) error {
		b.grow(size)
		return nil
	})
	if err != nil {
		return nil, b.wrap(err)
	}
	s.moved(o.Size, 0)
	return o, nil
}

// Stat returns the attributes of the generation in force.
func (s *Store) Stat(ctx context.Context, name string) (Attrs, error) {
	b, err := s.bound(ctx, "stat", name, 0)
	if err != nil {
		return Attrs{}, err
	}
	defer b.stop()
	attrs, err := s.driver(b.ctx).stat(b.ctx, name)
	return attrs, b.wrap(err)
}

// List returns every generation of every object whose name begins with prefix, "" for all, by name and generation. Only package
// maintain may ask: a listing is no transaction, and nobody may find the latest of something by it.
func (s *Store) List(ctx context.Context, prefix string) ([]Item, error) {
	what := prefix
	if what == "" {
		what = "all"
	}
	b, err := s.bound(ctx, "list", strings.TrimRight(what, "/"), 0)
	if err != nil {
		return nil, err
	}
	defer b.stop()
	items, err := s.driver(b.ctx).list(b.ctx, prefix, func() { b.grow(0) })
	if err != nil {
		return nil, b.wrap(err)
	}
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Generation, b.Generation))
	})
	return items, nil
}

// Delete removes one generation of an object; where it is in force, the object is gone. One that is not there any more is no error;
// an object that was overwritten since, in a store that keeps no old generations, is [ErrConflict]. Only package maintain may.
func (s *Store) Delete(ctx context.Context, name string, generation int64) error {
	b, err := s.bound(ctx, "delete", name, 0)
	if err != nil {
		return err
	}
	defer b.stop()
	if generation <= 0 {
		return b.wrap(fmt.Errorf("generation %d is none", generation))
	}
	err = s.driver(b.ctx).delete(b.ctx, name, generation)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return b.wrap(err)
}

// Keeps returns for how long the store can give back what was deleted (soft delete), 0 for not at all.
func (s *Store) Keeps(ctx context.Context) (time.Duration, error) {
	b, err := s.bound(ctx, "stat", "bucket", 0)
	if err != nil {
		return 0, err
	}
	defer b.stop()
	kept, err := s.driver(b.ctx).keeps(b.ctx)
	return kept, b.wrap(err)
}
