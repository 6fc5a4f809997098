package record

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/calendar"
	"github.com/clientele/clientele/pkg/money"
)

// tableRows is how many records a block of a table has at most.
const tableRows = 8192

// ReadTables reads a delivery whose records come in cells, as package text reads delimited text: every record ends in one
// place, by the same rules, and is counted over all tables. Each table has a header of its own; one without any row is
// passed over. Cells have no encoding: texts that are not UTF-8 break a rule.
//
// It returns a *[HeaderError] that names the table, [ErrEmpty] if no table has a row, ctx's error, or what tables or sink
// returned.
func ReadTables(ctx context.Context, tables Tables, opts Options, sink func(*Block) error) (Counts, error) {
	opts.Dialect.Encoding = UTF8
	if err := opts.SetDefaults(); err != nil {
		return Counts{}, err
	}
	r := tableReader{opts: &opts, out: NewCollector(sink, 0)}
	for {
		t, err := tables.NextTable()
		if err == io.EOF {
			break
		}
		if err != nil {
			return r.out.Counts, err
		}
		if err := r.table(ctx, t); err != nil {
			return r.out.Counts, err
		}
	}
	if r.headers == 0 && r.first != nil {
		return r.out.Counts, r.first
	}
	if r.headers == 0 {
		return r.out.Counts, ErrEmpty
	}
	return r.out.Counts, nil
}

// tableReader makes blocks of one table after the other.
type tableReader struct {
	opts    *Options
	out     *Collector
	block   Block
	headers int // tables that have a header
	tables  int
	first   error // of a sheet that was passed over, because nothing in it looks like lines
}

func (r *tableReader) table(ctx context.Context, t *Table) error {
	at := r.tables
	r.tables++
	var row Row
	header := t.Header
	if header == nil {
		switch err := readFilled(ctx, t.Rows, &row); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		header = cellTexts(row.Cells)
	}
	r.headers++
	c, err := FindColumns(header, r.opts.Preset, r.opts.Columns)
	delivery := isDelivery(header)
	for titles := 1; err != nil && t.Header == nil && titles <= MaxTitles; titles++ { // of a report stand above its header
		if next := readFilled(ctx, t.Rows, &row); next == io.EOF {
			break
		} else if next != nil {
			return next
		}
		texts := cellTexts(row.Cells)
		delivery = delivery || isDelivery(texts)
		if found, foundErr := FindColumns(texts, r.opts.Preset, r.opts.Columns); foundErr == nil {
			c, err = found, nil
		}
	}
	if err != nil && !delivery && t.Header == nil && t.Name != "" { // a sheet of something else, unless all are
		if r.first == nil {
			r.first = err
			if bad, ok := errors.AsType[*HeaderError](err); ok {
				bad.Table = t.Name
			}
		}
		r.headers--
		return nil
	}
	if err != nil {
		var bad *HeaderError
		if errors.As(err, &bad) {
			bad.Table = t.Name
		}
		return err
	}
	p := tableParser{Builder: NewBuilder(r.opts, c), table: t}
	for ended := false; !ended; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		p.Begin(&r.block)
		r.block.Table, r.block.Sheet = at, t.Name
		if ended, err = p.fill(&row); err != nil {
			return err
		}
		if r.block.Records == 0 {
			continue
		}
		r.block.lines = 0 // examples have the lines of their table
		if err := r.out.Collect(&r.block); err != nil {
			return err
		}
	}
	return nil
}

// readFilled reads up to the next row that is not blank.
func readFilled(ctx context.Context, rows RowReader, row *Row) error {
	for n := 0; ; n++ {
		if n%tableRows == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := rows.ReadRow(row); err != nil || !blank(row.Cells) {
			return err
		}
	}
}

func blank(cells []Cell) bool {
	for i := range cells {
		if cells[i].Kind != NoCell {
			return false
		}
	}
	return true
}

func cellTexts(cells []Cell) []string {
	texts := make([]string, len(cells))
	for i := range cells {
		texts[i] = strings.TrimSpace(strings.ToValidUTF8(string(cells[i].Text), "\uFFFD"))
	}
	return texts
}

// tableParser checks rows of cells against the rules of a record.
type tableParser struct {
	Builder
	table *Table
	raw   []byte
}

// fill makes the block of the next rows.
func (p *tableParser) fill(row *Row) (ended bool, err error) {
	b := p.block
	for n := 0; n < tableRows && len(b.data)+len(b.raw) < p.opts.Chunk; n++ {
		if err := p.table.Rows.ReadRow(row); err == io.EOF {
			return true, nil
		} else if err != nil {
			return false, err
		}
		if p.table.Header == nil && blank(row.Cells) {
			continue
		}
		p.row(row)
	}
	return false, nil
}

// row accepts or rejects a row.
func (p *tableParser) row(row *Row) {
	p.block.Records++
	p.block.lines = row.Line - 1
	p.block.Lines++
	size := 0
	for i := range row.Cells {
		size += len(row.Cells[i].Text)
	}
	var cells [numSlots]Cell
	for f := range cells {
		if at := p.columns.At[f]; at >= 0 && at < len(row.Cells) {
			cells[f] = row.Cells[at]
		}
	}
	if p.carried != nil {
		p.carried.fillCells(&cells)
	}
	for f := range cells {
		p.Fields[f] = cells[f].Text
	}
	breach := RecordTooLong
	if size <= p.opts.MaxRecord {
		breach = p.cells(&cells)
	} else {
		p.carried.forget()
	}
	located := breach != RecordTooLong
	if breach == 0 && !p.forgotten(nil, 0) {
		p.accept()
		return
	}
	p.raw = p.join(row.Cells)
	breach = p.unlessForgotten(p.raw, breach)
	worth := money.Amount(0)
	if located {
		worth = p.worth()
	}
	p.reject(p.raw, breach, nil, 1, worth)
	for i := range breach.each() {
		if e := &p.block.Examples[i]; e.Record == p.block.Records {
			e.Sheet = p.table.Name
		}
	}
}

// cells parses the cells that are no text, and says which rules the record broke.
func (p *tableParser) cells(cells *[numSlots]Cell) (breach Breach) {
	for f, c := range cells {
		switch Field(f).field() {
		case FieldQuantity, FieldTime, FieldPrice, FieldAmount, FieldStatus:
		default:
			if c.Kind == OddCell {
				breach |= BadValue
			}
		}
		if !utf8.Valid(c.Text) {
			breach |= BadEncoding
		}
	}
	breach |= p.texts()
	for _, f := range [...]Field{FieldInvoice, FieldCode, FieldCustomer} {
		if p.lost(&cells[f]) {
			breach |= RoundedID
		}
	}
	var ok bool
	if p.columns.At[slotClock] >= 0 {
		p.line.Time, ok = p.clocked(cells)
	} else {
		p.line.Time, ok = p.time(cells[FieldTime])
	}
	if p.untimed = !ok; !ok {
		breach |= BadTime
	}
	return breach | p.money(p.number(cells[FieldQuantity]), p.number(cells[FieldPrice]), p.number(cells[FieldAmount]), p.number(cells[FieldDiscount]))
}

// lost reports whether a cell is a number of more digits than a workbook keeps: the last ones are not what was entered.
func (p *tableParser) lost(c *Cell) bool {
	const kept = 15
	return c.Kind == NumberCell && p.table.Dates != NoDates && len(c.Text) > kept && bytes.IndexByte(c.Text, '.') < 0 && len(bytes.TrimPrefix(c.Text, []byte("-"))) > kept
}

func (p *tableParser) time(c Cell) (micros int64, ok bool) {
	switch c.Kind {
	case TimeCell:
		return c.Micros, true
	case NumberCell:
		if p.opts.Layout.unix > 0 {
			return p.opts.Layout.Parse(c.Text)
		}
		return p.table.Dates.ParseSerial(c.Text)
	case TextCell:
		return p.opts.Layout.Parse(c.Text)
	}
	return 0, false
}

// clocks are how a cell of text writes the time of day beside a cell that is a date.
var clocks = mustLayouts("2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 3:04:05 PM", "2006-01-02 3:04 PM")

// clocked returns the time that a date and a time of day make: two texts as the layout has them, or a date and a fraction of a
// day.
func (p *tableParser) clocked(cells *[numSlots]Cell) (micros int64, ok bool) {
	date, clock := cells[FieldTime], cells[slotClock]
	if date.Kind == TextCell {
		if clock.Kind != TextCell {
			return 0, false
		}
		p.clock = AppendClock(p.clock[:0], date.Text, clock.Text)
		return p.opts.Layout.Parse(p.clock)
	}
	if micros, ok = p.time(date); !ok {
		return 0, false
	}
	micros -= ((micros % calendar.DayMicros) + calendar.DayMicros) % calendar.DayMicros
	switch clock.Kind {
	case TimeCell:
		return micros + ((clock.Micros%calendar.DayMicros)+calendar.DayMicros)%calendar.DayMicros, true
	case NumberCell:
		part, err := strconv.ParseFloat(string(clock.Text), 64)
		return micros + int64(math.Round(part*calendar.DayMicros/1000))*1000, err == nil && part >= 0 && part < 1
	case TextCell:
		p.clock = AppendClock(p.clock[:0], []byte("1970-01-01"), clock.Text)
		for _, l := range clocks {
			if of, ok := l.Parse(p.clock); ok {
				return micros + of, true
			}
		}
	}
	return 0, false
}

// number returns a cell's text if it can be a number, and how it is written.
func (p *tableParser) number(c Cell) written {
	switch c.Kind {
	case NumberCell:
		return written{c.Text, plainForm}
	case TextCell:
		return written{c.Text, p.form()}
	}
	return written{nil, plainForm}
}

// join writes cells as a record of comma-separated text, and notes where the customer's is in it.
func (p *tableParser) join(cells []Cell) []byte {
	raw := p.raw[:0]
	p.At[FieldCustomer] = Span{}
	for i := range cells {
		if i > 0 {
			raw = append(raw, ',')
		}
		from := len(raw)
		switch c := &cells[i]; {
		case c.Kind == TimeCell && len(c.Text) == 0:
			raw = time.UnixMicro(c.Micros).UTC().AppendFormat(raw, "2006-01-02 15:04:05.999999")
		case bytes.ContainsAny(c.Text, "\",\r\n"):
			raw = append(raw, '"')
			raw = append(raw, bytes.ReplaceAll(c.Text, []byte(`"`), []byte(`""`))...)
			raw = append(raw, '"')
		default:
			raw = append(raw, c.Text...)
		}
		if i == p.columns.At[FieldCustomer] {
			p.At[FieldCustomer] = Span{from, len(raw)}
		}
	}
	return raw
}
