package ingest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/scratch"
)

// The memory of the spool is made of slabs. When it is full, all of them go to the scratch file.
const (
	slabBytes  = 16 << 10
	blockSlabs = 256 // are made at once
)

// spool keeps a delivery between reading and writing: the rows of each day, and the rejected records, each as a stream of
// its own.
type spool struct {
	folder  string
	days    map[calendar.Date]*stream
	rejects *stream
	last    *stream // of the day that came last: lines are mostly in the order of days
	lastDay calendar.Date

	file   int         // of the delivery
	before []dayStream // of the files before

	superseded     int64 // rows of days that a later sheet has too
	supersededDays map[calendar.Date]bool

	limit int // slabs
	used  int
	free  [][]byte
	room  []byte   // for slabs that have not been in use
	disk  *os.File // scratch; nil while all fits in memory
	out   *bufio.Writer
	size  int64 // of the file
	head  []byte
}

// stream is a sequence of frames: what was moved to the scratch file, then what is in memory.
type stream struct {
	rows    int64
	table   int // of the delivery that the rows are of
	extents []extent
	slabs   [][]byte
}

type extent struct{ from, size int64 }

// dayStream is what a file has of a day.
type dayStream struct {
	day calendar.Date
	*stream
}

// newSpool makes a spool that keeps so many bytes in memory, whatever the size of the delivery, and the rest in a scratch file
// in the folder.
func newSpool(folder string, memory int) *spool {
	return &spool{folder: folder, days: map[calendar.Date]*stream{}, rejects: &stream{}, limit: max(1, memory/slabBytes)}
}

// Close frees memory and scratch.
func (s *spool) Close() error {
	s.days, s.before, s.rejects, s.last, s.free = nil, nil, nil, nil, nil
	if s.disk == nil {
		return nil
	}
	return s.disk.Close()
}

// add takes what the reader made of a stretch of the delivery.
func (s *spool) add(b *record.Block) error {
	if b.File != s.file {
		s.nextFile()
		s.file = b.File
	}
	for i := range b.Runs {
		r := &b.Runs[i]
		if s.last == nil || r.Day != s.lastDay {
			if s.last = s.days[r.Day]; s.last == nil {
				s.last = &stream{}
				s.days[r.Day] = s.last
			}
			s.lastDay = r.Day
		}
		if s.last.table != b.Table {
			s.supersede(s.last, r.Day)
			s.last.table = b.Table
		}
		s.last.rows += int64(r.Rows)
		if err := s.frame(s.last, uint64(r.Record), uint64(r.Rows), r.Data); err != nil {
			return err
		}
	}
	for i := range b.Rejects {
		r := &b.Rejects[i]
		s.rejects.rows++
		if err := s.frame(s.rejects, uint64(r.Record), uint64(r.Breach), r.Raw); err != nil {
			return err
		}
	}
	return nil
}

// nextFile says that the rows to come are of another file. A day in two files has the rows of both.
func (s *spool) nextFile() {
	for _, day := range s.dates() {
		s.before = append(s.before, dayStream{day, s.days[day]})
	}
	s.days, s.last = map[calendar.Date]*stream{}, nil
}

// join puts what the files have of each day together, in their order. All of it is either in memory or on scratch.
func (s *spool) join() {
	s.nextFile()
	for _, part := range s.before {
		all := s.days[part.day]
		if all == nil {
			s.days[part.day] = part.stream
			continue
		}
		all.rows += part.rows
		all.extents = append(all.extents, part.extents...)
		all.slabs = append(all.slabs, part.slabs...)
	}
	s.before = nil
}

// supersede lets go of the rows of a day that a later sheet has too. Their part of the scratch file stays unused.
func (s *spool) supersede(d *stream, day calendar.Date) {
	if d.rows == 0 {
		return
	}
	if s.supersededDays == nil {
		s.supersededDays = map[calendar.Date]bool{}
	}
	s.superseded += d.rows
	s.supersededDays[day] = true
	for _, slab := range d.slabs {
		s.free = append(s.free, slab[:0])
	}
	s.used -= len(d.slabs)
	*d = stream{}
}

// frame appends two numbers and some bytes to a stream.
func (s *spool) frame(to *stream, a, b uint64, data []byte) error {
	s.head = binary.AppendUvarint(s.head[:0], a)
	s.head = binary.AppendUvarint(s.head, b)
	s.head = binary.AppendUvarint(s.head, uint64(len(data)))
	if err := s.write(to, s.head); err != nil {
		return err
	}
	return s.write(to, data)
}

func (s *spool) write(to *stream, data []byte) error {
	for len(data) > 0 {
		n := len(to.slabs)
		if n == 0 || len(to.slabs[n-1]) == slabBytes {
			slab, err := s.slab()
			if err != nil {
				return err
			}
			to.slabs = append(to.slabs, slab) // spilling may have emptied it
			n = len(to.slabs)
		}
		last := to.slabs[n-1]
		part := min(len(data), slabBytes-len(last))
		to.slabs[n-1] = append(last, data[:part]...)
		data = data[part:]
	}
	return nil
}

// slab returns an empty slab, after moving all others to scratch if there are as many as allowed.
func (s *spool) slab() ([]byte, error) {
	if s.used == s.limit {
		if err := s.spill(); err != nil {
			return nil, fmt.Errorf("write scratch file: %w", err)
		}
	}
	s.used++
	if n := len(s.free); n > 0 {
		slab := s.free[n-1]
		s.free = s.free[:n-1]
		return slab, nil
	}
	if len(s.room) == 0 {
		s.room = make([]byte, blockSlabs*slabBytes)
	}
	slab := s.room[0:0:slabBytes]
	s.room = s.room[slabBytes:]
	return slab, nil
}

// spill moves every slab to the scratch file.
func (s *spool) spill() error {
	if s.disk == nil {
		f, err := scratch.File(s.folder)
		if err != nil {
			return err
		}
		s.disk, s.out = f, bufio.NewWriterSize(f, 1<<20)
	}
	for _, d := range append(s.sortedDays(), s.rejects) {
		from := s.size
		for _, slab := range d.slabs {
			n, err := s.out.Write(slab)
			if s.size += int64(n); err != nil {
				return err
			}
			s.free = append(s.free, slab[:0])
		}
		if s.size > from {
			d.extents = append(d.extents, extent{from, s.size - from})
		}
		d.slabs = nil
	}
	s.used = 0
	return s.out.Flush()
}

// end says that nothing is added any more. What did not fit in memory is then on scratch as a whole, and the memory is free
// for what is made of it.
func (s *spool) end() error {
	if s.disk != nil {
		if err := s.spill(); err != nil {
			return fmt.Errorf("write scratch file: %w", err)
		}
	}
	s.free, s.room, s.out = nil, nil, nil
	s.join()
	return nil
}

// sortedDays returns the days' streams, those of former files first, in the order of days.
func (s *spool) sortedDays() []*stream {
	var streams []*stream
	for _, part := range s.before {
		streams = append(streams, part.stream)
	}
	for _, day := range s.dates() {
		streams = append(streams, s.days[day])
	}
	return streams
}

// dates returns the days that have lines, in order.
func (s *spool) dates() []calendar.Date {
	dates := make([]calendar.Date, 0, len(s.days))
	for day := range s.days {
		dates = append(dates, day)
	}
	slices.Sort(dates)
	return dates
}

// frames goes through streams. Its memory is used again from stream to stream; it is for one goroutine.
type frames struct {
	in   *bufio.Reader
	data []byte
}

// each visits a stream's frames in the order in which they were added, when nothing is added any more. Data may be used
// until visit returns.
func (f *frames) each(s *spool, of *stream, visit func(a, b uint64, data []byte) error) error {
	parts := make([]io.Reader, 0, len(of.extents)+len(of.slabs))
	for _, e := range of.extents {
		parts = append(parts, io.NewSectionReader(s.disk, e.from, e.size))
	}
	for _, slab := range of.slabs {
		parts = append(parts, bytes.NewReader(slab))
	}
	if f.in == nil {
		f.in = bufio.NewReaderSize(nil, 64<<10)
	}
	f.in.Reset(io.MultiReader(parts...))
	for {
		a, err := binary.ReadUvarint(f.in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		b, errB := binary.ReadUvarint(f.in)
		n, errN := binary.ReadUvarint(f.in)
		if err := errors.Join(err, errB, errN); err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		if n > maxFrame {
			return fmt.Errorf("read scratch file: a frame of %d bytes", n)
		}
		f.data = slices.Grow(f.data[:0], int(n))[:n]
		if _, err := io.ReadFull(f.in, f.data); err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		if err := visit(a, b, f.data); err != nil {
			return err
		}
	}
}

// maxFrame is far above what the reader makes: a longer one is damage, and must not be allocated.
const maxFrame = 16 << 20
