package objstore

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"time"
)

// memStores are the stores in memory of this process, by name.
var (
	memLock   sync.Mutex
	memStores = map[string]*memBucket{}
)

// memBucket holds objects. Content is never changed in place, so readers share it.
type memBucket struct {
	mu      sync.Mutex
	last    int64 // the generation given last
	objects map[string]memObject
}

type memObject struct {
	data       []byte
	generation int64
	crc        uint32
}

// memDriver is a memBucket seen below a prefix.
type memDriver struct {
	where  location
	bucket *memBucket
}

func openMem(where location) driver {
	memLock.Lock()
	defer memLock.Unlock()
	b := memStores[where.host]
	if b == nil {
		b = &memBucket{objects: map[string]memObject{}}
		memStores[where.host] = b
	}
	return &memDriver{where: where, bucket: b}
}

func (d *memDriver) create(ctx context.Context, name string, src io.ReaderAt, size int64) (Attrs, error) {
	var buf bytes.Buffer
	if _, err := copySource(ctx, &buf, src, size); err != nil {
		return Attrs{}, err
	}
	return d.put(ctx, name, 0, buf.Bytes(), ErrExists)
}

func (d *memDriver) swap(ctx context.Context, name string, generation int64, data []byte) (Attrs, error) {
	return d.put(ctx, name, generation, bytes.Clone(data), ErrConflict)
}

// put stores data if the object's generation is the given one (0: no object), and returns refusal otherwise.
func (d *memDriver) put(ctx context.Context, name string, generation int64, data []byte, refusal error) (Attrs, error) {
	o := memObject{data: data, crc: crc32.Checksum(data, castagnoli)}
	d.bucket.mu.Lock()
	defer d.bucket.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Attrs{}, err
	}
	key := d.where.join(name)
	if d.bucket.objects[key].generation != generation {
		return Attrs{}, refusal
	}
	d.bucket.last++
	o.generation = d.bucket.last
	d.bucket.objects[key] = o
	return o.attrs(name), nil
}

func (d *memDriver) open(_ context.Context, name string, generation int64, admit func(int64) error) (*Object, error) {
	o, err := d.get(name)
	if err != nil {
		return nil, err
	}
	if generation != 0 && generation != o.generation {
		return nil, fmt.Errorf("%w at generation %d", ErrNotFound, generation)
	}
	if err := admit(int64(len(o.data))); err != nil {
		return nil, err
	}
	return &Object{Attrs: o.attrs(name), ReaderAt: bytes.NewReader(o.data)}, nil
}

func (d *memDriver) stat(_ context.Context, name string) (Attrs, error) {
	o, err := d.get(name)
	if err != nil {
		return Attrs{}, err
	}
	return o.attrs(name), nil
}

func (d *memDriver) get(name string) (memObject, error) {
	d.bucket.mu.Lock()
	defer d.bucket.mu.Unlock()
	o, ok := d.bucket.objects[d.where.join(name)]
	if !ok {
		return memObject{}, ErrNotFound
	}
	return o, nil
}

func (d *memDriver) list(_ context.Context, prefix string, _ func()) ([]Item, error) {
	d.bucket.mu.Lock()
	defer d.bucket.mu.Unlock()
	var items []Item
	for key, o := range d.bucket.objects {
		name, ok := strings.CutPrefix(key, d.where.join(""))
		if ok && strings.HasPrefix(name, prefix) {
			items = append(items, Item{Attrs: o.attrs(name), Live: true})
		}
	}
	return items, nil
}

func (d *memDriver) delete(_ context.Context, name string, generation int64) error {
	d.bucket.mu.Lock()
	defer d.bucket.mu.Unlock()
	key := d.where.join(name)
	switch o, ok := d.bucket.objects[key]; {
	case !ok:
		return ErrNotFound
	case o.generation != generation:
		return ErrConflict
	}
	delete(d.bucket.objects, key)
	return nil
}

func (d *memDriver) keeps(context.Context) (time.Duration, error) { return 0, nil }

// close leaves the store in memory where it is: the same name opens it again.
func (d *memDriver) close() error { return nil }

func (o memObject) attrs(name string) Attrs {
	return Attrs{Name: name, Size: int64(len(o.data)), Generation: o.generation, CRC32C: o.crc}
}
