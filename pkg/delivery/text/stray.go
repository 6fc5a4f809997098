package text

import "bytes"

// A quote that somebody left in a text opens a field that ends at the next quote, lines below, and takes every record between
// along. The quote is stray where the lines show it: the line that it is on and one that it swallowed look like records by
// themselves. Then the record ends with the quote's line, which is rejected, and the next line begins a record again.
//
// A line looks like a record if it has the header's separators, and values in two fields at least: digits and no letters. Where
// something stands behind the quote that ends the field, or nothing ends it, the quote's line alone shows it if values stand
// behind the quote. Where the field ends as it should, it may be a text of several lines that has many separators: then both
// lines have as many fields as the header, or there are values on the quote's line behind it, as in a record and in no text.
//
// An opening quote before which a stray one is still open would end that one's field, so what is read again has no
// field that goes on: every byte is looked at a bounded number of times. What is looked at lies within a record's bound,
// wherever a chunk ends.

// A verdict on a quote that opens a field.
const (
	strayNo = iota
	strayYes
	strayMore // it cannot be told before more is read
)

// minWidth is how many fields a header has at least for its lines to be told from others.
const minWidth = 4

// minValues is how many fields of a record hold a value: of quantity, price and time two at least.
const minValues = 2

// stray judges the quote at open, whose field ends before after or not at all within the record's bound. lineEnd is where the
// quote's line ends.
func (w *walk) stray(open, after int, closed bool) (lineEnd, verdict int) {
	bound := w.rec + w.limit
	if after > bound {
		closed = false
	}
	if !closed {
		after = min(len(w.buf), bound)
	}
	if open > after {
		return 0, strayNo
	}
	first := bytes.IndexByte(w.buf[open:after], '\n')
	if first < 0 || w.width < minWidth {
		return 0, strayNo
	}
	lineEnd = open + first
	rest := w.buf[open+1 : lineEnd]
	separators := w.fieldsBefore(open) + bytes.Count(rest, []byte{w.sep})
	if separators < w.width-1 {
		return 0, strayNo
	}
	clean := false
	if closed {
		if w.endsIn(after) && !w.eof {
			return 0, strayMore
		}
		clean = w.clean(after)
	}
	valued := values(rest, w.sep) >= minValues
	if valued && !clean {
		return lineEnd, strayYes
	}
	exact := clean && !valued
	if exact && separators > w.width-1 {
		return 0, strayNo
	}
	for from := lineEnd + 1; ; {
		nl := bytes.IndexByte(w.buf[from:after], '\n')
		to := from + nl
		if nl < 0 {
			if to = w.lastLine(after, bound); to < 0 {
				return 0, strayMore
			}
		}
		if w.looksLikeRecord(w.buf[from:to], exact) {
			return lineEnd, strayYes
		}
		if nl < 0 {
			return 0, strayNo
		}
		from = to + 1
	}
}

// fieldsBefore counts the fields of the record before the one at open. It goes on where it ended last: a record may have many fields
// of several lines.
func (w *walk) fieldsBefore(open int) int {
	c := &w.fields
	if c.rec != w.rec || c.at > open {
		*c = counted{rec: w.rec, at: w.rec}
	}
	var scratch []byte
	for c.at < open {
		f := nextField(w.buf[:open], c.at, w.sep, scratch[:0])
		scratch, c.at = f.scratch, f.end+1
		c.n++
	}
	return c.n
}

// counted is how many fields the record at rec has before at.
type counted struct{ rec, at, n int }

// endsIn reports whether what follows the field's end is not in the buffer yet.
func (w *walk) endsIn(after int) bool {
	return after == len(w.buf) || w.buf[after] == '\r' && after+1 == len(w.buf)
}

// clean reports whether a separator or the line's end follows the field.
func (w *walk) clean(after int) bool {
	rest := w.buf[after:]
	if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
		return true
	}
	return len(rest) == 0 || rest[0] == w.sep || rest[0] == '\n' || len(rest) == 1 && rest[0] == '\r'
}

// lastLine returns the end of the line that the field ends on, at most the record's bound; -1 if it is not in the buffer yet.
func (w *walk) lastLine(after, bound int) int {
	upTo := max(after, min(len(w.buf), bound))
	if nl := bytes.IndexByte(w.buf[after:upTo], '\n'); nl >= 0 {
		return after + nl
	}
	if upTo < bound && !w.eof {
		return -1
	}
	return upTo
}

// looksLikeRecord reports whether a line has the header's separators, at least or exactly, and values between them.
func (w *walk) looksLikeRecord(line []byte, exact bool) bool {
	n := bytes.Count(line, []byte{w.sep})
	return n >= w.width-1 && (n == w.width-1 || !exact) && values(line, w.sep) >= minValues
}

// values counts the fields of a line that have a digit and no letter: numbers, dates, codes.
func values(line []byte, sep byte) (n int) {
	digit, letter := false, false
	for _, c := range line {
		switch {
		case c == sep:
			if digit && !letter {
				n++
			}
			digit, letter = false, false
		case c-'0' <= 9:
			digit = true
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letter = true
		}
	}
	if digit && !letter {
		n++
	}
	return n
}
