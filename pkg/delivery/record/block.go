package record

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// Block is what came of a stretch of a delivery: rows by day and rejected records, in the order of the source. A reader's sink
// may use it until it returns.
type Block struct {
	File     int    // of the delivery, from 0: a block is of one file. The files of an archive count as such
	Name     string // of the file, for people
	Table    int    // of the file, from 0: a block is of one table
	Sheet    string // the table's name, "" of other formats than workbooks
	Records  int64  // accepted + rejected
	Accepted int64
	First    int64 // earliest time stamp of an accepted row, µs; of no meaning where Accepted is 0
	Last     int64 // latest
	Runs     []Run
	Tally
	Foreign
	Rejects  []Reject
	Broken   [NumBreaches]int64 // records by rule; a record can break several
	Examples [NumBreaches]Example

	lines int64 // line ends of the source
	data  []byte
	raw   []byte
}

// Run is a stretch of accepted rows of one day, in the order of the source, encoded without pointers. [Run.Each] decodes.
type Run struct {
	Day    calendar.Date
	Rows   int
	Record int64 // ordinal of the first row's record in the delivery, from 1
	Line   int64 // of its file or sheet, on which that record begins, from 1
	Data   []byte
	// Converted says that a row of it was converted from another currency.
	Converted bool
	// Regional says that a row of it has a region.
	Regional bool

	from, to int
}

// Reject is a record that broke a rule.
type Reject struct {
	Record int64 // ordinal in the delivery, from 1
	Breach Breach
	Lines  int64         // physical ones that it spans; 1 of a table
	Amount money.Amount  // |amount|, as far as its numbers can be read
	Dated  bool          // its time can be read
	Day    calendar.Date // where Dated
	// Raw is the record as it was read, without its line end, as UTF-8. In a record of BadEncoding or RecordTooLong, bytes
	// that are no UTF-8 are written \xNN, and backslashes \\. Of more than [MaxRaw] bytes, and of RecordTooLong, the first
	// are there, then "… (N bytes, sha256 HEX)".
	// With a customer key the customer's field is its HMAC; where that field cannot be found there is "(N bytes, sha256
	// HEX)" alone.
	Raw []byte

	from, to int
}

// MaxRaw bounds the raw text of a rejected record, in bytes.
const MaxRaw = 4096

// maxRun bounds the encoded rows of a run, in bytes: whoever decodes one needs no more memory than that and one row.
const maxRun = 64 << 10

// reset makes the block as new, but for its memory.
func (b *Block) reset() {
	*b = Block{Runs: b.Runs[:0], Rejects: b.Rejects[:0], data: b.data[:0], raw: b.raw[:0]}
}

// finish sets what could move or was not known while the block grew: slices and ordinals. records and lines are the numbers
// of those ahead of the block.
func (b *Block) finish(records, lines int64) {
	for i := range b.Runs {
		r := &b.Runs[i]
		r.Data = b.data[r.from:r.to:r.to]
		r.Record += records
		r.Line += lines
	}
	for i := range b.Rejects {
		r := &b.Rejects[i]
		r.Raw = b.raw[r.from:r.to:r.to]
		r.Record += records
	}
	for i := range b.Examples {
		if b.Examples[i].Record > 0 {
			b.Examples[i].Record += records
			b.Examples[i].Line += lines
		}
	}
}

// Line is an accepted line as the source has it: numbers parsed, texts untouched but for their encoding. The customer
// is trimmed, without a trailing ".0", or the HMAC of that. An empty code, description, customer, country, region or status means
// none.
type Line struct {
	Record    int64 // ordinal in the delivery, from 1
	Time      int64 // µs since 1970-01-01T00:00 of the shop's local time
	Quantity  money.Quantity
	Price     money.Price
	Amount    money.Amount // what the delivery's column of line totals says; without one, Price × Quantity
	HasAmount bool         // the delivery has a column of line totals, or the line was converted
	Currency  string       // ISO 4217 code of the one that the line was converted from; "" where it is in the shop's
	Original  money.Amount // in that currency; of no meaning without
	Invoice, Code, Description,
	Customer, Country, Region, Status []byte
	Same Same // set by [Run.Each]
}

// Same says which texts a line shares with the line before it in its run.
type Same uint8

// What a row shares with the row before it in its run is not written again.
const (
	SameInvoice Same = 1 << iota
	SameCustomer
	SameCountry // and region
	SameStatus
	sameTime
	hasAmount // no sharing: the row has an amount of its own
	usual     // nor is this: whole units at a price in pennies, as nearly all are; they take fewer bytes so
	converted // nor this: the row has the currency and the amount that it was converted from
)

// What the quantity and the price of a usual row are multiples of.
const (
	wholeUnit = money.QuantityScale
	penny     = money.PriceScale / 100
)

// rowEncoder appends rows to a block.
type rowEncoder struct {
	b      *Block
	record int64 // of the row before, in the block
	time   int64 // of the row before
	// Where the texts of the row before are in the block's data.
	invoice, customer, country, region, status Span
}

// add appends a row. Record is the ordinal in the block, from 1.
func (e *rowEncoder) add(l *Line) {
	b, day := e.b, calendar.DateOf(l.Time)
	if b.Accepted == 0 || l.Time < b.First {
		b.First = l.Time
	}
	if b.Accepted == 0 || l.Time > b.Last {
		b.Last = l.Time
	}
	b.Accepted++
	n := len(b.Runs)
	if n == 0 || b.Runs[n-1].Day != day || len(b.data)-b.Runs[n-1].from > maxRun {
		b.Runs = append(b.Runs, Run{Day: day, Record: l.Record, Line: b.lines + 1, from: len(b.data)})
		e.record, e.time = l.Record, day.Start()
		e.invoice, e.customer, e.country, e.region, e.status = Span{}, Span{}, Span{}, Span{}, Span{}
		n++
	}
	data, at := b.data, len(b.data)
	data = append(data, 0)
	data = binary.AppendUvarint(data, uint64(l.Record-e.record))
	flags := Same(0)
	if l.Time == e.time {
		flags |= sameTime
	} else {
		data = binary.AppendUvarint(data, uint64(l.Time-day.Start()))
	}
	quantity, price := int64(l.Quantity), int64(l.Price)
	if quantity%wholeUnit == 0 && price%penny == 0 {
		flags |= usual
		quantity, price = quantity/wholeUnit, price/penny
	}
	data = binary.AppendVarint(data, quantity)
	data = binary.AppendVarint(data, price)
	if l.HasAmount {
		flags |= hasAmount
		data = binary.AppendVarint(data, int64(l.Amount))
	}
	if l.Currency != "" {
		flags |= converted
		data = append(data, l.Currency...) // three bytes
		data = binary.AppendVarint(data, int64(l.Original))
		b.Runs[n-1].Converted = true
	}
	data, _ = appendText(data, l.Code)
	data, _ = appendText(data, l.Description)
	if string(l.Invoice) == string(data[e.invoice.From:e.invoice.To]) {
		flags |= SameInvoice
	} else {
		data, e.invoice = appendText(data, l.Invoice)
	}
	if string(l.Customer) == string(data[e.customer.From:e.customer.To]) {
		flags |= SameCustomer
	} else {
		data, e.customer = appendText(data, l.Customer)
	}
	if string(l.Country) == string(data[e.country.From:e.country.To]) && string(l.Region) == string(data[e.region.From:e.region.To]) {
		flags |= SameCountry
	} else {
		data, e.country = appendText(data, l.Country)
		data, e.region = appendText(data, l.Region)
	}
	if len(l.Region) > 0 {
		b.Runs[n-1].Regional = true
	}
	if string(l.Status) == string(data[e.status.From:e.status.To]) {
		flags |= SameStatus
	} else {
		data, e.status = appendText(data, l.Status)
	}
	data[at] = byte(flags)
	b.data = data
	b.Runs[n-1].Rows++
	b.Runs[n-1].to = len(data)
	e.record, e.time = l.Record, l.Time
}

func appendText(data, text []byte) ([]byte, Span) {
	data = binary.AppendUvarint(data, uint64(len(text)))
	from := len(data)
	data = append(data, text...)
	return data, Span{from, len(data)}
}

// errRun says that the bytes of a run are not what a block's encoder wrote.
var errRun = errors.New("encoded rows are damaged")

// Each decodes the run's rows in their order. The line and its texts may be used until visit returns.
func (r Run) Each(visit func(*Line) error) (err error) {
	d := rowDecoder{rest: r.Data}
	line := Line{Record: r.Record, Time: r.Day.Start()}
	for i := range r.Rows {
		flags := Same(d.byte())
		if line.Same = 0; i > 0 {
			line.Same = flags & (sameTime - 1)
		}
		line.Record += int64(d.uvarint())
		if flags&sameTime == 0 {
			line.Time = r.Day.Start() + int64(d.uvarint())
		}
		line.Quantity = money.Quantity(d.varint())
		line.Price = money.Price(d.varint())
		if flags&usual != 0 {
			line.Quantity, line.Price = line.Quantity*wholeUnit, line.Price*penny
		}
		if line.HasAmount = flags&hasAmount != 0; line.HasAmount {
			line.Amount = money.Amount(d.varint())
		} else if line.Amount, err = line.Price.Times(line.Quantity); err != nil {
			d.bad = true // the builder has let no such line through
		}
		if line.Currency = ""; flags&converted != 0 {
			line.Currency, line.Original = d.code(), money.Amount(d.varint())
		}
		line.Code = d.text()
		line.Description = d.text()
		if flags&SameInvoice == 0 {
			line.Invoice = d.text()
		}
		if flags&SameCustomer == 0 {
			line.Customer = d.text()
		}
		if flags&SameCountry == 0 {
			line.Country = d.text()
			line.Region = d.text()
		}
		if flags&SameStatus == 0 {
			line.Status = d.text()
		}
		if d.bad {
			return fmt.Errorf("decode rows of %s: %w", r.Day, errRun)
		}
		if err := visit(&line); err != nil {
			return err
		}
	}
	if len(d.rest) > 0 {
		return fmt.Errorf("decode rows of %s: %w", r.Day, errRun)
	}
	return nil
}

// rowDecoder reads what rowEncoder wrote; after the first damage everything is zero.
type rowDecoder struct {
	rest []byte
	bad  bool
}

func (d *rowDecoder) byte() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

// code reads the code of a currency.
func (d *rowDecoder) code() string {
	const size = 3
	if len(d.rest) < size {
		d.bad, d.rest = true, nil
		return ""
	}
	code := string(d.rest[:size])
	d.rest = d.rest[size:]
	return code
}

func (d *rowDecoder) uvarint() uint64 {
	if len(d.rest) > 0 && d.rest[0] < 0x80 { // as nearly all are
		v := uint64(d.rest[0])
		d.rest = d.rest[1:]
		return v
	}
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *rowDecoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1) // as binary.Varint
}

func (d *rowDecoder) text() []byte {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	text := d.rest[:n:n]
	d.rest = d.rest[n:]
	return text
}
