package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"unicode/utf8"
)

// Builder fills blocks with records: it checks each against the rules, and adds it as a row or as a reject. Whoever reads a
// format sets the fields of a record and calls [Builder.Check]. It is for one goroutine.
type Builder struct {
	Fields [NumFields][]byte // of the record; they may be used until the next one
	At     [NumFields]Span   // where the fields are in the record's bytes, quotes included
	Count  int               // of the record's fields, wanted or not

	opts    *Options
	columns Columns
	key     *customerKey // nil without a customer key

	block *Block
	rows  rowEncoder
	line  Line
	text  []byte // transcoded texts of the record

	lastTime   []byte // as written, in timeText
	timeText   [32]byte
	lastMicros int64
}

// Span is a stretch of bytes.
type Span struct{ From, To int }

// LongRecord describes a record that was not kept in memory.
type LongRecord struct {
	Size int64 // bytes, without the line end
	Sum  [sha256.Size]byte
}

// NewBuilder returns a builder for records of these columns. The options have their defaults set.
func NewBuilder(opts *Options, c Columns) Builder {
	b := Builder{opts: opts, columns: c}
	if len(opts.CustomerKey) > 0 {
		b.key = &customerKey{mac: hmac.New(sha256.New, opts.CustomerKey)}
	}
	return b
}

// Begin empties a block and fills it from now on.
func (p *Builder) Begin(b *Block) {
	b.reset()
	p.block, p.rows = b, rowEncoder{b: b}
}

// Pass counts lines of the source as passed: examples say on which line a record begins.
func (p *Builder) Pass(lines int64) { p.block.lines += lines }

// Check adds a record whose fields are set. raw is all of it, without its line end; breach is what cutting it found.
func (p *Builder) Check(raw []byte, breach Breach) {
	p.block.Records++
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

// CheckLong rejects a record that is too long to be kept, of which raw is the beginning.
func (p *Builder) CheckLong(raw []byte, long *LongRecord) {
	p.block.Records++
	p.reject(raw, RecordTooLong, long)
}

// accept adds the record whose fields were found good to the block.
func (p *Builder) accept() {
	l, f := &p.line, &p.Fields
	l.Record = p.block.Records
	l.Invoice, l.Code, l.Description, l.Country = f[FieldInvoice], f[FieldCode], f[FieldDescription], f[FieldCountry]
	l.Customer = normalCustomer(f[FieldCustomer])
	if p.key != nil {
		l.Customer = p.key.of(l.Customer)
	}
	p.rows.add(l)
}

// values parses the fields that are no text, and says which rules the record broke.
func (p *Builder) values() (breach Breach) {
	l, f, decimal := &p.line, &p.Fields, p.opts.Dialect.Decimal
	if len(trimSpace(f[FieldInvoice])) == 0 {
		breach |= MissingInvoice
	}
	if len(trimSpace(f[FieldCode])) == 0 {
		breach |= MissingCode
	}
	if written := f[FieldTime]; len(written) > 0 && string(written) == string(p.lastTime) {
		l.Time = p.lastMicros // the lines of an invoice come together
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
		var err error
		if l.Amount, err = l.Price.Times(l.Quantity); err != nil {
			bad = AmountOutOfRange
		}
	}
	return breach | bad
}

// encoding says whether a record that is not UTF-8 breaks the rule: a column that nobody wants may hold anything.
func (p *Builder) encoding(breach Breach) Breach {
	if breach&unlocated != 0 {
		return BadEncoding
	}
	for _, text := range p.Fields {
		if !utf8.Valid(text) {
			return BadEncoding
		}
	}
	return 0
}

// fromLatin1 makes the fields UTF-8. Every byte is a character in ISO-8859-1.
func (p *Builder) fromLatin1(breach Breach) {
	if breach&unlocated != 0 {
		return
	}
	p.text = p.text[:0]
	for i, text := range p.Fields {
		if isASCII(text) {
			continue
		}
		from := len(p.text)
		p.text = AppendLatin1(p.text, text)
		p.Fields[i] = p.text[from:len(p.text):len(p.text)]
	}
}

// AppendLatin1 appends text in ISO-8859-1 as UTF-8.
func AppendLatin1(dst, text []byte) []byte {
	for _, c := range text {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
