package retail

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"unicode/utf8"
)

// csvParser makes blocks out of segments. Each worker has its own.
type csvParser struct {
	opts    *ReadOptions
	columns columns
	header  []string
	key     *customerKey // nil without a customer key

	block  *Block
	rows   rowEncoder
	line   RawLine
	fields [NumFields][]byte
	raws   [NumFields]span // where the fields stand in the record, quotes included
	text   []byte          // unquoted and transcoded texts of the record
	count  int             // fields of the record

	lastTime   []byte // as written, in timeText
	timeText   [32]byte
	lastMicros int64
}

func newCSVParser(opts *ReadOptions, c columns, header []string) *csvParser {
	p := &csvParser{opts: opts, columns: c, header: header}
	if len(opts.CustomerKey) > 0 {
		p.key = &customerKey{mac: hmac.New(sha256.New, opts.CustomerKey)}
	}
	return p
}

// parse makes a block out of the segments.
func (p *csvParser) parse(b *Block, segs []segment) {
	b.reset()
	p.block, p.rows = b, rowEncoder{b: b}
	for i := range segs {
		p.segment(&segs[i])
	}
}

func (p *csvParser) segment(seg *segment) {
	if seg.long != nil {
		p.block.Records++
		p.reject(seg.data, RecordTooLong, seg.long)
		p.block.lines++
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
			p.block.Records++
			p.text = p.text[:0]
			if bytes.IndexByte(line, '"') < 0 {
				p.check(line, p.splitPlain(line))
			} else {
				rec := data[i:]
				if seg.lines {
					rec = data[i:end]
				}
				n, breach := p.splitQuoted(rec)
				end = i + n
				line = trimCR(data[i:end])
				p.check(line, breach)
				lines += int64(bytes.Count(line, []byte{'\n'}))
			}
		}
		p.block.lines += lines
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
func (p *csvParser) splitPlain(line []byte) Breach {
	sep, from, n := p.opts.Dialect.Separator, 0, 0
	for {
		to := bytes.IndexByte(line[from:], sep)
		last := to < 0
		if to += from; last {
			to = len(line)
		}
		if n < len(p.columns.field) {
			if f := p.columns.field[n]; f >= 0 {
				p.fields[f], p.raws[f] = line[from:to], span{from, to}
			}
		}
		n++
		if last {
			break
		}
		from = to + 1
	}
	if p.count = n; n != p.columns.width {
		return WrongFields
	}
	return 0
}

// splitQuoted cuts the record at the start of rec into its fields and returns its length without the line end.
func (p *csvParser) splitQuoted(rec []byte) (int, Breach) {
	breach, from, n := Breach(0), 0, 0
	for {
		f := nextField(rec, from, p.opts.Dialect.Separator, p.text)
		p.text = f.scratch
		breach |= f.breach
		if n < len(p.columns.field) {
			if at := p.columns.field[n]; at >= 0 {
				p.fields[at], p.raws[at] = f.text, span{from, f.end}
			}
		}
		n++
		if f.end == len(rec) || rec[f.end] == '\n' {
			if p.count = n; n != p.columns.width {
				breach |= WrongFields
			}
			return f.end, breach
		}
		from = f.end + 1
	}
}

// check holds a record against the rules, and accepts or rejects it. The breach is what cutting it into fields found.
func (p *csvParser) check(raw []byte, breach Breach) {
	if len(raw) > p.opts.MaxRecord {
		p.reject(raw, RecordTooLong, nil)
		return
	}
	if p.opts.Dialect.Encoding == Latin1 {
		p.fromLatin1(breach)
	} else if !utf8.Valid(raw) {
		breach |= p.encoding(breach)
	}
	if breach&unlocated == 0 {
		breach |= p.values()
	}
	if breach != 0 {
		p.reject(raw, breach, nil)
		return
	}
	p.accept()
}

// accept adds the record whose fields were found good to the block.
func (p *csvParser) accept() {
	l, f := &p.line, &p.fields
	l.Record = p.block.Records
	l.Invoice, l.Code, l.Description, l.Country = f[FieldInvoice], f[FieldCode], f[FieldDescription], f[FieldCountry]
	l.Customer = normalCustomer(f[FieldCustomer])
	if p.key != nil {
		l.Customer = p.key.of(l.Customer)
	}
	p.rows.add(l)
}

// values parses the fields that are no text, and says which rules the record broke.
func (p *csvParser) values() (breach Breach) {
	l, f, decimal := &p.line, &p.fields, p.opts.Dialect.Decimal
	if len(trimSpace(f[FieldInvoice])) == 0 {
		breach |= MissingInvoice
	}
	if len(trimSpace(f[FieldCode])) == 0 {
		breach |= MissingCode
	}
	if written := f[FieldTime]; len(written) > 0 && string(written) == string(p.lastTime) {
		l.Time = p.lastMicros // lines of an invoice stand together
	} else if micros, ok := p.opts.Layout.Parse(written); ok {
		l.Time, p.lastMicros = micros, micros
		p.lastTime = p.timeText[:copy(p.timeText[:], written)]
		if len(written) > len(p.timeText) {
			p.lastTime = nil
		}
	} else {
		breach |= BadTime
	}
	var number Breach
	var bad Breach
	l.Quantity, number = parseQuantity(f[FieldQuantity], decimal)
	bad |= number
	l.Price, number = parsePrice(f[FieldPrice], decimal)
	bad |= number
	if bad == 0 {
		if _, err := l.Price.Times(l.Quantity); err != nil {
			bad = AmountOutOfRange
		}
	}
	return breach | bad
}

// encoding says whether a record that is not UTF-8 breaks the rule: a column that nobody wants may hold anything.
func (p *csvParser) encoding(breach Breach) Breach {
	if breach&unlocated != 0 {
		return BadEncoding
	}
	for _, text := range p.fields {
		if !utf8.Valid(text) {
			return BadEncoding
		}
	}
	return 0
}

// fromLatin1 makes the fields UTF-8. Every byte is a character in ISO-8859-1.
func (p *csvParser) fromLatin1(breach Breach) {
	if breach&unlocated != 0 {
		return
	}
	for i, text := range p.fields {
		if isASCII(text) {
			continue
		}
		from := len(p.text)
		for _, c := range text {
			p.text = utf8.AppendRune(p.text, rune(c))
		}
		p.fields[i] = p.text[from:len(p.text):len(p.text)]
	}
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
