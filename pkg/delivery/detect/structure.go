package detect

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/clientele/clientele/pkg/delivery/reading"
	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/source"
	"github.com/clientele/clientele/pkg/delivery/text"
)

// signs are the separators that are looked for, the most usual first.
const signs = ",;\t|"

// shape is what a separator makes of a text.
type shape struct {
	sep    byte
	width  int // fields of the header
	known  int // fields of a line that have a column
	even   int // of the first records, those of as many fields
	of     int
	header []string
}

// structure settles the separator, the preset and the columns.
func (l *look) structure() error {
	if l.sample.kind == source.DelimitedText && len(l.sample.heads) > 0 {
		l.separator()
		for _, h := range l.sample.heads {
			t := h.table(l.sep)
			l.sample.tables = append(l.sample.tables, t)
		}
	}
	for i := range l.sample.tables {
		l.titles(&l.sample.tables[i])
	}
	l.preset()
	l.found.Reading.Columns = l.o.Stated.Over(l.o.Kept).Columns
	l.free.Columns = l.found.Reading.Columns
	for i := range l.sample.tables {
		t := &l.sample.tables[i]
		t.at = l.columns(t.header)
	}
	for i := range l.sample.tables { // the first that is a delivery's
		if t := &l.sample.tables[i]; t.at != nil {
			l.name(t)
			break
		}
	}
	l.decodeCells()
	l.passed()
	return nil
}

// titles makes the row the header that is one, where titles of a report stand above it.
func (l *look) titles(t *table) {
	text := l.sample.kind == source.DelimitedText
	decode := func(names []string) []string {
		if text {
			return l.decode(names)
		}
		return names
	}
	t.header = decode(t.header)
	if l.isHeader(t.header) {
		return
	}
	for i := range t.rows[:min(len(t.rows), record.MaxTitles)] {
		if names := decode(headerOf(t.rows[i].Cells)); l.isHeader(names) {
			t.header, t.rows, t.titles = names, t.rows[i+1:], i+1
			return
		}
	}
}

// fewestColumns are an invoice, a time, a customer and a price.
const fewestColumns = 4

// isHeader reports whether a row names every column that is needed, as stated, as an export's, or by known spellings.
func (l *look) isHeader(names []string) bool {
	if len(names) < fewestColumns {
		return false
	}
	export := record.FindPreset(names)
	if stated, err := record.ParsePreset(l.o.Stated.Over(l.o.Kept).Preset); err == nil {
		export = stated
	}
	_, err := record.FindColumns(names, export, l.names())
	return err == nil
}

// passed says which rows and sheets are not read.
func (l *look) passed() {
	add := func(part, value, why string) {
		l.found.Decisions = append(l.found.Decisions, Decision{Part: part, Value: value, From: FromSample, Why: why})
	}
	read, other := false, []string(nil)
	for _, t := range l.sample.tables {
		read = read || t.at != nil
		if t.at == nil && t.name != "" {
			other = append(other, t.name)
		}
	}
	for _, t := range l.sample.tables {
		if t.titles > 0 && t.at != nil {
			of := ""
			if t.name != "" {
				of = fmt.Sprintf(" of sheet %q", t.name)
			}
			add(PartHeader, fmt.Sprintf("row %d%s", t.titles+1, of), fmt.Sprintf("the %d rows above it are titles, and are not read", t.titles))
		}
	}
	if read && len(other) > 0 {
		add(PartOther, strings.Join(other, ", "), "no row of theirs is a header of lines: they are not read")
	}
	if len(l.sample.hidden) > 0 {
		add(PartHidden, strings.Join(l.sample.hidden, ", "), "what a spreadsheet does not show is not read, unless --sheet names it")
	}
}

func (l *look) separator() {
	h := &l.sample.heads[0]
	var best shape
	d := Decision{Part: "separator"}
	looked := []byte(signs)
	if sign, ok := text.Hint(h.text); ok && !slices.Contains(looked, sign) && sign > ' ' && sign < utf8.RuneSelf {
		looked = append(looked, sign)
	}
	shapes := make([]shape, len(looked))
	for i, sign := range looked {
		if shapes[i] = l.shape(h, sign); i == 0 || shapes[i].better(best) {
			best = shapes[i]
		}
	}
	for _, s := range shapes {
		if s.sep != best.sep && s.width > 1 {
			d.Alternatives = append(d.Alternatives, Alternative{reading.SeparatorName(s.sep), s.says()})
		}
	}
	keptFits := true
	if kept, err := reading.ParseSeparator(l.o.Kept.Separator); err == nil {
		k := l.shape(h, kept)
		keptFits = k.known >= best.known && k.width > 1
	}
	if best.width > 1 && (best.known > 1 || best.even*10 >= best.of*9) {
		d.Value = reading.SeparatorName(best.sep)
	}
	d.Why = best.says()
	name := l.decide(d, func(r *reading.Reading, v string) { r.Separator = v }, func(r reading.Reading) string { return r.Separator }, keptFits)
	l.sep = ','
	if sign, err := reading.ParseSeparator(name); err == nil {
		l.sep = sign
	}
}

// preset settles which known export the delivery is. Where its columns have the usual spellings, or are all stated, it is none.
func (l *look) preset() {
	var header []string
	for i := range l.sample.tables { // of the first that is a delivery's
		if t := &l.sample.tables[i]; header == nil || l.isHeader(t.header) {
			if header = t.header; l.isHeader(header) {
				break
			}
		}
	}
	d := Decision{Part: "preset", Why: "the header is no known export's"}
	found, names := record.FindPreset(header), l.names()
	if found != nil {
		d.Value, d.Why = found.Name, fmt.Sprintf("the header has the columns of %s", found.Title)
	}
	fits := func(preset string) bool {
		p, err := record.ParsePreset(preset)
		if preset != "" && err != nil {
			return false
		}
		_, err = record.FindColumns(header, p, names)
		return err == nil
	}
	kept := l.o.Kept
	if found != nil && l.o.Stated.Preset == "" && len(l.o.Stated.Columns) == 0 && kept.Preset == "" && !kept.Equal(reading.Reading{}) && !fits("") {
		l.misfits = append(l.misfits, d.Part) // the deliveries before were none either
	}
	name := l.decide(d, func(r *reading.Reading, v string) { r.Preset = v }, func(r reading.Reading) string { return r.Preset }, header == nil || fits(kept.Preset))
	if p, err := record.ParsePreset(name); err == nil {
		l.export = p
	}
}

// better reports whether a separator makes more of a text than another: more known columns, then more records of one width.
func (s shape) better(than shape) bool {
	if s.known != than.known {
		return s.known > than.known
	}
	return s.width > 1 && s.even*than.of > than.even*s.of || than.width <= 1 && s.width > 1
}

func (s shape) says() string {
	return fmt.Sprintf("it makes %d columns, %d of them known, and %d of the first %d records have as many fields", s.width, s.known, s.even, s.of)
}

// shape looks at the first records of a text.
func (l *look) shape(h *head, sep byte) shape {
	s := shape{sep: sep}
	rows := text.NewRows(bytes.NewReader(h.text[:min(len(h.text), 64<<10)]), sep)
	var row record.Row
	found := false
	for n := 0; s.of < 100 && rows.ReadRow(&row) == nil; n++ {
		if s.header == nil {
			s.header = l.decode(headerOf(row.Cells))
			s.width, s.known, found = len(s.header), l.known(s.header), l.isHeader(s.header)
			continue
		}
		if n <= record.MaxTitles && !found {
			if names := l.decode(headerOf(row.Cells)); l.isHeader(names) { // what was above are titles
				s.header, s.width, s.known, s.of, s.even, found = names, len(names), l.known(names), 0, 0, true
				continue
			}
		}
		if s.of++; len(row.Cells) == s.width {
			s.even++
		}
	}
	return s
}

// known counts the fields that have a column.
func (l *look) known(header []string) (n int) {
	preset := record.FindPreset(header)
	if stated, err := record.ParsePreset(l.o.Stated.Preset); err == nil {
		preset = stated
	}
	c, err := record.FindColumns(header, preset, l.names())
	if bad, ok := errors.AsType[*record.HeaderError](err); ok {
		const needed = 5
		return max(0, needed-len(bad.Problems))
	}
	for f := range record.Field(record.NumFields) {
		if c.Has(f) {
			n++
		}
	}
	return n
}

// names are the columns that are stated or kept.
func (l *look) names() record.ColumnNames {
	var o record.Options
	if err := l.o.Stated.Over(l.o.Kept).Set(&o); err != nil {
		return nil
	}
	return o.Columns
}

// decode makes a header UTF-8.
func (l *look) decode(header []string) []string {
	e, err := record.ParseEncoding(l.found.Reading.Encoding)
	if err != nil {
		return header
	}
	out := make([]string, len(header))
	for i := range header {
		out[i] = string(e.Append(nil, []byte(header[i])))
	}
	return out
}

// utf8 makes the text of a cell UTF-8.
func (l *look) utf8(c record.Cell) record.Cell {
	if c.Kind == record.TextCell && l.bytewise != record.UTF8 && slices.ContainsFunc(c.Text, func(b byte) bool { return b >= utf8.RuneSelf }) {
		c.Text = l.bytewise.Append(nil, c.Text)
	}
	return c
}

// decodeCells makes the sampled rows of text UTF-8.
func (l *look) decodeCells() {
	if e, err := record.ParseEncoding(l.found.Reading.Encoding); err == nil && l.sample.kind == source.DelimitedText {
		l.bytewise = e
	}
	if l.bytewise == record.UTF8 {
		return
	}
	for _, t := range l.sample.tables {
		for _, row := range t.rows {
			for i, c := range row.Cells {
				row.Cells[i] = l.utf8(c)
			}
		}
	}
}

// columns returns where the fields are, a time in two columns with both; nil if the header is not that of a delivery.
func (l *look) columns(header []string) map[record.Field][]int {
	c, err := record.FindColumns(header, l.export, l.names())
	if err != nil {
		return nil
	}
	at := map[record.Field][]int{}
	for f := range record.Field(record.NumFields) {
		if c.Has(f) {
			at[f] = []int{c.At[f]}
		}
	}
	for i := range c.Field {
		if f, ok := c.FieldAt(i); ok && c.At[f] != i {
			at[f] = append(at[f], i)
		}
	}
	return at
}

// name says what the columns of a table were taken for.
func (l *look) name(t *table) {
	if t.at == nil {
		return
	}
	field := map[int]string{}
	for f, positions := range t.at {
		for _, at := range positions {
			field[at] = f.String()
		}
	}
	for i, name := range t.header {
		l.found.Columns = append(l.found.Columns, Column{name, field[i]})
	}
}

// table cuts the beginning of a file into rows.
func (h *head) table(sep byte) table {
	t := table{whole: h.whole}
	rows := text.NewRows(bytes.NewReader(h.text), sep)
	var row record.Row
	var room slab
	for {
		if err := rows.ReadRow(&row); err != nil {
			break
		}
		if t.header == nil {
			t.header = headerOf(row.Cells)
			continue
		}
		t.rows = append(t.rows, room.keep(row))
	}
	if !h.whole && len(t.rows) > 0 { // cut by the sample's end
		t.rows = t.rows[:len(t.rows)-1]
	}
	return t
}

// whole reports whether the sample is all of the delivery.
func (s *sample) whole() bool {
	for i := range s.tables {
		if !s.tables[i].whole {
			return false
		}
	}
	return !s.more
}
