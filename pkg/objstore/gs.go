package objstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/clientele/clientele/pkg/scratch"
)

const (
	// gsChunk is how much of a large object one request carries, in bytes; the client buffers as much, to send it again.
	gsChunk = 8 << 20
	// gsGrain is the grain of chunk sizes that the API asks for, in bytes.
	gsGrain = 256 << 10
	// gsWriteID is the metadata key under which each write leaves its own id.
	gsWriteID = "clientele-write"
)

// gsDriver keeps objects in a bucket of Cloud Storage. The client retries requests within the call's deadline; nothing
// here does.
type gsDriver struct {
	where   location
	client  *storage.Client
	scratch string
	memory  int
	exists  atomic.Bool // the bucket has been seen to
}

func openGS(ctx context.Context, where location, o Options) (driver, error) {
	// The client keeps ctx for fetching tokens, so it must outlive the call.
	ctx = context.WithoutCancel(ctx)
	web, err := newHTTPClient(ctx, os.Getenv("STORAGE_EMULATOR_HOST"), //nolint:forbidigo // the storage client's own variable
		option.WithScopes(storage.ScopeReadWrite), option.WithUserAgent("clientele"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPermission, err)
	}
	client, err := storage.NewClient(ctx, storage.WithJSONReads(), option.WithHTTPClient(web))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPermission, err) // in practice: no credentials, or unreadable ones
	}
	return &gsDriver{where: where, client: client, scratch: o.Scratch, memory: o.Memory}, nil
}

func (d *gsDriver) object(name string) *storage.ObjectHandle {
	return d.client.Bucket(d.where.host).Object(d.where.join(name))
}

func (d *gsDriver) close() error { return d.client.Close() }

func (d *gsDriver) create(ctx context.Context, name string, src io.ReaderAt, size int64) (Attrs, error) {
	// The checksum goes ahead of the content, so that the server refuses what was damaged on the way.
	crc, err := copySource(ctx, io.Discard, src, size)
	if err != nil {
		return Attrs{}, err
	}
	return d.write(ctx, name, storage.Conditions{DoesNotExist: true}, src, size, crc, ErrExists)
}

func (d *gsDriver) swap(ctx context.Context, name string, generation int64, data []byte) (Attrs, error) {
	cond := storage.Conditions{GenerationMatch: generation}
	if generation == 0 {
		cond = storage.Conditions{DoesNotExist: true}
	}
	crc := crc32.Checksum(data, castagnoli)
	return d.write(ctx, name, cond, bytes.NewReader(data), int64(len(data)), crc, ErrConflict)
}

// write uploads size bytes of src under a condition; refusal is what an unmet condition means.
//
// A first attempt may have won though its answer was lost; the client's retry is then refused by the very object that
// it wrote. So after a refusal the object's write id says whose it is.
func (d *gsDriver) write(ctx context.Context, name string, cond storage.Conditions, src io.ReaderAt, size int64,
	crc uint32, refusal error) (Attrs, error) {
	var raw [16]byte
	rand.Read(raw[:])
	id := hex.EncodeToString(raw[:])

	attrs, err := d.upload(ctx, name, cond, src, size, crc, id)
	if err == nil {
		return gsAttrs(name, attrs), nil
	}
	if isStatus(err, http.StatusNotFound) {
		return Attrs{}, fmt.Errorf("%w: %w", ErrNoStore, err) // an upload wants nothing else to be there
	}
	if !isStatus(err, http.StatusPreconditionFailed) {
		return Attrs{}, gsError(err)
	}
	attrs, err = d.object(name).Attrs(ctx)
	switch {
	case errors.Is(err, storage.ErrObjectNotExist):
		return Attrs{}, refusal // a swap of an object that is not there
	case err != nil:
		return Attrs{}, gsError(err)
	case attrs.Metadata[gsWriteID] == id:
		return gsAttrs(name, attrs), nil
	}
	return Attrs{}, refusal
}

// upload sends the content. Nothing becomes visible unless it returns nil or the answer is lost on the way.
func (d *gsDriver) upload(ctx context.Context, name string, cond storage.Conditions, src io.ReaderAt, size int64,
	crc uint32, id string) (*storage.ObjectAttrs, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := d.object(name).If(cond).NewWriter(ctx)
	w.ContentType = contentType(name)
	w.Metadata = map[string]string{gsWriteID: id}
	w.CRC32C, w.SendCRC32C = crc, true
	// One grain more than the size makes it a single request, still with a buffer to retry from.
	w.ChunkSize = int(min(gsChunk, (size/gsGrain+1)*gsGrain))
	if sent, err := copySource(ctx, w, src, size); err != nil {
		cancel() // before Close, which would publish what has arrived so far
		w.Close()
		return nil, err
	} else if sent != crc {
		cancel()
		w.Close()
		return nil, errors.New("source has changed while it was read")
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.Attrs(), nil
}

func contentType(name string) string {
	switch {
	case strings.HasSuffix(name, ".json"):
		return "application/json"
	case strings.HasSuffix(name, ".html"):
		return "text/html; charset=utf-8"
	}
	return "application/octet-stream"
}

// open reads content a second time if it does not have the checksum that the service keeps: only the same content twice is
// damage, anything else happened on the way.
func (d *gsDriver) open(ctx context.Context, name string, generation int64, admit func(int64) error) (*Object, error) {
	o, err := d.read(ctx, name, generation, admit)
	first, ok := errors.AsType[*sumError](err)
	if !ok {
		return o, err
	}
	o, err = d.read(ctx, name, generation, admit)
	if second, ok := errors.AsType[*sumError](err); ok {
		sentinel := ErrCorrupt
		if *second != *first {
			sentinel = ErrUnavailable
		}
		return nil, fmt.Errorf("%w: %w", sentinel, err)
	}
	return o, err
}

// sumError says that content has not the checksum that the service keeps.
type sumError struct{ got, want uint32 }

func (e *sumError) Error() string { return fmt.Sprintf("crc32c %08x, stored %08x", e.got, e.want) }

func (d *gsDriver) read(ctx context.Context, name string, generation int64, admit func(int64) error) (*Object, error) {
	ctx = countBodies(ctx)
	h := d.object(name)
	if generation != 0 {
		h = h.Generation(generation)
	}
	r, err := h.NewReader(ctx)
	if err != nil {
		return nil, d.readError(ctx, err)
	}
	defer r.Close()
	attrs := Attrs{Name: name, Size: r.Attrs.Size, Generation: r.Attrs.Generation, CRC32C: r.Attrs.CRC32C}
	if attrs.Generation <= 0 || attrs.Size < 0 {
		return nil, fmt.Errorf("%w: the answer has neither generation nor size; a proxy in between may have sent it", ErrUnavailable)
	}
	if generation != 0 && attrs.Generation != generation {
		return nil, fmt.Errorf("%w at generation %d", ErrNotFound, generation)
	}
	if err := admit(attrs.Size); err != nil {
		return nil, err
	}
	o, err := d.download(r, attrs)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// download moves the content to where it can be read at any place, and verifies it.
func (d *gsDriver) download(r io.Reader, attrs Attrs) (*Object, error) {
	o := &Object{Attrs: attrs}
	var w io.Writer
	var buf bytes.Buffer
	if attrs.Size <= int64(d.memory) {
		buf.Grow(int(attrs.Size))
		w = &buf
	} else {
		f, err := scratch.File(d.scratch)
		if err != nil {
			return nil, err // not an error about the object
		}
		o.ReaderAt, o.close, w = f, f.Close, f
	}
	sum := crc32.New(castagnoli)
	n, err := io.Copy(io.MultiWriter(w, sum), r)
	// The client compares checksums too; its error has no type, so ours goes first.
	switch {
	case n == attrs.Size && attrs.CRC32C != sum.Sum32():
		err = &sumError{sum.Sum32(), attrs.CRC32C}
	case err == nil && n != attrs.Size:
		err = fmt.Errorf("%w: %d of %d bytes arrived", ErrUnavailable, n, attrs.Size)
	case err != nil:
		err = gsError(err)
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	if o.ReaderAt == nil {
		o.ReaderAt = bytes.NewReader(buf.Bytes())
	}
	return o, nil
}

func (d *gsDriver) stat(ctx context.Context, name string) (Attrs, error) {
	attrs, err := d.object(name).Attrs(ctx)
	if err != nil {
		return Attrs{}, d.readError(ctx, err)
	}
	return gsAttrs(name, attrs), nil
}

func (d *gsDriver) list(ctx context.Context, prefix string, alive func()) ([]Item, error) {
	below := d.where.join("")
	q := &storage.Query{Prefix: below + prefix, Versions: true}
	if err := q.SetAttrSelection([]string{"Name", "Size", "Generation", "CRC32C", "Deleted", "Updated", "RetentionExpirationTime", "EventBasedHold", "TemporaryHold"}); err != nil {
		return nil, err
	}
	var items []Item
	for list := d.client.Bucket(d.where.host).Objects(ctx, q); ; {
		a, err := list.Next()
		if errors.Is(err, iterator.Done) {
			return items, nil
		}
		if err != nil {
			return nil, gsError(err)
		}
		alive()
		item := Item{Attrs: gsAttrs(strings.TrimPrefix(a.Name, below), a), Live: a.Deleted.IsZero(), Modified: a.Updated, Until: a.RetentionExpirationTime}
		if a.EventBasedHold || a.TemporaryHold {
			item.Until = Forever
		}
		items = append(items, item)
	}
}

func (d *gsDriver) delete(ctx context.Context, name string, generation int64) error {
	if err := d.object(name).Generation(generation).Delete(ctx); err != nil {
		return gsError(err)
	}
	return nil
}

func (d *gsDriver) keeps(ctx context.Context) (time.Duration, error) {
	a, err := d.client.Bucket(d.where.host).Attrs(ctx)
	if err != nil {
		return 0, gsError(err)
	}
	if a.SoftDeletePolicy == nil {
		return 0, nil
	}
	return a.SoftDeletePolicy.RetentionDuration, nil
}

// readError is gsError for an object that was asked for. The service says of an object in a bucket that is not there what
// it says of one that is not; so the first time the bucket is looked for too. Who may not list it is not told.
func (d *gsDriver) readError(ctx context.Context, err error) error {
	err = gsError(err)
	if !errors.Is(err, ErrNotFound) || d.exists.Load() {
		return err
	}
	list := d.client.Bucket(d.where.host).Objects(ctx, &storage.Query{Prefix: d.where.prefix})
	list.PageInfo().MaxSize = 1
	if _, listErr := list.Next(); errors.Is(listErr, storage.ErrBucketNotExist) || isStatus(listErr, http.StatusNotFound) {
		return fmt.Errorf("%w: %w", ErrNoStore, listErr)
	}
	d.exists.Store(true)
	return err
}

func gsAttrs(name string, a *storage.ObjectAttrs) Attrs {
	return Attrs{Name: name, Size: a.Size, Generation: a.Generation, CRC32C: a.CRC32C}
}
