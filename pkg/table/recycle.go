package table

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// recycler is the allocator of a writer or a reader. Arrow asks for a buffer for each column of each batch and gives it back
// at once; for the hundreds of day files of a delivery that alone was half of all garbage. It is for one goroutine at a time.
type recycler struct {
	dirty bool                   // buffers need not be zeros: a reader fills them
	free  [maxClass + 1][][]byte // by class: those of at least 1 << class bytes
}

// Buffers of 64 bytes to 8 MiB are kept, a few of each class: a batch has three or four a column.
const (
	minClass, maxClass = 6, 23
	maxFree            = 64
)

// recyclers are those of closed readers.
var recyclers = sync.Pool{New: func() any { return &recycler{dirty: true} }}

// Allocate returns size bytes; of zeros, as Arrow's writer relies on, unless the recycler is for reading.
func (r *recycler) Allocate(size int) []byte {
	class := max(minClass, bits.Len(uint(max(size, 1)-1)))
	if class > maxClass {
		return memory.DefaultAllocator.Allocate(size)
	}
	n := len(r.free[class])
	if n == 0 {
		return memory.DefaultAllocator.Allocate(1 << class)[:size]
	}
	b := r.free[class][n-1][:size]
	r.free[class] = r.free[class][:n-1]
	if !r.dirty {
		clear(b)
	}
	return b
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
	class := bits.Len(uint(cap(b))) - 1
	if class < minClass || cap(b) > 1<<maxClass || len(r.free[class]) == maxFree { // nobody would ask for a larger one
		return
	}
	r.free[class] = append(r.free[class], b[:0])
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
