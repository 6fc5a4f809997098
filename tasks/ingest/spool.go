package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/lines"
	"github.com/clientele/clientele/pkg/money"
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
	name    string // of the delivery, for messages
	days    map[calendar.Date]*stream
	rejects *stream
	last    *stream // of the day that came last: lines are mostly in the order of days
	lastDay calendar.Date

	table  tableID // that days are of
	before []part  // of the tables before

	rejectedDays map[calendar.Date]lines.Tally // of rejected records whose time can be read

	superseded     int64 // rows of days that another sheet of the workbook has too
	supersededDays int
	names          map[tableID]string       // of sheets
	worth          map[tableID]money.Amount // of sheets called returns: net, of lines without a status
	files          map[int]string           // names of the files
	overlap        []overlap                // days of several files

	limit int // slabs
	used  int
	dirty []*stream // have, or had, slabs since the last spill
	free  [][]byte
	room  []byte   // for slabs that have not been in use
	disk  *os.File // scratch; nil while all fits in memory
	out   *bufio.Writer
	size  int64 // of the file
	head  []byte
}

// stream is a sequence of frames: what was moved to the scratch file, then what is in memory.
type stream struct {
	day     calendar.Date
	rows    int64
	foreign bool // some were converted from another currency
	placed  bool // some have a region
	extents []extent
	slabs   [][]byte
	dirty   bool // is in the spool's list
}

type extent struct{ from, size int64 }

// tableID names a table of a delivery: a file, or a sheet of a workbook.
type tableID struct{ file, sheet int }

// part is what a table has of a day.
type part struct {
	tableID
	*stream
}

// newSpool makes a spool that keeps so many bytes in memory, whatever the size of the delivery, and the rest in a scratch file
// in the folder.
func newSpool(folder string, memory int) *spool {
	return &spool{folder: folder, days: map[calendar.Date]*stream{}, rejects: &stream{}, names: map[tableID]string{}, worth: map[tableID]money.Amount{}, files: map[int]string{},
		rejectedDays: map[calendar.Date]lines.Tally{}, limit: max(1, memory/slabBytes)}
}

// Close frees memory and scratch.
func (s *spool) Close() error {
	s.days, s.before, s.rejects, s.last, s.free, s.dirty = nil, nil, nil, nil, nil, nil
	if s.disk == nil {
		return nil
	}
	return s.disk.Close()
}

// add takes what the reader made of a stretch of the delivery.
func (s *spool) add(b *record.Block) error {
	if at := (tableID{b.File, b.Table}); at != s.table {
		s.nextTable()
		s.table = at
	}
	if _, known := s.files[b.File]; !known {
		s.files[b.File] = b.Name
	}
	if _, known := s.names[s.table]; !known && b.Sheet != "" {
		s.names[s.table] = b.Sheet
	}
	for i := range b.Runs {
		r := &b.Runs[i]
		if s.last == nil || r.Day != s.lastDay {
			if s.last = s.days[r.Day]; s.last == nil {
				s.last = &stream{day: r.Day}
				s.days[r.Day] = s.last
			}
			s.lastDay = r.Day
		}
		if err := s.returned(b.Sheet, *r); err != nil {
			return err
		}
		s.last.rows += int64(r.Rows)
		s.last.foreign, s.last.placed = s.last.foreign || r.Converted, s.last.placed || r.Regional
		if err := s.frame(s.last, uint64(r.Record), uint64(r.Rows), r.Data); err != nil {
			return err
		}
	}
	for i := range b.Rejects {
		r := &b.Rejects[i]
		s.rejects.rows++
		if r.Dated {
			of := s.rejectedDays[r.Day]
			of.Records, of.Lines = of.Records+1, of.Lines+r.Lines
			if sum, err := of.Amount.Plus(r.Amount); err == nil {
				of.Amount = sum
			}
			s.rejectedDays[r.Day] = of
		}
		if err := s.frame(s.rejects, uint64(r.Record), uint64(r.Breach), r.Raw); err != nil {
			return err
		}
	}
	return nil
}

// nextTable says that the rows to come are of another file or sheet.
func (s *spool) nextTable() {
	for _, day := range s.dates() {
		s.before = append(s.before, part{s.table, s.days[day]})
	}
	s.days, s.last = map[calendar.Date]*stream{}, nil
}

// join puts what the tables have of each day together, in their order. All of it is either in memory or on scratch.
func (s *spool) join() {
	for _, part := range s.before {
		if part.rows == 0 { // superseded
			continue
		}
		all := s.days[part.day]
		if all == nil {
			s.days[part.day] = part.stream
			continue
		}
		all.rows += part.rows
		all.foreign, all.placed = all.foreign || part.foreign, all.placed || part.placed
		all.extents = append(all.extents, part.extents...)
		all.slabs = append(all.slabs, part.slabs...)
	}
	s.before = nil
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
			if !to.dirty {
				to.dirty = true
				s.dirty = append(s.dirty, to)
			}
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

// spill moves every slab to the scratch file. It visits the streams that have any and no others: with one line a day, memory
// is full after a few thousand of a great many days.
func (s *spool) spill() error {
	if s.disk == nil {
		f, err := scratch.File(s.folder)
		if err != nil {
			return err
		}
		s.disk, s.out = f, bufio.NewWriterSize(f, 1<<20)
	}
	slices.SortFunc(s.dirty, func(a, b *stream) int { return cmp.Compare(a.day, b.day) }) // so that days are read forwards
	for _, d := range s.dirty {
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
		d.slabs, d.dirty = nil, false
	}
	clear(s.dirty)
	s.used, s.dirty = 0, s.dirty[:0]
	return s.out.Flush()
}

// end says that nothing is added any more, and how the sheets of a workbook belong together: see [Config.Sheets]. What did not
// fit in memory is then on scratch as a whole, and the memory is free for what is made of it.
func (s *spool) end(sheets string) error {
	if s.disk != nil {
		if err := s.spill(); err != nil {
			return fmt.Errorf("write scratch file: %w", err)
		}
	}
	s.free, s.room, s.out, s.dirty = nil, nil, nil, nil
	s.nextTable()
	s.overlap = s.overlaps()
	if err := s.settle(sheets); err != nil {
		return err
	}
	s.join()
	return nil
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

// lines visits the lines of a day, of one table or of all.
func (f *frames) lines(s *spool, of *stream, visit func(*record.Line) error) error {
	return f.each(s, of, func(first, rows uint64, data []byte) error {
		return record.Run{Day: of.day, Rows: int(rows), Record: int64(first), Data: data}.Each(visit)
	})
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
		f.in = bufio.NewReaderSize(nil, 128<<10) // nearly all frames fit, and need no copy
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
		data, err := f.next(int(n))
		if err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		if err := visit(a, b, data); err != nil {
			return err
		}
	}
}

// next returns the next n bytes.
func (f *frames) next(n int) (data []byte, err error) {
	if n <= f.in.Size() {
		if data, err = f.in.Peek(n); err == nil {
			_, err = f.in.Discard(n)
		}
		return data, err
	}
	f.data = slices.Grow(f.data[:0], n)[:n]
	_, err = io.ReadFull(f.in, f.data)
	return f.data, err
}

// maxFrame is far above what the reader makes: a longer one is damage, and must not be allocated.
const maxFrame = 16 << 20
