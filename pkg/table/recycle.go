package table

import (
	"sync"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// recycler is the allocator of a writer or a reader. Arrow asks for a buffer for each column of each batch and gives it back
// at once; for the hundreds of day files of a delivery that alone was half of all garbage. It is for one goroutine at a time.
type recycler struct {
	free [][]byte
}

// recyclers are those of closed readers.
var recyclers = sync.Pool{New: func() any { return &recycler{} }}

// maxFree is how many buffers are kept: the few that a batch has at once.
const maxFree = 32

// Allocate returns size bytes of zeros, as Arrow relies on.
func (r *recycler) Allocate(size int) []byte {
	if b := r.take(size); b != nil {
		clear(b)
		return b
	}
	return memory.DefaultAllocator.Allocate(size)
}

// take returns a kept buffer, or nil.
func (r *recycler) take(size int) []byte {
	for i, b := range r.free {
		if cap(b) >= size {
			last := len(r.free) - 1
			r.free[i], r.free[last] = r.free[last], nil
			r.free = r.free[:last]
			return b[:size]
		}
	}
	return nil
}

// Reallocate returns old with another length.
func (r *recycler) Reallocate(size int, old []byte) []byte {
	if size <= cap(old) {
		if size > len(old) {
			clear(old[len(old):size])
		}
		return old[:size]
	}
	b := r.Allocate(size)
	copy(b, old)
	r.Free(old)
	return b
}

// Free takes a buffer back.
func (r *recycler) Free(b []byte) {
	if cap(b) > 0 && len(r.free) < maxFree {
		r.free = append(r.free, b[:0])
	}
}

// spools are the memories of closed files.
var spools sync.Pool

// maxSpool is the largest memory that is kept for the next file, in bytes.
const maxSpool = 8 << 20

func takeSpool() []byte {
	if b, ok := spools.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func giveSpool(b []byte) {
	if cap(b) > 0 && cap(b) <= maxSpool {
		spools.Put(&b)
	}
}
