package retail

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/clientele/clientele/pkg/calendar"
)

// blockLines is how many lines are kept, and spilled, together: 16 KiB.
const blockLines = 256

// block is a stretch of the lines of one partition.
type block struct {
	lines       []Line // nil where they are spilled
	at          int64  // where, in bytes
	n           int
	first, last int64
}

// store is where blocks are: memory, and then the spill.
type store struct {
	memory int64
	spill  Spill
	used   atomic.Int64 // bytes of blocks in memory
	end    atomic.Int64 // of the spill
}

// shelf has the blocks of each partition.
type shelf struct {
	store   *store
	mu      sync.Mutex
	parts   [][]block
	numbers *numbers // where spilled blocks are still to be renumbered
}

func newShelf(s *store, parts int) *shelf { return &shelf{store: s, parts: make([][]block, parts)} }

// writer fills a shelf from one goroutine.
type writer struct {
	shelf *shelf
	open  [][]Line // by partition
}

func (s *shelf) writer() *writer { return &writer{shelf: s, open: make([][]Line, len(s.parts))} }

// next returns room for a line of a partition.
func (w *writer) next(part int) (*Line, error) {
	b := w.open[part]
	if len(b) == cap(b) {
		if len(b) == blockLines {
			spare, err := w.shelf.put(part, b)
			if err != nil {
				return nil, err
			}
			b = spare
		} else { // small ones first: there may be many partitions of a few lines
			b = append(make([]Line, 0, min(max(16, 4*cap(b)), blockLines)), b...)
		}
	}
	b = b[:len(b)+1]
	w.open[part] = b
	return &b[len(b)-1], nil
}

// close puts what is left on the shelf.
func (w *writer) close() error {
	for part, b := range w.open {
		if len(b) > 0 {
			if _, err := w.shelf.put(part, b); err != nil {
				return err
			}
		}
	}
	w.open = nil
	return nil
}

// put adds a block and returns memory for the next one: the same where the block is spilled.
func (s *shelf) put(part int, lines []Line) (spare []Line, err error) {
	b := block{lines: lines, n: len(lines), first: lines[0].Time, last: lines[0].Time}
	for i := range lines {
		b.first, b.last = min(b.first, lines[i].Time), max(b.last, lines[i].Time)
	}
	size := int64(cap(lines)) * lineBytes
	if s.store.spill != nil && s.store.used.Add(size) > s.store.memory {
		s.store.used.Add(-size)
		data := bytesOf(lines)
		b.at, b.lines = s.store.end.Add(int64(len(data)))-int64(len(data)), nil
		if _, err := s.store.spill.WriteAt(data, b.at); err != nil {
			return nil, fmt.Errorf("spill lines: %w", err)
		}
		spare = lines[:0]
	} else {
		spare = make([]Line, 0, blockLines)
	}
	s.mu.Lock()
	s.parts[part] = append(s.parts[part], b)
	s.mu.Unlock()
	return spare, nil
}

// free gives back the memory of the blocks.
func (s *shelf) free() {
	for _, blocks := range s.parts {
		for _, b := range blocks {
			s.store.used.Add(-int64(cap(b.lines)) * lineBytes)
		}
	}
	s.parts = nil
}

// bytesOf returns lines as they are in memory: what is spilled is read by the same process.
func bytesOf(lines []Line) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(lines))), len(lines)*lineBytes)
}

// numbers are the numbers of texts in the sealed dictionaries, by column and the number they had before.
type numbers [columns][]uint32

func (n *numbers) apply(lines []Line) {
	for i := range lines {
		l := &lines[i]
		l.Customer, l.Invoice, l.Code = n[columnCustomer][l.Customer], n[columnInvoice][l.Invoice], n[columnCode][l.Code]
		l.Description, l.Country, l.Status = n[columnDescription][l.Description], n[columnCountry][l.Country], n[columnStatus][l.Status]
		l.Region = n[columnRegion][l.Region]
	}
}

// number renumbers the texts of all blocks, those that are spilled when they are read.
func (s *shelf) number(n *numbers) {
	eachIndex(len(s.parts), func() func(int) {
		return func(part int) {
			for _, b := range s.parts[part] {
				n.apply(b.lines)
			}
		}
	})
	if s.store.end.Load() > 0 {
		s.numbers = n
	}
}

// read returns the lines of a block; spilled ones are put into buf.
func (s *shelf) read(b *block, buf []Line) ([]Line, error) {
	if b.lines != nil {
		return b.lines, nil
	}
	buf = buf[:b.n]
	if n, err := s.store.spill.ReadAt(bytesOf(buf), b.at); n < b.n*lineBytes {
		return nil, fmt.Errorf("read spilled lines: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	if s.numbers != nil {
		s.numbers.apply(buf)
	}
	return buf, nil
}

// inside says whether some lines of a block may be in the window, and whether all are.
func (l *Lines) inside(b *block) (some, whole bool) {
	if !l.cut {
		return true, true
	}
	from, to := l.window.Start(), l.window.AsOf
	first, last := calendar.DateOf(b.first), calendar.DateOf(b.last)
	return first < to && last >= from, first >= from && last < to
}

// load appends the lines of a partition that are in the window.
func (l *Lines) load(s *shelf, part int, dst []Line) ([]Line, error) {
	var buf [blockLines]Line
	for i := range s.parts[part] {
		b := &s.parts[part][i]
		some, whole := l.inside(b)
		if !some {
			continue
		}
		lines, err := s.read(b, buf[:])
		if err != nil {
			return dst, err
		}
		if whole {
			dst = append(dst, lines...)
		} else {
			dst = l.within(lines, dst)
		}
	}
	return dst, nil
}

// Each shows the lines of the window, a partition after the other, to as many workers as there are cores. worker makes what one
// of them does; done runs afterwards, of one worker after the other. Lines are gone after see. The lines of a customer, and those of
// an invoice without one, are in one partition. It seals the lines; an error is the spill's.
func (l *Lines) Each(worker func() (see func([]Line), done func())) error {
	return l.each(0, l.parts(), func(see func([]Line)) func(int) error {
		var all []Line
		return func(part int) (err error) {
			if all, err = l.load(l.shelf, part, all[:0]); err == nil && len(all) > 0 {
				see(all)
			}
			return err
		}
	}, worker)
}

// scan is Each of a few lines of one partition at a time, which must not be changed.
func (l *Lines) scan(worker func() (see func([]Line), done func())) error {
	return l.scanParts(0, l.parts(), worker)
}

func (l *Lines) scanParts(from, to int, worker func() (see func([]Line), done func())) error {
	return l.each(from, to, func(see func([]Line)) func(int) error {
		var buf, cut [blockLines]Line
		return func(part int) error {
			for i := range l.shelf.parts[part] {
				b := &l.shelf.parts[part][i]
				some, whole := l.inside(b)
				if !some {
					continue
				}
				lines, err := l.shelf.read(b, buf[:])
				if err != nil {
					return err
				}
				if !whole {
					lines = l.within(lines, cut[:0])
				}
				if len(lines) > 0 {
					see(lines)
				}
			}
			return nil
		}
	}, worker)
}

// within appends the lines that are in the window.
func (l *Lines) within(lines, dst []Line) []Line {
	from, to := l.window.Start(), l.window.AsOf
	for i := range lines {
		if day := calendar.DateOf(lines[i].Time); day >= from && day < to {
			dst = append(dst, lines[i])
		}
	}
	return dst
}

func (l *Lines) each(from, to int, look func(see func([]Line)) func(part int) error, worker func() (see func([]Line), done func())) error {
	if err := l.Seal(); err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	var ends []func()
	eachIndex(to-from, func() func(int) {
		see, done := worker()
		ends = append(ends, done)
		one := look(see)
		return func(part int) {
			if err := one(from + part); err != nil {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		}
	})
	for _, done := range ends {
		done()
	}
	return failed
}

// eachIndex does work on each of n things, on all cores. worker makes what one goroutine does.
func eachIndex(n int, worker func() func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(n, runtime.GOMAXPROCS(0))) {
		do := worker()
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
