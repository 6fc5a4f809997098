package retail

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/clientele/clientele/pkg/calendar"
)

// block is a stretch of the lines of one partition. There is one for each 256 lines, so that it is small.
type block struct {
	data        []byte // nil where it is spilled
	at          int64  // where, in bytes
	size        int32  // in bytes
	n           int32  // lines
	generation  int32  // see [run]
	first, last calendar.Date
}

// store is where blocks are: memory, and then the spill.
type store struct {
	memory int64
	spill  Spill
	used   atomic.Int64 // bytes of blocks in memory
	end    atomic.Int64 // of the spill
	mu     sync.Mutex
	failed error // of reading texts
}

// shelf has the blocks of each partition.
type shelf struct {
	store *store
	mu    sync.Mutex
	parts [][]block

	generation int32 // of the lines that come now
}

func newShelf(s *store, parts int) *shelf { return &shelf{store: s, parts: make([][]block, parts)} }

// writer fills a shelf from one goroutine.
type writer struct {
	shelf  *shelf
	open   [][]Line // by partition
	packer packer
	packed []byte // scratch
}

func (s *shelf) writer() *writer { return &writer{shelf: s, open: make([][]Line, len(s.parts))} }

// next returns room for a line of a partition.
func (w *writer) next(part int) (*Line, error) {
	b := w.open[part]
	if len(b) == cap(b) {
		if len(b) == blockLines {
			if err := w.put(part, b); err != nil {
				return nil, err
			}
			b = b[:0]
		} else { // small ones first: there may be many partitions of a few lines
			b = append(make([]Line, 0, min(max(16, 4*cap(b)), blockLines)), b...)
		}
	}
	b = b[:len(b)+1]
	w.open[part] = b
	return &b[len(b)-1], nil
}

// flush puts what is open on the shelf.
func (w *writer) flush() error {
	for part, b := range w.open {
		if len(b) > 0 {
			if err := w.put(part, b); err != nil {
				return err
			}
			w.open[part] = b[:0]
		}
	}
	return nil
}

// close ends the writing.
func (w *writer) close() error {
	err := w.flush()
	w.open = nil
	return err
}

// put adds a block of lines.
func (w *writer) put(part int, lines []Line) error {
	w.packed = w.packer.pack(w.packed[:0], lines)
	first, last := lines[0].Time, lines[0].Time
	for i := range lines {
		first, last = min(first, lines[i].Time), max(last, lines[i].Time)
	}
	b := block{n: int32(len(lines)), generation: w.shelf.generation, first: calendar.DateOf(first), last: calendar.DateOf(last)}
	if err := w.shelf.store.keep(&b, w.packed); err != nil {
		return err
	}
	w.shelf.mu.Lock()
	w.shelf.parts[part] = append(w.shelf.parts[part], b)
	w.shelf.mu.Unlock()
	return nil
}

// keep copies what a block has, to memory or to the spill.
func (s *store) keep(b *block, data []byte) error {
	b.size, b.data = int32(len(data)), nil
	if size := int64(len(data)); s.spill != nil && s.used.Add(size) > s.memory {
		s.used.Add(-size)
		var err error
		b.at, err = s.write(data)
		return err
	}
	b.data = append(make([]byte, 0, len(data)), data...)
	return nil
}

// evict puts the blocks that are in memory on the spill.
func (s *shelf) evict() error {
	for _, blocks := range s.parts {
		for i := range blocks {
			b := &blocks[i]
			if b.data == nil {
				continue
			}
			at, err := s.store.write(b.data)
			if err != nil {
				return err
			}
			s.store.used.Add(-int64(len(b.data)))
			b.data, b.at = nil, at
		}
	}
	return nil
}

// free gives back the memory of the blocks.
func (s *shelf) free() {
	for _, blocks := range s.parts {
		for _, b := range blocks {
			s.store.used.Add(-int64(len(b.data)))
		}
	}
	s.parts = nil
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

// number renumbers the texts of all blocks of a generation.
func (s *shelf) number(n *numbers, generation int32) error {
	return eachPart(len(s.parts), func() func(int) error {
		var buf page
		var packer packer
		var packed []byte
		return func(part int) error {
			for i := range s.parts[part] {
				b := &s.parts[part][i]
				if b.generation != generation {
					continue
				}
				data, err := s.bytes(b, &buf.scratch)
				if err != nil {
					return err
				}
				lines, texts := buf.unpack(data, int(b.n), textsAlone)
				n.apply(lines)
				clear(buf.equal[:])
				packed = packer.packTexts(append(packed[:0], data[:texts]...), lines)
				s.store.used.Add(-int64(len(b.data)))
				if err := s.store.keep(b, packed); err != nil {
					return err
				}
			}
			return nil
		}
	})
}

// bytes returns what a block has; what is spilled is read into scratch.
func (s *shelf) bytes(b *block, scratch *[]byte) ([]byte, error) {
	if b.data != nil {
		return b.data, nil
	}
	data := grown((*scratch)[:0], int(b.size))
	*scratch = data
	return data, s.store.read(data, b.at)
}

// read returns the lines of a block with the fields that are wanted, until the next one is read.
func (s *shelf) read(b *block, p *page, want Fields) ([]Line, error) {
	data, err := s.bytes(b, &p.scratch)
	if err != nil {
		return nil, err
	}
	lines, _ := p.unpack(data, int(b.n), want)
	return lines, nil
}

// seen is the window that the lines are cut to.
func (l *Lines) seen() Window {
	if !l.cut {
		return Window{AsOf: math.MaxInt32}
	}
	return l.window
}

// inside says whether some lines of a block may be in the window, and whether all are.
func (w Window) inside(b *block) (some, whole bool) {
	from, to := w.Start(), w.AsOf
	return b.first < to && b.last >= from, b.first >= from && b.last < to
}

// load appends the lines of a partition that are in the window.
func (l *Lines) load(s *shelf, part int, dst []Line) ([]Line, error) {
	var buf page
	w, n := l.seen(), 0
	for i := range s.parts[part] {
		if some, _ := w.inside(&s.parts[part][i]); some {
			n += int(s.parts[part][i].n)
		}
	}
	dst = slices.Grow(dst, n)
	for i := range s.parts[part] {
		b := &s.parts[part][i]
		some, whole := w.inside(b)
		if !some {
			continue
		}
		data, err := s.bytes(b, &buf.scratch)
		if err != nil {
			return dst, err
		}
		if whole {
			from := len(dst)
			dst = dst[:from+int(b.n)]
			unpack(dst[from:], &[blockColumns]equal{}, data, AllFields)
			continue
		}
		lines, _ := buf.unpack(data, int(b.n), AllFields)
		dst = w.within(lines, dst)
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

// Scan is Each of a few lines of one partition at a time, which must not be changed, with the fields that are wanted: what is in others
// means nothing.
func (l *Lines) Scan(want Fields, worker func() (see func([]Line), done func())) error {
	return l.scanParts(0, l.parts(), l.seen(), want, worker)
}

// ScanWindow is Scan of another window.
func (l *Lines) ScanWindow(w Window, want Fields, worker func() (see func([]Line), done func())) error {
	return l.scanParts(0, l.parts(), w, want, worker)
}

func (l *Lines) scanParts(from, to int, w Window, want Fields, worker func() (see func([]Line), done func())) error {
	return l.each(from, to, func(see func([]Line)) func(int) error {
		var buf page
		return func(part int) error {
			for i := range l.shelf.parts[part] {
				b := &l.shelf.parts[part][i]
				some, whole := w.inside(b)
				if !some {
					continue
				}
				take := want
				if !whole {
					take |= FieldTime
				}
				lines, err := l.shelf.read(b, &buf, take)
				if err != nil {
					return err
				}
				if !whole {
					lines = w.within(lines, lines[:0])
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
func (w Window) within(lines, dst []Line) []Line {
	from, to := w.Start(), w.AsOf
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
	var ends []func()
	err := eachPart(to-from, func() func(int) error {
		see, done := worker()
		ends = append(ends, done)
		one := look(see)
		return func(part int) error { return one(from + part) }
	})
	for _, done := range ends {
		done()
	}
	return errors.Join(err, l.Err())
}

// eachPart is eachIndex of work that can fail.
func eachPart(n int, worker func() func(int) error) error {
	var mu sync.Mutex
	var failed error
	eachIndex(n, func() func(int) {
		do := worker()
		return func(i int) {
			if err := do(i); err != nil {
				mu.Lock()
				failed = errors.Join(failed, err)
				mu.Unlock()
			}
		}
	})
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
