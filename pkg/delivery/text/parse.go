package text

import (
	"bytes"

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

// splitPlain cuts a line without any quote into its fields.
func (p *parser) splitPlain(line []byte) record.Breach {
	from, n := 0, 0
	for {
		to := bytes.IndexByte(line[from:], p.sep)
		last := to < 0
		if to += from; last {
			to = len(line)
		}
		if n < len(p.columns.Field) {
			if f := p.columns.Field[n]; f >= 0 {
				p.Fields[f], p.At[f] = line[from:to], record.Span{From: from, To: to}
			}
		}
		n++
		if last {
			break
		}
		from = to + 1
	}
	if p.Count = n; n != p.columns.Width {
		return record.WrongFields
	}
	return 0
}

// splitQuoted cuts the record at the start of rec into its fields and returns its length without the line end.
func (p *parser) splitQuoted(rec []byte) (int, record.Breach) {
	breach, from, n := record.Breach(0), 0, 0
	for {
		f := nextField(rec, from, p.sep, p.text)
		p.text = f.scratch
		breach |= f.breach
		if n < len(p.columns.Field) {
			if at := p.columns.Field[n]; at >= 0 {
				p.Fields[at], p.At[at] = f.text, record.Span{From: from, To: f.end}
			}
		}
		n++
		if f.end == len(rec) || rec[f.end] == '\n' {
			if p.Count = n; n != p.columns.Width {
				breach |= record.WrongFields
			}
			return f.end, breach
		}
		from = f.end + 1
	}
}
