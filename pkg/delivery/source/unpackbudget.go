package source

import (
	"fmt"
	"io"
)

// budget is what may still come out of a delivery's packings.
type budget struct {
	used   int64
	packed int64 // size of the delivery
	most   int64 // bound for any
}

// of counts what is read from r.
func (b *budget) of(r io.Reader) io.Reader { return &budgetReader{b, r} }

func (b *budget) take(n int) error {
	b.used += int64(n)
	switch {
	case b.used > b.most:
		return fmt.Errorf("%w: over %d bytes", ErrTooLarge, b.most)
	case b.used > freeBytes+maxRatio*b.packed:
		return fmt.Errorf("%w: over %d MiB and %d times the %d bytes that it has; if that is right, unpack it first",
			ErrBomb, freeBytes>>20, maxRatio, b.packed)
	}
	return nil
}

type budgetReader struct {
	budget *budget
	src    io.Reader
}

func (r *budgetReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if over := r.budget.take(n); over != nil {
		return 0, over
	}
	return n, err
}
