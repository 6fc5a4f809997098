package objstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sync"
)

// copyChunk is how much is copied between two looks at the context, in bytes.
const copyChunk = 1 << 20

var copyBuffers = sync.Pool{New: func() any { return new([]byte) }}

// copySource copies the first size bytes of src to dst and returns their CRC32C. It stops when ctx ends.
func copySource(ctx context.Context, dst io.Writer, src io.ReaderAt, size int64) (uint32, error) {
	held := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(held)
	*held = slices.Grow((*held)[:0], int(min(size, copyChunk)))
	buf := (*held)[:min(size, copyChunk)]
	var crc uint32
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		part := buf[:min(size-at, copyChunk)]
		n, err := src.ReadAt(part, at)
		if n < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, fmt.Errorf("source ends at %d of %d bytes: %w", at+int64(n), size, err)
		}
		crc = crc32.Update(crc, castagnoli, part)
		if _, err := dst.Write(part); err != nil {
			return 0, err
		}
		at += int64(n)
	}
	return crc, ctx.Err()
}
