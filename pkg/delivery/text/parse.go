package text

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/clientele/clientele/pkg/delivery/record"
)

// parser makes blocks out of segments. Each worker has its own.
type parser struct {
	record.Builder
	columns record.Columns
	sep     byte
	text    []byte // unquoted texts of the record
}

func newParser(opts *record.Options, c record.Columns) *parser {
	return &parser{Builder: record.NewBuilder(opts, c), columns: c, sep: opts.Dialect.Separator}
}

// parse makes a block out of the segments.
func (p *parser) parse(b *record.Block, segs []segment) {
	p.Begin(b)
	for i := range segs {
		p.segment(&segs[i])
	}
}

func (p *parser) segment(seg *segment) {
	if seg.long != nil {
		p.CheckLong(seg.data, seg.long)
		p.Pass(1)
		return
	}
	data := seg.data
	for i := 0; i < len(data); {
		end := len(data)
		if nl := bytes.IndexByte(data[i:], '\n'); nl >= 0 {
			end = i + nl
		}
		line, lines := trimCR(data[i:end]), int64(1)
		if len(line) > 0 {
			p.text = p.text[:0]
			if bytes.IndexByte(line, '"') < 0 {
				p.Check(line, p.splitPlain(line))
			} else {
				rec := data[i:]
				if seg.lines {
					rec = data[i:end]
				}
				n, breach := p.splitQuoted(rec)
				end = i + n
				line = trimCR(data[i:end])
				if breach&(record.BadQuote|record.UnterminatedQuote) != 0 {
					count := p.Count
					p.Loose = p.splitPlain(line) == 0
					p.Count = count
				}
				p.Check(line, breach)
				p.Loose = false
				lines += int64(bytes.Count(line, []byte{'\n'}))
			}
		}
		p.Pass(lines)
		i = end + 1
	}
}

func trimCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

// splitPlain cuts a line without any quote into its fields. Fields are short: eight bytes are compared with the separator at once.
func (p *parser) splitPlain(line []byte) record.Breach {
	const each, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	from, n, i := 0, 0, 0
	for seps := each * uint64(p.sep); i+8 <= len(line); i += 8 {
		w := binary.LittleEndian.Uint64(line[i:]) ^ seps
		for found := ^((w&low + low) | w | low); found != 0; found &= found - 1 { // the high bit of each byte that is zero in w
			to := i + bits.TrailingZeros64(found)/8
			p.take(n, line, from, to)
			from, n = to+1, n+1
		}
	}
	for ; i < len(line); i++ {
		if line[i] == p.sep {
			p.take(n, line, from, i)
			from, n = i+1, n+1
		}
	}
	p.take(n, line, from, len(line))
	n++
	line = trimCR(line)
	behind := n - p.columns.Width
	return p.count(n, behind > 0 && len(bytes.TrimRight(line, string(rune(p.sep)))) > len(line)-behind)
}

// count checks the number of a record's fields. Those behind the header's do not count where all are empty, as spreadsheets leave them
// where somebody has deleted columns.
func (p *parser) count(n int, more bool) record.Breach {
	if p.Count = n; n > p.columns.Width && !more {
		p.Count = p.columns.Width
	}
	if p.Count != p.columns.Width {
		return record.WrongFields
	}
	return 0
}

// take makes a stretch of a line its field n.
func (p *parser) take(n int, line []byte, from, to int) {
	if n < len(p.columns.Field) {
		if f := p.columns.Field[n]; f >= 0 {
			p.Fields[f], p.At[f] = line[from:to], record.Span{From: from, To: to}
		}
	}
}

// splitQuoted cuts the record at the start of rec into its fields and returns its length without the line end.
func (p *parser) splitQuoted(rec []byte) (int, record.Breach) {
	breach, from, n, more := record.Breach(0), 0, 0, false
	for {
		f := nextField(rec, from, p.sep, p.text)
		p.text = f.scratch
		breach |= f.breach
		if n < len(p.columns.Field) {
			if at := p.columns.Field[n]; at >= 0 {
				p.Fields[at], p.At[at] = f.text, record.Span{From: from, To: f.end}
			}
		}
		more = more || n >= p.columns.Width && len(trimCR(f.text)) > 0
		n++
		if f.end == len(rec) || rec[f.end] == '\n' {
			return f.end, breach | p.count(n, more)
		}
		from = f.end + 1
	}
}
