package retail

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
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

// field is one field of a delimited record.
type field struct {
	text    []byte // without quotes
	end     int    // where the separator or line end behind it stands, or the record's length
	breach  Breach
	scratch []byte // what was handed in, grown by texts that had two quotes for one
}

// nextField reads the field at from.
func nextField(rec []byte, from int, sep byte, scratch []byte) field {
	if from == len(rec) || rec[from] != '"' {
		end := fieldEnd(rec, from, sep)
		text := rec[from:end]
		if end == len(rec) || rec[end] == '\n' {
			text = trimCR(text)
		}
		return field{text: text, end: end, scratch: scratch}
	}
	start, j, kept := from+1, from+1, len(scratch)
	for {
		q := bytes.IndexByte(rec[j:], '"')
		if q < 0 {
			return field{text: trimCR(rec[start:]), end: len(rec), breach: UnterminatedQuote, scratch: scratch}
		}
		j += q
		if j+1 == len(rec) || rec[j+1] != '"' {
			break
		}
		scratch = append(scratch, rec[start:j+1]...)
		j += 2
		start = j
	}
	f := field{text: rec[start:j], end: fieldEnd(rec, j+1, sep)}
	if len(scratch) > kept {
		scratch = append(scratch, f.text...)
		f.text = scratch[kept:len(scratch):len(scratch)]
	}
	behind := rec[j+1 : f.end]
	if f.end == len(rec) || rec[f.end] == '\n' {
		behind = trimCR(behind)
	}
	if len(behind) > 0 {
		f.breach = BadQuote
	}
	f.scratch = scratch
	return f
}

// fieldEnd returns where the unquoted text at from ends.
func fieldEnd(rec []byte, from int, sep byte) int {
	for i, c := range rec[from:] {
		if c == sep || c == '\n' {
			return from + i
		}
	}
	return len(rec)
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

// customerKey turns a customer's id into its HMAC-SHA256 in hex.
type customerKey struct {
	mac  hash.Hash
	last []byte // the id asked for last
	sum  [sha256.Size]byte
	text [2 * sha256.Size]byte
}

// of returns the id's HMAC until the next call, and nothing for nobody.
func (k *customerKey) of(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	if !bytes.Equal(id, k.last) {
		k.last = append(k.last[:0], id...)
		k.mac.Reset()
		k.mac.Write(id)
		hex.Encode(k.text[:], k.mac.Sum(k.sum[:0]))
	}
	return k.text[:]
}

// reject files a record that broke rules. long is set where raw is only the beginning of the record.
func (p *csvParser) reject(raw []byte, breach Breach, long *longRecord) {
	b := p.block
	r := Reject{Record: b.Records, Breach: breach, from: len(b.raw)}
	hidden := p.key != nil && breach&unlocated != 0
	if long == nil && (hidden || len(raw) > MaxRaw || breach&RecordTooLong != 0) {
		long = &longRecord{size: int64(len(raw)), sum: sha256.Sum256(raw)}
	}
	shown := raw[:min(len(raw), p.opts.MaxRecord)]
	switch {
	case hidden:
		b.raw = fmt.Appendf(b.raw, "(%d bytes, sha256 %x)", long.size, long.sum)
	case p.key != nil:
		at, id := p.raws[FieldCustomer], normalCustomer(p.fields[FieldCustomer])
		masked := append([]byte(nil), shown[:at.from]...)
		masked = append(masked, p.key.of(id)...)
		masked = append(masked, shown[at.to:]...)
		b.raw = p.appendRaw(b.raw, masked, breach, long)
	default:
		b.raw = p.appendRaw(b.raw, shown, breach, long)
	}
	r.to = len(b.raw)
	b.Rejects = append(b.Rejects, r)
	for i := range breach.each() {
		b.Broken[i]++
		if b.Examples[i].Record == 0 {
			b.Examples[i] = p.example(Breach(1)<<i, breach&unlocated == 0)
		}
	}
}

// appendRaw appends a record as [Reject.Raw] tells it.
func (p *csvParser) appendRaw(dst, raw []byte, breach Breach, long *longRecord) []byte {
	from, latin1 := len(dst), p.opts.Dialect.Encoding == Latin1
	for i := 0; i < len(raw); {
		c, size := utf8.DecodeRune(raw[i:])
		bad := c == utf8.RuneError && size == 1 && !latin1
		if latin1 {
			c, size = rune(raw[i]), 1
		}
		if long != nil && (len(dst)-from+utf8.UTFMax > MaxRaw || bad && !utf8.FullRune(raw[i:])) {
			break
		}
		switch {
		case bad:
			dst = fmt.Appendf(dst, `\x%02x`, raw[i])
		case c == '\\' && breach&(BadEncoding|RecordTooLong) != 0:
			dst = append(dst, `\\`...)
		default:
			dst = utf8.AppendRune(dst, c)
		}
		i += size
	}
	if long != nil {
		dst = fmt.Appendf(dst, "… (%d bytes, sha256 %x)", long.size, long.sum)
	}
	return dst
}

// example describes a record that broke one rule. It shows no text that could hold a customer's id.
func (p *csvParser) example(rule Breach, located bool) Example {
	const longest = 80
	e := Example{Record: p.block.Records, Line: p.block.lines + 1}
	f, ok := breachFields[rule]
	switch rule {
	case WrongFields:
		e.Value = fmt.Sprintf("%d fields, the header has %d", p.count, p.columns.width)
	case BadEncoding:
		for at := range p.fields {
			if !ok && !utf8.Valid(p.fields[at]) {
				f, ok = Field(at), true
			}
		}
	}
	if !ok || !located {
		return e
	}
	e.Field = p.header[p.columns.at[f]]
	if f != FieldCustomer {
		value := p.fields[f]
		e.Value = string(p.appendRaw(nil, value[:min(len(value), longest)], rule, nil))
	}
	return e
}
