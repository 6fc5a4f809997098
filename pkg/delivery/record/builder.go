package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/money"
)

// Builder fills blocks with records: it checks each against the rules, and adds it as a row or as a reject. Whoever reads a
// format sets the fields of a record and calls [Builder.Check]. It is for one goroutine and, where a record can lack what one
// before it says ([Columns.Carries]), for all records in their order.
type Builder struct {
	Fields [numSlots][]byte // of the record, by [Columns.Field]; they may be used until the next one
	At     [numSlots]Span   // where the fields are in the record's bytes, quotes included
	Count  int              // of the record's fields, wanted or not
	Loose  bool             // the fields were cut regardless of quotes that the record breaks a rule with: its money can be told

	opts    *Options
	columns Columns
	key     *customerKey // nil without a customer key
	people  *customers
	carried *carried // nil where every record says everything

	block *Block
	rows  rowEncoder
	line  Line
	text  []byte // transcoded texts of the record
	clock []byte // a time of two columns
	bill  []byte // an invoice of two columns
	plain []byte // a number in its plain form
	sign  string // of a currency, in the record's price or total; "" for none
	named string // currency that the record's column names, without blanks; "" for none

	lastCurrency []byte // as written
	untimed      bool   // the record's time cannot be read

	lastTime   []byte // as written, in timeText
	timeText   [32]byte
	lastMicros int64

	lastCustomer []byte // as written
	customer     []byte // what it became

	asked  []byte // the customer whom opts.Forgotten was asked about last
	answer bool
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
	b := Builder{opts: opts, columns: c, people: newCustomers(opts.Missing), carried: newCarried(&c)}
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
func (p *Builder) Pass(lines int64) {
	p.block.lines += lines
	p.block.Lines += lines
}

// Check adds a record whose fields are set. raw is all of it, without its line end; breach is what cutting it found.
func (p *Builder) Check(raw []byte, breach Breach) {
	p.block.Records++
	if len(raw) > p.opts.MaxRecord {
		p.carried.forget()
		p.reject(raw, p.unlessForgotten(raw, RecordTooLong), nil, linesOf(raw), 0)
		return
	}
	if p.opts.Dialect.Encoding != UTF8 {
		p.transcode(breach)
	} else if !utf8.Valid(raw) {
		breach |= p.encoding(breach)
	}
	if breach&unlocated == 0 {
		breach |= p.values()
	} else {
		p.carried.forget()
		p.sign, p.untimed = "", true
	}
	located := breach&unlocated == 0
	breach = p.unlessForgotten(raw, breach)
	if breach != 0 {
		worth := money.Amount(0)
		if located || p.Loose {
			worth = p.worth()
		}
		p.Loose = false
		p.reject(raw, breach, nil, linesOf(raw), worth)
		return
	}
	p.accept()
}

// linesOf counts the physical lines of a record.
func linesOf(raw []byte) int64 { return 1 + int64(bytes.Count(raw, []byte{'\n'})) }

// unlessForgotten returns what a record broke: [Forgotten] alone if its customer is forgotten.
func (p *Builder) unlessForgotten(raw []byte, breach Breach) Breach {
	if p.forgotten(raw, breach) {
		return Forgotten
	}
	return breach
}

// forgotten reports whether a record is of a customer who is forgotten. Where it is not known which field is the customer's, any
// word of it may be.
func (p *Builder) forgotten(raw []byte, breach Breach) bool {
	switch is := p.opts.Forgotten; {
	case is == nil:
		return false
	case breach&unlocated == 0:
		id := p.normalCustomer()
		return len(id) > 0 && p.lastForgotten(id)
	default:
		return HasWord(raw, func(word []byte) bool { return is(p.stored(word)) })
	}
}

// lastForgotten asks once for the lines of an invoice, which come together.
func (p *Builder) lastForgotten(id []byte) bool {
	if string(id) != string(p.asked) {
		p.asked = append(p.asked[:0], id...)
		p.answer = p.opts.Forgotten(string(id))
	}
	return p.answer
}

// stored returns an id as it would be stored.
func (p *Builder) stored(word []byte) string {
	id := p.people.normal(word)
	if p.key != nil {
		id = p.key.of(id)
	}
	return string(id)
}

// HasWord reports whether one of a text's words is so. A word has letters, digits and what stands between them in an identifier or an
// e-mail address; its parts are words too.
func HasWord(text []byte, is func(word []byte) bool) bool {
	inner := func(c byte) bool {
		return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
	}
	joins := func(c byte) bool { return bytes.IndexByte([]byte("@._-+/#:"), c) >= 0 }
	for at := 0; at < len(text); {
		if !inner(text[at]) {
			at++
			continue
		}
		end, parts := at, []int{at}
		for end < len(text) && (inner(text[end]) || joins(text[end]) && end+1 < len(text) && inner(text[end+1])) {
			if joins(text[end]) {
				parts = append(parts, end+1)
			}
			end++
		}
		if is(text[at:end]) {
			return true
		}
		for i, from := range parts {
			to := end
			if i+1 < len(parts) {
				to = parts[i+1] - 1
			}
			if len(parts) > 1 && is(text[from:to]) {
				return true
			}
		}
		at = end
	}
	return false
}

// CheckLong rejects a record that is too long to be kept, of which raw is the beginning.
func (p *Builder) CheckLong(raw []byte, long *LongRecord) {
	p.block.Records++
	p.carried.forget()
	p.reject(raw, p.unlessForgotten(raw, RecordTooLong), long, 1, 0)
}

// accept adds the record whose fields were found good to the block.
func (p *Builder) accept() {
	l, f := &p.line, &p.Fields
	l.Record = p.block.Records
	l.Invoice, l.Code, l.Description, l.Country = f[FieldInvoice], f[FieldCode], f[FieldDescription], f[FieldCountry]
	l.Customer = p.normalCustomer()
	if p.columns.At[FieldRegion] >= 0 {
		l.Region = trimBlank(f[FieldRegion])
	}
	if p.columns.At[FieldStatus] >= 0 {
		l.Status = p.columns.status(f)
	}
	p.block.AcceptedAmount = plus(p.block.AcceptedAmount, abs(l.Amount))
	p.block.AcceptedNet = plus(p.block.AcceptedNet, l.Amount)
	p.block.Count(l)
	p.rows.add(l)
}

// normalCustomer returns the record's customer as it is stored.
func (p *Builder) normalCustomer() []byte {
	written := p.Fields[FieldCustomer]
	if len(written) == 0 {
		return nil
	}
	if string(written) != string(p.lastCustomer) { // the lines of an invoice come together
		p.lastCustomer = append(p.lastCustomer[:0], written...)
		p.customer = p.people.normal(p.lastCustomer)
	}
	if p.key != nil {
		return p.key.of(p.customer)
	}
	return p.customer
}

// values parses the fields that are no text, and says which rules the record broke.
func (p *Builder) values() Breach {
	f := &p.Fields
	if p.carried != nil {
		p.carried.fill(f)
	}
	breach := p.texts()
	written := f[FieldTime]
	if p.columns.At[slotClock] >= 0 {
		p.clock = AppendClock(p.clock[:0], written, f[slotClock])
		written = p.clock
	}
	if len(written) > 0 && string(written) == string(p.lastTime) {
		p.line.Time = p.lastMicros // the lines of an invoice come together
	} else if micros, ok := p.opts.Layout.Parse(written); ok {
		p.line.Time, p.lastMicros = micros, micros
		p.lastTime = p.timeText[:copy(p.timeText[:], written)]
		if len(written) > len(p.timeText) {
			p.lastTime = nil
		}
	} else {
		breach |= BadTime
	}
	p.untimed = breach&BadTime != 0
	return breach | p.numbers(f[FieldQuantity], f[FieldPrice], f[FieldAmount])
}

// texts checks the fields that name an order, a product and a customer.
func (p *Builder) texts() (breach Breach) {
	f, c := &p.Fields, &p.columns
	if c.both {
		f[FieldDescription] = f[FieldCode]
	} else if c.same || c.preset != nil && c.preset.CodeOrDescription && len(trimSpace(f[FieldCode])) == 0 {
		f[FieldCode] = f[FieldDescription]
	}
	if blankText(f[FieldInvoice]) {
		breach |= MissingInvoice
	}
	if blankText(f[FieldCode]) && c.Has(FieldCode) {
		breach |= MissingCode
	}
	if perhapsRounded(f[FieldInvoice]) || perhapsRounded(f[FieldCode]) || perhapsRounded(f[FieldCustomer]) {
		if rounded(f[FieldInvoice]) || rounded(f[FieldCode]) || rounded(f[FieldCustomer]) {
			breach |= RoundedID
		}
	}
	if c.At[slotStore] >= 0 && breach&MissingInvoice == 0 {
		p.bill = append(append(append(p.bill[:0], trimBlank(f[FieldInvoice])...), '@'), trimBlank(f[slotStore])...)
		f[FieldInvoice] = p.bill
	}
	return breach
}

// blankText reports whether a text is empty but for ASCII blanks. Nearly all texts are told by their first byte.
func blankText(text []byte) bool {
	return len(text) == 0 || isBlank(text[0]) && len(trimSpace(text)) == 0
}

// AppendClock appends a time that is written in two columns, date and time of day, as a layout reads it: with a blank between
// them.
func AppendClock(dst, date, clock []byte) []byte {
	dst = append(dst, trimBlank(date)...)
	return append(append(dst, ' '), trimBlank(clock)...)
}

// status returns what a record's status is: that of the first of its columns that says something.
func (c *Columns) status(f *[numSlots][]byte) []byte {
	for _, slot := range FieldStatus.slots() {
		if c.At[slot] < 0 {
			break
		}
		text := trimBlank(f[slot])
		if c.words[slot] != "" {
			if says(text) {
				return []byte(c.words[slot])
			}
		} else if len(text) > 0 {
			return text
		}
	}
	return nil
}

// says reports whether a text says anything but no.
func says(text []byte) bool {
	switch string(appendLower(nil, text)) {
	case "", "0", "no", "n", "false":
		return false
	}
	return true
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

// transcode makes the fields UTF-8.
func (p *Builder) transcode(breach Breach) {
	if breach&unlocated != 0 {
		return
	}
	p.text = p.text[:0]
	for i, text := range p.Fields {
		if isASCII(text) {
			continue
		}
		from := len(p.text)
		p.text = p.opts.Dialect.Encoding.Append(p.text, text)
		p.Fields[i] = p.text[from:len(p.text):len(p.text)]
	}
}
