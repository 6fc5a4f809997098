package text

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// segment is a stretch of a chunk that begins and ends with a record.
type segment struct {
	data []byte
	// lines says that here a quoted field ends with its line at the latest.
	lines bool
	// long, if not nil, makes the segment one record that is longer than the bound; data is its beginning.
	long *record.LongRecord
}

// splitter cuts a delimited text into segments of whole records, which can then be parsed in any order.
//
// A record ends at the first line end outside quotes. A quote opens a field only where the field begins; within one, two
// quotes stand for one. So that one lone quote cannot swallow a file, a record has a bound: one that has not ended after
// limit bytes, or at the end of the file, is read once more line by line, up to the first line end at or after the bound.
// Each of these lines is a record of its own in which a quoted field must end. A quote that swallows what looks like records
// ends with its line: see [walk.stray]. Every byte is looked at a bounded number of times, and the outcome does not depend on
// how the text is cut into chunks.
type splitter struct {
	src   io.Reader
	sep   byte
	chunk int // bytes asked for at a time
	limit int // bytes of a record
	width int // fields of the header

	eof  bool
	rest []byte // read, and not handed out: the beginning of a record
}

// next fills buf with whole records, in segments, and returns both. At the end there is no segment.
func (s *splitter) next(buf []byte, segs []segment) ([]byte, []segment, error) {
	buf = append(buf[:0], s.rest...)
	s.rest = s.rest[:0]
	for {
		var err error
		if buf, err = s.fill(buf); err != nil {
			return buf, nil, err
		}
		found, end, long := s.cut(segs, buf)
		switch {
		case long:
			found = append(found, segment{data: buf[end:]})
			return buf, found, s.skip(&found[len(found)-1])
		case len(found) > 0 || s.eof:
			s.rest = append(s.rest, buf[end:]...)
			return buf, found, nil
		}
	}
}

// fill appends the next chunk of the source to buf, or what is left of it.
func (s *splitter) fill(buf []byte) ([]byte, error) {
	want := len(buf) + s.chunk
	if cap(buf) < want {
		grown := make([]byte, len(buf), want+s.limit)
		copy(grown, buf)
		buf = grown
	}
	for len(buf) < want && !s.eof {
		n, err := s.read(buf[len(buf):want])
		if buf = buf[:len(buf)+n]; err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// read reads some bytes, or sets eof.
func (s *splitter) read(buf []byte) (int, error) {
	for range 100 {
		n, err := s.src.Read(buf)
		if err == io.EOF {
			s.eof, err = true, nil
		}
		if n > 0 || err != nil || s.eof {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// cut finds the whole records of buf, which begins with one, and returns their segments and where the first unfinished
// record begins. long says that this one is a line of more than limit bytes.
func (s *splitter) cut(segs []segment, buf []byte) (_ []segment, end int, long bool) {
	w := walk{splitter: s, buf: buf, segs: segs}
	for {
		switch w.step() {
		case stepEnd:
			w.normal()
			return w.segs, w.rec, false
		case stepOver:
			w.normal()
			upTo, whole, long := s.window(buf, w.rec)
			if upTo > w.rec {
				w.segs = append(w.segs, segment{data: buf[w.rec:upTo], lines: true})
			}
			if !whole {
				return w.segs, upTo, long
			}
			w.begin, w.rec, w.i, w.quoted = upTo, upTo, upTo, false
		case stepStray:
			w.normal()
			w.segs = append(w.segs, segment{data: buf[w.rec:w.lineEnd]})
			next := w.lineEnd + 1
			w.begin, w.rec, w.i, w.quoted = next, next, next, false
		}
	}
}

// walk goes through a chunk from quote to quote; without any, it is done in one step.
type walk struct {
	*splitter
	buf    []byte
	segs   []segment
	begin  int  // of the segment being gathered
	rec    int  // start of the record that i is in
	i      int  // everything before is seen; i is outside quotes
	quoted bool // the record has had a quoted field

	lineEnd int // of the record that a stray quote is in
	fields  counted
}

// What a step found.
const (
	stepOn    = iota // go on
	stepEnd          // the chunk is done; the record at rec is not
	stepOver         // the record at rec is not done within its bound
	stepStray        // the record at rec ends with the line of a stray quote
)

// normal ends the segment that is being gathered at the start of the record.
func (w *walk) normal() {
	if w.rec > w.begin {
		w.segs = append(w.segs, segment{data: w.buf[w.begin:w.rec]})
	}
	w.begin = w.rec
}

// step moves past the next quote or, if that opens a field, past the field.
func (w *walk) step() int {
	stop, q := len(w.buf), bytes.IndexByte(w.buf[w.i:], '"')
	if q >= 0 {
		stop = w.i + q
	}
	outside := w.buf[w.i:stop]
	if nl := bytes.LastIndexByte(outside, '\n'); nl >= 0 {
		if w.quoted && stop-w.rec > w.limit && w.i+bytes.IndexByte(outside, '\n')-w.rec > w.limit {
			return stepOver
		}
		w.rec, w.quoted = w.i+nl+1, false
	}
	switch {
	case q < 0 && w.eof && (!w.quoted || stop-w.rec <= w.limit):
		w.rec = stop
		return stepEnd
	case q < 0 && stop-w.rec <= w.limit:
		return stepEnd
	case q < 0:
		return stepOver
	case stop > w.rec && w.buf[stop-1] != w.sep:
		w.i = stop + 1 // a quote like any other character
		return stepOn
	}
	after, closed := w.field(w.buf, stop, w.rec)
	w.quoted = true
	if !closed && !w.eof && len(w.buf)-w.rec <= w.limit {
		return stepEnd
	}
	lineEnd, verdict := w.stray(stop, after, closed)
	switch {
	case verdict == strayYes:
		w.lineEnd = lineEnd
		return stepStray
	case verdict == strayMore:
		return stepEnd
	case closed:
		w.i = after
		return stepOn
	}
	return stepOver
}

// field moves from the quote at open past the one that ends the field. closed is false where that is not within the
// record's bound or not in buf.
func (s *splitter) field(buf []byte, open, rec int) (after int, closed bool) {
	j := open + 1
	for j-rec <= s.limit {
		q := bytes.IndexByte(buf[j:], '"')
		if q < 0 {
			return 0, false
		}
		j += q
		switch {
		case j-rec > s.limit:
			return 0, false
		case j+1 == len(buf):
			return j + 1, s.eof
		case buf[j+1] != '"':
			return j + 1, true
		}
		j += 2
	}
	return 0, false
}

// window returns the end of the stretch that is read line by line because the record at rec is not done within its
// bound. Where buf does not reach to that end, whole is false; then long says that the line at upTo is longer than the
// bound, and otherwise upTo is rec and more must be read.
func (s *splitter) window(buf []byte, rec int) (upTo int, whole, long bool) {
	if bound := rec + s.limit; bound < len(buf) {
		if nl := bytes.IndexByte(buf[bound:], '\n'); nl >= 0 {
			return bound + nl + 1, true, false
		}
	}
	switch {
	case s.eof:
		return len(buf), true, false
	case len(buf)-rec <= 2*s.limit:
		return rec, false, false
	}
	return rec + bytes.LastIndexByte(buf[rec:], '\n') + 1, false, true
}

// skip reads to the end of the line that begins with seg.data, without keeping it.
func (s *splitter) skip(seg *segment) error {
	h := lineHash{sum: sha256.New()}
	h.write(seg.data)
	for buf := make([]byte, max(s.chunk, 64)); !s.eof; {
		n, err := s.read(buf)
		if err != nil {
			return err
		}
		if nl := bytes.IndexByte(buf[:n], '\n'); nl >= 0 {
			h.write(buf[:nl])
			s.rest = append(s.rest, buf[nl+1:n]...)
			break
		}
		h.write(buf[:n])
	}
	seg.long = h.end()
	return nil
}

// lineHash hashes a line as it comes, without the carriage return that may end it.
type lineHash struct {
	sum  hash.Hash
	size int64
	cr   bool
}

func (h *lineHash) write(b []byte) {
	if len(b) == 0 {
		return
	}
	if h.cr {
		h.sum.Write([]byte{'\r'})
	}
	h.size += int64(len(b))
	if h.cr = b[len(b)-1] == '\r'; h.cr {
		b = b[:len(b)-1]
	}
	h.sum.Write(b)
}

func (h *lineHash) end() *record.LongRecord {
	l := &record.LongRecord{Size: h.size}
	if h.cr {
		l.Size--
	}
	h.sum.Sum(l.Sum[:0])
	return l
}
